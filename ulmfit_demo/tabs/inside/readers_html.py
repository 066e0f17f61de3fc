"""A text under two readers, as HTML. Computes nothing but colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ulmfit_demo.inference.inside.readers import Readers, ReadToken
from ulmfit_demo.tabs.inside.memory_html import bits
from ulmfit_demo.tabs.inside.strip_html import NOTHING, Under, strip
from ulmfit_demo.tabs.inside.unit_html import beside, level
from ulmfit_demo.tabs.shared.html import seen, visible

MOST = 6.0  # bits: a stronger difference has the same colour


def compared(r: Readers, at: int | None) -> str:
    """The text; under each token the bits that the second reader saved."""
    under = [_under(r, read) for read in r.tokens]
    a, b = r.bits_per_byte
    unknown = f" · {r.n_unknown} xxunk to one of them, left out" if r.n_unknown else ""
    first, second = map(escape, r.titles)
    return (
        f"{strip(r.text.tokens, under, at, 'who expected each token more', len(under))}"
        f'<p class="ins-totals" role="status"><b>{a:.2f}</b> bits per byte: {first} · '
        f"<b>{b:.2f}</b>: {second}</p>"
        f'<p class="u-small">blue: “{second}” expected it more, orange: “{first}” did, in bits · '
        f"{r.n_compared} tokens compared{unknown} · {escape(r.precision)}, "
        f"{r.milliseconds:,.0f} ms · click "
        "a word for both top tens</p>"
    )


def _under(r: Readers, read: ReadToken | None) -> Under:
    if read is None:
        return Under("nothing stands before it", "v0", NOTHING)
    if not read.compared:
        who = " and ".join(
            title for title, lacks in zip(r.titles, read.unknown, strict=True) if lacks
        )
        return Under(f"xxunk for {who}, not compared", "ins-unk", "xxunk")
    told = f"{read.bits[0]:.1f} bits, then {read.bits[1]:.1f}"
    return Under(told, level(read.gain, MOST), bits(read.gain))


def tops(r: Readers, at: int | None) -> str:
    """What each reader expected at the token that was clicked."""
    if at is None or not 0 < at < len(r.tokens):
        return ""
    read = r.tokens[at]
    assert read is not None
    word = r.text.words[at]
    return beside(
        [
            (f"{title}, before “{seen(word)}”", _bars(read, side, word))
            for side, title in enumerate(r.titles)
        ]
    )


def _bars(read: ReadToken, side: int, word: str) -> str:
    top: Sequence[tuple[str, float]] = read.top[side]
    most = top[0][1]
    rows = "".join(
        f'<div class="bar{" now" if w == word else ""}"><span class="u-mono">{escape(visible(w))}</span>'
        f'<span class="track"><i style="width:{100 * p / most:.0f}%"></i></span>'
        f"<span>{p:.1%}</span></div>"
        for w, p in top
    )
    own = f"{read.bits[side]:.1f} bits for the word itself"
    return f'{rows}<p class="u-small">{"xxunk here" if read.unknown[side] else own}</p>'
