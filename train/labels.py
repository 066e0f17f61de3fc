"""Stage `labels`: the classifier with few labels and with many, from three starts.

The point of ULMFiT in one curve (paper, figure 3): from the fine-tuned language model, from the
Wikipedia model alone, and from random weights. Reads no test review: every figure is on the held-out
part of train. Writes `labels.json` into the run folder.
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback, CancelValidException
from fastai.text.learner import clean_raw_keys

from train import classifier, precision
from train.average import accuracy_of
from train.data import Corpus, Documents
from train.language_model import matched_weights, seed_everything
from train.logging import JsonLog
from train.recipe import Classifier, Labels, Recipe, Stage
from train.stages import Run, run

LM, WIKIPEDIA, RANDOM = "lm", "wiki", "random"  # what a classifier starts from


class NoValidation(Callback):
    """Leaves out what is measured after each epoch: it would cost more than a few labels do."""

    def before_validate(self):
        raise CancelValidException


def choose(train: Documents, n: int, seed: int = 0) -> Documents:
    """`n` reviews of `train`, as many of each label as of the other; all where there are fewer."""
    rng = np.random.default_rng(seed)
    labels = train.labels
    picked = [
        rng.permutation(np.flatnonzero(labels == label))[: -(-n // 2)]
        for label in np.unique(labels)
    ]
    return Documents(train.corpus, train.which[np.sort(np.concatenate(picked))[:n]], train.cut)


def settings_for(recipe: Recipe, n: int, epochs: int, start: str) -> Classifier:
    """How a classifier is trained on `n` labels: the head first, then all layers for `epochs`.

    Each stage has at least `recipe.labels.updates` updates. From random weights all layers train from
    the first step, for as many epochs in all and at one rate: a random layer needs no care.
    """
    few = recipe.labels
    bs = int(min(few.bs, max(8, n // 12)))
    least = -(-few.updates // max(1, n // bs))
    head, whole = max(1, least), max(epochs, least)
    stages: tuple[Stage, ...] = (
        Stage(groups=1, epochs=head, lr=few.head_lr),
        Stage(groups=0, epochs=whole, lr=few.lr),
    )
    if start == RANDOM:
        stages = (Stage(groups=0, epochs=head + whole, lr=few.lr, factor=1.0),)
    return dataclasses.replace(
        recipe.classifier,
        bs=bs,
        cut=few.cut,
        tail=0,
        crops=0,
        ema=0.0,
        label_smoothing=0.0,
        drop_mult=few.drop_mult,
        stages=stages,
    )


def encoder_weights(start: str, folder: Path, wikipedia: Path | None, vocab: list[str]) -> dict:
    """The encoder's state dict for a start; the Wikipedia model's rows are matched to `vocab`."""
    if start == LM or wikipedia is None:
        return torch.load(folder / "models" / "finetuned.pth", map_location="cpu")
    state = matched_weights(wikipedia, vocab)
    return {k.removeprefix("0."): t for k, t in state.items() if k.startswith("0.")}


def measure(
    recipe: Recipe,
    corpus: Corpus,
    folder: Path,
    where: Run,
    n: int,
    epochs: int,
    start: str,
    draw: int = 0,
    wikipedia: Path | None = None,
    device: torch.device | None = None,
) -> dict:
    """Train on the `draw`-th draw of `n` labels and measure on the held-out reviews."""
    train = choose(corpus.split("train"), n, seed=draw)
    settings = settings_for(recipe, len(train), epochs, start)
    seed_everything(settings.seed + draw)
    learn = classifier.learner(corpus, recipe.lm, settings, folder, device, train)
    if start != RANDOM:
        weights = encoder_weights(start, folder, wikipedia, corpus.vocab)
        learn.model[0].module.load_state_dict(clean_raw_keys(weights))
    precision.apply(learn, settings.precision)
    started = time.monotonic()
    log = JsonLog(where.folder / "log.jsonl")
    run(learn, settings.stages, settings, where, log, "classifier", None, [NoValidation()])
    return {
        "labels": len(train),
        "start": start,
        "draw": draw,
        "accuracy": accuracy_of(learn),
        "seconds": round(time.monotonic() - started, 1),
        "epochs": [s.epochs for s in settings.stages],
    }


def points(few: Labels, starts: tuple[str, ...]) -> list[tuple[int, int, str, int]]:
    """(labels, epochs, start, draw) of every point, cheap ones first."""
    return [
        (n, epochs, start, draw)
        for n, epochs, draws in zip(few.numbers, few.epochs, few.draws, strict=True)
        for draw in range(draws)
        for start in starts
    ]


def curve(
    recipe: Recipe,
    corpus: Corpus,
    folder: Path,
    wikipedia: Path | None = None,
    device: torch.device | None = None,
) -> list[dict]:
    """Measure every point of `recipe.labels`; one that `labels.json` holds is not measured again.

    `wikipedia`: the run folder of the Wikipedia model; without it that start is left out.
    """
    path = folder / "labels.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    most = len(corpus.split("train"))
    starts = (LM, WIKIPEDIA, RANDOM) if wikipedia else (LM, RANDOM)
    done = {(p["labels"], p["start"], p["draw"]) for p in found if "start" in p}
    for n, epochs, start, draw in points(recipe.labels, starts):
        if (min(n, most), start, draw) in done:
            continue
        where = Run(folder / "labels" / f"{n}-{start}-{draw}")
        where.folder.mkdir(parents=True, exist_ok=True)
        found.append(
            measure(recipe, corpus, folder, where, n, epochs, start, draw, wikipedia, device)
        )
        (where.folder / "classifier.checkpoint").unlink(missing_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(found, indent=1), encoding="utf-8")
        partial.replace(path)
    return found
