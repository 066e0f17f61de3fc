"""Runs the unfreezing stages of a recipe on a learner, with checkpoints. Builds no learner."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fastai.callback.schedule  # noqa: F401  (adds fit_one_cycle to Learner)
import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.learner import Learner

from train.checkpoint import Checkpoint, StepLog, own_part
from train.distributed import ALONE, Group
from train.errors import StageError
from train.logging import JsonLog
from train.recipe import Stage


class OutOfTimeError(StageError):
    """The piece's time is over; all that was done is in the checkpoint."""


@dataclass(frozen=True)
class Run:
    """What one call of a training stage is given beside its recipe."""

    folder: Path  # where weights, checkpoints and the log go
    resume: bool = False
    group: Group = ALONE
    minutes: float | None = None  # stop, with a checkpoint, after so long
    started: float = 0.0  # `time.monotonic()` at the program's start

    @property
    def deadline(self) -> float | None:
        return None if self.minutes is None else self.started + 60 * self.minutes


class Deadline(Callback):
    """Save and end the piece when its time is over."""

    order = 95  # after every other callback of the batch
    run_valid = False

    def __init__(self, checkpoint: Checkpoint, at: float):
        self.checkpoint, self.at = checkpoint, at

    def after_batch(self) -> None:
        if self.checkpoint.group.agree(time.monotonic() >= self.at):
            self.checkpoint.save(self.epoch, self.checkpoint.done)
            raise OutOfTimeError("time is over; run the same command again to go on")


def load_checkpoint(path: Path, resume: bool, group: Group = ALONE) -> dict | None:
    """The checkpoint at `path` where there is one and it is wanted.

    With several processes each adds what is its own (hidden state, random state). Raises StageError
    where that is missing: a checkpoint of another number of processes.
    """
    if not (resume and path.exists()):
        return None
    state = torch.load(path, map_location="cpu", weights_only=False)
    if state.get("world", 1) != group.world:
        raise StageError(
            f"{path} was made by {state.get('world', 1)} process(es); go on with as many"
        )
    if group.first:
        return state
    own = torch.load(own_part(path, state, group), map_location="cpu", weights_only=False)
    return {**state, **own}


def learning_rates(stage: Stage, n_groups: int) -> list[float]:
    """One rate a layer group: the last group's is `stage.lr`, each lower one `factor` times less."""
    return [stage.lr / stage.factor ** (n_groups - 1 - g) for g in range(n_groups)]


def run(
    learn: Learner,
    stages: Sequence[Stage],
    settings,
    where: Run,
    log: JsonLog,
    name: str,
    state: dict | None,
    callbacks: Sequence[Callback] = (),
) -> None:
    """Fit every stage with one-cycle, from `state` on where it is a checkpoint.

    `settings` gives `pct_start`, `wd` and `checkpoint_seconds`. Source: ULMFiT, sections 3.2 and 3.3.
    Raises OutOfTimeError when `where.minutes` are over.
    """
    path = where.folder / f"{name}.checkpoint"
    for i, stage in enumerate(stages):
        if state and int(state["tag"]) > i:
            continue
        if state and int(state["tag"]) < i:  # that stage had ended
            learn.model.load_state_dict(state["model"])
            state = None
        learn.freeze_to(-stage.groups) if stage.groups else learn.unfreeze()
        rates = learning_rates(stage, len(learn.opt.hypers))
        start = state["epoch"] if state else 0
        learn.dls.train.epoch = 1_000 * i + start  # each stage shuffles in its own way
        learn.dls.train.skip = state["batch"] if state else 0
        title = f"{name} {i}" if len(stages) > 1 else name
        log.write(stage=title, event="stage", groups=stage.groups, rates=rates)
        if start < stage.epochs:
            checkpoint = Checkpoint(
                path, settings.checkpoint_seconds, tag=str(i), resume=state, group=where.group
            )
            ends = [] if where.deadline is None else [Deadline(checkpoint, where.deadline)]
            learn.fit_one_cycle(
                stage.epochs,
                np.array(rates),
                pct_start=settings.pct_start,
                wd=settings.wd,
                reset_opt=True,
                start_epoch=start,
                cbs=[checkpoint, StepLog(log, title), *ends, *callbacks],
            )
        elif state:
            learn.model.load_state_dict(state["model"])
        state = None
