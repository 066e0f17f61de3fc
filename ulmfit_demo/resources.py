"""Finds the files that ship with the package: in a wheel, or in a checkout. Reads none of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
INSIDE = PACKAGE / "assets"


@cache
def assets() -> Path:
    """The folder of models, vocabularies, style and script.

    A wheel carries it inside the package; in a checkout it stands beside the package.
    """
    return INSIDE if INSIDE.is_dir() else PACKAGE.parent / "assets"


def named(path: str | Path) -> str:
    """A file's name in code that is shown, which runs from a checkout's root or, installed, anywhere.

    `path` is below `assets()`: as `assets/…` in a checkout, in full where the package is installed.
    """
    whole = assets() / path
    return str(whole if INSIDE.is_dir() else whole.relative_to(PACKAGE.parent))
