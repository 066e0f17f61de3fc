"""A prompt's ids → new ids, one step at a time. Knows no tokenizer: the caller turns ids to text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from ulmfit_demo.models.awd_lstm import LanguageModel, State
from ulmfit_demo.models.sampling import Sampling, distribution, draw, generators


@dataclass(frozen=True)
class Step:
    """One drawn token for every text that still runs."""

    ids: list[int | None]  # one a text; None where that text has ended
    probabilities: list[float | None]  # the model's own for that token, at temperature 1


def generate(
    model: LanguageModel,
    prompt: Sequence[int],
    sampling: Sampling,
    *,
    n_steps: int,
    n_texts: int = 1,
    seed: int = 0,
    banned: Sequence[int] = (),
    stop: Sequence[int] = (),
) -> Iterator[Step]:
    """Draw up to `n_steps` tokens after `prompt` (not empty) for `n_texts` texts in one batch.

    A text ends before a token of `stop`. Tokens in `banned` are never drawn. The prompt is read once;
    each step then costs one token a text, whatever went before (fastai's `learn.predict` reads the
    whole text again for every word).
    """
    if not prompt:
        raise ValueError("the prompt holds no token")
    device = model.bias.device
    random = generators(seed, n_texts)
    running = [True] * n_texts
    with torch.inference_mode():
        logits, state = model.next_logits(torch.tensor([list(prompt)], device=device))
        logits, state = logits.expand(n_texts, -1), _repeat(state, n_texts)
    for _ in range(n_steps):
        with torch.inference_mode():
            probs = distribution(logits, sampling, banned)
            uniform = torch.stack([torch.rand((), generator=g) for g in random]).to(device)
            ids = draw(probs, uniform)
            own = logits.float().log_softmax(-1).gather(-1, ids[:, None])[:, 0].exp()
            drawn, chances = ids.tolist(), own.tolist()
        running = [r and i not in stop for r, i in zip(running, drawn, strict=True)]
        if not any(running):
            return
        yield Step(
            [i if r else None for i, r in zip(drawn, running, strict=True)],
            [p if r else None for p, r in zip(chances, running, strict=True)],
        )
        with torch.inference_mode():
            features, state = model.body.step(ids, state)
            logits = model.decode(features)


def _repeat(state: State, n: int) -> State:
    return tuple((h.expand(n, -1).clone(), c.expand(n, -1).clone()) for h, c in state)
