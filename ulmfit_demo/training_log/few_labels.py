"""Reads `labels.json`: accuracy with few labels and with many, for each start of the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STARTS = {  # what a classifier of the curve starts from, the best last
    "random": "from random weights",
    "wiki": "from Wikipedia alone",
    "lm": "from the fine-tuned language model",
}


@dataclass(frozen=True)
class LabelPoint:
    """Accuracy on held-out reviews of classifiers that saw `labels` labelled reviews each."""

    labels: int
    start: str  # one of STARTS
    accuracy: float  # the mean of the draws
    lowest: float
    highest: float
    draws: int = 1


def points(told: Sequence[dict]) -> tuple[LabelPoint, ...]:
    """One point for each start and number of labels, in order; old files say `encoder` for the start.

    >>> points([{"labels": 100, "start": "lm", "accuracy": a} for a in (0.5, 1.0)])[0].accuracy
    0.75
    """
    drawn: dict[tuple[str, int], list[float]] = {}
    for p in told:
        start = p["start"] if "start" in p else "lm" if p["encoder"] else "random"
        drawn.setdefault((start, p["labels"]), []).append(p["accuracy"])
    return tuple(
        LabelPoint(n, start, sum(found) / len(found), min(found), max(found), len(found))
        for start in STARTS
        for n, found in sorted((n, a) for (its, n), a in drawn.items() if its == start)
    )
