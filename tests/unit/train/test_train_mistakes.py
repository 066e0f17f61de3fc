"""The mistakes that `evaluate` names, and McNemar's test, held to their definitions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from train import mistakes
from ulmfit_demo.models.baselines import NBSVM


class Fake:
    """Documents of one word each."""

    def __init__(self, labels, vocab=("good", "bad")):
        self.labels = np.asarray(labels)
        self.which = np.arange(len(labels)) + 10
        names = {i: {"file": f"test/x/{i}.txt"} for i in self.which}
        self.corpus = SimpleNamespace(documents=names, vocab=list(vocab))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return np.asarray([1 - self.labels[i]])


def test_the_worst_come_first_and_the_right_ones_not_at_all():
    positive = np.asarray([0.9, 0.6, 0.2, 0.01, 0.99])
    found = mistakes.most_wrong(np.stack([1 - positive, positive], 1), Fake([0, 0, 0, 1, 1]), 2)
    assert [(f["file"], f["label"], f["positive"]) for f in found] == [
        ("test/x/13.txt", "pos", 0.01),
        ("test/x/10.txt", "neg", 0.9),
    ]


@pytest.mark.parametrize(("b", "c"), [(0, 0), (5, 5), (3, 12), (40, 10)])
def test_mcnemar_is_twice_the_smaller_tail(b, c):
    ours = np.repeat([True, False, True, False], [7, c, b, 2])
    theirs = np.repeat([True, True, False, False], [7, c, b, 2])
    found = mistakes.mcnemar(ours, theirs)
    counts = [found[k] for k in ("both", "only_ours", "only_theirs", "neither")]
    assert counts == [7, b, c, 2]
    tail = binom.cdf(min(b, c), b + c, 0.5)
    assert found["p"] == pytest.approx(min(1.0, 2 * tail))


def test_nbsvm_is_right_where_its_words_are():
    documents = Fake([1, 0, 1])
    assert mistakes.nbsvm_right(NBSVM({"good": 2.0, "bad": -2.0}, 0.0), documents).all()
    assert not mistakes.nbsvm_right(NBSVM({"good": -2.0, "bad": 2.0}, 0.0), documents).any()
