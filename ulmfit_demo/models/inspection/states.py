"""The state of an encoder after every token, gate by gate, in fp32. Knows no text and keeps nothing.

`nn.LSTM` gives the hidden state after every token, but neither the gates nor the cell state on the way.
Here the products with the inputs are made for all tokens at once, and only those with the hidden state
step by step: 128 tokens of a 300/640/2 encoder take about 20 ms on two cores.

Source of the names: Hochreiter and Schmidhuber 1997, in the order that PyTorch's `nn.LSTM` stores them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ulmfit_demo.models.awd_lstm import Encoder, LSTMLayer, State
from ulmfit_demo.models.workers import single_threaded

GATES = ("input", "forget", "candidate", "output")


@dataclass(frozen=True)
class LayerStates:
    """One LSTM layer read over one text. Row t is about token t; all on the encoder's device."""

    h: Tensor  # [n_tokens, n_out] hidden state after the token
    c: Tensor  # [n_tokens, n_out] cell state after it
    gates: Tensor  # [n_tokens, 4, n_out] in the order of `GATES`; the candidate is between -1 and 1


@dataclass(frozen=True)
class States:
    """Every layer of an encoder read over one text."""

    layers: tuple[LayerStates, ...]

    @property
    def units(self) -> Tensor:
        """[n_tokens, emb_sz]: the hidden state of the last layer, what the decoder reads."""
        return self.layers[-1].h

    def after(self, places: Sequence[int]) -> State:
        """The states after so many tokens each, one a row: 0 is the zero state."""
        at = torch.tensor(list(places), device=self.units.device)

        def rows(x: Tensor) -> Tensor:
            return F.pad(x, (0, 0, 1, 0))[at]  # a row of zeros stands before the first token

        return tuple((rows(layer.h), rows(layer.c)) for layer in self.layers)


def read_states(body: Encoder, ids: Sequence[int]) -> States:
    """Read `ids` (not empty) from the zero state and keep what happens at every token."""
    if not ids:
        raise ValueError("a text without tokens has no states")
    with torch.inference_mode():
        x = body.encoder(torch.tensor([list(ids)], device=body.encoder.weight.device))[0]
        layers = []
        for rnn in body.layers:
            layers.append(_read_layer(rnn, x))
            x = layers[-1].h
    return States(tuple(layers))


def _read_layer(rnn: LSTMLayer, x: Tensor) -> LayerStates:
    """x [n_tokens, n_in] → the layer's states."""
    n = rnn.hidden_size
    inputs = F.linear(x, rnn.weight_ih_l0, rnn.bias_ih_l0 + rnn.bias_hh_l0)  # [n_tokens, 4 n]
    h, c = inputs.new_zeros(n), inputs.new_zeros(n)
    hidden, cells, opened = [], [], []
    with single_threaded():  # a row at a time is too little for two
        for row in inputs:
            s = torch.addmv(row, rnn.weight_hh_l0, h)
            gates = torch.stack(
                [
                    s[:n].sigmoid(),
                    s[n : 2 * n].sigmoid(),
                    s[2 * n : 3 * n].tanh(),
                    s[3 * n :].sigmoid(),
                ]
            )
            c = gates[1] * c + gates[0] * gates[2]
            h = gates[3] * c.tanh()
            hidden.append(h)
            cells.append(c)
            opened.append(gates)
    return LayerStates(torch.stack(hidden), torch.stack(cells), torch.stack(opened))
