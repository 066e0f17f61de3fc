"""Two replicas of the app behind nginx: what holds with sticky sessions and what fails without.

    python -m benchmarks.replicas [--out benchmarks/results/replicas.md]

Needs Debian's nginx (`nginx-light`) and chromium. Starts two apps on loopback, each with its own folder
for temporary files, as on two machines, and nginx with `docs/examples/nginx.conf`: first without its
line `hash` (round robin), then as it stands. Visitors in Chromium and programs ask a fixed number of
times; then one replica ends. Everything that was started is stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
from gradio_client import Client
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PageError
from tokenizers import Tokenizer, models, pre_tokenizers

from benchmarks.load import free_port, started

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "docs" / "examples" / "nginx.conf"
TEXT = "A warm and clever film."
N_PROGRAMS, N_VISITORS = 8, 3
SECONDS = 10.0  # for one step where steps fail
LONG = 60.0  # where they do not: other work shares this machine
MAIN = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format replicas '$upstream_addr $visitor $request_method $uri $status';
    access_log {folder}/access.log replicas;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {folder}/site.conf;
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, ports: list[int], sticky: bool) -> Iterator[str]:
    """nginx before the replicas; its address."""
    folder.mkdir()
    port = free_port()
    site = SITE.read_text(encoding="utf-8").replace("127.0.0.1:7860", f"127.0.0.1:{port}")
    for shown, real in zip(("7861", "7862"), ports, strict=True):
        site = site.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{real}")
    if not sticky:
        site = re.sub(r"^ *hash .*$", "", site, flags=re.MULTILINE)
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen([*command, "-e", str(folder / "error.log")])
    try:
        for _ in range(100):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/own/", timeout=5)
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def within(function: Callable[[], object], seconds: float) -> str:
    """`right`, `wrong`, `no answer` after `seconds`, or the kind of the error."""
    found: list[str] = []

    def call() -> None:
        try:
            found.append("right" if function() else "wrong")
        except Exception as e:
            status = getattr(getattr(e, "response", None), "status_code", "")
            found.append(f"{type(e).__name__} {status}".strip())

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else "no answer"


def by_client(url: str) -> bool:
    """A program with `gradio_client`, which keeps cookies."""
    client = Client(url, verbose=False, httpx_kwargs={"timeout": LONG})
    return client.predict(TEXT, api_name="/classify")["label"] == "pos"


def by_two_requests(url: str) -> bool:
    """A program that asks and then fetches the answer, and keeps no cookies."""
    address = f"{url}gradio_api/call/classify"
    asked = httpx.post(address, json={"data": [TEXT]}, timeout=LONG).raise_for_status()
    answer = httpx.get(f"{address}/{asked.json()['event_id']}", timeout=LONG)
    return '"label": "pos"' in answer.raise_for_status().text


def press(page: Page) -> None:
    page.get_by_role("tab", name="Sentiment", exact=True).click()
    page.locator("#sentiment-text textarea").fill("A lantern, a lovely film.")
    page.wait_for_selector("#sentiment-along button.step >> text=lantern")


def undo(page: Page) -> None:
    box = page.locator("#sentiment-text textarea")
    before = box.input_value()
    page.locator("#sentiment-along button.step", has_text="lovely").click()
    page.locator("#sentiment-what-if .change").first.click()
    page.wait_for_function(
        "old => document.querySelector('#sentiment-text textarea').value !== old", arg=before
    )
    page.locator("#sentiment-undo").click()
    page.wait_for_function(
        "old => document.querySelector('#sentiment-text textarea').value === old", arg=before
    )


def steer(page: Page) -> None:
    page.get_by_role("tab", name="Generation", exact=True).click()
    page.wait_for_selector("#generation-result button.g")
    page.locator("#generation-result .text").first.locator("button.g").nth(3).click()
    page.locator("#generation-next .change").nth(1).click()
    page.wait_for_selector("#generation-result >> text=steered from text 1")


def upload(page: Page) -> None:
    own = Tokenizer(models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    page.get_by_role("tab", name="Tokenizers", exact=True).click()
    data = {"name": "mine.json", "mimeType": "", "buffer": own.to_str().encode()}
    page.locator("#tab-tokenizers input[type=file]").first.set_input_files(data)
    page.wait_for_selector("#tokenizers-result h3 >> text=mine.json")
    page.locator("#tokenizers-text textarea").fill("the lantern")
    page.wait_for_selector("#tokenizers-result .tok >> text=[UNK]")


def table(page: Page) -> None:
    page.get_by_role("tab", name="Sentiment", exact=True).click()
    page.get_by_role("button", name="Many at once").click()
    data = {"name": "a.txt", "mimeType": "text/plain", "buffer": f"{TEXT}\nDull.\n".encode()}
    page.locator("#sentiment-file input[type=file]").set_input_files(data)
    page.locator("#sentiment-many").click()
    link = page.locator("a[href*='/file='][download]").first
    link.wait_for()
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.ok, f"HTTP {answer.status}"


STEPS = {
    "a key press": press,
    "a word replaced, and undone": undo,
    "a written text, steered": steer,
    "a tokenizer uploaded and used": upload,
    "a file of reviews, its CSV fetched": table,
}


def visit(browser: Browser, url: str, seconds: float) -> tuple[Page, dict[str, str]]:
    """A visitor with a window of their own: which steps came to their end."""
    page = browser.new_context().new_page()
    page.goto(url, wait_until="domcontentloaded", timeout=LONG * 1_000)
    page.wait_for_selector("#tokenizers-result .tok", timeout=LONG * 1_000)
    page.set_default_timeout(seconds * 1_000)
    return page, {name: attempt(step, page) for name, step in STEPS.items()}


def attempt(step: Callable[[Page], None], page: Page) -> str:
    try:
        step(page)
    except (PageError, AssertionError) as e:
        return f"fails ({(str(e) or type(e).__name__).splitlines()[0][:60]})"
    return "right"


def replicas_of_visitors(folder: Path) -> str:
    """How many replicas the questions of each visitor reached, and how the visitors were shared."""
    reached: dict[str, set[str]] = {}
    for line in (folder / "access.log").read_text().splitlines():
        upstream, visitor, _, uri, _ = line.rsplit(" ", 4)
        if "/queue/" in uri:
            reached.setdefault(visitor, set()).update(upstream.split(", "))
    several = sum(len(found) > 1 for found in reached.values())
    shares = Counter(found.copy().pop() for found in reached.values() if len(found) == 1)
    return f"{len(reached)} visitors, {several} at several replicas, the others {dict(shares)}"


def port_of(page: Page, folder: Path) -> int:
    """Which replica this visitor's questions reached last."""
    cookie = next(c["value"] for c in page.context.cookies() if c["name"] == "replica")
    lines = [x for x in (folder / "access.log").read_text().splitlines() if f" {cookie} " in x]
    return int(lines[-1].split()[0].rpartition(":")[2])


def without_one(pages: list[Page], folder: Path, apps: dict[int, psutil.Process]) -> list[str]:
    """One replica ends while visitors are there: what its visitors and the others see."""
    lost = port_of(pages[0], folder)
    there = [port_of(page, folder) for page in pages]
    apps[lost].terminate()
    apps[lost].wait(60)
    told = []
    for number, (page, port) in enumerate(zip(pages, there, strict=True), 1):
        steered = attempt(steer_again, page)  # first: a text that is typed elsewhere travels here
        said = " ".join(page.locator("#generation-result .u-notice").all_inner_texts())
        began = time.monotonic()
        pressed = attempt(press_again, page)
        seconds = time.monotonic() - began
        page.reload(wait_until="domcontentloaded")
        page.wait_for_selector("#tokenizers-result .tok", state="attached")
        after = attempt(press, page)
        whose = "its replica ended" if port == lost else "its replica runs"
        told.append(
            f"visitor {number}, {whose}: steering the text that stood there {steered} {said!r}, "
            f"a key press {pressed} ({seconds:.1f} s); after a reload a key press {after}"
        )
    return told


def press_again(page: Page) -> None:
    page.get_by_role("tab", name="Sentiment", exact=True).click()
    page.locator("#sentiment-text textarea").fill("A harbour, and a dull film.")
    page.wait_for_selector("#sentiment-along button.step >> text=harbour")


def steer_again(page: Page) -> None:
    page.get_by_role("tab", name="Generation", exact=True).click()
    page.locator("#generation-result .text").first.locator("button.g").nth(4).click()
    page.locator("#generation-next .change").nth(1).click()
    page.wait_for_function(
        """() => document.querySelector('#generation-result .u-notice')
            || document.querySelectorAll('#generation-result .text').length > 3"""
    )
    assert not page.locator("#generation-result .u-notice").count(), "a notice"


def tried(
    browser: Browser, url: str, folder: Path, n: int, seconds: float
) -> tuple[list[Page], list[str]]:
    """Programs and `n` visitors, `seconds` for each step: a line for each kind of question."""
    told = []
    for name, ask in {"gradio_client": by_client, "two requests": by_two_requests}.items():
        found = Counter(within(lambda ask=ask: ask(url), seconds) for _ in range(N_PROGRAMS))  # type: ignore[misc]
        told.append(f"{name}, {N_PROGRAMS} calls: {dict(found)}")
    pages, steps = [], []
    for _ in range(n):
        page, found_steps = visit(browser, url, seconds)
        pages.append(page)
        steps.append(found_steps)
    for name in STEPS:
        told.append(f"{name}, {n} visitors: {dict(Counter(step[name] for step in steps))}")
    told.append(replicas_of_visitors(folder))
    return pages, told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, help="a Markdown file for what was seen")
    options = parser.parse_args()
    lines: list[str] = []
    apps: dict[int, psutil.Process] = {}
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        try:
            for _ in range(2):
                port = free_port()
                os.environ["GRADIO_TEMP_DIR"] = str(folder / f"files-{port}")
                apps[port] = started(port, folder / f"app-{port}.log")
            for title, sticky in {"Round robin": False, "Sticky": True}.items():
                place = folder / title.split()[0].lower()
                with nginx(place, list(apps), sticky) as url:
                    n, seconds = (N_VISITORS, LONG) if sticky else (2, SECONDS)
                    pages, told = tried(browser, url, place, n, seconds)
                    lines += [f"\n## {title}\n", *(f"- {line}" for line in told)]
                    if sticky:
                        lines.append("\n## One replica ends\n")
                        lines += [f"- {line}" for line in without_one(pages, place, apps)]
                    for page in pages:
                        page.context.close()
        finally:
            browser.close()
            for app in apps.values():
                with contextlib.suppress(psutil.NoSuchProcess):
                    app.terminate()
                    app.wait(60)
    print("\n".join(lines))
    if options.out:
        by = f"Written by `python -m benchmarks.replicas`, {time.strftime('%d %B %Y')}."
        head = f"# Two replicas behind nginx\n\n{by}\n"
        options.out.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
