"""Checkpoints that survive a kill at any moment, and going on from them. Knows no model.

A checkpoint is taken between two batches and holds all that decides the next one: weights, optimizer,
hidden state, place in the epoch and the random generators. It is written beside the old one and then
moved over it, so there is always one that is whole.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback

from train.distributed import ALONE, Group
from train.errors import StageError
from train.logging import JsonLog


def save_atomically(value, path: Path) -> None:
    """`torch.save` that leaves either the old file or the new one, never a half.

    Raises StageError where the disk is full or cannot be written; what was saved before stays.
    """
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as f:
            torch.save(value, f)
            f.flush()
            os.fsync(f.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as e:  # torch's writer turns a full disk into a RuntimeError
        partial.unlink(missing_ok=True)
        reason = e.strerror if isinstance(e, OSError) and e.strerror else "the disk may be full"
        raise StageError(f"{path} cannot be written: {reason}; what was saved before stays") from e


def random_state() -> dict:
    state = {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state(),
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_random_state(state: dict) -> None:
    torch.set_rng_state(state["torch"])
    np.random.set_state(state["numpy"])
    random.setstate(state["python"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])


class StatefulCallback(Callback):
    """A callback whose own state is part of every checkpoint."""

    def state(self) -> dict:
        raise NotImplementedError

    def load(self, state: dict) -> None:
        raise NotImplementedError


class Checkpoint(Callback):
    """Save every `seconds`; where `resume` holds a checkpoint, go on from it.

    The training loader must offer `skip`: how many batches of the next epoch to leave out.
    """

    order = 50  # after the model is reset, before the schedule sets its rates
    run_valid = False

    def __init__(
        self,
        path: Path,
        seconds: float,
        tag: str = "",
        resume: dict | None = None,
        group: Group = ALONE,
    ):
        self.group = group
        self.path, self.seconds, self.tag, self.resume = path, seconds, tag, resume
        self.done = 0  # batches of this epoch
        self.last = time.monotonic()
        self.random: dict | None = None  # to be set again right before the next batch

    def before_train(self) -> None:
        self.done = 0
        if self.resume is None or self.epoch != self.resume["epoch"]:
            return
        state, self.resume = self.resume, None
        self.learn.model.load_state_dict(state["model"])
        self.learn.opt.load_state_dict(state["opt"])
        if state["hidden"] is not None:
            encoder = self.learn.model[0]
            encoder.hidden = [
                tuple(h.to(state_device(encoder)) for h in hc) for hc in state["hidden"]
            ]
            encoder.bs = encoder.hidden[0][0].shape[1]
        for callback in self.learn.cbs:
            if isinstance(callback, StatefulCallback) and callback.name in state.get(
                "callbacks", {}
            ):
                callback.load(state["callbacks"][callback.name])
        self.done = state["batch"]
        self.learn.train_iter += self.done
        self.learn.pct_train += self.done / (len(self.learn.dls.train) * self.learn.n_epoch)
        self.random = state["random"]

    def before_batch(self) -> None:
        self.restore_random()

    def after_train(self) -> None:
        self.restore_random()  # killed after the epoch's last batch: none came

    def restore_random(self) -> None:
        # Not in `before_train`: starting the loader's iterator draws a number of its own.
        if self.random is not None:
            set_random_state(self.random)
            self.random = None

    def after_batch(self) -> None:
        self.done += 1
        if self.group.agree(time.monotonic() - self.last >= self.seconds):
            self.save(self.epoch, self.done)

    def after_epoch(self) -> None:
        if self.done:
            self.save(self.epoch + 1, 0)

    def save(self, epoch: int, batch: int) -> None:
        hidden = getattr(self.learn.model[0], "hidden", None)
        own = {
            "hidden": [tuple(h.cpu() for h in hc) for hc in hidden] if hidden and batch else None,
            "random": random_state(),
        }
        place = {"tag": self.tag, "epoch": epoch, "batch": batch, "world": self.group.world}
        if not self.group.first:
            save_atomically(own, own_part(self.path, place, self.group))
        self.group.wait()  # the first process's file comes last: what it names is there
        if self.group.first:
            stateful = [cb for cb in self.learn.cbs if isinstance(cb, StatefulCallback)]
            state = {
                **place,
                **own,
                "model": self.learn.model.state_dict(),
                "opt": self.learn.opt.state_dict(),
                "callbacks": {cb.name: cb.state() for cb in stateful},
            }
            save_atomically(state, self.path)
            for old in self.path.parent.glob(f"{self.path.stem}.rank*.checkpoint"):
                if f".{position(place)}." not in old.name:
                    old.unlink()
        self.group.wait()
        self.last = time.monotonic()


def position(place: dict) -> str:
    """A checkpoint's place in the run, as a part of a file name."""
    return f"{place['tag']}-{place['epoch']}-{place['batch']}"


def own_part(path: Path, place: dict, group: Group) -> Path:
    """Where a process that is not the first keeps its part of the checkpoint at `place`."""
    return path.with_name(f"{path.stem}.rank{group.rank}.{position(place)}.checkpoint")


def state_device(module: torch.nn.Module) -> torch.device:
    return next(module.parameters()).device


class StepLog(Callback):
    """Log the smoothed training loss, the schedule and the speed every `seconds`, and each epoch."""

    order = 70  # after the checkpoint and the schedule
    run_valid = False

    def __init__(self, log: JsonLog, stage: str, seconds: float = 30.0):
        self.log, self.stage, self.seconds = log, stage, seconds

    def before_train(self) -> None:
        self.last = self.started = time.monotonic()
        self.items = self.all_items = 0
        self.losses: list[float] = []

    def after_batch(self) -> None:
        self.losses.append(float(self.learn.loss))
        self.items += self.learn.xb[0].numel()
        elapsed = time.monotonic() - self.last
        if elapsed >= self.seconds:
            hypers = self.learn.opt.hypers[-1]
            self.log.write(
                stage=self.stage,
                epoch=self.epoch,
                batch=self.learn.train_iter,
                of=len(self.learn.dls.train) * self.learn.n_epoch,
                train_loss=round(float(np.mean(self.losses)), 4),
                lr=hypers["lr"],
                mom=hypers["mom"],
                tokens_per_second=round(self.items / elapsed),
            )
            self.all_items += self.items
            self.last, self.items, self.losses = time.monotonic(), 0, []

    def after_train(self) -> None:
        self.train_seconds = time.monotonic() - self.started

    def after_epoch(self) -> None:
        names, values = self.learn.recorder.metric_names[1:-1], self.learn.recorder.log[1:]
        record = {
            n: round(float(v), 5)
            for n, v in zip(names, values, strict=False)
            if v is not None and not isinstance(v, str)  # the time, where nothing was validated
        }
        if record:
            seconds = round(getattr(self, "train_seconds", 0.0), 1)
            self.log.write(stage=self.stage, epoch=self.epoch, done=True, seconds=seconds, **record)
