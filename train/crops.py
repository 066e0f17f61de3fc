"""Random crops of one to three sentences, drawn anew each epoch, beside the reviews they come from.

What a visitor types is a sentence, not a review; a classifier that only read reviews is poor at it.
"""

from __future__ import annotations

import numpy as np
import torch
from fastai.text.data import TensorText

from train.data import Documents

ENDS = (".", "!", "?")
SENTENCES = 3  # a crop has one to so many
TOKENS = 80  # and no more tokens than this, behind `xxbos`
SHORTEST = 3  # tokens; below it a crop is the beginning of its review


class WithCrops:
    """`documents`, and behind them `n` crops of each: item `i` is an int64 `TensorText` [length].

    Crop `k` comes from document `k % len(documents)`, from the whole of it, whatever is cut from the
    document itself. `draw(rng)` draws all crops; until then each is the beginning of its document.
    """

    def __init__(self, documents: Documents, n: int):
        self.documents, self.n = documents, n
        corpus = documents.corpus
        ends = [corpus.vocab.index(mark) for mark in ENDS if mark in corpus.vocab]
        self.is_end = np.zeros(len(corpus.vocab), dtype=bool)
        self.is_end[ends] = True
        firsts = corpus.offsets[documents.which]
        sizes = corpus.offsets[documents.which + 1] - firsts
        self.starts = np.tile(firsts, n)  # [crops] places in `corpus.ids`
        self.sizes = np.minimum(np.tile(sizes, n), TOKENS)  # [crops] tokens

    def draw(self, rng: np.random.Generator) -> None:
        """Draw every crop anew; the same generator gives the same crops."""
        corpus = self.documents.corpus
        for k in range(len(self.starts)):
            which = self.documents.which[k % len(self.documents)]
            first, last = int(corpus.offsets[which]), int(corpus.offsets[which + 1])
            begin, end = self._one(np.asarray(corpus.ids[first:last]), rng)
            self.starts[k], self.sizes[k] = first + begin, end - begin

    def _one(self, ids: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        """Begin and end of one crop of a review `ids` [length], whose first token is `xxbos`."""
        ends = np.flatnonzero(self.is_end[ids])
        # a sentence begins behind `xxbos` and behind each end but the last few tokens'
        begins = np.concatenate([[1], ends[(ends > 0) & (ends < len(ids) - 4)] + 1])
        begin, wanted = int(rng.choice(begins)), int(rng.integers(1, SENTENCES + 1))
        behind = ends[ends >= begin][:wanted]
        end = int(behind[-1]) + 1 if len(behind) == wanted else len(ids)
        end = min(end, begin + TOKENS)
        return (begin, end) if end - begin >= SHORTEST else (0, min(len(ids), TOKENS))

    def __len__(self) -> int:
        return len(self.documents) + len(self.starts)

    def __getitem__(self, i: int) -> TensorText:
        if i < len(self.documents):
            return self.documents[i]
        corpus, k = self.documents.corpus, i - len(self.documents)
        ids = corpus.ids[self.starts[k] : self.starts[k] + self.sizes[k]].astype(np.int64)
        bos = corpus.ids[corpus.offsets[self.documents.which[k % len(self.documents)]]]
        if ids[0] != bos:
            ids = np.concatenate([[np.int64(bos)], ids])
        if corpus.backwards:
            ids = ids[::-1].copy()
        return TensorText(torch.from_numpy(ids))

    @property
    def lengths(self) -> np.ndarray:
        return np.concatenate([self.documents.lengths, self.sizes + 1])

    @property
    def labels(self) -> np.ndarray:
        return np.tile(self.documents.labels, 1 + self.n)
