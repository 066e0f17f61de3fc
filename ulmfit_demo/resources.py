"""Finds the files that ship with the package: in a wheel, or in a checkout. Reads none of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@cache
def assets() -> Path:
    """The folder of models, vocabularies, style and script.

    A wheel carries it inside the package; in a checkout it stands beside the package.
    """
    inside = PACKAGE / "assets"
    return inside if inside.is_dir() else PACKAGE.parent / "assets"
