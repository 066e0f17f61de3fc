"""The Batches tab in Chromium: stepping, play and pause, marks, question 16, padding, axe."""

import re

import pytest
import torch
from fastai.text.data import LMDataLoader

from ulmfit_demo import lessons, theme, tokens
from ulmfit_demo.tokens import Vocab

REVIEWS = lessons.examples()["batches"]["Three small reviews"]
pytestmark = pytest.mark.browser


@pytest.fixture
def opened(open_page):
    def opened(theme="light"):
        page = open_page("Batches", theme)
        page.wait_for_selector("#batches-result table.x td")
        return page

    return opened


@pytest.fixture
def page(opened):
    return opened()


def button(page, name, view="batches"):
    return page.locator(f"#{view}-stepper").get_by_role("button", name=name)


def says(page, words, view="batches"):
    page.wait_for_selector(f"#{view}-stepper output >> text={words}", timeout=60_000)


def cells(page, table):
    return page.evaluate(
        """name => [...document.querySelectorAll(`#batches-result table.${name} tbody tr`)].map(
            tr => [...tr.querySelectorAll('td[data-p]')].map(td => td.textContent))""",
        table,
    )


def test_every_mini_batch_the_page_steps_to_equals_lmdataloader(page):
    page.locator("#batches-ids input").check()
    page.locator("#batches-text textarea").fill(REVIEWS)
    page.wait_for_selector("#batches-result .lmb-overview >> text=3 documents", timeout=60_000)
    page.wait_for_function(
        "/^[0-9]+$/.test(document.querySelector('#batches-result table.x td[data-p]').textContent)"
    )
    vocab = Vocab.load(theme.ASSETS / "models" / "imdb" / "vocab.json")
    ids = [
        [t.id for t in tokens.fastai_words(d, vocab=vocab).tokens] for d in REVIEWS.split("\n\n")
    ]
    mini_batches = list(LMDataLoader([torch.tensor(d) for d in ids], bs=6, seq_len=5))
    for k, (x, y) in enumerate(mini_batches):
        says(page, f"Mini-batch {k + 1} of {len(mini_batches)}")
        for table, values in (("x", x), ("y", y)):
            expected = [[str(i) for i in row] for row in values.tolist()]
            for _ in range(600):  # an earlier answer of the server may be drawn, for a moment
                if cells(page, table) == expected:
                    break
                page.wait_for_timeout(50)
            assert cells(page, table) == expected
        assert page.locator("#batches-result table.all td.past").count() == 6 * 5 * k
        button(page, "next").click()
    says(page, f"Mini-batch {len(mini_batches)} of")  # it stops at the last


def test_the_page_draws_what_the_server_draws(page):
    """The second mini-batch drawn by the page's script and drawn by the server: the same HTML."""
    inner = "document.querySelector('#batches-result .xy').innerHTML"
    button(page, "next").click()
    by_page = page.evaluate(inner)
    page.locator("#batches-ids input").check()  # the server draws, from the number of the stepper
    page.wait_for_function(
        "/^[0-9]+$/.test(document.querySelector('table.x td[data-p]').textContent)"
    )
    says(page, "Mini-batch 2 of 3")
    page.locator("#batches-ids input").uncheck()
    page.wait_for_function("document.querySelector('table.x td[data-p]').textContent == ','")
    assert re.findall(r">([^<]*)<", by_page) == re.findall(r">([^<]*)<", page.evaluate(inner))
    attributes = r'(?:data-p|data-d|class|tabindex|scope|aria-label)="[^"]*"'
    assert sorted(re.findall(attributes, by_page)) == sorted(
        re.findall(attributes, page.evaluate(inner))
    )


def test_play_moves_pause_stops_and_nothing_jumps(page):
    height = "document.querySelector('#batches-result .lmb').offsetHeight"
    before = page.evaluate(height)
    play = page.locator("#batches-stepper .step-play")
    # Paused as soon as the second is shown: a busy machine could bring the third before a click does.
    page.evaluate(
        """() => {
            const stepper = document.getElementById("batches-stepper");
            new MutationObserver((_, observer) => {
                if (!stepper.querySelector("output").textContent.startsWith("Mini-batch 2 of 3")) return;
                observer.disconnect();
                stepper.querySelector(".step-play").click();
            }).observe(stepper, { childList: true, subtree: true, characterData: true });
        }"""
    )
    play.click()
    says(page, "Mini-batch 2 of 3")
    page.wait_for_selector("#batches-stepper .step-play[aria-pressed=false]")
    assert play.get_attribute("aria-pressed") == "false"
    page.wait_for_timeout(1_500)
    says(page, "Mini-batch 2 of 3")
    assert page.evaluate(height) == before
    play.click()
    says(page, "Mini-batch 3 of 3 · x and y: torch.Size([6, 4])")
    page.wait_for_selector("#batches-stepper .step-play[aria-pressed=false]")  # stops at the end
    assert page.evaluate(height) == before


def test_a_step_is_drawn_at_once(page):
    """The cells are new when the click returns: no answer of the server is waited for."""
    row = page.evaluate(
        """() => {
            document.querySelector('#batches-stepper [data-step=next]').click();
            const cells = document.querySelectorAll('#batches-result table.x tbody td[data-p]');
            return [...cells].slice(0, 5).map(td => td.textContent);
        }"""
    )
    assert row == [",", "we", "will", "go", "back"]


def test_keyboard_steps_and_marks_label_and_place(page):
    slider = page.locator("#batches-stepper input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    says(page, "Mini-batch 2 of 3")
    assert slider.get_attribute("aria-valuetext") == "mini-batch 2 of 3"
    first = page.locator("#batches-result table.x td[data-p]").first
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.p") == "20"  # row 2 begins at 14
    assert page.locator("#batches-result table.x .lit-x").inner_text() == "chapter"
    assert page.locator("#batches-result table.y .lit-y").inner_text() == "1 and"[0]
    assert page.locator("#batches-result table.all .lit-x").get_attribute("data-p") == "20"
    assert page.locator("#batches-result .mark.x").is_visible()
    assert "(token 20, document 1) → y “1” (token 21)" in page.locator(".lmb-tip").inner_text()
    page.locator("#batches-result table.y td", has_text="deeper").hover()
    assert page.locator("#batches-result table.x .lit-x").inner_text() == "dig"


def test_fewer_mini_batches_bring_the_stepper_back(page):
    for _ in range(2):
        button(page, "next").click()
    says(page, "Mini-batch 3 of 3")
    number = page.locator("input[aria-label='number input for seq_len']")
    number.fill("200")
    number.press("Tab")
    says(page, "Mini-batch 1 of 1")
    assert page.locator("#batches-stepper input[type=range]").get_attribute("max") == "1"


def test_question_16_answers_after_a_guess(page):
    page.get_by_role("button", name=re.compile("Question 16")).click()
    page.locator("fieldset.q16").nth(1).wait_for(timeout=60_000)  # drawn when the panel opens
    row, batch = page.locator("fieldset.q16").all()
    assert row.locator(".answer").inner_text() == ""
    row.locator("label", has_text="number 5").locator("input").check()
    assert (
        row.locator(".answer")
        .inner_text()
        .startswith("Not so. It begins with “classifying movie reviews we studied in …”.")
    )
    batch.locator("label", has_text="number 5").locator("input").check()
    assert (
        batch.locator(".answer")
        .inner_text()
        .startswith("Right. It begins with “, we will go back over …”.")
    )


def test_the_code_follows_the_stepper(page):
    page.get_by_role("button", name="Show the code").click()
    page.wait_for_selector(".u-code pre >> text=mini-batch 1 of 3")
    button(page, "next").click()
    page.wait_for_selector(".u-code pre >> text=mini-batch 2 of 3", timeout=60_000)


def test_classifier_view_of_the_notebooks_lengths(page):
    page.get_by_role("tab", name="For a classifier").click()
    page.wait_for_selector("#classifier-batches-result td.pad", timeout=60_000)
    page.locator("#classifier-batches-text textarea").fill(
        lessons.examples()["classifier_batches"]["Notebook: ten lengths"]
    )
    says(page, "Mini-batch 1 of 4 · x: torch.Size([3, 986])", "classifier-batches")
    page.wait_for_selector("#classifier-batches-result .share >> text=44.8 %", timeout=60_000)
    shares = page.locator("#classifier-batches-result .share").all_inner_texts()
    assert [s.split(" padding")[0] for s in shares] == ["44.8 %", "30.8 %"]
    button(page, "next", "classifier-batches").click()
    says(page, "Mini-batch 2 of 4 · x: torch.Size([3, 241])", "classifier-batches")
    assert page.locator("#classifier-batches-result .frame b").inner_text() == "2"


def test_results_stand_above_the_fold(opened):
    page = opened()
    box = page.locator("#batches-result .xy").bounding_box()
    assert box["y"] + box["height"] <= 800
    page.get_by_role("tab", name="For a classifier").click()
    page.wait_for_selector("#classifier-batches-result .cb-panels")
    box = page.locator("#classifier-batches-result .cb-panels").bounding_box()
    assert box["y"] + box["height"] <= 800
