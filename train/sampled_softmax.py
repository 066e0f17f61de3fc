"""Sampled softmax as a fastai callback: a training step scores some of the vocabulary, not all.

The decoder's matrix product over the whole vocabulary is most of a small language model's training
cost. A step scores the batch's own targets and `extra` more words drawn without replacement, and each
logit is lowered by the log of its chance to be among them (Bengio & Senécal 2008; TensorFlow's
`sampled_softmax_loss` corrects the same way). Validation always scores the whole vocabulary.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from fastai.callback.core import Callback
from fastai.text.models.core import LinearDecoder
from torch import Tensor

from train.checkpoint import Checkpoint


def log_inclusion(counts: Tensor, n_targets: int, extra: int) -> Tensor:
    """Log of the chance that a word is scored in a step: float [vocab].

    `1 - (1 - p_w)^N · (1 - M/V)`: it is one of `N` targets drawn with its frequency `p_w`, or one of
    `M` words drawn evenly out of `V`. A word never seen has only the second chance.
    """
    p = counts.double() / counts.sum()  # [vocab]
    missed = torch.exp(n_targets * torch.log1p(-p.clamp(max=1 - 1e-12))) * (1 - extra / len(counts))
    return torch.log1p(-missed).float()


class SampledDecoder(LinearDecoder):
    """fastai's `LinearDecoder` (same parameters, same names) that can score chosen columns only."""

    columns: Tensor | None = None  # int64 [columns]; None: the whole vocabulary
    correction: Tensor | None = None  # float [columns], subtracted from the logits

    def forward(self, input: Tensor):  # [bs, seq_len, emb_sz]
        if self.columns is None:
            return super().forward(input)
        dropped = self.output_dp(input)
        logits = F.linear(
            dropped,
            self.decoder.weight[self.columns],
            self.decoder.bias[self.columns] - self.correction,
        )  # [bs, seq_len, columns]
        return logits, input, dropped


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
