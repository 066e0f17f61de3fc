"""The ladder as HTML: one text at every vocabulary size, piece above piece. Tokenizes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ulmfit_demo.tabs.shared.html import chips, counted, legend, tip, visible
from ulmfit_demo.tokens import Token, Tokenized
from ulmfit_demo.tokens.merges import Merge
from ulmfit_demo.tokens.subwords import SPACE

COLUMNS = 54  # characters of one block of rows
BEFORE = -1  # the column of the ▁ that SentencePiece puts before the first word

Rung = tuple[int, Tokenized]
Cell = tuple[int, int, list[Token]]  # first column, one after the last, tokens


def ladder(rungs: Sequence[Rung], current: int, why: str, grid: bool = True) -> str:
    """One row a vocabulary size, the chosen one marked, and beside it what explains the choice.

    `grid`: every piece above the characters it stands for; otherwise rows of chips that wrap.
    """
    kinds = {token.kind for _, t in rungs for token in t.tokens}
    if grid and rungs[0][1].source:
        rows = "".join(
            block(rungs, current, start, end)
            for start, end in blocks([t for _, t in rungs], COLUMNS)
        )
        shown = f'<div class="rungs">{rows}</div>'
    else:
        shown = f'<div class="ladder rungs">{"".join(_wrapped(r, current) for r in rungs)}</div>'
    return f'<div class="ladder-and-why"><div>{shown}{legend(kinds)}</div>{why}</div>'


def _wrapped(rung: Rung, current: int) -> str:
    size, t = rung
    return (
        f'<div class="size{" now" if size == current else ""}">{_size(rung, current)}</div>'
        f'<div class="rung">{chips(t.tokens)}</div>'
        f'<div class="count">{counted(t.n_tokens, "piece")} · '
        f"{t.characters_per_token:.1f} characters each</div>"
    )


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


def block(rungs: Sequence[Rung], current: int, start: int, end: int) -> str:
    """The rows of one stretch of the source, each piece over its characters."""
    first = BEFORE if start == 0 else start
    source = rungs[0][1].source
    head = "".join(
        f'<span class="char" style="grid-column:{i - first + 2}">{escape(visible(source[i]))}</span>'
        for i in range(start, end)
    )
    rows = [f'<div class="line"><span class="size">text</span>{head}</div>']
    for rung in rungs:
        now = " now" if rung[0] == current else ""
        inside = [c for c in cells(rung[1]) if first <= c[0] < end]
        shown = "".join(_cell(c, first, i == 0) for i, c in enumerate(inside))
        rows.append(
            f'<div class="line toks"><span class="size{now}">{_size(rung, current)}'
            f'<i title="pieces of the whole text">{rung[1].n_tokens:,}</i></span>{shown}</div>'
        )
    columns = f"max-content repeat({end - first},minmax(1.5ch,auto))"
    return (
        f'<div class="scroll"><div class="ladder-grid aligned" style="grid-template-columns:{columns}">'
        f"{''.join(rows)}</div></div>"
    )


def _cell(cell: Cell, first: int, in_order: bool) -> str:
    start, end, tokens = cell
    token = tokens[0]
    text = "".join(visible(t.text) for t in tokens)
    changed = " changed" if any(t.changed_from is not None for t in tokens) else ""
    says = " + ".join(tip(t) for t in tokens)
    return (
        f'<span class="tok tok-{token.kind}{changed}" tabindex="{0 if in_order else -1}" '
        f'style="grid-column:{start - first + 2}/{max(end, start + 1) - first + 2}" '
        f'data-s="{max(start, 0)}" data-e="{end}" data-tip="{escape(says)}">{escape(text)}</span>'
    )


def aside(title: str, body: str) -> str:
    """The box beside the ladder."""
    return (
        f'<section class="v-why" tabindex="0" aria-label="{escape(title)}">'
        f"<h3>{escape(title)}</h3>{body}</section>"
    )


def merge_orders(built: Sequence[tuple[str, Sequence[Merge], int]], size: int) -> str:
    """The merges that build each word: (word, merges, how many of them the chosen size holds)."""
    parts = []
    for i, (word, merges, held) in enumerate(built):
        rows = "".join(
            f'<tr class="{"" if m < held else "later"}"><td>{merge.rank:,}</td>'
            f'<td class="u-mono">{escape(merge.left)} + {escape(merge.right)}</td>'
            f'<td class="u-mono">{escape(" ".join(merge.parts))}</td></tr>'
            for m, merge in enumerate(merges)
        )
        note = f"{len(merges)} merges, {held} of them at {size:,} pieces"
        table = (
            '<table class="plain"><thead><tr><th>merge</th><th>joins</th><th>the word then</th></tr>'
            f"</thead><tbody>{rows}</tbody></table>"
            if merges
            else '<p class="u-small">No merge fits: every character stays alone.</p>'
        )
        parts.append(
            f"<details{' open' if i == 0 else ''}><summary><b class='u-mono'>{escape(word)}</b> "
            f"<span class='u-small'>{note}</span></summary>{table}</details>"
        )
    lead = (
        '<p class="u-small">A word applies the merge that was learned first, again and again. '
        "Grey: learned later than the chosen size reaches.</p>"
    )
    return aside("Merge order", lead + "".join(parts))


def probabilities(pieces: Sequence[tuple[str, float]], n: int, size: int) -> str:
    """The chosen model's pieces of the text with their scores; `n` is how many the text has."""
    rows = "".join(
        f'<tr><td class="u-mono">{escape(visible(piece))}</td><td class="u-mono">{score:.2f}</td>'
        f'<td class="u-mono">{_share(score)}</td></tr>'
        for piece, score in pieces
    )
    more = f'<p class="u-small">The first {len(pieces)} of {n:,}.</p>' if n > len(pieces) else ""
    return aside(
        f"Scores at {size:,} pieces",
        '<p class="u-small">No merges here: each piece has a probability, and the split with the '
        "largest product is taken.</p>"
        f'<table class="plain"><thead><tr><th>piece</th><th>log p</th><th>p</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}",
    )


def _share(score: float) -> str:
    p = math.exp(min(score, 0.0))
    return f"1 in {round(1 / p):,}" if p > 1e-9 else "–"
