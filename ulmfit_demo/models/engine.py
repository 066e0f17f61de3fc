"""The fast paths of one model: read many tokens, write one. Measures nothing, samples nothing.

`read` is one pass over many tokens, `step` one token a row, `decode` features → logits. Each exists
in several precisions with the weights packed once and shared by everyone; `precision` chooses.
fp32 is the module itself. Weights must not change once an engine has packed them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from threading import RLock
from uuid import uuid4
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ulmfit_demo.models import kernels
from ulmfit_demo.models.awd_lstm import Classifier, Encoder, LanguageModel, State

Linear = Callable[[Tensor], Tensor]


class Unavailable(RuntimeError):
    """This machine cannot run a precision; the message says why."""


class Engine:
    """One model's encoder, and its decoder if it has one, in every precision asked for."""

    def __init__(self, model: LanguageModel | Classifier):
        self.body = model.body
        self.bias = model.bias if isinstance(model, LanguageModel) else None
        self.key = uuid4().hex  # a value made by this engine can tell that it was
        self._parts: dict[tuple[str, str], object] = {}
        self._lock = RLock()

    def read(self, ids: Tensor, state: State, precision: str = "fp32") -> tuple[Tensor, State]:
        """ids [bs, seq_len] → features [bs, seq_len, emb_sz] in fp32, new state."""
        if precision == "fp32":
            return self._long(self.body, ids, state)
        if precision == "bf16":
            half = self._part("bf16", "body")
            features, state = self._long(half, ids, _cast(state, torch.bfloat16))
            return features.float(), _cast(state, torch.float32)
        layers, new_state = self._part(precision, "layers"), []
        x = self.body.encoder(ids)
        if precision == "int8":
            x = kernels.anchor(x * self._part("int8", "inverse"))
        for layer, (h, c) in zip(layers, state, strict=True):
            x, h, c = layer(x, h, c)
            new_state.append((h, c))
        return x[..., : self.body.sizes.emb_sz], tuple(new_state)

    def step(self, ids: Tensor, state: State, precision: str = "fp32") -> tuple[Tensor, State]:
        """Read one id a row: ids [bs] → features [bs, emb_sz], new state."""
        x, new_state = self.body.encoder(ids), []
        for gates, (h, c) in zip(self._part(precision, "cells"), state, strict=True):
            n = h.shape[1]
            s = gates(torch.cat([x, h], 1)).sigmoid_()  # tanh(g) is 2 sigmoid(2 g) - 1
            i, f, g, o = s[:, :n], s[:, n : 2 * n], s[:, 2 * n : 3 * n], s[:, 3 * n :]
            c = torch.addcmul(f * c - i, i, g, value=2)
            x = o * c.tanh()
            new_state.append((x, c))
        return x, tuple(new_state)

    def decode(self, features: Tensor, precision: str = "fp32") -> Tensor:
        """features [rows, emb_sz] → logits [rows, vocab_sz]."""
        return self._part(precision, "decoder")(features)

    def drop(self, precision: str) -> None:
        """Free what was packed for `precision`."""
        with self._lock:
            for key in [k for k in self._parts if k[0] == precision]:
                del self._parts[key]

    def _long(self, body: Encoder, ids: Tensor, state: State) -> tuple[Tensor, State]:
        x, new_state = body.encoder(ids), []
        for rnn, (h, c) in zip(body.rnns, state, strict=True):
            x, (h, c) = rnn(x, (h[None].contiguous(), c[None].contiguous()))
            new_state.append((h[0], c[0]))
        return x, tuple(new_state)

    def _part(self, precision: str, name: str):
        part = self._parts.get((precision, name))
        if part is None:
            with self._lock:
                part = self._parts.get((precision, name))
                if part is None:
                    part = self._parts[precision, name] = self._make(precision, name)
        return part

    @torch.no_grad()
    def _make(self, precision: str, name: str):
        if precision in ("half", "int8") and self.body.encoder.weight.device.type != "cpu":
            raise Unavailable(f"{precision} runs on the CPU only")
        try:
            return getattr(self, f"_make_{name}")(precision)
        except (RuntimeError, AttributeError, NotImplementedError) as e:
            raise Unavailable(f"{precision}: {str(e).splitlines()[0]}") from e

    def _make_body(self, precision: str) -> Encoder:
        return copy.deepcopy(self.body).to(torch.bfloat16)

    def _largest(self) -> Tensor:
        return self.body.encoder.weight.abs().amax(0).clamp_min(1e-6)  # [emb_sz]

    def _make_inverse(self, precision: str) -> Tensor:
        return 1 / self._largest()

    def _make_layers(self, precision: str) -> list:
        if precision == "half":
            return [kernels.HalfLSTM(rnn) for rnn in self.body.layers]
        result, largest = [], self._largest()
        for rnn in self.body.layers:
            result.append(kernels.Int8LSTM(rnn, largest))
            largest = largest.new_ones(rnn.hidden_size)
        return result

    def _make_cells(self, precision: str) -> list[Linear]:
        result, largest = [], self._largest()
        for rnn in self.body.layers:
            n = rnn.hidden_size
            weight = torch.cat([rnn.weight_ih_l0, rnn.weight_hh_l0], 1)
            bias = rnn.bias_ih_l0 + rnn.bias_hh_l0
            double = torch.ones(4, 1, 1, device=bias.device)
            double[2] = 2  # gate g, for the sigmoid that stands in for its tanh; exact in fp16
            weight = (weight.view(4, n, -1) * double).reshape(4 * n, -1)
            bias = (bias.view(4, n) * double[..., 0]).reshape(-1)
            bound = torch.cat([largest, largest.new_ones(n)])
            result.append(_linear(precision, weight, bias, bound))
            largest = largest.new_ones(n)
        return result

    def _make_decoder(self, precision: str) -> Linear:
        if self.bias is None:
            raise TypeError("a classifier has no decoder")
        weight = self.body.encoder.weight.detach()
        if precision == "int8":
            return kernels.RowInt8Linear(weight, self.bias.detach())
        return _linear(precision, weight, self.bias.detach(), None)


def _linear(precision: str, weight: Tensor, bias: Tensor, largest: Tensor | None) -> Linear:
    if precision == "fp32":
        return lambda x: F.linear(x, weight, bias)
    if precision == "half":
        return kernels.HalfLinear(weight, bias)
    if precision == "int8":
        assert largest is not None  # the decoder alone has none, and its int8 is another
        return kernels.Int8Linear(weight, bias, largest)
    raise Unavailable(f"{precision} has no single-step path")


def _cast(state: State, dtype: torch.dtype) -> State:
    return tuple((h.to(dtype), c.to(dtype)) for h, c in state)


_engines: WeakKeyDictionary[nn.Module, Engine] = WeakKeyDictionary()
_engines_lock = RLock()


def engine_of(model: LanguageModel | Classifier) -> Engine:
    """The one engine of `model` in this process; it lives as long as the model."""
    with _engines_lock:
        engine = _engines.get(model)
        if engine is None:
            engine = _engines[model] = Engine(model)
        return engine
