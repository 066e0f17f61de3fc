"""Two questions at once: the older one is sent or answered last, and the newer one's answer stays."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr
import pytest
from starlette.middleware import Middleware

from ulmfit_demo.tabs.batches import classifier_html as classifier_batches
from ulmfit_demo.tabs.batches import language_model_html as lm_batches
from ulmfit_demo.tabs.generation import texts_html as generation
from ulmfit_demo.tabs.sentiment import verdict_html as sentiment_view
from ulmfit_demo.tabs.tokenizers import columns_html as tokens
from ulmfit_demo.tabs.vocabulary import ladder_html as vocabulary
from ulmfit_demo.tabs.vocabulary import words_html as words_view
from ulmfit_demo.web import Wire, gradio_script

pytestmark = pytest.mark.browser
OLD, NEW = "Quagmires abound, they say.", "The lantern was lit; nobody came home again."
# of the second check on the same page: what the first one left differs from the answers to both
OLD_2, NEW_2 = "A harbour, a boat, and rain on both of them.", "Wolves sing in the valley."

# view → (tab, inner tab, field, where its answer stands, what draws it on the server)
VIEWS = {
    "tokenizers": (
        "Tokenizers",
        None,
        "#tokenizers-text",
        "#tokenizers-result",
        (tokens, "columns"),
    ),
    "ladder": (
        "Vocabulary",
        None,
        "#vocabulary-text",
        "#vocabulary-result",
        (vocabulary, "ladder"),
    ),
    "words": ("Vocabulary", "Words", "#words-text", "#words-result", (words_view, "words")),
    "legal sizes": ("Vocabulary", "Train your own", "#train-text", "#train-range", None),
    "batches": ("Batches", None, "#batches-text", "#batches-result", (lm_batches, "view")),
    "classifier's batches": (
        "Batches",
        "For a classifier",
        "#classifier-batches-text",
        "#classifier-batches-result",
        (classifier_batches, "view"),
    ),
    "sentiment": (
        "Sentiment",
        None,
        "#sentiment-text",
        "#sentiment-along",
        (sentiment_view, "reading"),
    ),
    "next word": (
        "Generation",
        None,
        "#generation-prompt",
        "#generation-next",
        (generation, "next_word"),
    ),
}

# Holds every question after it got its number; notes each answer as the page reads it.
HOLD = """() => {
  const ask = window.ulmfitAsk, parse = JSON.parse;
  window.held = []; window.answers = 0;
  window.ulmfitAsk = (values) => new Promise((go) => {
    const numbered = ask(values);
    // The events of one field are sent one after another: the comparison's, of a text and a box, would
    // keep the verdict's from being asked.
    if (values.length === 3 && values[1] === false) return go(numbered);
    window.held.push({ said: JSON.stringify(values), go: () => go(numbered) });
  });
  JSON.parse = (text, ...rest) => {
    const found = parse(text, ...rest);
    if (found?.msg === 'process_completed') window.answers += 1;
    return found;
  };
}"""
# Sends the questions that hold a text; how many they were.
RELEASE = """(text) => {
  const mine = window.held.filter((q) => q.said.includes(text));
  window.held = window.held.filter((q) => !q.said.includes(text));
  mine.forEach((q) => q.go());
  return mine.length;
}"""


def ask(page, field: str, text: str) -> None:
    """Type a text; its questions are held back in the page."""
    page.locator(f"{field} textarea").fill(text)
    page.wait_for_function("(text) => window.held.some((q) => q.said.includes(text))", arg=text)
    page.wait_for_timeout(300)  # a second event of the same text
    page.wait_for_function("() => window.unanswered() === 0")  # what was not held is answered
    page.evaluate("window.answers = 0")


def came_back(page, before: int, n: int) -> None:
    page.wait_for_function(f"() => window.answers >= {before + n}", timeout=60_000)
    page.wait_for_timeout(500)  # drawn


def drawn(page, place: str) -> str:
    """What stands there, without gradio's own clock beside it."""
    return page.locator(place).evaluate(
        """(node) => {
          const copy = node.cloneNode(true);
          copy.querySelectorAll('[data-testid="status-tracker"]').forEach((n) => n.remove());
          return copy.innerHTML;
        }"""
    )


def held_page(open_page, answered, tab: str, inner: str | None, field: str):
    page = open_page(tab)
    if inner:
        page.get_by_role("tab", name=inner, exact=True).click()
    page.wait_for_selector(f"{field} textarea:visible", timeout=60_000)
    answered(
        page
    )  # what the opening itself asked is answered: a question behind it would wait for it
    page.evaluate(HOLD)
    # the strip over the tabs asks about the same text, in its own time
    page.evaluate("window.ulmfitJourney.tick = () => {}")
    return page


@contextmanager
def slow_first(monkeypatch, place) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The next call of a drawing function waits: (it has begun, it may go on)."""
    begun, go_on = threading.Event(), threading.Event()
    module, name = place
    draw = getattr(module, name)

    def slow(*args, **kwargs):
        if not begun.is_set():
            begun.set()
            assert go_on.wait(60)
        return draw(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, slow)
        try:
            yield begun, go_on
        finally:
            go_on.set()


@pytest.mark.parametrize("view", VIEWS)
def test_the_newer_question_wins(open_page, answered, monkeypatch, view):
    """The older one is sent last; then, on the same page, its answer ends last."""
    tab, inner, field, place, drawn_by = VIEWS[view]
    page = held_page(open_page, answered, tab, inner, field)
    the_older_question_is_sent_last(page, field, place)
    if drawn_by:
        the_older_answer_ends_last(page, field, place, monkeypatch, drawn_by)


def the_older_question_is_sent_last(page, field: str, place: str) -> None:
    ask(page, field, OLD)
    ask(page, field, NEW)
    came_back(page, 0, page.evaluate(RELEASE, NEW))
    shown = drawn(page, place)
    before = page.evaluate("window.answers")
    came_back(page, before, page.evaluate(RELEASE, OLD))
    assert drawn(page, place) == shown
    # a later question is answered as ever
    ask(page, field, OLD)
    before = page.evaluate("window.answers")
    came_back(page, before, page.evaluate(RELEASE, OLD))
    assert drawn(page, place) != shown


def the_older_answer_ends_last(page, field: str, place: str, monkeypatch, drawn_by) -> None:
    left = drawn(page, place)
    ask(page, field, OLD_2)
    ask(page, field, NEW_2)
    with slow_first(monkeypatch, drawn_by) as (begun, go_on):
        older = page.evaluate(RELEASE, OLD_2)
        assert begun.wait(30)
        newer = page.evaluate(RELEASE, NEW_2)
        # of the older text's questions only the slow one has no answer yet
        came_back(page, 0, newer + older - 1)
        shown = drawn(page, place)
        assert shown != left
        go_on.set()
        came_back(page, 0, newer + older)
    assert drawn(page, place) == shown
    ask(page, field, OLD_2)
    came_back(page, 0, page.evaluate(RELEASE, OLD_2))
    assert drawn(page, place) != shown


def test_two_that_listen_to_one_field_do_not_start_each_other(browser):
    asked = []

    def slowly(text):
        asked.append(text)
        time.sleep(0.3)
        return text

    with gr.Blocks(analytics_enabled=False) as demo:
        field = gr.Textbox(elem_id="field")
        shown = [gr.HTML(), gr.HTML()]
        for one in shown:
            field.change(slowly, field, one, trigger_mode="always_last", concurrency_limit=2)
    wire = Middleware(Wire, script=gradio_script.mend_script)
    _, address, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, app_kwargs={"middleware": [wire]}
    )
    page = browser.new_page()
    try:
        page.goto(address, wait_until="domcontentloaded")
        page.locator("#field textarea").press_sequentially("lantern", delay=100)
        page.get_by_text("lantern").nth(1).wait_for(timeout=30_000)
        page.wait_for_timeout(1_500)
        assert set(asked[-2:]) == {"lantern"}
        assert len(asked) <= 2 * len("lantern") + 2
        before = len(asked)
        page.wait_for_timeout(1_500)
        assert len(asked) == before
    finally:
        page.close()
        demo.close()
