"""The Inside tab: what it draws, that it escapes, that a closed view computes nothing, that its code runs."""

import gradio as gr
import pytest

from ulmfit_demo import limits, order, theme
from ulmfit_demo.inference import loading
from ulmfit_demo.inference.inside import changing, neighbours, readers, remembering, units
from ulmfit_demo.tabs import inside
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.inside import (
    change_html,
    figures,
    memory_html,
    readers_html,
    unit_html,
    words_html,
)

EVIL = "A <b>warm</b> film & a «wooden» plot, <script>x</script>"


@pytest.fixture(scope="module")
def loaded():
    found = loading.load(theme.ASSETS)
    if found.bundle is None:
        pytest.skip("no bundle ships with this checkout")
    return found


@pytest.fixture(scope="module")
def tab(loaded):
    with gr.Blocks() as demo, gr.Tabs(), gr.Tab("Inside"):
        controls = inside.build(loaded)
    named = {f.api_name: order.plain(f.fn) for f in demo.fns.values() if f.fn and f.api_name}
    return controls, named


def test_what_a_visitor_types_is_escaped(loaded):
    reading = units.read(loaded, EVIL, 3, 2)
    remembered = remembering.recall(loaded, EVIL)
    drawn = [
        unit_html.strip(reading),
        unit_html.details(reading),
        unit_html.heat(reading),
        memory_html.shaded(remembered, "left_out"),
        unit_html.held(units.hold(loaded, EVIL, 3, 0.5, 4)),
        *(change_html.search(s) for s in changing.smallest_change(loaded, EVIL)),
        words_html.columns(neighbours.near(loaded, "wooden")),
        words_html.moved(neighbours.moved(loaded)),
    ]
    if loaded.bundle.snapshots:
        found = readers.compare(loaded, EVIL)
        drawn += [readers_html.compared(found, 3), readers_html.tops(found, 3)]
    for html in drawn:
        assert "<script" not in html
        assert "<b>warm" not in html
    figure = figures.one_word(remembered.memory, "<b>")
    assert "<b>" not in figure["layout"]["title"]["text"]


def test_a_view_that_is_not_looked_at_computes_nothing(tab, monkeypatch):
    _, named = tab

    def never(*args, **kwargs):
        raise AssertionError("computed")

    for module, name in (
        (units, "read"),
        (remembering, "recall"),
        (neighbours, "near"),
        (neighbours, "chart"),
        (readers, "compare"),
    ):
        monkeypatch.setattr(module, name, never)
    skip = gr.skip()
    for event, rest in (
        ("page_inside_unit", ("a film", 0, -1, False)),
        ("page_inside_memory", ("a film", -1, "left_out")),
        ("page_inside_neighbours", ("film", 5)),
        ("page_inside_map", ("a film",)),
        ("page_inside_readers", ("a film", -1)),
    ):
        found = named[event]("change", *rest)
        assert found in (skip, [skip] * 2, [skip] * 3), event


def test_a_word_that_is_no_longer_there_is_no_word(tab):
    _, named = tab
    strip, details, _ = named["page_inside_unit"]("unit", "A film.", 0, 90, False)
    assert 'aria-pressed="true"' not in strip
    assert "gate" not in details
    strip, details, _ = named["page_inside_unit"]("unit", "A film.", 0, 2, False)
    assert strip.count('aria-pressed="true"') == 1
    assert "forget gate" in details


LONG = "The plot makes no sense. " * 48  # 289 tokens


@pytest.mark.parametrize(
    ("text", "place", "pressed", "told"),
    [
        ("A film.", 90, 3, ""),  # the text became shorter: the last word, without a word about it
        ("A film.", 0, 3, "Nothing stands before the first token."),
        (LONG, -1, limits.MEMORY_TOKENS, ""),
        (LONG, 280, limits.MEMORY_TOKENS, "280 tokens stand before this word"),
    ],
)
def test_the_memory_draws_the_words_whatever_was_picked(tab, text, place, pressed, told):
    _, named = tab
    shown, curve, _ = named["page_inside_memory"]("memory", text, place, "left_out")
    assert f'data-value="{pressed}" tabindex="0" aria-pressed="true"' in shown
    assert shown.count('aria-pressed="true"') == 1
    assert ("u-notice" in shown) == bool(told)
    assert told in shown
    assert curve is not None
    n = shown.count("data-pick=")
    assert shown.count(" disabled>") == max(0, n - limits.MEMORY_TOKENS - 1)


def test_a_text_beyond_the_bound_is_refused_by_the_memory(tab):
    _, named = tab
    shown, _, _ = named["page_inside_memory"]("memory", "a film " * 300, 3, "left_out")
    assert "reads up to 400" in shown
    assert "data-pick" not in shown


def test_what_takes_a_second_waits_in_no_lane_of_key_presses(loaded):
    """Every event that reads the memory, both readers or changed reviews, by whatever it is begun."""
    with gr.Blocks() as demo, gr.Tabs(), gr.Tab("Inside"):
        inside.build(loaded)
    slow = {"inside-memory", "inside-readers", "inside-change", "inside-held"}
    found = [
        (f.concurrency_id, {getattr(b, "elem_id", None) for b in f.outputs})
        for f in demo.fns.values()
        if f.fn and order.plain(f.fn).__name__ != "stopped"  # computes nothing
    ]
    lanes = [lane for lane, outputs in found if outputs & slow]
    assert len(lanes) >= 8  # live and twice by sight, a view; two buttons
    assert set(lanes) == {"model"}


def test_the_search_shows_steps_and_refuses_in_place(tab):
    _, named = tab
    *_, shown = named["page_inside_change"]("A dull film.")
    assert "changed reviews read" in shown
    (shown,) = named["page_inside_change"]("a film " * 300)
    assert "u-notice" in shown
    (shown,) = named["page_inside_change"](" ")
    assert "Type a review" in shown


@pytest.mark.parametrize("view", inside.VIEWS)
def test_the_code_of_a_view_gives_what_it_shows(loaded, tab, view, monkeypatch, capsys):
    monkeypatch.chdir(batches_code.ROOT)
    controls, _ = tab
    text = 'A warm film, "but" the plot is wooden.'
    values = {**controls.defaults(), "view": view, "text": text, "place": 5, "unit": 7}
    names: dict = {}
    exec(compile(controls.code(values), view, "exec"), names)
    if view == "unit":
        found = units.read(loaded, text, 7, len(names["ids"]) - 1)
        assert names["values"] == pytest.approx(found.values, abs=1e-4)
        assert list(names["gates"].values()) == pytest.approx(found.cell.gates, abs=1e-4)
    elif view == "memory":
        found = remembering.recall(loaded, text, 5).memory
        assert names["whole"] == pytest.approx(found.bits, abs=1e-3)
        assert names["left_out"] == pytest.approx(found.left_out, abs=1e-3)
        assert names["shortened"] == pytest.approx(found.shortened, abs=1e-3)
    elif view == "words":
        found = neighbours.near(loaded, "wooden", 10)
        shown = {c.title: [n.word for n in c.neighbours] for c in found.columns if c.known}
        assert {k: [w for w, _ in v] for k, v in names["neighbours"].items()} == shown
    elif view == "readers" and loaded.bundle.snapshots:
        found = readers.compare(loaded, text)
        gains = [t.gain if t.compared else "xxunk" for t in found.tokens[1:]]
        for (_, said), expected in zip(names["gains"], gains, strict=True):
            assert said == (expected if expected == "xxunk" else pytest.approx(expected, abs=0.01))
    elif view == "change":
        assert names["without"]
    capsys.readouterr()
