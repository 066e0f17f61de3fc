"""A lesson's fine-tuning: the worker's request, its events as one value. Trains nothing itself."""

from __future__ import annotations

import base64
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ulmfit_demo import limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.teach import learn, validation
from ulmfit_demo.teach import tune_worker as script
from ulmfit_demo.teach.features import CLASSIFIER
from ulmfit_demo.workers.live_training.supervisor import Supervisor, Waiting

WORKER = Path(script.__file__)
NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
SETTINGS = {
    "epochs": 8,
    "lr": 1e-3,  # the head's; the last layer's is divided by `factor`
    "factor": 2.6,
    "bs": 16,
    "drop": 0.2,
    "seed": 1,
}
HELD = 4  # every fourth labelled line of a class, by chance, is held back
FEWEST = 16  # labelled lines: fewer leave nothing to hold back
FEW = (
    "Fine-tuning needs at least {} labelled lines: a quarter of them is held back to see what it "
    "changed."
)


@dataclass(frozen=True)
class Epoch:
    """What the held-back lines say after an epoch; the first one is before any training."""

    name: str
    right: int
    held: int
    said: tuple[int, ...]  # [held] verdicts


@dataclass
class Tuning:
    """One fine-tuning so far. `stage`: loading, waiting, training, done or ended."""

    held: tuple[int, ...]  # places of the lines that are held back
    labels: tuple[int, ...]  # of these
    n_train: int
    stage: str = "loading"
    before: int = 0  # visitors in the line before this one
    why: str = ""
    step: int = 0
    steps: int = 1
    epochs: list[Epoch] = field(default_factory=list)
    layer: dict[str, Tensor] | None = None

    @property
    def is_worse(self) -> bool:
        """Whether fewer held-back lines are right than before: then the shipped layer is kept."""
        return bool(self.epochs) and self.epochs[-1].right < self.epochs[0].right

    def take(self, event: Waiting | Mapping) -> None:
        """Add one event of the supervisor."""
        if isinstance(event, Waiting):
            self.stage, self.before = "waiting", event.before
            return
        kind = event["event"]
        if kind == "loading":
            self.stage = "loading"
        elif kind == "ready":
            self.stage, self.steps = "training", event["steps"]
        elif kind == "progress":
            self.step = event["step"]
        elif kind == "epoch":
            said = tuple(event["said"])
            self.epochs.append(Epoch(event["name"], event["right"], event["held"], said))
        elif kind == "done":
            self.stage, self.layer = "done", layer_of(event["layer"])
        elif kind == "ended":
            self.stage, self.why = "ended", event["why"]


def layer_of(told: Mapping) -> dict[str, Tensor]:
    """The worker's last layer, fp16, by name."""
    return {
        k: torch.from_numpy(
            np.frombuffer(base64.b64decode(v["fp16"]), np.float16).reshape(v["shape"]).copy()
        )
        for k, v in told.items()
    }


def hold_back(labels: np.ndarray, seed: int = 1) -> np.ndarray:
    """Places of the lines [n] that are not trained on: a quarter of each class."""
    fold = validation.folds_of(labels, HELD, seed)
    return np.flatnonzero(fold == 0)


def tune(
    loaded: LoadedModels, supervisor: Supervisor, lesson: learn.Lesson, marks: Sequence
) -> Generator[Tuning, None, None]:
    """Fine-tune on the labelled lines but the held-back ones; the same `Tuning`, as it grows.

    `lesson`: read by the shipped encoder, so that one tuning is compared with none.

    Raises `Refused` for too few labels, `Full` where too many wait. Close it to end the process.
    """
    labels = lesson.task.labels(marks)
    known = np.flatnonzero(labels >= 0)
    if len(known) < FEWEST or len(np.unique(labels[known])) < 2:
        raise limits.Refused(FEW.format(FEWEST))
    known = np.random.default_rng(0).permutation(known)[: limits.TUNE_LINES]
    known.sort()
    held = hold_back(labels[known])
    train = np.setdiff1d(np.arange(len(known)), held)
    if len(np.unique(labels[known[train]])) < 2:
        raise limits.Refused(FEW.format(FEWEST))
    k = len(lesson.task.names)
    head = learn.heads.fit(lesson.features[known[train]], labels[known[train]], k, lesson.norm)
    name = "classifier.safetensors" if lesson.kind == CLASSIFIER else "lm.safetensors"
    request = {
        "documents": [list(lesson.documents[i])[: limits.TEACH_TOKENS] for i in known],
        "labels": labels[known].tolist(),
        "held": held.tolist(),
        "weights": str((loaded.model.folder / name).resolve()),
        "kind": lesson.kind,
        "prompt": list(learn.reader_of(loaded, lesson.kind).prompt),
        "names": NAMES,
        "norm": {
            "mean": lesson.norm.mean.astype(np.float32).tolist(),
            "scale": lesson.norm.scale.astype(np.float32).tolist(),
        },
        "head": {
            "weight": head.weight.astype(np.float32).tolist(),
            "bias": np.maximum(head.bias, -30).astype(np.float32).tolist(),
        },
        "penalty": 0.5
        * lesson.features.shape[1]
        / learn.heads.STRENGTH,  # of |weight|², as in the fit
        "limits": {
            "cpu_seconds": limits.TUNE_CPU_SECONDS,
            "seconds": limits.TUNE_SECONDS,
            "memory": limits.TUNE_MEMORY,
        },
        **SETTINGS,
    }
    found = Tuning(tuple(known[held].tolist()), tuple(labels[known[held]].tolist()), len(train))
    steps = supervisor.train(request)
    try:
        yield found
        for event in steps:
            found.take(event)
            yield found
    finally:
        steps.close()
