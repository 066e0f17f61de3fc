"""Texts → features that a head learns from. Fits nothing.

From the language model a text gives its state after `PROMPT`, which is read behind it, and the mean of
its states. What a language model keeps is what helps to guess the next word; behind "Overall, it was a"
that is a judgement of the text. On crops of held-out reviews a head on both was right in 0.70 with 50
labels, on last, max and mean of the states in 0.62 (`benchmarks/results/few_labels.md`).

From the classifier, whose training was on last, max and mean, it is these three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ulmfit_demo import limits
from ulmfit_demo.models.awd_lstm import PAD, Encoder, State
from ulmfit_demo.models.engine import Engine
from ulmfit_demo.models.workers import cores, side_by_side

PROMPT = "Overall, it was a"
LM, CLASSIFIER = "lm", "classifier"
ENCODERS = (LM, CLASSIFIER)
BS = 64
MEAN = 0.5  # deviation of the mean beside the state after the prompt: it tells topics, and few opinions


@dataclass(frozen=True)
class Reader:
    """An encoder as `features` wants it: where it runs, in which precision, what it reads behind."""

    body: Encoder
    kind: str  # one of ENCODERS
    prompt: tuple[int, ...]  # ids read behind each text; () for the classifier
    engine: Engine | None = None  # its fast paths; None: the plain module
    precision: str = "fp32"

    def read(self, ids: Tensor, state: State) -> Tensor:
        """ids [bs, seq_len] → the last layer's states [bs, seq_len, emb_sz]."""
        if self.engine is None:
            return self.body(ids, state)[0]
        return self.engine.read(ids, state, self.precision)[0]


def with_layer(body: Encoder, tuned: dict[str, Tensor]) -> Encoder:
    """`body` with a last layer of its own; embedding and lower layers are the same tensors."""
    layer = nn.LSTM(*body.sizes.layer(body.sizes.n_layers - 1), batch_first=True)
    layer.load_state_dict({k: v.float() for k, v in tuned.items()})
    layer.to(body.encoder.weight.device)
    own = Encoder.__new__(Encoder)
    nn.Module.__init__(own)
    own.sizes, own.encoder = body.sizes, body.encoder
    own.rnns = nn.ModuleList([*list(body.rnns)[:-1], layer])
    return own.eval().requires_grad_(False)


def width(reader: Reader) -> int:
    """How many features a text has."""
    return (3 if reader.kind == CLASSIFIER else 2) * reader.body.sizes.emb_sz


def weights(kind: str, d: int) -> np.ndarray:
    """The deviation that each of the d features gets when they are standardized."""
    result = np.ones(d)
    if kind == LM:
        result[d // 2 :] = MEAN
    return result


def features(reader: Reader, documents: Sequence[Sequence[int]]) -> np.ndarray:
    """Documents as ids, `xxbos` first → float32 [n, width]. Texts are cut at `TEACH_TOKENS`."""
    result = np.zeros((len(documents), width(reader)), np.float32)
    cut = [list(d)[: limits.TEACH_TOKENS] for d in documents]
    order = sorted(range(len(cut)), key=lambda i: len(cut[i]), reverse=True)
    batches = [order[i : i + BS] for i in range(0, len(order), BS)]
    n = cores() if len(batches) > 1 and reader.body.encoder.weight.device.type == "cpu" else 1

    def read(which: list[int]) -> tuple[list[int], np.ndarray]:
        with torch.inference_mode():
            return which, _pooled(reader, [cut[i] for i in which]).float().cpu().numpy()

    for which, rows in side_by_side(read, batches, n):
        result[which] = rows
    return result


def _pooled(reader: Reader, documents: list[list[int]]) -> Tensor:
    """One batch: [n, width]."""
    device = reader.body.encoder.weight.device
    lengths = torch.tensor([len(d) for d in documents], device=device)
    whole = [d + list(reader.prompt) for d in documents]
    ids = torch.full((len(whole), max(map(len, whole))), PAD, dtype=torch.long)
    for row, d in zip(ids, whole, strict=True):
        row[: len(d)] = torch.as_tensor(d)
    states = reader.read(ids.to(device), reader.body.zero_state(len(whole)))
    at = torch.arange(states.shape[1], device=device)[None]
    inside = (at < lengths[:, None])[..., None]
    rows = torch.arange(len(whole), device=device)
    last = states[rows, lengths + len(reader.prompt) - 1]
    mean = states.masked_fill(~inside, 0).sum(1) / lengths[:, None]
    if reader.kind == LM:
        return torch.cat([last, mean], 1)
    return torch.cat([last, states.masked_fill(~inside, -torch.inf).amax(1), mean], 1)


def along(reader: Reader, ids: Sequence[int]) -> np.ndarray:
    """The features of each beginning of a text: `ids` [n] → float32 [n, width].

    A text's states are read once. The prompt is then read behind every beginning, all at once.
    """
    ids = list(ids)
    with torch.inference_mode():
        body = reader.body
        device = body.encoder.weight.device
        row, state = torch.tensor([ids], device=device), body.zero_state(1)
        states, kept = [], []
        for i in range(len(ids)):
            out, state = body(row[:, i : i + 1], state)
            states.append(out[:, 0])
            kept.append(state)
        plain = torch.cat(states)  # [n, emb_sz]
        count = torch.arange(1, len(ids) + 1, device=device)[:, None]
        mean = plain.cumsum(0) / count
        if reader.kind == CLASSIFIER:
            parts = [plain, plain.cummax(0).values, mean]
        else:
            many = tuple(
                (torch.cat([s[i][0] for s in kept]), torch.cat([s[i][1] for s in kept]))
                for i in range(len(state))
            )
            prompts = torch.tensor([reader.prompt] * len(ids), device=device)
            parts = [body(prompts, many)[0][:, -1], mean]
        return torch.cat(parts, 1).float().cpu().numpy()
