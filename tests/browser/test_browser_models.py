"""The Sentiment and Generation tabs in Chromium: what-if, undo, reasons, steering, surprise, axe."""

import pytest

pytestmark = pytest.mark.browser
SOON = 60_000


def verdict(page) -> str:
    return page.locator("#sentiment-result .verdict").inner_text()


def test_a_word_is_replaced_and_the_change_is_taken_back(open_page):
    page = open_page("Sentiment")
    box = page.locator("#sentiment-text textarea")
    before = "A dull film with a great song."
    box.fill(before)
    page.wait_for_selector("#sentiment-along button.step >> text=dull", timeout=SOON)
    page.locator("#sentiment-along button.step", has_text="dull").click()
    page.wait_for_selector("#sentiment-what-if .change >> nth=1", timeout=SOON)
    assert "Instead of “dull”" in page.locator("#sentiment-what-if").inner_text()
    change = page.locator("#sentiment-what-if .change").nth(1)
    word = change.locator("b").inner_text().strip("“”")
    change.press("Enter")  # by keyboard
    page.wait_for_function(
        "text => document.querySelector('#sentiment-text textarea').value === text",
        arg=f"A {word} film with a great song.",
        timeout=SOON,
    )
    page.wait_for_selector(f"#sentiment-along button.step >> text={word}", timeout=SOON)
    page.locator("#sentiment-undo").click()
    page.wait_for_function(
        "text => document.querySelector('#sentiment-text textarea').value === text",
        arg=before,
        timeout=SOON,
    )


def test_hovering_the_line_marks_its_word(open_page, answered):
    page = open_page("Sentiment")
    answered(page)  # a late answer may move the words away from under the mouse
    page.locator("#sentiment-along .step").nth(3).hover()
    word = page.locator("#sentiment-along .step.here")
    word.wait_for(timeout=SOON)
    assert word.get_attribute("data-i") == "3"


def test_reasons_and_other_models(open_page):
    page = open_page("Sentiment")
    page.get_by_role("button", name="Which words mattered").click()
    page.locator("#sentiment-explain").click()
    page.wait_for_selector("#sentiment-reasons .col >> nth=1", timeout=SOON)
    page.get_by_label("Compare with VADER").click()
    page.wait_for_selector("#sentiment-others >> text=VADER", timeout=SOON)


def test_a_text_is_steered_and_the_others_stay(open_page):
    page = open_page("Generation")
    page.wait_for_selector("#generation-result button.g", timeout=SOON)  # the first text stands
    page.get_by_label("Words (tokens)").first.fill(
        "41"
    )  # the same settings would give the same texts
    page.locator("#generation-write").click()
    page.wait_for_selector("#generation-result >> text=41 of 41 tokens", timeout=SOON)
    page.wait_for_selector("#generation-result button.g", timeout=SOON)  # none while it writes
    texts = page.locator("#generation-result .text").all_inner_texts()
    page.locator("#generation-result .text").nth(0).locator("button.g").nth(3).click()
    page.wait_for_selector("#generation-next .change >> nth=1", timeout=SOON)
    page.locator("#generation-next .change").nth(1).click()
    page.wait_for_selector("#generation-result >> text=steered from text 1", timeout=SOON)
    assert page.locator("#generation-result .text").all_inner_texts()[:2] == texts
    page.get_by_label("Colour by how unlikely").click()
    page.wait_for_selector("#generation-result .legend", timeout=SOON)


def test_a_box_ticked_while_the_texts_are_written_counts(open_page):
    page = open_page("Generation")
    page.get_by_label("Words (tokens)").first.fill("300")
    page.locator("#generation-write").click()
    page.wait_for_selector("#generation-result >> text=of 300 tokens", timeout=2 * SOON)
    page.get_by_label("Colour by how unlikely").click()
    page.wait_for_selector("#generation-result button.g", timeout=2 * SOON)  # none while it writes
    page.wait_for_selector("#generation-result .legend", timeout=SOON)
    # the coloured redraw may stand between the two: what counts is what stays
    page.wait_for_selector("#generation-result button.g >> nth=40", timeout=SOON)


def test_surprise_and_stages_open_with_a_result(open_page):
    page = open_page("Generation")
    page.get_by_role("button", name="Surprise: which").click()
    page.wait_for_selector("#surprise-result >> text=Perplexity", timeout=SOON)
    page.get_by_role("button", name="What training changes").click()
    page.wait_for_selector("#stages-result .col >> nth=1", timeout=SOON)


@pytest.mark.parametrize("tab", ["Sentiment", "Generation"])
def test_a_phone_shows_it_without_a_sideways_scroll(open_page, tab):
    page = open_page(tab, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390])
def test_the_column_of_a_file_is_chosen_where_several_could_be_meant(open_page, tmp_path, width):
    path = tmp_path / "films.csv"
    path.write_text("id;text;Comment\n1;A wonderful film.;dull\n2;<br />;\n")
    page = open_page("Sentiment", width=width)
    page.get_by_text("Many at once").click()
    page.set_input_files("#sentiment-file input[type=file]", str(path))
    column = page.locator("#sentiment-column input")
    column.wait_for(timeout=SOON)
    assert "3 columns parted by semicolons" in page.locator("#sentiment-upload").inner_text()
    assert column.input_value() == ""
    page.locator("#sentiment-many").click()
    page.wait_for_selector("#sentiment-table >> text=Several columns", timeout=SOON)
    column.click()
    page.get_by_role("option", name="text: A wonderful film.").click()
    page.locator("#sentiment-many").click()
    page.wait_for_selector("#sentiment-table >> text=2 of 2, 1 without text", timeout=SOON)
    verdicts = page.locator("#sentiment-table td:first-child").all_inner_texts()
    assert verdicts == ["positive", "no words"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
