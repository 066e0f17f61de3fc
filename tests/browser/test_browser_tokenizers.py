"""The Tokenizers tab in Chromium: columns, rules, ids, one's own tokenizer, keyboard, accessibility."""

import re

import pytest

pytestmark = pytest.mark.browser
RESULT = "#tokenizers-result"
SOON = 60_000  # milliseconds; a busy machine is slow


@pytest.fixture
def page(open_page):
    return open_page()


def type_text(page, text):
    page.locator("#tokenizers-text textarea").fill(text)
    page.wait_for_selector(f'{RESULT} [data-length="{len(text)}"]', timeout=SOON)


def choose(page, column, name):
    page.locator(f"#tokenizers-column-{column} input").click()
    page.get_by_role("option", name=name, exact=True).click()
    # the list fades out: until it is gone, a click could meet it instead of what is below
    page.wait_for_function("!document.querySelector('[role=option]')", timeout=SOON)


def column(page, number):
    return page.locator(f"{RESULT} .col").nth(number - 1)


def open_panel(page, label):
    page.get_by_role("button", name=label).click()


def lit(page, number):
    return column(page, number).locator(".tok.lit").all_inner_texts()


def test_a_marker_lights_the_characters_it_announces(page):
    type_text(page, "so www Film")
    tokens = column(page, 1).locator(".tok")
    assert tokens.all_inner_texts() == ["xxbos", "so", "xxrep", "3", "w", "xxmaj", "film"]
    tokens.nth(2).hover()
    tip = page.locator(".tok-tip").inner_text()
    assert "announces “www”, characters 3–6" in tip
    assert "rule replace_rep: A character three times or more" in tip
    assert lit(page, 4) == ["w", "w", "w"]
    tokens.nth(5).hover()
    assert "announces “Film”, characters 7–11" in page.locator(".tok-tip").inner_text()
    tokens.nth(6).hover()
    assert "came from “Film”" in page.locator(".tok-tip").inner_text()
    assert lit(page, 1) == ["xxmaj", "film"]


def test_the_keyboard_walks_the_tokens(page):
    type_text(page, "one two three")
    first = column(page, 2).locator(".tok").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "three"
    assert "characters 8–13" in page.locator(".tok-tip").inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "tok-tip"
    assert lit(page, 1) == ["three"]
    # While one types, the place in the list stays a token that is there.
    type_text(page, "one")
    assert column(page, 2).locator('.tok[tabindex="0"]').count() == 1


def test_redrawing_a_part_gives_what_drawing_everything_gives(page):
    """Tokens that stay are kept in the page: after many edits it must equal a fresh page."""
    texts = ["", "a", "a b", "A b b b b", "<b>x</b> www", "x www", "y\n\nz", "y z z z 電", "Y", ""]
    shown = f"document.querySelector('{RESULT} .aligned').innerText"
    seen = {}
    for text in [*texts, *reversed(texts)]:
        type_text(page, text)
        seen.setdefault(text, []).append(page.evaluate(shown))
    assert all(len(set(drawn)) == 1 for drawn in seen.values())


def test_columns_can_be_chosen_and_left_out(page):
    choose(page, 4, "—")
    page.wait_for_function(f"document.querySelectorAll('{RESULT} .col').length === 3")
    choose(page, 3, "unigram 200")
    page.wait_for_selector(f"{RESULT} h3 >> text=unigram 200", timeout=SOON)
    choose(page, 3, "whitespace")
    page.wait_for_selector(f"{RESULT} h3 >> text=whitespace", timeout=SOON)
    type_text(page, "to  be")
    trip = column(page, 3).locator("details")
    assert "changed round trip" in column(page, 3).inner_text()
    trip.locator("summary").click()
    trip.locator("del").wait_for(timeout=SOON)
    assert trip.locator("del").all_inner_texts() == ["␣"]
    assert trip.locator("span").all_inner_texts() == ["to ", "be"]


def test_switching_a_rule_off_changes_tokens_and_trace(page):
    type_text(page, "A LOUD Film")
    open_panel(page, "Why this token")
    page.wait_for_selector("#tokenizers-why >> text=8 lowercase", timeout=SOON)
    page.get_by_label("6 replace_all_caps").uncheck()
    page.wait_for_selector("#tokenizers-why li.off >> text=6 replace_all_caps", timeout=SOON)
    page.wait_for_selector(f"{RESULT} h3 >> text=7 of 8 rules", timeout=SOON)
    assert column(page, 1).locator(".tok").all_inner_texts() == [
        *["xxbos", "a", "loud", "xxmaj", "film"]
    ]


def test_ids_are_a_tensor_and_decode_back(page):
    type_text(page, "the blorptastic film")
    open_panel(page, "Ids and back")
    nums = page.locator("#tokenizers-nums")
    page.wait_for_selector("#tokenizers-nums >> text=blorptastic", timeout=SOON)
    ids = re.search(r"tensor\(\[\s*([\d,\s]+)\]\)", nums.inner_text())[1].split(",")
    assert len(ids) == 4
    assert nums.locator("mark").all_inner_texts() == ["xxunk"]
    page.locator("#tokenizers-ids input").check()
    page.wait_for_function(
        f"document.querySelector('{RESULT} .tok').innerText === '{ids[0].strip()}'", timeout=SOON
    )


def test_the_code_follows_the_text(page):
    type_text(page, "watch the code")
    open_panel(page, "Show the code")
    page.wait_for_selector(".u-code pre >> text=watch the code", timeout=SOON)


def test_my_own_tokenizer_and_a_broken_one(page):
    from tokenizers import Tokenizer, models, pre_tokenizers

    own = Tokenizer(models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    files = page.locator("#tokenizers-upload input[type=file], input#tokenizers-upload")
    chooser = files if files.count() else page.locator("input[type=file]")

    def upload(name, data):
        chooser.first.set_input_files({"name": name, "mimeType": "", "buffer": data})

    upload("broken.json", b'{"model": ' + b"[" * 1_000)
    page.wait_for_selector("#tokenizers-own .u-notice >> text=levels deep", timeout=SOON)
    upload("mine.json", own.to_str().encode())
    page.wait_for_selector("#tokenizers-own >> text=2 entries", timeout=SOON)
    page.wait_for_selector(f"{RESULT} h3 >> text=mine.json", timeout=SOON)
    type_text(page, "the film")
    assert column(page, 4).locator(".tok").all_inner_texts() == ["the", "[UNK]"]
