"""Documents of different lengths → padded mini-batches for a classifier. Knows no labels.

The order is that of `fastai.text.data.SortedDL`: documents of like length share a mini-batch, so
that little padding is needed. The padding is that of `Pad_Chunk` (what `TextBlock` uses) or of
`pad_input`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Tokens in the first ten reviews of the study notebook: `nums_samp.map(len)`.
NOTEBOOK_LENGTHS = (100, 76, 241, 368, 986, 176, 159, 157, 478, 187)


@dataclass(frozen=True)
class PaddedBatch:
    """Which documents share a mini-batch, and what it costs to make them equally long."""

    indices: tuple[int, ...]  # [n_rows] documents in batch order
    width: int  # tokens of the longest of them: every row is padded to it
    padding: int  # cells of the n_rows x width that are padding


def order_sorted(lengths: Sequence[int]) -> list[int]:
    """Validation order of `SortedDL`: the longest first, ties in the order given.

    [n_documents] → a permutation of range(n_documents). Source: `SortedDL.get_idxs`.
    """
    return sorted(range(len(lengths)), key=lambda i: lengths[i], reverse=True)


def order_shuffled(lengths: Sequence[int], bs: int, seed: int) -> list[int]:
    """Training order of `SortedDL`: shuffled, yet documents of like length stay together.

    [n_documents] → a permutation of range(n_documents). Equal to the first epoch of
    `SortedDL(..., shuffle=True)` after `np.random.seed(seed)`; the generator here is local.
    Raises ValueError when bs is below 1. Source: `SortedDL.shuffle_fn`.
    """
    _check_bs(bs)
    if len(lengths) == 0:  # fastai has no longest document here and raises AttributeError
        return []
    rng = np.random.RandomState(seed)  # np.random.seed seeds this legacy generator
    shuffled = rng.permutation(len(lengths))  # [n_documents]

    # The longest goes into the first mini-batch: if the memory is too small, one learns it at once.
    longest = np.where(shuffled == np.argmax(lengths))[0][0]
    shuffled[0], shuffled[longest] = shuffled[longest], shuffled[0]

    # Sorting all of them would give the same mini-batches every epoch, so sort 50 at a time.
    by_length = []
    for pool in _cut(shuffled.tolist(), bs * 50):
        by_length += sorted(pool, key=lambda i: lengths[i], reverse=True)

    # The first holds the longest and the last may be short: only those between change places.
    batches = _cut(by_length, bs)
    if len(batches) > 2:
        batches[1:-1] = rng.permutation(batches[1:-1]).tolist()
    return [i for batch in batches for i in batch]


def make_batches(
    lengths: Sequence[int], bs: int, order: Sequence[int], drop_last: bool = False
) -> list[PaddedBatch]:
    """Cut `order` into mini-batches of bs documents; each is as wide as its longest document.

    `drop_last` leaves out a last mini-batch of fewer than bs documents, as `dataloaders()` of a
    `DataBlock` does for training (not for validation). Raises ValueError when bs is below 1.
    """
    _check_bs(bs)
    batches = []
    for indices in _cut(order, bs):
        if drop_last and len(indices) < bs:
            break
        tokens = [lengths[i] for i in indices]
        width = int(max(tokens))
        padding = int(width * len(tokens) - sum(tokens))
        batches.append(PaddedBatch(tuple(int(i) for i in indices), width, padding))
    return batches


def pad(items: Sequence, width: int, pad, pad_first: bool, seq_len: int | None = None) -> list:
    """Lengthen `items` to `width` with `pad`: [n] → [width].

    seq_len None: all padding in front (pad_first) or behind, as `pad_input`.
    seq_len given: as `pad_chunk`. With pad_first only whole chunks of seq_len go in front, and the
    rest behind: the text then begins at a multiple of seq_len, which fastai's `SentenceEncoder`
    needs because it reads seq_len columns at a time and skips the rows that begin with padding.
    Raises ValueError when `items` are longer than `width` or seq_len is below 1.
    """
    missing = width - len(items)
    if missing < 0:
        raise ValueError(f"{len(items)} items do not fit in a width of {width}.")
    if seq_len is not None and seq_len < 1:
        raise ValueError(f"The chunk length seq_len must be at least 1, not {seq_len}.")
    if not pad_first:
        in_front = 0
    elif seq_len is None:
        in_front = missing
    else:
        in_front = missing // seq_len * seq_len
    return [pad] * in_front + list(items) + [pad] * (missing - in_front)


def padding_share(batches: Sequence[PaddedBatch], lengths: Sequence[int]) -> float:
    """Padding cells of all mini-batches divided by all their cells, 0.0 when there are none.

    This counts cells. It is not the time lost: with `pad_chunk`, fastai's encoder skips the whole
    chunks of padding that stand in front.
    """
    cells = sum(batch.width * len(batch.indices) for batch in batches)
    tokens = sum(int(lengths[i]) for batch in batches for i in batch.indices)
    return (cells - tokens) / cells if cells else 0.0


def _cut(items: Sequence, size: int) -> list[Sequence]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _check_bs(bs: int) -> None:
    if bs < 1:
        raise ValueError(f"The batch size bs must be at least 1, not {bs}.")
