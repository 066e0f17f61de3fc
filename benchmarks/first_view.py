"""How long a stranger waits: process start to first painted tab, and navigation to a usable page.

    python benchmarks/first_view.py [--runs 5]

Cold start: this app and a bare gradio app with one text box are started in turn, each in its own
process; the time runs until Chromium has painted the first tab. Prints medians and ratio (bar: 2.0).
Page: on the running app, time from navigation to the first tab's tokens on the screen (bar: 3 s) and the
sum of layout shifts until two seconds later, as Lighthouse's CLS counts them (bar: 0.05); the requests
of that view and their bytes over the wire, and which of them are gradio's own (bars: 60 and 500 KB).
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
RESULT = ROOT / "benchmarks" / "results" / "first_view.md"
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
        wait_for_port(PORTS[name], process)
        page.goto(f"http://127.0.0.1:{PORTS[name]}/", wait_until="commit")
        page.wait_for_selector(READY[name], timeout=120_000)
        took = time.perf_counter() - began
        page.close()
        return took
    finally:
        process.terminate()
        process.wait(30)


def warm(browser: Browser, theme: str) -> tuple[float, float, dict[str, int]]:
    """(seconds to the first tokens, layout shift, bytes by address) of one navigation to the app."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    address: dict[str, str] = {}
    size: Counter[str] = Counter()
    session.on(
        "Network.requestWillBeSent", lambda e: address.update({e["requestId"]: e["request"]["url"]})
    )
    session.on(
        "Network.dataReceived", lambda e: size.update({e["requestId"]: e["encodedDataLength"]})
    )
    session.on(  # the whole answer, its head included, in place of the parts
        "Network.loadingFinished",
        lambda e: size.update({e["requestId"]: e["encodedDataLength"] - size[e["requestId"]]}),
    )
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
    return took, worst, {f"{i} {u}": size[i] for i, u in address.items() if u.startswith("http")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"also write {RESULT.name}")
    options = parser.parse_args()
    runs = options.runs
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
            wait_for_port(PORTS["app"], process)
            warm(browser, "light")  # the first page is the cold start's
            views = [warm(browser, theme) for theme in ("light", "dark") * runs]
        finally:
            process.terminate()
            process.wait(30)
        browser.close()
    waits, shifts, wires = zip(*views, strict=True)
    heaviest = max(wires, key=lambda wire: sum(wire.values()))
    of_gradio = {u: n for u, n in heaviest.items() if "/assets/" in u or "/static/" in u}
    ratio = medians["app"] / medians["bare"]
    report = [
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        f"cold start, median of {runs}: bare {medians['bare']:.1f} s, app {medians['app']:.1f} s, "
        f"ratio {ratio:.2f} (bar 2.0)",
        f"navigation to usable, {len(views)} times: median {statistics.median(waits):.2f} s, most "
        f"{max(waits):.2f} s (bar 3); layout shift: most {max(shifts):.3f} (bar 0.05)",
        f"over the wire: {sum(heaviest.values()) / 1000:.0f} KB (bar 500) in {len(heaviest)} requests "
        f"(bar 60), {sum(of_gradio.values()) / 1000:.0f} KB in {len(of_gradio)} gradio's scripts",
    ]
    print(*report, sep="\n")
    if options.write:
        head = f"# First view\n\n`python benchmarks/first_view.py --runs {runs} --write`\n\n"
        RESULT.write_text(head + "".join(f"- {line}\n" for line in report), encoding="utf-8")


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 300.0) -> None:
    """Until the app answers there. A socket asks: a browser's failed tries would take a core of it."""
    until = time.perf_counter() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.perf_counter() > until or process.poll() is not None:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
