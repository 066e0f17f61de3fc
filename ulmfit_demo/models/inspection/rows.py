"""The rows of embedding matrices: nearest neighbours by cosine, and a map in two dimensions.

Knows no text. A matrix is [vocab_sz, emb_sz]; its norms are worked out once and kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Rows:
    """One embedding matrix, ready to be searched."""

    matrix: Tensor  # [vocab_sz, emb_sz] fp32, on the CPU

    @cached_property
    def norms(self) -> Tensor:
        """[vocab_sz], never 0."""
        with torch.inference_mode():
            return self.matrix.norm(dim=1).clamp_min(1e-12)

    def cosines(self, row: int) -> Tensor:
        """[vocab_sz]: the cosine of every row with row `row`."""
        with torch.inference_mode():
            return torch.mv(self.matrix, self.matrix[row] / self.norms[row]) / self.norms

    def nearest(self, row: int, n: int, banned: Sequence[int] = ()) -> list[tuple[int, float]]:
        """The `n` rows nearest to row `row`, without itself and `banned`: (row, cosine), falling."""
        cosines = self.cosines(row).clone()
        cosines[[row, *banned]] = -torch.inf
        best = cosines.topk(min(n, len(cosines) - 1 - len(set(banned) - {row})))
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def kept(before: Rows, after: Rows, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """The cosine of a word's row in `before` with its row in `after`: [pairs], 1 is not moved.

    Meaningful where `after` was trained from `before`: the axes are the same.
    """
    a, b = (torch.tensor([p[i] for p in pairs]) for i in (0, 1))
    with torch.inference_mode():
        products = (before.matrix[a] * after.matrix[b]).sum(1)
        return (products / before.norms[a] / after.norms[b]).numpy()


def flat(points: np.ndarray) -> tuple[np.ndarray, float]:
    """[n, emb_sz] → [n, 2] on the two largest principal components, and their share of the variance."""
    centred = points - points.mean(0)
    if len(points) < 3:
        return np.zeros((len(points), 2)), 0.0
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    share = float((s[:2] ** 2).sum() / max((s**2).sum(), 1e-12))
    signs = np.where(
        np.abs(u[:, :2]).argmax(0) >= 0, np.sign(u[np.abs(u[:, :2]).argmax(0), [0, 1]]), 1
    )
    return u[:, :2] * s[
        :2
    ] * signs, share  # the largest coordinate of each is positive: no mirror images
