"""The real worker on a few lines: it learns, tells true numbers, is bounded, and leaves nothing."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import psutil
import pytest

from ulmfit_demo import theme
from ulmfit_demo.workers import job
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.request import SETTINGS, SIZES, Budget, Size, request
from ulmfit_demo.workers.live_training.run import gather
from ulmfit_demo.workers.live_training.supervisor import JOB, WORKER, Supervisor

BUDGET = Budget(cpu_seconds=60, seconds=600, memory=2 * 2**30)
TINY = Size(24, 24, 1)
pytestmark = pytest.mark.timeout(900)  # the worker is polite: beside busy processes it is slow


def ask(epochs=2, texts=None, size=TINY, prompt="The film", **settings):
    texts = texts or corpus.opinions(theme.ASSETS)[:80]
    return request(texts, epochs, size, prompt, BUDGET, **settings)


@pytest.fixture(scope="module")
def trained():
    """(the request, its events) of one real training."""
    asked = ask(epochs=3, size=Size(24, 40, 2))
    return asked, [e for e in Supervisor(0).train(asked) if e["event"] != "tick"]


def test_the_loss_falls_from_about_blind_guessing(trained):
    _, events = trained
    run = gather(events)
    assert run.stage == "done"
    guess = math.log(run.facts["vocabulary"])
    assert run.epochs[0].held_out == pytest.approx(guess, abs=0.1)
    losses = [epoch.held_out for epoch in run.epochs]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.5


def test_the_numbers_told_are_those_of_the_model_and_the_text(trained):
    asked, events = trained
    facts = next(e for e in events if e["event"] == "ready")
    n, emb, hid = facts["vocabulary"], asked["emb_sz"], asked["n_hid"]
    first, last = 4 * hid * (emb + hid) + 8 * hid, 4 * emb * (hid + emb) + 8 * emb
    assert facts["parameters"] == n * emb + n + first + last  # decoder and embedding are tied
    assert facts["texts"] == [72, 8]
    steps = [e["step"] for e in events if e["event"] == "progress"]
    assert steps == sorted(steps)
    assert steps[-1] == facts["steps"]
    assert [e["epoch"] for e in events if e["event"] == "epoch"] == [0, 1, 2, 3]
    done = events[-1]
    per_epoch = (facts["tokens"][0] - 1) // asked["bs"] * asked["bs"]
    assert done["tokens"] == 3 * per_epoch


def test_lines_begin_with_the_prompt_and_copies_are_in_the_text(trained):
    asked, events = trained
    for epoch in gather(events).epochs:
        assert len(epoch.lines) == asked["n_lines"]
        for line in epoch.lines:
            assert line.text.lower().startswith("the film")
            assert not line.copied or line.text in asked["texts"]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["a b"] * 20, "too short"),
        ([" ".join(f"w{i}x{j}" for j in range(30)) for i in range(40)], "occur twice"),
    ],
)
def test_a_text_that_does_not_do_is_refused(texts, sentence):
    (why,) = (e["why"] for e in Supervisor(0).train(ask(texts=texts)) if e["event"] == "ended")
    assert sentence in why


def test_too_little_memory_ends_with_a_sentence():
    asked = ask()
    asked["limits"]["memory"] = 30 * 2**20
    (why,) = (e["why"] for e in Supervisor(0).train(asked) if e["event"] == "ended")
    assert why.endswith(".")


def test_it_ends_when_its_parent_is_gone():
    process = subprocess.Popen(
        [sys.executable, "-I", str(JOB), str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    process.stdin.write(json.dumps(ask(epochs=500)).encode() + b"\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["event"] == "loading"
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(own + 15, 19)
    process.stdin.close()
    assert process.wait(120) == job.ORPHAN  # not the end of 500 epochs, which is 0
    process.stdout.close()


def workers() -> list[psutil.Process]:
    """Trainings that this process has started and not yet waited for."""
    found = psutil.Process().children()
    return [p for p in found if p.status() == "zombie" or str(WORKER) in p.cmdline()]


def test_stop_in_the_middle_of_a_training():
    supervisor = Supervisor(0)
    steps = supervisor.train(ask(epochs=500))
    next(e for e in steps if e["event"] == "progress")
    before = workers()
    assert len(before) == 1
    steps.close()
    assert workers() == []
    assert supervisor.waiting() == 0


def test_it_may_not_write_files(tmp_path):
    code = (
        f"import runpy; limit = runpy.run_path({str(JOB)!r})['limit'];"
        f"limit(5, 5, 2**30); open({str(tmp_path / 'file')!r}, 'w').write('x')"
    )
    subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
    assert (tmp_path / "file").stat().st_size == 0


def test_the_sizes_that_are_offered_are_known():
    assert set(SIZES) == {"small", "medium"}
    assert SETTINGS["held_out"] == 10
