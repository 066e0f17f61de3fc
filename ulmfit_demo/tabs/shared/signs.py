"""Texts as one can see them: signs for white space and for what has no shape. Writes no HTML."""

from __future__ import annotations

import unicodedata

from ulmfit_demo.theme import KINDS
from ulmfit_demo.tokens import Token

VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅", "\x00": "␀"}

# Letters and marks without a shape, beside the format characters, which are not printable.
_SHAPELESS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
_SHAPELESS |= {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # variation selectors


def counted(n: int, noun: str) -> str:
    """`n` of something: "1 word", "1,200 words"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def visible(text: str) -> str:
    """`text` with white space and control characters as signs one can see.

    A variation selector or a filler alone becomes a sign too, and a lone accent stands on a circle.
    """
    alone = not _has_shape(text)
    return "".join(_sign(c, alone) for c in text) or "∅"


def seen(text: str) -> str:
    """`text` as it is where something of it can be seen, else as `visible` signs.

    Inside a word a zero-width character is a sign, unless it shapes its neighbours (emoji, Persian).
    """
    if _is_plain(text):
        return text
    if text and not _has_shape(text):
        return visible(text)
    return "".join(_sign(c, False) if _is_hidden(c) else c for c in text)


def named(text: str) -> str:
    """`text`; where nothing of it can be seen also its characters' names: `⟨200d⟩ U+200D ZERO WIDTH
    JOINER`."""
    if _is_plain(text):
        return text
    if not text or _has_shape(text):
        return seen(text)
    names = (f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in text[:4])
    more = ", …" if len(text) > 4 else ""
    return f"{visible(text)} {', '.join(names)}{more}"


def _is_plain(text: str) -> bool:
    """True for most words, known at once: hundreds are asked for at each key press."""
    return text.isascii() and text.isprintable() and bool(text.strip())


def _has_shape(text: str) -> bool:
    """True where a character of `text` can be seen without another one before it."""
    return any(
        c.isprintable() and c != " " and ord(c) not in _SHAPELESS and not _is_mark(c) for c in text
    )


def _is_hidden(character: str) -> bool:
    """True for a character without a shape and without a use for the characters beside it."""
    shapes = character in "\u200c\u200d" or "\U000e0020" <= character <= "\U000e007f"
    return unicodedata.category(character) in ("Cf", "Cc", "Cn") and not (
        shapes or character.isspace()
    )


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _sign(c: str, alone: bool) -> str:
    if c in VISIBLE:
        return VISIBLE[c]
    if not c.isprintable() or (alone and ord(c) in _SHAPELESS):
        return f"⟨{ord(c):x}⟩"
    return f"◌{c}" if alone and _is_mark(c) else c


def tip(token: Token) -> str:
    """What hovering a chip says."""
    parts = [KINDS.get(token.kind, (token.kind, ""))[0]]
    if token.id is not None:
        parts.insert(0, f"id {token.id}")
    if token.changed_from is not None:
        parts.append(f"from “{visible(token.changed_from)}”")
    if token.rule:
        parts.append(f"rule {token.rule}")
    parts.append(
        f"characters {token.start}–{token.end}" if token.end > token.start else "no characters"
    )
    return " · ".join(parts)
