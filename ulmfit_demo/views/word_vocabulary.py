"""The word vocabulary as HTML: its figures, and the words of a text that fall out. Counts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ulmfit_demo.tokens import Token
from ulmfit_demo.tokens.word_counts import CUT, RARE, Fate, WordVocabulary
from ulmfit_demo.views.html import legend, visible


def figures(v: WordVocabulary, widths: Sequence[tuple[str, int]]) -> str:
    """The numbers of one vocabulary. `widths`: (whose, embedding size)."""
    cells = [
        (f"{v.size:,}", "rows", f"{v.n_words:,} words + {v.n_special} special + {v.n_fake} xxfake"),
        (f"{1 - v.unknown_share:.2%}", "coverage", f"of {v.n_tokens:,} tokens"),
        (f"{v.unknown_share:.2%}", "xxunk", f"{v.n_tokens - v.n_covered:,} tokens"),
        (f"{v.n_types - v.n_words - v.n_special:,}", "words left out", f"of {v.n_types:,}"),
        *((f"{v.size * w / 1e6:.1f} M", "parameters", f"× {w}, {whose}") for whose, w in widths),
    ]
    shown = "".join(
        f"<div><dt>{escape(name)}</dt><dd><b>{escape(value)}</b> <span>{escape(note)}</span></dd></div>"
        for value, name, note in cells
    )
    return f'<dl class="v-facts">{shown}</dl>'


def words(tokens: Sequence[Token], fates: Sequence[Fate], min_freq: int, max_vocab: int) -> str:
    """The text's words as chips, and the ones that become `xxunk` with the reason."""
    lost = {t.text: f for t, f in zip(tokens, fates, strict=True) if f.reason in (RARE, CUT)}
    n = sum(f.reason in (RARE, CUT) for f in fates)
    shown = "".join(
        _chip(t, f, i == 0, min_freq, max_vocab)
        for i, (t, f) in enumerate(zip(tokens, fates, strict=True))
    )
    if lost:
        rows = "".join(
            f'<tr><td class="u-mono">{escape(visible(word))}</td>'
            f"<td>{escape(reason(fate, min_freq, max_vocab))}</td></tr>"
            for word, fate in lost.items()
        )
        table = (
            '<table class="plain"><thead><tr><th>falls out</th><th>why</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
    else:
        table = '<p class="u-small">Every word of your text keeps an id of its own.</p>'
    kinds = {_kind(t, f) for t, f in zip(tokens, fates, strict=True)}
    return (
        f'<p role="status"><b>{n:,} of {len(tokens):,} tokens become xxunk.</b></p>'
        f'<div class="v-lost"><div><div class="toks">{shown}</div>{legend(kinds)}</div>'
        f'<div tabindex="0" aria-label="words that fall out">{table}</div></div>'
    )


def reason(fate: Fate, min_freq: int, max_vocab: int) -> str:
    """Why a word is in the vocabulary or not, in one sentence."""
    seen = "at most once" if fate.count is None else f"{fate.count:,} time{'s' * (fate.count != 1)}"
    if fate.reason == RARE:
        return f"occurs {seen} in the corpus: below min_freq {min_freq:,}"
    rank = "" if fate.rank is None else f", rank {fate.rank:,}"
    if fate.reason == CUT:
        return f"occurs {seen}{rank}: beyond max_vocab {max_vocab:,}"
    return "a special token: always kept" if fate.rank is None else f"occurs {seen}{rank}"


def _kind(token: Token, fate: Fate) -> str:
    return "unknown" if fate.reason in (RARE, CUT) else token.kind


def _chip(token: Token, fate: Fate, first: bool, min_freq: int, max_vocab: int) -> str:
    return (
        f'<span class="tok tok-{_kind(token, fate)}" tabindex="{0 if first else -1}" '
        f'data-s="{token.start}" data-e="{token.end}" '
        f'data-tip="{escape(reason(fate, min_freq, max_vocab))}">{escape(visible(token.text))}</span>'
    )
