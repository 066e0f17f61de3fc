"""A classifier reads along: its probability after every token, kept so that a keystroke is cheap.

A `Reading` is a value: it belongs to the caller (one visitor) and is never changed. `read_along` takes
the one before and the new ids, and reads only from the last kept state before the first token that
changed. Knows no text, and holds nothing between calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from ulmfit_demo.models.awd_lstm import Classifier, State
from ulmfit_demo.models.calibration import probabilities
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.workers import single_threaded

STRIDE = 64  # tokens between kept states
FINE = 8  # and in the last FINE_TAIL tokens, where people type
FINE_TAIL = 32


@dataclass(frozen=True)
class Reading:
    """What the classifier made of `ids`: row i of each tensor is about the first i + 1 tokens.

    About 1.3 kB a token at `emb_sz` 300, and 7.5 kB for each kept state. Tensors are on the CPU.
    """

    ids: tuple[int, ...]
    logits: Tensor  # [n_tokens, n_classes]
    probabilities: Tensor  # [n_tokens, n_classes], calibrated
    features: Tensor  # [n_tokens, emb_sz]
    states: tuple[tuple[int, State], ...]  # (tokens read, state after them), rising
    precision: str
    owner: str  # the engine that made it: states of another model mean nothing to this one
    reread: int  # how many tokens the call that made it had to read

    @property
    def n_bytes(self) -> int:
        """What it keeps in memory, for a bounded cache."""
        tensors = [self.logits, self.probabilities, self.features]
        tensors += [t for _, state in self.states for pair in state for t in pair]
        return sum(t.numel() * t.element_size() for t in tensors)


def read_along(
    model: Classifier,
    ids: Sequence[int],
    before: Reading | None = None,
    precision: str | None = None,
) -> Reading:
    """Read `ids` (not empty), taking over what `before` knows of the same first tokens.

    The result is the same with and without `before`, and row i equals classifying the first i + 1
    ids alone (1e-4), longer than `max_len` tokens included.
    """
    ids = tuple(ids)
    if not ids:
        raise ValueError("a document without tokens cannot be classified")
    engine = engine_of(model)
    precision = choose(engine, "read", precision)
    if before is not None and (before.owner != engine.key or before.precision != precision):
        before = None
    same = _shared(ids, before.ids) if before else 0
    if before is not None and same == len(ids) == len(before.ids):
        return Reading(**{**vars(before), "reread": 0})
    states = [s for s in before.states if s[0] <= same] if before else []
    start = kept = states[-1][0] if states else 0
    device = model.device()
    with torch.inference_mode():
        state = moved(states[-1][1], device) if states else model.body.zero_state(1)
        parts = [before.features[:start]] if before and start else []
        row = torch.tensor([ids], device=device)
        # int8 and fp16 products of one row gain nothing from a second thread
        split = single_threaded if precision in ("int8", "half") else nullcontext
        for end in _cuts(start, len(ids)):
            with split():
                part, state = engine.read(row[:, start:end], state, precision)
            parts.append(part[0].cpu())
            states.append((end, moved(state, torch.device("cpu"))))
            start = end
        states = _thin(states, len(ids))
        features = torch.cat(parts)
        same = min(same, len(ids) - 1)  # the last row is always made anew; it costs nothing
        pooled = running_pools(model, features, same)
        logits = model.head(pooled.to(device)).float().cpu()
        probs = probabilities(logits, model.temperature)
        if before and same:
            logits = torch.cat([before.logits[:same], logits])
            probs = torch.cat([before.probabilities[:same], probs])
    return Reading(
        ids, logits, probs, features, tuple(states), precision, engine.key, len(ids) - kept
    )


def running_pools(model: Classifier, features: Tensor, start: int = 0) -> Tensor:
    """features [n, emb_sz] → [n - start, 3 emb_sz]: what is pooled after token start, start + 1 …

    Each is last, max and mean over the tokens that `Classifier` pools for a document of that length.
    """
    result, n = [], len(features)
    while start < n:
        first = model.pooled_from(start + 1)
        end = start + 1
        while end < n and model.pooled_from(end + 1) == first:
            end += 1
        new = features[start:end]
        total, top = new.cumsum(0), new.cummax(0).values
        if start > first:
            total = total + features[first:start].sum(0)
            top = torch.maximum(top, features[first:start].amax(0))
        count = torch.arange(start + 1 - first, end + 1 - first, device=features.device)
        result.append(torch.cat([new, top, total / count[:, None]], 1))
        start = end
    return torch.cat(result)


def _shared(a: Sequence[int], b: Sequence[int]) -> int:
    """How many first items two sequences share."""
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    return next(i for i in range(n) if a[i] != b[i])


def _cuts(start: int, end: int) -> list[int]:
    """Where to keep a state between two tokens, `end` included: seldom, then often near the end."""
    tail = max(start, end - FINE_TAIL)
    coarse = [i for i in range(start + 1, tail) if i % STRIDE == 0]
    fine = [i for i in range(tail, end) if i % FINE == 0 and i > start]
    return [*coarse, *fine, end] if start < end else []


def _thin(states: list[tuple[int, State]], end: int) -> list[tuple[int, State]]:
    """Drop the fine states that are no longer near the end."""
    return [s for s in states if s[0] % STRIDE == 0 or s[0] > end - 2 * FINE_TAIL]


def moved(state: State, device: torch.device) -> State:
    """`state` on `device`."""
    return tuple((h.to(device), c.to(device)) for h, c in state)
