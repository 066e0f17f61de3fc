"""Keyboard and screen reader: few stops, arrow keys in a run of words, axe with every panel open."""

import pytest

from tests.figures import drawn
from ulmfit_demo.page import TABS
from ulmfit_demo.tabs import inside
from ulmfit_demo.tabs.batches import layout as batches
from ulmfit_demo.tabs.training import layout as training
from ulmfit_demo.tabs.vocabulary import layout as vocabulary

pytestmark = pytest.mark.browser
SOON = 60_000
# presses of Tab through the open tab as it opens, panels closed: no more than
STOPS = 60
COUNT = """tab => [...document.getElementById(`tab-${tab}`).querySelectorAll('*')].filter((e) =>
  e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) &&
  (e.type !== 'radio' || e.checked)).length"""
WORDS = {
    "Generation": "#generation-result button.g",
    "Sentiment": "#sentiment-along button.step",
    "Inside": ".ins-t",
}


def test_a_tab_has_few_stops(open_page, answered):
    page = open_page()
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        if tab in WORDS:
            page.locator(f"#tab-{tab.lower()}").locator(WORDS[tab]).first.wait_for(timeout=SOON)
        answered(page)
        stops = page.evaluate(COUNT, tab.lower())
        print(f"{tab}: {stops} stops")
        assert 5 < stops <= STOPS, tab


@pytest.mark.parametrize("tab", WORDS)
def test_a_run_of_words_is_one_stop_with_arrow_keys(open_page, answered, tab):
    page = open_page(tab)
    words = page.locator(f"#tab-{tab.lower()}").locator(WORDS[tab])
    words.nth(3).wait_for(timeout=SOON)
    answered(page)
    page.wait_for_function(
        "w => document.querySelectorAll(w + '[tabindex=\"-1\"]').length > 3",
        arg=WORDS[tab],
        timeout=SOON,
    )
    words.first.focus()
    here = "w => [...document.querySelectorAll(w)].indexOf(document.activeElement)"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(here, WORDS[tab]) == 2
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(here, WORDS[tab]) == 1
    assert words.nth(1).get_attribute("tabindex") == "0"
    assert words.first.get_attribute("tabindex") == "-1"
    page.keyboard.press("Tab")  # leaves the run; in Generation the next text is a run of its own
    first = "w => document.querySelector(w).parentElement.contains(document.activeElement)"
    assert not page.evaluate(first, WORDS[tab])


def open_panels(page, tab: str) -> int:
    """Open every panel of the open tab; how many there are."""
    panels = page.locator(f"#tab-{tab.lower()} button.label-wrap:visible")
    for i in range(panels.count()):
        if panels.nth(i).get_attribute("aria-expanded") == "false":
            panels.nth(i).click()
    return panels.count()


def kinds_of_tokens(page):
    page.locator("#tokenizers-text textarea").fill(
        "A LOUD www “film”  &amp; a blorptastic 電 &copy;"
    )
    page.wait_for_selector("#tokenizers-result .tok >> text=電", timeout=SOON)


def merges(page):
    page.locator("#vocabulary-kind").get_by_text("BPE", exact=True).click()
    page.wait_for_selector("#vocabulary-result >> text=Merge order", timeout=SOON)


def own_vocabulary(page):
    page.wait_for_selector("#train-range >> text=This text allows", timeout=SOON)
    page.locator("#train-go").click()
    page.wait_for_selector("#train-result a.v-download", timeout=SOON)


def a_cell(page):
    page.locator("#batches-stepper").get_by_role("button", name="next").click()
    page.locator("#batches-result table.x td[data-p]").first.focus()


def another_word(page):
    page.locator("#sentiment-text textarea").fill("A wonderful song in a dull, awful film.")
    word = page.locator("#sentiment-along button.step", has_text="awful")
    word.wait_for(timeout=SOON)
    word.click()
    page.wait_for_selector("#sentiment-what-if .change", timeout=SOON)


def written(page):
    # the first text, which nobody asked for: it is looked at when it stands
    page.wait_for_selector("#generation-result >> text=40 of 40 tokens", timeout=2 * SOON)


def units(page):
    page.locator("#inside-strip .ins-t").nth(5).click()
    page.wait_for_selector("#inside-unit-details >> text=forget gate", timeout=SOON)
    page.get_by_role("button", name="units over all words").click()
    page.wait_for_selector("#inside-heat img", timeout=SOON)


def moved_words(page):
    page.get_by_role("button", name="Which words moved most").click()
    page.wait_for_selector("#inside-moved .tok", timeout=SOON)


def smallest_change(page):
    page.locator("#inside-find").click()
    page.wait_for_selector("#inside-change >> text=/changed ·|none found/", timeout=SOON)


# what is done in a tab, or in a view of it, before it is looked at
DONE = {
    "Tokenizers": kinds_of_tokens,
    "Ladder": merges,
    "Train your own": own_vocabulary,
    "For a language model": a_cell,
    "Sentiment": another_word,
    "Generation": written,
    **{
        inside.VIEWS[view][0]: act
        for view, act in {
            "unit": units,
            "memory": lambda page: page.locator("#inside-memory .ins-t").nth(5).click(),
            "words": moved_words,
            "readers": lambda page: page.locator("#inside-readers .ins-t").nth(5).click(),
            "change": smallest_change,
        }.items()
    },
}


VIEWS_OF = {
    "Vocabulary": [title for title, _ in vocabulary.VIEWS.values()],
    "Batches": [title for title, *_ in batches.VIEWS],
    "Inside": [title for title, _ in inside.VIEWS.values()],
    "Training": [title for title, _ in training.VIEWS.values()],
}


@pytest.mark.timeout(600)  # a minute of axe: on a busy machine ten
@pytest.mark.parametrize("tab", TABS)
def test_axe_finds_nothing_serious_with_every_panel_open(open_page, answered, serious, tab):
    page = open_page(tab)
    page.set_default_timeout(SOON)
    views = page.locator(f"#tab-{tab.lower()} .tab-container button[role=tab]:visible").all()
    assert len(views) == len(VIEWS_OF.get(tab, ()))
    seen = set()
    for view in views or [None]:
        if view:
            view.click()
        answered(page)
        name = view.inner_text().strip() if view else tab
        DONE.get(name, lambda page: None)(page)
        seen.add(name)
        assert open_panels(page, tab) >= 1
        for figure in page.locator(f"#tab-{tab.lower()} .u-figure-box:visible").all():
            drawn(page, figure.get_attribute("id"))
        answered(page)
        expanded = page.locator(f"#tab-{tab.lower()} button.label-wrap:visible")
        assert expanded.evaluate_all(
            "all => all.every(e => e.ariaExpanded === String(e.classList.contains('open')))"
        )
        part = f"#tab-{tab.lower()}" if view and view is not views[0] else None
        assert serious(page, ("heading-order",), part) == [], name
    assert seen >= {name for name in DONE if name == tab or name in VIEWS_OF.get(tab, ())}
