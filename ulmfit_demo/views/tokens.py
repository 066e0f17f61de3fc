"""Tokenizers side by side, as HTML. Tokenizes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ulmfit_demo.tokens import Tokenized
from ulmfit_demo.views.html import chips, legend


def figures(t: Tokenized) -> str:
    """The numbers below a column."""
    cells = [
        ("tokens", f"{t.n_tokens:,}"),
        ("distinct", f"{t.n_distinct:,}"),
        ("characters a token", f"{t.characters_per_token:.1f}"),
        ("unknown", f"{t.unknown_share:.1%}"),
        ("round trip", "exact" if t.exact else "changed"),
    ]
    shown = "".join(f"<span><b>{escape(v)}</b> {escape(k)}</span>" for k, v in cells)
    return f'<div class="figures">{shown}</div>'


def columns(results: Sequence[Tokenized], ids: bool = False) -> str:
    """Tokenizers side by side; hovering a token lights the same characters in all (app.js)."""
    boxes = "".join(
        f'<section class="col"><h3>{escape(t.name)}</h3><div class="body">{chips(t.tokens, ids)}</div>'
        f"{figures(t)}</section>"
        for t in results
    )
    kinds = {token.kind for t in results for token in t.tokens}
    return f'<div class="aligned">{boxes}</div>{legend(kinds)}'


def id_tensor(ids: Sequence[int]) -> str:
    """Ids as PyTorch prints a tensor."""
    shown = ", ".join(f"{i:4d}" for i in ids)
    return f"tensor([{shown}])"
