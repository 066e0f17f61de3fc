"""fastai's words and nothing else: no places, no kinds, no decoded text. For work on every keystroke."""

from __future__ import annotations

from ulmfit_demo.tokens.rules import rewrite
from ulmfit_demo.tokens.words import _split


def fastai_tokens(text: str) -> list[str]:
    """The texts of `fastai_words(text).tokens`, in about half the time."""
    return [word for word, _ in _split(rewrite(text, None).text)]
