"""Which tokens made the verdict: integrated gradients and leave-one-out.

The score is the log-odds: the positive class's logit less the other's (calibration not applied). Both
methods work in fp32. Draws nothing, knows no text.

Sources: Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep Networks" (2017), as captum's
`IntegratedGradients` (the tests compare; its import takes a second and 27 MB); leave-one-out: Li,
Monroe, Jurafsky, "Understanding Neural Networks through Representation Erasure" (2016).
`train/deletion_check.py` checks both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ulmfit_demo.models.awd_lstm import Classifier
from ulmfit_demo.models.engine import engine_of

STEPS = (8, 16, 32, 64, 128, 256)  # tried in turn until the sum is right
COMPLETE = 0.02  # of the difference of the scores
CELLS = 4_096  # tokens of a batch of gradients; bounds its memory
BLOCK = 32  # tokens that leave-one-out reads from one kept state


@dataclass(frozen=True)
class Attribution:
    """Scores in log-odds: above 0 for the positive class."""

    scores: tuple[float, ...]  # one a token
    total: float  # what the scores should sum to: score of the text less score of the baseline
    error: float  # share of `total` by which the sum misses it
    n_steps: int  # passes along the path


def log_odds(logits: Tensor, positive: int = 1) -> Tensor:
    """logits [..., 2] → [...]."""
    return logits[..., positive] - logits[..., 1 - positive]


def integrated_gradients(
    model: Classifier, ids: Sequence[int], positive: int = 1, complete: float = COMPLETE
) -> Attribution:
    """Integrated gradients on the embeddings of `ids`, from embeddings of zero (`xxpad`'s).

    Gauss-Legendre points, doubled until the scores sum to the difference of the log-odds within the
    share `complete`, at most `STEPS[-1]`. About three passes over the text a point.
    """
    n = len(ids)
    device = model.device()

    def score(embedded: Tensor) -> Tensor:
        x = model.body.through(embedded)
        lengths = torch.full((len(x),), n, device=device)
        return log_odds(model.head(model.pool(x, lengths)), positive)

    with torch.no_grad():
        embedded = model.body.encoder(torch.tensor([list(ids)], device=device))  # [1, n, emb_sz]
        total = float(score(embedded) - score(torch.zeros_like(embedded)))
    for n_steps in STEPS:
        gradient = mean_gradient(score, embedded, n_steps, max(1, CELLS // n))
        scores = (gradient * embedded)[0].sum(-1)
        error = abs(float(scores.sum()) - total) / max(abs(total), 1e-6)
        if error <= complete:
            break
    return Attribution(tuple(scores.tolist()), total, error, n_steps)


def mean_gradient(
    score: Callable[[Tensor], Tensor], end: Tensor, n_steps: int, rows: int
) -> Tensor:
    """The mean gradient of `score` from zero to `end` [1, ...], at `n_steps` Gauss-Legendre points.

    `rows`: points of a batch. Returns a tensor shaped as `end`.
    """
    points, weights = np.polynomial.legendre.leggauss(n_steps)  # of the integral from -1 to 1
    shape = (-1, *[1] * (end.ndim - 1))
    at, share = (end.new_tensor(x).view(shape) for x in ((1 + points) / 2, weights / 2))
    mean = torch.zeros_like(end)
    for some, of_them in zip(at.split(rows), share.split(rows), strict=True):
        with torch.enable_grad():
            between = (some * end).requires_grad_(True)
            (gradients,) = torch.autograd.grad(score(between).sum(), between)
        mean += (of_them * gradients).sum(0, keepdim=True)
    return mean


def first_order(model: Classifier, ids: Sequence[int], positive: int = 1) -> tuple[float, ...]:
    """Gradient of the log odds times embedding of each token: one pass forth and back.

    A first guess at `leave_one_out`, at a hundredth of its price; far from exact.
    """
    device = model.device()
    with torch.enable_grad():
        row = torch.tensor([list(ids)], device=device)
        embedded = model.body.encoder(row).detach().requires_grad_(True)
        x = model.body.through(embedded)
        lengths = torch.tensor([len(ids)], device=device)
        score = log_odds(model.head(model.pool(x, lengths)), positive)[0]
    (gradient,) = torch.autograd.grad(score, embedded)
    return tuple((gradient * embedded.detach())[0].sum(-1).tolist())


def leave_one_out(
    model: Classifier,
    ids: Sequence[int],
    positive: int = 1,
    progress: Callable[[float], None] | None = None,
) -> tuple[float, ...]:
    """For each token, the score of the text less that of the text without it.

    Texts without a token of one block of `BLOCK` share the state before the block and have one length,
    so they are one batch without padding: half the work of reading every text whole. A text of one token
    has nothing to compare with: (0,).
    """
    ids = list(ids)
    n = len(ids)
    if n < 2:
        return (0.0,) * n
    engine, device = engine_of(model), model.device()
    row = torch.tensor(ids, device=device)
    result: list[float] = []
    with torch.inference_mode():
        prefix: list[torch.Tensor] = []
        state = model.body.zero_state(1)
        whole, _ = engine.read(row[None], state)
        lengths = torch.tensor([n], device=device)
        full = float(log_odds(model.head(model.pool(whole, lengths)), positive)[0])
        for start in range(0, n, BLOCK):
            size = min(BLOCK, n - start)
            rest = row[start:].expand(size, -1)  # [size, n - start]
            keep = torch.ones(size, n - start, dtype=torch.bool, device=device)
            keep[:, :size].fill_diagonal_(False)
            shorter = rest[keep].view(size, n - start - 1)
            before = torch.cat(prefix, 1) if prefix else whole[:, :0]
            features = before.expand(size, -1, -1)
            if shorter.shape[1]:
                many = tuple((h.expand(size, -1), c.expand(size, -1)) for h, c in state)
                features = torch.cat([features, engine.read(shorter, many)[0]], 1)
            lengths = torch.full((size,), n - 1, device=device)
            logits = model.head(model.pool(features, lengths))
            result += (full - log_odds(logits, positive)).tolist()
            part, state = engine.read(row[None, start : start + size], state)
            prefix.append(part)
            if progress:
                progress((start + size) / n)
    return tuple(result)
