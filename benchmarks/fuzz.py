"""Hostile input for every endpoint and event: strategies, the check of an answer, and a long run.

    python -m benchmarks.fuzz [--tries 60] [--out benchmarks/results/fuzz.md]

The functions behind them are called in this process, with hypothesis choosing; `--tries` is
the number for each endpoint. `tests/app/test_app_fuzz.py` makes a shorter run of the same. An answer
fails by an exception other than a refusal, the sentence for an unforeseen error, markup of the
visitor's, a text that is no UTF-8, or by taking longer than its limit.
"""

from __future__ import annotations

import argparse
import logging
import pickle
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

from ulmfit_demo import limits
from ulmfit_demo.workers.uploaded_tokenizer.pool import UploadedTokenizers, UploadError

ROOT = Path(__file__).resolve().parents[1]
BROKEN = "Something went wrong here"
SECONDS = 8.0  # one answer may take so long; what streams is then left
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=x>\"'><b>&amp;"
FOREIGN = re.compile(r"<script|<img src=x|<svg/onload|onerror=alert\(2\)>", re.IGNORECASE)

ODD_TEXTS = [
    "",
    " \n\t\r\n ",
    MARKUP,
    "half \ud800 a \udfff pair",
    "a\x00b\x07c\x1b[31m \x7f\x85\u2028\u2029",
    "\u202eright\u202c to \u2066left\u2069 \u200f\u200e \ufeff\u200b\u200d",
    "word " * 4_001,
    "x" * 1_000_000,
    "!" * 19_000,
    "z\u0301\u0327" * 6_000,
    "\n" * 20_000,
    "\n\n".join("ab" * 3 for _ in range(5_000)),
    "«text» {x} {{y}} %s ${z} \\N{BULLET} '''\n\"\"\"",
    "lengths: 1, 2, 99999999999999999999, -3, nan",
    "xxbos xxunk xxrep 999999999 ! xxwrep 99999 so xxmaj xxup",
    "../../etc/passwd",
    "http://127.0.0.1:22/ file:///etc/passwd",
    "👩‍👩‍👧‍👦" * 300,
    "ﷺ㌀ﬃ™½Ⅷ" * 500,
    "=HYPERLINK(1)\n+cmd\n@x\n-1",
]
TEXT = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.text(max_size=300),
    st.text(st.characters(codec=None), max_size=60),  # lone surrogates, too
)
ODD = st.one_of(
    st.sampled_from(
        [
            float("nan"),
            float("inf"),
            float("-inf"),
            -1,
            0,
            10**9,
            10**400,
            -(10**400),
            1e308,
            5e-324,
            2.5,
            True,
            False,
            None,
            "",
            "12",
            "NaN",
            MARKUP,
            "\ud800",
            [],
            [1],
            [[]],
            {},
            {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
            {"value": [0, 0, "x"]},
            '{"value": "[[[["}',
            '{"value": "' + "[" * 5_000 + '"}',
        ]
    ),
    st.integers(),
    st.floats(),
    TEXT,
)


def good(*values) -> st.SearchStrategy:
    """One of `values`, or now and then something odd."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), st.sampled_from(values), ODD)


CUTS = (
    good(0.0, 0.75, 2.0),
    good(0, 5, 1_000),
    good(0.05, 1.0),
    good(0.0, 0.5),
    good(1.0, 2.0),
)
FLAG, SEED, PLACE = good(False, True), good(0, 2**31 - 1), good(1, 2, 10**6)
RULES = good([], ["lowercase"], ["fix_html", "lowercase"])
ENDPOINTS: dict[str, tuple[st.SearchStrategy, ...]] = {
    "page_vocabulary": (TEXT, good("unigram", "bpe"), good(200, "1000", 16_000)),
    "page_word_vocabulary": (TEXT, good(1, 3, 100), good(100, 60_000)),
    "page_lm_batches": (
        TEXT,
        good(1, 6, 64),
        good(1, 5, 200),
        PLACE,
        FLAG,
        good("fastai", "notebook"),
        FLAG,
        SEED,
    ),
    "page_classifier_batches": (
        TEXT,
        good(1, 3, 64),
        good("chunk", "first", "last"),
        good("sorted", "shuffled", "given"),
        PLACE,
        FLAG,
        good(1, 72, 200),
        SEED,
    ),
    "page_sentiment": (TEXT, st.none(), st.booleans()),
    "page_sentiment_lines": (TEXT, st.none()),
    "page_explain": (TEXT,),
    "page_other_models": (TEXT, FLAG),
    "page_generate": (TEXT, *CUTS, good(1, 5), good(1, 2), SEED, FLAG),
    "page_next_word": (good("", '{"value": "[0, 1]"}'), st.none(), TEXT, *CUTS),
    "page_surprise": (TEXT,),
    "page_training_stages": (TEXT,),
    "page_inside_unit": (good("unit"), TEXT, good(0, 41), good(-1, 0, 3), FLAG),
    "page_inside_hold": (TEXT, good(0, 41), good(-1.0, 0.9), good(1, 3), SEED),
    "page_inside_memory": (good("memory"), TEXT, good(-1, 1, 3), good("left_out", "gradient")),
    "page_inside_neighbours": (good("words"), TEXT, good(1, 10)),
    "page_inside_map": (good("words"), TEXT),
    "page_inside_readers": (good("readers"), TEXT, good(-1, 0, 3)),
    "page_inside_change": (TEXT,),
    "page_legal_sizes": (TEXT, good("unigram", "bpe"), good(20, 150)),
    "page_train_vocabulary": (TEXT, good("unigram", "bpe"), good(60, 150, 16_000), TEXT),
    "page_train_live": (
        ODD,
        TEXT,
        TEXT,
        ODD,
        ODD,
    ),  # refused: a training takes seconds, see its tests
    "page_teach": (good("", '{"key": "x", "marks": [[0, 1]], "skip": []}'), st.none(), st.none()),
    "page_teach_own": (
        TEXT,
        TEXT,
        st.none(),
        ODD,
        ODD,
        good("lm", "classifier"),
        st.none(),
        good("", "{"),
    ),
    # the data endpoints
    "fit": (
        st.one_of(st.lists(TEXT, max_size=4), ODD),
        good(["a", "b"], ["a", "b", "a"], []),
        st.one_of(st.lists(TEXT, max_size=2), ODD),
        good("lm", "classifier"),
    ),
    "classify": (st.one_of(TEXT, st.lists(TEXT, max_size=4), ODD),),
    "encode": (st.one_of(st.lists(TEXT, max_size=4), ODD),),
    "read_along": (TEXT,),
    "explain": (TEXT,),
    "what_if": (TEXT, good(0, 1, 3, 10**6)),
    "other_models": (TEXT,),
    "surprisal": (TEXT,),
    "next_words": (TEXT, *CUTS),
    "generate": (TEXT, good(1, 5), good(1, 2), SEED, *CUTS),
    "stages": (TEXT,),
    "unit": (TEXT, good(-1, 0, 41), good(-1, 0, 3)),
    "memory": (TEXT, good(-1, 1, 3)),
    "neighbours": (TEXT, good(1, 10)),
    "two_readers": (TEXT,),
    "smallest_change": (TEXT,),
    "tokenize": (TEXT, good("fastai", "spacy", "bpe-200", "own"), st.one_of(st.none(), RULES)),
    "numericalize": (TEXT,),
    "vocabulary": (TEXT, good("unigram", "bpe"), good(200, "1000", 16_000)),
    "word_vocabulary": (TEXT, good(1, 3, 100), good(100, 60_000)),
    "lm_batches": (TEXT, good(1, 6, 64), good(1, 200), good("fastai", "notebook"), FLAG, SEED),
    "classifier_batches": (
        TEXT,
        good(1, 3, 64),
        good("chunk", "first", "last"),
        good("sorted", "shuffled", "given"),
        good(1, 72, 200),
        SEED,
    ),
    "legal_sizes": (TEXT, good("unigram", "bpe")),
    "train_vocabulary": (TEXT, good("unigram", "bpe"), good(60, 150, 16_000), TEXT),
    "train_live": (ODD, TEXT, TEXT, ODD, ODD),
    "lesson": (good("training", "batches"),),
}


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
    began, kinds = time.monotonic(), ()
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
    took = time.monotonic() - began
    if took > seconds:
        return f"took {took:.1f} s"
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


class Canary:
    """Unpickled, it makes a file: a sign that something was executed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def hostile_files(canary: Path) -> dict[str, bytes]:
    """Files for the two uploads, by name."""
    import gzip
    import io
    import zipfile

    bomb, model = io.BytesIO(), (ROOT / "assets" / "subwords" / "bpe-200.model").read_bytes()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"0" * 20_000_000)
    return {
        "pickle.model": pickle.dumps(Canary(canary)),
        "pickle0.model": pickle.dumps(Canary(canary), protocol=0),
        "bomb.json": bomb.getvalue(),
        "gzip.model": gzip.compress(b"0" * 5_000_000),
        "deep.json": b"[" * 1_000_000,
        "deep2.json": b'{"a":' * 200_000,
        "closed.json": b"[" * 39 + b"]" * 39,
        "empty.model": b"",
        "cut.model": model[: len(model) // 2],
        "turned.model": model[::-1],
        "spoiled.model": bytes(b ^ (i % 7 == 0) for i, b in enumerate(model)),
        "lengths.model": b"\x0a\xff\xff\xff\xff\x0f" * 10_000,
        "regex.json": (
            b'{"version":"1.0","model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},'
            b'"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated",'
            b'"invert":false}}'
        ),
        "field.csv": b'text\n"' + b"x" * 9_000_000 + b'"\n',
        "rows.csv": b"text\n" + b"a\n" * 200_000,
        "quote.csv": b'text\n"never closed' + b"\n" * 10_000,
        "wide.csv": b"text" + b",a" * 200_000 + b"\n",
        "zero.csv": b"text\n\x00\x00\n",
        "utf16.csv": "text\nA film\n".encode("utf-16"),
        "formula.csv": b"text\n=HYPERLINK(1)\n",
        "../../../../etc/passwd": b"root",
        "markup.txt": MARKUP.encode(),
    }


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
        "as a failure stands in `benchmarks/fuzz.py`; the seed is fixed.",
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
