"""The Training tab in Chromium: every view drawn, its lines visible, axe, a phone."""

import pytest

from tests.figures import drawn

VIEWS = {
    "Language model": "#training-cycle-classifier .u-plot[aria-label]",
    "Train one now": "#live-result svg",
    "Classifier": "#training-stage-loss .u-plot[aria-label]",
    "Few labels": "#training-labels-note table, #training-labels-note .u-empty",
    "Mistakes": "#training-reliability .u-plot[aria-label]",
    "Other methods": "#training-methods table",
}
pytestmark = pytest.mark.browser


def view(page, name):
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count() and tab.first.is_visible():
        tab.first.click()
    else:
        page.locator(".overflow-menu button:visible").last.click()
        page.get_by_text(name, exact=True).last.click()
    page.wait_for_selector(VIEWS[name], timeout=60_000)


def test_above_the_fold_and_lines_that_are_seen(open_page):
    page = open_page("Training")
    page.wait_for_selector(VIEWS["Language model"], timeout=60_000)
    box = page.locator("#training-perplexity .u-plot").bounding_box()
    assert box["y"] + box["height"] <= 800
    page.wait_for_function("location.search.includes('tab=training')")  # the address has changed
    drawn(page, "training-inside", ".js-line")
    clips = page.eval_on_selector_all(
        ".js-plotly-plot [clip-path]", "all => all.map(e => e.getAttribute('clip-path'))"
    )
    # a name that begins with the page's old address hides the lines
    assert clips
    assert all(c.startswith(("url(#", "url('#")) for c in clips)


def test_a_link_draws_the_figures_of_its_view(open_page, url):
    page = open_page()
    page.goto(f"{url}?tab=training&view=classifier", wait_until="domcontentloaded")
    drawn(page, "training-stage-loss", ".js-line")


def test_a_phone_sees_no_sideways_scroll(open_page):
    page = open_page("Training", width=390)
    for name in VIEWS:
        view(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
