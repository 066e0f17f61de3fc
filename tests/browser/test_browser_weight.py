"""The first view's bytes, requests and shifts; plotly only where a figure is looked at."""

from collections import Counter

import pytest

pytestmark = pytest.mark.browser
SOON = 60_000
BYTES, REQUESTS, SHIFT = 500_000, 60, 0.05
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts.push(e.value);
}).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture
def watched(browser, url):
    """A new page that counts what comes over the wire: `(page, urls, bytes a request)`."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(SHIFTS)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls, sizes = {}, Counter()

    def asked(event):
        address = event["request"]["url"]
        if address.startswith("http"):
            urls[event["requestId"]] = address

    session.on("Network.requestWillBeSent", asked)
    session.on(
        "Network.dataReceived", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({e["requestId"]: e["encodedDataLength"] - sizes[e["requestId"]]}),
    )
    yield page, urls, sizes
    page.close()


def test_the_first_view_is_light_and_stands_still(watched, url):
    page, urls, sizes = watched
    page.goto(f"{url}?__theme=light", wait_until="domcontentloaded")
    page.wait_for_selector("#tokenizers-result .tok", timeout=SOON)
    page.wait_for_load_state("load")
    page.wait_for_timeout(2_000)  # what comes late counts too
    total = sum(sizes[i] for i in urls)
    print(f"first view: {len(urls)} requests, {total:,} bytes")
    assert len(urls) < REQUESTS, sorted(urls.values())
    assert 100_000 < total < BYTES, {urls[i]: sizes[i] for i in urls if sizes[i] > 10_000}
    assert sum(page.evaluate("window.shifts")) <= SHIFT
    assert not [u for u in urls.values() if "lotly" in u]


def test_plotly_comes_with_the_first_figure_and_is_the_small_one(watched, url):
    page, urls, _ = watched
    page.goto(f"{url}?tab=vocabulary", wait_until="domcontentloaded")
    page.wait_for_selector("#vocabulary-length .u-plot .xtitle", timeout=SOON)
    assert [u for u in urls.values() if "lotly" in u] == [f"{url}own/plotly-basic-4.1.1.min.js"]
    page.wait_for_selector("#vocabulary-trade-off .u-plot .xtitle", timeout=SOON)
    assert page.locator(".modebar").count() == 0
    with page.expect_download() as saved:
        page.locator("#vocabulary-length").get_by_role("button", name="as PNG").click()
    assert saved.value.path().read_bytes()[:4] == b"\x89PNG"
    with page.expect_download() as saved:
        page.locator("#vocabulary-length").get_by_role("button", name="as SVG").click()
    assert b"<svg" in saved.value.path().read_bytes()[:200]
    page.locator("#vocabulary-length summary").click()
    table = page.locator("#vocabulary-length table")
    table.wait_for(timeout=SOON)
    assert table.locator("th").all_inner_texts() == ["line", "vocabulary size", "tokens a review"]
    assert table.locator("tr").count() > 16
    name = page.locator("#vocabulary-length .u-plot").get_attribute("aria-label")
    assert name.startswith("Length of a review")
