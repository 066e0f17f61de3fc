"""The lines of a training's log → what was trained: stages, epochs, steps. Draws nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("ulmfit_demo")


@dataclass(frozen=True)
class Step:
    """One line of the log inside an epoch."""

    batch: int  # mini-batches since the stage began
    loss: float  # mean over the batches since the line before, nats
    lr: float  # of the last layer group
    mom: float


@dataclass(frozen=True)
class Epoch:
    train_loss: float
    valid_loss: float
    accuracy: float
    perplexity: float | None = None


@dataclass(frozen=True)
class Stage:
    """A stretch with the same layers trained; `groups`: how many from the top, 0 is all of them."""

    groups: int = 0
    rates: tuple[float, ...] = ()  # one a layer group, lowest layer first
    batches: int = 0  # mini-batches in all
    steps: tuple[Step, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    cell: int | None = None  # of the notebook
    taught: bool = False  # a student's: it learned from a teacher's labels too


@dataclass(frozen=True)
class Phase:
    """The training of a language model, of a classifier or of its student."""

    stages: tuple[Stage, ...] = ()
    seconds: float = 0.0  # at work, with validation; pauses left out
    batches: int = 0  # of one epoch
    precision: str = ""
    parameters: int = 0
    source: str = ""  # the run whose language model it began with
    new_words: int | None = None  # that this one's vocabulary lacked: they began with the mean row

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        return tuple(e for s in self.stages for e in s.epochs)


def read_log(events: Iterable[dict], phase: str) -> Phase:
    """The lines of `phase` ("lm", "classifier_backwards", …), in their order → what was trained.

    A "start" begins anew, unless a "round" stands before it: then it goes on from what stands there.
    After a "resume" the batches that are done again replace those of before.
    """
    stages: dict[str, dict] = {}
    seconds, before, batches, precision = 0.0, None, 0, ""
    began, source, new_words = False, "", None
    rounds, goes_on = 0, False
    for e in events:
        title = str(e.get("stage", ""))
        if title.split(" ")[0] != phase:
            continue
        event = e.get("event")
        if event == "init":  # stands before its "start"
            began, source = True, Path(e.get("source", "")).name
            new_words = e.get("new_words")
        if event == "round":
            rounds, goes_on = rounds + 1, True
        if event == "start":
            if not goes_on:
                stages, seconds = {}, 0.0
            if not began:
                source, new_words = "", None
            began = goes_on = False
        if event in ("start", "resume"):
            batches, precision = e.get("batches", 0), e.get("precision", "")
        elif "time" not in e:  # trained elsewhere: its own seconds are all that is known
            seconds += e.get("seconds", 0.0)
        elif before is not None and event != "round":
            seconds += max(0.0, e["time"] - before)
        before = e.get("time", before)
        title = f"{title} {rounds}"
        if event == "stage":
            stage = stages.setdefault(title, _new_stage())
            stage.update(groups=e["groups"], rates=tuple(e["rates"]))
        elif "lr" in e:
            stage = stages.setdefault(title, _new_stage())
            kept = [s for s in stage["steps"] if s.batch < e["batch"]]
            stage["steps"] = [*kept, Step(e["batch"], e["train_loss"], e["lr"], e["mom"])]
            stage["batches"] = e["of"]
        elif e.get("done"):
            stage = stages.setdefault(title, _new_stage())
            epoch = Epoch(e["train_loss"], e["valid_loss"], e["accuracy"], e.get("perplexity"))
            stage["epochs"] = [*stage["epochs"][: e["epoch"]], epoch]
    found = tuple(
        Stage(
            s["groups"],
            s["rates"],
            s["batches"],
            tuple(s["steps"]),
            tuple(s["epochs"]),
            taught=phase.startswith("student"),
        )
        for s in stages.values()
    )
    return Phase(found, seconds, batches, precision, source=source, new_words=new_words)


def _new_stage() -> dict:
    return {"groups": 0, "rates": (), "batches": 0, "steps": [], "epochs": []}


def read_lines(path: Path) -> list[dict]:
    """The log; a line that is cut off is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            log.warning("%s has a line that is no JSON", path)
    return [e for e in found if isinstance(e, dict) and "stage" in e]
