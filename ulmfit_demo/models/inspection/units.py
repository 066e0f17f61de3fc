"""The units of the last layer: in which order to look at them, which words excite one, who listens.

Draws nothing. Sources: the value of one unit under each character of a text, and a unit held at a value
while the model writes: Radford, Jozefowicz, Sutskever, "Learning to Generate Reviews and Discovering
Sentiment" (2017). The order by the angle of two principal components: Friendly, "Corrgrams" (2002).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ulmfit_demo.models.attribution import log_odds
from ulmfit_demo.models.awd_lstm import Classifier, Encoder, LanguageModel
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.sampling import Sampling, distribution, draw, generators

ROWS = 1_024  # words of the vocabulary read at once


def seriation(values: np.ndarray) -> np.ndarray:
    """[n_tokens, n_units] → the units in an order that puts alike ones side by side.

    Each unit becomes a point, its loadings on the two largest principal components; the order is that of
    the points' angles, cut at the widest gap between two.
    """
    centred = values - values.mean(0)
    scale = np.linalg.norm(centred, axis=0)
    rows = (centred / np.where(scale > 1e-12, scale, 1)).T  # [n_units, n_tokens]
    if min(rows.shape) < 2:
        return np.arange(rows.shape[0])
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    angles = np.arctan2(u[:, 1] * s[1], u[:, 0] * s[0])
    order = np.argsort(angles, kind="stable")
    gaps = np.diff(angles[order], append=angles[order[0]] + 2 * math.pi)
    return np.roll(order, -(int(gaps.argmax()) + 1))


def response(body: Encoder, start: int, words: Sequence[int]) -> Tensor:
    """Every unit right after the two tokens `start`, word: [words, emb_sz]."""
    with torch.inference_mode():
        device = body.encoder.weight.device
        _, state = body(torch.tensor([[start]], device=device), body.zero_state(1))
        parts = []
        for at in torch.tensor(list(words), device=device).split(ROWS):
            many = tuple((h.expand(len(at), -1), c.expand(len(at), -1)) for h, c in state)
            parts.append(body.step(at, many)[0])
        return torch.cat(parts)


def listened_to(
    model: Classifier, ids: Sequence[int], place: int, positive: int = 1
) -> tuple[Tensor, Tensor]:
    """The classifier after token `place`: its units and the gradient of the log odds, [emb_sz] each.

    The state of the last layer after that token counts twice: the pooling reads it, and the layer goes
    on from it. The gradient is that of both ways, up to the end of the text. Needs a text that is pooled
    whole or a `place` in the part that is.
    """
    device, body = model.device(), model.body
    row = torch.tensor([list(ids)], device=device)
    lengths = torch.tensor([len(ids)], device=device)
    with torch.no_grad():
        before, state = body(row[:, : place + 1], body.zero_state(1))
    *lower, (h, c) = state
    h = h.clone().requires_grad_(True)
    with torch.enable_grad():
        features = torch.cat([before[:, :place], h[:, None]], 1)
        if place + 1 < len(ids):
            x = body.through(body.encoder(row[:, place + 1 :]), (*lower, (h, c)))
            features = torch.cat([features, x], 1)
        score = log_odds(model.head(model.pool(features, lengths)), positive)[0]
    (gradient,) = torch.autograd.grad(score, h)
    return h.detach()[0], gradient[0]


def write_held(
    model: LanguageModel,
    prompt: Sequence[int],
    sampling: Sampling,
    *,
    unit: int | None,
    value: float = 0.0,
    n_steps: int,
    seed: int = 0,
    banned: Sequence[int] = (),
    stop: Sequence[int] = (),
) -> list[int]:
    """Write after `prompt` while unit `unit` of the last layer is held at `value`; None holds nothing.

    The unit is set after the prompt and after every token, before the decoder reads it and before the
    layer goes on from it. With the same seed the random numbers are those of `generation.generate`.
    """
    engine, device = engine_of(model), model.bias.device
    (random,) = generators(seed, 1)
    written: list[int] = []
    with torch.inference_mode():
        features, state = engine.read(
            torch.tensor([list(prompt)], device=device), model.body.zero_state(1)
        )
        features = features[:, -1]
        for _ in range(n_steps):
            if unit is not None:
                features = features.clone()
                features[:, unit] = value
                state = (*state[:-1], (features, state[-1][1]))
            uniform = torch.rand((), generator=random)[None].to(device)
            chances = distribution(engine.decode(features), sampling, banned, None)
            token = int(draw(chances, uniform)[0])
            if token in stop:
                break
            written.append(token)
            features, state = engine.step(torch.tensor([token], device=device), state)
    return written


def auc(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of each column: values [n, n_units], labels [n] of 0 and 1 → [n_units].

    The chance that a unit is higher for a text of label 1 than for one of label 0 (ties count half):
    Mann and Whitney's U over the number of pairs.
    """
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    n1 = int(labels.sum())
    n0 = len(labels) - n1
    u = ranks[labels == 1].sum(0) - n1 * (n1 + 1) / 2
    return u / (n1 * n0)
