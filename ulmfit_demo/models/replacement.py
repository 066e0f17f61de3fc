"""What a language model would write in one place of a text, given both sides of it. Knows no words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ulmfit_demo.models.awd_lstm import LanguageModel
from ulmfit_demo.models.engine import engine_of

SPARE = 20  # of the likeliest ids: so many more are looked at, because some are not allowed


def replacements(
    model: LanguageModel,
    before: Sequence[int],
    after: Sequence[int],
    allowed: Callable[[int], bool],
    considered: int,
    n: int,
) -> list[int]:
    """The best `n` ids for the place between the ids `before` (not empty) and `after`.

    The model proposes `considered` ids by what stands before. They are ranked by log p(id | before) +
    log p(after | before, id): how likely each makes what follows counts as well.
    """
    engine, device = engine_of(model), model.bias.device
    with torch.inference_mode():
        features, state = engine.read(
            torch.tensor([list(before)], device=device), model.body.zero_state(1)
        )
        logs = engine.decode(features[:, -1]).float().log_softmax(-1)[0]  # [vocab_sz]
        best = logs.topk(min(considered + SPARE, len(logs))).indices.tolist()
        chosen = [i for i in best if allowed(i)][:considered]
        if not chosen:
            return []
        scores = logs[chosen]
        if after:
            rows = torch.tensor([[i, *after] for i in chosen], device=device)
            many = tuple((h.expand(len(rows), -1), c.expand(len(rows), -1)) for h, c in state)
            features, _ = engine.read(rows[:, :-1], many)  # [considered, len(after), emb_sz]
            for k, target in enumerate(after):
                scores = scores + engine.decode(features[:, k]).float().log_softmax(-1)[:, target]
    order = scores.argsort(descending=True)[:n].tolist()
    return [chosen[i] for i in order]
