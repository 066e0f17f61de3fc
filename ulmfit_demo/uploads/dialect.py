"""Text of a CSV file → rows of cells: finds the delimiter and the quoting. Knows no columns' meaning.

`csv.Sniffer` guesses from counts of characters and takes a comma in a review for a delimiter. Here every
delimiter is tried with Python's `csv` reader, and the one that gives a table is taken.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from ulmfit_demo import limits
from ulmfit_demo.uploads.names import is_review_name

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 200  # decide on the delimiter
ALIKE = 0.8  # share of rows as wide as the first one, for a table without a known name
SAVE_AS = "Save it as “CSV UTF-8” and choose it again."

_sep_line = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)

csv.field_size_limit(limits.CSV_BYTES)  # the default refuses a cell of 131,073 characters

# Ways in which a delimiter inside a cell is kept from parting it, the standard first. The second is what
# MySQL writes (`\"`), the third a file in which quotation marks are characters like any other.
QUOTINGS: tuple[dict, ...] = (
    {},
    {"escapechar": "\\"},
    {"quoting": csv.QUOTE_NONE},
)


def lines(text: str) -> list[str]:
    r"""`text` cut at \n, \r\n and \r, and nowhere else; lines without any text are left out.

    `str.splitlines` also cuts at U+0085, U+2028, VT, FF and others, which stand inside reviews.
    """
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]


def parse(text: str, is_tsv: bool = False) -> tuple[list[tuple[str, ...]], str]:
    """(rows with any text, delimiter) of a CSV; the delimiter is "" where there is one column.

    A first line `sep=;`, as spreadsheets write it, is obeyed. Raises `Refused` where no dialect fits.
    """
    told = _sep_line.match(text)
    if told:
        text = text[told.end() :]
    error: csv.Error | None = None
    for quoting in QUOTINGS:
        try:
            delimiter = told[1] if told else _delimiter(text, is_tsv, quoting)
            rows = list(_rows(text, delimiter, quoting))
        except csv.Error as e:
            error = error or e
            continue
        widths = {len(row) for row in rows}
        if "quoting" in quoting and delimiter not in ("", "\t"):
            break  # a text with a delimiter in it would be cut; a tab is in none
        if told and widths <= {1}:
            delimiter = ""
        return rows, delimiter
    raise limits.Refused(f"The file is no CSV, {error}. {SAVE_AS}")


def _delimiter(text: str, is_tsv: bool, quoting: dict) -> str:
    """The delimiter with which `text` is a table; "" where it is one column. Raises `csv.Error`."""
    first = next(iter(lines(text[: limits.TEXT_CHARACTERS])), "")
    possible = [d for d in DELIMITERS if d in first]
    if is_tsv and "\t" in possible:
        return "\t"
    found, errors = [], []
    for delimiter in possible:
        try:
            rows = list(islice(_rows(text, delimiter, quoting), SAMPLE_ROWS))
        except csv.Error as e:
            errors.append(e)
            continue
        width = len(rows[0]) if rows else 1
        alike = sum(len(row) == width for row in rows[1:]) / max(1, len(rows) - 1)
        known = any(map(is_review_name, rows[0])) if rows else False
        if width > 1 and (known or alike >= ALIKE):
            found.append((known, alike, width, delimiter))
    if found:
        return max(found, key=lambda f: f[:3])[3]
    if errors:
        raise errors[0]
    return ""


def _rows(text: str, delimiter: str, quoting: dict) -> Iterator[tuple[str, ...]]:
    """The rows of `text` with any text in them. Raises `csv.Error`."""
    first = next(iter(lines(text[: limits.TEXT_CHARACTERS])), "")
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter or next(c for c in "\x1f\x1e\ue000\ue001\ue002" if c not in text),
        skipinitialspace=bool(delimiter) and f'{delimiter} "' in first,
        strict=True,
        **quoting,
    )
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield tuple(row)
    except csv.Error as e:
        raise csv.Error(f"line {reader.line_num}: {e}") from None
