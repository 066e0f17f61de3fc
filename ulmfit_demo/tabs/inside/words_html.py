"""Neighbours of a word in every stage, and what moved, as HTML. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ulmfit_demo.inference.inside.neighbours import Column, Map, Moved, Nearest
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.tabs.inside.unit_html import beside
from ulmfit_demo.tabs.shared.html import visible

HARDLY = 0.95  # a median cosine above this: the rows hardly moved


def files(bundle: Bundle) -> list[tuple[str, str]]:
    """(weights, words) of every stage, as `neighbours.matrices` orders them."""
    earlier = [
        (s.path.name, s.vocab_path.name if s.vocab_path else "vocab.json") for s in bundle.snapshots
    ]
    own = [(f"{name}.safetensors", "vocab.json") for name in ("lm", "classifier")]
    return [*earlier, *own]


def columns(found: Nearest) -> str:
    """A column a stage, its neighbours from near to far."""
    boxes = "".join(_column(c) for c in found.columns)
    rows, width = found.shape
    return (
        f'<div class="ins-columns linked">{boxes}</div>'
        f'<p class="u-small" role="status">“{escape(visible(found.word))}” is one row of the '
        f"embedding, a "
        f"matrix of {rows:,} words × {width} numbers = {rows * width:,} weights. Near: a small "
        f"angle between two rows (cosine). Marked and underlined: new beside the column before; a "
        f"few slurs are left out · "
        f"{found.milliseconds:.0f} ms</p>"
    )


def _column(c: Column) -> str:
    if not c.known:
        return (
            f'<div><h4>{escape(c.title)}</h4><p class="u-empty">has no row for it: xxunk</p></div>'
        )
    rows = "".join(
        f'<li class="{"new" if n.is_new else ""}" data-i="{escape(n.word)}" tabindex="0">'
        f'<span class="u-mono">{escape(visible(n.word))}</span>'
        f"<span>{n.cosine:.2f}{' · new' if n.is_new else ''}</span></li>"
        for n in c.neighbours
    )
    kept = (
        f"its row, beside that before: cosine {c.kept:.3f}" if c.kept is not None else "the first"
    )
    return f'<div><h4>{escape(c.title)}</h4><ol>{rows}</ol><p class="u-small">{kept}</p></div>'


def moved(found: Sequence[Moved]) -> str:
    """From stage to stage: the words whose rows moved most, and what the middle word did."""
    if not found:
        return '<p class="u-empty">This model ships with one stage.</p>'
    parts = []
    for m in found:
        words = " ".join(
            f'<span class="tok tok-word">{escape(visible(w))} <small>{c:.2f}</small></span>'
            for w, c in m.words
        )
        hardly = (
            " Fine-tuning hardly moved the rows: that is the finding." if m.median > HARDLY else ""
        )
        parts.append(
            (
                f"{m.titles[0]} → {m.titles[1]}",
                f'<div class="toks">{words}</div><p class="u-small">Of the {m.n_words:,} commonest '
                f"words "
                f"that both know; the number is the cosine of the old row with the new one. The middle "
                f"word "
                f"kept {m.median:.3f}.{hardly}</p>",
            )
        )
    return beside(parts)


def chart_note(m: Map) -> str:
    """What the map shows, and how much of it."""
    return (
        f'<p class="u-small">Your words (dots) and their nearest neighbours (rings) in “'
        f"{escape(m.title)}”: "
        f"the two largest principal components of these {len(m.words)} rows, {m.share:.0%} of how they "
        "differ. The rest does not fit on paper: two words side by side here may be far apart.</p>"
    )
