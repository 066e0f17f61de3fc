"""A text as a strip of words with a value under each, as HTML: three views draw it. Computes nothing.

One word of a strip is in the tab order, arrow keys move inside it (`inside.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ulmfit_demo.tabs.shared.signs import seen, visible
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.tokens import Token

NOTHING = "·"  # under a word of which nothing can be said


class Under(NamedTuple):
    """What stands under one word."""

    tip: str  # what hovering the word adds to it
    css: str  # the class of the value's colour
    value: str


def strip(
    tokens: Sequence[Token], under: Sequence[Under], at: int | None, label: str, reach: int
) -> str:
    """The words as buttons, word `at` pressed; those behind number `reach` cannot be clicked."""
    stop = at if at is not None and at <= reach else 0  # the one that Tab comes to
    words = []
    for i, (token, (tip, css, value)) in enumerate(zip(tokens, under, strict=True)):
        word = seen(token.text) if token.text.strip() else visible(token.text)
        words.append((i, word, token.text.startswith("xx"), f"{word}: {tip}", css, value))
    return macro(
        "inside/strip.html", "strip", label=label, words=words, at=at, stop=stop, reach=reach
    )
