"""A prompt's ids → new ids, one step at a time. Knows no tokenizer: the caller turns ids to text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ulmfit_demo.models.awd_lstm import Encoder, LanguageModel, State
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.sampling import Sampling, distribution, draw, generators


@dataclass(frozen=True)
class Step:
    """One drawn token for every text that still runs; None where a text has ended.

    All figures are the model's own, at temperature 1 and before any cut.
    """

    ids: list[int | None]  # one a text
    probabilities: list[float | None]
    ranks: list[int | None]  # 1: no other token was more likely
    entropies: list[float | None]  # bits: how unsure the model was before it drew
    alternatives: list[list[tuple[int, float]]]  # the most likely tokens that may be drawn, falling
    precision: str  # in which the logits were computed


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
    forced: Sequence[int] = (),
    first_text: int = 0,
    n_alternatives: int = 0,
    precision: str | None = None,
) -> Iterator[Step]:
    """Draw up to `n_steps` tokens after `prompt` (not empty) for `n_texts` texts in one batch.

    A text ends before a token of `stop`. Tokens in `banned` are never drawn. The prompt is read once;
    each step then costs one token a text, whatever went before (fastai's `learn.predict` reads the
    whole text again for every word).

    Steering: `forced` are tokens that stand after the prompt already (kept ones, then the chosen
    alternative). They are not yielded, and they use up their share of the random numbers: token k
    of text i hangs on the seed, i, k and the tokens before it alone. Hence forcing the first tokens of
    a text of the same prompt and seed writes the rest of that text, token for token, and forcing a
    different one leaves the luck of all later tokens as it was. `first_text` is the number of the first
    text: a branch of text 2 is `n_texts=1, first_text=2`.

    `precision` as in `precision.choose`.
    """
    engine = engine_of(model)
    precision = choose(engine, "write", precision)
    device = model.bias.device
    random = generators(seed, n_texts, first_text)
    running = [True] * n_texts
    vocab_sz = model.body.sizes.vocab_sz
    with torch.inference_mode():
        seen = None
        if sampling.repetition_penalty != 1:
            seen = torch.zeros(n_texts, vocab_sz, dtype=torch.bool, device=device)
            seen[:, [*prompt, *forced]] = True
        logits, state = next_logits(model, prompt, forced, n_texts=n_texts, precision=precision)
        for g in random:
            torch.rand(len(forced), generator=g)
    for k in range(n_steps):
        with torch.inference_mode():
            uniform = torch.stack([torch.rand((), generator=g) for g in random]).to(device)
            ids = draw(distribution(logits, sampling, banned, seen), uniform)
            drawn = ids.tolist()
        running = [r and i not in stop for r, i in zip(running, drawn, strict=True)]
        if not any(running):
            return
        with torch.inference_mode():
            step = _describe(logits, ids, drawn, running, banned, n_alternatives, precision)
        yield step
        if k + 1 == n_steps:
            return
        with torch.inference_mode():
            if seen is not None:
                seen = seen.scatter(1, ids[:, None], True)
            features, state = engine.step(ids, state, precision)
            logits = engine.decode(features, precision)


def next_logits(
    model: LanguageModel,
    prompt: Sequence[int],
    forced: Sequence[int] = (),
    *,
    n_texts: int = 1,
    precision: str | None = None,
) -> tuple[Tensor, State]:
    """Logits that the token after `prompt` and `forced` is drawn from, [n_texts, vocab_sz]; the state.

    The prompt is read in fp32, in one pass. Forced tokens are read one by one and in `precision`, as
    they were when they were drawn: a state that differs in its last bit could draw another token, and
    a table of what could have come would not be the one that was drawn from.
    """
    if not prompt:
        raise ValueError("the prompt holds no token")
    engine, device = engine_of(model), model.bias.device
    precision = choose(engine, "write", precision)
    with torch.inference_mode():
        row = torch.tensor([list(prompt)], device=device)
        features, state = engine.read(row, model.body.zero_state(1))
        features = features[:, -1].expand(n_texts, -1)
        state = tuple(
            (h.expand(n_texts, -1).clone(), c.expand(n_texts, -1).clone()) for h, c in state
        )
        for token in forced:
            ids = torch.full((n_texts,), token, device=device)
            features, state = engine.step(ids, state, precision)
        return engine.decode(features, precision), state


def likeliest_next(
    body: Encoder, bias: torch.Tensor, ids: Sequence[int], n: int, banned: Sequence[int]
) -> list[tuple[int, float]]:
    """The `n` likeliest ids after `ids` with their probabilities, by an encoder and its tied decoder.

    In fp32, without an engine: for states of a model that are read once.
    """
    with torch.inference_mode():
        features, _ = body(torch.tensor([list(ids)], device=bias.device), body.zero_state(1))
        logits = F.linear(features[0, -1], body.encoder.weight, bias).float()  # [vocab_sz]
        logits[list(banned)] = -torch.inf
        best = logits.softmax(-1).topk(n)
    return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))


def _describe(logits, ids, drawn, running, banned, n_alternatives: int, precision: str) -> Step:
    logits = logits.float()
    probs = logits.softmax(-1)
    chances = probs.gather(-1, ids[:, None])[:, 0].tolist()
    # 0 and 1 as floats: half the time of booleans, and exact
    above = torch.gt(logits, logits.gather(-1, ids[:, None]), out=torch.empty_like(logits))
    ranks = (above.sum(-1).int() + 1).tolist()
    # H = log Z - sum p logit, and log Z from the largest: no second pass with a logarithm
    log_total = logits.amax(-1) - probs.amax(-1).log()
    nats = log_total - torch.linalg.vecdot(probs, logits)
    entropies = ((nats / math.log(2)).clamp_min(0) + 0.0).tolist()  # -0.0 + 0.0 is 0.0
    alternatives: list[list[tuple[int, float]]] = [[] for _ in drawn]
    if n_alternatives:
        top = probs.topk(min(n_alternatives + len(banned), probs.shape[-1]), -1)
        for row, (ps, ts) in enumerate(zip(top.values.tolist(), top.indices.tolist(), strict=True)):
            pairs = [(i, p) for i, p in zip(ts, ps, strict=True) if i not in banned]
            alternatives[row] = pairs[:n_alternatives] if running[row] else []

    def of_running(values: Sequence) -> list:
        return [v if r else None for v, r in zip(values, running, strict=True)]

    return Step(
        of_running(drawn),
        of_running(chances),
        of_running(ranks),
        of_running(entropies),
        alternatives,
        precision,
    )
