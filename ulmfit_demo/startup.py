"""What keeps the start short and the memory flat. Changes no result."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sys
from types import ModuleType
from typing import Any

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2
NO_GLIBC = (AttributeError, OSError, TypeError)  # another allocator, without these
SPLITTER = "sklearn.model_selection"
LATER = ("matplotlib", "matplotlib.pyplot", "scipy.ndimage")
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
    with contextlib.suppress(*NO_GLIBC):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def import_fastai() -> None:
    """`import fastai.text.core` without what it imports for functions that no tab calls: over a second.

    That is scikit-learn and scipy's statistics for `train_test_split`, matplotlib for plots, and scipy's
    image processing. Who asks fastai for one of them gets it.
    """
    if SPLITTER in sys.modules or "fastai.imports" in sys.modules:
        return
    stand_ins = {name: _Later(name) for name in LATER if name not in sys.modules}
    splitter = ModuleType(SPLITTER)
    setattr(splitter, "train_test_split", _train_test_split)  # noqa: B010  (a module has no such field)
    sys.modules.update({**stand_ins, SPLITTER: splitter})
    try:
        import fastai.text.core
    except (AttributeError, ImportError):  # another fastai, which asks for more of them
        for name in [name for name in sys.modules if name.split(".")[0] == "fastai"]:
            del sys.modules[name]
        plainly = True
    else:
        plainly = False
    finally:
        for name in (*stand_ins, SPLITTER):
            del sys.modules[name]
        for module in stand_ins.values():
            module.importing = False
    if plainly:
        import fastai.text.core  # noqa: F401


class _Later(ModuleType):
    """A module that is imported when it is first asked for something."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.importing = True  # fastai is: it asks for names that annotations and decorators need

    def __getattr__(self, name: str) -> Any:
        if self.importing:
            if name.startswith("__"):
                raise AttributeError(name)
            return sys.modules.get(f"{self.__name__}.{name}", _Nothing)
        return getattr(importlib.import_module(self.__name__), name)


class _Nothing:
    """A class or function of a module that comes later; the signature of `plt.Axes.imshow` is read."""

    def imshow(self, **kwargs: Any) -> None:
        """Never called."""


def settled() -> None:
    """Collect from now on, but not among the half million objects that are there.

    A full collection that walked over them would hold every request for half a second.
    """
    gc.freeze()
    gc.enable()


def give_back() -> None:
    """What the start needed and freed goes back to the system: 25 MB."""
    with contextlib.suppress(*NO_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)


def _train_test_split(*arrays, **settings):
    from sklearn.model_selection import train_test_split

    return train_test_split(*arrays, **settings)
