"""One visitor's lesson so far: features computed once, a head fitted anew after each label.

Values only: a `Lesson` belongs to one visitor and is never changed; the models are shared and read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from ulmfit_demo import limits
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.teach import head as heads
from ulmfit_demo.teach.features import CLASSIFIER, LM, PROMPT, Reader, features, weights, with_layer
from ulmfit_demo.teach.task import NONE, Task


def reader_of(
    loaded: LoadedModels, kind: str = LM, tuned: dict[str, Tensor] | None = None, fast: bool = False
) -> Reader:
    """The encoder `kind` of the bundle. `fast`: in the precision that is quickest for many texts.

    `tuned`: the last layer of a visitor's own, in place of the bundle's. Raises `Refused`.
    """
    loaded.words()  # refuses where there is no model
    models, _ = devices.live_models(loaded.model.key)
    model = models.classifier if kind == CLASSIFIER else models.lm
    prompt = () if kind == CLASSIFIER else tuple(loaded.numericalize(PROMPT)[1:])
    if tuned is not None:
        return Reader(with_layer(model.body, tuned), kind, prompt)
    engine = engine_of(model)
    return Reader(model.body, kind, prompt, engine, choose(engine, "batch") if fast else "fp32")


@dataclass(frozen=True, eq=False)
class Lesson:
    """A task with the features of its lines. Two are equal where they are the same object."""

    task: Task
    kind: str  # of encoder
    documents: tuple[tuple[int, ...], ...]  # ids of the lines
    features: np.ndarray = field(repr=False)  # float32 [n, d]
    norm: heads.Norm = field(repr=False)
    seconds: float  # that reading took
    tuned: dict[str, Tensor] | None = field(default=None, repr=False)

    @property
    def n_tokens(self) -> int:
        """Tokens that were read."""
        return sum(min(len(d), limits.TEACH_TOKENS) for d in self.documents)

    @property
    def n_cut(self) -> int:
        """Lines of which only the beginning was read."""
        return sum(len(d) > limits.TEACH_TOKENS for d in self.documents)

    def is_of(self, other: Lesson | None) -> bool:
        """Whether both are the same task, read by the same encoder, tuned or not."""
        return other is not None and (self.task.key, self.kind) == (other.task.key, other.kind)


@devices.retry_on_cpu
def begin(
    loaded: LoadedModels, task: Task, kind: str = LM, tuned: dict[str, Tensor] | None = None
) -> Lesson:
    """Read the lines of `task` once. Raises `Refused` without a model."""
    started = time.perf_counter()
    reader = reader_of(loaded, kind, tuned, fast=True)
    documents = tuple(tuple(loaded.numericalize(line)) for line in task.lines)
    found = features(reader, documents)
    seconds = time.perf_counter() - started
    norm = heads.norm_of(found, weights(kind, found.shape[1]))
    return Lesson(task, kind, documents, found, norm, seconds, tuned)


@dataclass(frozen=True)
class Learned:
    """What the head says of every line after the labels so far."""

    labels: np.ndarray  # [n]; NONE where there is none
    head: heads.Head | None  # None where fewer than two classes have a label
    probabilities: np.ndarray | None  # [n, k]
    doubts: np.ndarray  # lines without a label, the most doubtful first
    milliseconds: float

    @property
    def labelled(self) -> np.ndarray:
        """The lines that have a label."""
        return np.flatnonzero(self.labels != NONE)


def learn(lesson: Lesson, marks: Sequence[tuple[int, int]] = ()) -> Learned:
    """Fit the head on the labels that came with the task and on `marks`; judge every line."""
    heads.minimizer()  # the first call imports it, which is no part of the fit that is timed
    started = time.perf_counter()
    task = lesson.task
    labels = task.labels(marks)
    known = np.flatnonzero(labels != NONE)
    open_ = np.flatnonzero(labels == NONE)
    head, probabilities = None, None
    if len(np.unique(labels[known])) > 1:
        head = heads.fit(lesson.features[known], labels[known], len(task.names), lesson.norm)
        probabilities = head.probabilities(lesson.features)
        order = np.argsort(-heads.doubt(probabilities[open_]), kind="stable")
        open_ = open_[order]
    return Learned(labels, head, probabilities, open_, 1_000 * (time.perf_counter() - started))
