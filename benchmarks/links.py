"""Opens links again and again on a busy machine: does a view ever stay at an older answer?

    python benchmarks/links.py [--times 100] [--busy 2] [--only NAME …] [--url URL]

A link sets several controls, each asks for its own redraw, and the answers may come in any order. Each
link is opened in a new page. Once no request is under way, what stands there is compared with what the
page's own event answers for the link's values, and what is still another after half a minute is stale.
`--busy` processes keep as many cores busy meanwhile.
Prints the stale openings of each link, and ends with 1 where there was one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.typing_latency import FLAGS
from tests.page import Page as Events

SECONDS = 180  # until a page is at rest
REST = 1_000  # ms without a request under way
PATIENCE = 30  # seconds: a page on a busy machine may be longer than `REST` over its next question
TEXT = "The lamp keeper, oddly, rewrote her letters: 12 pages of them!"
DOCUMENTS = f"{TEXT}\n\nNobody came.\n\nThe boat left again at dawn, and the harbour was quiet."

# Counts the answers of the queue as the page reads them.
COUNT = """(() => {
  const parse = JSON.parse;
  window.answers = 0;
  JSON.parse = (text, ...rest) => {
    const found = parse(text, ...rest);
    if (found?.msg === 'process_completed') window.answers += 1;
    return found;
  };
})()"""
# The text of some parts of the page, and of HTML that an endpoint gave.
SHOWN = "(place) => [...document.querySelectorAll(place)].map((e) => e.textContent).join(' ')"
GIVEN = """([html, part]) => {
  const box = document.createElement('div');
  box.innerHTML = html;
  return part ? [...box.querySelectorAll(part)].map((e) => e.textContent).join(' ') : box.textContent;
}"""
COUNTS = """(place) => [...document.querySelectorAll(place)]
  .map((column) => column.querySelectorAll('.tok').length)"""


@dataclass(frozen=True)
class Link:
    """One link, the field that shows its text, and what the endpoint says of its values."""

    query: dict[str, str]
    field: str
    text: str
    place: str
    endpoint: str
    arguments: tuple
    part: str = ""  # of what stands in `place`: "" for all of it
    result: int | None = None  # which of the endpoint's results; None: it has one


LINKS = {
    "ladder": Link(
        {"tab": "vocabulary", "text": TEXT, "kind": "bpe", "size": "500"},
        "#vocabulary-text",
        TEXT,
        "#vocabulary-result",
        "/vocabulary",
        (TEXT, "bpe", 500),
        result=0,
    ),
    "words": Link(
        {"tab": "vocabulary", "view": "words", "words": TEXT, "min_freq": "9", "max_vocab": "1000"},
        "#words-text",
        TEXT,
        "#words-result",
        "/word_vocabulary",
        (TEXT, 9, 1_000),
        result=1,
    ),
    "batches": Link(
        {"tab": "batches", "text": DOCUMENTS, "step": "2", "bs": "3", "seq_len": "7"},
        "#batches-text",
        DOCUMENTS,
        "#batches-result",
        "/lm_batches",
        (DOCUMENTS, 3, 7, 2, False, "fastai", False, 0),
        part="td",
        result=0,
    ),
    "classifier's batches": Link(
        {
            "tab": "batches",
            "view": "classifier_batches",
            "reviews": DOCUMENTS,
            "rows": "2",
            "order": "given",
            "padding": "last",
        },
        "#classifier-batches-text",
        DOCUMENTS,
        "#classifier-batches-result",
        "/classifier_batches",
        (DOCUMENTS, 2, "last", "given", 1, False, 72, 0),
        part="td",
        result=0,
    ),
    "next word": Link(
        {"tab": "generation", "prompt": TEXT, "temperature": "0.3", "top_k": "20", "words": "4"},
        "#generation-prompt",
        TEXT,
        "#generation-next",
        "/next_word",
        ("", TEXT, 0.3, 20, 1.0, 0.0, 1.0),
    ),
    "other models": Link(
        {"tab": "sentiment", "text": TEXT, "others": "1"},
        "#sentiment-text",
        TEXT,
        "#sentiment-others",
        "/other_models",
        (TEXT, True),
    ),
    "tokenizers": Link(
        {"tab": "tokenizers", "text": TEXT, "column1": "whitespace", "column2": "bpe-500"},
        "#tokenizers-text",
        TEXT,
        "#tokenizers-result .col",
        "/tokenize",
        (TEXT, ["whitespace", "bpe-500", "unigram-1000", "characters"]),
    ),
}


def plain(text: str) -> str:
    """Without times, and with one space for each white space."""
    return re.sub(r"\s+", "", re.sub(r"[\d.,]+ ms( a step)?", "", text))


def at_rest(page: Page, sent: list, link: Link) -> None:
    """Wait until the link is restored and every request of the page is answered."""
    holds = "([field, text]) => document.querySelector(`${field} textarea`)?.value === text"
    page.wait_for_function(holds, arg=[link.field, link.text], timeout=1_000 * SECONDS)
    page.wait_for_function("() => window.answers > 0", timeout=1_000 * SECONDS)
    end, quiet = time.monotonic() + SECONDS, 0.0
    while time.monotonic() < end:
        if len(sent) > page.evaluate("window.answers"):
            quiet = 0.0
        elif quiet and time.monotonic() - quiet > REST / 1_000:
            return
        quiet = quiet or time.monotonic()
        page.wait_for_timeout(100)
    raise TimeoutError(f"{len(sent)} requests, not all answered after {SECONDS} s")


def opened(
    context: BrowserContext, url: str, link: Link, wanted: str | None, tokens: list | None
) -> bool:
    """Open the link once; whether it stands there as the endpoint says."""
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if "/queue/join" in r.url else None)
    page.add_init_script(COUNT)
    try:
        page.goto(f"{url}?{urlencode(link.query)}", wait_until="domcontentloaded")
        at_rest(page, sent, link)
        end = time.monotonic() + PATIENCE
        while not (right := stands(page, link, wanted, tokens)) and time.monotonic() < end:
            page.wait_for_timeout(200)
        return right
    finally:
        page.close()


def stands(page: Page, link: Link, wanted: str | None, tokens: list | None) -> bool:
    """Whether the page shows now what the endpoint says."""
    if tokens is not None:
        return page.evaluate(COUNTS, link.place) == tokens
    given = page.evaluate(GIVEN, [wanted, link.part])
    return plain(page.evaluate(SHOWN, f"{link.place} {link.part}".strip())) == plain(given)


def expected(client: Events, link: Link) -> tuple[str | None, list | None]:
    """What the endpoint answers: HTML, or the tokens of each column."""
    if link.endpoint == "/tokenize":
        text, columns = link.arguments
        one_by_one = [client.predict(text, name, api_name=link.endpoint) for name in columns]
        return None, [len(found["tokens"]) for found in one_by_one]
    found = client.predict(*link.arguments, api_name=link.endpoint)
    return (found if link.result is None else found[link.result]), None


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--times", type=int, default=100)
    options.add_argument("--busy", type=int, default=2, help="processes that compute beside")
    options.add_argument("--only", nargs="+", choices=LINKS, default=list(LINKS))
    options.add_argument("--url", help="a running app; without it one is started")
    options = options.parse_args()
    demo, url = None, options.url
    if not url:
        import app

        demo = app.build()
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
    client = Events(url, verbose=False)
    busy = [subprocess.Popen([sys.executable, "-c", "while 1: 0"]) for _ in range(options.busy)]
    stale = 0
    try:
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.new_page()  # an empty page keeps the compiled scripts from one to the next
            for name in options.only:
                link = LINKS[name]
                wanted = expected(client, link)
                begun = time.monotonic()
                good: list[bool] = []
                for number in range(1, options.times + 1):
                    good.append(opened(context, url, link, *wanted))
                    if number % 10 == 0:  # a run that is cut off has said something
                        print(
                            f"{name}: {good.count(False)} of {number}", file=sys.stderr, flush=True
                        )
                stale += good.count(False)
                seconds = (time.monotonic() - begun) / len(good)
                load = os.getloadavg()[0]
                print(
                    f"{name:22} {good.count(False):3} stale of {len(good)}, "
                    f"{seconds:.1f} s an opening, load {load:.1f}",
                    flush=True,
                )
            browser.close()
    finally:
        for process in busy:
            process.kill()
        if demo:
            demo.close()
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
