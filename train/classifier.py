"""Stage `classifier`: the language model's encoder → a sentiment classifier, with fastai's learner.

Gradual unfreezing and discriminative learning rates as in the notebook (cells 36 to 41). Reads no test
review: every figure here is on the held-out part of train.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from fastai.text.data import Pad_Chunk, SortedDL
from fastai.text.learner import TextLearner, text_classifier_learner
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config
from fastai.torch_core import TensorCategory, default_device

from train import precision
from train.average import Average
from train.checkpoint import save_atomically
from train.crops import WithCrops
from train.data import LABELS, Corpus, Documents
from train.errors import StageError
from train.export import read
from train.language_model import adamw, seed_everything, sizes
from train.logging import JsonLog
from train.recipe import Classifier, LanguageModel
from train.resumable_loaders import ResumableOrder
from train.stages import Run, load_checkpoint, run

VALID_BS = 128  # validation keeps no gradients: larger batches are faster


class EncoderError(StageError):
    """There is no language model to start the classifier from."""


class Labelled:
    """Documents with their labels: item `i` is (ids [length], category).

    `targets` [documents, classes]: probabilities instead of labels; an item is then (ids, [classes]).
    """

    def __init__(self, documents: Documents | WithCrops, targets: np.ndarray | None = None):
        self.documents, self.labels, self.targets = documents, documents.labels, targets

    def __len__(self) -> int:
        return len(self.documents)

    def __getitem__(self, i: int):
        if self.targets is not None:
            return self.documents[i], torch.from_numpy(self.targets[i])
        return self.documents[i], TensorCategory(torch.tensor(int(self.labels[i])))


class ShuffledSortedDL(ResumableOrder, SortedDL):
    """fastai's `SortedDL`: batches of alike lengths, in an order that can be taken up again.

    The crops of an epoch are drawn with its order, so that a resumed run repeats them.
    """

    def shuffled(self, idxs, rng):
        documents = self.dataset.documents
        if isinstance(documents, WithCrops):
            documents.draw(rng)
            self.res = documents.lengths.tolist()
            self.idx_max = int(np.argmax(self.res))
        state = np.random.get_state()
        np.random.seed(int(rng.integers(2**32)))
        try:
            return list(SortedDL.shuffle_fn(self, idxs))
        finally:
            np.random.set_state(state)


def loaders(
    train: Documents,
    valid: Documents,
    settings: Classifier,
    device,
    targets: np.ndarray | None = None,
) -> DataLoaders:
    """Training batches (reviews cut to `settings.cut` tokens, and crops) and whole held-out reviews.

    `targets` [training reviews, classes]: probabilities to learn instead of the labels. A crop has the
    label or the probabilities of its review.
    """
    cut = Documents(train.corpus, train.which, settings.cut or None, settings.tail)
    reviews = WithCrops(cut, settings.crops) if settings.crops else cut
    if targets is not None:
        targets = np.tile(targets, (1 + settings.crops, 1))

    def make(cls, documents, bs, targets=None, **kwargs):
        return cls(
            Labelled(documents, targets),
            res=documents.lengths.tolist(),
            bs=bs,
            before_batch=Pad_Chunk(seq_len=settings.bptt),
            device=device,
            **kwargs,
        )

    dls = DataLoaders(
        make(ShuffledSortedDL, reviews, settings.bs, targets, shuffle=True),
        make(SortedDL, valid, max(settings.bs, VALID_BS)),
        device=device,
    )
    dls.train.seed = settings.seed
    dls.vocab, dls.c = train.corpus.vocab, len(LABELS)
    return dls


def learner(
    corpus: Corpus,
    lm: LanguageModel,
    settings: Classifier,
    folder: Path,
    device=None,
    train: Documents | None = None,
    targets: np.ndarray | None = None,
) -> TextLearner:
    """fastai's `text_classifier_learner` at the language model's sizes, on the cached ids.

    `train`: the reviews to learn from; all of the train split where it is not given. `targets`: see
    `loaders`.
    """
    device = device or default_device()
    train = corpus.split("train") if train is None else train
    dls = loaders(train, corpus.split("heldout"), settings, device, targets)
    return text_classifier_learner(
        dls,
        AWD_LSTM,
        seq_len=settings.bptt,
        config={**awd_lstm_clas_config, **sizes(lm)},
        pretrained=False,
        drop_mult=settings.drop_mult,
        lin_ftrs=[settings.lin_ftrs],
        max_len=settings.max_len,
        # not flat: a target may be a row of probabilities
        loss_func=CrossEntropyLossFlat(label_smoothing=settings.label_smoothing, flatten=False),
        opt_func=adamw(settings.moms[0], sqr_mom=0.99),
        moms=settings.moms,
        metrics=[accuracy],
        path=folder,
    )


def train(
    corpus: Corpus,
    lm: LanguageModel,
    settings: Classifier,
    where: Run,
    device=None,
    source: Path | None = None,
) -> None:
    """Run the unfreezing stages and leave `classifier.pth` in `where.folder`.

    `source`: a run folder whose classifier to go on from; else it starts from the language model.
    """
    folder = where.folder
    if not (folder / "models" / "finetuned.pth").is_file():
        raise EncoderError(f"{folder} holds no language model: run `python -m train lm` first")
    state = load_checkpoint(folder / "classifier.checkpoint", where.resume)
    seed_everything(settings.seed)
    learn = learner(corpus, lm, settings, folder, device)
    learn.load_encoder("finetuned")
    if source:
        learn.model.load_state_dict(read(source / "classifier.pth"))
    fit(learn, settings, where, "classifier", state)


def fit(learn: Learner, settings: Classifier, where: Run, name: str, state: dict | None) -> None:
    """Run `settings.stages` from `state` on and leave `NAME.pth` in `where.folder`."""
    chosen = precision.apply(learn, settings.precision)
    log = JsonLog(where.folder / "log.jsonl")
    event = "resume" if state else "start"
    log.write(stage=name, event=event, precision=chosen, batches=len(learn.dls.train))
    average = Average(settings.ema) if settings.ema else None
    callbacks = [average] if average else []
    run(learn, settings.stages, settings, where, log, name, state, callbacks)
    if average:
        log.write(stage=name, event="average", **average.replace_weights(learn))
    save_atomically(learn.model.state_dict(), where.folder / f"{name}.pth")
    log.write(stage=name, event="end")
