"""The teacher: n-grams as scikit-learn counts them, and the members of both directions in one mixture."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer

from train import classifier, commands, data, generated, language_model, recipe, student, teacher
from train.baselines import FEWEST, Grams
from train.stages import Run

CPU = torch.device("cpu")
SIZES = {"train/neg": 40, "train/pos": 40, "test/neg": 4, "test/pos": 4, "unsup": 30}
LM = recipe.LanguageModel(
    emb_sz=16, n_hid=24, bs=8, seq_len=10, sampled=16, lr=2e-2, precision="fp32"
)
COMMON = dict(bs=8, bptt=40, max_len=40, cut=20, lin_ftrs=8, drop_mult=0.01, precision="fp32")
RECIPE = recipe.Recipe(
    "tiny",
    data=recipe.Data(min_freq=1, heldout=8),
    lm=LM,
    classifier=recipe.Classifier(stages=(recipe.Stage(groups=0, epochs=2, lr=2e-2),), **COMMON),
    student=recipe.Student(
        unlabelled=20, grams=3, stages=(recipe.Stage(groups=0, epochs=1, lr=1e-2),), **COMMON
    ),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = generated.write(tmp_path_factory.mktemp("corpus") / "imdb", SIZES)
    out = tmp_path_factory.mktemp("run") / "data"
    data.prepare(folder, out, RECIPE.data, workers=1)
    return data.Corpus(out)


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    """A run with classifiers of both directions, taught and with both students."""
    folder = tmp_path_factory.mktemp("both")
    for place, read in (
        (folder, corpus),
        (folder / "backwards", data.Corpus(corpus.folder, backwards=True)),
    ):
        language_model.train(read, LM, Run(place), CPU)
        classifier.train(read, LM, RECIPE.classifier, Run(place), CPU)
    teacher.teach(RECIPE, corpus, folder)
    return folder


@pytest.mark.parametrize("longest", [1, 2, 3])
def test_ngrams_equal_scikit_learns(corpus, longest):
    train = corpus.split("train")
    texts = [[corpus.vocab[i] for i in train[k]] for k in range(len(train))]
    oracle = CountVectorizer(
        analyzer=lambda ws: [
            " ".join(ws[i : i + n])
            for n in range(1, longest + 1)
            for i in range(len(ws) - n + 1)
            if "xxunk" not in ws[i : i + n]
        ],
        min_df=FEWEST,
    )
    expected = oracle.fit_transform(texts)
    grams = Grams(corpus.vocab, train, longest)
    words = grams.words()
    assert sorted(words) == sorted(oracle.vocabulary_)
    order = [oracle.vocabulary_[w] for w in words]
    assert (grams.counts(train) != expected[:, order]).nnz == 0


def test_both_directions_and_nbsvm_are_weighed_together(corpus, run):
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    event = next(e for e in log if e["stage"] == "teach")
    members = ["classifier", "classifier_backwards", "NB-SVM"]
    assert list(event["heldout"]) == [*members, "together"]
    found = teacher.load(run)
    documents = data.Documents(corpus, found.which)
    scores = [score(documents) for score in teacher.members(RECIPE, corpus, run, "fp32").values()]
    *weights, bias = event["weights"]
    odds = np.array(weights) @ np.stack(scores) + bias
    assert found.positive == pytest.approx(1 / (1 + np.exp(-odds)), abs=0.02)


def test_the_backwards_member_reads_from_the_end(corpus, run):
    """Against fastai's own classifier on reversed ids."""
    documents = data.Documents(corpus, corpus.split("unsup").which[:6])
    found = teacher.members(RECIPE, corpus, run, "fp32")["classifier_backwards"](documents)
    backwards = data.Corpus(corpus.folder, backwards=True)
    learn = classifier.learner(backwards, LM, RECIPE.classifier, run / "backwards", CPU)
    learn.model.load_state_dict(torch.load(run / "backwards" / "classifier.pth"))
    learn.model.eval()
    for i in range(len(documents)):
        learn.model.reset()
        with torch.no_grad():
            logits = learn.model(documents[i].flip(0)[None])[0][0]
        assert found[i] == pytest.approx(float(logits[1] - logits[0]), abs=1e-3)


def test_one_file_teaches_both_students(corpus, run):
    for place, read in (
        (run, corpus),
        (run / "backwards", data.Corpus(corpus.folder, backwards=True)),
    ):
        student.train(read, LM, RECIPE.student, Run(place), CPU)
        assert (place / "student.pth").is_file()
    assert not (run / "backwards" / teacher.FILE).exists()


def test_a_newer_backwards_classifier_makes_what_was_taught_stale(run):
    call = SimpleNamespace(folder=run, where=Run(run))
    assert commands.finished("teach", call)
    later = (run / teacher.FILE).stat().st_mtime + 10
    os.utime(run / "backwards" / "classifier.pth", (later, later))
    assert not commands.finished("teach", call)
