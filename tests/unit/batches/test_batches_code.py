"""The lines under "Show the code", executed, against the cells that the tab shows beside them."""

from __future__ import annotations

import html as entities
import os
import random
import re
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from ulmfit_demo import order, theme, tokens
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.batches import layout as batches
from ulmfit_demo.tokens import Vocab

WORDS = "the film <br> WOW it's was a boring 10/10 & slow blorptastic “story” … 电影 NOT"
LENGTHS = "lengths: 100, 76, 241, 368, 986, 176, 159, 157, 478, 187"


@pytest.fixture(scope="module")
def show():
    """The functions behind the page's two events, with the model's vocabulary and no model."""
    folder = theme.ASSETS / "models" / "imdb"
    bundle = SimpleNamespace(folder=folder, name="imdb")
    loaded = LoadedModels(ladder=None, bundle=bundle, vocab=Vocab.load(folder / "vocab.json"))
    with gr.Blocks() as demo:
        batches.build(loaded)
    named = {str(f.api_name): order.plain(f.fn) for f in demo.fns.values()}
    return {n.removeprefix("page_"): fn for n, fn in named.items() if n.startswith("page_")}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    states = random.getstate(), np.random.get_state()
    monkeypatch.chdir(batches_code.ROOT)
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "show-the-code", "exec"), names)
    return names


def text_of(rng: random.Random) -> str:
    documents = [
        " ".join(rng.choices(WORDS.split(), k=rng.randint(1, 30))) for _ in range(rng.randint(2, 9))
    ]
    return "\n\n".join(documents)


def cells(html: str, class_: str) -> list[list[str]]:
    (found,) = re.findall(rf'<table class="batch{class_}"[^>]*>(.*?)</table>', html)
    rows = [
        re.findall(r"<td(?! class=\"carried)[^>]*>([^<]*)</td>", r) for r in found.split("<tr>")
    ]
    return [[entities.unescape(cell) for cell in row] for row in rows if row]


def strings(values) -> list[list[str]]:
    rows = values if isinstance(values, list) else values.tolist()
    return [["—" if v is None else str(v) for v in row] for row in rows]


def test_only_the_two_named_events(show):
    assert set(show) == {"lm_batches", "classifier_batches"}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("cut", ["fastai", "notebook"])
def test_lm_code_gives_what_is_shown(show, cut, shuffle, capsys):
    rng = random.Random(f"{cut}{shuffle}")
    for seed in range(4):
        bs, seq_len = rng.randint(1, 5), rng.choice([1, 4, 9, 170])
        arguments = (text_of(rng), bs, seq_len, rng.randint(1, 4), True, cut, shuffle, seed)
        html, question, code = show["lm_batches"](*arguments)
        if "too short" in html:
            continue
        names = run(code)
        assert cells(html, " x") == strings(names["x"])
        assert cells(html, " y") == strings(names["y"])
        assert question.count("<fieldset") == (bs > 1) + ('data-n="1"' not in html)


def test_a_text_cannot_become_code(show):
    text = "'''\n]); raise SystemExit #\"\"\" \\ {x} «bs»\n\nsecond one «vocab» here " * 3
    html, _, code = show["lm_batches"](text, 2, 5, 1, True, "fastai", False, 0)
    assert cells(html, " x") == strings(run(code)["x"])


@pytest.mark.parametrize("order", ["sorted", "shuffled", "given"])
@pytest.mark.parametrize("padding", ["chunk", "first", "last"])
def test_classifier_code_gives_what_is_shown(show, padding, order, capsys):
    rng = random.Random(f"{padding}{order}")
    for seed in range(2):
        bs, step, seq_len = rng.randint(1, 4), rng.randint(1, 3), rng.choice([3, 72, 170])
        text = text_of(rng)
        html, code = show["classifier_batches"](text, bs, padding, order, step, True, seq_len, seed)
        assert cells(html, "") == strings(run(code)["x"])


@pytest.mark.parametrize("order", ["sorted", "shuffled", "given"])
def test_classifier_code_for_lengths(show, order, capsys):
    html, code = show["classifier_batches"](LENGTHS, 3, "chunk", order, 2, False, 72, 5)
    names = run(code)
    shape = f"torch.Size({list(names['x'].shape)})"
    assert f"Mini-batch 2 of 4 · x: {shape}" in entities.unescape(html)
    if order != "shuffled":
        assert "44.8 % padding" in html  # as given
        assert "30.8 % padding" in html or "30.9 % padding" in html  # sorted


def test_refusals_and_empty_texts(show):
    assert (
        "too short for bs=40" in show["lm_batches"]("a b", 40, 5, 1, False, "fastai", False, 0)[0]
    )
    assert "u-empty" in show["lm_batches"](" \n\n ", 6, 5, 1, False, "fastai", False, 0)[0]
    assert "u-empty" in show["classifier_batches"]("", 6, "last", "given", 1, False, 72, 0)[0]
    many = "\n\n".join("a" for _ in range(201))
    for name, rest in (
        ("lm_batches", (6, 5, 1, False, "fastai", False, 0)),
        ("classifier_batches", (6, "last", "given", 1, False, 72, 0)),
    ):
        assert "up to 200" in show[name](many, *rest)[0]
        assert "must be from 1 to 64" in show[name]("a", 65, *rest[1:])[0]
    assert (
        "A length must be from 1"
        in show["classifier_batches"]("lengths: 0, 3", 6, "last", "given", 1, False, 72, 0)[0]
    )


def test_ids_are_those_of_the_tokenizer(show):
    text = "What a blorptastic film."
    html = show["lm_batches"](text, 1, 200, 1, True, "notebook", False, 0)[0]
    vocab = Vocab.load(theme.ASSETS / "models" / "imdb" / "vocab.json")
    expected = [str(t.id) for t in tokens.fastai_words(text, vocab=vocab).tokens]
    assert cells(html, " x") == [expected]
    assert os.getcwd() == str(batches_code.ROOT)
