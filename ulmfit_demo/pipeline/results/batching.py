"""What documents are as the mini-batches of a language model and of a classifier."""

from __future__ import annotations

from typing import TypedDict


class LmBatch(TypedDict):
    """One mini-batch of a language model; y is x shifted by one. All [bs, width]."""

    x: list[list[str]]
    y: list[list[str | None]]  # None: the label that the notebook's cut does not have
    x_ids: list[list[int]]
    y_ids: list[list[int | None]]


class LmBatches(TypedDict):
    """A stream of documents as the mini-batches of a language model."""

    n_items: int  # tokens of the stream
    n_documents: int
    order: list[int]  # in which the documents were put, from 0
    row_length: int
    n_used: int
    n_dropped: int
    batches: list[LmBatch]


class ClassifierBatch(TypedDict):
    """One padded mini-batch of a classifier."""

    documents: list[int]  # [n_rows] which documents, from 0
    width: int
    padding: int  # cells that are padding
    x: list[list[str]] | None  # [n_rows, width]; None where only lengths were given
    x_ids: list[list[int]] | None


class ClassifierBatches(TypedDict):
    """Documents as the padded mini-batches of a classifier."""

    lengths: list[int]
    padding_share: float
    batches: list[ClassifierBatch]
