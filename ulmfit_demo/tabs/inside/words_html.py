"""Neighbours of a word in every stage, and what moved, as HTML. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ulmfit_demo.inference.inside.neighbours import Column, Map, Moved, Nearest
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.tabs.shared.signs import visible
from ulmfit_demo.tabs.shared.templates import macro

HARDLY = 0.95  # a median cosine above this: the rows hardly moved
_html = partial(macro, "inside/words.html")


def files(bundle: Bundle) -> list[tuple[str, str]]:
    """(weights, words) of every stage, as `neighbours.matrices` orders them."""
    earlier = [
        (s.path.name, s.vocab_path.name if s.vocab_path else "vocab.json") for s in bundle.snapshots
    ]
    own = [(f"{name}.safetensors", "vocab.json") for name in ("lm", "classifier")]
    return [*earlier, *own]


def columns(found: Nearest) -> str:
    """A column a stage, its neighbours from near to far."""
    rows, width = found.shape
    return _html(
        "columns",
        columns=[_column(c) for c in found.columns],
        told=f"“{visible(found.word)}” is one row of the embedding, a matrix of {rows:,} words × "
        f"{width} numbers = {rows * width:,} weights. Near: a small angle between two rows (cosine). "
        "Marked and underlined: new beside the column before; a few slurs are left out · "
        f"{found.milliseconds:.0f} ms",
    )


def _column(c: Column) -> dict:
    beside = "the first"
    if c.kept is not None:
        beside = f"its row, beside that before: cosine {c.kept:.3f}"
    return {
        "title": c.title,
        "known": c.known,
        "rows": [(n.word, f"{n.cosine:.2f}", n.is_new) for n in c.neighbours],
        "kept": beside,
    }


def moved(found: Sequence[Moved]) -> str:
    """From stage to stage: the words whose rows moved most, and what the middle word did."""
    if not found:
        return _html("one_stage")
    stages = []
    for m in found:
        hardly = (
            " Fine-tuning hardly moved the rows: that is the finding." if m.median > HARDLY else ""
        )
        told = (
            f"Of the {m.n_words:,} commonest words that both know; the number is the cosine of the old "
            f"row with the new one. The middle word kept {m.median:.3f}.{hardly}"
        )
        words = [(word, f"{cosine:.2f}") for word, cosine in m.words]
        stages.append((f"{m.titles[0]} → {m.titles[1]}", words, told))
    return _html("moved", stages=stages)


def chart_note(m: Map) -> str:
    """What the map shows, and how much of it."""
    return _html(
        "note",
        sentence=f"Your words (dots) and their nearest neighbours (rings) in “{m.title}”: the two "
        f"largest principal components of these {len(m.words)} rows, {m.share:.0%} of how they differ. "
        "The rest does not fit on paper: two words side by side here may be far apart.",
    )
