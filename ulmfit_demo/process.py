"""A worker script in a process of its own: started apart, read without waiting, ended for certain.

Knows nothing of what the worker does. Its limits are the worker's own business: they hold when this
process is gone, too.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PASSED = ("PATH", "LD_LIBRARY_PATH")  # of our environment; nothing else reaches a worker


class Worker:
    """One running script. Use it in `with`: at the end its whole process group is gone."""

    def __init__(self, script: Path, environment: Mapping[str, str] | None = None) -> None:
        # -I: no environment variable, no user site and no folder of ours decides what it imports.
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if k in PASSED} | dict(environment or {}),
            start_new_session=True,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_) -> None:
        self.end()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    def send(self, data: bytes, more: bool = False) -> None:
        """Write `data` to its input; `more` leaves the input open. A worker that is gone: nothing."""
        with contextlib.suppress(BrokenPipeError):  # its exit status says why
            self.process.stdin.write(data)
            self.process.stdin.flush()
            if not more:
                self.process.stdin.close()

    def chunks(self, tick: float) -> Iterator[tuple[str, bytes]]:
        """What it writes: ("out" or "err", bytes), and ("", b"") after `tick` seconds of silence.

        Ends when both pipes have ended.
        """
        names = {self.process.stdout: "out", self.process.stderr: "err"}
        with selectors.DefaultSelector() as selector:
            for pipe in names:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(timeout=tick)
                for key, _ in ready:
                    chunk = key.fileobj.read1(1 << 16)
                    if chunk:
                        yield names[key.fileobj], chunk
                    else:
                        selector.unregister(key.fileobj)
                if not ready:
                    yield "", b""

    def status(self, seconds: float = 5) -> int:
        """Its exit status, at most `seconds` after its pipes have ended."""
        return self.process.wait(timeout=seconds)

    def end(self) -> None:
        """Kill the process group; safe to call from any thread, and more than once."""
        # until it is waited for, its number belongs to nobody else
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
