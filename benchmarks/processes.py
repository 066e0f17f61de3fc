"""Two processes train one language model: our averaging of gradients against PyTorch's own.

    python -m benchmarks.processes [--processes 2] [--steps 12] [--bf16] [--recipe FILE]

Each process computes the same step on rows of its own: forward and backward of the recipe's AWD-LSTM, on
one thread, the gradients averaged by `train.distributed.AverageGradients` or by
`DistributedDataParallel`, by turns; then neither, which says what the averaging costs. Prints
milliseconds a step (median, of the slowest process) and by how much the two gradients differ.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from benchmarks.reference import report
from train import recipe
from train.distributed import AverageGradients, Group
from train.language_model import build_model, seed_everything

VOCAB = 30_008
COLUMNS = 3_700  # that the sampled softmax computes of a mini-batch: facts of the recipe
WAYS = ("ours", "DistributedDataParallel", "no averaging")


class Step(torch.nn.Module):
    """A training step's loss: the encoder, and logits of as many columns as the sampled softmax has."""

    def __init__(self, settings: recipe.LanguageModel):
        super().__init__()
        self.encoder, self.decoder = build_model(VOCAB, settings).children()

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """[rows, tokens] → scalar."""
        self.encoder.reset()
        states = self.encoder(ids)
        decoder = self.decoder.decoder
        states = states.reshape(-1, states.shape[-1])
        logits = torch.nn.functional.linear(
            states, decoder.weight[:COLUMNS], decoder.bias[:COLUMNS]
        )
        targets = ids.reshape(-1) % COLUMNS
        return torch.nn.functional.cross_entropy(logits, targets)


def begun(settings: recipe.LanguageModel) -> Step:
    """The model with the weights that the recipe's seed draws."""
    seed_everything(settings.seed)
    return Step(settings)


def one(rank: int, args: argparse.Namespace, port: int) -> None:
    """One process; the first one reports."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=args.processes)
    settings = recipe.load(args.recipe).lm
    models = {
        way: begun(settings) for way in WAYS
    }  # each its own: the wrapper hooks into its model
    wrapped = DistributedDataParallel(models[WAYS[1]])
    average = AverageGradients(Group(rank, args.processes))
    average.learn = SimpleNamespace(model=models[WAYS[0]])
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    found: dict[str, torch.Tensor] = {}
    for step in range(args.steps):
        seed_everything(1_000 * rank + step)
        ids = torch.randint(VOCAB, (settings.bs, settings.seq_len))
        for way in WAYS:
            seed_everything(1_000 * rank + step)  # the same masks of dropout
            model = models[way]
            model.zero_grad(set_to_none=True)
            dist.barrier()
            began = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
                loss = (wrapped if way == WAYS[1] else model)(ids)
            loss.backward()
            if way == WAYS[0]:
                average.after_backward()
            took = torch.tensor(time.perf_counter() - began)
            dist.all_reduce(took, dist.ReduceOp.MAX)
            seconds[way].append(took.item())
            found[way] = torch.cat(
                [p.grad.reshape(-1) for p in model.parameters() if p.grad is not None]
            )
    if rank == 0:
        a, b = found[WAYS[0]], found[WAYS[1]]
        rows = {
            way: f"{1_000 * statistics.median(s[1:]):,.0f} ms a step" for way, s in seconds.items()
        }
        rows["difference of the gradients"] = (
            f"{((a - b).norm() / b.norm()).item():.1e} of their norm"
        )
        rows["numbers averaged"] = f"{len(a):,}"
        report(f"Averaging gradients, {args.processes} processes", rows)
    dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument(
        "--bf16", action="store_true", help="products in bf16, as on machines that have them"
    )
    parser.add_argument("--recipe", type=Path, default=Path("train/recipes/imdb.toml"))
    args = parser.parse_args()
    port = 29_500 + os.getpid() % 1_000
    torch.multiprocessing.spawn(one, (args, port), nprocs=args.processes)


if __name__ == "__main__":
    main()
