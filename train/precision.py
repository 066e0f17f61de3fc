"""Which number format a run computes in, and the fastai callback for it. Decides nothing else."""

from __future__ import annotations

from contextlib import ExitStack

import torch
from fastai.callback.core import Callback
from fastai.callback.fp16 import MixedPrecision
from fastai.learner import Learner

# What torch answers where it uses none of the instructions that came with AVX-512 and later.
BEFORE_AVX512 = ("DEFAULT", "NO AVX", "AVX2")


def choose(precision: str, device: torch.device) -> str:
    """`auto` → `bf16` where the processor multiplies it in hardware, else `fp32`; `fp16` on CUDA."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return "bf16" if multiplies_bf16() else "fp32"


def multiplies_bf16() -> bool:
    """Whether this processor multiplies bf16 in hardware, and torch may use that.

    `ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2`, set before torch is imported, forbids it.
    """
    if torch.backends.cpu.get_cpu_capability() in BEFORE_AVX512:
        return False
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))


class CPUAutocast(Callback):
    """bf16 autocast around the forward pass and the loss. fastai's own is for GPUs.

    A processor before AVX-512 computes it too, more slowly. oneDNN's LSTM cannot, and torch asks the
    processor, not oneDNN, whether it can: there torch's own LSTM runs.
    """

    order = MixedPrecision.order
    context: ExitStack | None = None

    def before_batch(self) -> None:
        self.context = context = ExitStack()
        if torch.backends.cpu.get_cpu_capability() in BEFORE_AVX512:
            context.enter_context(torch.backends.mkldnn.flags(enabled=False))
        context.enter_context(torch.autocast("cpu", dtype=torch.bfloat16))

    def after_pred(self) -> None:
        if isinstance(self.learn.pred, torch.Tensor):
            self.learn.pred = self.learn.pred.float()

    def after_loss(self) -> None:
        self.close()

    def after_cancel_batch(self) -> None:
        self.close()

    def close(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None


def apply(learn: Learner, precision: str) -> str:
    """Add the callback that `precision` needs to `learn`; returns the format chosen."""
    device = learn.dls.device
    chosen = choose(precision, device)
    if device.type == "cuda" and chosen in ("fp16", "bf16"):
        learn.to_bf16() if chosen == "bf16" else learn.to_fp16()
    elif chosen == "bf16":
        learn.add_cb(CPUAutocast())
    return chosen
