"""Fits a temperature and a 'not sure' band to held-out logits, and measures their calibration.

Pure functions; they read no file and no model. Source: Guo et al., "On Calibration of Modern Neural
Networks" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from torch import Tensor

from ulmfit_demo.models.calibration import Calibration, probabilities

FEWEST = 20  # reviews that a sure side must rest on
SURE = 0.8  # accuracy that a verdict needs to be given as sure
MOST = np.log(20.0)  # log of the largest temperature that is tried; the smallest is its inverse


@dataclass(frozen=True)
class Bin:
    """One point of a reliability plot: reviews whose probability of positive lies in [low, high)."""

    low: float
    high: float
    n: int
    mean_probability: float  # what the model said
    share_positive: float  # what was true


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature with the least cross entropy on held-out logits [n, n_classes], labels [n].

    One number, so the order of the reviews and every verdict stay. Searched on log T in [1/20, 20]: the
    loss is unimodal in 1/T.
    """
    logits, labels = logits.double(), labels.long()

    def loss(log_t: float) -> float:
        return float(F.cross_entropy(logits / float(np.exp(log_t)), labels))

    options = {"xatol": 1e-9}
    found = minimize_scalar(loss, bounds=(-MOST, MOST), method="bounded", options=options)
    return float(np.exp(found.x))


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
    p = positive[order]
    share = IsotonicRegression().fit_transform(p, np.asarray(labels, float)[order])
    sure_negative, sure_positive = p[share <= 1 - sure], p[share >= sure]
    # A handful at the very end proves nothing: then no probability on that side is sure.
    low = min(0.5, float(sure_negative[-1])) if len(sure_negative) >= FEWEST else 0.0
    high = max(0.5, float(sure_positive[0])) if len(sure_positive) >= FEWEST else 1.0
    return low, high


def fit(logits: Tensor, labels: Tensor, positive_class: int = 1) -> Calibration:
    """Temperature and band from held-out logits [n, n_classes] and labels [n] of a two-class model."""
    temperature = fit_temperature(logits, labels)
    positive = probabilities(logits, temperature)[:, positive_class].numpy()
    low, high = unsure_band(positive, (labels == positive_class).numpy())
    return Calibration(temperature, low, high)
