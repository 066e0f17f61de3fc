"""Classifier batches against fastai's `SortedDL`, `Pad_Chunk` and `pad_input`. Trains nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from fastai.text.data import Pad_Chunk, SortedDL, TensorText, pad_chunk, pad_input

from ulmfit_demo.batches import (
    NOTEBOOK_LENGTHS,
    make_batches,
    order_shuffled,
    order_sorted,
    pad,
    padding_share,
)

PAD = 1  # fastai's id of xxpad


def documents_of(lengths) -> list[tuple[TensorText, int]]:
    """Document i is [n] times the id i + 10; its label is i."""
    return [(TensorText(torch.full((n,), i + 10)), i) for i, n in enumerate(lengths)]


def random_lengths(rng: random.Random, ties: bool) -> list[int]:
    top = 6 if ties else 400
    return [rng.randint(1, top) for _ in range(rng.randint(1, 130))]


# --- order ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [True, False])
def test_sorted_order_equals_sorteddl(ties):
    rng = random.Random(1)
    for _ in range(30):
        lengths = random_lengths(rng, ties)
        oracle = SortedDL(documents_of(lengths), bs=4, shuffle=False)
        assert order_sorted(lengths) == list(oracle.get_idxs())


@pytest.mark.parametrize("ties", [True, False])
def test_shuffled_order_equals_sorteddl_for_the_same_numpy_state(ties):
    rng = random.Random(2)
    state = np.random.get_state()
    for seed in range(40):
        lengths = random_lengths(rng, ties)
        bs = rng.choice([1, 2, 3, rng.randint(1, 140)])  # 1 and 2: several pools of bs * 50
        oracle = SortedDL(documents_of(lengths), bs=bs, shuffle=True)
        np.random.seed(seed)
        expected = [int(i) for i in oracle.get_idxs()]
        assert order_shuffled(lengths, bs, seed) == expected, (lengths, bs, seed)
    np.random.set_state(state)


def test_shuffled_order_leaves_numpys_state_alone_and_starts_with_the_longest():
    before = np.random.get_state()[1].copy()
    order = order_shuffled(NOTEBOOK_LENGTHS, bs=2, seed=3)
    assert np.array_equal(before, np.random.get_state()[1])
    assert sorted(order) == list(range(10))
    assert order[0] == 4
    assert order == order_shuffled(NOTEBOOK_LENGTHS, bs=2, seed=3)


def test_no_documents():
    assert order_sorted([]) == order_shuffled([], bs=4, seed=0) == []
    assert make_batches([], 4, []) == []
    assert padding_share([], []) == 0.0
    with pytest.raises(AttributeError):  # fastai has no longest document to begin with
        SortedDL([], bs=4, shuffle=True).get_idxs()


# --- mini-batches and padding ---------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("seq_len", [None, 7, 72, 200])
def test_every_cell_equals_sorteddl(shuffle, seq_len):
    """seq_len None: `pad_input`, all padding behind; else `Pad_Chunk` as TextBlock sets it."""
    rng = random.Random(seq_len or 0)
    before_batch = pad_input if seq_len is None else Pad_Chunk(seq_len=seq_len)
    state = np.random.get_state()
    for seed in range(8):
        lengths, bs = random_lengths(rng, ties=False), rng.randint(1, 20)
        documents = documents_of(lengths)
        oracle = SortedDL(
            documents, bs=bs, shuffle=shuffle, before_batch=before_batch, num_workers=0
        )
        order = order_shuffled(lengths, bs, seed) if shuffle else order_sorted(lengths)
        batches = make_batches(lengths, bs, order)
        np.random.seed(seed)
        mini_batches = list(oracle)
        assert len(mini_batches) == len(batches)
        for (x, y), batch in zip(mini_batches, batches, strict=True):
            assert tuple(y.tolist()) == batch.indices
            assert x.shape == (len(batch.indices), batch.width)
            assert int((x == PAD).sum()) == batch.padding
            for row, i in zip(x.tolist(), batch.indices, strict=True):
                items = documents[i][0].tolist()
                assert row == pad(items, batch.width, PAD, seq_len is not None, seq_len)
    np.random.set_state(state)


@pytest.mark.parametrize("pad_first", [True, False])
def test_pad_equals_pad_chunk_and_pad_input(pad_first):
    rng = random.Random(5)
    for _ in range(200):
        n, longer, seq_len = rng.randint(1, 90), rng.randint(0, 200), rng.randint(1, 80)
        x, width = TensorText(torch.arange(n) + 10), n + longer
        chunked = pad_chunk(x, PAD, pad_first, seq_len, pad_len=width).tolist()
        assert pad(x.tolist(), width, PAD, pad_first, seq_len) == chunked
        longest = TensorText(torch.zeros(width, dtype=torch.long))
        whole = pad_input([(longest, 0), (x, 0)], pad_idx=PAD, pad_first=pad_first)[1][0].tolist()
        assert pad(x.tolist(), width, PAD, pad_first) == whole


def test_pad_by_hand():
    assert pad(["a", "b"], 7, "xxpad", True, seq_len=2) == ["xxpad"] * 4 + ["a", "b", "xxpad"]
    assert pad(["a", "b"], 4, "xxpad", True) == ["xxpad", "xxpad", "a", "b"]
    assert pad(["a", "b"], 4, "xxpad", False) == ["a", "b", "xxpad", "xxpad"]
    with pytest.raises(ValueError, match="3 items do not fit in a width of 2"):
        pad("abc", 2, "_", True)
    with pytest.raises(ValueError, match="seq_len must be at least 1"):
        pad("abc", 5, "_", True, seq_len=0)


def test_training_drops_a_short_last_batch_when_asked():
    order = order_sorted(NOTEBOOK_LENGTHS)
    kept = make_batches(NOTEBOOK_LENGTHS, 4, order)
    assert [len(batch.indices) for batch in kept] == [4, 4, 2]
    dropped = make_batches(NOTEBOOK_LENGTHS, 4, order, drop_last=True)
    assert dropped == kept[:2]
    oracle = SortedDL(documents_of(NOTEBOOK_LENGTHS), bs=4, drop_last=True, before_batch=pad_input)
    assert len(list(oracle)) == 2


@pytest.mark.parametrize("bs", [0, -2])
def test_bs_below_one(bs):
    with pytest.raises(ValueError, match="bs must be at least 1"):
        make_batches([3], bs, [0])
    with pytest.raises(ValueError, match="bs must be at least 1"):
        order_shuffled([3], bs, seed=0)


# --- row 24: the notebook's ten lengths -----------------------------------------------------


@pytest.mark.parametrize(
    ("bs", "unsorted", "by_length"),
    [(2, 0.2999, 0.1867), (3, 0.4478, 0.3085), (4, 0.5405, 0.4015), (5, 0.6000, 0.4960)],
)
def test_row_24_padding_of_the_notebooks_ten_lengths(bs, unsorted, by_length):
    assert NOTEBOOK_LENGTHS == (100, 76, 241, 368, 986, 176, 159, 157, 478, 187)
    as_given = make_batches(NOTEBOOK_LENGTHS, bs, range(10))
    in_order = make_batches(NOTEBOOK_LENGTHS, bs, order_sorted(NOTEBOOK_LENGTHS))
    assert padding_share(as_given, NOTEBOOK_LENGTHS) == pytest.approx(unsorted, abs=5e-5)
    assert padding_share(in_order, NOTEBOOK_LENGTHS) == pytest.approx(by_length, abs=5e-5)


def test_row_24_one_mini_batch_of_all_ten():
    (batch,) = make_batches(NOTEBOOK_LENGTHS, 10, order_sorted(NOTEBOOK_LENGTHS))
    assert (batch.width, batch.padding) == (986, 9860 - 2928)
    assert batch.indices == (4, 8, 3, 2, 9, 5, 6, 7, 0, 1)
