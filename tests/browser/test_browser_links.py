"""A link restores the view; lessons set the controls; questions answer after a guess."""

import base64
import json
from urllib.parse import parse_qs, urlencode, urlparse

import pytest

pytestmark = pytest.mark.browser

# tab → (what the address says, where it shows, a text that stands there then)
VIEWS = {
    "tokenizers": (
        {"text": "hello WORLD", "column2": "whitespace", "ids": "1"},
        "#tokenizers-result .col",
        "whitespace",
    ),
    "vocabulary": (
        {"view": "words", "words": "a blorp", "max_vocab": "1000"},
        "#words-result",
        "blorp",
    ),
    "batches": ({"step": "2", "bs": "3", "seq_len": "7"}, "#batches-stepper", "Mini-batch 2 of"),
    "sentiment": ({"text": "A bad, bad film.", "others": "1"}, "#sentiment-others", "NB-SVM"),
    "generation": (
        {"prompt": "The acting", "temperature": "0", "words": "12", "texts": "1"},
        "#generation-result",
        "12 of 12",
    ),
    "training": ({"view": "methods"}, "#training-methods", "NB-SVM"),
    "teach": ({"preset": "language"}, "#teach-board", "English"),
}
# of those, what stands in a field as the address says it
FIELDS = {"text", "words", "max_vocab", "bs", "seq_len", "prompt", "temperature", "texts"}


def open_link(page, url, query):
    # gradio's page loads itself anew where it lost the server for a moment, and would end this navigation
    page.goto("about:blank")
    page.goto(f"{url}?__theme=light&{urlencode(query)}", wait_until="domcontentloaded")
    page.wait_for_selector(f"#tab-{query['tab']}:visible", timeout=60_000)


def view_of(page, tab):
    """What the tab shows: its text without times, and the values of its fields."""
    return page.evaluate(
        """tab => {
          const panel = document.getElementById(`tab-${tab}`);
          const fields = [...panel.querySelectorAll('input, textarea')]
            .filter((f) => f.offsetParent).map((f) => f.type === 'checkbox' || f.type === 'radio' ? f.checked : f.value);
          const text = panel.innerText.replace(/[\\d.,]+ ms( a step)?/g, '').replace(/\\s+/g, ' ');
          return [text, fields];
        }""",
        tab,
    )


def settled(page, tab, answered):
    """The view once all is answered and it has stayed the same for a second, its figures drawn."""
    if tab == "vocabulary":  # plotly itself may take longer than that to come
        page.wait_for_selector("#tab-vocabulary .js-plotly-plot .xtitle:visible", timeout=60_000)
    answered(page)
    before = None
    for _ in range(60):
        now = view_of(page, tab)
        if now == before:
            return now
        before = now
        page.wait_for_timeout(1_000)
    raise AssertionError(f"{tab} keeps changing")


@pytest.mark.parametrize("tab", VIEWS)
def test_a_link_gives_the_identical_view(open_page, answered, url, tab):
    wanted, place, text = VIEWS[tab]
    page = open_page()
    open_link(page, url, {"tab": tab, **wanted})
    page.wait_for_selector(f"{place} >> text={text}", timeout=60_000)
    first = settled(page, tab, answered)
    assert {v for k, v in wanted.items() if k in FIELDS} <= set(first[1])
    for _ in range(300):  # the page writes what it was told, a little later
        said = {k: v[0] for k, v in parse_qs(urlparse(page.url).query).items()}
        if said == {"__theme": "light", "tab": tab, **wanted}:
            break
        page.wait_for_timeout(200)
    assert said == {"__theme": "light", "tab": tab, **wanted}
    other = open_page()
    other.goto(page.url, wait_until="domcontentloaded")
    other.wait_for_selector(f"{place} >> text={text}", timeout=60_000)
    # the first view once more: what came late to it, such as a figure, is there by now
    assert settled(other, tab, answered) == settled(page, tab, answered)


def test_what_is_not_legal_is_left_out(open_page, url):
    page = open_page()
    evil = "<img src=x onerror='window.hacked=1'> " * 20  # tokens enough for 64 rows
    query = {
        "tab": "batches",
        "bs": "1e99",
        "seq_len": "NaN",
        "text": evil,
        "cut": evil,
        "step": "-4",
    }
    open_link(page, url, {**query, "view": "../../etc", "lesson": "99"})
    page.wait_for_selector("#batches-result table", timeout=60_000)
    page.wait_for_timeout(1_000)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#batches-text textarea").input_value() == evil
    values = page.locator("#tab-batches .b-controls input[type=number]:visible")
    assert [values.nth(i).input_value() for i in range(2)] == ["64", "5"]
    assert "6/6" in page.locator("#batches-lesson").inner_text()


def test_a_lesson_sets_the_controls_and_goes_on_to_the_next_tab(open_page):
    page = open_page("Generation")
    page.locator("#generation-lesson-next").click()
    page.wait_for_selector("#generation-lesson >> text=2/5", timeout=60_000)
    page.wait_for_function("() => location.search.includes('temperature=0')", timeout=60_000)
    assert "lesson=1" in page.url
    page.locator("#generation-lesson-back").click()
    page.wait_for_selector("#generation-lesson >> text=1/5", timeout=60_000)
    page.wait_for_function("() => !location.search.includes('temperature')", timeout=60_000)
    for step in range(2, 6):
        page.locator("#generation-lesson-next").click()
        page.wait_for_selector(f"#generation-lesson >> text={step}/5", timeout=60_000)
    page.wait_for_selector("#generation-lesson-next >> text=On to Inside", timeout=60_000)
    page.locator("#generation-lesson-next").click()
    page.wait_for_selector("#inside-lesson:visible", timeout=60_000)


def test_a_question_answers_after_a_guess(open_page):
    page = open_page("Batches")
    page.get_by_role("button", name="Check yourself").click()
    box = page.locator("#batches-questions fieldset", has_text="16.")
    box.wait_for(timeout=60_000)
    assert not box.locator(".answer").is_visible()
    box.locator("input").first.check()
    assert box.locator(".answer").inner_text().startswith("Not so.")
    box.locator("input").nth(1).check()
    assert box.locator(".answer").inner_text().startswith("Right.")
    assert "begins at token 14" in box.locator(".answer").inner_text()


def test_the_notebook_can_be_saved(open_page):
    page = open_page("Vocabulary")
    page.get_by_role("button", name="This lesson as a notebook").click()
    link = page.locator("#vocabulary-notebook a.notebook")
    link.wait_for(timeout=60_000)
    assert link.get_attribute("download") == "ulmfit-vocabulary.ipynb"
    data = link.get_attribute("href").partition("base64,")[2]
    found = json.loads(base64.b64decode(data))
    assert found["nbformat"] == 4
    assert any("SubwordTokenizer" in c["source"] for c in found["cells"])
