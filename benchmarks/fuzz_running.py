"""Hostile requests to the running app, as its page, a program and an MCP client send them.

    python -m benchmarks.fuzz_running [--tries 6] [--out FILE] [--only NAME]

The app is started in a process of its own, with MCP. Every event that has a function is asked over
HTTP: those of the page with the values that their fields may hold and with odd ones, in a session in
which a lesson was begun, texts were written and a file was uploaded; the data endpoints and the tools of
MCP with odd arguments, too few and too many of them. A try fails by a traceback in the app's log or in
an answer, the sentence for an unforeseen error, markup of the visitor's, or by taking too long.
"""

from __future__ import annotations

import argparse
import platform
import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.fuzz_inputs import ODD_TEXTS, ROOT, hostile_files
from benchmarks.running_app import ODD, App, Event, running

OUT = ROOT / "benchmarks" / "results" / "fuzz_running.md"
SECONDS = 40.0  # one answer may take so long
# `cancels` and what only moves the page have no function; what trains for long is ended after one step.
LONG = ("train_live", "page_train_live", "tune", "curve")
TASK = "\n".join(f"{'song' if i % 2 else 'sea'}\tline number {i} of a film" for i in range(24))


def values(event: Event, random: Random, files: list[dict]) -> list[object]:
    """One value for each input of an event: what its field may hold, or, each third time, an odd one."""
    found: list[object] = []
    for kind, props in event.inputs:
        choices = [c[1] if isinstance(c, list) else c for c in props.get("choices") or ()]
        if kind == "state":
            found.append(None)
        elif random.random() < 0.34:
            found.append(random.choice(ODD))
        elif kind in ("file", "uploadbutton"):
            found.append(random.choice([None, *files]))
        elif kind == "textbox":
            found.append(random.choice([props.get("value"), *ODD_TEXTS]))
        elif choices:
            found.append(random.choice(choices))
        elif kind in ("slider", "number"):
            bounds = [props.get(k) for k in ("minimum", "maximum", "value")]
            found.append(random.choice([b for b in bounds if b is not None] or [0]))
        else:
            found.append(props.get("value"))
    return found


def picks(key: str, random: Random) -> str:
    """What the page's hidden fields may hold, damaged here and there."""
    return random.choice(
        [
            f'{{"key": "{key}", "marks": [[4, 1], [5, 0]], "skip": [3], "at": 6}}',
            f'{{"key": "{key}", "marks": [[-1, 9], [1e3, "x"], [null], [[1], 2]], "skip": []}}',
            f'{{"key": "{key}", "marks": {[[3, 0]] * 4_100}, "skip": []}}',
            f'{{"key": "{key}", "marks": {{"a": 1}}, "skip": "b"}}',
            f'{{"key": "{key}", "marks": [], "skip": [99999999999, -7], "at": 99999}}',
            f'{{"key": "{key}", "marks": 5, "skip": []}}',
            '{"key": [], "marks": [], "skip": []}',
            '{"value": "[0, 1, \\"film\\"]"}',
            '{"value": "3"}',
            '{"value": "' + "9" * 400 + '"}',
            '{"value": null}',
            "[" * 3_000,
        ]
    )


def prime(app: App, random: Random) -> str:
    """A session in which there is something to damage; the key of its lesson."""
    names = {e.name: e for e in app.events}
    wanted: dict[str, dict[int, object]] = {
        "page_generate": {6: 5, 7: 1},
        "page_sentiment": {0: "A warm film."},
        "page_teach_own": {0: TASK, 1: "song, sea", 2: None, 5: "lm"},
    }
    for name, given in wanted.items():
        event = names[name]
        asked = [props.get("value") for _, props in event.inputs]
        for place, value in given.items():
            asked[place] = value
        said = app.ask(event, asked, 60.0)
        if said.wrong or '"data"' not in said.text:
            raise RuntimeError(f"{name} could not be asked: {said}")
    found = re.search(r'\\"key\\": ?\\"(\w+)', said.text)
    if not found:
        raise RuntimeError(f"no lesson has begun: {said}")
    return found[1]


def page(app: App, tries: int, only: str, random: Random, files: list[dict]) -> list[tuple]:
    """Rows of (event, tries, failures, slowest) for every event of the page."""
    key, rows = prime(app, random), []
    for event in app.events:
        if only and only not in event.name:
            continue
        failures, slowest = [], 0.0
        n = tries if event.inputs else 1
        for _ in range(n):
            asked = values(event, random, files)
            for i, (kind, props) in enumerate(event.inputs):
                hidden = "u-hidden-field" in (props.get("elem_classes") or ())
                if kind == "textbox" and hidden and random.random() < 0.7:
                    asked[i] = picks(key, random)
            clicked = random.choice(["3", "12", picks(key, random), *ODD])
            picked = random.choice(
                [None, clicked, {"value": clicked}, {"value": clicked, "index": -1}]
            )
            said = app.ask(event, asked, 4.0 if event.is_any(LONG) else SECONDS, picked)
            slowest = max(slowest, said.seconds)
            if said.wrong and not (said.is_late and event.is_any(LONG)):
                failures.append(f"{event.name}({asked!r:.160}) {picked!r:.80}: {said.wrong}")
        rows.append((event.name, n, failures, slowest))
        print(f"{event.name:28} {n:3} tries {len(failures):2} failed, {slowest:.1f} s", flush=True)
        for failure in failures:
            print("   ", failure[:500], flush=True)
    return rows


def bodies(app: App) -> tuple:
    """What is no request of a page or of a program, at the app's doors."""
    odd = [
        b"",
        b"[",
        b"null",
        b"3",
        b'"x"',
        b"{}",
        b'{"data": null}',
        b'{"data": {"a": 1}}',
        b'{"data": "text"}',
        b'{"data": [' + b"[" * 400 + b"]" * 400 + b"]}",
        b'{"data": [NaN, Infinity, -Infinity]}',
        b'{"data": ["\\ud800"]}',
        b'{"data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]}',
        b'{"data": [], "fn_index": 10000000, "session_hash": "x"}',
        b'{"data": [], "fn_index": -1, "session_hash": "x"}',
        b'{"data": [], "fn_index": "1", "session_hash": ["x"]}',
        b'{"data": [], "session_hash": "' + b"x" * 100_000 + b'"}',
        b'{"data": ["a"], "session_hash": "\\u0000\\ud800"}',
        b"\xff\xfe\x00",
    ]
    paths = ["call/classify", "call/fit", "call/no_such", "run/training", "run/page_teach"]
    paths += ["queue/join", "call/v2/classify", "call/v2/no_such", "cancel", "reset", "mcp/"]
    failures, slowest = [], 0.0
    for path in paths:
        for body in odd:
            said = app.send(path, body)
            slowest = max(slowest, said.seconds)
            if said.wrong:
                failures.append(f"POST {path} {body[:60]!r}: {said.wrong}")
    return "odd bodies, all doors", len(paths) * len(odd), failures, slowest


def tools(app: App, tries: int, random: Random) -> tuple:
    """Odd arguments for every tool of MCP."""
    failures, slowest, n = [], 0.0, 0
    for name, names in app.tools().items():
        for _ in range(tries):
            asked = {k: random.choice(ODD) for k in names if random.random() < 0.9}
            if random.random() < 0.2:
                asked["no_such"] = 1
            if name in LONG:
                asked["size"] = "no such size"
            said = app.call_tool(name, asked, SECONDS)
            n, slowest = n + 1, max(slowest, said.seconds)
            if said.wrong:
                failures.append(f"MCP {name}({asked!r:.160}): {said.wrong}")
    return "tools of MCP", n, failures, slowest


def report(rows: list[tuple], tries: int, seconds: float) -> str:
    """The table: the doors of programs one by one, the page's events by their tab."""
    lines = [
        "# Fuzzing the running app",
        "",
        f"{datetime.now(UTC):%d %B %Y}. `python -m benchmarks.fuzz_running --tries {tries}`, Python "
        f"{platform.python_version()}, {seconds:.0f} s. What is sent and what counts as a failure "
        "stands in `benchmarks/fuzz_running.py`; the seed is fixed.",
        "",
        "| asked | events | tries | failures | slowest s |",
        "|---|---|---|---|---|",
    ]
    grouped: dict[str, list[tuple]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    for name, group in grouped.items():
        n, failed = sum(r[2] for r in group), sum(len(r[3]) for r in group)
        lines.append(f"| {name} | {len(group)} | {n} | {failed} | {max(r[4] for r in group):.1f} |")
    every = [f for row in rows for f in row[3]]
    total = sum(row[2] for row in rows)
    lines += [f"| **all** | {len(rows)} | **{total}** | **{len(every)}** | |", ""]
    lines += [f"- `{f.replace('`', '')[:300]}`" for f in every[:30]]
    return "\n".join(lines).rstrip().encode("utf-8", "replace").decode() + "\n"


def run(folder: Path, tries: int, only: str = "") -> list[tuple]:
    """Rows of (group, name, tries, failures, slowest) of a whole run, which tells how it goes."""
    random = Random(1)
    with running(folder) as app:
        canary = folder / "canary"
        files = [app.upload(Path(n).name, d) for n, d in hostile_files(canary).items()]
        tabs = {e.name: e.tab for e in app.events}
        found = page(app, tries, only, random, [f for f in files if f])
        rows = [(tabs[name], name, *rest) for name, *rest in found]
        if not only:
            for row in (bodies(app), tools(app, tries, random)):
                print(row[0], row[1], len(row[2]), *row[2][:20], sep="\n  ", flush=True)
                rows.append((row[0], *row))
        if canary.exists():
            rows.append(("files", "files", 1, ["a pickle was executed"], 0.0))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=6)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", default="", help="a part of an event's name")
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rows = run(Path(folder), args.tries, args.only)
    text = report(rows, args.tries, time.monotonic() - began)
    print(text)
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
