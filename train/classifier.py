"""Stage `classifier`: the language model's encoder → a sentiment classifier, with fastai's learner.

Gradual unfreezing and discriminative learning rates as in the notebook (cells 36 to 41). Reads no test
review: every figure here is on the held-out part of train.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from fastai.text.data import Pad_Chunk, SortedDL
from fastai.text.learner import TextLearner, text_classifier_learner
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config
from fastai.torch_core import TensorCategory, default_device

from train import precision
from train.checkpoint import Checkpoint, StepLog, save_atomically
from train.console import JsonLog
from train.data import LABELS, Corpus, Documents
from train.language_model import adamw, seed_everything
from train.order import ResumableOrder
from train.recipe import Classifier, LanguageModel


class Labelled:
    """Documents with their labels: item `i` is (ids [length], category)."""

    def __init__(self, documents: Documents):
        self.documents, self.labels = documents, documents.labels

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, i: int):
        return self.documents[i], TensorCategory(torch.tensor(int(self.labels[i])))


class ShuffledSortedDL(ResumableOrder, SortedDL):
    """fastai's `SortedDL`: batches of alike lengths, in an order that can be taken up again."""

    def shuffled(self, idxs, rng):
        state = np.random.get_state()
        np.random.seed(int(rng.integers(2**32)))
        try:
            return list(SortedDL.shuffle_fn(self, idxs))
        finally:
            np.random.set_state(state)


def loaders(train: Documents, valid: Documents, settings: Classifier, device) -> DataLoaders:
    """Training batches (reviews cut to `settings.cut` tokens) and whole held-out reviews."""
    train = Documents(train.corpus, train.which, settings.cut or None)

    def make(cls, documents, **kwargs):
        return cls(
            Labelled(documents),
            res=documents.lengths.tolist(),
            bs=settings.bs,
            before_batch=Pad_Chunk(seq_len=settings.bptt),
            device=device,
            **kwargs,
        )

    dls = DataLoaders(
        make(ShuffledSortedDL, train, shuffle=True), make(SortedDL, valid), device=device
    )
    dls.train.seed = settings.seed
    dls.vocab, dls.c = train.corpus.vocab, len(LABELS)
    return dls


def learner(
    corpus: Corpus, lm: LanguageModel, settings: Classifier, folder: Path, device=None
) -> TextLearner:
    """fastai's `text_classifier_learner` at the language model's sizes, on the cached ids."""
    device = device or default_device()
    dls = loaders(corpus.split("train"), corpus.split("heldout"), settings, device)
    sizes = dict(emb_sz=lm.emb_sz, n_hid=lm.n_hid, n_layers=lm.n_layers)
    return text_classifier_learner(
        dls,
        AWD_LSTM,
        seq_len=settings.bptt,
        config={**awd_lstm_clas_config, **sizes},
        pretrained=False,
        drop_mult=settings.drop_mult,
        lin_ftrs=[settings.lin_ftrs],
        max_len=settings.max_len,
        loss_func=CrossEntropyLossFlat(label_smoothing=settings.label_smoothing),
        opt_func=adamw(settings.moms[0], sqr_mom=0.99),
        moms=settings.moms,
        metrics=[accuracy],
        path=folder,
    )


def train(
    corpus: Corpus,
    lm: LanguageModel,
    settings: Classifier,
    folder: Path,
    resume: bool,
    device=None,
) -> None:
    """Run the unfreezing stages and leave `classifier.pth` in `folder`."""
    path = folder / "classifier.checkpoint"
    state = None
    if resume and path.exists():
        state = torch.load(path, map_location="cpu", weights_only=False)
    seed_everything(settings.seed)
    learn = learner(corpus, lm, settings, folder, device)
    learn.load_encoder("finetuned")
    chosen = precision.apply(learn, settings.precision)
    log = JsonLog(folder / "log.jsonl")
    event = "resume" if state else "start"
    log.write(stage="classifier", event=event, precision=chosen, batches=len(learn.dls.train))
    for i, stage in enumerate(settings.stages):
        if state and int(state["tag"]) > i:
            continue
        if state and int(state["tag"]) < i:  # that stage had ended
            learn.model.load_state_dict(state["model"])
            state = None
        learn.freeze_to(-stage.groups) if stage.groups else learn.unfreeze()
        groups = len(learn.opt.hypers)
        rates = [stage.lr / stage.factor ** (groups - 1 - g) for g in range(groups)]
        start = state["epoch"] if state else 0
        learn.dls.train.epoch = 1_000 * i + start  # each stage shuffles in its own way
        learn.dls.train.skip = state["batch"] if state else 0
        log.write(stage=f"classifier {i}", event="stage", groups=stage.groups, rates=rates)
        if start < stage.epochs:
            learn.fit_one_cycle(
                stage.epochs,
                np.array(rates),
                pct_start=settings.pct_start,
                wd=settings.wd,
                reset_opt=True,
                start_epoch=start,
                cbs=[
                    Checkpoint(path, settings.checkpoint_seconds, tag=str(i), resume=state),
                    StepLog(log, f"classifier {i}"),
                ],
            )
        state = None
    save_atomically(learn.model.state_dict(), folder / "classifier.pth")
    log.write(stage="classifier", event="end")
