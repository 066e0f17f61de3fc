"""What the ladder's models make of real reviews, as counts. Reads no review and tokenizes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CorpusLadder:
    """Counts over a number of reviews that no model of the ladder was trained on."""

    reviews: int
    characters: int  # code points of all reviews together
    words: int  # fastai's word tokens of all reviews together
    word_vocabulary: int  # rows of that word vocabulary
    pieces: Mapping[str, Mapping[int, int]]  # type → size → pieces of all reviews together

    @classmethod
    def load(cls, path: str | Path) -> CorpusLadder:
        """Read what `python -m train vocabulary` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it does not hold these counts.
        """
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        try:
            return cls(
                reviews=int(raw["reviews"]),
                characters=int(raw["characters"]),
                words=int(raw["words"]["tokens"]),
                word_vocabulary=int(raw["words"]["vocabulary"]),
                pieces={
                    kind: {int(size): int(n) for size, n in sizes.items()}
                    for kind, sizes in raw["pieces"].items()
                },
            )
        except (KeyError, TypeError, AttributeError) as e:
            raise ValueError(f"{path} does not hold the ladder's counts: {e}") from None

    @property
    def characters_a_review(self) -> float:
        return self.characters / self.reviews

    @property
    def words_a_review(self) -> float:
        return self.words / self.reviews

    def sizes(self, kind: str) -> list[int]:
        return sorted(self.pieces.get(kind, ()))

    def tokens_a_review(self, kind: str) -> list[float]:
        """Mean pieces of a review, in the order of `sizes`."""
        return [self.pieces[kind][size] / self.reviews for size in self.sizes(kind)]

    def characters_a_token(self, kind: str) -> list[float]:
        """Mean characters of a piece, in the order of `sizes`."""
        return [self.characters / self.pieces[kind][size] for size in self.sizes(kind)]
