"""How far a language model remembers: one token's bits after changed contexts. Knows no text.

Three changes of what stands before the token: one token left out, all but the last k left out, all but
the last k shuffled. Each is a batch of contexts of unlike lengths, which start from the state after what
they share with the text.

Source: Khandelwal, He, Qi, Jurafsky, "Sharp Nearby, Fuzzy Far Away: How Neural Language Models Use
Context" (2018).
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ulmfit_demo.models.awd_lstm import LanguageModel
from ulmfit_demo.models.engine import Engine, Unavailable, engine_of
from ulmfit_demo.models.inspection.states import States, read_states
from ulmfit_demo.models.precision import ENV, GAIN

DISTANCES = (1, 2, 4, 8, 16, 32, 64)  # tokens whose order is kept
DRAWS = 3
CHUNK = 32  # tokens read at once; then the contexts that have ended leave the batch


@dataclass(frozen=True)
class Memory:
    """Token `place` of a text, given what stands before it. Bits: the smaller, the likelier."""

    place: int
    bits: float  # after the whole context
    gradient: tuple[float, ...]  # [place] bits that each token took away (first order)
    left_out: tuple[float, ...]  # [place] bits more without it
    shortened: tuple[float, ...]  # [place] bits after the last 1, 2 … `place` tokens alone
    shuffled: tuple[
        tuple[int, float], ...
    ]  # (k, bits with all but the last k shuffled), mean of draws


def recall(
    model: LanguageModel,
    ids: Sequence[int],
    place: int,
    precision: str = "fp32",
    states: States | None = None,
) -> Memory:
    """What token `place` (1 or more) owes to each token before it. `states`: of the tokens before it."""
    if not 0 < place < len(ids):
        raise ValueError(f"token {place} has no token before it")
    context, target = list(ids[:place]), ids[place]
    states = states or read_states(model.body, context)
    distances = [k for k in DISTANCES if k < place - 1]
    contexts = [context]  # the whole one, then each kind of change
    contexts += [context[k + 1 :] for k in range(place)]
    starts = [0, *range(place)]
    contexts += [context[place - k :] for k in range(1, place + 1)]
    contexts += [shuffled(context, k, seed) for k in distances for seed in range(DRAWS)]
    starts += [0] * (len(contexts) - len(starts))
    found = bits_after(model, contexts, target, precision, states, starts)
    whole, rest = found[0], found[1:]
    draws = rest[2 * place :]
    return Memory(
        place,
        whole,
        gradients(model, context, target),
        tuple(b - whole for b in rest[:place]),
        tuple(rest[place : 2 * place]),
        tuple(
            (k, sum(draws[DRAWS * i : DRAWS * (i + 1)]) / DRAWS) for i, k in enumerate(distances)
        ),
    )


_precisions: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


def precision(engine: Engine) -> str:
    """bf16 where this machine reads many contexts faster in it, else fp32. Measured once, in 0.1 s.

    int8 is left out: a difference of bits between two contexts is smaller than its rounding.
    """
    if os.environ.get(ENV):
        return "bf16" if os.environ[ENV] == "bf16" else "fp32"
    if engine not in _precisions:
        ids, best = torch.zeros(16, 16, dtype=torch.long), {"fp32": math.inf, "bf16": math.inf}
        ids = ids.to(engine.body.encoder.weight.device)
        with torch.inference_mode():
            for name in ("fp32", "bf16") * 3:
                started = time.perf_counter()
                try:
                    engine.read(ids, engine.body.zero_state(16), name)
                except (Unavailable, RuntimeError):
                    continue  # its time stays infinite
                best[name] = min(best[name], time.perf_counter() - started)
        _precisions[engine] = "bf16" if best["bf16"] * GAIN < best["fp32"] else "fp32"
    return _precisions[engine]


def shuffled(context: Sequence[int], k: int, seed: int) -> list[int]:
    """`context` with all tokens but the first (`xxbos`) and the last `k` in another order."""
    cut = max(1, len(context) - k)
    older = list(context[1:cut])
    random.Random(seed).shuffle(older)
    return [*context[:1], *older, *context[cut:]]


def gradients(model: LanguageModel, context: Sequence[int], target: int) -> tuple[float, ...]:
    """Gradient times embedding of each token of `context`, in bits: above 0 it made `target` likely."""
    body = model.body
    with torch.enable_grad():
        row = torch.tensor([list(context)], device=model.bias.device)
        embedded = body.encoder(row).detach().requires_grad_(True)
        log_p = model.decode(body.through(embedded)[0, -1]).log_softmax(-1)[target]
    (gradient,) = torch.autograd.grad(log_p, embedded)
    return tuple(((gradient * embedded.detach())[0].sum(-1) / math.log(2)).tolist())


def bits_after(
    model: LanguageModel,
    contexts: Sequence[Sequence[int]],
    targets: int | Sequence[int],
    precision: str = "fp32",
    states: States | None = None,
    starts: Sequence[int] | None = None,
) -> list[float]:
    """The bits of `targets` (one for all, or one each) after `contexts`, in the order given.

    A context goes on from the state after so many tokens of `states` as `starts` says, 0 without them;
    an empty one is that state alone.
    """
    starts = [0] * len(contexts) if starts is None else list(starts)
    many = [targets] * len(contexts) if isinstance(targets, int) else list(targets)
    order = sorted(range(len(contexts)), key=lambda i: len(contexts[i]), reverse=True)
    engine, device = engine_of(model), model.bias.device
    sizes = [len(contexts[i]) for i in order]
    with torch.inference_mode():
        if states is None:
            state = model.body.zero_state(len(order))
        else:
            state = states.after([starts[i] for i in order])
        last = state[-1][0].clone()  # [contexts, emb_sz]: what an empty context leaves
        for start in range(0, sizes[0], CHUNK):
            k = sum(size > start for size in sizes)  # those still running stand first
            end = min(start + CHUNK, sizes[0])
            ids = torch.zeros(k, end - start, dtype=torch.long)
            for row, i in zip(ids, order, strict=False):
                part = torch.as_tensor(contexts[i][start:end])
                row[: len(part)] = part
            state = tuple((h[:k], c[:k]) for h, c in state)
            features, state = engine.read(ids.to(device), state, precision)
            ended = [r for r in range(k) if sizes[r] <= end]
            at = torch.tensor(
                [sizes[r] - 1 - start for r in ended], dtype=torch.long, device=device
            )
            last[ended] = features[ended, at]
        found = _bits(model, last, torch.tensor([many[i] for i in order], device=device))
    result = [0.0] * len(contexts)
    for i, value in zip(order, found, strict=True):
        result[i] = value
    return result


def _bits(model: LanguageModel, features: Tensor, targets: Tensor) -> list[float]:
    """features [rows, emb_sz], targets [rows] → the bits of each target after its features."""
    result: list[float] = []
    for part, ids in zip(features.split(64), targets.split(64), strict=True):  # logits of 8 MB
        logits = model.decode(part).float()
        nats = logits.logsumexp(-1) - logits.gather(-1, ids[:, None])[:, 0]
        result += (nats.clamp_min(0) / math.log(2)).tolist()
    return result
