"""Logits → the next token, as pure functions. Knows no model, no text and no user.

Order of the cuts: repetition penalty on the logits, temperature, then top-k, top-p and min-p on what
is left (as `transformers`' logits processors). Sources: top-p, Holtzman et al. 2020; min-p, Nguyen et
al. 2024; repetition penalty, Keskar et al. 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 256  # tokens of a block when drawing
TINY_TEMPERATURE = 1e-3  # a logit divided by less could overflow
PREFILTER = 256  # top-p looks at this many before it sorts all


@dataclass(frozen=True)
class Sampling:
    """How one request draws. `temperature` 0 takes the most likely token."""

    temperature: float = 0.75
    top_k: int = 0  # keep the k most likely; 0: all
    top_p: float = 1.0  # keep the fewest that hold this share of the probability
    min_p: float = 0.0  # keep those at least this share of the most likely one
    repetition_penalty: float = 1.0  # above 1: tokens seen before become less likely


def penalize(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """logits [..., vocab_sz] with those of `seen` (bool, same shape) divided by `penalty` where they
    are positive and multiplied where they are negative, as `transformers` does."""
    changed = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, changed, logits)


def distribution(
    logits: Tensor,
    settings: Sampling,
    banned: Sequence[int] = (),
    seen: Tensor | None = None,
) -> Tensor:
    """Probabilities to draw from: logits [..., vocab_sz] → [..., vocab_sz], 0 where cut or banned.

    `seen` (bool, shape of `logits`) are the tokens that the repetition penalty falls on.
    """
    logits = logits.float()
    if seen is not None and settings.repetition_penalty != 1:
        logits = penalize(logits, seen, settings.repetition_penalty)
    if TINY_TEMPERATURE <= settings.temperature != 1:
        logits = logits / settings.temperature
    else:
        logits = logits.clone()
    logits[..., list(banned)] = -torch.inf
    if settings.temperature <= 0:
        best = logits.argmax(-1, keepdim=True)
        return torch.zeros_like(logits).scatter_(-1, best, 1.0)
    if settings.temperature < TINY_TEMPERATURE:
        logits -= logits.amax(-1, keepdim=True)
        logits /= settings.temperature
    probs = logits.softmax(-1)
    uncut = True
    if 0 < settings.top_k < probs.shape[-1]:
        smallest = probs.topk(settings.top_k, -1).values[..., -1:]
        probs, uncut = probs.masked_fill(probs < smallest, 0), False
    if settings.top_p < 1:
        probs, uncut = _top_p(probs, settings.top_p), False
    if settings.min_p > 0:
        smallest = settings.min_p * probs.amax(-1, keepdim=True)
        probs, uncut = probs.masked_fill(probs < smallest, 0), False
    return probs if uncut else probs / probs.sum(-1, keepdim=True)


def _top_p(probs: Tensor, top_p: float) -> Tensor:
    """`probs` with 0 for those outside the smallest set that holds `top_p` of the sum.

    The set is nearly always small, so the most likely `PREFILTER` are tried first; where they hold too
    little, all are sorted. The outcome is the same.
    """
    wanted = top_p * probs.sum(-1, keepdim=True)
    n = min(PREFILTER, probs.shape[-1])
    ordered, order = probs.topk(n, -1)
    if n < probs.shape[-1] and bool((ordered.sum(-1, keepdim=True) < wanted).any()):
        ordered, order = probs.sort(-1, descending=True)
    before = ordered.cumsum(-1) - ordered  # the share of those more likely
    kept = before < wanted
    kept[..., 0] = True  # the most likely one always stays
    return torch.zeros_like(probs).scatter_(-1, order, ordered * kept)


def draw(probs: Tensor, uniform: Tensor) -> Tensor:
    """One token a row: probs [rows, vocab_sz], uniform [rows] in [0, 1) → ids [rows].

    The inverse of the cumulated distribution, so that a row depends on its own number alone and not
    on how many rows are drawn beside it. First the block, then the place in it: one pass of sums.
    """
    n = probs.shape[1]
    whole = n - n % BLOCK
    blocks = probs[:, :whole].unflatten(1, (-1, BLOCK))  # a view: no copy of the vocabulary
    rest = probs[:, whole:].sum(-1, keepdim=True, dtype=torch.double)
    sums = torch.cat([blocks.sum(-1, dtype=torch.double), rest], 1)
    cumulated = sums.cumsum(-1)
    target = uniform.double()[:, None] * cumulated[:, -1:]
    at = torch.searchsorted(cumulated, target, right=True).clamp_(max=sums.shape[1] - 1)
    target = target - (cumulated.gather(1, at) - sums.gather(1, at))
    places = at * BLOCK + torch.arange(BLOCK, device=probs.device)  # [rows, BLOCK]
    inside = probs.gather(1, places.clamp(max=n - 1)).masked_fill_(places >= n, 0)
    inside = inside.cumsum(-1, dtype=torch.double)
    ids = at * BLOCK + torch.searchsorted(inside, target, right=True).clamp_(max=BLOCK - 1)
    ids.clamp_(max=n - 1)
    # Two sums of the same numbers may differ in the last bit; what cannot be drawn must not come of it.
    possible = probs.gather(-1, ids) > 0
    if not bool(possible.all()):
        ids = torch.where(possible, ids, probs.argmax(-1, keepdim=True))
    return ids[:, 0]


def generators(seed: int, n: int, first: int = 0) -> list[torch.Generator]:
    """One random generator a text: text `i` of a seed is the same, however many are written."""
    return [torch.Generator().manual_seed(seed * 1_000_003 + first + i) for i in range(n)]


@dataclass(frozen=True)
class Candidate:
    """One token that could come next."""

    id: int
    probability: float  # among all tokens, before any cut
    drawable: float  # after the cuts; 0 where one took it
    cut_by: str  # "", "banned", "top-k", "top-p" or "min-p": the first that took it


@dataclass(frozen=True)
class NextWords:
    """The next token's distribution at one temperature."""

    temperature: float
    candidates: tuple[Candidate, ...]  # the most likely, falling
    entropy: float  # bits, before the cuts
    kept: int  # tokens that can be drawn
    rank: int | None  # of the drawn token, 1 is the most likely
    drawn: Candidate | None


def next_words(
    logits: Tensor,
    temperatures: Sequence[float],
    settings: Sampling,
    *,
    n: int = 10,
    drawn: int | None = None,
    banned: Sequence[int] = (),
    seen: Tensor | None = None,
) -> list[NextWords]:
    """What the same `logits` [vocab_sz] mean at each temperature, with what `settings` cut.

    The temperature in `settings` is not used. Temperature 0 gives the most likely token all.
    """
    logits = logits.float()
    if seen is not None and settings.repetition_penalty != 1:
        logits = penalize(logits, seen, settings.repetition_penalty)
    result = []
    for t in temperatures:
        cut_by = _cuts(logits, t, settings, banned)
        drawable = distribution(
            logits,
            Sampling(t, settings.top_k, settings.top_p, settings.min_p),
            banned,
        )
        full = distribution(logits, Sampling(t))
        which = logits.topk(min(n, len(logits))).indices.tolist()
        wanted = which if drawn is None else [*which, drawn]
        made = {i: Candidate(i, float(full[i]), float(drawable[i]), cut_by(i)) for i in wanted}
        result.append(
            NextWords(
                temperature=t,
                candidates=tuple(made[i] for i in which),
                entropy=float(entropy_bits(full)),
                kept=int((drawable > 0).sum()),
                rank=None if drawn is None else int((logits > logits[drawn]).sum()) + 1,
                drawn=None if drawn is None else made[drawn],
            )
        )
    return result


def _cuts(logits: Tensor, temperature: float, settings: Sampling, banned: Sequence[int]):
    """A function of an id: the first cut that takes it."""
    stages = [("banned", Sampling(temperature))]
    stages.append(("top-k", Sampling(temperature, settings.top_k)))
    stages.append(("top-p", Sampling(temperature, settings.top_k, settings.top_p)))
    stages.append(("min-p", Sampling(temperature, settings.top_k, settings.top_p, settings.min_p)))
    after = [(name, distribution(logits, s, banned)) for name, s in stages]

    def cut_by(i: int) -> str:
        if temperature <= 0:
            return "banned" if i in banned else ""
        return next((name for name, probs in after if not float(probs[i])), "")

    return cut_by


def entropy_bits(probs: Tensor) -> Tensor:
    """probs [..., n] → [...]: entropy in bits, never below 0 and never -0.0."""
    nats = torch.special.xlogy(probs, probs).sum(-1).neg().clamp_min(0)
    return nats / torch.log(probs.new_tensor(2.0)) + 0.0  # -0.0 + 0.0 is 0.0
