"""The order in which a BPE model builds a word from characters. Does not tokenize texts.

Byte-pair encoding learns merges one after another; encoding applies, again and again, the earliest
merge that fits. Source: Sennrich et al. 2016, section 3.2; SentencePiece's `bpe_model.cc`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastai.text.core import defaults

from ulmfit_demo.tokens.subwords import SPACE

_words = re.compile(f"{SPACE}[^{SPACE}]*|[^{SPACE}]+")


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge applied to a word."""

    rank: int  # from 1: the merge's place in the order they were learned
    left: str
    right: str
    parts: tuple[str, ...]  # the word after it

    @property
    def piece(self) -> str:
        return self.left + self.right


def words(normalized: str) -> list[str]:
    """The words of a text that SentencePiece normalized, each with its `▁`."""
    return _words.findall(normalized)


class MergeOrder:
    """The merges of one BPE model.

    Args:
        scores: every piece with its score, as `SubwordLadder.scores` gives them. SentencePiece
            stores merge number n as the score -n and gives characters lower scores.
    """

    def __init__(self, scores: Sequence[tuple[str, float]]) -> None:
        self.specials = tuple(SPACE + token for token in defaults.text_spec_tok)
        fixed = {*self.specials, "<unk>"}
        self._rank = {
            piece: int(-score) for piece, score in scores if len(piece) > 1 and piece not in fixed
        }
        self.n_merges = len(self._rank)
        self.n_fixed = len(scores) - self.n_merges  # special tokens, <unk>, single characters

    def build(self, word: str, most: int | None = None) -> list[Merge]:
        """The merges that build `word` (normalized, with its `▁`), first to last.

        `most`: only the first so many merges of the model, which is the model of a smaller
        vocabulary: merges do not depend on those that come after.
        """
        parts = self.start(word)
        done: list[Merge] = []
        while True:
            ranks = [
                (self._rank[left + right], place)
                for place, (left, right) in enumerate(pairwise(parts))
                if left + right in self._rank
            ]
            rank, place = min(ranks, default=(None, 0))
            if rank is None or (most is not None and rank >= most):
                return done
            left, right = parts[place : place + 2]
            parts[place : place + 2] = [left + right]
            done.append(Merge(rank + 1, left, right, tuple(parts)))

    def start(self, word: str) -> list[str]:
        """What merging begins with: characters, and fastai's special tokens whole."""
        for special in self.specials:
            if word.startswith(special):
                return [special, *word[len(special) :]]
        return list(word)
