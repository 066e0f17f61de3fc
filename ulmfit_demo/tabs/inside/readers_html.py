"""A text under two readers, as HTML. Computes nothing but colours."""

from __future__ import annotations

from functools import partial

from ulmfit_demo.inference.inside.readers import Readers, ReadToken
from ulmfit_demo.tabs.inside.memory_html import bits
from ulmfit_demo.tabs.inside.strip_html import NOTHING, Under, strip
from ulmfit_demo.tabs.inside.unit_html import level
from ulmfit_demo.tabs.shared.signs import seen
from ulmfit_demo.tabs.shared.templates import macro, markup

MOST = 6.0  # bits: a stronger difference has the same colour
_html = partial(macro, "inside/readers.html")


def compared(r: Readers, at: int | None) -> str:
    """The text; under each token the bits that the second reader saved."""
    under = [_under(r, read) for read in r.tokens]
    unknown = f" · {r.n_unknown} xxunk to one of them, left out" if r.n_unknown else ""
    first, second = r.titles
    return _html(
        "compared",
        strip=markup(strip(r.text.tokens, under, at, "who expected each token more", len(under))),
        totals=[f"{total:.2f}" for total in r.bits_per_byte],
        titles=r.titles,
        told=f"blue: “{second}” expected it more, orange: “{first}” did, in bits · "
        f"{r.n_compared} tokens compared{unknown} · {r.precision}, {r.milliseconds:,.0f} ms · "
        "click a word for both top tens",
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
    return _html(
        "tops",
        sides=[
            (f"{title}, before “{seen(word)}”", _bars(read, side, word), _own(read, side))
            for side, title in enumerate(r.titles)
        ],
    )


def _bars(read: ReadToken, side: int, word: str) -> list[tuple[str, bool, str, str]]:
    """(word, whether it is the one that stands there, width, share)"""
    top = read.top[side]
    most = top[0][1]
    return [(w, w == word, f"{100 * p / most:.0f}", f"{p:.1%}") for w, p in top]


def _own(read: ReadToken, side: int) -> str:
    return "xxunk here" if read.unknown[side] else f"{read.bits[side]:.1f} bits for the word itself"
