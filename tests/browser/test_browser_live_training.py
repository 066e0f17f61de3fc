"""The live training in Chromium: it improves in sight, Stop, leaving the page, keys, axe, a phone."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

import app
from ulmfit_demo import limits
from ulmfit_demo.tabs.training import live_training
from ulmfit_demo.workers.live_training.supervisor import Supervisor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def address():
    """The view alone."""
    with pytest.MonkeyPatch.context() as patch:
        # the worker is polite: beside busy processes its start alone may take a minute
        patch.setattr(live_training, "BUDGET", replace(live_training.BUDGET, seconds=600))
        with gr.Blocks() as demo:
            gr.Markdown("# Training")
            with gr.Tabs(), gr.Tab("Training"):
                live_training.build(SimpleNamespace(supervisor=Supervisor(limits.LIVE_WAITING)))
        demo.queue(max_size=limits.QUEUE, default_concurrency_limit=limits.KEYSTROKE_LANE)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
        yield url
        demo.close()


@pytest.fixture
def opened(browser, address):
    pages, problems = [], []

    def opened(theme="light", width=1280):
        page = browser.new_page(viewport={"width": width, "height": 800})
        pages.append(page)
        page.set_default_timeout(300_000)
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.goto(f"{address}?__theme={theme}", wait_until="domcontentloaded")
        page.wait_for_selector("#live-result .lt-plot")
        return page

    yield opened
    for page in pages:
        page.close()
    assert problems == []


def workers() -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (entry / "cmdline").read_bytes()
                found += parent == os.getpid() and b"live_training/worker.py" in command
    return found


def gone_within(seconds=60.0):
    end = time.monotonic() + seconds
    while workers():
        assert time.monotonic() < end
        time.sleep(0.05)


def start(page):
    page.locator("#live-go").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#live-result .lt-title >> text=/Epoch/")
    assert workers() == 1


def test_the_loss_improves_in_front_of_the_visitor(opened):
    page = opened()
    assert "Recorded on" in page.locator("#live-result .lt-title").inner_text()
    page.locator("#live-epochs").get_by_text("6", exact=True).click()
    page.locator("#live-size").get_by_text("1 layer of 64", exact=True).click()
    height = page.locator("#live-result").bounding_box()["height"]
    start(page)
    page.wait_for_selector("#live-lines .lt-epoch >> text=epoch 1")
    assert page.locator("#live-result").bounding_box()["height"] == pytest.approx(height, abs=2)
    page.wait_for_selector("#live-result .lt-title >> text=/Finished/")
    losses = [
        float(re.search(r"[\d.]+", text)[0])
        for text in page.locator("#live-lines .lt-epoch .u-small").all_inner_texts()
    ]
    assert len(losses) == 7
    assert losses[-1] < losses[0] - 1.5
    lines = page.locator("#live-lines .lt-epoch").last.locator("li").all_inner_texts()
    assert len(lines) == 3
    assert all(line.startswith("The film") for line in lines)
    # the newest lines are in sight
    box = page.locator("#live-lines .lt-scroll").bounding_box()
    last = page.locator("#live-lines .lt-epoch li").last.bounding_box()
    assert box["y"] <= last["y"] < box["y"] + box["height"]
    gone_within()


def test_stop_keeps_the_curve_and_ends_the_process(opened):
    page = opened()
    start(page)
    page.wait_for_selector("#live-result .lt-plot i", state="attached")  # a point to keep
    page.locator("#live-stop").click()
    page.wait_for_selector("#live-result .lt-title >> text=/Stopped/")
    gone_within()
    page.wait_for_timeout(500)
    assert "Stopped" in page.locator("#live-result .lt-title").inner_text()
    assert page.locator("#live-result .lt-plot i").count() >= 1


def test_leaving_the_page_ends_the_process(opened):
    page = opened()
    start(page)
    page.close()
    gone_within()


def test_nothing_serious_for_axe_and_no_sideways_scroll(opened, serious):
    page = opened(width=390)
    page.locator("#live-source").get_by_text("your own", exact=True).click()
    page.wait_for_selector("#live-own textarea")
    page.locator("#live-go").click()
    page.wait_for_selector("#live-result .u-notice")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []
