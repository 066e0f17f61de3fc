"""Stream → rows → mini-batches of (x, y) for a language model. Knows no tokens: positions only.

The arithmetic is that of `fastai.text.data.LMDataLoader`. Its ideas in the order they happen:

1. The documents are put one behind the other: the *stream*, n_items long.
2. The stream is cut into `bs` rows of `row_length` (fastai's `bl`). The model reads all rows at
   once, each from its own hidden state.
3. The rows are cut into mini-batches of `seq_len` columns. The last one holds what is left.
4. y is x shifted by one: the label of a cell is the next item of the stream. Therefore the last
   item used can only be a label, and fastai rounds `n_items - 1` down to a multiple of `bs`.

Worked example, the notebook's stream: 90 tokens, bs 6, seq_len 5.
`row_length` is (90 - 1) // 6 = 14, not 15. The rows begin at 0, 14, 28, 42, 56, 70 and the three
mini-batches are 6x5, 6x5 and 6x4: 84 cells of x. Position 84 is only a label, 85 to 89 (5 items)
are never read. The notebook's tables use all 90 tokens as x (rows begin at 0, 15, 30, ...), which
leaves the last one without a label; 91 tokens are the fewest for which fastai gives 6x15.
`rows` and `columns` below make the notebook's tables, `Batches` makes fastai's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np


@dataclass(frozen=True, eq=False)  # eq: an array field has no single truth value
class Stream:
    """Documents one behind the other, and where each item came from."""

    items: tuple  # [n_items] tokens or ids, as they were given
    document: np.ndarray  # int [n_items] document of each item, in the numbering of the input
    starts: tuple[int, ...]  # [n_documents] starts[k]: stream position where order[k] begins
    order: tuple[int, ...]  # [n_documents] the order in which the documents were put


def make_stream(documents: Sequence[Sequence], seed: int | None = None) -> Stream:
    """Concatenate `documents`; with a seed, shuffle the documents (never the items inside one).

    The order is the one that `LMDataLoader(..., shuffle=True)` reads in its first epoch when
    `random.seed(seed)` runs right before the iteration (`ReindexCollection.shuffle` shuffles
    with the module `random`). Here the generator is local: no global state is touched.
    """
    order = list(range(len(documents)))
    if seed is not None:
        random.Random(seed).shuffle(order)
    lengths = np.array([len(documents[i]) for i in order], dtype=np.int64)  # [n_documents]
    starts = np.cumsum(lengths) - lengths  # [n_documents]
    return Stream(
        items=tuple(chain.from_iterable(documents[i] for i in order)),
        document=np.repeat(np.array(order, dtype=np.int64), lengths),
        starts=tuple(starts.tolist()),
        order=tuple(order),
    )


@dataclass(frozen=True)
class Batches:
    """The mini-batches that `LMDataLoader(bs=bs, seq_len=seq_len)` makes of a stream.

    Source: `LMDataLoader.__init__` and `create_item`, fastai 2.8.
    Raises ValueError when bs or seq_len is below 1, or when the stream has fewer than bs + 1
    items. fastai then yields no mini-batch, without an error until `one_batch`.
    """

    n_items: int
    bs: int
    seq_len: int

    def __post_init__(self) -> None:
        if self.bs < 1:
            raise ValueError(f"The batch size bs must be at least 1, not {self.bs}.")
        if self.seq_len < 1:
            raise ValueError(f"The sequence length seq_len must be at least 1, not {self.seq_len}.")
        if self.row_length < 1:
            raise ValueError(
                f"A stream of {self.n_items} items is too short for bs={self.bs}: it needs at "
                f"least {self.bs + 1}, one for each row and one more as the final label."
            )

    @property
    def row_length(self) -> int:
        """Items of x in one row over the epoch (fastai's `bl`); -1 leaves room for the label."""
        return (self.n_items - 1) // self.bs

    @property
    def n_batches(self) -> int:
        """Mini-batches in one epoch, the shorter last one included."""
        return -(-self.row_length // self.seq_len)

    @property
    def last_len(self) -> int:
        """Columns of the last mini-batch, 1 to seq_len."""
        return self.row_length - (self.n_batches - 1) * self.seq_len

    @property
    def n_used(self) -> int:
        """Items that some x or some y shows: the cells of x and the final label."""
        return self.bs * self.row_length + 1

    @property
    def n_dropped(self) -> int:
        """Items of the tail that no x and no y ever shows, 0 to bs - 1."""
        return self.n_items - self.n_used

    def width(self, batch: int) -> int:
        """Columns of this mini-batch. Raises IndexError when there is no such mini-batch."""
        self._check("mini-batch", batch, self.n_batches)
        return self.last_len if batch == self.n_batches - 1 else self.seq_len

    def positions(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """Stream positions of x and of y, each int [bs, width(batch)]; y is x + 1.

        Raises IndexError when there is no such mini-batch.
        """
        columns = batch * self.seq_len + np.arange(self.width(batch))  # [width]
        row_starts = np.arange(self.bs) * self.row_length  # [bs]
        x = row_starts[:, None] + columns[None, :]  # [bs, width]
        return x, x + 1

    def row_span(self, row: int) -> tuple[int, int]:
        """First stream position that `row` reads as x in the epoch, and the one after its last.

        The second number is also the position of the row's last label: where the next row begins.
        Raises IndexError when there is no such row.
        """
        self._check("row", row, self.bs)
        return row * self.row_length, (row + 1) * self.row_length

    def before(self, batch: int, row: int) -> range:
        """Positions the hidden state of `row` has read when `batch` begins; empty for batch 0.

        The state is carried from mini-batch to mini-batch inside one row, never from row to row;
        fastai clears it when an epoch or a validation begins (`ModelResetter`).
        Raises IndexError when there is no such mini-batch or row.
        """
        self._check("mini-batch", batch, self.n_batches)
        start, _ = self.row_span(row)
        return range(start, start + batch * self.seq_len)

    @staticmethod
    def _check(what: str, index: int, n: int) -> None:
        # Negative indices would count from the end in an array, where here they are mistakes.
        if not 0 <= index < n:
            raise IndexError(f"There is no {what} {index}: they run from 0 to {n - 1}.")


def rows(items: Sequence, bs: int, row_length: int) -> list[Sequence]:
    """The notebook's picture: `items` cut into bs rows, every item an x, none kept for a label.

    [n_items] → [bs][row_length], slices of `items`; what is behind them is left out. Give
    `range(n)` for positions. For what fastai reads use `Batches`.
    Raises ValueError when a number is below 1 or the items do not fill the table.
    """
    if bs < 1 or row_length < 1:
        raise ValueError(f"A table needs at least 1 row and 1 column, not {bs} and {row_length}.")
    if len(items) < bs * row_length:
        raise ValueError(
            f"{bs} rows of {row_length} need {bs * row_length} items; there are {len(items)}."
        )
    return [items[row * row_length : (row + 1) * row_length] for row in range(bs)]


def columns(table: Sequence[Sequence], seq_len: int) -> list[list[Sequence]]:
    """Cut the notebook's table into mini-batches: [bs][row_length] → [n_batches][bs][≤ seq_len].

    Raises ValueError when seq_len is below 1.
    """
    if seq_len < 1:
        raise ValueError(f"The sequence length seq_len must be at least 1, not {seq_len}.")
    row_length = len(table[0]) if table else 0
    return [[row[c : c + seq_len] for row in table] for c in range(0, row_length, seq_len)]
