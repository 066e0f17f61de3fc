"""The baselines' fitting on made-up documents whose classes differ by one pair of words."""

import numpy as np
import pytest
from scipy import sparse

from train import baselines
from ulmfit_demo.models.baselines import load_nbsvm


class Documents:
    def __init__(self, documents, labels):
        self.documents, self.labels = documents, np.asarray(labels)
        self.which = np.arange(len(documents))

    def __len__(self):
        return len(self.documents)

    def __getitem__(self, i):
        return np.asarray(self.documents[i])


class Corpus:
    """ "not good" against "good not": only the pair tells them apart."""

    vocab = ("xxunk", "xxpad", "not", "good", "film", "plot")

    def __init__(self, folder):
        rng = np.random.default_rng(0)
        self.folder, self.documents, self.parts = folder, [], {}
        for split, n in (("train", 120), ("heldout", 40), ("test", 40)):
            ids, labels = [], []
            for i in range(n):
                filler = rng.choice([0, 4, 5], 12).tolist()
                ids.append(filler + ([2, 3] if i % 2 else [3, 2]) + filler[:3])
                labels.append(1 - i % 2)
            self.parts[split] = Documents(ids, labels)

    def split(self, name):
        return self.parts[name]


def test_log_count_ratio_by_hand():
    x = sparse.csr_matrix([[1, 0], [1, 1], [0, 1]])
    r = baselines.log_count_ratio(x, np.array([1, 1, 0]))
    np.testing.assert_allclose(r, np.log([(3 / 5) / (1 / 3), (2 / 5) / (2 / 3)]))


def test_the_stage_learns_pairs_and_the_app_reads_the_same_model(tmp_path, monkeypatch):
    corpus = Corpus(tmp_path)
    (tmp_path / "r.txt").write_text("A film.")
    corpus.documents = [{"file": "r.txt"}] * 120
    monkeypatch.setattr(baselines, "find_corpus", lambda source: tmp_path)
    result = baselines.run(corpus, None, tmp_path, tmp_path, test=True)
    models = result["models"]
    assert models["NB-SVM"]["accuracy"] == {"heldout": 1.0, "test": 1.0}
    assert models["TF-IDF, logistic regression"]["accuracy"]["test"] == 1.0
    assert models["VADER"]["accuracy"]["test"] == pytest.approx(0.5)
    assert (tmp_path / "baselines.json").is_file()
    app = load_nbsvm(tmp_path)
    documents = corpus.split("test")
    for ids, label in zip(documents.documents, documents.labels, strict=True):
        words = [corpus.vocab[i] for i in ids]
        assert (app(words).positive > 0.5) == label
    assert not any("xxunk" in g for g in app.weights)
