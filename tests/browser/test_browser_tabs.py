"""The page in Chromium: one click path a tab, nothing in the console, nothing lost, nothing executed."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page):
    return open_page()


def open_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def fill(page, elem_id, text):
    page.locator(f"#{elem_id} textarea").fill(text)


def test_tokenizers_follow_the_text_and_light_the_same_characters(page):
    fill(page, "tokenizers-text", "WOW what a film")
    page.wait_for_selector("#tokenizers-result .tok-rule >> text=xxup", timeout=60_000)
    column = page.locator("#tokenizers-result .col").first
    tokens = page.locator("#tokenizers-result .tok.lit")
    for _ in range(200):  # an answer still on its way draws the columns anew and puts the light out
        page.mouse.move(1, 1)
        column.locator(".tok", has_text="film").hover()
        if "film" in tokens.all_inner_texts():
            break
        page.wait_for_timeout(250)
    lit = tokens.all_inner_texts()
    assert "film" in lit
    assert "".join(t for t in lit if len(t) == 1) == "film"  # the characters column
    assert "characters 11–15" in page.locator(".tok-tip").inner_text()


def test_what_a_visitor_types_is_never_executed(page):
    text = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    fill(page, "tokenizers-text", text)
    page.wait_for_selector("#tokenizers-result .tok >> text=script", timeout=60_000)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#tokenizers-text textarea").input_value() == text


def test_a_refusal_keeps_the_text(page):
    text = "word " * 20_000
    fill(page, "tokenizers-text", text)
    page.wait_for_selector("#tokenizers-result .u-notice", timeout=60_000)
    assert page.locator("#tokenizers-text textarea").input_value() == text


def test_batches_step_through(page):
    open_tab(page, "Batches")
    page.get_by_role("button", name="next ▶").click()
    page.wait_for_selector("#batches-stepper >> text=Mini-batch 2 of 3", timeout=60_000)
    page.wait_for_function("document.querySelectorAll('#batches-result td.past').length === 30")


def test_sentiment_answers_while_typing(page):
    open_tab(page, "Sentiment")
    fill(page, "sentiment-text", "The worst film I have ever seen, dull and stupid.")
    page.wait_for_selector("#sentiment-result >> text=NEGATIVE", timeout=60_000)
    fill(page, "sentiment-text", "A wonderful film, funny and moving, I loved it.")
    page.wait_for_selector("#sentiment-result >> text=POSITIVE", timeout=60_000)


def test_generation_writes_and_stops(page):
    open_tab(page, "Generation")
    page.locator("#generation-write").click()
    page.wait_for_selector("#generation-result >> text=40 of 40 tokens", timeout=60_000)
    page.wait_for_selector("#generation-result button.g", timeout=60_000)  # none while it writes
    for label, value in (("Words (tokens)", "300"), ("Texts", "8")):
        number = page.locator(f"input[aria-label='number input for {label}']")
        number.fill(value)
        number.press("Tab")
    page.locator("#generation-write").click()
    page.wait_for_selector("#generation-result >> text=/[1-9][0-9]* of 300 tokens/", timeout=60_000)
    page.locator("#generation-stop").click()
    page.wait_for_selector("#generation-result button.g", timeout=60_000)  # none while it writes
    stopped = page.locator("#generation-result").inner_text()
    assert "300 of 300" not in stopped
    page.wait_for_timeout(1_500)
    assert page.locator("#generation-result").inner_text() == stopped


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_sees_no_sideways_scroll(open_page, theme):
    page = open_page(theme=theme, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
