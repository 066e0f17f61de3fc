"""Stage `student`: the classifier goes on, on labelled reviews and those that stage `teach` labelled.

It starts from `classifier.pth` and leaves `student.pth`, which `export` takes instead. Reads no test
review.
"""

from __future__ import annotations

import numpy as np

from train import classifier, teacher
from train.data import LABELS, Corpus, Documents
from train.export import BACKWARDS, newer, read
from train.language_model import seed_everything
from train.recipe import LanguageModel, Student
from train.stages import Run, load_checkpoint


def training_set(corpus: Corpus, taught: teacher.Taught) -> tuple[Documents, np.ndarray]:
    """All labelled and taught reviews, and what to say of each: float32 [reviews, classes]."""
    labelled = corpus.split("train")
    sure = np.eye(len(LABELS), dtype=np.float32)[labelled.labels]
    unlabelled = np.stack([1 - taught.positive, taught.positive], 1)  # in the order of LABELS
    which = np.concatenate([labelled.which, taught.which])
    return Documents(corpus, which), np.concatenate([sure, unlabelled])


def train(corpus: Corpus, lm: LanguageModel, settings: Student, where: Run, device=None) -> None:
    """Run the recipe's stages and leave `student.pth` in `where.folder`.

    Both directions learn from the one `taught.npz` of the run.
    """
    run = where.folder.parent if where.folder.name == BACKWARDS else where.folder
    documents, targets = training_set(corpus, teacher.load(run))
    start = read(where.folder / "classifier.pth")
    checkpoint = where.folder / "student.checkpoint"
    same = newer(checkpoint, run / teacher.FILE)  # else it learned from another teacher
    state = load_checkpoint(checkpoint, where.resume and same)
    seed_everything(settings.seed)
    learn = classifier.learner(corpus, lm, settings, where.folder, device, documents, targets)
    learn.model.load_state_dict(start)
    classifier.fit(learn, settings, where, "student", state)
