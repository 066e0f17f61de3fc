"""A worker that is killed or not wanted any more: one clear sentence, and no process is left."""

from __future__ import annotations

import signal

import pytest

from ulmfit_demo.inference import loading
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.teach import tuning as view
from ulmfit_demo.teach import learn, task, tuning
from ulmfit_demo.workers import process
from ulmfit_demo.workers.live_training.supervisor import Full, Supervisor
from ulmfit_demo.workers.subword_training import training

TEXT = "The boat left the harbour, and the keeper of the light waved.\n" * 60
BUDGET = training.Budget(60, 60, 2**30, 500)


@pytest.fixture
def started(monkeypatch):
    """The workers that are started, in order."""
    found, real = [], process.subprocess.Popen

    def popen(*args, **kwargs):
        found.append(real(*args, **kwargs))
        return found[-1]

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    return found


def test_a_killed_subword_worker_gives_a_sentence(started):
    steps = training.train(TEXT, 100, "unigram", BUDGET)
    next(steps)
    started[0].send_signal(signal.SIGKILL)
    with pytest.raises(training.TrainingError) as said:
        list(steps)
    assert str(said.value) == training.KILLED
    assert started[0].poll() == -signal.SIGKILL


def test_a_killed_live_worker_gives_a_sentence(started, tmp_path):
    script = tmp_path / "worker.py"
    script.write_text('import time; print(\'{"event": "loading"}\', flush=True); time.sleep(600)')
    supervisor = Supervisor(2, script)
    limit = {"seconds": 200, "cpu_seconds": 200, "memory": 2**30}
    events = supervisor.train({"limits": limit})
    assert next(e for e in events if e["event"] != "tick") == {"event": "loading"}
    started[0].send_signal(signal.SIGKILL)
    rest = [e for e in events if e["event"] != "tick"]
    assert [e["event"] for e in rest] == ["ended"]
    assert "ended on the server" in rest[0]["why"]
    assert supervisor.waiting() == 0


LINES = [
    (k, f"The {w} number {i} is here.") for i in range(9) for k, w in (("a", "song"), ("b", "sea"))
]


@pytest.fixture(scope="module")
def lesson():
    loaded = loading.load(assets())
    return loaded, learn.begin(loaded, task.task_of(LINES))


def test_a_killed_fine_tuning_leaves_the_encoder_as_it_was(started, lesson):
    """The page is told so, the place in the line is free, and the next one trains to the end."""
    supervisor = Supervisor(2, tuning.WORKER)
    for run in tuning.tune(lesson[0], supervisor, lesson[1], []):
        if run.stage == "loading" and started:
            started[0].send_signal(signal.SIGKILL)
    assert (run.stage, run.layer) == ("ended", None)
    assert "ended on the server, not by your text" in run.why
    assert run.why in view.figure(lesson[1].task, run)
    assert supervisor.waiting() == 0


def test_a_full_line_of_fine_tunings_is_a_sentence(started, lesson):
    supervisor = Supervisor(0, tuning.WORKER)
    first = tuning.tune(lesson[0], supervisor, lesson[1], [])
    next(first), next(first)
    with pytest.raises(Full, match="waiting to train already"):
        list(tuning.tune(lesson[0], supervisor, lesson[1], []))
    first.close()
    assert supervisor.waiting() == 0
    assert all(p.poll() is not None for p in started)


def test_a_client_that_goes_away(started):
    """gradio closes the generator of an event whose client is gone: the worker goes with it."""
    steps = training.train(TEXT * 20, 400, "unigram", BUDGET)
    next(steps)
    next(steps)
    steps.close()
    assert started[0].poll() is not None
