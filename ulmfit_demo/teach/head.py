"""A regularized logistic head on features: fits it and applies it. Reads no text.

Multinomial logistic regression with an L2 penalty on the weights and none on the biases, as
scikit-learn's `LogisticRegression(C=STRENGTH / d, class_weight="balanced")`; the minimum is unique, so
any solver finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy  # its parts are imported when they are first named: half a second that no start waits for
from threadpoolctl import threadpool_limits

STRENGTH = 3.0  # C times the number of features; see `benchmarks/few_labels.py`
PRIOR = 10  # lines that the mean variance counts for beside each feature's own
NEVER = -30.0  # the bias of a class without a label
MARGIN = 0.2  # the best probability less the second: below it a verdict is unsure


# The products here are small; two threads that share them on busy cores wait for each other, and a fit
# of 5 ms takes 500. torch has threads of its own and keeps them.
threadpool_limits(1, user_api="blas")


@dataclass(frozen=True)
class Norm:
    """What standardizes features: (x - mean) / scale, each [d]."""

    mean: np.ndarray
    scale: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        return (features - self.mean) / self.scale


@dataclass(frozen=True)
class Head:
    """Normalization and a linear layer: features [n, d] → probabilities [n, k]."""

    norm: Norm
    weight: np.ndarray  # [k, d]
    bias: np.ndarray  # [k]

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Features [n, d] → [n, k]."""
        return self.norm(features) @ self.weight.T + self.bias

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Features [n, d] → [n, k]; a row sums to 1."""
        return scipy.special.softmax(self.logits(features), axis=1)


def norm_of(features: np.ndarray, weights: np.ndarray | float = 1.0) -> Norm:
    """The standardization of lines [n, d], labelled or not, to the deviations `weights` [d].

    The variance of each feature is drawn to the mean variance of all, as if by `PRIOR` more lines: a
    feature that two lines happen to share would otherwise be divided by nothing.
    """
    features = np.asarray(features, np.float64)
    variance = features.var(0)
    n = len(features)
    variance = (n * variance + PRIOR * variance.mean()) / (n + PRIOR)
    return Norm(features.mean(0), np.sqrt(np.maximum(variance, 1e-12)) / weights)


def fit(
    features: np.ndarray, labels: np.ndarray, k: int, norm: Norm, strength: float = STRENGTH
) -> Head:
    """The head with the least penalized loss on `features` [n, d] and `labels` [n] (0 … k - 1).

    Raises ValueError for labels of one class.
    """
    x = norm(np.asarray(features, np.float64))
    z, basis = spanned(x)
    weight, bias = solve(z, np.asarray(labels), k, strength / x.shape[1])
    return Head(norm, weight if basis is None else weight @ basis.T, bias)


def spanned(x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Lines [n, d] in the at most n dimensions that they span: (z [n, r], basis [d, r] or None).

    The weights of the minimum are a combination of the lines, so that nothing is lost: 30 labels take
    a few milliseconds whatever d is.
    """
    if len(x) >= x.shape[1]:
        return x, None
    basis = np.linalg.qr(x.T)[0]
    return x @ basis, basis


def solve(z: np.ndarray, labels: np.ndarray, k: int, c: float) -> tuple[np.ndarray, np.ndarray]:
    """(weight [k, r], bias [k]) with the least ½|weight|² + c · cross entropy, summed over lines [n, r].

    Lines of a rare class weigh more, so that all classes weigh the same: a visitor's labels say what a
    class is, not how often it comes. Without that, a held-back line's own class would be the rarer one
    and cross-validation of few labels would be wrong more often than a coin.

    A class without a line has no weight, and a bias that makes it never the verdict.
    """
    present = np.unique(labels)
    if len(present) < 2:
        raise ValueError("a head needs labels of two classes")
    m = len(present)
    at = np.searchsorted(present, labels)
    truth = np.eye(m)[at]
    weights = (len(labels) / (m * np.bincount(at)))[at, None]  # [n, 1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, b = flat[:-m].reshape(m, -1), flat[-m:]
        logits = z @ w.T + b
        total = scipy.special.logsumexp(logits, axis=1, keepdims=True)
        error = weights * (np.exp(logits - total) - truth)  # [n, m]
        value = c * float((weights * (total - (logits * truth).sum(1, keepdims=True))).sum())
        grad = np.concatenate([(c * (error.T @ z) + w).ravel(), c * error.sum(0)])
        return value + 0.5 * float((w * w).sum()), grad

    start = np.zeros(m * (z.shape[1] + 1))
    options = {"maxiter": 200, "ftol": 1e-10, "gtol": 1e-6}
    found = minimizer()(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weight, bias = np.zeros((k, z.shape[1])), np.full(k, NEVER)
    weight[present], bias[present] = found[:-m].reshape(m, -1), found[-m:]
    return weight, bias


@cache
def minimizer() -> Callable:
    """`scipy.optimize.minimize`, and one thread for the BLAS that scipy brings beside numpy's."""
    minimize = scipy.optimize.minimize
    threadpool_limits(1, user_api="blas")
    return minimize


def unsure(probabilities: np.ndarray) -> np.ndarray:
    """Whether each row [n, k] has its two best within `MARGIN`."""
    best = np.sort(probabilities, axis=1)
    return best[:, -1] - best[:, -2] < MARGIN


def doubt(probabilities: np.ndarray) -> np.ndarray:
    """How unsure each row [n, k] is: 1 less the margin between its two best (margin sampling)."""
    best = np.sort(probabilities, axis=1)
    return 1 - (best[:, -1] - best[:, -2])
