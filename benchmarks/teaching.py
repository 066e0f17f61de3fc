"""Teach: what a label's click and the first reading cost, and sixteen visitors who teach at once.

    python -m benchmarks.teaching [--visitors 16] [--write]

The first part calls the functions that the page's events call. The second starts the app in a process of
its own, lets each visitor teach alone and then all at once, with lines and labels of their own, and
compares every board that they get; then it waits until what they left is forgotten (half an hour,
shortened to `FORGET` seconds here), lets them come again, and reads the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from benchmarks.load import free_port
from tests.page import Page
from ulmfit_demo.inference import loading
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.teach import answers
from ulmfit_demo.teach import learn, task

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "results" / "teaching.md"
N_LINES, N_TOKENS, FORGET, CLICKS = 200, 40, 10, 8
FIRST_READING, CLICK = 1_000, 300  # milliseconds, of issue 19
START = (
    "from ulmfit_demo import limits; limits.STATE_SECONDS = {}\n"
    "import app; app.build().launch(server_port={}, quiet=True, **app.launch_settings())"
)


def lines_of(loaded: loading.LoadedModels, seed: int) -> list[tuple[str, str]]:
    """(label, text) of `N_LINES` texts of `N_TOKENS` tokens, pieced together from the film lines."""
    film, rng = task.presets(assets())["film"].task, np.random.default_rng(seed)
    found = []
    while len(found) < N_LINES:
        label = len(found) % len(film.names)
        own = [line for line, t in zip(film.lines, film.truth, strict=True) if t == label]
        words = " ".join(own[i] for i in rng.permutation(len(own))[:8]).lower().split()
        while words and len(loaded.numericalize(" ".join(words))) > N_TOKENS:
            words.pop()
        found.append((f"{film.names[label]}{seed}", " ".join(words)))
    return found


def timed(function: Callable, times: int) -> list[float]:
    """Milliseconds of each of `times` calls."""
    found = []
    for i in range(times):
        began = time.perf_counter()
        function(i)
        found.append(1_000 * (time.perf_counter() - began))
    return found


def alone(loaded: loading.LoadedModels) -> list[str]:
    """Rows of the table: the first reading, and a click after 12, 50 and 199 labels."""
    rows = lines_of(loaded, 0)
    names = sorted({a for a, _ in rows})
    given = task.task_of([("", b) for _, b in rows], names)
    truth = [names.index(a) for a, _ in rows]
    tokens = [len(loaded.numericalize(line)) for line in given.lines]
    learn.begin(loaded, given)  # the precision is chosen once a process
    found = [
        (
            f"first reading: {N_LINES} lines of {statistics.mean(tokens):.0f} tokens",
            timed(lambda i: learn.begin(loaded, given), 10),
            FIRST_READING,
        )
    ]
    lesson = learn.begin(loaded, given)
    for n in (12, 50, 199):
        marks = [[j, truth[j]] for j in range(n)]

        def click(i: int, marks=marks) -> None:
            key = {"key": lesson.task.key, "marks": [*marks[:-1], [len(marks) - 1, i % 3]]}
            log = answers.read_log(json.dumps({**key, "skip": [], "at": None}), lesson)
            answers.board(lesson, log)

        found.append((f"label {n}: head fitted, {N_LINES} lines judged", timed(click, 30), CLICK))
    return [
        f"| {name} | {statistics.median(v):.0f} | {max(v):.0f} | {bar:,} |"
        for name, v, bar in found
    ]


def visit(url: str, rows: list[tuple[str, str]], seed: int) -> tuple[list[str], list[float]]:
    """One visitor: (the board after each click without its milliseconds, seconds of each answer)."""
    page, boards, waits = Page(url, verbose=False, download_files=False), [], []
    names = ", ".join(sorted({a for a, _ in rows}))
    text = "\n".join(f"{a}\t{b}" if i < 6 else b for i, (a, b) in enumerate(rows))

    def ask(*values, name: str):
        began = time.perf_counter()
        answer = page.predict(*values, api_name=name)
        waits.append(time.perf_counter() - began)
        return answer

    _, log, *_ = ask(text, names, None, None, None, "lm", "", name="/teach_own")
    log, rng = json.loads(log), np.random.default_rng(seed)
    for _ in range(CLICKS):
        log["marks"].append([int(rng.integers(6, N_LINES)), int(rng.integers(3))])
        boards.append(re.sub(r" · \d+ ms", "", ask(json.dumps(log), name="/teach")))
        if "te-card" not in boards[-1]:
            raise SystemExit(boards[-1])
    return boards, waits


def together(url: str, tasks: list) -> tuple[list, list[float]]:
    """All visitors at once: (what each got, all waits)."""
    got: list = [None] * len(tasks)

    def work(i: int) -> None:
        got[i] = visit(url, tasks[i], i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(tasks))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if None in got:
        raise SystemExit("a visitor got no answer; the traceback stands above")
    return [boards for boards, _ in got], [w for _, waits in got for w in waits]


def served(visitors: int, tasks: list) -> list[str]:
    """Lines about `visitors` at once on a server of their own."""
    port = free_port()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(FORGET, port)],
            cwd=ROOT,
            env=environment,
            stderr=log,
        )
        try:
            server, url = psutil.Process(process.pid), f"http://127.0.0.1:{port}/"
            wait_for(url)

            def rss() -> int:
                return round(server.memory_info().rss / 2**20)

            before = [visit(url, rows, i)[0] for i, rows in enumerate(tasks)]
            time.sleep(FORGET + 5)
            memory, same, waits = [rss()], 0, []
            for _ in range(2):
                boards, took = together(url, tasks)
                waits += took
                memory.append(rss())
                pairs = zip(before, boards, strict=True)
                same += sum(a == b for x, y in pairs for a, b in zip(x, y, strict=True))
                time.sleep(FORGET + 5)
                memory.append(rss())
        finally:
            process.terminate()
            process.wait(30)
    n = 2 * visitors * CLICKS
    waits.sort()
    return [
        f"{visitors} visitors at once, each with {N_LINES} lines and labels of their own and {CLICKS} "
        f"clicks without a pause, twice: {same} of {n} boards are those that the visitor gets alone. "
        f"An answer took {statistics.median(waits):.2f} s in the median, {waits[-1]:.2f} s at most, "
        "on the cores that the visitors' own processes shared.",
        "",
        f"Memory of the app: {memory[0]} MB before, {memory[1]} MB after the first round, {memory[2]} "
        f"MB when what they left was forgotten; {memory[3]} and {memory[4]} MB after the second round.",
    ]


def wait_for(url: str, seconds: float = 120) -> None:
    """Until the app answers. Raises SystemExit."""
    import httpx

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise SystemExit("The app did not start in two minutes.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=16)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    loaded = loading.load(assets())
    rows = alone(loaded)
    print("\n".join(rows), flush=True)
    text = "\n".join(
        [
            "# Teach",
            "",
            f"`python -m benchmarks.teaching`, {datetime.now(UTC):%d %B %Y}, {platform.machine()}, "
            f"{os.cpu_count()} cores. Model: {loaded.bundle.name}.",
            "",
            "| what | median ms | most ms | wanted ms |",
            "|---|---|---|---|",
            *rows,
            "",
            *served(args.visitors, [lines_of(loaded, i) for i in range(args.visitors)]),
            "",
        ]
    )
    print(text)
    if args.write:
        OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
