"""A teacher labels reviews that nobody labelled, and the classifier goes on with them."""

import contextlib
import dataclasses
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fastai.callback.core import Callback

from train import (
    classifier,
    commands,
    data,
    export,
    generated,
    language_model,
    recipe,
    student,
    teacher,
    unpack,
)
from train.errors import StageError
from train.stages import Run
from train.state_dicts import classifier_weights
from train.unpack import fastai_classifier
from ulmfit_demo.models import bundle

CPU = torch.device("cpu")
SIZES = {"train/neg": 40, "train/pos": 40, "test/neg": 4, "test/pos": 4, "unsup": 30}
LM = recipe.LanguageModel(emb_sz=16, n_hid=24, bs=8, seq_len=10, epochs=2, sampled=16, lr=2e-2)
COMMON = dict(bs=8, bptt=40, max_len=40, cut=20, lin_ftrs=8, drop_mult=0.01, checkpoint_seconds=0)
STAGES = (recipe.Stage(groups=1, epochs=2, lr=3e-2), recipe.Stage(groups=0, epochs=4, lr=2e-2))
RECIPE = recipe.Recipe(
    "tiny",
    data=recipe.Data(min_freq=1, heldout=8),
    lm=LM,
    classifier=recipe.Classifier(stages=STAGES, **COMMON),
    student=recipe.Student(
        unlabelled=20, tail=12, stages=(recipe.Stage(groups=0, epochs=2, lr=1e-2),), **COMMON
    ),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = generated.write(tmp_path_factory.mktemp("corpus") / "imdb", SIZES)
    out = tmp_path_factory.mktemp("run") / "data"
    data.prepare(folder, out, RECIPE.data, workers=1)
    return data.Corpus(out)


@pytest.fixture(scope="module")
def taught(corpus, tmp_path_factory):
    """A run with language model, classifier and taught reviews."""
    folder = tmp_path_factory.mktemp("taught")
    language_model.train(corpus, LM, Run(folder), CPU)
    classifier.train(corpus, LM, RECIPE.classifier, Run(folder), CPU)
    teacher.teach(RECIPE, corpus, folder)
    return folder


def test_a_long_review_keeps_its_head_and_its_tail(corpus):
    train = corpus.split("train")
    cut = data.Documents(corpus, train.which, 20, 12)
    for i in range(len(train)):
        whole, short = train[i].tolist(), cut[i].tolist()
        assert short == (whole if len(whole) <= 20 else whole[:8] + whole[-12:])
        assert len(short) == cut.lengths[i]
    assert [d.tolist() for d in cut.subset(3)] == [cut[i].tolist() for i in (0, 24, 48)]
    first = data.Documents(corpus, train.which, 20)
    assert first[0].tolist() == train[0].tolist()[:20]
    with pytest.raises(StageError, match="tail"):
        data.Documents(corpus, train.which, 20, 20)


def test_the_teacher_labels_unsup_alone(corpus, taught):
    found = teacher.load(taught)
    assert len(found.which) == 20
    assert {corpus.documents[i]["split"] for i in found.which} == {"unsup"}
    assert ((found.positive > 0) & (found.positive < 1)).all()
    log = [json.loads(line) for line in (taught / "log.jsonl").read_text().splitlines()]
    figures = next(e for e in log if e["stage"] == "teach")["heldout"]
    assert set(figures) == {"classifier", "NB-SVM", "together"}
    assert figures["NB-SVM"] == 1.0  # the words give the label away
    assert figures["together"] >= 0.75


def test_a_second_round_labels_other_reviews(corpus):
    unsup = corpus.split("unsup")
    half = len(unsup) // 2
    first, second = unsup.subset(half).which, unsup.subset(half, first=1).which
    assert len(second) == half
    assert not set(first) & set(second)


def test_the_teachers_probability_is_the_mixture_it_says(corpus, taught):
    """Made again from the parts: fastai's own classifier and the weights in the log."""
    log = [json.loads(line) for line in (taught / "log.jsonl").read_text().splitlines()]
    a, b, c = next(e for e in log if e["stage"] == "teach")["weights"]
    learn = classifier.learner(corpus, LM, RECIPE.classifier, taught, CPU)
    learn.model.load_state_dict(torch.load(taught / "classifier.pth"))
    learn.model.eval()
    found = teacher.load(taught)
    documents = data.Documents(corpus, found.which)
    train, heldout = corpus.split("train"), corpus.split("heldout")
    grams = teacher.Grams(corpus.vocab, train)
    nbsvm = teacher.fit_nbsvm(
        grams, grams.counts(train), train.labels, grams.counts(heldout), heldout.labels
    ).scores(documents)
    for i in range(len(documents)):
        learn.model.reset()
        with torch.no_grad():
            logits = learn.model(documents[i][None])[0][0]
        odds = a * float(logits[1] - logits[0]) + b * nbsvm[i] + c
        assert found.positive[i] == pytest.approx(1 / (1 + np.exp(-odds)), abs=0.02)


def test_a_student_learns_labels_where_there_are_some_and_the_teachers_where_not(corpus, taught):
    found = teacher.load(taught)
    documents, targets = student.training_set(corpus, found)
    train = corpus.split("train")
    assert documents.which.tolist() == [*train.which, *found.which]
    assert targets.dtype == np.float32
    assert targets.sum(1) == pytest.approx(np.ones(len(documents)))
    assert targets[: len(train)].argmax(1).tolist() == train.labels.tolist()
    assert targets[: len(train)].max(1).min() == 1
    assert targets[len(train) :, data.LABELS.index("pos")].tolist() == found.positive.tolist()


def test_the_loss_is_the_cross_entropy_with_the_teachers_probabilities(corpus, taught):
    documents, targets = student.training_set(corpus, teacher.load(taught))
    learn = classifier.learner(corpus, LM, RECIPE.student, taught, CPU, documents, targets)
    x, y = learn.dls.train.one_batch()
    assert y.shape == (8, 2)
    logits = torch.randn(8, 2)
    expected = -(y * logits.log_softmax(1)).sum(1).mean()
    assert float(learn.loss_func(logits, y)) == pytest.approx(float(expected), abs=1e-6)
    cut = data.Documents(corpus, documents.which, 20, 12)
    known = {tuple(cut[i].tolist()): targets[i].tolist() for i in range(len(cut))}
    for row, target in zip(x.tolist(), y.tolist(), strict=True):
        assert known[tuple(i for i in row if i != 1)] == target  # 1 is xxpad


class KilledError(BaseException):
    """Stands for the kill: no handler of fastai's catches it."""


class KillAt(Callback):
    order = 90
    run_valid = False

    def __init__(self, losses: list, at: int | None):
        self.losses, self.at = losses, at

    def after_batch(self):
        self.losses.append(float(self.learn.loss))
        if len(self.losses) == self.at:
            raise KilledError


def test_a_student_starts_as_its_classifier_and_resumes_where_it_was_killed(
    monkeypatch, corpus, taught, tmp_path
):
    losses = {}
    make = classifier.learner
    settings = dataclasses.replace(RECIPE.student, drop_mult=0.5)  # lost random state would show

    def run(name, at=None, resume=False):
        folder = tmp_path / name
        if not resume:
            folder.mkdir()
            for file in ("classifier.pth", teacher.FILE):
                (folder / file).write_bytes((taught / file).read_bytes())
        found = losses.setdefault(name, [])

        def recorded(*args, **kwargs):
            learn = make(*args, **kwargs)
            learn.add_cb(KillAt(found, at))
            return learn

        monkeypatch.setattr(classifier, "learner", recorded)
        with contextlib.suppress(KilledError):
            student.train(corpus, LM, settings, Run(folder, resume), CPU)
        return folder

    whole, killed = run("whole"), run("killed", at=14)
    assert not (killed / "student.pth").exists()
    run("killed", resume=True)
    assert losses["killed"] == pytest.approx(losses["whole"], abs=1e-3)
    before, after = (torch.load(whole / f"{n}.pth") for n in ("classifier", "student"))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[k], after[k]) for k in before)
    assert losses["whole"][0] < 0.66  # it begins with what the classifier knows: ln 2 is 0.69


def test_the_bundle_takes_the_student_and_gives_it_back(corpus, taught, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for file in ("lm.pth", "classifier.pth"):
        (folder / file).write_bytes((taught / file).read_bytes())
    changed = {k: t + 1 for k, t in torch.load(taught / "classifier.pth").items()}
    torch.save(changed, folder / "student.pth")
    export.export(RECIPE, corpus, folder, tmp_path / "out")
    loaded = bundle.load(tmp_path / "out")
    wanted = classifier_weights(changed)
    assert torch.equal(loaded.classifier.linear1.weight, wanted["linear1.weight"])

    learn = classifier.learner(corpus, LM, RECIPE.classifier, folder, CPU)
    learn.model.load_state_dict(fastai_classifier(loaded, loaded.classifier).state_dict())
    learn.model.eval()
    learn.model.reset()
    ids = corpus.split("heldout")[0]
    with torch.no_grad():
        theirs = learn.model(ids[None])[0][0]
    assert torch.allclose(theirs, loaded.classifier([ids.tolist()])[0], atol=1e-4)
    again = tmp_path / "again"
    again.mkdir()
    unpack.unpack(tmp_path / "out", corpus, LM, again)
    assert not (again / "classifier.pth").exists()  # of the classifier before it nothing is left
    assert export.last_classifier(RECIPE, again).name == "student.pth"
    back = classifier_weights(torch.load(again / "student.pth"))
    assert torch.equal(back["linear1.weight"], wanted["linear1.weight"])


def test_a_stale_student_is_not_taken_for_the_classifiers(corpus, taught, tmp_path):
    for file in ("lm.pth", "classifier.pth", teacher.FILE):
        (tmp_path / file).write_bytes((taught / file).read_bytes())
    with pytest.raises(export.ExportError, match="run the stages teach and student"):
        export.last_classifier(RECIPE, tmp_path)
    (tmp_path / "student.pth").write_bytes(b"")
    call = SimpleNamespace(where=Run(tmp_path), folder=tmp_path)
    os.utime(tmp_path / "classifier.pth", (100, 100))
    os.utime(tmp_path / teacher.FILE, (200, 200))
    os.utime(tmp_path / "student.pth", (300, 300))
    assert commands.finished("teach", call)
    assert commands.finished("student", call)
    assert export.last_classifier(RECIPE, tmp_path).name == "student.pth"
    plain = dataclasses.replace(RECIPE, student=recipe.Student())
    assert export.last_classifier(plain, tmp_path).name == "classifier.pth"
    os.utime(tmp_path / "classifier.pth", (400, 400))  # trained anew
    assert not commands.finished("teach", call)
    with pytest.raises(export.ExportError, match="older than"):
        export.last_classifier(RECIPE, tmp_path)
    os.utime(tmp_path / teacher.FILE, (500, 500))
    assert commands.finished("teach", call)
    assert not commands.finished("student", call)
    back = tmp_path / export.BACKWARDS
    assert export.last_classifier(RECIPE, back).name == "classifier.pth"


def test_a_checkpoint_of_another_teacher_is_not_gone_on_from(corpus, taught, tmp_path):
    for file in ("classifier.pth", teacher.FILE):
        (tmp_path / file).write_bytes((taught / file).read_bytes())
    settings = dataclasses.replace(
        RECIPE.student, stages=(recipe.Stage(groups=0, epochs=1, lr=1e-3),)
    )
    student.train(corpus, LM, settings, Run(tmp_path), CPU)
    os.utime(tmp_path / "student.checkpoint", (100, 100))
    student.train(corpus, LM, settings, Run(tmp_path, resume=True), CPU)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [e["event"] for e in log if e.get("event") in ("start", "resume")] == ["start", "start"]


def test_a_student_of_another_shape_is_refused(tmp_path):
    text = "[classifier]\nbptt = 40\n[student]\nunlabelled = 5\nbptt = 30\n"
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(recipe.RecipeError, match=r"student.bptt is 30, classifier.bptt 40"):
        recipe.load(tmp_path / "r.toml")


def test_both_directions_read_the_same_part_of_a_long_review(corpus):
    backwards = data.Corpus(corpus.folder, backwards=True)
    which = corpus.split("train").which
    there, back = (data.Documents(c, which, 20, 12) for c in (corpus, backwards))
    assert [d.tolist() for d in there] == [d.tolist()[::-1] for d in back]
    last = data.Documents(backwards, which, 20)  # without a tail, what it comes to first
    whole = data.Documents(backwards, which)
    assert [d.tolist() for d in last] == [d.tolist()[:20] for d in whole]


def test_without_a_teacher_one_sentence_says_so(corpus, taught, tmp_path):
    with pytest.raises(teacher.TeacherError, match="python -m train teach"):
        student.train(corpus, LM, RECIPE.student, Run(tmp_path), CPU)
    none = dataclasses.replace(RECIPE, student=recipe.Student())
    with pytest.raises(teacher.TeacherError, match="no unlabelled"):
        teacher.teach(none, corpus, taught)
