"""In a classroom: one figure in a frame, a link that opens what was open, steps by arrow keys, a phone."""

from urllib.parse import parse_qs, urlencode, urlparse

import pytest

from ulmfit_demo import limits

pytestmark = pytest.mark.browser
SOON = 60_000
# what stands in a frame of 1100 × 600, and where its result is
EMBEDS = {
    "tokenizers": "#tokenizers-result .tok",
    "vocabulary.ladder": "#vocabulary-result .tok",
    "vocabulary.words": "#words-result .tok",
    "vocabulary.train": "#train-text textarea",
    "batches": "#batches-result td",
    "sentiment": "#sentiment-along .w",
    "generation": "#generation-result button.g",
    "inside": ".ins-t",
    "training.lm": "#training-inside .xtitle",
    "training.labels": "#training-labels-note",
    "training.methods": "#training-methods td",
    "teach": "#teach-board button",
    "vocabulary.ladder:vocabulary-length": "#vocabulary-length .xtitle",
}
AROUND = (".u-title", ".u-journey", ".u-foot", ".u-share", "footer", ".u-lesson", ".tab-wrapper")


# two frames in one page: it starts gradio's scripts once for both
PAIRS = [list(EMBEDS)[i : i + 2] for i in range(0, len(EMBEDS), 2)]
FRAME = '<iframe src="{}?{}" title="{}" width="1100" height="600" style="border: 0"></iframe>'


@pytest.mark.parametrize("embeds", PAIRS, ids=" and ".join)
def test_one_view_in_each_frame_of_a_plain_page(browser, url, embeds):
    page = browser.new_page(viewport={"width": 1140, "height": 1300})
    frames = [FRAME.format(url, urlencode({"embed": embed}), embed) for embed in embeds]
    page.set_content(f"<h1>A slide</h1>{'<br>'.join(frames)}")
    for embed in embeds:
        stands_alone(page, embed)
    page.close()


def stands_alone(page, embed: str) -> None:
    """The view stands in its frame without what is around it on the page."""
    place = page.locator(f'iframe[title="{embed}"]')
    frame = place.content_frame
    result = frame.locator(EMBEDS[embed]).first
    result.wait_for(timeout=SOON)
    frame.locator("html.u-embed:not(.u-mounting)").wait_for(timeout=SOON)
    for name in AROUND:
        assert not frame.locator(f"{name}:visible").count(), name
    box, outer = result.bounding_box(), place.bounding_box()
    assert box["y"] < outer["y"] + 600  # it begins inside the frame, without scrolling
    assert frame.locator("html").evaluate("e => e.scrollWidth") <= 1100
    if ":" in embed:
        assert frame.locator("textarea:visible, table:visible").count() == 0
        assert frame.locator(".u-plot:visible").count() == 1


def test_a_link_opens_the_panels_and_clicks_the_word_again(open_page, url):
    page = open_page("Sentiment")
    page.locator("#sentiment-along button.step").first.wait_for(timeout=SOON)
    page.get_by_role("button", name="Show the code").click()
    page.locator("#sentiment-along button.step", has_text="clever").click()
    page.wait_for_selector("#sentiment-what-if >> text=Instead of “clever”", timeout=SOON)
    page.wait_for_function(
        "() => location.search.includes('open=show-the-code') && location.search.includes('pick=')"
    )
    said = parse_qs(urlparse(page.url).query)
    assert said["open"] == ["show-the-code"]
    other = open_page()
    other.goto(page.url, wait_until="domcontentloaded")
    other.wait_for_selector("#sentiment-what-if >> text=Instead of “clever”", timeout=SOON)
    panel = other.get_by_role("button", name="Show the code").and_(other.locator(":visible"))
    assert panel.get_attribute("aria-expanded") == "true"


def test_a_link_says_what_it_leaves_out(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    share = page.locator(".u-share")
    share.get_by_role("button", name="Copy a link").click()
    share.locator("text=The link holds the texts").wait_for(timeout=SOON)
    assert "Left out" not in share.inner_text()
    page.locator("#tokenizers-text textarea").fill("one two " * 437 + "end.")
    share.get_by_role("button", name="Copy a link").click()
    share.locator("text=Left out: “Your text” (3,500 characters; a link holds 2,000)").wait_for(
        timeout=SOON
    )
    share.get_by_role("button", name="Copy the lines").click()
    lines = page.evaluate("navigator.clipboard.readText()")
    assert lines.startswith("<iframe src=")
    assert "embed=tokenizers" in lines
    assert 'width="1100" height="600"' in lines
    # what an address says of a view is not copied unless it could be one
    evil = urlencode({"tab": "sentiment", "view": '"><script>alert(1)</script>'})
    page.goto(f"{page.url.split('?')[0]}?{evil}", wait_until="domcontentloaded")
    page.locator("#sentiment-along button.step").first.wait_for(timeout=SOON)
    share.get_by_role("button", name="Copy the lines").click()
    share.locator("text=The lines hold").wait_for(timeout=SOON)
    lines = page.evaluate("navigator.clipboard.readText()")
    assert "embed=sentiment" in lines
    assert "script" not in lines


def test_tokens_are_copied_as_json(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#tokenizers-text textarea").fill("WOW films")
    # the example that stood there has no such word
    page.wait_for_selector("#tokenizers-result .tok >> text=/^films$/", timeout=SOON)
    page.get_by_role("button", name="Copy the tokens as JSON").click()
    page.get_by_text("Copied", exact=True).first.wait_for(timeout=SOON)
    found = page.evaluate("navigator.clipboard.readText().then(JSON.parse)")
    assert found["text"] == "WOW films"
    first = found["tokenizers"][0]
    assert [t["text"] for t in first["tokens"]] == ["xxbos", "xxup", "wow", "films"]
    assert first["tokens"][2] | {"id": 0} == {
        "text": "wow",
        "start": 0,
        "end": 3,
        "kind": "word",
        "id": 0,
    }


def test_what_is_gone_is_not_copied(open_page):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#tokenizers-text textarea").fill("x" * (limits.TEXT_CHARACTERS + 1))
    page.wait_for_selector("#tokenizers-result .u-notice", timeout=SOON)
    page.get_by_role("button", name="Copy the tokens as JSON").click()
    page.get_by_text("Nothing there yet", exact=True).first.wait_for(timeout=SOON)


def test_a_presenter_goes_through_the_steps_by_keys(open_page, url):
    page = open_page()
    normal = page.locator("#tokenizers-lesson").evaluate(
        "e => getComputedStyle(e.querySelector('p')).fontSize"
    )
    page.goto(f"{url}?present=1", wait_until="domcontentloaded")
    page.wait_for_selector("#tokenizers-lesson >> text=1/", timeout=SOON)
    page.wait_for_selector("html.u-present:not(.u-mounting)", timeout=SOON)
    larger = page.locator("#tokenizers-lesson").evaluate(
        "e => getComputedStyle(e.querySelector('p')).fontSize"
    )
    assert float(larger[:-2]) >= 1.2 * float(normal[:-2])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#tokenizers-lesson >> text=2/", timeout=SOON)
    page.keyboard.press("PageDown")
    page.wait_for_selector("#tokenizers-lesson >> text=3/", timeout=SOON)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#tokenizers-lesson >> text=2/", timeout=SOON)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_phone_reaches_every_tab_and_view_without_a_menu(open_page):
    page = open_page(width=390)
    names = page.locator("[id^=tab-][id$=-button]").evaluate_all(
        "all => all.map(e => e.textContent.trim())"
    )
    assert len(names) == 8
    for name in names:
        page.get_by_role("tab", name=name, exact=True).click()
        panel = page.locator(f"#tab-{name.lower()}")
        panel.wait_for(timeout=SOON)
        inner = panel.get_by_role("tab")
        assert bool(inner.count()) == (name in ("Vocabulary", "Batches", "Inside", "Training"))
        for i in range(inner.count()):
            box = inner.nth(i).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        assert page.locator(".overflow-menu:visible").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_print_leaves_out_the_buttons(open_page):
    page = open_page()
    page.emulate_media(media="print")
    assert (
        page.locator(".u-share, footer, .tab-wrapper, .u-lesson-buttons")
        .locator("visible=true")
        .count()
        == 0
    )
    assert page.locator("#tokenizers-result .tok").first.is_visible()
