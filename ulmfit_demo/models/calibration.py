"""Is 80 % right four times in five? Fits a temperature, measures, finds the 'not sure' band.

Pure functions on held-out logits and labels; reads no file and no model. Source: Guo et al., "On
Calibration of Modern Neural Networks" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

FEWEST = 20  # reviews that a sure side must rest on
SURE = 0.8  # accuracy that a verdict needs to be given as sure
POSITIVE, NEGATIVE, UNSURE = "positive", "negative", "not sure"  # a verdict, in every view and file
FORWARDS, BACKWARDS = "calibration", "calibration_backwards"  # keys of a bundle's config


@dataclass(frozen=True)
class Calibration:
    """What a bundle's `config.json` may hold under `calibration` and `calibration_backwards`."""

    temperature: float = 1.0
    low: float = 0.5  # probabilities strictly between low and high: not sure
    high: float = 0.5

    def unsure(self, positive: float) -> bool:
        return self.low < positive < self.high

    def verdict(self, positive: float) -> str:
        """`POSITIVE`, `NEGATIVE` or, inside the band, `UNSURE`."""
        if self.unsure(positive):
            return UNSURE
        return POSITIVE if positive >= 0.5 else NEGATIVE


@dataclass(frozen=True)
class Bin:
    """One point of a reliability plot: reviews whose probability of positive lies in [low, high)."""

    low: float
    high: float
    n: int
    mean_probability: float  # what the model said
    share_positive: float  # what was true


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """logits [..., n_classes] → probabilities, softened by `temperature`; the verdict stays."""
    return (logits.float() / temperature).softmax(-1)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the least cross entropy on held-out logits [n, n_classes], labels [n].

    One number, so the order of the reviews and every verdict stay. Searched on log T in [1/20, 20] by
    golden section: the loss is unimodal in 1/T.
    """
    logits, labels = logits.double(), labels.long()

    def loss(log_t: float) -> float:
        return float(F.cross_entropy(logits / float(np.exp(log_t)), labels))

    a, b, golden = -np.log(20.0), np.log(20.0), (np.sqrt(5) - 1) / 2
    for _ in range(60):
        c, d = b - golden * (b - a), a + golden * (b - a)
        if loss(c) < loss(d):
            b = d
        else:
            a = c
    return float(np.exp((a + b) / 2))


def reliability(positive: np.ndarray, labels: np.ndarray, n_bins: int = 10) -> list[Bin]:
    """Reliability bins of equal width; `positive` [n] in [0, 1], `labels` [n] 0 or 1."""
    positive, labels = np.asarray(positive, float), np.asarray(labels)
    which = np.minimum((positive * n_bins).astype(int), n_bins - 1)
    return [
        Bin(
            low=i / n_bins,
            high=(i + 1) / n_bins,
            n=int(inside.sum()),
            mean_probability=float(positive[inside].mean()) if inside.any() else float("nan"),
            share_positive=float(labels[inside].mean()) if inside.any() else float("nan"),
        )
        for i in range(n_bins)
        for inside in [which == i]
    ]


def expected_calibration_error(positive: np.ndarray, labels: np.ndarray, n_bins: int = 10) -> float:
    """Mean distance between what was said and what was true, over the bins, by their size."""
    bins = [b for b in reliability(positive, labels, n_bins) if b.n]
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.mean_probability - b.share_positive) for b in bins) / total


def unsure_band(
    positive: np.ndarray, labels: np.ndarray, sure: float = SURE
) -> tuple[float, float]:
    """(low, high): between them a verdict held for fewer than `sure` of the held-out reviews.

    The share of positives as a function of the probability is estimated without bins, as the
    non-decreasing function nearest to the labels (isotonic regression). Up to `low` at most
    `1 - sure` are positive, from `high` on at least `sure`. (0.5, 0.5) means no such band.
    """
    positive = np.asarray(positive, float)
    order = np.argsort(positive, kind="stable")
    p, share = positive[order], _isotonic(np.asarray(labels, float)[order], positive[order])
    sure_negative, sure_positive = p[share <= 1 - sure], p[share >= sure]
    # A handful at the very end proves nothing: then no probability on that side is sure.
    low = min(0.5, float(sure_negative[-1])) if len(sure_negative) >= FEWEST else 0.0
    high = max(0.5, float(sure_positive[0])) if len(sure_positive) >= FEWEST else 1.0
    return low, high


def calibrate(logits: Tensor, labels: Tensor, positive_class: int = 1) -> Calibration:
    """Temperature and band from held-out logits [n, n_classes] and labels [n] of a two-class model."""
    temperature = fit_temperature(logits, labels)
    positive = probabilities(logits, temperature)[:, positive_class].numpy()
    low, high = unsure_band(positive, (labels == positive_class).numpy())
    return Calibration(temperature, low, high)


def _isotonic(labels: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Non-decreasing least-squares fit to `labels`, in the order of `positive`, ties averaged."""
    starts = np.flatnonzero(np.r_[True, np.diff(positive) > 0])
    counts = np.diff(np.r_[starts, len(labels)])
    sums = np.add.reduceat(labels, starts)
    means: list[float] = []
    weights: list[int] = []
    for total, n in zip(sums.tolist(), counts.tolist(), strict=True):
        mean, weight = total / n, n
        while means and means[-1] >= mean:
            m, w = means.pop(), weights.pop()
            mean, weight = (mean * weight + m * w) / (weight + w), weight + w
        means.append(mean)
        weights.append(weight)
    return np.repeat(means, weights)


def from_config(config: dict, key: str = FORWARDS) -> Calibration:
    """The calibration that a bundle's config holds; temperature 1 and no band where it holds none."""
    known = {k: float(v) for k, v in config.get(key, {}).items() if k in _FIELDS}
    result = Calibration(**known)
    if not (result.temperature > 0 and 0 <= result.low <= 0.5 <= result.high <= 1):
        raise ValueError(f"{key} {known} is no temperature with a band around 0.5")
    return result


_FIELDS = tuple(Calibration.__dataclass_fields__)
