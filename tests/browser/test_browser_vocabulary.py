"""The Vocabulary tab in Chromium: ladder, words, a training with Stop and download, keys, axe."""

import os
import random
import time
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

from tests.figures import drawn

VIEWS = ("Ladder", "Words", "Train your own")
pytestmark = pytest.mark.browser


@pytest.fixture
def opened(open_page):
    def opened(theme="light", width=1280):
        page = open_page("Vocabulary", theme, width)
        page.set_default_timeout(60_000)
        page.wait_for_selector("#vocabulary-trade-off .u-plot[aria-label]")
        return page

    return opened


@pytest.fixture
def page(opened):
    return opened()


def view(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def workers() -> int:
    """Training processes of this test's app."""
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (entry / "cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            found += parent == os.getpid() and b"subword_training" in command
    return found


def no_worker_is_left(seconds=60):
    end = time.monotonic() + seconds
    while workers():
        assert time.monotonic() < end
        time.sleep(0.1)


def start_slow_training(page):
    """Random letters take long."""
    rng = random.Random(1)
    text = "".join(rng.choice("abcdefghijklmnop \n") for _ in range(600_000))
    view(page, "Train your own")
    page.locator("#train-file-input").set_input_files(
        {"name": "slow.txt", "mimeType": "text/plain", "buffer": text.encode()}
    )
    page.wait_for_selector("#train-file >> text=600,000 characters")
    page.locator("#train-size input").fill("2000")
    page.locator("#train-go").click()
    page.wait_for_selector("#train-result progress")


def test_pieces_stand_over_the_pieces_they_are_made_of(page):
    page.locator("#vocabulary-text textarea").fill("unremarkable film")
    page.wait_for_selector("#vocabulary-result .ladder-grid .char >> text=f")
    page.wait_for_function(
        "document.querySelectorAll('#vocabulary-result .ladder-grid .char').length == 17"
    )
    lines = page.evaluate(
        """[...document.querySelectorAll('#vocabulary-result .ladder-grid .line.toks')].map(line =>
            [...line.querySelectorAll('.tok')].map(t => {
                const r = t.getBoundingClientRect(); return [r.left, r.right, t.textContent] }))"""
    )
    assert len(lines) == 8
    for line in lines:
        assert "".join(text for _, _, text in line) == "▁unremarkable▁film"
        assert abs(line[0][0] - lines[0][0][0]) < 2
        assert abs(line[-1][1] - lines[0][-1][1]) < 2
    edges = {round(left) for left, _, _ in lines[0]}
    assert any(len(line) < len(lines[0]) for line in lines)
    for line in lines[1:]:  # this text's pieces only grow together: an edge is an edge above
        assert {round(left) for left, _, _ in line} <= edges


def test_the_size_is_marked_and_bpe_tells_its_merges(page):
    page.locator("#vocabulary-size").get_by_text("2,000", exact=True).click()
    page.wait_for_selector("#vocabulary-result .size.now >> text=2,000")
    page.locator("#vocabulary-kind").get_by_text("BPE", exact=True).click()
    page.wait_for_selector("#vocabulary-result >> text=Merge order")
    page.wait_for_selector("#vocabulary-result details[open] td >> text=a + t")
    page.locator("#vocabulary-result summary").nth(1).press("Enter")
    assert page.locator("#vocabulary-result details[open]").count() == 2


def test_a_piece_lights_its_characters_at_every_size_and_arrows_move(page):
    first = page.locator("#vocabulary-result .line.toks").last.locator(".tok").first
    first.focus()
    assert page.locator("#vocabulary-result .tok.lit").count() > 8
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.classList.contains('tok')")
    assert page.evaluate("document.activeElement.dataset.s") != first.get_attribute("data-s")


def test_words_fall_out_as_the_sliders_move(page):
    view(page, "Words")
    drawn(page, "words-curve")
    page.locator("#words-text textarea").fill("The nyckelharpa harbour")
    page.wait_for_selector("#words-result .tok-unknown >> text=nyckelharpa")
    box = page.locator("#words-max-vocab input[type=number]")
    box.fill("100")
    box.press("Tab")
    page.wait_for_selector("#words-figures >> text=104")
    page.wait_for_selector("#words-result >> text=beyond max_vocab 100")
    view(page, "Ladder")
    page.get_by_role("tab", name="Batches", exact=True).click()
    page.get_by_role("tab", name="Vocabulary", exact=True).click()
    drawn(page, "vocabulary-trade-off")


def test_training_a_file_and_taking_the_model_home(page, tmp_path):
    view(page, "Train your own")
    page.wait_for_selector("#train-range >> text=This text allows")
    path = tmp_path / "mine.txt"
    path.write_text("The boat left the harbour. The gulls left the boat.\n" * 30, encoding="utf-8")
    page.locator("#train-file-input").set_input_files(path)
    page.wait_for_selector("#train-file >> text=mine.txt")
    page.locator("#train-kind").get_by_text("BPE", exact=True).click()
    page.wait_for_selector("#train-range >> text=BPE")
    page.locator("#train-size input").fill("9999")
    page.locator("#train-go").click()
    page.wait_for_selector("#train-result >> text=There are no more pieces to be found in it.")
    page.locator("#train-size input").fill("40")
    page.locator("#train-sample textarea").fill("the boat <b>")
    page.locator("#train-go").click()
    page.wait_for_selector("#train-result .tok >> text=boat")
    with page.expect_download() as download:
        page.locator("#train-result a.v-download").click()
    assert download.value.suggested_filename == "bpe-40.model"
    assert len(SentencePieceProcessor(model_file=str(download.value.path()))) == 40
    no_worker_is_left()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(page, tmp_path):
    view(page, "Train your own")
    path = tmp_path / "large.txt"
    path.write_bytes(b"a " * 1_100_000)
    before = page.locator("#train-text textarea").input_value()
    page.locator("#train-file-input").set_input_files(path)
    page.wait_for_selector("#train-file >> text=large.txt has 2.2 MB")
    assert page.locator("#train-text textarea").input_value() == before


def test_a_long_paste_is_held_beside_the_field(page):
    """All of it is read; the field shows how it begins, until it is changed."""
    view(page, "Train your own")
    page.wait_for_selector("#train-range >> text=This text allows")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "gull ".repeat(5000) + "xyzzy");
            document.querySelector("#train-text textarea").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    page.wait_for_selector("#train-file >> text=pasted text: 25,005 characters")
    assert len(page.locator("#train-text textarea").input_value()) < 1_000
    page.wait_for_selector("#train-range >> text=/ 1[78] to /")  # g u l ▁ x y z, and ten
    page.locator("#train-text textarea").fill("aaa")
    page.wait_for_selector("#train-range >> text=/ 12 to /")


def test_stop_ends_the_training(page):
    start_slow_training(page)
    assert workers() >= 1
    page.locator("#train-stop").click()
    page.wait_for_selector("#train-result >> text=Stopped. Nothing was kept.")
    no_worker_is_left()
    assert "Stopped" in page.locator("#train-result").inner_text()


def test_leaving_the_page_ends_the_training(opened):
    page = opened()
    start_slow_training(page)
    page.close()
    no_worker_is_left()


def test_a_phone_sees_no_sideways_scroll(opened, answered):
    page = opened(width=390)
    for name in VIEWS:
        view(page, name)
        answered(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
