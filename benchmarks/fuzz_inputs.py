"""Hostile input: odd values, the arguments of every endpoint and event, files for the uploads."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from pathlib import Path

from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=x>\"'><b>&amp;"
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


class Canary:
    """Unpickled, it makes a file: a sign that something was executed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def hostile_files(canary: Path) -> dict[str, bytes]:
    """Files for the two uploads, by name."""
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
