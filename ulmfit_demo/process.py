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
import threading
import time
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
        self._ending = threading.Lock()

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
        """Its exit status, once its pipes have ended. What it started is killed.

        Raises:
            subprocess.TimeoutExpired: it has not ended `seconds` later.
        """
        until = time.monotonic() + seconds
        while not self._has_ended():
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.process.args, seconds)
            time.sleep(0.005)
        self.end()
        return self.process.returncode

    def end(self) -> None:
        """Kill the process group; safe to call from any thread, and more than once.

        The script has ended when this returns. What it started has been killed by then, and the system
        takes it away a little later.
        """
        with self._ending:
            # Until the script is waited for, its number belongs to nobody else; so that is done last,
            # and a script that has ended by itself leaves nothing behind either.
            if self.process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _has_ended(self) -> bool:
        """Whether the script has ended; it is not waited for."""
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self.process.poll() is not None
        try:
            how = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self.process.pid, how) is not None
        except ChildProcessError:  # another thread has waited for it
            return True
