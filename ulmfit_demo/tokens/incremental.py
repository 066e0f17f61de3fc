"""fastai's words of a text that is being edited: only the pieces that an edit touched are tokenized.

A text is cut where no rule and no word can reach across. An edit leaves the pieces before and behind it
as they are, wherever they now stand.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.types import Token
from ulmfit_demo.tokens.vocabulary import Vocab
from ulmfit_demo.tokens.words import traced_words

PIECE = 60  # characters, at least; fewer would cost more in joining than they save

# A piece may end behind the first of three words in small letters with single spaces. They differ, since
# `replace_wrep` looks for equal neighbours; none has a letter three times, which `replace_rep` would
# turn into several words; none is one of fastai's own (xxrep, xxmaj). Every other rule wants capitals,
# signs or more spaces, and spaCy works word by word.
_WORDS = re.compile(r"(?<= )([a-z]{1,15}) (?=([a-z]{1,15}) ([a-z]{1,15}) )")
_BARRED = re.compile(r"xx|.*(.)\1\1")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text and its tokens, whose places count from `base`."""

    text: str
    tokens: tuple[Token, ...]
    base: int  # where the stretch began in what it was tokenized with


@dataclass(frozen=True)
class Pieces:
    """A text in pieces; a value that belongs to one visitor."""

    pieces: tuple[Piece, ...]
    vocab: Vocab

    @property
    def text(self) -> str:
        """The text, as `clean` leaves it."""
        return "".join(piece.text for piece in self.pieces)

    def placed(self) -> Iterator[tuple[Token, int]]:
        """Every token, and what is to be added to its places to make them places in the text."""
        start = 0
        for piece in self.pieces:
            shift = start - piece.base
            for token in piece.tokens:
                yield token, shift
            start += len(piece.text)

    @property
    def ids(self) -> list[int]:
        """The tokens' places in the vocabulary."""
        return [token.id for piece in self.pieces for token in piece.tokens]  # type: ignore[misc]


def tokenize(text: str, vocab: Vocab, before: Pieces | None = None) -> Pieces:
    """The tokens of `fastai_words(text, vocab=vocab)`, taking over what `before` has of the same text.

    They are the same whatever `before` is.
    """
    text = clean(text)
    known = before.pieces if before is not None and before.vocab is vocab else ()
    head, start = 0, 0
    while head < len(known):
        end = start + len(known[head].text)
        if not text.startswith(known[head].text, start) or not _may_cut(text, end):
            break
        head, start = head + 1, end
    tail, stop = len(known), len(text)
    while tail > max(head, 1):  # the first piece holds xxbos
        place = stop - len(known[tail - 1].text)
        if place < max(start, 1) or not text.endswith(known[tail - 1].text, 0, stop):
            break
        if not _may_cut(text, place):
            break
        tail, stop = tail - 1, place
    new = _pieces(text, start, stop, vocab) if start < stop or not text else []
    return Pieces((*known[:head], *new, *known[tail:]), vocab)


def _pieces(text: str, start: int, stop: int, vocab: Vocab) -> list[Piece]:
    """`text` from `start` to `stop`, where a piece may end, tokenized and cut."""
    tokens = traced_words(text[start:stop], vocab=vocab)[1]
    if start:
        tokens = tokens[1:]  # xxbos stands once
    pieces, at, first = [], start, 0
    while True:
        end = next(_cuts(text, at + PIECE), stop)
        last = len(tokens)
        if end < stop:
            last = bisect_left(tokens, end - start, lo=first, key=attrgetter("start"))
        end = min(end, stop)
        pieces.append(Piece(text[at:end], tuple(tokens[first:last]), at - start))
        if end == stop:
            return pieces
        at, first = end, last


def _cuts(text: str, start: int) -> Iterator[int]:
    """Where pieces of `text` may end, as far as the words from `start` on tell."""
    for found in _WORDS.finditer(text, start):
        words = found.groups()
        if len(set(words)) == len(words) and not any(map(_BARRED.match, words)):
            yield found.end()


def _may_cut(text: str, place: int) -> bool:
    """True where a piece of `text` may end."""
    if place == len(text):
        return True
    word = text.rfind(" ", 0, max(0, place - 1)) + 1
    return next(_cuts(text, word), None) == place
