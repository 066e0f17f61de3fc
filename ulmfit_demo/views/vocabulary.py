"""One text at every vocabulary size, as HTML. Tokenizes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ulmfit_demo.tokens import Tokenized
from ulmfit_demo.views.html import chips, legend


def ladder(rungs: Sequence[tuple[int, Tokenized]], current: int) -> str:
    """One row a vocabulary size, the chosen one marked."""
    rows = "".join(
        f'<div class="size{" now" if size == current else ""}">{"▸ " * (size == current)}{size:,}</div>'
        f'<div class="rung">{chips(t.tokens)}</div>'
        f'<div class="count">{t.n_tokens:,} pieces · {t.characters_per_token:.1f} characters each</div>'
        for size, t in rungs
    )
    kinds = {token.kind for _, t in rungs for token in t.tokens}
    return f'<div class="ladder aligned-rows">{rows}</div>{legend(kinds)}'
