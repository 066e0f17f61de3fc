"""The Teach tab in Chromium: labels by key and click, undo, own lines, privacy, axe, a phone."""

import os
import re
import time

import psutil
import pytest
from playwright.sync_api import expect

from ulmfit_demo.resources import assets
from ulmfit_demo.teach import task, tuning

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
OWN = "\n".join(
    [
        *(f"红\t红色的花第{i}朵" for i in range(3)),
        *(f"蓝\tthe blue sea, wave {i} <b>&" for i in range(3)),
        "the blue sky <script>alert(1)</script>",
    ]
)


def opened(open_page, answered, theme="light", width=1280):
    page = open_page("Teach", theme, width)
    page.set_default_timeout(120_000)
    page.wait_for_selector("#teach-board .te-card")
    page.wait_for_selector("#teach-curve svg")
    answered(page)
    return page


def labelled(page) -> int:
    return int(re.search(r"(\d+) labelled", page.locator(".te-counts").inner_text())[1])


def line(page) -> str:
    return page.locator("#teach-board .te-line").inner_text()


def wait_for(page, n):
    page.wait_for_function(
        "n => document.querySelector('.te-counts')?.innerText.startsWith(`${n} labelled`)", arg=n
    )


def test_keys_label_skip_and_undo_and_every_label_counts(open_page, answered):
    page = opened(open_page, answered)
    assert labelled(page) == 12
    page.evaluate("document.activeElement.blur()")
    first = line(page)
    page.keyboard.press("2")
    wait_for(page, 13)
    assert "acting 5" in page.locator(".te-counts").inner_text()
    second = line(page)
    assert second != first
    page.keyboard.press("s")
    page.wait_for_function(
        "t => document.querySelector('#teach-board .te-line').innerText !== t", arg=second
    )
    assert labelled(page) == 13
    page.keyboard.press("u")
    wait_for(page, 12)
    assert line(page) == first  # what was taken back is offered again
    # typing a number into a field labels nothing
    page.locator("#teach-text textarea").press("1")
    answered(page)
    assert labelled(page) == 12
    page.locator("#teach-truth .te-number").wait_for()


def test_a_click_on_a_line_offers_it_and_the_focus_stays(open_page, answered):
    page = opened(open_page, answered)
    row = page.locator(".te-row").nth(3)
    wanted = row.inner_text()
    row.click()
    page.wait_for_function(
        "t => document.querySelector('#teach-board .te-line').innerText === t", arg=wanted
    )
    answered(page)
    button = page.locator("[data-teach=label][data-label='1']")
    button.focus()
    page.keyboard.press("Enter")
    wait_for(page, 13)
    answered(page)
    assert page.evaluate("document.activeElement.dataset.label") == "1"


def test_own_lines_are_escaped_and_stay_out_of_the_address(open_page, answered):
    page = opened(open_page, answered)
    page.locator("#teach-own button.label-wrap").click()
    answered(page)
    page.locator("#teach-lines textarea").fill(OWN)
    page.locator("#teach-use").click()
    page.wait_for_selector("#teach-board >> text=6 labelled")
    assert "红 3 · 蓝 3" in page.locator(".te-counts").inner_text()
    assert "<script>alert(1)</script>" in line(page)
    answered(page)
    page.wait_for_timeout(800)
    assert "blue" not in page.url
    # an error loses nothing
    page.locator("#teach-names input, #teach-names textarea").fill("only one")
    page.locator("#teach-use").click()
    page.wait_for_selector("#teach-about .u-notice >> text=at least 2 labels")
    assert page.locator("#teach-lines textarea").input_value() == OWN
    assert labelled(page) == 6


def test_two_visitors_do_not_see_each_others_labels(open_page, answered):
    one, two = opened(open_page, answered), opened(open_page, answered)
    one.evaluate("document.activeElement.blur()")
    one.keyboard.press("1")
    wait_for(one, 13)
    two.evaluate("document.activeElement.blur()")
    two.keyboard.press("3")
    wait_for(two, 13)
    assert "plot 5 · acting 4 · music 4" in one.locator(".te-counts").inner_text()
    assert "plot 4 · acting 4 · music 5" in two.locator(".te-counts").inner_text()


def test_the_files_are_made_and_fine_tuning_refuses_few_labels(open_page, answered):
    page = opened(open_page, answered)
    page.get_by_text("Take it with you", exact=True).click()
    page.locator("#teach-download").click()
    page.get_by_text("taught.zip", exact=False).last.wait_for()
    page.locator("#teach-tuning button.label-wrap").click()
    page.locator("#teach-tune").click()
    page.wait_for_selector("#teach-tuned .u-notice >> text=at least 16")


def test_nothing_serious_for_axe_and_no_sideways_scroll(open_page, answered, serious):
    page = opened(open_page, answered, width=390)
    for button in page.locator("#tab-teach button.label-wrap:visible").all():
        button.click()
    page.locator("#teach-why").click()
    page.wait_for_selector("#teach-reasons .words")
    page.locator("#teach-use").click()
    page.wait_for_selector("#teach-about .u-notice")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_another_encoder_keeps_the_labels(open_page, answered):
    page = opened(open_page, answered)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    wait_for(page, 13)
    answered(page)
    about = page.locator("#teach-about").inner_text()
    page.get_by_text("classifier: it has learned what praise is").click()
    page.wait_for_function("t => document.querySelector('#teach-about').innerText !== t", arg=about)
    answered(page)
    assert labelled(page) == 13


def tunings() -> list[psutil.Process]:
    """Fine-tunings that the server, which is this process, has running."""
    children = psutil.Process(os.getpid()).children()
    return [
        p for p in children if p.status() != "zombie" and "tune_worker.py" in " ".join(p.cmdline())
    ]


def enough_labels(page, answered) -> None:
    """The task's own lines and labels, pasted: enough for fine-tuning."""
    film = task.presets(assets())["film"].task
    rows = [f"{film.names[t]}\t{line}" for t, line in zip(film.truth, film.lines, strict=True)]
    page.locator("#teach-own button.label-wrap").click()
    answered(page)
    page.locator("#teach-lines textarea").fill("\n".join(rows[:60]))
    page.locator("#teach-use").click()
    wait_for(page, 60)


def test_another_encoder_ends_a_fine_tuning_and_its_result_is_not_used(
    open_page, answered, monkeypatch
):
    monkeypatch.setitem(tuning.SETTINGS, "epochs", 400)  # it does not end before it is ended
    page = opened(open_page, answered)
    enough_labels(page, answered)
    answered(page)
    page.locator("#teach-tuning button.label-wrap").click()
    page.locator("#teach-tune").click()
    page.wait_for_selector("#teach-tuned >> text=the head alone")
    assert len(tunings()) == 1
    page.get_by_text("classifier: it has learned what praise is").click()
    page.wait_for_selector("#teach-tuned >> text=Press Fine-tune")
    page.wait_for_selector("#teach-about >> text=classifier")
    answered(page)
    end = time.monotonic() + 60
    while tunings():
        assert time.monotonic() < end
        page.wait_for_timeout(100)
    expect(page.locator("#teach-tuned")).to_contain_text("Press Fine-tune")
    expect(page.locator("#teach-truth")).not_to_contain_text("tuned layer")


def test_a_finished_fine_tuning_is_used_until_the_task_changes(open_page, answered, monkeypatch):
    monkeypatch.setattr(tuning.Tuning, "is_worse", False)  # whatever it has learned
    page = opened(open_page, answered)
    enough_labels(page, answered)
    answered(page)
    page.locator("#teach-tuning button.label-wrap").click()
    page.locator("#teach-tune").click()
    page.wait_for_selector("#teach-tuned >> text=The tuned layer is yours alone")
    page.wait_for_selector("#teach-truth >> text=the tuned layer has learned")
    page.wait_for_selector("#teach-curve >> text=the tuned one has learned from yours")
    page.locator("#teach-preset").get_by_text("English or Italian").click()
    page.wait_for_selector("#teach-about >> text=100 lines")
    page.wait_for_selector("#teach-curve svg")
    answered(page)
    expect(page.locator("#teach-truth")).not_to_contain_text("tuned layer")
    expect(page.locator("#teach-tuned")).to_contain_text("Press Fine-tune")


def tab_to(page, place: str) -> None:
    """Press Tab until the focus is at `place`, a selector."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => !!document.activeElement?.matches(s)", place):
            return
    raise AssertionError(f"Tab does not reach {place}")


def test_a_visitor_teaches_with_the_keyboard_alone_on_a_phone_in_the_dark(open_page, answered):
    page = opened(open_page, answered, "dark", 390)
    tab_to(page, "#teach-preset input")
    tab_to(page, "[data-teach=label][data-label='0']")
    page.keyboard.press("Enter")
    wait_for(page, 13)
    assert page.evaluate("document.activeElement.dataset.label") == "0"
    page.keyboard.press("3")
    wait_for(page, 14)
    page.keyboard.press("u")
    wait_for(page, 13)
    tab_to(page, "#teach-text textarea")
    page.keyboard.press("Control+A")
    page.keyboard.type("The drums are loud.")
    page.wait_for_selector("#teach-judged >> text=drums")
    tab_to(page, "#teach-own button.label-wrap")
    page.keyboard.press("Enter")
    answered(page)  # gradio builds the fields as the panel opens, and forgets what is typed before
    tab_to(page, "#teach-names input, #teach-names textarea")
    page.keyboard.type("sea, sky")
    tab_to(page, "#teach-lines textarea")
    for line in ("a wave", "a cloud", "the tide"):
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    tab_to(page, "#teach-use")
    page.keyboard.press("Enter")
    wait_for(page, 0)
    page.keyboard.press("1")
    wait_for(page, 1)
    page.keyboard.press("2")
    page.wait_for_selector("#teach-board >> text=sea 1 · sky 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_csv_file_with_its_columns(open_page, answered, tmp_path):
    path = tmp_path / "lines.csv"
    rows = [f'"the wave, number {i}",sea' for i in range(5)] + [f"cloud {i},sky" for i in range(4)]
    path.write_text("\n".join(["what,kind", *rows, "the tide,"]), encoding="utf-8")
    page = opened(open_page, answered)
    page.locator("#teach-own button.label-wrap").click()
    page.locator("#teach-file input[type=file]").set_input_files(path)
    for place, wanted in (("#teach-column", "what"), ("#teach-label", "kind")):
        page.locator(f"{place} input").fill(wanted)
        page.locator(f"{place} input").press("Enter")
        expect(page.locator(f"{place} input")).to_have_value(wanted)
    answered(page)
    page.locator("#teach-use").click()
    wait_for(page, 9)
    assert "sea 5 · sky 4" in page.locator(".te-counts").inner_text()
    expect(page.locator("#teach-about")).to_contain_text("10 lines")
    assert line(page) == "the tide"
