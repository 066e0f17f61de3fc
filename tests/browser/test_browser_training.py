"""The Training tab in Chromium: every view drawn, its lines visible, axe, a phone."""

import pytest

VIEWS = {
    "Language model": "#training-cycle-classifier .plot-container",
    "Train one now": "#live-result svg",
    "Classifier": "#training-stage-loss .plot-container",
    "Few labels": "#training-labels-note table, #training-labels-note .u-empty",
    "Mistakes": "#training-reliability .plot-container",
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
    page.wait_for_selector("#training-inside .js-line", timeout=60_000)
    page.wait_for_selector(VIEWS["Language model"], timeout=60_000)
    box = page.locator("#training-perplexity").bounding_box()
    assert box["y"] + box["height"] <= 800
    page.wait_for_function("location.search.includes('tab=training')")  # the address has changed
    clips = page.eval_on_selector_all(
        ".js-plotly-plot [clip-path]", "all => all.map(e => e.getAttribute('clip-path'))"
    )
    # a name that begins with the page's old address hides the lines
    assert clips
    assert all(c.startswith(("url(#", "url('#")) for c in clips)


def test_a_link_draws_the_figures_of_its_view(open_page, url):
    page = open_page()
    page.goto(f"{url}?tab=training&view=classifier", wait_until="domcontentloaded")
    page.wait_for_selector("#training-stage-loss .js-line", timeout=60_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_axe(open_page, answered, still, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_page("Training", theme)
    for name in VIEWS:
        view(page, name)
        answered(page)
        still(page)  # tabs fade in
        serious = [
            (v["id"], [n["html"][:120] for n in v["nodes"]])
            for v in axe.run(page).response["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], name


def test_a_phone_sees_no_sideways_scroll(open_page):
    page = open_page("Training", width=390)
    for name in VIEWS:
        view(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
