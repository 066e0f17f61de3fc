"""Fine-tuning in its process, the lesson's code against the app, many visitors at once."""

import contextlib
import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from ulmfit_demo.inference import loading
from ulmfit_demo.limits import Refused
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.batches.batches_code import ROOT
from ulmfit_demo.tabs.teach import layout
from ulmfit_demo.teach import learn, task, tune_worker, tuning
from ulmfit_demo.workers.live_training.supervisor import Supervisor

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def loaded():
    return loading.load(assets())


@pytest.fixture(scope="module")
def lesson(loaded):
    return learn.begin(loaded, task.presets(assets())["film"].task)


def marks(lesson, n):
    return [(i, lesson.task.truth[i]) for i in range(n)]


def workers() -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (entry / "cmdline").read_bytes()
                found += parent == os.getpid() and b"tune_worker.py" in command
    return found


def test_it_tells_what_each_epoch_changed_and_gives_the_layer(loaded, lesson):
    steps = tuning.tune(loaded, Supervisor(1, tuning.WORKER), lesson, marks(lesson, 60))
    *_, found = steps
    assert (found.stage, found.why) == ("done", "")
    assert [e.name for e in found.epochs] == [
        "the head alone",
        *(f"epoch {i}" for i in range(1, tuning.SETTINGS["epochs"] + 1)),
    ]
    own = learn.heads.fit  # before any step the worker's verdicts are those of our head
    labels = lesson.task.labels(marks(lesson, 60))
    train = np.setdiff1d(np.flatnonzero(labels >= 0), found.held)
    head = own(lesson.features[train], labels[train], 3, lesson.norm)
    said = head.logits(lesson.features[list(found.held)]).argmax(1)
    assert (said == np.array(found.epochs[0].said)).mean() > 0.9  # fp32 there, what is fast here
    shapes = {k: tuple(v.shape) for k, v in loaded.bundle.lm.body.rnns[-1].state_dict().items()}
    assert {k: tuple(v.shape) for k, v in found.layer.items()} == shapes
    assert workers() == 0


def test_closing_ends_the_process(loaded, lesson):
    steps = tuning.tune(loaded, Supervisor(1, tuning.WORKER), lesson, marks(lesson, 60))
    for found in steps:
        if found.stage == "training":
            break
    assert workers() == 1
    steps.close()
    assert workers() == 0


def test_too_few_labels_are_refused(loaded, lesson):
    with pytest.raises(Refused, match="at least 16"):
        next(tuning.tune(loaded, Supervisor(1, tuning.WORKER), lesson, []))


def test_the_optimizer_is_adamw():
    torch.manual_seed(0)
    ours = torch.randn(5, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    a = tune_worker.Adam([ours], [0.01], 8)
    b = torch.optim.AdamW([theirs], lr=0.01, betas=(0.8, 0.99), eps=1e-5, weight_decay=0.01)
    for _ in range(8):
        (ours.sin().sum() * 0.1).backward()
        (theirs.sin().sum() * 0.1).backward()
        a.t += 1
        b.param_groups[0]["lr"] = 0.01 * a.share()
        a.t -= 1
        a.step()
        b.step()
        b.zero_grad()
        assert torch.allclose(ours, theirs, atol=1e-7)


def test_the_lessons_code_gives_the_apps_accuracy(loaded, lesson, monkeypatch):
    monkeypatch.chdir(ROOT)
    printed = io.StringIO()
    found: dict = {}
    with contextlib.redirect_stdout(printed):
        exec(layout._code(loaded, "film"), found)  # fastai's encoder, scikit-learn's head
    learned = learn.learn(lesson)
    right = learned.probabilities.argmax(1) == np.array(lesson.task.truth)
    assert found["accuracy"] == pytest.approx(right[learned.doubts].mean(), abs=0.01)
    assert "12 labels" in printed.getvalue()


def test_sixteen_at_once_get_what_they_get_alone(loaded):
    tasks = [
        task.pasted(f"a\tthe song number {i}\nb\tthe killer number {i}\nwho sings {i} times")
        for i in range(16)
    ]
    alone = [learn.learn(learn.begin(loaded, t)).probabilities for t in tasks]
    together: list = [None] * 16

    def work(i):
        together[i] = learn.learn(learn.begin(loaded, tasks[i])).probabilities

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for a, b in zip(alone, together, strict=True):
        assert b == pytest.approx(a, abs=1e-5)
