"""A language model reads along: what comes after a text, from the states kept of the text before.

A `PromptReading` is a value: it belongs to the caller (one visitor) and is never changed. A text is
always read in the same parts, so that on a CPU the numbers are the same to the last bit whatever was
kept. Knows no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from ulmfit_demo.models.awd_lstm import LanguageModel, State
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.reading import moved
from ulmfit_demo.models.workers import single_threaded

COARSE = 64  # tokens that are read in one call, as far as so many are there
FINE = 16  # and behind them, where people type


@dataclass(frozen=True)
class PromptReading:
    """What is kept of reading `ids`: about 7.5 kB for each state. Tensors are on the CPU."""

    ids: tuple[int, ...]
    hidden: Tensor  # [emb_sz]: the last layer's state after the last token
    states: tuple[tuple[int, State], ...]  # (tokens read, state after them), ascending
    owner: str  # the engine that made it: states of another model mean nothing to this one
    reread: int  # how many tokens the call that made it had to read


def read_prompt(
    model: LanguageModel,
    ids: Sequence[int],
    before: PromptReading | None = None,
    precision: str | None = None,
) -> tuple[Tensor, PromptReading]:
    """Logits of the token after `ids` (not empty), [1, vocab_sz]; and what to keep of the reading.

    `ids` are read in fp32, from the last kept state of `before` that they share; the logits are decoded
    in `precision`, as in `generation.next_logits`.
    """
    ids = tuple(ids)
    if not ids:
        raise ValueError("the prompt holds no token")
    engine, device = engine_of(model), model.bias.device
    precision = choose(engine, "write", precision)
    last = len(ids) - 1  # the last token is always read: its features are not kept
    states = []
    if before is not None and before.owner == engine.key:
        states = _usable(before, ids, last)
    kept = states[-1][0] if states else 0
    with torch.inference_mode():
        state = moved(states[-1][1], device) if states else model.body.zero_state(1)
        row = torch.tensor([ids], device=device)
        start = kept
        while start < len(ids):
            size = _size(start, last)
            end = min(start + size, len(ids))
            # how a part is split over threads hangs on its size alone: so do its last bits
            with single_threaded() if size == FINE else nullcontext():
                features, state = engine.read(row[:, start:end], state)
            states.append((end, moved(state, torch.device("cpu"))))
            start = end
        logits = engine.decode(features[:, -1], precision)
    hidden = state[-1][0][0].float().cpu()
    read = len(ids) - kept
    if states[-1][0] % FINE or states[-1][0] % COARSE == 0:
        states.pop()  # a longer text has no part that ends there, or reads it as a coarse one
    return logits, PromptReading(ids, hidden, tuple(states), engine.key, read)


def _size(start: int, last: int) -> int:
    """How many tokens to read at `start`, of a text whose last token stands at `last`."""
    return COARSE if start < last // COARSE * COARSE else FINE


def _usable(before: PromptReading, ids: tuple[int, ...], last: int) -> list[tuple[int, State]]:
    """The states of `before` that reading `ids` alone would come through."""
    coarse = last // COARSE * COARSE
    return [
        (n, state)
        for n, state in before.states
        if n <= last and (n % COARSE == 0 or n > coarse) and ids[:n] == before.ids[:n]
    ]
