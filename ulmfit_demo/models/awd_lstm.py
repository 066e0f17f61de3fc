"""AWD-LSTM for inference: plain weights, state in and state out. Trains nothing, tokenizes nothing.

fastai's `AWD_LSTM` keeps its hidden state on the module and rewrites its weights on every call, so two
users cannot share it. Here the state is an argument and a result, and the weights never change: one
model serves everyone. The outputs equal fastai's (`tests/unit/models`).

Source: Merity, Keskar, Socher, "Regularizing and Optimizing LSTM Language Models" (2017);
`fastai.text.models.awdlstm.AWD_LSTM`, `fastai.text.models.core`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = tuple[tuple[Tensor, Tensor], ...]  # per layer (h, c), each [bs, n_out]
PAD = 1


@dataclass(frozen=True)
class Sizes:
    """The numbers that fix the shapes; `n_out` of the last layer is `emb_sz` (tied weights)."""

    vocab_sz: int
    emb_sz: int
    n_hid: int
    n_layers: int

    def layer(self, i: int) -> tuple[int, int]:
        """(inputs, outputs) of LSTM layer `i`."""
        n_in = self.emb_sz if i == 0 else self.n_hid
        return n_in, self.emb_sz if i == self.n_layers - 1 else self.n_hid


class LSTMLayer(nn.LSTM):
    """`nn.LSTM` of one layer, whose weights have types: torch makes them by name."""

    weight_ih_l0: Tensor  # [4 n_out, n_in]
    weight_hh_l0: Tensor  # [4 n_out, n_out]
    bias_ih_l0: Tensor  # [4 n_out]
    bias_hh_l0: Tensor


class Encoder(nn.Module):
    """Embedding and LSTM layers: ids [bs, seq_len] → features [bs, seq_len, emb_sz]."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.sizes = sizes
        self.encoder = nn.Embedding(sizes.vocab_sz, sizes.emb_sz, padding_idx=PAD)
        self.rnns = nn.ModuleList(
            LSTMLayer(*sizes.layer(i), batch_first=True) for i in range(sizes.n_layers)
        )

    @property
    def layers(self) -> Sequence[LSTMLayer]:
        """`rnns`, lowest first, with the type that a ModuleList does not know."""
        return cast("Sequence[LSTMLayer]", self.rnns)

    def zero_state(self, bs: int) -> State:
        weight = self.encoder.weight
        return tuple(
            (weight.new_zeros(bs, n), weight.new_zeros(bs, n))
            for n in (self.sizes.layer(i)[1] for i in range(self.sizes.n_layers))
        )

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read `ids` [bs, seq_len] after `state`; returns features [bs, seq_len, emb_sz], new state."""
        if ids.shape[1] == 1:
            features, state = self.step(ids[:, 0], state)
            return features[:, None], state
        x, new_state = self.encoder(ids), []
        for rnn, (h, c) in zip(self.layers, state, strict=True):
            x, (h, c) = rnn(x, (h[None].contiguous(), c[None].contiguous()))
            new_state.append((h[0], c[0]))
        return x, tuple(new_state)

    def through(self, x: Tensor, state: State | None = None) -> Tensor:
        """x [bs, seq_len, emb_sz], already embedded → features of its shape, ready for a gradient.

        cuDNN's LSTM goes backwards only where it was told that it trains. That is told here call by call
        and, without dropout, changes no value. Switching cuDNN off would do it for every thread at once.
        """
        for rnn, (h, c) in zip(self.layers, state or self.zero_state(len(x)), strict=True):
            hx = (h[None].contiguous(), c[None].contiguous())
            x, _, _ = torch.lstm(
                x, hx, list[Tensor](rnn.all_weights[0]), True, 1, 0.0, True, False, True
            )
        return x

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one id a row: ids [bs] → features [bs, emb_sz]. Faster than `forward` for one token:
        oneDNN repacks the weights on every call, a plain cell does not."""
        x, new_state = self.encoder(ids), []
        for rnn, (h, c) in zip(self.layers, state, strict=True):
            gates = F.linear(x, rnn.weight_ih_l0, rnn.bias_ih_l0)
            gates = gates + F.linear(h, rnn.weight_hh_l0, rnn.bias_hh_l0)  # [bs, 4 n_out]
            i, f, g, o = gates.chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            x = torch.sigmoid(o) * torch.tanh(c)
            new_state.append((x, c))
        return x, tuple(new_state)


class LanguageModel(nn.Module):
    """Encoder and decoder tied to the embedding: ids → logits over the vocabulary."""

    def __init__(self, sizes: Sizes):
        super().__init__()
        self.body = Encoder(sizes)
        self.bias = nn.Parameter(torch.zeros(sizes.vocab_sz))

    def decode(self, features: Tensor) -> Tensor:
        """features [..., emb_sz] → logits [..., vocab_sz]."""
        return F.linear(features, self.body.encoder.weight, self.bias)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """ids [bs, seq_len] → logits [bs, seq_len, vocab_sz], new state."""
        features, state = self.body(ids, state or self.body.zero_state(len(ids)))
        return self.decode(features), state

    def next_logits(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits of the token after the last: ids [bs, seq_len] → [bs, vocab_sz], new state."""
        features, state = self.body(ids, state or self.body.zero_state(len(ids)))
        return self.decode(features[:, -1]), state


class Classifier(nn.Module):
    """Encoder, concat pooling (last, max, mean) and a two-layer head: ids → logits over classes.

    As fastai's `SentenceEncoder` + `PoolingLinearClassifier` on one document: the state runs over all
    tokens, the pooling over the last `max_len` of them, cut at a multiple of `bptt`.
    """

    def __init__(self, sizes: Sizes, lin_ftrs: int, n_classes: int, bptt: int, max_len: int):
        super().__init__()
        self.bptt, self.max_len = bptt, max_len
        self.temperature = 1.0  # of the calibration; a bundle's config sets it
        self.body = Encoder(sizes)
        self.norm1 = nn.BatchNorm1d(3 * sizes.emb_sz)
        self.linear1 = nn.Linear(3 * sizes.emb_sz, lin_ftrs, bias=False)
        self.norm2 = nn.BatchNorm1d(lin_ftrs)
        self.linear2 = nn.Linear(lin_ftrs, n_classes, bias=False)

    def head(self, pooled: Tensor) -> Tensor:
        """pooled [bs, 3 emb_sz] → logits [bs, n_classes]."""
        return self.linear2(self.norm2(F.relu(self.linear1(self.norm1(pooled)))))

    def pooled_from(self, length: int) -> int:
        """The first token that a document of `length` tokens pools over (0 up to `max_len` tokens)."""
        return max(0, -(-(length - self.max_len) // self.bptt)) * self.bptt

    def pool(self, features: Tensor, lengths: Tensor) -> Tensor:
        """features [bs, seq_len, emb_sz], lengths [bs] → [bs, 3 emb_sz]: last, max, mean."""
        at = torch.arange(features.shape[1], device=features.device)[None]  # [1, seq_len]
        first = torch.tensor(
            [self.pooled_from(n) for n in lengths.tolist()], device=features.device
        )
        inside = ((at >= first[:, None]) & (at < lengths[:, None]))[..., None]  # [bs, seq_len, 1]
        last = features[torch.arange(len(features), device=features.device), lengths - 1]
        top = features.masked_fill(~inside, -torch.inf).amax(1)
        mean = features.masked_fill(~inside, 0).sum(1) / inside.sum(1)
        return torch.cat([last, top, mean], 1)

    def forward(self, documents: Sequence[Sequence[int]]) -> Tensor:
        """Documents of any lengths (none empty) → logits [documents, n_classes]. One padded batch."""
        device = self.device()
        lengths = torch.tensor([len(d) for d in documents], device=device)
        if int(lengths.min()) < 1:
            raise ValueError("a document without tokens cannot be classified")
        ids = torch.full((len(documents), int(lengths.max())), PAD, dtype=torch.long)
        for row, d in zip(ids, documents, strict=True):
            row[: len(d)] = torch.as_tensor(d)
        features, _ = self.body(ids.to(device), self.body.zero_state(len(documents)))
        return self.head(self.pool(features, lengths))

    def device(self) -> torch.device:
        return self.body.encoder.weight.device
