"""Verdicts as HTML. Classifies nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def verdict(positive: float, detail: str) -> str:
    """The classifier's word, the probability as a bar, and what computed it."""
    word, css = ("positive", "pos") if positive >= 0.5 else ("negative", "neg")
    share = positive if positive >= 0.5 else 1 - positive
    return (
        f'<div class="verdict" role="status"><span class="word {css}">{word.upper()}</span>'
        f'<span class="word">{share:.1%}</span><span class="u-small">{escape(detail)}</span></div>'
        f'<div class="meter"><i class="{css}" style="width:{100 * share:.1f}%"></i></div>'
        '<div class="meter-ends"><span>positive reads from the left</span>'
        "<span>negative from the right</span></div>"
    )


def lines(rows: Sequence[tuple[str, float]], detail: str) -> str:
    """Many verdicts as a table."""
    body = "".join(
        f'<tr><td>{"positive" if p >= 0.5 else "negative"}</td><td class="u-mono">{p:.3f}</td>'
        f"<td>{escape(text)}</td></tr>"
        for text, p in rows
    )
    return (
        f'<p class="u-small">{escape(detail)}</p><div class="scroll"><table class="plain"><thead><tr>'
        f"<th>verdict</th><th>p(positive)</th><th>text</th></tr></thead><tbody>{body}</tbody></table></div>"
    )
