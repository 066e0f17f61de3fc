"""Clicks in results, in Chromium: the newest one is answered, and the first one of a page."""

import threading

import pytest

from ulmfit_demo.tabs.generation import texts_html as generation
from ulmfit_demo.tabs.sentiment import verdict_html as sentiment

pytestmark = pytest.mark.browser
SOON = 60_000


def held_calls(monkeypatch, module, name: str) -> tuple[threading.Event, threading.Event, list]:
    """The first call of a drawing function waits: (it has begun, it may go on, its calls)."""
    begun, go_on, calls = threading.Event(), threading.Event(), []
    draw = getattr(module, name)

    def slow(*args, **kwargs):
        calls.append(args)
        if len(calls) == 1:
            begun.set()
            assert go_on.wait(60)
        return draw(*args, **kwargs)

    monkeypatch.setattr(module, name, slow)
    return begun, go_on, calls


def step(page, word: str):
    return page.locator("#sentiment-along button.step", has_text=word)


def test_of_clicks_while_one_is_answered_the_newest_counts(open_page, answered, monkeypatch):
    page = open_page("Sentiment")
    page.locator("#sentiment-text textarea").fill("A dull film with a great old song.")
    step(page, "dull").wait_for(timeout=SOON)
    answered(page)
    begun, go_on, calls = held_calls(monkeypatch, sentiment, "what_if")
    step(page, "dull").click()
    assert begun.wait(60)
    step(page, "great").click()
    step(page, "old").click()
    page.wait_for_timeout(500)
    assert len(calls) == 1  # they wait
    go_on.set()
    page.wait_for_selector("#sentiment-what-if >> text=Instead of “old”", timeout=SOON)
    answered(page)
    assert len(calls) == 2
    assert "Instead of “old”" in page.locator("#sentiment-what-if").inner_text()
    step(page, "old").click()  # the same choice again is asked again
    answered(page)
    assert len(calls) == 3


def test_the_word_stays_chosen_while_the_settings_change(open_page, answered, monkeypatch):
    page = open_page("Generation")
    page.wait_for_selector("#generation-result button.g", timeout=2 * SOON)
    answered(page)
    begun, go_on, calls = held_calls(monkeypatch, generation, "next_word")
    page.get_by_label("Temperature").first.fill("1.3")
    page.keyboard.press("Tab")
    assert begun.wait(60)
    page.locator("#generation-result button.g").nth(3).click()  # while another one is answered
    page.wait_for_timeout(300)
    go_on.set()
    page.wait_for_selector("#generation-next >> text=where “", timeout=SOON)
    answered(page)
    page.get_by_label("Temperature").first.fill("1.6")
    page.keyboard.press("Tab")
    page.wait_for_selector("#generation-next >> text=temperature 1.6", timeout=SOON)
    assert "where “" in page.locator("#generation-next h4").inner_text()
    n = len(calls)
    page.locator("#generation-result button.g").nth(3).click()  # the same choice again
    answered(page)
    assert len(calls) == n + 1


def test_a_click_as_soon_as_the_words_stand_is_answered(browser, url):
    page = browser.new_page()
    page.add_init_script(
        """new MutationObserver((_, seen) => {
          const word = document.querySelector('#sentiment-along button.step[data-i="4"]');
          if (word) { seen.disconnect(); word.click(); }
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto(f"{url}?tab=sentiment", wait_until="domcontentloaded")
    page.wait_for_selector("#sentiment-what-if >> text=Instead of “", timeout=SOON)
    page.close()
