"""The functions of a GPU under ZeroGPU's rules, with the real `spaces` package (zero_gpu_space.py)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("zero_gpu_space.py")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the program saw. Its output goes to a file: its workers would keep a pipe open."""
    output = tmp_path_factory.mktemp("zero") / "output"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(output.parent)}
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.wait(200)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    text = output.read_text()
    lines = [line for line in text.splitlines() if line.startswith("FOUND ")]
    assert lines, text[-3_000:]
    return json.loads(lines[0].removeprefix("FOUND "))


def test_the_simulation_is_one(found):
    """torch is patched, the work is done elsewhere, and what a worker changes does not come back."""
    assert found["patched"]
    assert not found["cuda_in_worker"]
    assert found["changed"] is False
    assert found["main"] not in found["workers"]
    assert len(found["workers"]) == found["calls"] == 3
    assert found["moved"]


def test_keystroke_work_stays_on_the_cpu(found):
    assert found["live_on_cpu"]
    assert found["live_device"] == "CPU"


def test_reviews_classified_in_a_worker_are_those_classified_here(found):
    there = [p for p in found["there"] if p is not None]
    assert found["there"][1] is None  # the empty one
    assert there == pytest.approx(found["here"], abs=2e-3)


def test_a_text_written_in_a_worker_is_the_one_written_here(found):
    assert found["written"] == found["alone"]
    assert all(len(text) == 8 for text in found["written"])
