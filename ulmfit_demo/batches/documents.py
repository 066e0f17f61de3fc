"""A visitor's text → its documents, or the lengths written instead of them. Knows no tokens."""

from __future__ import annotations

import re

LENGTHS = "lengths:"  # what a text begins with when it lists lengths and no documents

_empty_lines = re.compile(r"(?:\r?\n[^\S\r\n]*){2,}")


def split_documents(text: str) -> list[str]:
    """The documents of `text`: an empty line begins the next. Documents without a word are left out."""
    return [document for document in _empty_lines.split(text) if document.strip()]


def read_lengths(text: str) -> list[int] | None:
    """The numbers of a text like `lengths: 100, 76, 241`; None where it does not begin so.

    Raises ValueError where something else than whole numbers stands behind `lengths:`.
    """
    body = text.strip()
    if not body.lower().startswith(LENGTHS):
        return None
    parts = re.split(r"[,;\s]+", body[len(LENGTHS) :].strip(" \t\r\n,;"))
    odd = [part for part in parts if not re.fullmatch(r"[0-9]{1,9}", part)]
    if odd:
        raise ValueError(
            f"After “{LENGTHS}” stand whole numbers of tokens, like 100, 76; not “{odd[0][:40]}”."
        )
    return [int(part) for part in parts]
