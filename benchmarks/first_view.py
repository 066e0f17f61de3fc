"""How long a stranger waits: process start to first painted tab, and navigation to a usable page.

    python benchmarks/first_view.py [--runs 5]

Cold start: this app and a bare gradio app with one text box are started in turn, each in its own
process; the time runs until Chromium has painted the first tab. Prints medians and ratio (bar: 2.0).
Page: on the running app, time from navigation to the first tab's tokens on the screen (bar: 3 s) and the
sum of layout shifts until two seconds later, as Lighthouse's CLS counts them (bar: 0.1). Writes nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PORTS = {"bare": 7871, "app": 7872}
BARE = """
import gradio as gr
with gr.Blocks() as demo:
    text = gr.Textbox(label="Your text", elem_id="field")
    text.change(lambda t: t, text, gr.Textbox())
demo.launch(server_port={port}, quiet=True)
"""
APP = "import app; app.build().launch(server_port={port}, quiet=True, **app.launch_settings())"
READY = {"bare": "#field textarea", "app": "#tokenizers-result .tok"}
# Lighthouse's layout shift: the worst session window; gaps under 1 s, windows up to 5 s.
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts.push([e.startTime, e.value]);
}).observe({ type: 'layout-shift', buffered: true });
"""


def start(name: str) -> subprocess.Popen:
    code = {"bare": BARE, "app": APP}[name].format(port=PORTS[name])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, **quiet)


def cold(browser: Browser, name: str) -> float:
    """Seconds from the start of the process to the first tab on the screen."""
    began = time.perf_counter()
    process = start(name)
    try:
        page = browser.new_page()
        url = f"http://127.0.0.1:{PORTS[name]}/"
        while True:
            try:
                page.goto(url, wait_until="commit")
                break
            except Exception:
                if time.perf_counter() - began > 300 or process.poll() is not None:
                    raise
                time.sleep(0.05)
        page.wait_for_selector(READY[name], timeout=120_000)
        took = time.perf_counter() - began
        page.close()
        return took
    finally:
        process.terminate()
        process.wait(30)


def warm(browser: Browser, theme: str) -> tuple[float, float]:
    """(seconds to the first tokens, layout shift) of one navigation to the running app."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(SHIFTS)
    began = time.perf_counter()
    page.goto(f"http://127.0.0.1:{PORTS['app']}/?__theme={theme}", wait_until="commit")
    page.wait_for_selector(READY["app"], timeout=120_000)
    took = time.perf_counter() - began
    page.wait_for_timeout(2_000)
    worst = window = 0.0
    first = last = None
    for at, value in page.evaluate("window.shifts"):
        if first is None or at - last > 1_000 or at - first > 5_000:
            first, window = at, 0.0
        last, window = at, window + value
        worst = max(worst, window)
    page.close()
    return took, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        times: dict[str, list[float]] = {"bare": [], "app": []}
        for _ in range(runs):  # in turn, so that a busy minute falls on both
            for name, found in times.items():
                found.append(cold(browser, name))
        medians = {name: statistics.median(found) for name, found in times.items()}
        process = start("app")
        try:
            wait_for_port(browser)
            views = [warm(browser, theme) for theme in ("light", "dark") * runs]
        finally:
            process.terminate()
            process.wait(30)
        browser.close()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"cold start, median of {runs}: bare {medians['bare']:.1f} s, app {medians['app']:.1f} s, ",
        end="",
    )
    print(f"ratio {medians['app'] / medians['bare']:.2f}")
    waits, shifts = zip(*views, strict=True)
    print(
        f"navigation to usable, {len(views)} times: median {statistics.median(waits):.2f} s, ",
        end="",
    )
    print(f"most {max(waits):.2f} s; layout shift: most {max(shifts):.3f}")


def wait_for_port(browser: Browser) -> None:
    page = browser.new_page()
    for _ in range(600):
        try:
            page.goto(f"http://127.0.0.1:{PORTS['app']}/", wait_until="commit")
            break
        except Exception:
            time.sleep(0.2)
    page.wait_for_selector(READY["app"], timeout=120_000)
    page.close()


if __name__ == "__main__":
    main()
