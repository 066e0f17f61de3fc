"""What a visitor teaches: label names, lines, the labels that came with them. Learns nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from ulmfit_demo import limits
from ulmfit_demo.limits import Refused
from ulmfit_demo.tokens import clean

GIVEN = 4  # lines of each class that a preset starts with labelled
NONE = -1  # in an array of labels: not labelled
SAME = (
    "“{}” and “{}” are one label: capitals do not tell labels apart. Give each a name of its own."
)
TWICE = "The label “{}” stands there twice. Give each a name of its own."
NOTHING = "Paste lines first: one text a line, with a label and a tab before it where you know it."


@dataclass(frozen=True)
class Task:
    """Lines [n] to be told apart, and what is known of them."""

    names: tuple[str, ...]
    lines: tuple[str, ...]
    given: tuple[int, ...]  # [n] labels that came with the lines; NONE where none did
    truth: tuple[int, ...] | None = (
        None  # [n] our labels of a preset: they test, they teach nothing
    )

    @cached_property
    def key(self) -> str:
        """Tells this task from another: a digest of all that it holds."""
        parts = json.dumps([self.names, self.lines, self.given]).encode()
        return hashlib.sha256(parts).hexdigest()[:16]

    def labels(self, marks: Sequence[tuple[int, int]] = ()) -> np.ndarray:
        """[n] labels after `marks`, pairs (line, label) in the order in which they were given."""
        found = np.array(self.given, int)
        for line, label in marks:
            if 0 <= line < len(self.lines) and NONE <= label < len(self.names):
                found[line] = label
        return found


@dataclass(frozen=True)
class Preset:
    """A task that ships."""

    key: str
    title: str
    task: Task


@cache
def presets(assets: Path) -> dict[str, Preset]:
    """The tasks in `assets/teach`, by key: lines of our own writing."""
    folder = assets / "teach"
    found = {}
    for entry in json.loads((folder / "presets.json").read_text(encoding="utf-8")):
        rows = (folder / entry["file"]).read_text(encoding="utf-8").splitlines()[1:]
        names = tuple(entry["names"])
        truth = tuple(names.index(row.split("\t")[0]) for row in rows)
        given, left = [], dict.fromkeys(range(len(names)), GIVEN)
        for label in truth:
            left[label] -= 1
            given.append(label if left[label] >= 0 else NONE)
        lines = tuple(row.split("\t")[1] for row in rows)
        found[entry["key"]] = Preset(
            entry["key"], entry["title"], Task(names, lines, tuple(given), truth)
        )
    return found


def names_of(text: object) -> tuple[str, ...]:
    """Label names separated by commas or lines; () for none. Raises `Refused`."""
    parts = limits.text(text, 1_000).replace("\n", ",").replace("，", ",").replace("、", ",")
    names = [clean(part).strip() for part in parts.split(",")]
    return checked_names([n for n in names if n], at_least=0)


def checked_names(names: Sequence[str], at_least: int = limits.TEACH_NAMES[0]) -> tuple[str, ...]:
    """`names` where they can be labels. Raises `Refused`."""
    low, high = limits.TEACH_NAMES
    if (names and len(names) < low) or len(names) < at_least:
        raise Refused(f"To tell apart it takes at least {low} labels. Name another one.")
    if len(names) > high:
        raise Refused(f"{len(names):,} labels; this teaches up to {high}.")
    first: dict[str, str] = {}
    for name in names:
        other = first.get(name.casefold())
        if other is not None:
            raise Refused(SAME.format(other, name) if other != name else TWICE.format(name))
        first[name.casefold()] = name
    for name in names:
        if not name.strip():
            raise Refused("A label has an empty name.")
        if len(name) > limits.TEACH_NAME_CHARACTERS:
            raise Refused(
                f"The label “{name[:20]}…” is longer than {limits.TEACH_NAME_CHARACTERS} characters."
            )
    return tuple(names)


def pasted(text: object, names: object = "") -> Task:
    """Lines of a text: `label<TAB>text`, or the text alone. Raises `Refused`.

    Without `names` the labels are those that stand in the lines, in their order.
    """
    rows = []
    for line in limits.text(text, limits.TEACH_TEXT).splitlines():
        label, tab, rest = line.partition("\t")
        if (rest if tab else line).strip():
            rows.append((label.strip(), rest.strip()) if tab else ("", line.strip()))
    return task_of(rows, names_of(names))


def task_of(rows: Sequence[tuple[str, str]], names: Sequence[str] = ()) -> Task:
    """A task of (label or "", text) pairs. Raises `Refused`.

    Capitals do not tell labels apart: “music” is “Music” where that stands in `names`, or came first.
    """
    if not rows:
        raise Refused(NOTHING)
    if len(rows) > limits.TEACH_LINES:
        raise Refused(f"{len(rows):,} lines; this teaches with up to {limits.TEACH_LINES:,}.")
    labels = [clean(label).strip() for label, _ in rows]
    if not names:
        spelled: dict[str, str] = {}
        for label in labels:
            spelled.setdefault(label.casefold(), label)
        found = [name for name in spelled.values() if name]
        if not found:
            raise Refused("Name your labels above the lines, separated by commas.")
        names = checked_names(found)
    place = {name.casefold(): i for i, name in enumerate(names)}
    for number, label in enumerate(labels, 1):
        if label and label.casefold() not in place:
            raise Refused(
                f"Line {number:,} has the label “{label[:40]}”, which is none of: {', '.join(names)}."
            )
    lines = []
    for number, (_, text) in enumerate(rows, 1):
        if len(text) > limits.TEACH_CHARACTERS:
            raise Refused(
                f"Line {number:,} has {len(text):,} characters; a line may have up to "
                f"{limits.TEACH_CHARACTERS:,}."
            )
        lines.append(clean(text))
    given = tuple(place[label.casefold()] if label else NONE for label in labels)
    return Task(tuple(names), tuple(lines), given)
