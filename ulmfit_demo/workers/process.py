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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

PASSED = ("PATH", "LD_LIBRARY_PATH")  # of our environment; nothing else reaches a worker


class Worker:
    """One running script. Use it in `with`: at the end its whole process group is gone."""

    is_late = False  # an answer was waited for too long

    def __init__(
        self,
        script: Path,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        keep_errors: bool = True,
    ) -> None:
        """`keep_errors`: what it writes to stderr is given by `chunks`; else it is thrown away."""
        # -I: no environment variable, no user site and no folder of ours decides what it imports.
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if keep_errors else subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k in PASSED} | dict(environment or {}),
            start_new_session=True,
        )
        assert self.process.stdin is not None  # pipes were asked for
        assert self.process.stdout is not None
        self._input: IO[bytes] = self.process.stdin
        self._output: IO[bytes] = self.process.stdout
        self._ending = threading.Lock()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def is_running(self) -> bool:
        """Whether the script has not ended yet."""
        return self.process.returncode is None and not self._has_ended()

    def close(self) -> None:
        """End it, and close its pipes."""
        self.end()
        for pipe in (self._input, self._output, self.process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def send(self, data: bytes, more: bool = False) -> None:
        """Write `data` to its input; `more` leaves the input open. A worker that is gone: nothing."""
        with contextlib.suppress(BrokenPipeError):  # its exit status says why
            self._input.write(data)
            self._input.flush()
            if not more:
                self._input.close()

    def ask(self, request: bytes, seconds: float, most: int) -> bytes | None:
        """Write `request` and read one line of at most `most` bytes; None where it gave none.

        A worker that has not answered after `seconds` is ended, which ends the waiting: `is_late`.
        """

        def late() -> None:
            self.is_late = True
            self.end()

        timer = threading.Timer(seconds, late)
        timer.daemon = True
        timer.start()
        try:
            self._input.write(request)
            self._input.flush()
            line = self._output.readline(most)
        except (OSError, ValueError):  # it is gone, or its pipes are closed
            return None
        finally:
            timer.cancel()
        return line if line.endswith(b"\n") else None

    def chunks(self, tick: float) -> Iterator[tuple[str, bytes]]:
        """What it writes: ("out" or "err", bytes), and ("", b"") after `tick` seconds of silence.

        Ends when both pipes have ended.
        """
        pipes = {"out": self._output, "err": self.process.stderr}
        with selectors.DefaultSelector() as selector:
            for name, pipe in pipes.items():
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, (name, pipe))
            while selector.get_map():
                ready = selector.select(timeout=tick)
                for key, _ in ready:
                    name, pipe = key.data
                    chunk = pipe.read1(1 << 16)
                    if chunk:
                        yield name, chunk
                    else:
                        selector.unregister(pipe)
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
