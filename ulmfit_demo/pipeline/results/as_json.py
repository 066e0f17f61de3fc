"""Any result as JSON, the same for every door."""

from __future__ import annotations

import json

import numpy as np


def to_json(value: object) -> str:
    """Any result as one line of JSON, in UTF-8 text. Raises ValueError for what JSON cannot say."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no part of a result")
