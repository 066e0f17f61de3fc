"""What a visitor's tokenizer answered → tokens with their place in the source. Runs no tokenizer."""

from __future__ import annotations

from contextlib import suppress

from ulmfit_demo.tokens.alignment import tile
from ulmfit_demo.tokens.subwords import aligned_pieces
from ulmfit_demo.tokens.types import UNKNOWN, Token, Tokenized, kind_of

_WORD_STARTS = ("Ġ", "▁")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte (`bytes_to_unicode`, the other way round)."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in kept]
    return {chr(b): b for b in kept} | {chr(256 + i): b for i, b in enumerate(rest)}


BYTES = _byte_alphabet()


def aligned(name: str, source: str, answer: dict, kind: str) -> Tokenized:
    """The answer of `own_worker` as tokens that tile `source` or say what they came from."""
    ids, texts = answer["ids"], answer["texts"]
    ranges = [(start, end) for start, end in answer["offsets"]]
    if kind == "sentencepiece":
        return aligned_pieces(
            name, source, ids, texts, ranges, answer["unknown"], answer["decoded"]
        )
    special = answer["special"]
    spans = tile(source, _in_order(texts, ranges, len(source)), special)
    tokens = []
    for index, (text, span) in enumerate(zip(texts, spans, strict=True)):
        follows = index > 0 and answer["words"][index] == answer["words"][index - 1] is not None
        tokens.append(
            Token(
                text,
                span.start,
                span.end,
                _kind(text, special[index], answer["unknown"][index], follows),
                ids[index],
                span.origin if _changed(text, span.origin, answer["byte_level"]) else None,
            )
        )
    return Tokenized(name, source, tuple(tokens), answer["decoded"])


def _in_order(
    texts: list[str], ranges: list[tuple[int, int]], length: int
) -> list[tuple[int, int]]:
    """Offsets inside the source; a token without characters stands where the last one ended."""
    placed, cursor = [], 0
    for text, (start, end), following in zip(
        texts, ranges, [*ranges[1:], (length, length)][: len(ranges)], strict=True
    ):
        if start >= end:
            start = end = cursor
        elif text in _WORD_STARTS and following[0] == start < following[1]:
            end = start  # the ▁ that Metaspace puts before a text has the first letter's offsets
        start, end = min(start, length), min(end, length)
        placed.append((start, end))
        cursor = max(cursor, end)
    return placed


def _kind(text: str, special: bool, unknown: bool, follows: bool) -> str:
    if unknown:
        return "unknown"
    if special:
        return "special"
    bare = text.lstrip("".join(_WORD_STARTS))
    if not bare or text in ("Ċ", "ĉ") or text.isspace():
        return "space"
    named = kind_of(bare)
    if named in ("special", "rule", UNKNOWN):
        return "unknown" if named == UNKNOWN else named
    if text.startswith("##") or (follows and not text.startswith(_WORD_STARTS)):
        return "continuation"
    return "word"


def _changed(text: str, origin: str, byte_level: bool) -> bool:
    """True where the token does not spell the source characters that it stands for."""
    if not origin:
        return False
    spelled = {text, text.replace("▁", " "), text.removeprefix("##"), text.removesuffix("</w>")}
    if byte_level and text and all(character in BYTES for character in text):
        # Part of a character's bytes spells nothing, though `½` can stand for the last of `½`.
        spelled.clear()
        with suppress(UnicodeDecodeError):
            spelled.add(bytes(BYTES[character] for character in text).decode("utf-8"))
    return origin not in spelled and origin not in {form.removeprefix(" ") for form in spelled}
