"""Stage `labels`: the classifier with few labels and with many, from the language model or without it.

The point of ULMFiT in one curve (paper, figure 3). Reads no test review: every figure is on the
held-out part of train. Writes `labels.json` into the run folder.
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import torch
from fastai.callback.core import Callback, CancelValidException

from train import classifier, precision
from train.average import accuracy_of
from train.console import JsonLog
from train.data import Corpus, Documents
from train.language_model import seed_everything
from train.recipe import Classifier, LanguageModel
from train.stages import Run, run

NUMBERS = (100, 500, 1_000, 5_000, 25_000)
FEWEST_STEPS = 60  # of a stage: a hundred labels fill two mini-batches, too few steps for one-cycle


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


def scaled(settings: Classifier, n: int) -> Classifier:
    """The recipe for `n` labels: smaller batches and more epochs where there are few."""
    bs = int(min(settings.bs, max(8, n // 12)))
    batches = max(1, n // bs)
    stages = tuple(
        dataclasses.replace(s, epochs=max(s.epochs, -(-FEWEST_STEPS // batches)))
        for s in settings.stages
    )
    return dataclasses.replace(settings, bs=bs, stages=stages)


def measure(
    corpus: Corpus,
    lm: LanguageModel,
    settings: Classifier,
    folder: Path,
    where: Run,
    n: int,
    encoder: bool,
    device=None,
) -> dict:
    """Train on `n` labels and measure on the held-out reviews; `encoder`: start from the LM's.

    Without it every layer starts at random, so all of them train from the first step.
    """
    train = choose(corpus.split("train"), n)
    settings = scaled(settings, len(train))
    if not encoder:
        epochs = sum(s.epochs for s in settings.stages)
        last = dataclasses.replace(settings.stages[-1], groups=0, epochs=epochs, factor=1.0)
        settings = dataclasses.replace(settings, stages=(last,))
    seed_everything(settings.seed)
    learn = classifier.learner(corpus, lm, settings, folder, device, train)
    if encoder:
        learn.load_encoder("finetuned")
    precision.apply(learn, settings.precision)
    started = time.monotonic()
    log = JsonLog(where.folder / "log.jsonl")
    run(learn, settings.stages, settings, where, log, "classifier", None, [NoValidation()])
    return {
        "labels": len(train),
        "encoder": encoder,
        "accuracy": accuracy_of(learn),
        "seconds": round(time.monotonic() - started, 1),
        "epochs": [s.epochs for s in settings.stages],
    }


def curve(
    corpus: Corpus,
    lm: LanguageModel,
    settings: Classifier,
    folder: Path,
    numbers=NUMBERS,
    device: torch.device | None = None,
) -> list[dict]:
    """Measure every number of labels twice; a point that `labels.json` holds is not measured again."""
    path = folder / "labels.json"
    points = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    most = len(corpus.split("train"))
    done = {(p["labels"], p["encoder"]) for p in points}
    for n in numbers:
        for encoder in (True, False):
            if (min(n, most), encoder) in done:
                continue
            where = Run(folder / "labels" / f"{n}{'' if encoder else '-random'}")
            where.folder.mkdir(parents=True, exist_ok=True)
            points.append(measure(corpus, lm, settings, folder, where, n, encoder, device))
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(points, indent=1), encoding="utf-8")
            partial.replace(path)
    return points
