"""Answers that no JSON can hold are mended before gradio writes them. Changes no other answer.

One half of a surrogate pair in a text, or a number of more than 64 bits, and gradio's writer raises in
the middle of the stream: that ends the stream of all answers of the page, which then waits for ever.
`limits.text` keeps such texts out; this holds for what did not come through it.
"""

from __future__ import annotations

from typing import Any

import orjson
from gradio import routes

from ulmfit_demo.limits import clean

WHOLE = 2**63  # beyond it orjson writes no whole number


class Writer:
    """`orjson` as `gradio.routes` uses it; `dumps` writes a second time what could not be written."""

    def __getattr__(self, name: str) -> Any:
        return getattr(orjson, name)

    @staticmethod
    def dumps(value: Any, *args: Any, **kwargs: Any) -> bytes:
        """`value` as JSON."""
        try:
            return orjson.dumps(value, *args, **kwargs)
        except TypeError:
            return orjson.dumps(mended(value), *args, **kwargs)


def mended(value: Any) -> Any:
    """`value` with texts that are UTF-8 and numbers that JSON's readers know.

    >>> mended({"a": ["x", 10**30]})
    {'a': ['x', 1e+30]}
    """
    if isinstance(value, str):
        return clean(value)
    if type(value) is int and not -WHOLE <= value < WHOLE:
        return float(value) if abs(value) < 10**308 else None
    if isinstance(value, dict):
        return {mended(k): mended(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [mended(v) for v in value]
    return value


def write_any() -> None:
    """Let gradio write with `Writer` from now on."""
    routes.orjson = Writer()  # type: ignore[assignment]  # the patch
