"""AWD-LSTM's embedding dropout and activation penalties (AR, TAR), equal to fastai's, in fewer passes.

fastai multiplies the whole embedding by its dropout mask in each step, and the whole gradient again:
here only the rows that the step reads. The penalties and their gradients are computed without the
temporaries that autograd keeps for each operation. Same random numbers, same results up to rounding.
"""

from __future__ import annotations

import torch
from fastai.callback.rnn import RNNRegularizer
from fastai.text.models.awdlstm import EmbeddingDropout, dropout_mask
from torch import Tensor
from torch.nn import functional as F


class RowDropout(EmbeddingDropout):
    """fastai's `EmbeddingDropout` (no parameters of its own), applied to the rows that are read."""

    def forward(self, words: Tensor, scale: float | None = None) -> Tensor:  # → [*words, emb_sz]
        emb = self.emb
        if emb.max_norm is not None or emb.scale_grad_by_freq or emb.sparse or scale is not None:
            return super().forward(words, scale)
        padding = -1 if emb.padding_idx is None else emb.padding_idx
        rows = F.embedding(words, emb.weight, padding)
        if not self.training or not self.embed_p:
            return rows
        mask = dropout_mask(emb.weight.data, (len(emb.weight), 1), self.embed_p)
        return rows * F.embedding(words, mask)


class Penalty(torch.autograd.Function):
    """`alpha · mean(out²) + beta · mean((raw[:, 1:] - raw[:, :-1])²)`: float32 [].

    `out`: the dropped-out output of the last layer [bs, seq_len, emb_sz], `raw`: the same before
    dropout. A factor of 0 leaves its part out.
    """

    @staticmethod
    def forward(ctx, out: Tensor, raw: Tensor, alpha: float, beta: float) -> Tensor:
        total = torch.zeros((), device=out.device)
        step = None
        if alpha:
            total += alpha * mean_square(out)
        if beta:
            step = raw[:, 1:] - raw[:, :-1]
            total += beta * mean_square(step)
        ctx.save_for_backward(out, step)
        ctx.alpha, ctx.beta, ctx.shape = alpha, beta, raw.shape
        return total

    @staticmethod
    def backward(ctx, grad: Tensor):
        out, step = ctx.saved_tensors
        of_out = of_raw = None
        if ctx.alpha:
            of_out = out * (2 * ctx.alpha / out.numel() * grad)
        if ctx.beta:
            scaled = step * (2 * ctx.beta / step.numel() * grad)
            of_raw = scaled.new_empty(ctx.shape)
            of_raw[:, 0] = 0
            of_raw[:, 1:] = scaled
            of_raw[:, :-1] -= scaled
        return of_out, of_raw, None, None


def mean_square(x: Tensor) -> Tensor:
    """Mean of the squares, summed in float32: []."""
    flat = x.float().reshape(-1)
    return flat.dot(flat) / len(flat)


class FewPassRegularizer(RNNRegularizer):
    """fastai's `RNNRegularizer` through `Penalty`; leaves TAR out of a batch of one token a row."""

    def after_loss(self) -> None:
        if not self.training:
            return
        out, raw = self.rnn.out.as_subclass(Tensor), self.rnn.raw_out.as_subclass(Tensor)
        beta = self.beta if len(raw) > 1 and raw.shape[1] > 1 else 0.0
        self.learn.loss_grad = self.learn.loss_grad + Penalty.apply(out, raw, self.alpha, beta)
