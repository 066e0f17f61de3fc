"""Runs one training job in a process of its own, bounded. Imports the standard library only.

    python -I job.py JOB.py < request > events

JOB.py has a function `train(tell, **request)`. The request is one line of JSON, with `limits`; each
event that is told is one line of JSON; `refused` gives the exit status `REFUSED`. The process keeps
nothing on disk. It ends itself when its time, its memory or its input is over: the end of the input
means that its parent is gone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import signal
import sys
import threading
from types import ModuleType

REFUSED = 3  # exit status: the texts do not do; an event says why
MEMORY = 4  # exit status: they need more memory than the limit
ORPHAN = 5  # exit status: the parent is gone


def limit(cpu_seconds: int, seconds: int, memory: int) -> None:
    """Bound this process: CPU seconds, seconds, bytes of data; the lowest priority, and no file."""
    os.nice(15)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    # data and not address space: torch reserves far more addresses than it uses
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(seconds)


def end_with_the_parent() -> None:
    """End this process at the end of its input."""

    def watch():
        while os.read(0, 4096):
            pass
        os._exit(ORPHAN)

    threading.Thread(target=watch, daemon=True).start()


def read_line() -> bytes:
    """The request. Not through `sys.stdin`: that would read on, and the watch reads what follows."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(0, 1 << 16)
        if not chunk:
            sys.exit(ORPHAN)
        line += chunk
    return line


def load(path: str) -> ModuleType:
    """The job as a module; `-I` keeps its folder out of the path."""
    spec = importlib.util.spec_from_file_location("ulmfit_job", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    sys.dont_write_bytecode = True  # no file may grow
    request = json.loads(read_line())
    limit(**request.pop("limits"))
    end_with_the_parent()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints goes to the log

    status = 0

    def tell(event: str, **values) -> None:
        nonlocal status
        status = REFUSED if event == "refused" else status
        out.write(json.dumps({"event": event, **values}) + "\n")
        out.flush()

    tell("loading")
    try:
        load(sys.argv[1]).train(tell=tell, **request)
    except MemoryError:
        return MEMORY
    except RuntimeError as e:
        if "alloc" in str(e).lower():
            return MEMORY
        raise
    return status


if __name__ == "__main__":
    sys.exit(main())
