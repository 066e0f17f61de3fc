"""What is known of one training so far, gathered from its events. Trains and draws nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ulmfit_demo.tokens import detokenize


@dataclass(frozen=True)
class Line:
    """A generated line; `copied`: it stands in the text word for word; `ended`: it came to an end."""

    text: str
    copied: bool
    ended: bool


@dataclass(frozen=True)
class Epoch:
    """What an epoch ended with; losses in nats a token. Epoch 0: before any training."""

    number: int
    step: int
    held_out: float
    training: float | None
    lines: tuple[Line, ...]


@dataclass
class Run:
    """One training. `stage`: loading, training, done or ended."""

    stage: str = "loading"
    seconds: float = 0.0  # while loading
    why: str = ""  # why it ended before its end
    facts: dict = field(default_factory=dict)  # of the event `ready`
    points: list[tuple[int, float]] = field(default_factory=list)  # (step, training loss)
    epochs: list[Epoch] = field(default_factory=list)
    step: int = 0
    tokens_per_second: float | None = None
    trained_seconds: float | None = None

    def take(self, event: Mapping) -> bool:
        """Add one event of the worker; whether generated lines came with it."""
        kind = event["event"]
        if kind == "tick" and self.stage == "loading":
            self.seconds = event["seconds"]
        elif kind == "ready":
            self.facts, self.stage = dict(event), "training"
        elif kind == "progress":
            self.step, self.tokens_per_second = event["step"], event["tokens_per_second"]
            self.points.append((event["step"], event["loss"]))
        elif kind == "epoch":
            self.step = event["step"]
            lines = tuple(
                Line(detokenize(line["tokens"]), line["copied"], line["ended"])
                for line in event["lines"]
            )
            self.epochs.append(
                Epoch(event["epoch"], event["step"], event["held_out"], event["training"], lines)
            )
        elif kind == "done":
            self.stage, self.trained_seconds = "done", event["seconds"]
            self.tokens_per_second = event["tokens"] / event["seconds"]
        elif kind == "ended":
            self.stage, self.why = "ended", event["why"]
        return kind == "epoch"


def perplexity(loss: float) -> float:
    """`loss` in nats as the number of equally likely words that would be as hard to guess between."""
    return math.exp(min(loss, 50.0))


def gather(events: Iterable[Mapping]) -> Run:
    """The run that these events tell of."""
    run = Run()
    for event in events:
        run.take(event)
    return run


def recorded(assets: Path) -> tuple[dict, Run] | None:
    """The recording that ships: (its first line: settings, date, machine; the run); None without."""
    path = assets / "live" / "recorded.jsonl"
    if not path.exists():
        return None
    head, *events = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return head, gather(events)
