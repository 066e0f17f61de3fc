"""Several processes train one language model (`torchrun -m train lm …`). Trains nothing by itself.

Each rank reads its own rows of the stream, so the rows keep their order and their hidden state; the
gradients are averaged before each step. That is what `DistributedDataParallel` computes. It is not used
because it hides the model behind a wrapper that fastai's callbacks (`ModelResetter`, ours) do not look
through; fastai's own `distrib_ctx` deals out batches to ranks, which would break the rows, and calls
`.cuda()` on CPU processes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from fastai.callback.core import Callback


@dataclass(frozen=True)
class Group:
    """The processes that train together; by default one alone."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """True for the one process that logs and saves weights."""
        return self.rank == 0

    def agree(self, wanted: bool) -> bool:
        """What the first process wants, on all of them: clocks differ, a decision must not."""
        if self.world == 1:
            return wanted
        flag = torch.tensor([int(wanted)], device=_device())
        dist.broadcast(flag, 0)
        return bool(flag.item())

    def wait(self) -> None:
        """Return when every process has come here."""
        if self.world > 1:
            dist.barrier()


ALONE = Group()


def start() -> Group:
    """Join the processes that `torchrun` started; a group of one without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Group()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Group(dist.get_rank(), world)


def stop(group: Group) -> None:
    """Leave the group."""
    if group.world > 1 and dist.is_initialized():
        dist.destroy_process_group()


def same_weights(model: torch.nn.Module, group: Group) -> None:
    """Give every process the first one's weights."""
    if group.world > 1:
        for tensor in model.state_dict().values():
            dist.broadcast(tensor, 0)


class AverageGradients(Callback):
    """Average the gradients of all ranks after the backward pass, before clipping and the step."""

    run_valid = False

    def __init__(self, group: Group):
        self.group = group

    def after_backward(self) -> None:
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        flat = torch.cat([g.reshape(-1) for g in grads])  # one message instead of one a tensor
        dist.all_reduce(flat)
        flat /= self.group.world
        at = 0
        for g in grads:
            g.copy_(flat[at : at + g.numel()].view_as(g))
            at += g.numel()


def _device() -> torch.device:
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
