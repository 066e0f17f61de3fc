"""Each lesson walked from its first step to its last, with what a step says looked for on the page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ulmfit_demo import lessons
from ulmfit_demo.page import TABS as TITLES

pytestmark = pytest.mark.browser
TIMEOUT = 60_000
OPEN = re.compile(r"\bopen\b")
TABS = [title.lower() for title in TITLES]
TEXTS = {  # the names of a tab's text controls → where they stand
    ("tokenizers", "text"): "#tokenizers-text textarea",
    ("vocabulary", "text"): "#vocabulary-text textarea",
    ("sentiment", "text"): "#sentiment-text textarea",
    ("generation", "prompt"): "#generation-prompt textarea",
    ("inside", "text"): "#inside-text textarea",
}


def within(page: Page, place: str, *words: str) -> None:
    for word in words:
        expect(page.locator(place)).to_contain_text(word, timeout=TIMEOUT)


def column(page: Page, number: int):
    return page.locator("#tokenizers-result .col").nth(number - 1)


def capitals(page):
    for token in ("xxup", "xxmaj"):
        expect(column(page, 1)).to_contain_text(token, timeout=TIMEOUT)
    for word in ("WOW", "Wow", "wow"):
        expect(column(page, 2)).to_contain_text(word)


def repeats(page):
    expect(column(page, 1).locator(".tok", has_text="xxrep").first).to_be_visible(timeout=TIMEOUT)
    expect(column(page, 1).locator(".tok", has_text="xxwrep")).to_be_visible()
    within(page, "#tokenizers-why", "replace_rep")  # its panel is open


def full_stops(page):
    expect(column(page, 2).locator(".tok", has_text="U.S.")).to_be_visible(timeout=TIMEOUT)
    expect(column(page, 4).locator(".tok", has_text="$1.00.")).to_be_visible(timeout=TIMEOUT)


def never_seen(page):
    expect(column(page, 1).locator(".tok-unknown").first).to_be_visible(timeout=TIMEOUT)
    for number in (3, 4):
        expect(column(page, number).locator(".tok-continuation").first).to_be_visible(
            timeout=TIMEOUT
        )
        expect(column(page, number).locator(".tok-unknown")).to_have_count(0)


def size(value: int) -> Callable:
    return lambda page: expect(
        page.locator(f"#vocabulary-size input[value='{value}']")
    ).to_be_checked(timeout=TIMEOUT)


def merges(page):
    expect(page.locator("#vocabulary-kind input[value=bpe]")).to_be_checked(timeout=TIMEOUT)
    within(page, "#vocabulary-result", "merge")


def verdict(*words: str) -> Callable:
    return lambda page: within(page, "#sentiment-result", *words)


def three_models(page):
    verdict("NEGATIVE")(page)
    rows = page.locator("#sentiment-others tbody tr")
    expect(rows.filter(has_text="NB-SVM")).to_contain_text("negative", timeout=TIMEOUT)
    expect(rows.filter(has_text="VADER")).to_contain_text("positive")
    expect(page.locator("#sentiment-others")).to_be_in_viewport()


def written(page) -> list[str]:
    """What stands in the texts once they are complete."""
    expect(page.locator("#generation-result button.g").first).to_be_visible(timeout=TIMEOUT)
    texts = page.locator("#generation-result .text")
    return [t.partition("\n")[2] or t for t in texts.all_inner_texts()]


def press(page, tokens: str) -> None:
    """Press what the step offers to press, and wait until other texts stand there."""
    before = page.locator("#generation-seed input").input_value()
    page.locator("#generation-lesson [data-press]").click()
    expect(page.locator("#generation-seed input")).not_to_have_value(before, timeout=TIMEOUT)
    seed = page.locator("#generation-seed input").input_value()
    within(page, "#generation-result", f"{tokens} of {tokens} tokens · seed {seed}")


def both_the_same(page):
    press(page, "40")
    first, second = (t.removeprefix("text 1").removeprefix("text 2").strip() for t in written(page))
    assert first == second


def three_can_be_drawn(page):
    at = page.locator("#generation-next .col", has_text="temperature 1.2")
    expect(at.locator(".bar.cut").first).to_be_visible(timeout=TIMEOUT)
    expect(at.locator(".bar:not(.cut)")).to_have_count(3)
    expect(at).to_contain_text("3 words can be drawn")
    expect(page.locator("#generation-cuts").get_by_label("top-p").first).to_be_visible()


def inner(tab: str, name: str) -> Callable:
    return lambda page: expect(
        page.locator(f"#tab-{tab}").get_by_role("tab", name=name)
    ).to_have_attribute("aria-selected", "true", timeout=TIMEOUT)


def stepper(words: str) -> Callable:
    return lambda page: within(page, "#batches-stepper", words)


def ids(page):
    expect(page.locator("#batches-result td").filter(has_text="xxbos")).to_have_count(
        0, timeout=TIMEOUT
    )


# (tab, step from 1) → what to look for
CLAIMS = {
    ("tokenizers", 2): capitals,
    ("tokenizers", 3): repeats,
    ("tokenizers", 4): full_stops,
    ("tokenizers", 5): never_seen,
    ("vocabulary", 2): size(200),
    ("vocabulary", 3): size(10_000),
    ("vocabulary", 4): merges,
    ("vocabulary", 5): inner("vocabulary", "Words"),
    ("batches", 2): stepper("Mini-batch 1 of"),
    ("batches", 3): stepper("Mini-batch 2 of"),
    ("batches", 4): ids,
    ("batches", 5): inner("batches", "For a classifier"),
    ("batches", 6): lambda page: within(page, "#classifier-batches-result", "986"),
    ("sentiment", 2): verdict("NEGATIVE"),
    ("sentiment", 3): three_models,
    ("sentiment", 4): verdict("NOT SURE"),
    ("sentiment", 5): verdict("NOT SURE", "leaning positive"),
    ("generation", 2): both_the_same,
    ("generation", 3): lambda page: press(page, "40"),
    ("generation", 4): three_can_be_drawn,
    ("generation", 5): lambda page: press(page, "30"),
}


def shown(page, tab: str, number: int, steps: list[dict]) -> None:
    """The step's place, title, texts and panel are there."""
    card = page.locator(f"#{tab}-lesson")
    expect(card).to_contain_text(f"{number}/{len(steps)}", timeout=TIMEOUT)
    step = steps[number - 1]
    expect(card).to_contain_text(step["title"].replace("`", ""))
    for name, value in step["set"].items():
        if (tab, name) in TEXTS:
            expect(page.locator(TEXTS[tab, name])).to_have_value(value, timeout=TIMEOUT)
    if "open" in step:
        label = page.locator(f"#{step['open']} button.label-wrap").first
        expect(label).to_have_class(OPEN, timeout=TIMEOUT)


@pytest.mark.parametrize("tab", TABS)
def test_a_lesson_is_walked_and_shows_what_it_says(open_page, tab):
    steps = lessons.steps(tab)
    page = open_page(None if tab == "tokenizers" else tab.capitalize())
    for number in range(1, len(steps) + 1):
        if number > 1:
            page.locator(f"#{tab}-lesson-next").click()
        shown(page, tab, number, steps)
        claim = CLAIMS.get((tab, number))
        if claim:
            claim(page)


def test_every_claim_is_of_a_step_that_there_is():
    assert all(1 <= number <= len(lessons.steps(tab)) for tab, number in CLAIMS)
