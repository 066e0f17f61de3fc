"""An uploaded file → a table, and the column with the reviews. Classifies nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ulmfit_demo import limits
from ulmfit_demo.uploads.dialect import SAVE_AS, lines, parse
from ulmfit_demo.uploads.encoding import UNKNOWN, decode
from ulmfit_demo.uploads.names import NAMES, is_header, is_number, is_review_name

DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
SHOWN_CHARACTERS = 30  # of a column's first text, in the chooser


@dataclass(frozen=True)
class Upload:
    """A file as a table of texts."""

    columns: tuple[str, ...]  # as the header names them, or "text", or "column 1", "column 2" …
    rows: tuple[
        tuple[str, ...], ...
    ]  # each of len(columns) cells; rows without any text are left out
    delimiter: str  # "" in a file of one column
    encoding: str
    has_header: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns' names for a person to choose from: unique and never empty."""
        result: list[str] = []
        for i, name in enumerate(self.columns):
            label = name.strip() or f"column {i + 1}"
            result.append(f"{label} (column {i + 1})" if label in result else label)
        return tuple(result)

    @property
    def candidates(self) -> list[int]:
        """Columns that could hold the reviews by their names; of several, those that hold no numbers."""
        if len(self.columns) == 1:
            return [0]
        named = [i for i, name in enumerate(self.columns) if is_review_name(name)]
        with_words = [i for i in named if any(not is_number(c) for c in self._cells(i))]
        return named if len(named) == 1 else with_words or named

    def _cells(self, column: int) -> Iterator[str]:
        return (row[column] for row in self.rows if row[column].strip())

    def example(self, column: int) -> str:
        """The beginning of the first text of a column."""
        text = " ".join(next(self._cells(column), "")[:200].split())
        return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"

    def column(self, wanted: str | None = None) -> int:
        """The place of the column with the reviews. Raises `Refused` where it has to be chosen.

        `wanted`: one of `labels`, or its name without regard to case; empty: the one that is named so.
        """
        listed = ", ".join(f"“{label}”" for label in self.labels[:12])
        if wanted and len(self.columns) > 1:
            for same in (str, str.casefold):
                known = [same(label) for label in self.labels]
                if same(wanted.strip()) in known:
                    return known.index(same(wanted.strip()))
            raise limits.Refused(f"The file has no column “{wanted[:100]}”. It has: {listed}.")
        found = self.candidates
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(f"“{self.labels[i]}”" for i in found[:12])
            raise limits.Refused(f"Several columns could hold the reviews: {names}. Choose one.")
        raise limits.Refused(
            f"No column is named like the reviews ({', '.join(NAMES)}). Choose one: {listed}."
        )

    def texts(self, column: int) -> list[str]:
        """The reviews, in the order of the rows. Raises `Refused` where one is too long."""
        result = [row[column] for row in self.rows]
        for i, text in enumerate(result):
            if len(text) > limits.TEXT_CHARACTERS:
                raise limits.Refused(
                    f"Row {i + 1} has {len(text):,} characters; "
                    f"up to {limits.TEXT_CHARACTERS:,} are read."
                )
        return result

    @property
    def about(self) -> str:
        """What was found, in a line: rows, columns, delimiter, encoding."""
        rows = f"{len(self.rows):,} row{'' if len(self.rows) == 1 else 's'}"
        parts = [rows if self.has_header else f"{rows}, no header"]
        if self.delimiter:
            by = DELIMITER_NAMES.get(self.delimiter, f"“{self.delimiter}”")
            parts.append(f"{len(self.columns)} columns parted by {by}")
        else:
            parts.append("one column")
        return " · ".join([*parts, self.encoding])


def read(path: str | Path) -> Upload:
    """The table in a .txt, .csv or .tsv file. Raises `Refused` with one sentence.

    A .txt file has one review a line and no header.
    """
    path = Path(path)
    data = path.read_bytes()
    if len(data) > limits.CSV_BYTES:
        raise limits.Refused(
            f"The file has {len(data) / 1e6:.1f} MB; up to {limits.CSV_BYTES / 1e6:.0f} MB are read."
        )
    kind = path.suffix.lower()
    text, encoding = decode(data)
    table: list[tuple[str, ...]]
    if kind == ".txt":
        table, delimiter = [(line,) for line in lines(text)], ""
        columns: tuple[str, ...] | None = ("text",)
        has_header = False
    else:
        table, delimiter = parse(text, kind == ".tsv")
        columns, has_header = None, bool(table) and is_header(table[0], len(table))
    if encoding == UNKNOWN:
        raise limits.Refused(odd_row(text, table, has_header, "text" if kind == ".txt" else "CSV"))
    if columns is None:
        columns = table[0] if has_header else _numbered(len(table[0]) if table else 1)
    if len(columns) > limits.COLUMNS:
        raise limits.Refused(
            f"{len(columns):,} columns; this takes a file of up to {limits.COLUMNS}."
        )
    if len(table) - has_header > limits.ROWS:
        raise limits.Refused(
            f"{len(table) - has_header:,} rows; this takes up to {limits.ROWS:,} at once."
        )
    rows = tuple(_filled(row, len(columns), i) for i, row in enumerate(table[has_header:], 1))
    return Upload(columns, rows, delimiter, encoding, has_header)


def odd_row(text: str, table: list[tuple[str, ...]], has_header: bool, kind: str) -> str:
    """The sentence that names the first row of `text` whose bytes could not be read."""
    odd = re.compile("[\x00\udc80-\udcff]")  # what `decode` leaves of such bytes
    found = odd.search(text)
    before, byte = (text[: found.start()], ord(found[0]) & 0xFF) if found else ("", 0)
    line = 1 + len(re.findall("\r\n|\r|\n", before))
    place = next((i for i, row in enumerate(table) if any(map(odd.search, row))), 0)
    where = "the header" if has_header and not place else f"row {place + 1 - has_header}"
    return (
        f"The file is no {kind} in UTF-8: {where} (line {line} of the file) has the byte "
        f"0x{byte:02X}. {SAVE_AS}"
    )


def _numbered(n: int) -> tuple[str, ...]:
    return ("text",) if n == 1 else tuple(f"column {i + 1}" for i in range(n))


def _filled(row: tuple[str, ...], n: int, number: int) -> tuple[str, ...]:
    """`row` with `n` cells. Raises `Refused` where it has more: a text was cut at its delimiter."""
    while len(row) > n and not row[-1].strip():
        row = row[:-1]
    if len(row) > n:
        raise limits.Refused(
            f"Row {number} has {len(row):,} cells, more than the {n:,} of the first row. A text with a "
            "delimiter in it must stand in quotation marks."
        )
    return (*row, *[""] * (n - len(row)))


def pasted(text: str) -> Upload:
    """Lines typed into a field as a table of one column. Raises `Refused` where there are too many."""
    rows = lines(text.encode("utf-8", "replace").decode())  # half a surrogate pair is no UTF-8
    if len(rows) > limits.LINES:
        raise limits.Refused(
            f"{len(rows):,} lines; this takes up to {limits.LINES} pasted at once. "
            f"A CSV file may have {limits.ROWS:,}."
        )
    return Upload(("text",), tuple((row,) for row in rows), "", "UTF-8", False)
