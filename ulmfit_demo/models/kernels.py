"""Matrix products with packed weights: fp16 or int8 in memory. Knows no model and chooses nothing.

A text must get the same result alone and beside others, and a prefix the same alone and inside a
longer text. PyTorch's dynamic quantization breaks both: it takes its scale from the whole batch. Here
every scale is fixed by the weights (or by the row itself), and integer sums have no order, so
rows do not see each other.

Sources: FBGEMM (Khudia et al. 2021) through `torch.ops.quantized`; the idea of moving the spread of
the inputs into the weights is SmoothQuant's (Xiao et al. 2022).
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

from ulmfit_demo.models.awd_lstm import LSTMLayer

HALF_SCALE = 1 / 63.5  # of inputs in [-1, 1] at 7 bits: an 8th can overflow 16-bit sums (AVX2)
ZERO = 64
SATURATED = 30.0  # sigmoid and tanh of it are 1 in fp32

_ops = torch.ops.quantized
# PyTorch means to take these away one day; where it has, the engine says so and uses fp32.
warnings.filterwarnings("ignore", message="torch.quantize_per_tensor")


def pack_int8(weight: Tensor, bias: Tensor | None):
    """`weight` [n_out, n_in] → packed int8, one scale an output."""
    scales = (weight.abs().amax(1) / 127).clamp_min(1e-12).double()
    zeros = torch.zeros(len(weight), dtype=torch.long)
    quantized = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
    return _ops.linear_prepack(quantized, bias)


class HalfLinear:
    """x [rows, n_in] → x W' + b [rows, n_out], the weights read as fp16, sums in fp32.

    Exact where the weights came from an fp16 file, as a bundle's do.
    """

    def __init__(self, weight: Tensor, bias: Tensor):
        self.packed = _ops.linear_prepack_fp16(weight, bias)

    def __call__(self, x: Tensor) -> Tensor:
        return _ops.linear_dynamic_fp16(x, self.packed)


class Int8Linear:
    """As `HalfLinear` with int8 weights and 7-bit inputs; `largest` [n_in] bounds |x| column-wise."""

    def __init__(self, weight: Tensor, bias: Tensor, largest: Tensor):
        self.inverse = 1 / largest.clamp_min(1e-6)
        self.packed = pack_int8(weight * largest, bias)

    def __call__(self, x: Tensor) -> Tensor:
        return _ops.linear_with_input_q_dq_qweight_dq_output_fp32(
            x * self.inverse, HALF_SCALE, ZERO, self.packed
        )


class RowInt8Linear:
    """int8 weights, and every row of inputs with a scale of its own: its largest value."""

    def __init__(self, weight: Tensor, bias: Tensor):
        self.bias, self.packed = bias, pack_int8(weight, None)

    def __call__(self, x: Tensor) -> Tensor:
        largest = x.abs().amax(1, keepdim=True).clamp_min(1e-12)
        y = _ops.linear_with_input_q_dq_qweight_dq_output_fp32(
            x / largest, HALF_SCALE, ZERO, self.packed
        )
        return torch.addcmul(self.bias, y, largest)


class HalfLSTM:
    """One LSTM layer over a sequence with fp16 weights: x [bs, seq_len, n_in], h and c [bs, n_out]."""

    def __init__(self, rnn: LSTMLayer):
        ih = _ops.linear_prepack_fp16(rnn.weight_ih_l0, rnn.bias_ih_l0)
        hh = _ops.linear_prepack_fp16(rnn.weight_hh_l0, rnn.bias_hh_l0)
        self.cell = _ops.make_quantized_cell_params_fp16(ih, hh)

    def __call__(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, h, c = _run(self.cell, x, h, c, torch.float16)
        return x, h, c


class Int8LSTM:
    """One LSTM layer with int8 weights; inputs and outputs carry two more columns: 1 and -1.

    PyTorch's loop takes the scale of each product from the smallest and largest value it meets. Two
    units that always give 1 and -1 (forget gate open, input gate closed, |cell| 30) and meet only
    zero weights fix that range, hence the scale, for every step and row.
    """

    def __init__(self, rnn: LSTMLayer, largest: Tensor):
        n = rnn.hidden_size
        self.n = n
        ih = _anchored(rnn.weight_ih_l0 * largest, n)
        hh = _anchored(rnn.weight_hh_l0, n)
        bias_ih, bias_hh = (
            _anchored_bias(rnn.bias_ih_l0, n, True),
            _anchored_bias(rnn.bias_hh_l0, n, False),
        )
        self.cell = _ops.make_quantized_cell_params_dynamic(
            pack_int8(ih, bias_ih), pack_int8(hh, bias_hh), bias_ih, bias_hh, True
        )

    def __call__(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [bs, seq_len, n_in + 2] → [bs, seq_len, n_out + 2]; h and c stay [bs, n_out]."""
        x, h, c = _run(self.cell, x, anchor(h), anchor(c, SATURATED), torch.qint8)
        return x, h[:, : self.n], c[:, : self.n]


def anchor(x: Tensor, value: float = 1.0) -> Tensor:
    """x [..., n] → [..., n + 2]: with `value` and its negative behind."""
    ends = x.new_tensor([value, -value]).expand(*x.shape[:-1], 2)
    return torch.cat([x, ends], -1)


def _anchored(weight: Tensor, n: int) -> Tensor:
    """[4 n, n_in] → [4 (n + 2), n_in + 2]: zeros for the two units of every gate and two inputs."""
    return nn.functional.pad(weight.view(4, n, -1), (0, 2, 0, 2)).reshape(4 * (n + 2), -1)


def _anchored_bias(bias: Tensor, n: int, hold: bool) -> Tensor:
    """[4 n] → [4 (n + 2)]; with `hold` the two units keep their cell: gates i shut, f and o open."""
    padded = nn.functional.pad(bias.view(4, n), (0, 2))
    if hold:
        padded[:, n:] = bias.new_tensor([-SATURATED, SATURATED, 0, SATURATED])[:, None]
    return padded.reshape(-1)


def _run(cell, x: Tensor, h: Tensor, c: Tensor, dtype: torch.dtype):
    state = (h[None].contiguous(), c[None].contiguous())
    x, h, c = torch.quantized_lstm(
        x, state, [cell], True, 1, 0.0, False, False, True, dtype=dtype, use_dynamic=True
    )
    return x, h[0], c[0]
