"""The ULMFiT app: one text on its way from tokens to probabilities. `load` gives the model object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from ulmfit_demo.pipeline import Pipeline
    from ulmfit_demo.teach.taught import Taught

__all__ = ["load"]


@overload
def load(source: None = None) -> Pipeline: ...
@overload
def load(source: str | Path) -> Pipeline | Taught: ...
def load(source: str | Path | None = None) -> Pipeline | Taught:
    """A model to call: `load()("A warm film.")` → `{"label": "pos", "score": 0.99, "unsure": False}`.

    Args:
        source: a bundle's folder, or OWNER/NAME of the Hugging Face Hub; None is the model that ships
            (or the one that the environment variable ULMFIT_BUNDLE names); a folder that
            `Taught.save` wrote gives what was taught

    Raises:
        BundleError: there is no usable model; the message says why.
    """
    from ulmfit_demo.pipeline import load  # torch and fastai: not for who imports one submodule

    return load(source)
