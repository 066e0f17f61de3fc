"""What a classifier gives that was taught in one call."""

from __future__ import annotations

from typing import TypedDict

from ulmfit_demo.pipeline.results.classifying import Verdict


class TaughtVerdicts(TypedDict):
    """What a classifier that was taught in this call says; None where too few labels tell."""

    labels: list[str]  # their names; the order of the confusion table
    n: int  # texts that it learned from
    validated: int  # of these, judged by cross-validation: all, unless its time was over
    accuracy: float | None  # by that cross-validation
    plus_minus: float | None  # half the width of the 95 % interval
    confusion: list[list[int]] | None  # rows are the given labels, columns the verdicts
    verdicts: list[Verdict]  # of the texts to judge
