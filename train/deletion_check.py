"""Do the tokens that an attribution method names matter? Deletes them, and others at random.

Source: ERASER's comprehensiveness (DeYoung et al. 2020).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ulmfit_demo.models.awd_lstm import Classifier
from ulmfit_demo.models.classification import classify


@dataclass(frozen=True)
class DeletionCheck:
    """How far the probability moved, on average over the documents."""

    top: float  # without the `k` tokens that spoke most for the verdict
    random: float  # without `k` tokens drawn at random
    ratio: float
    k: int
    n: int  # documents


def deletion_check(
    model: Classifier,
    documents: Sequence[Sequence[int]],
    scores: Sequence[Sequence[float]],
    *,
    k: int = 5,
    draws: int = 3,
    seed: int = 0,
    skip: Collection[int] = (),
    positive: int = 1,
) -> DeletionCheck:
    """Delete the `k` tokens with the most weight for the verdict; compare with `k` random ones.

    `scores` are one method's, in log-odds for the positive class. Tokens in `skip` (the markers) are
    deleted by neither. Documents with `k` other tokens or fewer are left out.
    """
    rng = np.random.default_rng(seed)
    used: list[tuple[list[int], np.ndarray, np.ndarray]] = []
    cut: list[list[int]] = []
    for ids, scored in zip(documents, scores, strict=True):
        places = np.asarray([i for i, t in enumerate(ids) if t not in skip])
        if len(places) > k:
            used.append((list(ids), np.asarray(scored), places))
    if not used:
        raise ValueError(f"no document has more than {k} tokens to delete")
    whole = classify(model, [ids for ids, _, _ in used], precision="fp32")[:, positive]
    for (document, weights, places), p in zip(used, whole.tolist(), strict=True):
        toward = weights[places] if p >= 0.5 else -weights[places]
        strongest = places[np.argsort(-toward, kind="stable")[:k]]
        others = [rng.choice(places, k, replace=False) for _ in range(draws)]
        cut += [without(document, gone.tolist()) for gone in (strongest, *others)]
    after = classify(model, cut, precision="fp32")[:, positive].view(len(used), draws + 1)
    moved = (after - whole[:, None]).abs().double()
    top, random = float(moved[:, 0].mean()), float(moved[:, 1:].mean())
    return DeletionCheck(top, random, top / max(random, 1e-12), k, len(used))


def without(ids: Sequence[int], gone: Collection[int]) -> list[int]:
    """`ids` without the positions `gone`."""
    gone = set(int(i) for i in gone)
    return [t for i, t in enumerate(ids) if i not in gone]
