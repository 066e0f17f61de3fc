"""Runs one training at a time in a process of its own; the others wait in a line. Draws nothing.

Closing the iterator ends the process and leaves the line. The limits hold also when nobody closes it.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ulmfit_demo.workers import job
from ulmfit_demo.workers.live_training import worker as script
from ulmfit_demo.workers.process import Worker

WORKER = Path(script.__file__)
JOB = Path(job.__file__)
TICK = 0.5  # seconds between two reports while nothing happens
GRACE = 3.0  # seconds after its limit until a worker that has not ended itself is ended
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
KILLED = "The training was ended on the server, not by your text. Try again."
KEPT = "What it had learned by then stands here."
FAILED = (
    "The training ended by an error, and it is not your text's fault. The error is in the server's "
    "log."
)
TOO_SHORT = (
    "This text is too short to learn from: it gives {0:,} tokens to train on and {1:,} to test."
)
FEW_WORDS = (
    "Too few words of this text occur twice. A model of words needs words that come again, with "
    "spaces between them."
)
DIVERGED = "The loss is no longer a number: this training went astray. Try a longer text."
REASONS = {"short": TOO_SHORT, "few words": FEW_WORDS, "diverged": DIVERGED}
log = logging.getLogger("ulmfit_demo")


class Full(RuntimeError):
    """Too many wait already; the message is a sentence for the visitor."""


@dataclass(frozen=True)
class Waiting:
    """Somebody else trains: how many are before this one, the one that trains included."""

    before: int


class Supervisor:
    """A line of at most `places` that wait for the one place to train.

    `kept`: the sentence that says what is left of a training that a limit ended.
    """

    def __init__(self, places: int, script: Path = WORKER, kept: str = KEPT) -> None:
        self._places, self._script, self._kept = places, script, kept
        self._line: list[object] = []  # the first one trains
        self._moved = threading.Condition()

    def train(self, request: dict) -> Generator[Waiting | dict, None, None]:
        """`Waiting` while others train, then the worker's events (see `job.py`).

        Two events are added: `tick` (`seconds`: since the start) where it has been silent for
        `TICK` seconds, and `ended` (`why`: a sentence) where it did not come to its end.

        Raises:
            Full: too many wait already.
        """
        ticket = object()
        with self._moved:
            if len(self._line) > self._places:
                raise Full(
                    f"{self._places} visitors are waiting to train already. Try again in a few minutes."
                )
            self._line.append(ticket)
        try:
            while before := self._before(ticket):
                yield Waiting(before)
                with self._moved:
                    self._moved.wait(TICK)
            yield from self._run(request, ticket)
        finally:
            self._leave(ticket)

    def waiting(self) -> int:
        """How many train or wait."""
        with self._moved:
            return len(self._line)

    def _before(self, ticket: object) -> int:
        with self._moved:
            return self._line.index(ticket)

    def _leave(self, ticket: object) -> None:
        with self._moved:
            if ticket in self._line:
                self._line.remove(ticket)
                self._moved.notify_all()

    def _run(self, request: dict, ticket: object) -> Iterator[dict]:
        started = time.monotonic()
        seconds = request["limits"]["seconds"]
        home = {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}
        with Worker(JOB, ONE_THREAD | home, [str(self._script)]) as worker:

            def end():
                worker.end()
                self._leave(ticket)

            # the iterator may be left without being closed: the place must not be lost with it
            guard = threading.Timer(seconds + GRACE, end)
            guard.daemon = True
            guard.start()
            try:
                worker.send(json.dumps(request).encode() + b"\n", more=True)
                rest, errors = b"", b""
                for source, chunk in worker.chunks(TICK):
                    if source == "out":
                        *lines, rest = (rest + chunk).split(b"\n")
                        yield from map(_event, lines)
                    elif source == "err":
                        errors = (errors + chunk)[-4_000:]
                    else:
                        yield {"event": "tick", "seconds": time.monotonic() - started}
                status = worker.status()
            finally:
                guard.cancel()
        why = _why(status, request["limits"], time.monotonic() - started, self._kept)
        if why:
            if status not in _KNOWN:
                log.error(
                    "live training ended with %s: %s", status, errors.decode("utf-8", "replace")
                )
            yield {"event": "ended", "why": why}


_KNOWN = (-signal.SIGALRM, -signal.SIGKILL, -signal.SIGXCPU, job.MEMORY)


def _event(line: bytes) -> dict:
    """One line of the worker; a refusal gets its sentence."""
    event = json.loads(line)
    if event["event"] == "refused":
        return {"event": "ended", "why": REASONS[event["reason"]].format(*event.get("tokens", ()))}
    return event


def _why(status: int, limits: dict, seconds: float, kept: str) -> str:
    """The sentence for a worker that a limit or an error ended; "" where it told its end itself."""
    if status in (0, job.REFUSED):
        return ""
    if -status == signal.SIGALRM or (-status == signal.SIGKILL and seconds >= limits["seconds"]):
        return f"Ended at the limit of {limits['seconds']} seconds. {kept}"
    if -status == signal.SIGKILL and seconds < limits["cpu_seconds"]:
        return KILLED  # it cannot have reached a limit
    if -status in (signal.SIGKILL, signal.SIGXCPU):
        return f"Ended at the limit of {limits['cpu_seconds']} seconds of computing. {kept}"
    if status == job.MEMORY:
        return f"Ended at the limit of {limits['memory'] // 2**20:,} MiB of memory. Try a shorter text."
    return FAILED
