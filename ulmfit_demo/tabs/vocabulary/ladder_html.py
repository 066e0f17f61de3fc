"""The ladder as HTML: one text at every vocabulary size, piece above piece. Tokenizes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from ulmfit_demo.tabs.shared.html import chips, legend
from ulmfit_demo.tabs.shared.signs import counted, tip, visible
from ulmfit_demo.tabs.shared.templates import macro, markup
from ulmfit_demo.tokens import Token, Tokenized
from ulmfit_demo.tokens.merges import Merge
from ulmfit_demo.tokens.subwords import SPACE

_html = partial(macro, "vocabulary/ladder.html")
COLUMNS = 54  # characters of one block of rows
BEFORE = -1  # the column of the ▁ that SentencePiece puts before the first word

Rung = tuple[int, Tokenized]
Cell = tuple[int, int, list[Token]]  # first column, one after the last, tokens


def ladder(rungs: Sequence[Rung], current: int, why: str, grid: bool = True) -> str:
    """One row a vocabulary size, the chosen one marked, and beside it what explains the choice.

    `grid`: every piece above the characters it stands for; otherwise rows of chips that wrap.
    """
    around = {
        "legend": markup(legend({token.kind for _, t in rungs for token in t.tokens})),
        "why": markup(why),
    }
    if grid and rungs[0][1].source:
        placed = [(rung, cells(rung[1])) for rung in rungs]
        cuts = blocks([t for _, t in rungs], COLUMNS)
        drawn = [markup(block(placed, current, start, end)) for start, end in cuts]
        return _html("aligned", blocks=drawn, **around)
    return _html("wrapped", rungs=[_wrapped(r, current) for r in rungs], **around)


def _wrapped(rung: Rung, current: int) -> dict[str, object]:
    size, t = rung
    return {
        "size": _size(rung, current),
        "now": size == current,
        "chips": markup(chips(t.tokens)),
        "pieces": counted(t.n_tokens, "piece"),
        "characters_per_token": t.characters_per_token,
    }


def _size(rung: Rung, current: int) -> str:
    return f"{'▸ ' * (rung[0] == current)}{rung[0]:,}"


def cells(t: Tokenized) -> list[Cell]:
    """The tokens by the columns they stand over; tokens without characters join their neighbour."""
    placed: list[Cell] = []
    for token in t.tokens:
        start, end = token.start, token.end
        first_space = token.text.startswith(SPACE) and start == 0 and not t.source[:1].isspace()
        if first_space and not placed:
            start = BEFORE
        if end > max(start, 0) or start == BEFORE:
            placed.append((start, end, [token]))
        elif placed:
            placed[-1][2].append(token)
        else:
            placed.append((BEFORE, 0, [token]))
    return placed


def blocks(results: Sequence[Tokenized], width: int) -> list[tuple[int, int]]:
    """Cuts of the source, each about `width` characters, that divide no piece of any row."""
    length = len(results[0].source)
    free = set(range(1, length))
    for t in results:
        for start, end, _ in cells(t):
            free -= set(range(start + 1, end))
    cuts = sorted(i for i in free if results[0].source[i].isspace()) or sorted(free)
    bounds = [0]
    while length - bounds[-1] > width:
        later = [c for c in cuts if c > bounds[-1]]
        if not later:
            break
        within = [c for c in later if c <= bounds[-1] + width]
        bounds.append(within[-1] if within else later[0])
    return [(s, e) for s, e in zip(bounds, [*bounds[1:], length], strict=True) if e > s]


def block(placed: Sequence[tuple[Rung, Sequence[Cell]]], current: int, start: int, end: int) -> str:
    """The rows of one stretch of the source, each piece over its characters: (rung, its `cells`)."""
    first = BEFORE if start == 0 else start
    source = placed[0][0][1].source
    return _html(
        "block",
        columns=end - first,
        characters=[(i - first + 2, visible(source[i])) for i in range(start, end)],
        rungs=[
            {
                "size": _size(rung, current),
                "now": rung[0] == current,
                "n": f"{rung[1].n_tokens:,}",
                "cells": [_cell(c, first) for c in found if first <= c[0] < end],
            }
            for rung, found in placed
        ],
    )


def _cell(cell: Cell, first: int) -> tuple[str, str, int, int, str, str]:
    """(kind, columns, first character, one after the last, tip, text), which the template unpacks.

    A grid has thousands of cells: to look a value up by its name would double the time of a key.
    """
    start, end, tokens = cell
    changed = " changed" if any(t.changed_from is not None for t in tokens) else ""
    columns = f"{start - first + 2}/{max(end, start + 1) - first + 2}"
    says = " + ".join(tip(t) for t in tokens)
    text = "".join(visible(t.text) for t in tokens)
    return tokens[0].kind + changed, columns, max(start, 0), end, says, text


def merge_orders(built: Sequence[tuple[str, Sequence[Merge], int]], size: int) -> str:
    """The merges that build each word: (word, merges, how many of them the chosen size holds)."""
    return _html("merge_orders", words=built, size=size)


def probabilities(pieces: Sequence[tuple[str, float]], n: int, size: int) -> str:
    """The chosen model's pieces of the text with their scores; `n` is how many the text has."""
    shown = [(piece, score, _share(score)) for piece, score in pieces]
    return _html("probabilities", pieces=shown, n=n, size=size)


def _share(score: float) -> str:
    p = math.exp(min(score, 0.0))
    return f"1 in {round(1 / p):,}" if p > 1e-9 else "–"
