"""A figure's JSON: what is drawn, without plotly's template, and a sentence that names it."""

import json

import plotly.graph_objects as go
import pytest

from ulmfit_demo.tabs.shared import save_bar
from ulmfit_demo.tabs.shared.figure import figure_json
from ulmfit_demo.tabs.shared.style import calm


def drawn(**layout) -> go.Figure:
    return calm(go.Figure(go.Scatter(x=[1, 2], y=[3, 4])), "size", "tokens").update_layout(**layout)


def test_it_holds_the_data_and_no_template():
    found = json.loads(figure_json(drawn(title_text="How long")))
    assert found["data"] == [{"x": [1, 2], "y": [3, 4], "type": "scatter"}]
    assert "template" not in found["layout"]
    assert found["name"] == "How long: tokens against size"


def test_it_is_named_by_its_axes_or_its_label():
    assert json.loads(figure_json(drawn()))["name"] == "tokens against size"
    assert (
        json.loads(figure_json(drawn(), "Reliability"))["name"]
        == "Reliability: tokens against size"
    )
    with pytest.raises(ValueError, match="title"):
        figure_json(go.Figure())


def test_a_save_bar_escapes_and_knows_its_kinds():
    html = save_bar.buttons("a-result", ("csv",), "<b>")
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert html.count("<button") == 2
    with pytest.raises(KeyError):
        save_bar.buttons("a-result", ("exe",))
