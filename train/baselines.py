"""Stage `baselines`: NB-SVM, TF-IDF with logistic regression, and VADER, on the same split as ours.

Fitted on train without the held-out reviews; every choice is made on the held-out ones; the test reviews
are read only when asked for. Writes `baselines.json` into the run, and the NB-SVM that the app shows
into `assets/baselines`. NB-SVM is Wang & Manning's (2012) with logistic regression for probabilities.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from train.data import Corpus, Documents, find_corpus
from train.logging import progress
from ulmfit_demo.models.baselines import MAX_GRAMS, save_nbsvm, vader

FEWEST = 3  # documents that an n-gram must stand in
CS = (0.1, 1.0, 10.0)  # regularization, the larger the weaker
UNKNOWN = 0
AT_ONCE = 10_000  # documents counted at a time: their n-grams take a gigabyte


class Grams:
    """The n-grams of documents up to `longest` words as sparse counts; learns which from train alone."""

    def __init__(self, vocab: list[str], train: Documents, longest: int = 2):
        self.vocab, self.longest = vocab, longest
        _, keys, _ = self._found(train)
        known, counts = np.unique(keys, return_counts=True)
        self.keys = known[counts >= FEWEST]

    def counts(self, documents: Documents) -> sparse.csr_matrix:
        """float32 [documents, n_grams]."""
        rows, keys, times = self._found(documents)
        columns = np.searchsorted(self.keys, keys)
        columns[columns == len(self.keys)] = 0
        known = self.keys[columns] == keys
        shape = (len(documents), len(self.keys))
        values = times[known].astype(np.float32)
        return sparse.csr_matrix((values, (rows[known], columns[known])), shape=shape)

    def words(self) -> list[str]:
        """Each n-gram's words, a space between two."""
        base, rest, ids = len(self.vocab) + 1, self.keys, []
        for _ in range(self.longest):
            rest, last = np.divmod(rest, base)
            ids.append(last.tolist())
        known = zip(*reversed(ids), strict=True)
        return [" ".join(self.vocab[i] for i in gram if i < base - 1) for gram in known]

    def _found(self, documents: Documents):
        """(document, key, how often), one a document and n-gram; those with `xxunk` left out.

        A key is the ids as digits to the base `len(vocab) + 1`; a missing word is the highest digit.
        """
        base = len(self.vocab) + 1
        rows, keys, times = [], [], []
        for i in progress(range(len(documents)), "n-grams"):
            ids = np.asarray(documents[i], dtype=np.int64)
            found = []
            for n in range(1, self.longest + 1):
                parts = [ids[k : len(ids) - n + 1 + k] for k in range(n)]
                known = np.logical_and.reduce([p != UNKNOWN for p in parts])
                key = np.zeros(int(known.sum()), dtype=np.int64)
                for digit in [p[known] for p in parts] + [base - 1] * (self.longest - n):
                    key = key * base + digit
                found.append(key)
            unique, count = np.unique(np.concatenate(found), return_counts=True)
            rows.append(np.full(len(unique), i))
            keys.append(unique)
            times.append(count)
        return np.concatenate(rows), np.concatenate(keys), np.concatenate(times)


def log_count_ratio(x: sparse.csr_matrix, y: np.ndarray, smooth: float = 1.0) -> np.ndarray:
    """Wang & Manning's r: binary x [documents, n_grams], y [documents] → [n_grams]."""
    p = np.asarray(x[y == 1].sum(0)).ravel() + smooth
    q = np.asarray(x[y == 0].sum(0)).ravel() + smooth
    return np.log((p / p.sum()) / (q / q.sum()))


def accuracy(score: np.ndarray, labels: np.ndarray) -> float:
    return float(((score > 0) == labels).mean())


def best_of(x, y, held_x, held_y) -> tuple[LogisticRegression, float]:
    """Logistic regression with the regularization that does best on the held-out reviews."""
    models = [LogisticRegression(C=c, solver="liblinear", max_iter=200).fit(x, y) for c in CS]
    scores = [accuracy(m.decision_function(held_x), held_y) for m in models]
    at = int(np.argmax(scores))
    return models[at], CS[at]


@dataclass(frozen=True)
class NBSVMFit:
    """A fitted NB-SVM: which n-grams, what each weighs, and the regularization that was chosen."""

    grams: Grams
    weights: np.ndarray  # [n_grams]
    bias: float
    c: float

    def scores(self, documents: Documents) -> np.ndarray:
        """Log odds of positive, [documents]. Each n-gram counts once."""
        pieces = [
            Documents(documents.corpus, documents.which[i : i + AT_ONCE])
            for i in range(0, len(documents), AT_ONCE)
        ]
        found = [self.grams.counts(piece).sign() @ self.weights for piece in pieces]
        return np.concatenate(found) + self.bias


def fit_nbsvm(grams: Grams, counts, labels, held_counts, held_labels) -> NBSVMFit:
    """Fit on `counts` [documents, n_grams] and `labels`; the regularization that does best held out.

    Source: Wang & Manning (2012).
    """
    binary = counts.sign()
    ratio = log_count_ratio(binary, labels)
    scale = sparse.diags(ratio)
    model, c = best_of(binary @ scale, labels, held_counts.sign() @ scale, held_labels)
    return NBSVMFit(grams, model.coef_[0] * ratio, float(model.intercept_[0]), c)


def vader_scores(files: list[Path]) -> np.ndarray:
    """VADER's compound score of each file, -1 to 1."""
    texts = (f.read_text(encoding="utf-8") for f in progress(files, "VADER"))
    return np.asarray([2 * vader(t, 0).positive - 1 for t in texts])


def run(
    corpus: Corpus, source: Path | None, folder: Path, out: Path | None, test: bool = False
) -> dict:
    """Fit and measure all three; returns what `baselines.json` holds.

    `source` is the folder of the raw reviews (VADER reads capitals and punctuation). With `out` the
    NB-SVM is written there. With `test` the test reviews are measured too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    train, splits = corpus.split("train"), {"heldout": corpus.split("heldout")}
    if test:
        splits["test"] = corpus.split("test")
    grams = Grams(corpus.vocab, train)
    y, counts = train.labels, grams.counts(train)
    others = {name: grams.counts(documents) for name, documents in splits.items()}
    labels = {name: documents.labels for name, documents in splits.items()}
    result: dict = {"n_grams": len(grams.keys), "n_train": len(train), "models": {}}

    def measured(name: str, score, started: float, **chosen) -> None:
        figures = {split: accuracy(score(split), labels[split]) for split in splits}
        seconds = round(time.perf_counter() - started, 1)
        result["models"][name] = {"accuracy": figures, "seconds": seconds, **chosen}
        (folder / "baselines.json").write_text(json.dumps(result, indent=1), encoding="utf-8")

    started = time.perf_counter()
    nbsvm = fit_nbsvm(grams, counts, y, others["heldout"], labels["heldout"])
    weights, bias = nbsvm.weights, nbsvm.bias
    measured("NB-SVM", lambda s: others[s].sign() @ weights + bias, started, C=nbsvm.c)
    kept = np.zeros_like(weights)
    strongest = np.argsort(-np.abs(weights), kind="stable")[:MAX_GRAMS]
    kept[strongest] = weights[strongest]
    measured(f"NB-SVM, {MAX_GRAMS:,} n-grams", lambda s: others[s].sign() @ kept + bias, started)
    if out:
        words = grams.words()
        strong = {words[i]: float(weights[i]) for i in strongest}
        save_nbsvm(strong, bias, out, {"about": "NB-SVM on words and pairs of words"})

    started = time.perf_counter()
    tfidf = TfidfTransformer(sublinear_tf=True).fit(counts)
    model, c = best_of(
        tfidf.transform(counts), y, tfidf.transform(others["heldout"]), labels["heldout"]
    )
    logistic = model.decision_function
    measured(
        "TF-IDF, logistic regression", lambda s: logistic(tfidf.transform(others[s])), started, C=c
    )

    started, root = time.perf_counter(), find_corpus(source)
    compound = {
        name: vader_scores([root / corpus.documents[i]["file"] for i in documents.which])
        for name, documents in splits.items()
    }
    measured("VADER", lambda s: compound[s], started)
    limits = np.linspace(-0.99, 0.99, 199)
    held = [accuracy(compound["heldout"] - t, labels["heldout"]) for t in limits]
    limit = float(limits[int(np.argmax(held))])
    measured(
        "VADER, limit chosen on held-out reviews",
        lambda s: compound[s] - limit,
        started,
        limit=limit,
    )
    return result
