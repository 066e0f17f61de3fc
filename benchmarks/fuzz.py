"""Hostile input for every endpoint and event: the check of an answer, and a long run.

    python -m benchmarks.fuzz [--tries 60] [--out benchmarks/results/fuzz.md]

The functions are called in this process, with hypothesis choosing from `fuzz_inputs`; `--tries` is
the number for each endpoint. `tests/app/test_app_fuzz.py` makes a shorter run of the same. An answer
fails by an exception other than a refusal, the sentence for an unforeseen error, markup of the
visitor's, a text that is no UTF-8, or by taking longer than its limit.
"""

from __future__ import annotations

import argparse
import logging
import platform
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from inspect import isgeneratorfunction
from pathlib import Path

import gradio as gr
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_inputs import ENDPOINTS, ROOT, hostile_files
from ulmfit_demo import limits
from ulmfit_demo.workers.uploaded_tokenizer.pool import UploadedTokenizers, UploadError

BROKEN = "Something went wrong here"
SECONDS = 8.0  # of computing that one answer may take; what streams is then left
BUSY = 15  # times that, by the clock: the machine may have other work
FOREIGN = re.compile(r"<script|<img src=x|<svg/onload|onerror=alert\(2\)>", re.IGNORECASE)


def functions() -> dict[str, Callable]:
    """The functions behind the public endpoints and behind the page's named events, by name."""
    import app
    from ulmfit_demo import order

    demo = app.build()
    named = {str(f.api_name): f for f in demo.fns.values() if f.fn}
    return {
        name: order.plain(f.fn)
        for name, f in named.items()
        if f.api_visibility == "public" or name.startswith("page_")
    }


class Logged(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def wrong_with(function: Callable, arguments: tuple, seconds: float = SECONDS) -> str:
    """What is wrong with the answer to `arguments`; "" where it is as it should be."""
    began, computed, kinds = time.monotonic(), time.process_time(), ()
    try:
        if isgeneratorfunction(function):
            steps = function(*arguments)
            try:
                for step in steps:
                    kinds = step
                    if time.monotonic() - began > seconds / 2:
                        break
            finally:
                steps.close()
        else:
            kinds = function(*arguments)
    except (limits.Refused, gr.Error) as refusal:
        return "an unforeseen error" if BROKEN in str(refusal) else ""
    except Exception as e:
        return f"raised {e!r}"[:300]
    took, computed = time.monotonic() - began, time.process_time() - computed
    if computed > seconds or took > BUSY * seconds:
        return f"took {took:.1f} s, {computed:.1f} s of them computing"
    if not isinstance(kinds, tuple | list):
        kinds = (kinds,)
    for text in strings(list(kinds)):
        if BROKEN in text:
            return "an unforeseen error"
        if "Traceback (most recent" in text:
            return "a traceback"
        try:
            text.encode()
        except UnicodeEncodeError:
            return "an answer that is no UTF-8"
    first = kinds[0] if kinds and isinstance(kinds[0], str) else ""
    return "the visitor's markup" if FOREIGN.search(first) else ""


def wrong_with_files(asked: dict[str, Callable], folder: Path) -> tuple[Counter, list[str]]:
    """Every hostile file through both uploads: (counts, failures)."""
    counts, failures, own = Counter(), [], UploadedTokenizers()
    canary = folder / "canary"
    for name, data in hostile_files(canary).items():
        path = folder / Path(name).name
        path.write_bytes(data)
        wrong = wrong_with(asked["page_sentiment_lines"], ("", str(path)), 30.0)
        path.unlink()
        began, key = time.monotonic(), None
        try:
            key, _ = own.add(data, name)
            own.tokenize(key, "a" * 40 + "!")
        except UploadError:
            pass
        except Exception as e:
            wrong = wrong or f"own tokenizer raised {e!r}"[:300]
        own.forget(key)
        if time.monotonic() - began > 25:
            wrong = wrong or "the own tokenizer took too long"
        counts["files"] += 2
        if wrong:
            failures.append(f"{name}: {wrong}")
    if canary.exists():
        failures.append("a pickle was executed")
    return counts, failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=60)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "fuzz.md")
    args = parser.parse_args()
    asked, logged = functions(), Logged()
    logging.getLogger("ulmfit_demo").addHandler(logged)
    rows, failures, began = [], [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        for name, strategies in ENDPOINTS.items():
            tries, failed, slowest = 0, 0, 0.0

            @settings(
                max_examples=args.tries,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(st.tuples(*strategies))
            def run(arguments):
                nonlocal tries, failed, slowest
                start = time.monotonic()
                wrong = wrong_with(asked[name], arguments)  # noqa: B023  (run at once)
                slowest = max(slowest, time.monotonic() - start)
                tries += 1
                if wrong:
                    failed += 1
                    shown = ", ".join(repr(a)[:60] for a in arguments)
                    why = logged.said[-1][:200] if logged.said else ""
                    failures.append(f"{name}({shown}): {wrong} {why}")  # noqa: B023

            run()
            print(
                f"{name:20} {tries:5} tries {failed:3} failed, slowest {slowest:.1f} s", flush=True
            )
            rows.append((name, tries, failed, slowest))
        counts, odd = wrong_with_files(asked, Path(folder))
        rows.append(("files, both uploads", counts["files"], len(odd), 0.0))
        failures += odd
        left = [str(p.relative_to(folder)) for p in Path(folder).rglob("*")]
        tempfile.tempdir = None
    import psutil

    workers = psutil.Process().children(recursive=True)
    lines = [
        "# Fuzzing",
        "",
        f"{datetime.now(UTC):%d %B %Y}. `python -m benchmarks.fuzz --tries {args.tries}`, Python "
        f"{platform.python_version()}, {time.monotonic() - began:.0f} s. What is tried and what counts "
        "as a failure stands in `benchmarks/fuzz_inputs.py` and `fuzz.py`; the seed is fixed.",
        "",
        "| endpoint | tries | failures | slowest s |",
        "|---|---|---|---|",
        *(f"| {n} | {t} | {f} | {s:.1f} |" for n, t, f, s in rows),
        f"| **all** | **{sum(r[1] for r in rows)}** | **{sum(r[2] for r in rows)}** | |",
        "",
        f"Left on disk: {len(left)}. Processes left: {len(workers)}. Executed: nothing.",
    ]
    lines += ["", *(f"- `{f.replace('`', '')}`" for f in failures[:20])] if failures else []
    text = "\n".join(lines).encode("utf-8", "replace").decode() + "\n"
    print(text)
    args.out.parent.mkdir(exist_ok=True)
    args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
