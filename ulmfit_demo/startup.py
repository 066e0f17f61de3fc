"""What keeps the start short and the memory flat. Changes no result."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2
# What gradio imports of compiled code, which would wait for the linker. Missing ones are skipped.
COMPILED = (
    "asyncio",
    "audioop",
    "brotli",
    "markupsafe",
    "orjson",
    "pandas",
    "psutil",
    "pydantic",
    "ssl",
    "yaml",
)
IMAGES = ("PIL.AvifImagePlugin", "PIL.ImageMath", "PIL.WebPImagePlugin")
# Of torch's folder `lib`: what `import torch` loads first, and what holds its computations.
LIBRARIES = (("libtorch_global_deps.so", "RTLD_GLOBAL"), ("libtorch.so", "RTLD_LOCAL"))
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
    else:
        import_gradio()
    import_fastai()


def begin() -> None:
    """Call before the large imports and before the building; `settled` ends it.

    What a start makes stays: looking for garbage in it takes a tenth of the start.
    """
    gc.disable()
    few_arenas()


def import_gradio() -> None:
    """`import gradio` while the linker is at torch's libraries: saves 0.4 s on Linux with two cores."""
    for name in (*COMPILED, *IMAGES):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    threading.Thread(target=link_torch, daemon=True).start()
    import gradio  # noqa: F401


def link_torch() -> None:
    """Link torch's libraries, so that `import torch` finds them linked.

    Called this way the linker runs beside Python, which holds its lock where it links for an import.
    Where it is not done, or fails, `import torch` does it. Not done where `LD_LIBRARY_PATH` may name
    other libraries of CUDA: `import torch` sees to it that its own are taken.
    """
    torch = importlib.util.find_spec("torch")
    if sys.platform != "linux" or torch is None or torch.origin is None:
        return
    if os.environ.get("LD_LIBRARY_PATH"):
        return
    dlopen = ctypes.CDLL(None).dlopen  # a function that ctypes calls without Python's lock
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name, mode in LIBRARIES:
        dlopen(
            os.fsencode(Path(torch.origin).parent / "lib" / name), os.RTLD_NOW | getattr(os, mode)
        )


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
