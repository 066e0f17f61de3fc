"""What a person sees while a stage runs: a progress bar, and one line an event. Computes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm


def progress(items: Iterable | None, what: str, total: int | None = None):
    """Iterate over `items` with a progress bar that also reads well in a log file.

    Without items the bar is moved by its `update`.
    """
    return tqdm(items, desc=what, total=total, mininterval=5.0, dynamic_ncols=True)


class JsonLog:
    """Appends one JSON object a line: `{"time": seconds since 1970, …}`."""

    def __init__(self, path: Path | None):
        """`path` None: write nothing, for a process that is not the first of its group."""
        self.path = path
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, **event) -> None:
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as f:
            f.write(json.dumps({"time": round(time.time(), 1), **event}) + "\n")
