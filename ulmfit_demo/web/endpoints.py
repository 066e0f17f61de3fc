"""The public endpoints: which method of the pipeline each one calls, its bounds and its lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.batches import read_lengths, split_documents
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.pipeline.base import described
from ulmfit_demo.web.door import Bound, door

KEYSTROKE = dict(concurrency_id="keystroke", concurrency_limit=limits.KEYSTROKE_LANE)
MODEL = dict(concurrency_id="model", concurrency_limit=limits.MODEL_LANE)
PROMPT = partial(limits.text, most=limits.PROMPT_CHARACTERS)
WORD = partial(limits.text, most=limits.WORD_CHARACTERS)
# What a shared server adds to the pipeline's own checks, by the parameter's name.
BOUNDS: dict[str, Bound] = {
    "text": limits.text,
    "prompt": PROMPT,
    "n_words": lambda v: limits.whole(v, limits.WORDS, "The number of words"),
    "n_texts": lambda v: limits.whole(v, limits.TEXTS, "The number of texts"),
    "bs": lambda v: limits.whole(v, limits.BS, "The batch size"),
    "seq_len": lambda v: limits.whole(v, limits.SEQ_LEN, "The sequence length"),
}


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `name` is the method's, where `method` is not given."""

    name: str
    method: str = ""
    lane: dict = field(default_factory=lambda: KEYSTROKE)
    bounds: dict[str, Bound] = field(default_factory=dict)  # that replace or add to `BOUNDS`


def texts(value: object) -> str | list[str]:
    """One text, or up to `limits.ROWS` of them, each within its bound. Raises `Refused`."""
    if value is None or isinstance(value, str):
        return limits.text(value)
    found = limits.several(value, "The texts")
    if len(found) > limits.ROWS:
        raise limits.Refused(f"{len(found):,} texts; this takes up to {limits.ROWS:,} at once.")
    return [limits.text(text) for text in found]


def lines(value: object) -> list:
    """Up to `limits.TEACH_LINES` texts, each within its bound. Raises `Refused`."""
    found = limits.several(value, "The texts")
    if len(found) > limits.TEACH_LINES:
        raise limits.Refused(
            f"{len(found):,} texts; this takes up to {limits.TEACH_LINES:,} at once."
        )
    return [limits.text(text, limits.TEACH_CHARACTERS) for text in found]


def documents(value: object) -> str:
    """Documents (or their lengths) as one text, as many as the page takes. Raises `Refused`."""
    text = limits.text(value)
    try:
        n = len(read_lengths(text) or split_documents(text))
    except ValueError:  # the method says what is wrong with the lengths
        return text
    if n > limits.DOCUMENTS:
        raise limits.Refused(f"{n:,} documents; this tab reads up to {limits.DOCUMENTS}.")
    return text


def chunk(value: object) -> int:
    """`seq_len` of a classifier's batches. Raises `Refused`."""
    return limits.whole(value, limits.SEQ_LEN, "The chunk length")


def unbounded(value: object) -> object:
    """For what the method bounds itself."""
    return value


ENDPOINTS = (
    Endpoint("classify", lane=MODEL, bounds={"texts": texts}),
    Endpoint("read_along"),
    Endpoint("explain", lane=MODEL),
    Endpoint("what_if"),
    Endpoint("other_models"),
    Endpoint("encode", lane=MODEL, bounds={"texts": texts}),
    Endpoint("surprisal"),
    Endpoint("next_words"),
    Endpoint("generate", method="stream", lane=MODEL),
    Endpoint("stages"),
    Endpoint("unit"),
    Endpoint("memory", lane=MODEL),
    Endpoint("neighbours", bounds={"word": WORD}),
    Endpoint("two_readers", lane=MODEL),
    Endpoint("smallest_change", lane=MODEL),
    Endpoint("tokenize", method="tokens"),
    Endpoint("numericalize"),
    Endpoint("vocabulary"),
    Endpoint("word_vocabulary"),
    Endpoint("lm_batches", bounds={"text": documents}),
    Endpoint("classifier_batches", bounds={"text": documents, "seq_len": chunk}),
    Endpoint(
        "legal_sizes",
        lane=dict(concurrency_id="legal sizes", concurrency_limit=limits.TRAIN_LANE),
        bounds={"text": unbounded},  # 2 MB, in the method
    ),
    Endpoint(
        "train_vocabulary",
        lane=dict(concurrency_id="training", concurrency_limit=limits.TRAIN_LANE),
        bounds={"text": unbounded},
    ),
    Endpoint(
        "train_live",
        lane=dict(concurrency_id="live training", concurrency_limit=limits.LIVE_WAITING + 2),
        bounds={"prompt": unbounded},
    ),
    Endpoint(
        "fit",
        method="fit_and_judge",
        lane=MODEL,
        bounds={"texts": lines, "labels": lines, "judge": lines},
    ),
    Endpoint("training", lane=dict(queue=False)),
)


def functions(pipeline: Pipeline) -> dict[str, Callable]:
    """The function of every endpoint, by name."""
    methods = {e.name: getattr(pipeline, e.method or e.name) for e in ENDPOINTS}
    methods["encode"] = _features(pipeline)
    return {e.name: door(methods[e.name], {**BOUNDS, **e.bounds}, e.name) for e in ENDPOINTS}


def connect(pipeline: Pipeline) -> None:
    """Make every endpoint a part of the `gr.Blocks` that is being built."""
    for endpoint, function in zip(ENDPOINTS, functions(pipeline).values(), strict=True):
        gr.api(function, api_name=endpoint.name, **endpoint.lane)


def parameters() -> dict[str, dict[str, str]]:
    """What each parameter of each endpoint is."""
    return {e.name: described(getattr(Pipeline, e.method or e.name)) for e in ENDPOINTS}


def _features(pipeline: Pipeline) -> Callable:
    """`encode` with lists in the array's place."""

    def encode(texts: str | list[str]) -> list[float] | list[list[float]]:
        return pipeline.encode(texts).tolist()

    encode.__doc__ = Pipeline.encode.__doc__
    return encode
