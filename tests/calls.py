"""One call of every public endpoint, and how its answer is held to the Python call and to its type.

Used over `gradio_client` and over MCP: both doors are asked the same.
"""

from __future__ import annotations

import json
import re
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from ulmfit_demo.pipeline import Pipeline, to_json
from ulmfit_demo.web import door
from ulmfit_demo.web.endpoints import ENDPOINTS

TEXT = "Oh, a WONDERFUL film & not bad < at all! No one is sure."
LEARN = "the boat and the harbour\n" * 40
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
CALLS: dict[str, dict[str, Any]] = {
    "classify": dict(texts=[TEXT, "", "Dull, loud and two hours too long."]),
    "read_along": dict(text=TEXT),
    "explain": dict(text="A dull film"),
    "what_if": dict(text="A dull film", word=2),
    "other_models": dict(text=TEXT),
    "encode": dict(texts=["A dull film", TEXT]),
    "surprisal": dict(text=TEXT),
    "next_words": dict(prompt="I liked", temperature=1.2, top_k=5),
    "generate": dict(prompt="I liked", n_words=8, n_texts=2, seed=3),
    "stages": dict(prompt="The film"),
    "tokenize": dict(text=TEXT, rules=["lowercase"]),
    "numericalize": dict(text=TEXT),
    "vocabulary": dict(text="unhappiness", kind="bpe", size=500),
    "word_vocabulary": dict(text=TEXT, min_freq=40),
    "lm_batches": dict(text=TEXT, bs=2, seq_len=4, shuffle=True, seed=1),
    "classifier_batches": dict(text=f"{TEXT}\n\nA film", bs=2, padding="last"),
    "legal_sizes": dict(text=LEARN, kind="bpe"),
    "train_vocabulary": dict(text=LEARN, kind="bpe", size=22, sample="boat"),
    "unit": dict(text=TEXT, unit=3, token=4),
    "memory": dict(text=TEXT, token=6),
    "neighbours": dict(word="wooden", n=4),
    "two_readers": dict(text=TEXT),
    "smallest_change": dict(text="A dull film"),
    "fit": dict(texts=["A song", "A drum", "He dies"], labels=["m", "m", "p"], judge=[TEXT]),
    "training": {},
}
CASES = json.loads((Path(__file__).parent / "cases" / "api.json").read_text("utf-8"))
FIRST = {"generate": "prompt", "classify": "texts", "lesson": "tab", "train_live": "source"}
SECONDS = "train_live"  # takes ten seconds, and no two runs take the same
METHODS = {e.name: e.method or e.name for e in ENDPOINTS}


def expected(pipeline: Pipeline, name: str) -> Any:
    """What the Python call of `CALLS[name]` gives, through JSON; of a stream the last step."""
    method = getattr(pipeline, METHODS[name])
    found = method(**CALLS[name])
    if door.streams(method):
        *_, found = found
    return json.loads(to_json(found))


def cases(said: bool) -> list[tuple[str, dict, str]]:
    """(endpoint, arguments, right) of the cases whose answer is a sentence, or of those with a value."""
    return [
        (path[1:], arguments, case["right"][path][i] if said else case["right"])
        for case in CASES
        for path, requests in case["input"].items()
        for i, arguments in enumerate(requests)
        if isinstance(case["right"], dict) == said
    ]


def completed(name: str, arguments: dict) -> dict:
    """`arguments` with a text where the endpoint demands one."""
    return {FIRST.get(name, "text"): "A film about the old boat", **arguments}


def close(a: object, b: object) -> bool:
    """Equal; floats to the last digits, which another thread's order of sums may change."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-4, abs=1e-6)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return a == b


def is_of(value: object, kind: Any) -> bool:
    """True where `value`, of JSON, is what the annotation `kind` says: every field and no other."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if origin in (types.UnionType, typing.Union):
        return any(is_of(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(is_of(v, inner[0]) for v in value)
    if origin is dict:
        return isinstance(value, dict) and all(is_of(v, inner[1]) for v in value.values())
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind)
        return (
            isinstance(value, dict)
            and value.keys() == hints.keys()
            and all(is_of(value[k], hint) for k, hint in hints.items())
        )
    if kind is float:  # JSON writes 1.0 as 1 here and there
        return isinstance(value, float | int) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def markup(found: object, asked: object = "") -> set[str]:
    """The HTML tags in the texts of an answer that the question did not hold."""
    return {t for s in _texts(found) for t in TAG.findall(s)} - set(TAG.findall(str(asked)))


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in _texts(v)]
    if isinstance(value, list):
        return [s for v in value for s in _texts(v)]
    return [value] if isinstance(value, str) else []
