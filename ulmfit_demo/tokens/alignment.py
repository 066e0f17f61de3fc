"""Follows characters through edits, back to the source. Knows neither rules nor tokenizers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

# difflib needs quadratic time: longer differences become one edit.
LONGEST_DIFF = 2_000


class Edit(NamedTuple):
    """`new` replaces the characters from `start` to `end`; equal lengths align one to one."""

    start: int
    end: int
    new: str


class Change(NamedTuple):
    """Where a step changed the text: a range before it and the range after it."""

    start_before: int
    end_before: int
    start_after: int
    end_after: int


class Span(NamedTuple):
    """A token's place in the source, and the source characters that it came from."""

    start: int
    end: int
    origin: str


class Aligned:
    """A text in which every character knows the source range that it came from.

    Attributes:
        text: the text as it is now.
        starts, ends: source range of each character; equal for an inserted character.
        labels: what first made or changed each character, None where nothing did.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = source
        self.starts = list(range(len(source)))
        self.ends = list(range(1, len(source) + 1))
        self.labels: list[str | None] = [None] * len(source)

    def apply(self, edits: Iterable[Edit], label: str | None = None) -> None:
        """Rewrite the text by `edits`, which are in order and do not overlap."""
        edits = list(edits)
        if not edits:
            return
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        labels: list[str | None] = []
        at = 0
        # An edit of no length keeps everything after the last real edit.
        for start, end, new in [*edits, Edit(len(self.text), len(self.text), "")]:
            pieces += self.text[at:start], new
            starts += self.starts[at:start]
            ends += self.ends[at:start]
            labels += self.labels[at:start]
            at = end
            if end - start == len(new):
                starts += self.starts[start:end]
                ends += self.ends[start:end]
                labels += [old or label for old in self.labels[start:end]]
            elif new:
                first, last = self.source_range(start, end)
                old = next(filter(None, self.labels[start:end]), None)
                starts += [first] * len(new)
                ends += [last] * len(new)
                labels += [old or label] * len(new)
        self.text, self.starts, self.ends, self.labels = "".join(pieces), starts, ends, labels

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        """The source range of the characters from `start` to `end`; empty for no characters."""
        if start < end:
            return min(self.starts[start:end]), max(self.ends[start:end])
        place = self.starts[start] if start < len(self.starts) else len(self.source)
        return place, place

    def label(self, start: int, end: int) -> str | None:
        """The first label among the characters from `start` to `end`."""
        return next(filter(None, self.labels[start:end]), None)

    def changes(self) -> list[Change]:
        """Where the text differs from the source; neighbouring edits are one change."""
        if self.text == self.source:
            return []
        found: list[Change] = []
        before = after = 0
        places = zip(self.text, self.starts, self.ends, strict=True)
        for index, (character, start, end) in enumerate(places):
            kept = end - start == 1 and start >= before and self.source[start] == character
            if not kept:
                continue
            if start > before or index > after:
                found.append(Change(before, start, after, index))
            before, after = end, index + 1
        if before < len(self.source) or after < len(self.text):
            found.append(Change(before, len(self.source), after, len(self.text)))
        return found


def difference(before: str, after: str) -> list[Edit]:
    """Edits from `before` to `after` that know only the two texts.

    Common ends are cut off first; a middle beyond `LONGEST_DIFF` characters is one edit.
    """
    left = 0
    shorter = min(len(before), len(after))
    while left < shorter and before[left] == after[left]:
        left += 1
    right = 0
    while right < shorter - left and before[-1 - right] == after[-1 - right]:
        right += 1
    old, new = before[left : len(before) - right], after[left : len(after) - right]
    if not old and not new:
        return []
    if max(len(old), len(new)) > LONGEST_DIFF:
        return [Edit(left, left + len(old), new)]
    return [
        Edit(left + a, left + b, new[c:d])
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def tile(
    source: str, ranges: Sequence[tuple[int, int]], fixed: Sequence[bool], gaps: bool = True
) -> list[Span]:
    """Turn rough source ranges into spans that are in order and lose no visible character.

    Args:
        source: the text that the ranges point into.
        ranges: one range a token, in the tokens' order; neighbours may share characters.
        fixed: True for a token that should not take over characters (`xxbos`, `xxmaj`).
        gaps: False leaves visible characters between two tokens without a token.

    A character that two tokens share goes to the first. Visible characters between two tokens
    (an entity that became a space) go to the token before them, or the next where there is none.
    """
    spans: list[list[int]] = []
    cursor = 0
    for start, end in ranges:
        first = max(start, cursor)
        cursor = max(first, end)
        spans.append([first, cursor])
    if gaps:
        _take_gaps(source, spans, fixed)
    return [
        Span(start, end, _origin(source, [start, end], rough))
        for (start, end), rough in zip(spans, ranges, strict=True)
    ]


def _origin(source: str, span: list[int], rough: tuple[int, int]) -> str:
    """The characters a token came from: those it shares with a token before it included."""
    start, end = span
    if rough[0] < rough[1]:
        start, end = min(start, rough[0]), max(end, rough[1])
    return source[start:end]


def _take_gaps(source: str, spans: list[list[int]], fixed: Sequence[bool]) -> None:
    """Extend `spans` in place over the visible characters that lie between them."""
    cursor = 0
    for index in range(len(spans) + 1):
        start = spans[index][0] if index < len(spans) else len(source)
        gap = source[cursor:start]
        if gap and not gap.isspace():
            _give_gap(source, spans, fixed, index, cursor, start)
        if index < len(spans):
            cursor = spans[index][1]


def _give_gap(
    source: str, spans: list[list[int]], fixed: Sequence[bool], index: int, start: int, end: int
) -> None:
    """Give the gap from `start` to `end`, before token `index`, to a token beside it."""
    visible_end = start + len(source[start:end].rstrip())
    visible_start = end - len(source[start:end].lstrip())
    # Only a token that ends where the gap starts can grow over it without crossing another.
    before = index - 1
    while before >= 0 and fixed[before] and spans[before] == [start, start]:
        before -= 1
    if before >= 0 and not fixed[before]:
        spans[before][1] = visible_end
        for later in range(before + 1, index):
            spans[later] = [visible_end, visible_end]
        return
    after = index
    while after < len(spans) and fixed[after]:
        after += 1
    if after < len(spans) and spans[after][0] == end:
        for marker in range(index, after):
            spans[marker] = [visible_start, visible_start]
        spans[after][0] = visible_start
    elif spans:
        taker = max(index - 1, 0)
        spans[taker] = [
            min(spans[taker][0], visible_start),
            max(spans[taker][1], visible_end),
        ]
