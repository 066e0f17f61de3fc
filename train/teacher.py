"""Stage `teach`: what our classifier and NB-SVM together think of unlabelled reviews. Trains no network.

The two err on different reviews, so their weighted log odds know more than either. They label reviews of
unsup, and stage `student` learns from them. Hinton, Vinyals, Dean, "Distilling the Knowledge in a
Neural Network" (2015); Wang & Manning (2012). Reads no test review.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from train.baselines import Grams, accuracy, fit_nbsvm
from train.console import JsonLog
from train.data import LABELS, Corpus, Documents
from train.errors import StageError
from train.export import fill, make_config, read
from train.names import classifier_weights
from train.reading import probabilities
from train.recipe import Recipe
from ulmfit_demo.models import bundle
from ulmfit_demo.models.awd_lstm import Classifier
from ulmfit_demo.models.classification import precision_for

FILE = "taught.npz"
FOLDS = 10


class TeacherError(StageError):
    """There is nothing to teach, or nothing that was taught."""


@dataclass(frozen=True)
class Taught:
    """Reviews that the teacher has labelled."""

    which: np.ndarray  # int64 [reviews]: their numbers in the cache
    positive: np.ndarray  # float32 [reviews]: probability of positive

    def save(self, folder: Path) -> None:
        partial = folder / f"partial-{FILE}"
        np.savez(partial, which=self.which, positive=self.positive)
        partial.replace(folder / FILE)


def load(folder: Path) -> Taught:
    """What `teach` left in `folder`. Raises `TeacherError` where there is nothing."""
    if not (folder / FILE).is_file():
        raise TeacherError(f"{folder} holds no taught reviews: run `python -m train teach` first")
    with np.load(folder / FILE) as saved:
        return Taught(saved["which"], saved["positive"])


def log_odds(model: Classifier, documents: Documents, precision: str) -> np.ndarray:
    """The classifier's log odds of positive for whole documents, [documents]."""
    positive = probabilities(model, documents, precision, "teach")[:, LABELS.index("pos")]
    return torch.logit(positive.double(), eps=1e-9).numpy()


def min_class(labels: np.ndarray) -> int:
    """How many the rarer label has."""
    return int(np.bincount(labels).min())


def teach(recipe: Recipe, corpus: Corpus, folder: Path) -> Taught:
    """Label `recipe.student.unlabelled` reviews of unsup; the result also stands in `folder`.

    The two scores are weighed, and made probabilities, by a logistic regression on the held-out reviews.
    Raises `TeacherError` where the recipe wants no student or the corpus has no unlabelled reviews.
    """
    unlabelled = corpus.split("unsup").subset(recipe.student.unlabelled)
    if not recipe.student.unlabelled or not len(unlabelled):
        raise TeacherError("nothing to teach: the recipe's [student] has no unlabelled reviews")
    weights = classifier_weights(read(folder / "classifier.pth"))
    model = fill(bundle.build(make_config(recipe, len(corpus.vocab)))[1], weights)
    train, heldout = corpus.split("train"), corpus.split("heldout")
    grams, labels = Grams(corpus.vocab, train), heldout.labels
    nbsvm = fit_nbsvm(grams, grams.counts(train), train.labels, grams.counts(heldout), labels)
    precision = precision_for(model, len(unlabelled))

    def both(documents: Documents) -> np.ndarray:  # [documents, 2]
        return np.stack([log_odds(model, documents, precision), nbsvm.scores(documents)], 1)

    scores = both(heldout)
    mixer = LogisticRegression().fit(scores, labels)
    unseen = cross_val_predict(
        LogisticRegression(), scores, labels, cv=min(FOLDS, min_class(labels))
    )
    JsonLog(folder / "log.jsonl").write(
        stage="teach",
        event="teacher",
        precision=precision,
        reviews=len(unlabelled),
        weights=[round(float(w), 4) for w in (*mixer.coef_[0], mixer.intercept_[0])],
        heldout={
            "classifier": accuracy(scores[:, 0], labels),
            "NB-SVM": accuracy(scores[:, 1], labels),
            "both": float((unseen == labels).mean()),  # each from a mixture that had not seen it
        },
    )
    positive = mixer.predict_proba(both(unlabelled))[:, 1]
    taught = Taught(unlabelled.which, positive.astype(np.float32))
    taught.save(folder)
    return taught
