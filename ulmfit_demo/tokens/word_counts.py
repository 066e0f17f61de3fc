"""How often each word stands in the corpus, and which words a vocabulary keeps. Reads no text.

The rules are those of fastai's `make_vocab`, which `Numericalize` calls: special tokens first, then
words by frequency (ties in `Counter.most_common` order) that stand `min_freq` times or more, cut at
`max_vocab`, then `xxfake` up to a multiple of 8.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fastai.text.core import UNK, defaults, replace_space

KEPT, SPECIAL, RARE, CUT = "kept", "special", "rare", "cut"


@dataclass(frozen=True)
class WordVocabulary:
    """What `make_vocab` gives for one choice of `min_freq` and `max_vocab`."""

    min_freq: int
    max_vocab: int
    n_special: int
    n_words: int
    n_fake: int  # `xxfake`, 1 to 8 of them: fastai adds eight where none would be needed
    n_types: int  # different tokens of the corpus
    n_covered: int  # tokens of the corpus that keep an id of their own
    n_tokens: int

    @property
    def size(self) -> int:
        """`len(vocab)`: the rows of the embedding."""
        return self.n_special + self.n_words + self.n_fake

    @property
    def unknown_share(self) -> float:
        """Share of the corpus's tokens that become `xxunk`, 0 to 1."""
        return 1 - self.n_covered / self.n_tokens if self.n_tokens else 0.0


@dataclass(frozen=True)
class Fate:
    """What becomes of one word, and why."""

    reason: str  # kept, special, rare (below min_freq), cut (beyond max_vocab)
    count: int | None  # None: not named in the counts, `most_unnamed` times or less
    rank: int | None  # from 1, by frequency, special tokens left out


class WordCounts:
    """A corpus's words in `most_common` order with their counts.

    Args:
        words, counts: of the same length, most frequent first.
        rest: words that are counted but not named: {count: how many words}; each count is below
            the last of `counts`, and none of these words is a special token.

    Raises:
        ValueError: the counts do not fall, or `rest` holds one above the last.
    """

    def __init__(
        self, words: Sequence[str], counts: Sequence[int], rest: Mapping[int, int] | None = None
    ) -> None:
        named = np.asarray(counts, dtype=np.int64)  # [named words]
        tail = sorted((rest or {}).items(), reverse=True)
        unnamed = np.repeat([c for c, _ in tail], [n for _, n in tail]).astype(np.int64)
        every = np.concatenate([named, unnamed])  # [types], falling
        if len(named) != len(words) or (np.diff(every) > 0).any():
            raise ValueError("the counts of the words must be as many and must fall")
        specials = set(defaults.text_spec_tok)
        special = np.asarray([w in specials for w in words], dtype=bool)
        self._special_at = np.flatnonzero(special)  # places of special tokens among the types
        self._special_counts = {words[i]: int(named[i]) for i in self._special_at.tolist()}
        plain = np.delete(every, self._special_at)
        self._negative = -every  # rising, for a binary search
        self._below = np.concatenate([[0], np.cumsum(plain)])  # tokens of the first n words
        self._rank = {w: r for r, w in enumerate(w for w in words if w not in specials)}
        self._plain = plain
        self.n_types = len(every)
        self.n_tokens = int(every.sum())
        self.most_unnamed = int(unnamed[0]) if len(unnamed) else 0

    @classmethod
    def load(cls, path: str | Path) -> WordCounts:
        """Read what `python -m train vocabulary` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it does not hold word counts.
        """
        raw = json.loads(gzip.decompress(Path(path).read_bytes()))
        try:
            rest = {int(c): int(n) for c, n in raw["rest"].items()}
            return cls(raw["words"], raw["counts"], rest)
        except (KeyError, TypeError, AttributeError) as e:
            raise ValueError(f"{path} holds no word counts: {e}") from None

    def vocabulary(self, min_freq: int, max_vocab: int) -> WordVocabulary:
        """The figures of `make_vocab(counter, min_freq, max_vocab)`, `max_vocab` at least 1."""
        specials = defaults.text_spec_tok[:max_vocab]
        n_words = self._n_words(min_freq, max_vocab)
        known = sum(self._special_counts.get(w, 0) for w in specials if w != UNK)
        return WordVocabulary(
            min_freq=min_freq,
            max_vocab=max_vocab,
            n_special=len(specials),
            n_words=n_words,
            n_fake=8 - (len(specials) + n_words) % 8,
            n_types=self.n_types,
            n_covered=known + int(self._below[n_words]),
            n_tokens=self.n_tokens,
        )

    def _n_words(self, min_freq: int, max_vocab: int) -> int:
        """How many words are kept beside the special tokens."""
        frequent = int(np.searchsorted(self._negative, -min_freq, side="right"))
        n_top = min(frequent, max_vocab)
        n_special = int(np.searchsorted(self._special_at, n_top))
        return min(n_top - n_special, max(0, max_vocab - len(defaults.text_spec_tok)))

    def fate(self, token: str, min_freq: int, max_vocab: int) -> Fate:
        """What becomes of `token` (looked up after `replace_space`, as the corpus was stored)."""
        word = replace_space(token)
        if word in defaults.text_spec_tok[:max_vocab]:
            return Fate(SPECIAL, self._special_counts.get(word, 0), None)
        rank = self._rank.get(word)
        if rank is None:
            return Fate(RARE if min_freq > self.most_unnamed else CUT, None, None)
        count = int(self._plain[rank])
        kept = rank < self._n_words(min_freq, max_vocab)
        lost = RARE if count < min_freq else CUT
        return Fate(KEPT if kept else lost, count, rank + 1)
