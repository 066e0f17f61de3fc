"""Sampled softmax for fastai: a training step scores some of the vocabulary, not all.

The decoder's matrix product over the whole vocabulary is most of a small language model's training
cost. A step scores the batch's own targets and `extra` more words drawn without replacement, and each
logit is lowered by the log of its chance to be among them (Bengio & Senécal 2008; TensorFlow's
`sampled_softmax_loss` corrects the same way). Validation always scores the whole vocabulary.

The loss and its gradients are computed together, a block of tokens at a time, so that no tensor
[tokens, columns] is written: the block's logits are still in the cache when the gradients need them.
"""

from __future__ import annotations

import torch
from fastai.callback.core import Callback
from fastai.losses import CrossEntropyLossFlat
from fastai.text.models.core import LinearDecoder
from torch import Tensor

from train.checkpoint import Checkpoint

BLOCK = 1_024  # tokens whose logits are held at once: 8 MB of bf16 at 3,700 columns


class BlockwiseCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of a linear layer's logits, with its gradients, a block of tokens at a time.

    `apply(x [tokens, emb_sz], weight [columns, emb_sz], bias [columns], targets int64 [tokens])` gives
    what `F.cross_entropy(F.linear(x, weight, bias), targets)` gives, as float32 []. The matrix products
    are computed in autocast's format where it is on, else in that of `weight`; sums over tokens and
    columns in float32. A token's loss ends at 87 nats, where its probability leaves float32's range.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        device = x.device.type
        dtype = weight.dtype
        if torch.is_autocast_enabled(device):
            dtype = torch.get_autocast_dtype(device)
        with torch.autocast(device, enabled=False):
            # The bias is two more columns of the product, against inputs of 1: no pass of its own. Two,
            # since a short format would round it before the sum, alike for every token of a word.
            high = bias.to(dtype)
            low = (bias.float() - high.float()).to(dtype)
            w = torch.cat(
                [weight.to(dtype), high[:, None], low[:, None]], 1
            )  # [columns, emb_sz + 2]
            inputs = torch.cat([x.to(dtype), x.new_ones(len(x), 2, dtype=dtype)], 1)
            loss = torch.zeros((), device=x.device)
            dx = torch.empty(x.shape, dtype=dtype, device=x.device)
            dw = torch.zeros(w.shape, device=x.device)
            for start in range(0, len(x), BLOCK):
                rows = slice(start, start + BLOCK)
                block, target = inputs[rows], targets[rows, None]
                p = torch.softmax(block @ w.t(), 1)  # [block, columns]
                of_target = p.gather(1, target)
                loss -= of_target.float().clamp(min=torch.finfo(torch.float32).tiny).log().sum()
                p.scatter_(1, target, of_target - 1)  # now the gradient of the logits, times tokens
                torch.mm(p, w[:, :-2], out=dx[rows])
                if dtype == torch.float32:
                    dw.addmm_(p.t(), block)
                else:
                    dw += p.t() @ block
        ctx.save_for_backward(dx, dw)
        ctx.formats = x.dtype, weight.dtype, bias.dtype
        return loss / len(x)

    @staticmethod
    def backward(ctx, grad: Tensor):
        dx, dw = ctx.saved_tensors
        scale = grad / len(dx)
        of_x, of_weight, of_bias = ctx.formats
        dw = dw * scale
        return (dx * scale).to(of_x), dw[:, :-2].to(of_weight), dw[:, -2].to(of_bias), None


def log_inclusion(counts: Tensor, n_targets: int, extra: int) -> Tensor:
    """Log of the chance that a word is scored in a step: float [vocab].

    `1 - (1 - p_w)^N · (1 - M/V)`: it is one of `N` targets drawn with its frequency `p_w`, or one of
    `M` words drawn evenly out of `V`. A word never seen has only the second chance.
    """
    p = counts.double() / counts.sum()  # [vocab]
    missed = torch.exp(n_targets * torch.log1p(-p.clamp(max=1 - 1e-12))) * (1 - extra / len(counts))
    return torch.log1p(-missed).float()


class SampledDecoder(LinearDecoder):
    """fastai's `LinearDecoder` (same parameters, same names) that can leave the logits to the loss."""

    columns: Tensor | None = None  # int64 [columns]; None: the whole vocabulary
    correction: Tensor | None = None  # float [columns], subtracted from the logits

    def forward(self, input: Tensor):  # [bs, seq_len, emb_sz]
        if self.columns is None:
            return super().forward(input)
        dropped = self.output_dp(input)
        return dropped, input, dropped

    def sampled_loss(self, dropped: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy over the step's columns; `targets` [bs, seq_len] are numbers of columns."""
        assert self.columns is not None  # `forward` was called with columns
        # `embedding`, not an index: its gradient is summed without sorting the columns
        weight = torch.nn.functional.embedding(self.columns, self.decoder.weight)
        bias = self.decoder.bias[self.columns] - self.correction
        x = dropped.reshape(-1, dropped.shape[-1])
        return BlockwiseCrossEntropy.apply(x, weight, bias, targets.reshape(-1))


class SampledLoss(CrossEntropyLossFlat):
    """fastai's loss, but over the columns that `decoder` was given, where it was given some."""

    def __init__(self, decoder: SampledDecoder):
        super().__init__()
        self.decoder = decoder

    def __call__(self, inp: Tensor, targ: Tensor, **kwargs) -> Tensor:
        if self.decoder.columns is None:
            return super().__call__(inp, targ, **kwargs)
        return self.decoder.sampled_loss(inp.as_subclass(Tensor), targ.as_subclass(Tensor))


class SampledSoftmax(Callback):
    """Choose the columns of each training step and renumber its targets to them."""

    order = Checkpoint.order + 1  # it draws: the checkpoint sets the random state before it
    run_valid = False

    def __init__(self, counts: Tensor, extra: int):
        self.counts, self.extra = counts, extra
        self._log_q: dict[int, Tensor] = {}

    def before_batch(self) -> None:
        decoder, y = self.learn.model[1], self.learn.yb[0]  # y: [bs, seq_len]
        vocab_sz = len(self.counts)
        wanted = torch.zeros(vocab_sz, dtype=torch.bool, device=y.device)
        wanted[torch.randperm(vocab_sz)[: self.extra].to(y.device)] = True
        wanted[y.flatten().as_subclass(Tensor)] = True
        place = wanted.cumsum(0) - 1  # [vocab] → column
        if y.numel() not in self._log_q:
            self._log_q[y.numel()] = log_inclusion(self.counts, y.numel(), self.extra).to(y.device)
        decoder.columns = wanted.nonzero().squeeze(1)
        decoder.correction = self._log_q[y.numel()][decoder.columns]
        self.learn.yb = (place[y.as_subclass(Tensor)],)

    def after_batch(self) -> None:
        self.learn.model[1].columns = None

    def after_cancel_batch(self) -> None:
        self.learn.model[1].columns = None
