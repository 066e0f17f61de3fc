"""What keeps the start short and the memory flat. Changes no result."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from types import ModuleType

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2
SPLITTER = "sklearn.model_selection"


def begin() -> None:
    """Call before the large imports. What they make stays: looking for garbage in it takes seconds."""
    gc.disable()
    few_arenas()


def few_arenas() -> None:
    """Two places that memory is given from, not one for each of forty threads.

    Each place keeps the most that it ever gave: a hundred visitors drove the app from 1.2 to 1.9 GB.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # no glibc: another allocator
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def import_fastai() -> None:
    """`import fastai.text.core` without scikit-learn and scipy's statistics: a second of the start.

    fastai imports them for one function, `train_test_split`, which no tab calls; who calls it gets it.
    """
    if SPLITTER in sys.modules or "fastai.data.transforms" in sys.modules:
        return
    stand_in = ModuleType(SPLITTER)
    stand_in.train_test_split = _train_test_split  # type: ignore[attr-defined]
    sys.modules[SPLITTER] = stand_in
    try:
        import fastai.text.core  # noqa: F401
    finally:
        del sys.modules[SPLITTER]


def settled() -> None:
    """Call when the app is built: collect from now on, but not among the start's half million objects.

    A full collection that walked over them would hold every request for half a second.
    """
    gc.freeze()
    gc.enable()


def _train_test_split(*arrays, **settings):
    from sklearn.model_selection import train_test_split

    return train_test_split(*arrays, **settings)
