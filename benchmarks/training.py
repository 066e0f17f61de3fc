"""`python -m train lm` against plain fastai on the same model: tokens a second, and the loss they buy.

    python benchmarks/training.py [--run runs/first] [--batches 40] [--turn 5]

Both train an AWD-LSTM of the recipe's sizes on the same mini-batches with one-cycle, each in a process
of its own and by turns of a few batches, so that a slow minute hits both and neither has the other's
settings. Plain fastai: its own learner, loader and Adam, fp32, the whole softmax, the allocator as it
is. Then both are validated on the same held-out reviews. Needs the run's `data/` (stage `data`).

A machine without bf16 products, on one that has them:

    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 python benchmarks/training.py --precision fp32
"""

import argparse
import dataclasses
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import Learner  # noqa: F401  (adds fit_one_cycle)
from fastai.data.core import DataLoaders
from fastai.losses import CrossEntropyLossFlat
from fastai.text.data import LMDataLoader
from fastai.text.learner import LMLearner
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_lm_split
from fastai.text.models.core import get_language_model
from reference import report

from train import precision, recipe
from train.allocator import keep_pages
from train.data import Corpus, Documents
from train.labels import NoValidation
from train.language_model import config, learner, loaders, seed_everything

VALID = 100  # held-out reviews that both are validated on
SIDES = ("plain fastai", "train lm")


class Part:
    """The corpus cut to what `n` mini-batches read; stands in for a `Corpus` in `learner`."""

    def __init__(self, corpus: Corpus, tokens: int):
        self.vocab, self.token_counts = corpus.vocab, corpus.token_counts
        whole = corpus.split("train", "unsup")
        spread = whole.which[:: max(1, len(whole) // 20_000)]
        lengths = Documents(corpus, spread).lengths.cumsum()
        self.train = Documents(corpus, spread[: int((lengths <= tokens).sum()) + 1])
        self.heldout = corpus.split("heldout").subset(VALID)  # of those `learner` takes all

    def split(self, *names: str) -> Documents:
        return self.heldout if names == ("heldout",) else self.train


class Turn(Callback):
    """Train `n` batches, send their seconds, wait for the next turn.

    A batch's seconds go from the end of the one before to its own: what the loader and every other
    callback do for it is in them.
    """

    order, run_valid = 99, False  # after every other callback

    def __init__(self, pipe: Connection, n: int, clock: Callable[[], float]):
        self.pipe, self.n, self.clock = pipe, n, clock
        self.seconds: list[float] = []
        self.started: float | None = None

    def before_batch(self) -> None:
        if self.started is None:  # the very first: the side is built and has its first batch
            self.wait()

    def after_batch(self) -> None:
        now = self.clock()
        self.seconds.append(now - self.started)
        self.started = now
        if len(self.seconds) == self.n:
            self.pipe.send(self.seconds)
            self.seconds = []
            self.wait()

    def wait(self) -> None:
        self.pipe.recv()
        self.started = self.clock()


def plain_fastai(part: Part, settings: recipe.LanguageModel, folder: Path) -> LMLearner:
    """What `language_model_learner` makes, on the cached ids and in the same order."""
    model = get_language_model(AWD_LSTM, len(part.vocab), config(settings), settings.drop_mult)
    ours = loaders(part.split("train"), part.split("heldout"), settings)
    ours.train.get_idxs()  # shuffles: fastai's own loader reads the documents in that order
    documents = [part.split("train")[i] for i in ours.train.items.idxs]
    stream = LMDataLoader(documents, bs=settings.bs, seq_len=settings.seq_len)
    return LMLearner(
        DataLoaders(stream, ours.valid),
        model,
        loss_func=CrossEntropyLossFlat(),
        splitter=awd_lstm_lm_split,
        path=folder,
    )


def side(name: str, args: argparse.Namespace, settings: recipe.LanguageModel, pipe: Connection):
    """One process: train by turns, then validate; sends lists of seconds, at the end a dict."""
    if args.threads:
        torch.set_num_threads(args.threads)
    tokens = args.batches * settings.bs * settings.seq_len
    part = Part(Corpus(args.run / "data"), tokens)
    seed_everything(settings.seed)
    ours = name == "train lm"
    learn = (learner if ours else plain_fastai)(part, settings, args.run)
    chosen = precision.apply(learn, settings.precision) if ours else "fp32"
    clock = time.process_time if args.clock == "cpu" else time.perf_counter
    turn = Turn(pipe, args.turn, clock)
    with learn.no_bar(), learn.no_logging():
        with keep_pages() if ours else nullcontext():
            learn.fit_one_cycle(
                1,
                settings.lr,
                pct_start=settings.pct_start,
                wd=settings.wd,
                cbs=[turn, NoValidation()],
            )
        loss = float(learn.validate()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux → GiB
    pipe.send({"seconds": turn.seconds, "loss": loss, "precision": chosen, "peak": peak})


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--run", type=Path, default=Path("runs/first"), help="a run with data/")
    ap.add_argument("--recipe", type=Path, default=Path("train/recipes/first.toml"))
    ap.add_argument("--batches", type=int, default=40, help="mini-batches each side trains on")
    ap.add_argument("--turn", type=int, default=5, help="mini-batches before the other's turn")
    ap.add_argument("--precision", default="auto", help="of train lm: auto, fp32 or bf16")
    ap.add_argument("--threads", type=int, help="of each side; default: torch's own choice")
    ap.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time of each side, for a machine that is busy (with --threads 1)",
    )
    args = ap.parse_args()
    if args.batches < 3 or args.turn < 1:
        ap.error("at least 3 batches, and a turn of at least 1")
    settings = dataclasses.replace(
        recipe.load(args.recipe).lm, valid_documents=VALID, precision=args.precision
    )
    context = multiprocessing.get_context("spawn")
    pipes, results = {}, {}
    seconds: dict[str, list[float]] = {name: [] for name in SIDES}
    for name in SIDES:
        pipes[name], theirs = context.Pipe()
        context.Process(target=side, args=(name, args, settings, theirs), daemon=True).start()
        theirs.close()  # so that a side that fails ends `recv` with an EOFError
    while len(results) < len(SIDES):
        for name in SIDES:
            if name in results:
                continue
            pipes[name].send("your turn")
            answer = pipes[name].recv()
            if isinstance(answer, dict):
                results[name] = answer
                answer = answer["seconds"]
            seconds[name] += answer
    each = settings.bs * settings.seq_len
    # the first batch warms the caches, the last is shorter
    speed = {name: each / statistics.median(s[1:-1]) for name, s in seconds.items()}
    rows: dict[str, object] = {
        name: f"{speed[name]:,.0f} tokens a second, held-out loss {results[name]['loss']:.3f} nats"
        for name in SIDES
    }
    rows["ratio"] = f"{speed['train lm'] / speed['plain fastai']:.2f}"
    rows["tokens seen by each"] = f"{len(seconds['train lm']) * each:,}"
    peaks = (f"{results[name]['peak']:.1f} GiB {name}" for name in SIDES)
    rows["peak memory, validation included"] = ", ".join(peaks)
    rows["number format of train lm"] = results["train lm"]["precision"]
    report("Training a language model", rows)


if __name__ == "__main__":
    main()
