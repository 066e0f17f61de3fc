"""What keeps the start short and the memory flat. Changes no result."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
from types import ModuleType

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2
SPLITTER = "sklearn.model_selection"
ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Else gradio makes a table of the last 10,000 requests after every request.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
}


def prepare() -> None:
    """Call before `ulmfit_demo.page` is imported; `settled` ends it."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    begin()
    if os.environ.get("SPACES_ZERO_GPU"):
        import spaces  # noqa: F401  (before anything that starts CUDA)
    import_fastai()


def begin() -> None:
    """Call before the large imports and before the building; `settled` ends it.

    What a start makes stays: looking for garbage in it takes a tenth of the start.
    """
    gc.disable()
    few_arenas()


def few_arenas() -> None:
    """Two malloc arenas; glibc's default is up to eight a core.

    Each keeps its peak, so more let memory grow: a hundred visitors drove the app from 1.2 to 1.9 GB.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # no glibc: another allocator
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def import_fastai() -> None:
    """`import fastai.text.core` without scikit-learn and scipy's statistics: a second of the start.

    It imports them for one function, `train_test_split`, which no tab calls; who calls it gets it.
    """
    if SPLITTER in sys.modules or "fastai.data.transforms" in sys.modules:
        return
    stand_in = ModuleType(SPLITTER)
    setattr(stand_in, "train_test_split", _train_test_split)  # noqa: B010  (a module has no such field)
    sys.modules[SPLITTER] = stand_in
    try:
        import fastai.text.core  # noqa: F401
    finally:
        del sys.modules[SPLITTER]


def settled() -> None:
    """Collect from now on, but not among the half million objects that are there.

    A full collection that walked over them would hold every request for half a second.
    """
    gc.freeze()
    gc.enable()


def _train_test_split(*arrays, **settings):
    from sklearn.model_selection import train_test_split

    return train_test_split(*arrays, **settings)
