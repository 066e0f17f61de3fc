"""What each part of the model makes of one text."""

from __future__ import annotations

from typing import TypedDict

from ulmfit_demo.pipeline.results.writing import WordProbability


class Journey(TypedDict):
    """What each part of the model makes of one text, from its characters to the verdict.

    A text without words has empty lists; row, label and score are None.
    """

    n_characters: int
    tokens: list[str]  # as fastai's rules leave them, `xxbos` first
    ids: list[int]
    row: list[str] | None  # the first row of x of the first mini-batch; None for a single token
    bs: int  # rows of that mini-batch
    state: list[float]  # [emb_sz], the language model's hidden state after the last token
    next_words: list[WordProbability]  # the likeliest at temperature 1, falling
    label: str | None
    score: float | None
    unsure: bool
