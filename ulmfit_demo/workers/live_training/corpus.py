"""The text that ships, and a visitor's own text cut into documents. Tokenizes nothing."""

from __future__ import annotations

import re
from pathlib import Path

from ulmfit_demo.tokens import clean

FEWEST = 20  # documents: every tenth is held out, and the held-out part needs a few sentences
CUT = r"(?<=[.!?…。！？])\s+|(?<=[。！？])|\n+"  # after a sentence


class TextError(ValueError):
    """A text that cannot be learned from; the message is a sentence for the visitor."""


def opinions(assets: Path) -> list[str]:
    """The lines that ship: film opinions written for this app, one document each."""
    return (assets / "live" / "opinions.txt").read_text(encoding="utf-8").splitlines()


def documents(text: str) -> tuple[list[str], bool]:
    """`text` as documents, and whether these are its lines (otherwise its sentences).

    A line is a document; a text of fewer than `FEWEST` lines is cut after its sentences.

    Raises:
        TextError: it has fewer than `FEWEST` lines and sentences.
    """
    text = clean(text)
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) >= FEWEST:
        return lines, True
    parts = [part for part in re.split(CUT, text) if part.strip()]
    if len(parts) < FEWEST:
        raise TextError(
            f"This text has {len(parts)} sentences. To learn from most and to test on the rest it "
            f"takes at least {FEWEST} lines or sentences."
        )
    return parts, False
