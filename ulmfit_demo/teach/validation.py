"""Is it true? Cross-validated accuracy with its uncertainty, and a confusion table. Draws nothing."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from ulmfit_demo.teach.head import STRENGTH, Norm, solve, spanned

FOLDS = 10
SEED = 0
Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Validated:
    """What cross-validation found; each line was judged once, by a head that had not seen it."""

    n: int  # lines that were judged
    right: int
    confusion: np.ndarray  # [k, k] counts: rows are the given labels, columns the verdicts
    folds: int
    left_out: int = 0  # labelled lines that were not judged: the time was over

    @property
    def accuracy(self) -> float:
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % of such intervals hold the true accuracy."""
        return wilson(self.right, self.n)

    @property
    def plus_minus(self) -> float:
        """Half the width of the interval."""
        low, high = self.interval
        return (high - low) / 2


def wilson(right: int, n: int) -> tuple[float, float]:
    """The score interval of a share (Wilson, 1927), which holds at few trials and near 0 and 1.

    >>> [round(x, 3) for x in wilson(9, 10)]
    [0.596, 0.982]
    """
    if not n:
        return 0.0, 1.0
    p, s = right / n, Z * Z / n
    centre, half = (p + s / 2) / (1 + s), Z * math.sqrt(p * (1 - p) / n + s / (4 * n)) / (1 + s)
    return max(0.0, centre - half), min(1.0, centre + half)


def folds_of(labels: np.ndarray, n_folds: int = FOLDS, seed: int = SEED) -> np.ndarray:
    """The fold of each line [n], each class dealt out evenly over the folds in a random order."""
    rng = np.random.default_rng(seed)
    result, dealt = np.zeros(len(labels), int), 0
    n_folds = min(n_folds, len(labels))
    for label in np.unique(labels):
        which = rng.permutation(np.flatnonzero(labels == label))
        result[which] = (dealt + np.arange(len(which))) % n_folds
        dealt += len(which)
    return result


def cross_validate(
    features: np.ndarray, labels: np.ndarray, k: int, norm: Norm, seconds: float = math.inf
) -> Validated | None:
    """Judge each of the labelled lines [n, d] by a head fitted without its fold.

    After `seconds` no other fold begins. What was judged until then is a random part of the lines, each
    class in its share.

    None where there are labels of one class only, or fewer than four. A class with one example cannot
    be known when it is held back: its line counts as wrong.
    """
    labels = np.asarray(labels)
    if len(labels) < 4 or len(np.unique(labels)) < 2:
        return None
    x = norm(np.asarray(features, np.float64))
    z, c = spanned(x)[0], STRENGTH / x.shape[1]
    fold, confusion = folds_of(labels), np.zeros((k, k), int)
    began, folds = time.monotonic(), 0
    for f in range(fold.max() + 1):
        if folds and time.monotonic() - began > seconds:
            break
        test = fold == f
        train = labels[~test]
        if len(np.unique(train)) < 2:
            said = np.full(test.sum(), train[0])
        else:
            weight, bias = solve(z[~test], train, k, c)
            said = (z[test] @ weight.T + bias).argmax(1)
        np.add.at(confusion, (labels[test], said), 1)
        folds += 1
    judged = int(confusion.sum())
    return Validated(judged, int(np.trace(confusion)), confusion, folds, len(labels) - judged)
