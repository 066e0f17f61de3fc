"""One text travels: into every tab, over the strip, and through the browser's history."""

import pytest
from playwright.sync_api import expect

from tests.conftest import show_tab

pytestmark = pytest.mark.browser
FIELDS = {
    "Tokenizers": "#tokenizers-text textarea",
    "Vocabulary": "#vocabulary-text textarea",
    "Batches": "#batches-text textarea",
    "Sentiment": "#sentiment-text textarea",
    "Generation": "#generation-prompt textarea",
    "Inside": "#inside-text textarea",
}
MINE = "The umbrella in this film is brilliant, and I was never bored by its quiet heroine."
SHOWN = {  # where the word "umbrella" stands in what the tab computed
    "Tokenizers": "#tokenizers-result",
    "Vocabulary": "#vocabulary-result",
    "Batches": "#batches-result",
    "Sentiment": "#sentiment-along",
    "Generation": "#generation-result",
    "Inside": "#inside-strip",
}
TIMEOUT = 60_000


def typed(page, tab: str, text: str) -> None:
    page.locator(FIELDS[tab]).fill(text)


def has(page, tab: str, text: str) -> None:
    expect(page.locator(FIELDS[tab])).to_have_value(text, timeout=TIMEOUT)


def settled(page, words: str) -> None:
    """Until the strip has answered: the page has taken note of the text."""
    expect(page.locator("#journey .journey li").first).to_contain_text(words, timeout=TIMEOUT)


def test_a_text_typed_in_the_first_tab_is_in_all_others(open_page):
    page = open_page()
    typed(page, "Tokenizers", MINE)
    settled(page, f"characters {len(MINE)}")
    for tab in list(FIELDS)[1:]:
        show_tab(page, tab)
        has(page, tab, MINE)
        expect(page.locator(SHOWN[tab])).to_contain_text("umbrella", timeout=TIMEOUT)


def test_the_strip_says_what_becomes_of_the_text_and_opens_its_tab(open_page):
    page = open_page()
    typed(page, "Tokenizers", "A dull film.")
    stops = page.locator("#journey .journey li")
    expect(stops.nth(1)).to_contain_text("tokens 5", timeout=TIMEOUT)
    expect(stops.nth(1)).to_contain_text("xxbos a dull film .")
    expect(stops.nth(6)).to_contain_text("negative")
    stops.nth(6).locator("button").click()
    has(page, "Sentiment", "A dull film.")
    expect(page.locator("#sentiment-result")).to_contain_text("NEGATIVE", timeout=TIMEOUT)


def test_the_strip_takes_an_example_along_too(open_page):
    page = open_page("Sentiment")
    expect(page.locator("#journey")).to_contain_text("A warm and clever", timeout=TIMEOUT)
    page.locator("#journey [data-open=batches]").click()
    expect(page.locator(FIELDS["Batches"])).to_have_value(
        page.locator(FIELDS["Sentiment"]).input_value(), timeout=TIMEOUT
    )


def test_the_strip_says_that_a_text_is_too_long_for_it(open_page):
    page = open_page()
    for n in (20_000, 50_000):  # the most that a tab reads, and more than that
        typed(page, "Tokenizers", "x" * n)
        settled(page, f"characters {n:,}")
        expect(page.locator("#journey")).to_contain_text("too long", timeout=TIMEOUT)


def test_a_list_of_lengths_is_no_text_to_follow(open_page):
    page = open_page()
    typed(page, "Tokenizers", MINE)
    settled(page, f"characters {len(MINE)}")
    show_tab(page, "Batches")
    page.get_by_role("tab", name="For a classifier").click()
    page.locator("#classifier-batches-text textarea").fill("lengths: 100, 76, 241")
    expect(page.locator("#classifier-batches-result")).to_contain_text("241", timeout=TIMEOUT)
    page.wait_for_timeout(1_500)
    settled(page, f"characters {len(MINE)}")
    show_tab(page, "Sentiment")
    has(page, "Sentiment", MINE)


def test_a_lesson_and_an_example_keep_the_visitors_text_one_click_away(open_page):
    page = open_page("Sentiment")
    back = page.locator("#journey-back")
    typed(page, "Sentiment", MINE)
    settled(page, f"characters {len(MINE)}")
    expect(back).to_be_hidden()
    page.locator("#sentiment-lesson-next").click()
    expect(page.locator("#sentiment-lesson")).to_contain_text("2/5", timeout=TIMEOUT)
    expect(back).to_be_visible(timeout=TIMEOUT)
    back.click()
    has(page, "Sentiment", MINE)
    expect(back).to_be_hidden(timeout=TIMEOUT)
    expect(page.locator("#sentiment-lesson")).to_contain_text("2/5")
    page.locator("#tab-sentiment").get_by_label("Examples").first.click()
    page.get_by_role("option", name="Irony").click()
    expect(page.locator(FIELDS["Sentiment"])).to_have_value(
        "Oh great, another sequel nobody asked for. Just what the world needed.", timeout=TIMEOUT
    )
    expect(back).to_be_visible(timeout=TIMEOUT)
    back.click()
    has(page, "Sentiment", MINE)


def test_back_and_forward_go_through_tabs_texts_and_steps(open_page):
    page = open_page()
    first, second = "A first text about a lighthouse.", "A second text about a dragon."
    typed(page, "Tokenizers", first)
    settled(page, f"characters {len(first)}")
    show_tab(page, "Sentiment")
    has(page, "Sentiment", first)
    page.wait_for_function("() => location.search.includes('tab=sentiment')")
    typed(page, "Sentiment", second)
    settled(page, f"characters {len(second)}")
    page.locator("#sentiment-lesson-next").click()
    step = page.locator("#sentiment-lesson")
    expect(step).to_contain_text("2/5", timeout=TIMEOUT)
    page.wait_for_function("() => location.search.includes('lesson=1')")
    page.locator("#sentiment-lesson-next").click()
    expect(step).to_contain_text("3/5", timeout=TIMEOUT)
    page.wait_for_function("() => location.search.includes('lesson=2')")
    show_tab(page, "Inside")
    has(page, "Inside", second)
    page.wait_for_function("() => location.search.includes('tab=inside')")

    def at(tab: str, text: str | None, words: str | None) -> None:
        expect(page.locator(f"#tab-{tab.lower()}")).to_be_visible(timeout=TIMEOUT)
        if text is not None:
            has(page, tab, text)
        if words is not None:
            expect(page.locator(f"#{tab.lower()}-lesson")).to_contain_text(words, timeout=TIMEOUT)

    places = [
        ("Tokenizers", first, "1/5"),
        ("Sentiment", second, "1/5"),
        ("Sentiment", None, "2/5"),
        ("Sentiment", None, "3/5"),
        ("Inside", second, "1/6"),
    ]
    for place in reversed(places[:-1]):
        page.go_back()
        at(*place)
    for place in places[1:]:
        page.go_forward()
        at(*place)
    late = "A third text, and Back is pressed as its last word stands there."
    typed(page, "Inside", late)
    page.go_back()
    at("Sentiment", None, "3/5")
    page.go_forward()
    at("Inside", late, "1/6")


def test_a_text_too_long_for_an_address_comes_back_too(open_page):
    page = open_page()
    long = "The harbour was quiet. " * 100
    typed(page, "Tokenizers", long)
    settled(page, f"characters {len(long):,}")
    show_tab(page, "Training")
    page.wait_for_function("() => location.search.includes('tab=training')")
    typed_over = "Another."
    show_tab(page, "Tokenizers")
    page.wait_for_function("() => location.search.includes('tab=tokenizers')")
    typed(page, "Tokenizers", typed_over)
    settled(page, f"characters {len(typed_over)}")
    show_tab(page, "Training")
    page.wait_for_function("() => location.search.includes('tab=training')")
    late = []

    def first_late(route):
        """What the first entry asks for is answered after all that is asked for at once with it."""
        if not late and "_whole" in (route.request.post_data or ""):
            late.append(route)
        else:
            route.continue_()

    page.route("**/run/**", first_late)
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(0)
    page.wait_for_timeout(2_000)
    (route,) = late
    route.continue_()
    page.wait_for_timeout(2_000)
    has(page, "Tokenizers", long)
