"""Which column of a table holds reviews, by its name, and whether the first row names columns."""

from __future__ import annotations

import re

# A column with the reviews is named by these words alone: "text", "Review Text", "reviews.text".
NAMES = ("text", "review", "comment", "sentence", "content", "body", "tweet")
CHARACTERS = 60  # a longer cell is no column's name

_words = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_number = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?%?")


def is_review_name(name: str) -> bool:
    """Whether a column of this name holds reviews: `NAMES`, their plurals, or several of them joined.

    >>> [is_review_name(n) for n in ("TEXT", "reviewText", "reviews.text", "review_id", "text_2")]
    [True, True, True, False, False]
    """
    if len(name) > CHARACTERS or not re.fullmatch(r"\s*[A-Za-z][A-Za-z _.-]*", name):
        return False
    words = [word.lower() for word in _words.findall(name)]
    if "".join(words) in _ONE_WORD:  # "reViEw" has no words of its own
        return True
    return bool(words) and all(word in _ONE_WORD for word in words)


_ONE_WORD = {*NAMES, *(f"{name}s" for name in NAMES), "bodies"}


def is_number(text: str) -> bool:
    """Whether `text` is a plain number, as a spreadsheet writes it: -5, +1.5, 1,204, 2e-3, 40%."""
    return _number.fullmatch(text.strip()) is not None


def is_header(first: tuple[str, ...], n_rows: int) -> bool:
    """Whether the first row names the columns.

    One column: only where it is one of the known names. Several: also where every cell looks like a
    name, which is short and no number, and none is there twice.
    """
    if any(map(is_review_name, first)):
        return True
    if len(first) == 1 or n_rows < 2:
        return False
    names = [cell.strip() for cell in first]
    short = all(len(n) <= CHARACTERS and not is_number(n) for n in names)
    return short and len({*names}) == len(names)
