"""The Inside tab in Chromium: a click in every view, a link that opens one, axe, a phone."""

import itertools
import threading
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.figures import drawn
from ulmfit_demo.inference.inside import changing

pytestmark = pytest.mark.browser
SOON = 60_000
FIRST = {
    "unit": "#inside-strip .ins-t",
    "memory": "#inside-memory .ins-t",
    "words": "#inside-neighbours li",
    "readers": "#inside-readers .ins-t, #inside-readers .u-notice",
    "change": "#inside-find",
}


ENDED = "/changed ·|none found/"


def opened(page, view):
    """Reload at the address of one view."""
    page.goto(f"{page.url.split('?')[0]}?tab=inside&view={view}", wait_until="domcontentloaded")
    page.wait_for_selector(FIRST[view], timeout=SOON)


def test_a_word_shows_its_gates_and_another_unit_is_followed(open_page, answered):
    page = open_page("Inside")
    page.wait_for_selector(FIRST["unit"], timeout=SOON)
    page.locator("#inside-strip .ins-t", has_text="wooden").click()
    page.wait_for_selector("#inside-unit-details >> text=forget gate", timeout=SOON)
    button = page.locator("#inside-unit-details .ins-unit").nth(1)
    wanted = button.inner_text()
    button.click()
    page.wait_for_selector(f"#inside-strip >> text={wanted} ", timeout=SOON)
    page.get_by_role("button", name="units over all words").click()
    page.wait_for_selector("#inside-heat img", timeout=SOON)
    before = page.locator("#inside-heat .u-small").inner_text()
    page.locator("#inside-heat img").click(position={"x": 20, "y": 30})
    page.wait_for_function(
        "before => document.querySelector('#inside-heat .u-small')?.innerText !== before",
        arg=before,
        timeout=SOON,
    )
    answered(page)
    assert "place=" in page.url


def test_the_other_views_answer(open_page, answered):
    page = open_page("Inside")
    answered(page)
    opened(page, "memory")
    page.locator("#inside-memory .ins-t", has_text="sense").click()
    page.wait_for_selector("#inside-memory >> text=/“sense” had/", timeout=SOON)
    answered(page)
    opened(page, "words")
    page.locator("#inside-word input, #inside-word textarea").first.fill("dull")
    page.wait_for_selector("#inside-neighbours >> text=“dull” is one row", timeout=SOON)
    drawn(page, "inside-map", ".points")
    answered(page)
    opened(page, "change")
    page.locator("#inside-find").click()
    page.wait_for_selector(f"#inside-change >> text={ENDED}", timeout=SOON)
    answered(page)


def test_a_phone_shows_it_without_a_sideways_scroll(open_page, answered):
    page = open_page("Inside", width=390)
    page.wait_for_selector(FIRST["unit"], timeout=SOON)
    page.locator("#inside-strip .ins-t").nth(4).click()
    page.wait_for_selector("#inside-unit-details >> text=forget gate", timeout=SOON)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("view", "strip"), [("unit", "strip"), ("memory", "memory")])
def test_words_are_walked_with_arrows_and_the_picked_one_keeps_the_focus(
    open_page, answered, view, strip
):
    page = open_page("Inside")
    answered(page)
    opened(page, view)
    answered(page)
    words = page.locator(f"#inside-{strip} .ins-t")
    assert page.locator(f"#inside-{strip} .ins-t[tabindex='0']").count() == 1
    words.nth(0).focus()
    page.keyboard.press("End")
    expect(words.last).to_be_focused()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(words.nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    expect(words.nth(3)).to_have_attribute("aria-pressed", "true", timeout=SOON)
    answered(page)
    expect(words.nth(3)).to_be_focused()
    assert page.locator(f"#inside-{strip} .ins-t[tabindex='0']").count() == 1


def test_stop_ends_the_search_on_the_server_and_says_so(open_page, answered, monkeypatch):
    closed = threading.Event()

    def endless(loaded, text):
        step = changing.Search(text, 0.9, (), 0.8, 0, 1, False, False, 1.0)
        try:
            for n in itertools.count():
                yield replace(step, n_read=n)
                closed.wait(0.1)
        finally:
            closed.set()

    page = open_page("Inside")
    answered(page)
    opened(page, "change")
    monkeypatch.setattr(changing, "smallest_change", endless)
    page.locator("#inside-find").click()
    page.wait_for_selector("#inside-change >> text=looking at", timeout=SOON)
    page.locator("#inside-stop").click()
    page.wait_for_selector("#inside-change >> text=Stopped before", timeout=SOON)
    assert closed.wait(60)
    answered(page)
    monkeypatch.undo()
    page.locator(
        "#inside-find"
    ).click()  # the lane is free again, and Stop wipes nothing that was found
    page.wait_for_selector(f"#inside-change >> text={ENDED}", timeout=SOON)
    page.locator("#inside-stop").click()
    answered(page)
    expect(page.locator("#inside-change .ins-path")).to_be_visible()
