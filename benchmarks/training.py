"""`python -m train lm` against plain fastai on the same model: tokens a second, and the loss they buy.

    python benchmarks/training.py [--run runs/first] [--batches 40] [--turn 5]

Both train an AWD-LSTM of the recipe's sizes on the same mini-batches with one-cycle, in one process and
by turns of a few batches, so that a slow minute hits both. Plain fastai: its own Adam, fp32, the whole
softmax. Then both are validated on the same held-out reviews. Needs the run's `data/` (stage `data`).
"""

import argparse
import dataclasses
import statistics
import time
from pathlib import Path
from threading import Semaphore, Thread

from fastai.callback.core import Callback
from fastai.callback.schedule import Learner  # noqa: F401  (adds fit_one_cycle)
from fastai.losses import CrossEntropyLossFlat
from fastai.text.learner import LMLearner
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_lm_split
from fastai.text.models.core import get_language_model
from reference import report

from train import precision, recipe
from train.data import Corpus, Documents
from train.labels import NoValidation
from train.language_model import config, learner, loaders, seed_everything

VALID = 100  # held-out reviews that both are validated on


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


class Turns:
    """Two callbacks around a batch: take turns of `n` batches with the other side, and time each.

    The first stands before every callback of the batch, the second after them all, so that what a
    side does for a batch is done, and timed, in its own turn.
    """

    def __init__(self, own: Semaphore, other: Semaphore, n: int):
        self.seconds: list[float] = []
        turns = self

        class Begin(Callback):
            order, run_valid = -99, False

            def before_batch(self) -> None:
                if len(turns.seconds) % n == 0:
                    own.acquire()
                turns.started = time.perf_counter()

        class End(Callback):
            order, run_valid = 99, False

            def after_batch(self) -> None:
                turns.seconds.append(time.perf_counter() - turns.started)
                if len(turns.seconds) % n == 0:
                    other.release()

        self.callbacks = [Begin(), End()]
        self.hand_over = lambda: [other.release() for _ in range(10_000)]  # for good


def plain_fastai(part: Part, settings: recipe.LanguageModel, folder: Path) -> LMLearner:
    """What `language_model_learner` makes, on the cached ids: nothing of ours but the loader."""
    model = get_language_model(AWD_LSTM, len(part.vocab), config(settings), settings.drop_mult)
    return LMLearner(
        loaders(part.split("train"), part.split("heldout"), settings),
        model,
        loss_func=CrossEntropyLossFlat(),
        splitter=awd_lstm_lm_split,
        path=folder,
    )


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--run", type=Path, default=Path("runs/first"), help="a run with data/")
    ap.add_argument("--recipe", type=Path, default=Path("train/recipes/first.toml"))
    ap.add_argument("--batches", type=int, default=40, help="mini-batches each side trains on")
    ap.add_argument("--turn", type=int, default=5, help="mini-batches before the other's turn")
    args = ap.parse_args()
    if args.batches < 3 or args.turn < 1:
        ap.error("at least 3 batches, and a turn of at least 1")
    settings = dataclasses.replace(recipe.load(args.recipe).lm, valid_documents=VALID)
    tokens = args.batches * settings.bs * settings.seq_len
    part = Part(Corpus(args.run / "data"), tokens)
    sides = {}
    for name in ("plain fastai", "train lm"):
        seed_everything(settings.seed)
        make = plain_fastai if name == "plain fastai" else learner
        sides[name] = make(part, settings, args.run)
    chosen = precision.apply(sides["train lm"], settings.precision)
    signs = {name: Semaphore(0) for name in sides}
    turns = {
        name: Turns(signs[name], next(s for n, s in signs.items() if n != name), args.turn)
        for name in sides
    }

    failed: list[Exception] = []

    def fit(name: str) -> None:
        learn, cbs = sides[name], [*turns[name].callbacks, NoValidation()]
        try:
            with learn.no_bar(), learn.no_logging():
                learn.fit_one_cycle(
                    1, settings.lr, pct_start=settings.pct_start, wd=settings.wd, cbs=cbs
                )
        except Exception as e:
            failed.append(e)
        finally:
            turns[name].hand_over()

    threads = [Thread(target=fit, args=(name,), daemon=True) for name in sides]
    for thread in threads:
        thread.start()
    signs["plain fastai"].release()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    each = settings.bs * settings.seq_len
    speed = {n: each / statistics.median(t.seconds[1:-1]) for n, t in turns.items()}
    rows: dict[str, object] = {}
    for name, learn in sides.items():
        with learn.no_bar(), learn.no_logging():
            loss = float(learn.validate()[0])
        rows[name] = f"{speed[name]:,.0f} tokens a second, held-out loss {loss:.3f} nats"
    rows["ratio"] = f"{speed['train lm'] / speed['plain fastai']:.2f}"
    rows["tokens seen by each"] = f"{len(turns['train lm'].seconds) * each:,}"
    rows["number format of train lm"] = chosen
    report("Training a language model", rows)


if __name__ == "__main__":
    main()
