"""The line, the limits, and that no process is left: with a small stand-in for the worker."""

from __future__ import annotations

import gc
import os
import threading
import time
from pathlib import Path

import pytest

from ulmfit_demo.workers.live_training.supervisor import Full, Supervisor, Waiting

MOST = 60  # seconds until what must come is given up; far more than a busy machine takes

# A job of `workers/job.py`.
STAND_IN = """
import os, signal, subprocess, sys, time
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
def train(tell, what):
    if what == "sleep":
        time.sleep(600)
    if what == "deaf":
        signal.alarm(0)
        time.sleep(600)
    if what == "child":
        subprocess.Popen(SLEEP)
        time.sleep(600)
    if what == "orphan":
        alone = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        tell("child", pid=subprocess.Popen(SLEEP, **alone).pid)
    if what == "spin":
        while True:
            pass
    if what == "fail":
        raise ValueError("broken")
    if what == "memory":
        held = bytearray(2**31)
    if what == "short":
        tell("refused", reason="short", tokens=[7, 1])
        return
    tell("done", pid=os.getpid())
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "stand_in.py"
    path.write_text(STAND_IN)
    return path


@pytest.fixture
def supervisor(script):
    return Supervisor(2, script)


def asked(what="", seconds=300, cpu_seconds=300):
    limits = {"seconds": seconds, "cpu_seconds": cpu_seconds, "memory": 2**30}
    return {"what": what, "limits": limits}


def of_session(script: Path) -> list[int]:
    """Processes of the stand-in and of what it started: those of a session that it leads."""
    leaders, sessions = set(), {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                session = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3])
                command = (entry / "cmdline").read_bytes()
            except (OSError, ValueError):
                continue
            sessions[int(entry.name)] = session
            if str(script).encode() in command:
                leaders.add(session)
    return [pid for pid, session in sessions.items() if session in leaders]


def children_of(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, ValueError):
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def until(condition):
    """Wait for `condition`: what was killed is there until the system has taken it away."""
    end = time.monotonic() + MOST
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def start(supervisor, what, **limits):
    events = supervisor.train(asked(what, **limits))
    assert next(events)["event"] in ("loading", "tick")
    return events


def test_events_come_in_order_and_the_process_is_gone(supervisor, script):
    events = [e["event"] for e in supervisor.train(asked()) if e["event"] != "tick"]
    assert events == ["loading", "done"]
    assert of_session(script) == []
    assert supervisor.waiting() == 0


def test_silence_is_filled_with_ticks(supervisor):
    events = start(supervisor, "sleep")
    ticks = [next(e for e in events if e["event"] == "tick")["seconds"] for _ in range(2)]
    assert 0 < ticks[0] < ticks[1]
    events.close()


def test_closing_ends_the_whole_group(supervisor, script):
    events = start(supervisor, "child")
    end = time.monotonic() + MOST
    while len(of_session(script)) < 2:
        assert time.monotonic() < end
        next(events)
    (leader,) = {os.getsid(pid) for pid in of_session(script)}
    events.close()
    assert leader not in of_session(script)  # the script itself has ended when that returns
    until(lambda: children_of(leader) == [])
    assert supervisor.waiting() == 0


def test_a_script_that_ends_by_itself_leaves_nothing_behind(supervisor):
    """Its child holds none of its pipes: nothing but the group tells of it."""
    events = list(supervisor.train(asked("orphan")))
    (child,) = (e["pid"] for e in events if e["event"] == "child")
    assert events[-1]["event"] == "done"
    until(lambda: _state(child) == "Z")  # or gone


def test_an_iterator_that_is_dropped_ends_it_too(supervisor, script):
    events = start(supervisor, "sleep")
    del events
    gc.collect()
    until(lambda: not of_session(script))
    assert supervisor.waiting() == 0


@pytest.mark.parametrize("what", ["sleep", "deaf"])
def test_nobody_reads_and_the_limit_still_ends_it(supervisor, script, what):
    """The worker's own clock ends it; where it is deaf to that, the guard does. The place is free."""
    events = start(supervisor, what, seconds=1)
    until(
        lambda: all(_state(pid) == "Z" for pid in of_session(script)) and not supervisor.waiting()
    )
    *_, last = events
    assert last["event"] == "ended"
    assert "limit of 1 seconds" in last["why"]


def test_what_is_left_is_said_in_the_owner_s_words(script):
    supervisor = Supervisor(2, script, kept="The encoder stays as it was.")
    *_, last = start(supervisor, "sleep", seconds=1)
    assert last["why"] == "Ended at the limit of 1 seconds. The encoder stays as it was."


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("spin", "limit of 1 seconds of computing"),
        ("memory", "1,024 MiB of memory"),
        ("fail", "The error is in the server's log"),
        ("short", "too short to learn from: it gives 7 tokens"),
    ],
)
def test_each_end_has_its_sentence(supervisor, script, what, sentence):
    events = list(supervisor.train(asked(what, cpu_seconds=1)))
    ends = [e for e in events if e["event"] == "ended"]
    assert len(ends) == 1
    assert sentence in ends[0]["why"]
    assert of_session(script) == []


def test_one_trains_and_the_others_are_told_their_place(supervisor):
    first = start(supervisor, "sleep")
    second, third = supervisor.train(asked()), supervisor.train(asked())
    assert next(second) == Waiting(1)
    assert next(third) == Waiting(2)
    with pytest.raises(Full, match="2 visitors are waiting"):
        next(supervisor.train(asked()))
    second.close()  # it leaves the line
    assert next(third) == Waiting(1)
    first.close()
    assert [e["event"] for e in third if e["event"] != "tick"] == ["loading", "done"]
    assert supervisor.waiting() == 0


def test_never_two_at_once_from_many_threads(script):
    supervisor, most, done = Supervisor(9, script), [], []

    def visit():
        for step in supervisor.train(asked()):
            if isinstance(step, dict):
                most.append(len({os.getsid(p) for p in of_session(script) if _state(p) != "Z"}))
        done.append(1)

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST)
    assert len(done) == 4
    assert max(most) <= 1
