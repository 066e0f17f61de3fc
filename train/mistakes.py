"""What the classifier gets wrong, by file name, and whether NB-SVM differs by chance. Draws nothing.

Part of `evaluate`: it keeps names, labels and probabilities, no text of a review.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from train.data import LABELS, SPLITS, Corpus, Documents
from train.logging import progress
from train.reading import probabilities
from ulmfit_demo.models.baselines import NBSVM, BaselineError, load_nbsvm
from ulmfit_demo.models.bundle import Bundle

KEPT = 40  # mistakes that are named
NB_SVM = "NB-SVM, 50,000 n-grams"  # as `baselines.json` calls the one that ships
log = logging.getLogger(__name__)


def most_wrong(probs: np.ndarray, documents: Documents, n: int = KEPT) -> list[dict]:
    """The `n` reviews whose own label got the least probability, worst first.

    `probs` [documents, classes]; each entry has the `file`, the `label` and the probability of
    positive, `positive`.
    """
    labels = documents.labels
    own = probs[np.arange(len(labels)), labels]
    worst = [i for i in np.argsort(own, kind="stable") if probs[i].argmax() != labels[i]][:n]
    return [
        {
            "file": documents.corpus.documents[documents.which[i]]["file"],
            "label": LABELS[labels[i]],
            "positive": round(float(probs[i, LABELS.index("pos")]), 5),
        }
        for i in worst
    ]


def mcnemar(ours: np.ndarray, theirs: np.ndarray) -> dict:
    """Exact McNemar test on two classifiers' right answers, bool [documents].

    Of the documents that only one of the two got right, each should get half if they are equally good.
    """
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    differ = only_ours + only_theirs
    return {
        "both": int((ours & theirs).sum()),
        "only_ours": only_ours,
        "only_theirs": only_theirs,
        "neither": int((~ours & ~theirs).sum()),
        "p": float(binomtest(only_ours, differ).pvalue) if differ else 1.0,
    }


def nbsvm_right(model: NBSVM, documents: Documents) -> np.ndarray:
    """Whether NB-SVM's verdict on each document is its label: bool [documents]."""
    vocab, positive = documents.corpus.vocab, LABELS.index("pos")
    verdicts = [
        model([vocab[i] for i in documents[d].tolist()], 0).positive >= 0.5
        for d in progress(range(len(documents)), "NB-SVM")
    ]
    return np.asarray(verdicts) == (documents.labels == positive)


def against_bundle(
    probs: np.ndarray, other: Bundle, documents: Documents, precision: str
) -> dict[str, dict]:
    """McNemar's test against the classifier of another bundle: its name → the counts and p.

    `probs` [documents, classes] of ours. Both classifiers read the same documents at `precision`.
    """
    theirs = probabilities(other.classifier, documents, precision, other.name).argmax(1).numpy()
    labels = documents.labels
    about = other.config.get("about")
    name = f"{other.name} ({about})" if about else other.name
    return {name: mcnemar(probs.argmax(1) == labels, theirs == labels)}


def corpus_sizes(corpus: Corpus) -> dict:
    """Documents and tokens of every split."""
    splits = {name: corpus.split(name) for name in SPLITS}
    return {
        name: {"documents": len(d), "tokens": int(d.lengths.sum())} for name, d in splits.items()
    }


def measure(
    probs: np.ndarray, documents: Documents, precision: str, baselines: Path | None = None
) -> dict:
    """What `metrics.json` holds of it: `mistakes`, `corpus`, and `against` where there is an NB-SVM.

    `probs` [documents, classes] of our classifier, read at `precision`; `baselines`: the folder of an
    NB-SVM that was fitted on the same split.
    """
    right = probs.argmax(1) == documents.labels
    result = {
        "mistakes": {
            "precision": precision,
            "n": int((~right).sum()),
            "reviews": most_wrong(probs, documents),
        },
        "corpus": corpus_sizes(documents.corpus),
    }
    if baselines:
        try:
            theirs = nbsvm_right(load_nbsvm(baselines), documents)
        except BaselineError as e:
            log.warning("not compared with NB-SVM: %s", e)
        else:
            result["against"] = {NB_SVM: mcnemar(right, theirs)}
    return result
