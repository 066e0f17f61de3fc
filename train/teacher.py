"""Stage `teach`: our classifiers and NB-SVM label unlabelled reviews together. Trains no network.

They err on different reviews, so their weighted log odds are right more often than any of them. Both
directions' stage `student` learns from the one file that this leaves. Reads no test review.

Sources: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015); Wang & Manning
(2012).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from train.baselines import Grams, accuracy, fit_nbsvm
from train.data import LABELS, Corpus, Documents
from train.errors import StageError
from train.export import BACKWARDS, fill, make_config, read
from train.logging import JsonLog
from train.reading import probabilities
from train.recipe import Recipe
from train.state_dicts import classifier_weights
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


def members(
    recipe: Recipe, corpus: Corpus, folder: Path, precision: str
) -> dict[str, Callable[[Documents], np.ndarray]]:
    """The teacher's members by name; each gives the log odds of positive, [documents].

    The classifier of the run, the one that reads backwards where the run has one, and an NB-SVM fitted
    on the same labelled reviews.
    """
    found = {"classifier": neural(recipe, corpus, folder, precision)}
    if (folder / BACKWARDS / "classifier.pth").is_file():
        reversed_corpus = Corpus(corpus.folder, backwards=True)
        found["classifier_backwards"] = neural(
            recipe, reversed_corpus, folder / BACKWARDS, precision
        )
    train, heldout = corpus.split("train"), corpus.split("heldout")
    grams = Grams(corpus.vocab, train, recipe.student.grams)
    nbsvm = fit_nbsvm(
        grams, grams.counts(train), train.labels, grams.counts(heldout), heldout.labels
    )
    return {**found, "NB-SVM": nbsvm.scores}


def neural(
    recipe: Recipe, corpus: Corpus, folder: Path, precision: str
) -> Callable[[Documents], np.ndarray]:
    """The log odds of the classifier of `folder`, of whole documents read as `corpus` reads them."""
    model = network(recipe, corpus, folder)

    def log_odds(documents: Documents) -> np.ndarray:
        own = Documents(corpus, documents.which)
        positive = probabilities(model, own, precision, "teach")[:, LABELS.index("pos")]
        return torch.logit(positive.double(), eps=1e-9).numpy()

    return log_odds


def network(recipe: Recipe, corpus: Corpus, folder: Path) -> Classifier:
    """The classifier that `folder` holds. Raises `ExportError` where there is none."""
    weights = classifier_weights(read(folder / "classifier.pth"))
    return fill(bundle.build(make_config(recipe, len(corpus.vocab)))[1], weights)


def min_class(labels: np.ndarray) -> int:
    """How many the rarer label has."""
    return int(np.bincount(labels).min())


def begin_round(source: Path, folder: Path) -> None:
    """Make the students of the run `source` the classifiers of `folder`, in both directions.

    `folder` also gets what else `export` wants of a run: language models and logs. Raises
    `TeacherError` where `source` holds no student.
    """
    if not (source / "student.pth").is_file():
        raise TeacherError(f"{source} holds no student.pth: run the stage student there first")
    for direction in ("", BACKWARDS):
        old, new = source / direction, folder / direction
        if not (old / "student.pth").is_file():
            continue
        new.mkdir(parents=True, exist_ok=True)
        shutil.copy(old / "student.pth", new / "classifier.pth")
        for name in ("lm.pth", "log.jsonl", "models/finetuned.pth"):
            if (old / name).is_file():
                (new / name).parent.mkdir(exist_ok=True)
                shutil.copy(old / name, new / name)
        JsonLog(new / "log.jsonl").write(stage="student", event="round")  # the next one goes on


def teach(recipe: Recipe, corpus: Corpus, folder: Path) -> Taught:
    """Label `recipe.student.unlabelled` reviews of unsup; the result also stands in `folder`.

    The scores are weighted, and made probabilities, by a logistic regression on the held-out reviews.
    Raises `TeacherError` where the recipe wants no student or the corpus has no unlabelled reviews.
    """
    settings = recipe.student
    unlabelled = corpus.split("unsup").subset(settings.unlabelled, settings.first)
    if not recipe.student.unlabelled or not len(unlabelled):
        raise TeacherError("nothing to teach: the recipe's [student] has no unlabelled reviews")
    heldout = corpus.split("heldout")
    precision = precision_for(network(recipe, corpus, folder), len(unlabelled))
    teachers, labels = members(recipe, corpus, folder, precision), heldout.labels

    def scores(documents: Documents) -> np.ndarray:  # [documents, members]
        return np.stack([score(documents) for score in teachers.values()], 1)

    held = scores(heldout)
    mixer = LogisticRegression().fit(held, labels)
    unseen = cross_val_predict(LogisticRegression(), held, labels, cv=min(FOLDS, min_class(labels)))
    alone = {name: accuracy(held[:, i], labels) for i, name in enumerate(teachers)}
    JsonLog(folder / "log.jsonl").write(
        stage="teach",
        event="teacher",
        precision=precision,
        reviews=len(unlabelled),
        grams=recipe.student.grams,
        weights=[round(float(w), 4) for w in (*mixer.coef_[0], mixer.intercept_[0])],
        # together: each review from a mixture that had not seen it
        heldout={**alone, "together": float((unseen == labels).mean())},
    )
    positive = mixer.predict_proba(scores(unlabelled))[:, 1]
    taught = Taught(unlabelled.which, positive.astype(np.float32))
    taught.save(folder)
    return taught
