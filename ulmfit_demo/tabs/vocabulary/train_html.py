"""A training and its model as HTML. Trains nothing and keeps no model."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial

from ulmfit_demo.tabs.shared.html import chips, legend
from ulmfit_demo.tabs.shared.templates import macro, markup
from ulmfit_demo.tokens import Tokenized
from ulmfit_demo.workers.subword_training.training import Progress, Sizes, Trained

MODEL_NAMES = {"unigram": "unigram", "bpe": "BPE"}
_html = partial(macro, "vocabulary/train.html")


def file_field(most: int) -> str:
    """A file input; `train_vocabulary.js` puts the file's text into the field, nothing is uploaded."""
    return _html("file_field", most=most)


def sizes(found: Sizes, kind: str) -> str:
    """The legal sizes in one line."""
    known = dict(low=found.low, high=found.high, capped=found.capped)
    return _html("sizes", kind=MODEL_NAMES[kind], **known)


def looking(step: Progress) -> str:
    """While the legal sizes are being found."""
    return _html("looking", step=step)


def progress(step: Progress) -> str:
    """While a model is trained: a bar where the share is known."""
    return _html("progress", step=step)


def trained(
    model: Trained, pieces: Sequence[tuple[str, float]], n_pieces: int, sample: Tokenized
) -> str:
    """The model's pieces with scores, the sample in them, and the model to download.

    The file is part of this HTML (a data: link): the server keeps none.
    """
    return _html(
        "trained",
        model=model,
        kind=MODEL_NAMES[model.type],
        name=f"{model.type}-{model.size}.model",
        data=base64.b64encode(model.model).decode("ascii"),
        kilobytes=len(model.model) / 1000,
        pieces=pieces,
        n_pieces=n_pieces,
        order="log probability" if model.type == "unigram" else "merge order",
        sample=sample,
        chips=markup(chips(sample.tokens) + legend({t.kind for t in sample.tokens})),
    )
