"""What a visitor's tokenizer answered → tokens with their place in the source. Runs no tokenizer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ulmfit_demo.tokens.alignment import tile
from ulmfit_demo.tokens.subwords import aligned_pieces
from ulmfit_demo.tokens.types import Token, Tokenized, kind_of

_visible = re.compile(r"\S+")
_byte_piece = re.compile("<0x([0-9A-Fa-f]{2})>")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte (`bytes_to_unicode`, the other way round)."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {chr(b): b for b in kept} | {chr(256 + i): b for i, b in enumerate(rest)}


BYTES = _byte_alphabet()


def aligned(name: str, source: str, answer: dict, kind: str) -> Tokenized:
    """The answer of `worker` as tokens in their places; what has no token is in `dropped`."""
    ids, texts = answer["ids"], answer["texts"]
    ranges = [(start, end) for start, end in answer["offsets"]]
    if kind == "sentencepiece":
        return aligned_pieces(
            name, source, ids, texts, ranges, answer["unknown"], answer["decoded"]
        )
    style, special, unknown = answer["style"], answer["special"], answer["unknown"]
    says = [spelled(text, style) for text in texts]
    places = _in_order(source, texts, says, ranges, style)
    spans = tile(source, places, special, gaps=False)
    tokens = []
    for i, (text, span) in enumerate(zip(texts, spans, strict=True)):
        follows = i > 0 and answer["words"][i] == answer["words"][i - 1] is not None
        kind = _kind(text, says[i], special[i], unknown[i], follows, style)
        own = special[i] and not unknown[i]  # with `lstrip` or `rstrip` it has the spaces beside it
        changed = _changed(text, says[i], span.origin.strip() if own else span.origin)
        origin = span.origin if changed else None
        tokens.append(Token(text, span.start, span.end, kind, ids[i], origin))
    dropped = _dropped(source, tokens)
    return Tokenized(name, source, tuple(tokens), answer["decoded"], dropped)


def spelled(text: str, style: dict) -> str | None:
    """The characters that a printed piece spells, None where it is a part of one character's bytes.

    `style` is `worker`'s: `Ġfilm` → ` film`, `ĊĊ` → two line feeds, `lm</w>` → `lm`,
    `##ing` → `ing`, `<0x0A>` → a line feed.
    """
    text = text.removeprefix(style["prefix"]).removesuffix(style["suffix"])
    byte = _byte_piece.fullmatch(text) if style["byte_fallback"] else None
    if byte:
        value = int(byte[1], 16)
        return chr(value) if value < 128 else None
    if style["byte_level"] and text and all(character in BYTES for character in text):
        # `½` can stand for the last byte of `½`.
        try:
            return bytes(BYTES[character] for character in text).decode("utf-8")
        except UnicodeDecodeError:
            return None
    return text.replace(style["space"], " ") if style["space"] else text


def _in_order(
    source: str,
    texts: Sequence[str],
    says: Sequence[str | None],
    ranges: Sequence[tuple[int, int]],
    style: dict,
) -> list[tuple[int, int]]:
    """Offsets inside the source; a token without characters stands where the last one ended."""
    length, placed, cursor = len(source), [], 0
    for text, said, (start, end), following in zip(
        texts, says, ranges, [*ranges[1:], (length, length)][: len(ranges)], strict=True
    ):
        if start >= end:
            start = end = cursor
            # `trim_offsets` takes the places of white space away.
            if said and said.isspace() and source.startswith(said, cursor):
                end = cursor + len(said)
        elif text == style["space"] and following[0] == start < following[1]:
            end = start  # the ▁ that Metaspace puts before a text has the first letter's offsets
        start, end = min(start, length), min(end, length)
        placed.append((start, end))
        cursor = max(cursor, end)
    return placed


def _kind(
    text: str, said: str | None, special: bool, unknown: bool, follows: bool, style: dict
) -> str:
    if unknown:
        return "unknown"
    if special:
        return "special"
    if said is not None and not said.strip():
        return "space"
    named = kind_of((said or text).strip())
    if named in ("special", "rule", "unknown"):
        # The model's unknown token is known by its id: `xxunk` as a word is fastai's special token.
        return "rule" if named == "rule" else "special"
    starts_word = said is not None and said[:1].isspace()
    prefixed = style["prefix"] and text.startswith(style["prefix"])
    if prefixed or (follows and not starts_word):
        return "continuation"
    return "word"


def _changed(text: str, said: str | None, origin: str) -> bool:
    """True where the token does not spell the source characters that it stands for."""
    if not origin:
        return False
    if said is None:
        return True
    # A space at the beginning may be left out of the offsets, or belong to the token before.
    return origin not in (text.strip(), said, said.removeprefix(" "))


def _dropped(source: str, tokens: list[Token]) -> tuple[tuple[int, int], ...]:
    """Ranges of visible characters without a token. Takes accents into `tokens`, in place.

    An accent that a normalizer took off belongs to the letter before it, whether the text has them as
    one character or as two.
    """
    found: list[tuple[int, int]] = []
    cursor = 0
    for i in range(len(tokens) + 1):
        start = tokens[i].start if i < len(tokens) else len(source)
        if i and tokens[i - 1].end == cursor > tokens[i - 1].start:
            end = cursor
            while end < start and unicodedata.combining(source[end]):
                end += 1
            if end > cursor:
                last = tokens[i - 1]
                origin = (last.changed_from or source[last.start : cursor]) + source[cursor:end]
                tokens[i - 1] = Token(last.text, last.start, end, last.kind, last.id, origin)
                cursor = end
        found += [m.span() for m in _visible.finditer(source, cursor, start)]
        if i < len(tokens):
            cursor = max(cursor, tokens[i].end)
    return tuple(found)
