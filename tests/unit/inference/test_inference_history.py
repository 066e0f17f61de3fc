"""The log as it was written → what was trained; the notebook's rates as fastai works them out."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
from fastai.basics import even_mults
from fastai.callback.schedule import combined_cos
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_clas_config, awd_lstm_clas_split
from fastai.text.models.core import get_text_classifier
from torch import nn

from ulmfit_demo import theme
from ulmfit_demo.tabs.training.log_html import group_names
from ulmfit_demo.training_log import history
from ulmfit_demo.training_log.history import Stage

BUNDLE = theme.ASSETS / "models" / "imdb"
needs_bundle = pytest.mark.skipif(
    not (BUNDLE / "training.jsonl").is_file(), reason="no bundle with a log in assets"
)


def step(time, batch, stage="lm", of=100, loss=5.0):
    return {
        "time": time,
        "stage": stage,
        "batch": batch,
        "of": of,
        "train_loss": loss,
        "lr": 1e-3,
        "mom": 0.8,
    }


def done(time, epoch, stage="lm", **more):
    figures = {"train_loss": 4.0, "valid_loss": 4.2, "accuracy": 0.25, **more}
    return {"time": time, "stage": stage, "epoch": epoch, "done": True, **figures}


def start(time, event="start", stage="lm"):
    return {"time": time, "stage": stage, "event": event, "precision": "bf16", "batches": 50}


def test_after_a_resume_the_batches_done_again_replace_the_lost_ones():
    log = [
        start(0),
        step(10, 10),
        step(20, 20, loss=9.0),
        step(30, 30, loss=9.0),
        start(1_000, "resume"),  # from a checkpoint at batch 15, after a night
        step(1_010, 20),
        step(1_020, 32),
        done(1_030, 0),
        step(1_040, 60),
        done(1_050, 1),
    ]
    found = history.read_log(log, "lm")
    assert [s.batch for s in found.stages[0].steps] == [10, 20, 32, 60]
    assert {s.loss for s in found.stages[0].steps} == {5.0}
    assert found.seconds == 30 + 50  # the night is no work
    assert (found.batches, found.precision, len(found.epochs)) == (50, "bf16", 2)


def test_a_new_start_forgets_what_was_before_and_phases_do_not_mix():
    log = [
        start(0),
        step(5, 5),
        start(100),
        step(110, 7),
        start(200, stage="classifier"),
        {"time": 200, "stage": "classifier 0", "event": "stage", "groups": 1, "rates": [1, 2]},
        step(210, 3, "classifier 0"),
        done(220, 0, "classifier 0"),
        {"time": 220, "stage": "classifier 1", "event": "stage", "groups": 0, "rates": [3, 4]},
        done(250, 0, "classifier 1"),
    ]
    assert [s.batch for s in history.read_log(log, "lm").stages[0].steps] == [7]
    found = history.read_log(log, "classifier")
    assert [(s.groups, s.rates, len(s.epochs)) for s in found.stages] == [
        (1, (1, 2), 1),
        (0, (3, 4), 1),
    ]
    assert found.seconds == 50


def test_a_beginning_belongs_to_the_training_that_follows_it():
    init = {"time": 0, "stage": "lm", "event": "init", "source": "runs/wiki", "new_words": 7}
    turned = {**init, "stage": "lm_backwards", "source": "runs/wiki/other"}
    log = [turned, init, start(0), done(10, 0), start(20, "resume"), done(30, 0)]
    found = history.read_log(log, "lm")
    assert (found.source, found.new_words) == ("wiki", 7)
    assert history.read_log(log, "lm_backwards").source == "other"
    again = history.read_log([*log, start(40), done(50, 0)], "lm")
    assert (again.source, again.new_words) == ("", None)


def test_a_student_is_a_phase_of_its_own_that_the_whole_classifier_ends_with(bundle):
    stage = {"event": "stage", "groups": 0, "rates": [1, 2]}
    log = [
        start(0, stage="classifier"),
        done(10, 0, "classifier"),
        {"time": 20, "stage": "teach", "event": "teacher", "weights": [1, 1, 0]},
        start(30, stage="student"),
        {"time": 30, "stage": "student", **stage},
        step(40, 5, "student"),
        done(70, 0, "student", accuracy=0.5),
    ]
    text = "\n".join(map(json.dumps, log))
    (bundle.folder / "training.jsonl").write_text(text, encoding="utf-8")
    found = history.load(bundle)
    assert [s.taught for s in found.classifier.stages] == [False]
    assert [(s.taught, s.groups, s.rates) for s in found.student.stages] == [(True, 0, (1, 2))]
    assert (found.classifier.seconds, found.student.seconds) == (10, 40)
    whole = found.whole_classifier
    assert [e.accuracy for e in whole.epochs] == [0.25, 0.5]
    assert whole.seconds == 50
    assert found.as_dict()["student"]["stages"][0]["taught"]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("lr", [1e-2, 5e-3, 1e-3])
def test_slices_are_fastais_even_multiples(lr, n):
    theirs = even_mults(lr / 2.6**4, lr, n)
    assert history.slice_rates(lr, 2.6, n) == pytest.approx(list(theirs))


def test_one_rate_is_the_same_for_all():
    assert history.slice_rates(2e-2, 1.0, 5) == (2e-2,) * 5
    assert history.slice_rates(2e-2, 2.6, 1) == (2e-2,)


@pytest.mark.parametrize("n_layers", [2, 3])
def test_the_groups_are_those_that_fastai_splits_and_freezes(n_layers):
    config = {**awd_lstm_clas_config, "emb_sz": 4, "n_hid": 6, "n_layers": n_layers}
    parts = awd_lstm_clas_split(get_text_classifier(AWD_LSTM, 20, 2, config=config))
    names = group_names(len(parts))
    assert names[0] == "embedding"
    assert names[-1] == "head"
    assert len(names) == n_layers + 2
    for groups in range(len(parts) + 1):  # freeze_to(-groups) trains parts[-groups:]
        found = history.trained(Stage(groups=groups, rates=(0.1,) * len(parts)))
        first = len(parts) - groups if groups else 0
        assert found == tuple(i >= first for i in range(len(parts)))


def test_the_notebooks_figures_agree_with_themselves():
    book = history.notebook()
    assert [len(s.epochs) for s in book.lm.stages] == [1, 10]
    for epoch in book.lm.epochs:
        assert epoch.perplexity == pytest.approx(math.exp(epoch.valid_loss), rel=1e-5)
    assert [s.cell for s in book.classifier.stages] == [38, 39, 40, 41]
    assert [s.groups for s in book.classifier.stages] == [1, 2, 3, 0]
    assert book.classifier.epochs[-1].accuracy == 0.9458
    assert book.classifier.seconds == 2 * 60 + 22 + 69 + 92 + 2 * 114


@pytest.fixture
def bundle(tmp_path):
    """A folder with a log that was cut off, and two tiny models."""
    lines = [start(0), step(10, 10), done(20, 0, perplexity=60.0)]
    text = "\n".join(json.dumps(e) for e in lines) + '\n{"time": 30, "sta'
    (tmp_path / "training.jsonl").write_text(text, encoding="utf-8")
    return SimpleNamespace(
        name="tiny",
        folder=tmp_path,
        config={"recipe": {"lm": {"bs": 4, "seq_len": 5}}},
        metrics={},
        lm=nn.Linear(3, 2),
        classifier=nn.Linear(3, 1),
    )


def test_what_is_not_there_is_empty(bundle):
    found = history.load(bundle)
    assert (found.lm.parameters, found.classifier.parameters) == (8, 4)
    assert found.tokens_read == 100 * 4 * 5
    assert found.lm.epochs[0].perplexity == 60.0
    assert (found.labels, found.baselines, found.wrong, found.source) == ((), (), (), "")
    assert not found.wikipedia
    assert found.classifier.stages == ()
    json.dumps(found.as_dict(), allow_nan=False)
    (bundle.folder / "training.jsonl").unlink()
    assert history.load(bundle).lm.stages == ()


def test_optional_files_are_read(bundle):
    write = lambda name, value: (bundle.folder / name).write_text(json.dumps(value))  # noqa: E731
    points = [(500, True, 0.8), (100, False, 0.6), (100, True, 0.7)]
    keys = ("labels", "encoder", "accuracy")
    write("labels.json", [dict(zip(keys, p, strict=True), seconds=1) for p in points])
    write("baselines.json", {"models": {"NB-SVM": {"accuracy": {"heldout": 0.9}}}})
    with (bundle.folder / "training.jsonl").open("w") as f:
        for event in ("pretrained", "init"):
            f.write(
                json.dumps({"time": 1, "stage": "lm", "event": event, "source": "runs/a"}) + "\n"
            )
    wrong = {"file": "test/pos/1_10.txt", "label": "pos", "positive": 0.01}
    bundle.metrics["mistakes"] = {"n": 1, "reviews": [wrong]}
    found = history.load(bundle)
    starts = [(p.labels, p.start) for p in found.labels]
    assert starts == [(100, "random"), (100, "lm"), (500, "lm")]
    assert found.baselines == (history.Baseline("NB-SVM", 0.9, None),)
    assert (found.wikipedia, found.source) == (True, "a")
    assert found.wrong == ({**wrong, "told": ""},)
    for name in ("labels.json", "baselines.json"):
        (bundle.folder / name).write_text("{")  # cut off
    found = history.load(bundle)
    assert (found.labels, found.baselines) == ((), ())


@needs_bundle
def test_the_shipped_log_is_fastais_one_cycle():
    """The rates of the log are what `fit_one_cycle` gives for the recipe in the bundle."""
    recipe = json.loads((BUNDLE / "config.json").read_text())["recipe"]["lm"]
    events = history.read_lines(BUNDLE / "training.jsonl")
    found = history.read_log(events, "lm")
    if len(found.stages) != 1 or recipe["stages"]:
        pytest.skip("the shipped language model was trained in stages")
    lr = combined_cos(recipe["pct_start"], recipe["lr"] / 25, recipe["lr"], recipe["lr"] / 1e5)
    mom = combined_cos(recipe["pct_start"], *recipe["moms"])
    stage = found.stages[0]
    for s in stage.steps:
        at = (s.batch - 1) / stage.batches
        assert s.lr == pytest.approx(float(lr(at)), rel=1e-4)
        assert s.mom == pytest.approx(float(mom(at)), rel=1e-4)


def test_a_second_round_goes_on_where_the_first_ended():
    def piece(accuracy, at):
        return [
            {"time": at, "stage": "student", "event": "start", "batches": 9, "precision": "fp32"},
            {"time": at, "stage": "student", "event": "stage", "groups": 0, "rates": [0.1, 0.1]},
            {
                **{"time": at + 5, "stage": "student", "epoch": 0, "done": True},
                **{"train_loss": 0.3, "valid_loss": 0.2, "accuracy": accuracy},
            },
        ]

    between = {"time": 90, "stage": "student", "event": "round"}
    found = history.read_log([*piece(0.7, 10), between, *piece(0.8, 100)], "student")
    assert [e.accuracy for e in found.epochs] == [0.7, 0.8]
    assert found.seconds == 10  # the pause between the rounds is not work
    anew = history.read_log([*piece(0.7, 10), *piece(0.8, 100)], "student")
    assert [e.accuracy for e in anew.epochs] == [0.8]


@needs_bundle
def test_the_shipped_classifiers_rates_are_the_recipes():
    recipe = json.loads((BUNDLE / "config.json").read_text())["recipe"]["classifier"]
    found = history.read_log(history.read_lines(BUNDLE / "training.jsonl"), "classifier")
    for stage, wanted in zip(found.stages, recipe["stages"], strict=True):
        n = len(stage.rates)
        rates = [wanted["lr"] / wanted["factor"] ** (n - 1 - i) for i in range(n)]
        assert stage.rates == pytest.approx(rates)
        assert stage.groups == wanted["groups"]
        assert len(stage.epochs) == wanted["epochs"]
