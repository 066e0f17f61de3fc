"""Logits → the next token, as pure functions. Knows no model, no text and no user.

Order of the cuts: temperature first, then top-k, top-p and min-p on what is left of it (as
`transformers`' logits processors). Sources: top-p, Holtzman et al. 2020; min-p, Nguyen et al. 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How one request draws. `temperature` 0 takes the most likely token."""

    temperature: float = 0.75
    top_k: int = 0  # keep the k most likely; 0: all
    top_p: float = 1.0  # keep the fewest that hold this share of the probability
    min_p: float = 0.0  # keep those at least this share of the most likely one


def distribution(logits: Tensor, settings: Sampling, banned: Sequence[int] = ()) -> Tensor:
    """Probabilities to draw from: logits [..., vocab_sz] → [..., vocab_sz], 0 where cut or banned."""
    logits = logits.float().clone()
    logits[..., list(banned)] = -torch.inf
    if settings.temperature <= 0:
        best = logits.argmax(-1, keepdim=True)
        return torch.zeros_like(logits).scatter_(-1, best, 1.0)
    probs = (logits / settings.temperature).softmax(-1)
    if 0 < settings.top_k < probs.shape[-1]:
        smallest = probs.topk(settings.top_k, -1).values[..., -1:]
        probs = probs.masked_fill(probs < smallest, 0)
    if settings.top_p < 1:
        ordered, order = probs.sort(-1, descending=True)
        before = ordered.cumsum(-1) - ordered  # the share of those more likely
        cut = before >= settings.top_p * probs.sum(-1, keepdim=True)
        cut[..., 0] = False  # the most likely one always stays
        probs = probs.masked_fill(cut.scatter(-1, order, cut), 0)
    if settings.min_p > 0:
        probs = probs.masked_fill(probs < settings.min_p * probs.amax(-1, keepdim=True), 0)
    return probs / probs.sum(-1, keepdim=True)


def draw(probs: Tensor, uniform: Tensor) -> Tensor:
    """One token a row: probs [rows, vocab_sz], uniform [rows] in [0, 1) → ids [rows].

    The inverse of the cumulated distribution, so that a row depends on its own number alone and not
    on how many rows are drawn beside it.
    """
    cumulated = probs.double().cumsum(-1)
    target = uniform.double()[:, None] * cumulated[:, -1:]
    ids = torch.searchsorted(cumulated, target, right=True)[:, 0]
    last = (probs > 0).long().cumsum(-1).argmax(-1)  # the last one that can be drawn
    return torch.minimum(ids, last)


def generators(seed: int, n: int) -> list[torch.Generator]:
    """One random generator a text: text `i` of a seed is the same, however many are written."""
    return [torch.Generator().manual_seed(seed * 1_000_003 + i) for i in range(n)]
