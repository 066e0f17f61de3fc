"""The functions of a GPU under ZeroGPU's rules, with the real `spaces` package (zero_gpu_space.py)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("zero_gpu_space.py")


def told(program: Path, folder: Path) -> dict:
    """What a program saw. Its output goes to a file: its workers would keep a pipe open."""
    output = folder / "output"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(program)],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        process.wait(500)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    text = output.read_text()
    lines = [line for line in text.splitlines() if line.startswith("FOUND ")]
    assert lines, text[-3_000:]
    return json.loads(lines[0].removeprefix("FOUND "))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the Space saw."""
    return told(PROGRAM, tmp_path_factory.mktemp("zero"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The answers of `zero_gpu_paths.py` in a process without ZeroGPU."""
    return told(PROGRAM.with_name("zero_gpu_paths.py"), tmp_path_factory.mktemp("plain"))


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


def test_more_reviews_than_a_batch_holds_are_those_classified_here(found):
    assert found["many_there"] == pytest.approx(found["many_here"], abs=2e-3)


def test_a_text_steered_in_a_worker_is_the_one_steered_here(found):
    assert found["steered"] == found["steered_here"]
    word, *tokens = found["steered"]
    assert tokens[2] == word


def same(a: object, b: object) -> None:
    """Equal; numbers to what the order of sums may change."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, list) and a and isinstance(a[0], float):
        assert a == pytest.approx(b, rel=1e-3, abs=1e-4)
    elif isinstance(a, list):
        for one, other in zip(a, b, strict=True):
            same(one, other)
    else:
        assert a == (pytest.approx(b, rel=1e-3, abs=1e-4) if isinstance(a, float) else b)


@pytest.mark.parametrize("part", ["teach", "inside", "live"])
def test_teach_and_inside_answer_as_elsewhere_and_cost_no_quota(found, plain, part):
    """Own labels with their fine-tuning, the gradients of Inside, everything live: work of the CPU."""
    same(found["paths"][part], plain[part])
    assert found["paths_calls"] == 0
    assert plain["teach"]["tuning"][:2] == ["done", ""]


def test_a_visitor_without_quota_reads_why_and_until_when(found):
    for said in (found["no_gpu"], found["no_gpu_text"]):
        assert "ZeroGPU quota exceeded: Space app has reached its GPU limit" in said
