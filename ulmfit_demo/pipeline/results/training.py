"""What trains while one waits, and how the shipped model was trained."""

from __future__ import annotations

from typing import Any, TypedDict

from ulmfit_demo.pipeline.results.tokenizing import PieceScore


class LegalSizes(TypedDict):
    """The vocabulary sizes that train on a text; None until they are known."""

    stage: str
    share: float | None  # of the work that is done, where that is known
    low: int | None
    high: int | None
    capped: bool | None  # more may be possible than the app trains


class TrainedVocabulary(TypedDict):
    """A subword vocabulary while it is trained, and when it is there."""

    stage: str
    share: float | None
    pieces: list[PieceScore] | None  # None until it is trained; special tokens left out
    sample: list[str] | None  # the sample in the new pieces


class LossPoint(TypedDict):
    """The training loss at one step, in nats a token."""

    step: int
    loss: float


class WrittenLine(TypedDict):
    """A line that a model in training wrote."""

    text: str
    copied: bool  # it stands in the text word for word
    ended: bool


class LiveEpoch(TypedDict):
    """What an epoch ended with; epoch 0 is before any training. Losses in nats a token."""

    epoch: int
    step: int
    held_out: float
    training: float | None
    lines: list[WrittenLine]


class LiveTraining(TypedDict):
    """A small language model while it is trained."""

    stage: str  # waiting, loading, training, done or ended
    why: str | None  # a sentence, where it ended before its end
    before: int  # who wait or train before this one
    step: int
    tokens_per_second: float | None
    losses: list[LossPoint]
    epochs: list[LiveEpoch]


class History(TypedDict):
    """How the shipped model was trained: its log, and the study notebook's figures."""

    name: str
    wikipedia: bool
    pretraining: dict[str, Any]
    source: str
    tokens_read: int
    wiki: dict[str, Any]
    language_model: dict[str, Any]
    classifier: dict[str, Any]
    student: dict[str, Any]
    language_model_backwards: dict[str, Any]
    classifier_backwards: dict[str, Any]
    student_backwards: dict[str, Any]
    labels: list[dict[str, Any]]
    baselines: list[dict[str, Any]]
    metrics: dict[str, Any]
    notebook: dict[str, Any]
