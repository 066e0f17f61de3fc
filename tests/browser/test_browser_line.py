"""The line over a review in Chromium: drawn from rows, text as text, and a key redraws its own words."""

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser
SOON = 60_000
LAST = "#sentiment-along button.step:last-child"
# of each step: whether it is a button, its place, its stop of the Tab key, its tip, its heights
STEPS = """[...document.querySelectorAll('#sentiment-along .step')].map((step) => ({
  button: step.matches('button'), place: step.dataset.i, stop: step.getAttribute('tabindex'),
  tip: step.dataset.tip, text: step.querySelector('.w').lastChild.data,
  heights: ['--l', '--m', '--r'].map((name) => parseFloat(step.style.getPropertyValue(name))),
}))"""


@pytest.fixture
def write(open_page, answered):
    page = open_page("Sentiment")

    def write(text, last):
        page.locator("#sentiment-text textarea").fill(text)
        page.wait_for_selector(f"{LAST} >> text={last}", timeout=SOON)
        answered(page)
        return page

    return write


def test_the_line_goes_on_from_word_to_word(write):
    page = write("A dull film, and <img src=x onerror=alert(1)> an xxpad song", "song")
    steps = page.evaluate(STEPS)
    assert page.locator("#sentiment-along img").count() == 0
    assert {"<", "img", "xxpad"} <= {s["text"] for s in steps}
    assert [s["place"] for s in steps] == [str(i) for i in range(len(steps))]
    assert [s["button"] for s in steps] == [False] + [True] * (len(steps) - 1)
    assert [s["stop"] for s in steps] == [None, "0"] + ["-1"] * (len(steps) - 2)
    for (left, middle, right), tip in ((s["heights"], s["tip"]) for s in steps):
        assert f"{100 - middle:.1f}% positive" in tip
        assert min(left, middle, right) >= 0
    for before, after in pairwise(steps):
        assert before["heights"][2] == after["heights"][0]  # the line is not broken
    assert "moved it by" not in steps[0]["tip"]
    assert all("moved it by" in s["tip"] for s in steps[1:])


def test_a_key_at_the_end_redraws_two_words(write):
    page = write("I went in expecting nothing, and it was a good film", "film")
    page.evaluate(
        """() => {
          window.redrawn = new Set();
          new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
            for (const node of [target, ...addedNodes]) {
              const step = node.parentElement?.closest('.step') ?? node;
              if (step.matches?.('.step')) redrawn.add(step.dataset.i);
            }
          })).observe(document.querySelector('#sentiment-along'),
            { childList: true, subtree: true, attributes: true, characterData: true });
        }"""
    )
    box = page.locator("#sentiment-text textarea")
    box.press("End")
    box.press("s")
    page.wait_for_selector(f"{LAST} >> text=films", timeout=SOON)
    places = [int(i) for i in page.evaluate("[...redrawn]")]
    n = page.locator("#sentiment-along .step").count()
    assert sorted(places) == [n - 2, n - 1]


def test_without_a_review_there_is_no_line(write):
    page = write("A good film", "film")
    assert page.locator("#sentiment-along .legend").is_visible()
    page.locator("#sentiment-text textarea").fill("")
    page.wait_for_selector("#sentiment-along .legend", state="hidden", timeout=SOON)
    assert page.locator("#sentiment-along .line-view").is_hidden()


def test_the_address_follows_when_the_typing_pauses(write):
    page = write("A good film", "film")
    page.wait_for_url("**A+good+film*", timeout=SOON)
    page.evaluate(
        """() => {
          const began = Date.now(), replace = history.replaceState;
          let key = began;
          window.written = []; // of each change of the address: ms since the last key, and since the first
          document.addEventListener('input', () => { key = Date.now(); }, true);
          history.replaceState = (...all) => {
            written.push([Date.now() - key, Date.now() - began]);
            return replace.apply(history, all);
          };
        }"""
    )
    box = page.locator("#sentiment-text textarea")
    box.press("End")
    box.press_sequentially(" with a great song", delay=60)
    page.wait_for_url("**A+good+film+with+a+great+song*", timeout=SOON)
    written = page.evaluate("written")
    assert written
    # 400 ms without a key, less what lies between two clocks; who types on for three seconds is not waited for
    assert all(since_key >= 350 or since_begin >= 2_400 for since_key, since_begin in written)
