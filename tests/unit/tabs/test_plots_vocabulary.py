"""Figures that a key press redraws are made without plotly's checks; here they pass them."""

import json

import plotly.graph_objects as go
import pytest

from ulmfit_demo.tabs.shared.figure import figure_json
from ulmfit_demo.tabs.vocabulary import figures as plots

SIZES = [200, 500, 1_000, 2_000]
CORPUS = {"unigram": (SIZES, [7.0, 6.0, 5.0, 4.0]), "BPE": (SIZES, [8.0, 7.0, 6.0, 5.0])}
YOURS = [7.5, 6.0, 5.5, 4.0]
FIGURES = {
    "by size": lambda: plots.by_size("Length", CORPUS, "BPE", 1_000, YOURS, "tokens"),
    "by size, no text": lambda: plots.by_size("Length", CORPUS, "BPE", 200, None, "tokens"),
    "trade-off": lambda: plots.trade_off(
        SIZES, CORPUS["BPE"][1], 1_000, [300, 400], (60_000, 4.5), YOURS[2]
    ),
    "unknown": lambda: plots.unknown_share(SIZES, [0.3, 0.2, 0.1, 0.05], (500, 0.2)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_live_figure_passes_plotlys_checks(name):
    drawn = FIGURES[name]()
    checked = json.loads(go.Figure(drawn).to_json())  # a wrong key or value raises
    checked["layout"].pop("template")
    assert checked == json.loads(json.dumps(drawn))
    sent = json.loads(figure_json(drawn))
    assert sent == json.loads(figure_json(go.Figure(drawn)))  # plotly's own way


def test_the_text_stands_beside_the_corpus():
    drawn = FIGURES["by size"]()["data"]
    points = {t["text"][0]: (t["x"], t["y"]) for t in drawn if "text" in t}
    assert points == {"reviews": ([1_000], [6.0]), "your text": ([1_000], [5.5])}
