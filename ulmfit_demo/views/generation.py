"""Generated texts as HTML. Writes none."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def texts(prompt: str, written: Sequence[str], ended: Sequence[bool], detail: str) -> str:
    """Generated texts beside each other, each after the prompt it goes on from."""
    boxes = "".join(
        f'<article class="text"><h4>text {i + 1}{" · ended by itself" if end else ""}</h4>'
        f'<span class="prompt">{escape(prompt)}</span> {escape(text)}</article>'
        for i, (text, end) in enumerate(zip(written, ended, strict=True))
    )
    return f'<div class="texts">{boxes}</div><p class="u-small">{escape(detail)}</p>'
