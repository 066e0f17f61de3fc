"""The table of an upload with a verdict for every row, as a CSV file. Judges nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ulmfit_demo.uploads.names import is_number
from ulmfit_demo.uploads.table import Upload

VERDICT, POSITIVE = "verdict", "positive"
GUARDED = "apostrophe_added_to"  # names the columns of the row whose first character is ours

# A spreadsheet runs a cell that begins so. Apostrophes before it count too, so that the guard can be
# undone in a cell that had one of its own.
_formula = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_guarded = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")


def guard(cell: str) -> str:
    """`cell` with an apostrophe before it where a spreadsheet would run it as a formula.

    >>> [guard(c) for c in ("=1+1", "-5 stars", "-5", "'=1", "fine")]
    ["'=1+1", "'-5 stars", '-5', "''=1", 'fine']
    """
    return f"'{cell}" if _formula.match(cell) and not is_number(cell) else cell


def unguard(cell: str) -> str:
    """What `guard` was given: apostrophes before `=`, `+`, `-` or `@` are one too many."""
    return cell[1:] if _guarded.match(cell) else cell


def write(
    path: Path,
    upload: Upload,
    verdicts: Sequence[str],
    positive: Sequence[float | None],
) -> int:
    """Write every column of `upload`, then our verdicts [n_rows]; the number of guarded cells.

    Where cells were guarded a last column says in which columns of the row, separated by " | ": there
    the first character, an apostrophe, is not the upload's. Our columns get another name where the
    upload has theirs. Comma, UTF-8; the rows in the order of the upload.
    """
    taken = {name.strip().casefold() for name in upload.columns}
    names = [guard(name) for name in upload.columns]
    table, counts = [], []
    for row, verdict, p in zip(upload.rows, verdicts, positive, strict=True):
        cells = [guard(cell) for cell in row]
        changed = [n for n, new, old in zip(names, cells, row, strict=True) if new != old]
        ours = [verdict, "" if p is None else f"{p:.4f}"]
        table.append(([*cells, *ours], " | ".join(changed)))
        counts.append(len(changed))
    header = [*names, free(VERDICT, taken), free(POSITIVE, taken)]
    if any(counts):
        header.append(free(GUARDED, taken))
    with path.open("w", encoding="utf-8", errors="replace", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(header)
        writer.writerows([*cells, changed] if any(counts) else cells for cells, changed in table)
    return sum(counts)


def free(name: str, taken: Iterable[str]) -> str:
    """`name`, or with `ulmfit_` before it, or a number behind it: one that is not `taken`.

    >>> free("verdict", {"text"}), free("verdict", {"verdict"})
    ('verdict', 'ulmfit_verdict')
    >>> free("verdict", {"verdict", "ulmfit_verdict"})
    'ulmfit_verdict_2'
    """
    taken = {*taken}
    choices = [name, f"ulmfit_{name}", *(f"ulmfit_{name}_{i}" for i in range(2, len(taken) + 3))]
    return next(choice for choice in choices if choice not in taken)
