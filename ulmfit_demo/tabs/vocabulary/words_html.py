"""The word vocabulary as HTML: its figures, and the words of a text that fall out. Counts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ulmfit_demo.tabs.shared.html import legend
from ulmfit_demo.tabs.shared.templates import macro, markup
from ulmfit_demo.tokens import Token
from ulmfit_demo.tokens.word_counts import CUT, RARE, Fate, WordVocabulary

_html = partial(macro, "vocabulary/words.html")


def figures(v: WordVocabulary, widths: Sequence[tuple[str, int]]) -> str:
    """The numbers of one vocabulary. `widths`: (whose, embedding size)."""
    cells = [
        (f"{v.size:,}", "rows", f"{v.n_words:,} words + {v.n_special} special + {v.n_fake} xxfake"),
        (f"{1 - v.unknown_share:.2%}", "coverage", f"of {v.n_tokens:,} tokens"),
        (f"{v.unknown_share:.2%}", "xxunk", f"{v.n_tokens - v.n_covered:,} tokens"),
        (f"{v.n_types - v.n_words - v.n_special:,}", "words left out", f"of {v.n_types:,}"),
        *((f"{v.size * w / 1e6:.1f} M", "parameters", f"× {w}, {whose}") for whose, w in widths),
    ]
    return _html("figures", cells=cells)


def words(tokens: Sequence[Token], fates: Sequence[Fate], min_freq: int, max_vocab: int) -> str:
    """The text's words as chips, and the ones that become `xxunk` with the reason."""
    chips = [
        {"token": t, "kind": _kind(t, f), "why": reason(f, min_freq, max_vocab)}
        for t, f in zip(tokens, fates, strict=True)
    ]
    lost = {t.text: f for t, f in zip(tokens, fates, strict=True) if f.reason in (RARE, CUT)}
    return _html(
        "words",
        n_lost=sum(f.reason in (RARE, CUT) for f in fates),
        chips=chips,
        lost={word: reason(fate, min_freq, max_vocab) for word, fate in lost.items()},
        legend=markup(legend({str(chip["kind"]) for chip in chips})),
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
