"""How unlikely was each token of a text that is already there? One pass; draws nothing.

Bands of rank as in GLTR (Gehrmann, Strobelt, Rush 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ulmfit_demo.models.awd_lstm import LanguageModel
from ulmfit_demo.models.engine import engine_of

BANDS = (10, 100, 1_000)  # GLTR's: among the ten most likely, hundred, thousand, or none
CHUNK = 64  # tokens decoded at once: their logits are 8 MB


@dataclass(frozen=True)
class Surprisal:
    """Row i is about token i of the text, given all before it. Nothing can be said of the first."""

    ids: tuple[int, ...]
    bits: tuple[float, ...]  # [n - 1]
    ranks: tuple[int, ...]  # [n - 1], 1 is the most likely
    entropies: tuple[float, ...]  # [n - 1] bits: what was to be expected
    perplexity: float  # as unsure as between this many words
    top: tuple[tuple[tuple[int, float], ...], ...]  # [n - 1] the most likely (id, probability)

    @property
    def bands(self) -> tuple[int, ...]:
        """0 to 3: which of GLTR's bands each token is in."""
        return tuple(sum(r > b for b in BANDS) for r in self.ranks)


def surprisal(
    model: LanguageModel, ids: Sequence[int], n_top: int = 0, precision: str = "fp32"
) -> Surprisal:
    """Bits, rank and entropy of every token of `ids` after the first. Needs two tokens."""
    ids = tuple(ids)
    if len(ids) < 2:
        raise ValueError("a surprise needs a token before it")
    engine = engine_of(model)
    device = model.bias.device
    bits, ranks, entropies, top = [], [], [], []
    with torch.inference_mode():
        row = torch.tensor([ids], device=device)
        features, _ = engine.read(row[:, :-1], model.body.zero_state(1), precision)
        for part, targets in zip(features[0].split(CHUNK), row[0, 1:].split(CHUNK), strict=True):
            logs = engine.decode(part, precision).float().log_softmax(-1)  # [chunk, vocab_sz]
            own = logs.gather(-1, targets[:, None])
            bits += (-own[:, 0] / math.log(2) + 0.0).tolist()  # -0.0 + 0.0 is 0.0
            ranks += ((logs > own).sum(-1) + 1).tolist()
            probs = logs.exp()
            nats = -torch.linalg.vecdot(probs, logs)
            entropies += (nats.clamp_min(0) / math.log(2) + 0.0).tolist()
            if n_top:
                best = probs.topk(n_top, -1)
                top += [
                    tuple(zip(i, p, strict=True))
                    for i, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)
                ]
    return Surprisal(
        ids,
        tuple(bits),
        tuple(ranks),
        tuple(entropies),
        2 ** (sum(bits) / len(bits)),
        tuple(top),
    )
