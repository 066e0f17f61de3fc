"""Language-model batches against fastai's `LMDataLoader` and the notebook's tables.

Trains nothing and holds no corpus text: the 90-token stream is the notebook's own sentence.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from fastai.text.core import Tokenizer, WordTokenizer
from fastai.text.data import LMDataLoader, Numericalize

from ulmfit_demo.batches import Batches, columns, make_stream, rows

TEXT = (
    "In this chapter, we will go back over the example of classifying movie reviews we studied in "
    "chapter 1 and dig deeper under the surface. First we will look at the processing steps "
    "necessary to convert text into numbers and how to customize it. By doing this, we'll have "
    "another example of the PreProcessor used in the data block API.\nThen we will study how we "
    "build a language model and train it for a while."
)

# Cells [22] to [25] of the notebook as printed. \n is the token of the line break.
TABLE = r"""
xxbos xxmaj in this chapter , we will go back over the example of classifying
movie reviews we studied in chapter 1 and dig deeper under the surface . xxmaj
first we will look at the processing steps necessary to convert text into numbers and
how to customize it . xxmaj by doing this , we 'll have another example
of the preprocessor used in the data block xxup api . \n xxmaj then we
will study how we build a language model and train it for a while .
"""
MINI_BATCHES = [
    r"""
xxbos xxmaj in this chapter
movie reviews we studied in
first we will look at
how to customize it .
of the preprocessor used in
will study how we build
""",
    r"""
, we will go back
chapter 1 and dig deeper
the processing steps necessary to
xxmaj by doing this ,
the data block xxup api
a language model and train
""",
    r"""
over the example of classifying
under the surface . xxmaj
convert text into numbers and
we 'll have another example
. \n xxmaj then we
it for a while .
""",
]

IMDB = Path(os.environ.get("FASTAI_HOME", "~/.fastai")).expanduser() / "data" / "imdb"


def cells(printed: str) -> list[list[str]]:
    lines = printed.strip().splitlines()
    return [["\n" if token == r"\n" else token for token in line.split()] for line in lines]


@pytest.fixture(scope="module")
def tokens() -> list[str]:
    return list(Tokenizer(WordTokenizer())(TEXT))


def documents_of(lengths: list[int]) -> list[torch.Tensor]:
    """Documents whose item at stream position p is p + 1000, so that a cell names its position."""
    ids = torch.arange(sum(lengths)) + 1000
    return list(torch.split(ids, lengths))


def assert_equal_to_fastai(lengths: list[int], bs: int, seq_len: int) -> None:
    documents = documents_of(lengths)
    batches = Batches(sum(lengths), bs, seq_len)
    oracle = LMDataLoader(documents, bs=bs, seq_len=seq_len, shuffle=False)
    assert len(oracle) == batches.n_batches
    assert (oracle.bl, oracle.last_len) == (batches.row_length, batches.last_len)
    n_read = 0
    for batch, (x, y) in enumerate(oracle):
        our_x, our_y = batches.positions(batch)
        assert np.array_equal(x.numpy(), our_x + 1000), (lengths, bs, seq_len, batch)
        assert np.array_equal(y.numpy(), our_y + 1000), (lengths, bs, seq_len, batch)
        n_read += 1
    assert n_read == batches.n_batches


# --- the notebook ---------------------------------------------------------------------------


def test_row_12_the_table_of_6_rows_of_15(tokens):
    assert len(tokens) == 90
    assert rows(tokens, bs=6, row_length=15) == cells(TABLE)


def test_row_13_three_tables_of_6_by_5(tokens):
    three = columns(rows(tokens, bs=6, row_length=15), seq_len=5)
    assert three == [cells(printed) for printed in MINI_BATCHES]


def test_what_fastai_makes_of_the_90_tokens(tokens):
    batches = Batches(n_items=90, bs=6, seq_len=5)
    assert (batches.row_length, batches.n_batches, batches.last_len) == (14, 3, 4)
    assert (batches.n_used, batches.n_dropped) == (85, 5)
    shapes = [batches.positions(batch)[0].shape for batch in range(3)]
    assert shapes == [(6, 5), (6, 5), (6, 4)]
    assert [batches.row_span(row)[0] for row in range(6)] == [0, 14, 28, 42, 56, 70]
    assert tokens[84] == "train"
    x_shows = np.concatenate([batches.positions(b)[0].ravel() for b in range(3)])
    assert 84 not in x_shows  # a label and nothing else
    assert tokens[85:] == ["it", "for", "a", "while", "."]  # never read
    assert batches.positions(2)[1].max() == 84
    assert_equal_to_fastai([90], bs=6, seq_len=5)


def test_one_more_token_gives_the_notebooks_6_by_15():
    batches = Batches(n_items=91, bs=6, seq_len=5)
    x = np.concatenate([batches.positions(batch)[0] for batch in range(3)], axis=1)  # [6, 15]
    assert x.tolist() == [list(row) for row in rows(range(91), bs=6, row_length=15)]
    assert batches.n_dropped == 0


def test_rows_12_and_16_as_tokens_and_as_ids(tokens):
    """The author's to-do, to see the numbers: the same positions look up either."""
    numericalize = Numericalize(min_freq=1)
    numericalize.setup([tokens])
    ids = numericalize(tokens)
    as_ids = next(iter(LMDataLoader([ids], bs=6, seq_len=5)))[0]
    x, _ = Batches(90, bs=6, seq_len=5).positions(0)
    assert np.array(ids)[x].tolist() == as_ids.tolist()
    assert np.array(tokens)[x][0].tolist() == ["xxbos", "xxmaj", "in", "this", "chapter"]


def test_question_16_where_the_second_row_and_the_second_batch_begin():
    batches = Batches(n_items=90, bs=6, seq_len=5)
    first, second = batches.positions(0)[0], batches.positions(1)[0]
    assert first[1, 0] == batches.row_span(0)[1]  # row 1 begins where row 0 ends, epochs away
    assert second[0, 0] == first[0, -1] + 1  # row 0 of batch 1 goes on where batch 0 left it


@pytest.mark.corpus
@pytest.mark.skipif(not (IMDB / "unsup").is_dir(), reason=f"the IMDb corpus is not at {IMDB}")
def test_rows_14_and_15_two_hundred_reviews():
    files = sorted((IMDB / "unsup").iterdir())[:200]
    tokenizer = Tokenizer(WordTokenizer())
    tokenized = [tokenizer(file.read_text(encoding="utf-8")) for file in files]
    numericalize = Numericalize()
    numericalize.setup(tokenized)
    nums200 = [numericalize(document) for document in tokenized]
    x, y = next(iter(LMDataLoader(nums200)))
    assert (x.shape, y.shape) == ((64, 72), (64, 72))

    stream = make_stream([document.tolist() for document in nums200])
    our_x, our_y = Batches(len(stream.items), bs=64, seq_len=72).positions(0)
    ids = np.array(stream.items)
    assert np.array_equal(ids[our_x], x.numpy())
    assert np.array_equal(ids[our_y], y.numpy())
    assert x[0][1:20].tolist() == y[0][:19].tolist()
    assert numericalize.vocab[int(x[0][0])] == "xxbos"


# --- the oracle -----------------------------------------------------------------------------


def test_every_cell_equals_fastai_on_random_documents():
    rng = random.Random(4)
    for _ in range(120):
        lengths = [rng.choice([0, 1, 2, rng.randint(1, 60)]) for _ in range(rng.randint(1, 30))]
        lengths.append(rng.randint(2, 300))
        bs = rng.choice([1, 2, rng.randint(1, 64)])
        bs = min(bs, sum(lengths) - 1)
        seq_len = rng.choice([1, 5, 72, rng.randint(1, 150), rng.randint(151, 400)])
        assert_equal_to_fastai(lengths, bs, seq_len)


@pytest.mark.parametrize("seq_len", [151, 200, 999, 5000])
@pytest.mark.parametrize("bs", [1, 3])
def test_long_sequences(bs, seq_len):
    assert_equal_to_fastai([700, 1, 800, 3], bs, seq_len)


@pytest.mark.parametrize(
    ("bs", "seq_len", "n_batches"), [(1, 7, 3), (4, 5, 3), (16, 72, 2), (3, 1, 4)]
)
def test_exact_fit_one_too_many_one_too_few(bs, seq_len, n_batches):
    exact = bs * seq_len * n_batches + 1  # + 1: the final label
    for n_items in (exact - 1, exact, exact + 1):
        assert_equal_to_fastai([n_items // 2, n_items - n_items // 2], bs, seq_len)
    fits = Batches(exact, bs, seq_len)
    assert (fits.n_batches, fits.last_len, fits.n_dropped) == (n_batches, seq_len, 0)
    assert Batches(exact - 1, bs, seq_len).row_length == seq_len * n_batches - 1
    assert Batches(exact + 1, bs, seq_len).n_dropped == (0 if bs == 1 else 1)


def test_the_shortest_stream():
    assert_equal_to_fastai([2], bs=1, seq_len=1)
    assert_equal_to_fastai([9], bs=8, seq_len=72)


@pytest.mark.parametrize(("n_items", "bs"), [(1, 1), (8, 8), (5, 64)])
def test_too_short_for_bs_where_fastai_yields_nothing(n_items, bs):
    oracle = LMDataLoader(documents_of([n_items]), bs=bs, seq_len=5)
    assert (oracle.bl, len(oracle), list(oracle)) == (0, 0, [])
    with pytest.raises(ValueError, match="does not contain any batches"):
        oracle.one_batch()
    with pytest.raises(ValueError, match=f"too short for bs={bs}: it needs at least {bs + 1}"):
        Batches(n_items, bs, 5)


def test_an_empty_stream_where_fastai_counts_a_negative_row():
    assert LMDataLoader(documents_of([0]), bs=1, seq_len=5).bl == -1
    with pytest.raises(ValueError, match="A stream of 0 items is too short"):
        Batches(0, 1, 5)


@pytest.mark.parametrize(
    ("bs", "seq_len", "named"), [(0, 5, "bs"), (-1, 5, "bs"), (2, 0, "seq_len")]
)
def test_bs_and_seq_len_below_one(bs, seq_len, named):
    if 0 in (bs, seq_len):
        with pytest.raises(ZeroDivisionError):
            LMDataLoader(documents_of([90]), bs=bs, seq_len=seq_len)
    with pytest.raises(ValueError, match=f"{named} must be at least 1"):
        Batches(90, bs, seq_len)


# --- the stream -----------------------------------------------------------------------------


def test_stream_in_order():
    stream = make_stream([["xxbos", "a"], [], ["xxbos", "b", "c"]])
    assert stream.items == ("xxbos", "a", "xxbos", "b", "c")
    assert stream.document.tolist() == [0, 0, 2, 2, 2]
    assert (stream.starts, stream.order) == ((0, 2, 2), (0, 1, 2))


def test_no_documents_make_an_empty_stream():
    stream = make_stream([])
    assert (stream.items, stream.document.tolist(), stream.order) == ((), [], ())


def test_shuffling_moves_documents_not_words():
    documents = [[f"{d}-{w}" for w in range(d + 1)] for d in range(20)]
    stream = make_stream(documents, seed=7)
    assert stream.order != tuple(range(20))
    assert sorted(stream.order) == list(range(20))
    for start, d in zip(stream.starts, stream.order, strict=True):
        assert list(stream.items[start : start + d + 1]) == documents[d]
        assert set(stream.document[start : start + d + 1].tolist()) == {d}
    assert make_stream(documents, seed=7).items == stream.items


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_shuffled_stream_equals_fastai_after_the_same_seed(seed):
    documents = documents_of([random.Random(seed + d).randint(1, 40) for d in range(25)])
    oracle = LMDataLoader(documents, bs=4, seq_len=9, shuffle=True)
    stream = make_stream([document.tolist() for document in documents], seed=seed)
    ids = np.array(stream.items)
    batches = Batches(len(ids), bs=4, seq_len=9)
    state = random.getstate()
    random.seed(seed)
    for batch, (x, y) in enumerate(oracle):
        our_x, our_y = batches.positions(batch)
        assert np.array_equal(ids[our_x], x.numpy())
        assert np.array_equal(ids[our_y], y.numpy())
    random.setstate(state)


# --- looking things up ----------------------------------------------------------------------


@pytest.mark.parametrize(("n_items", "bs", "seq_len"), [(90, 6, 5), (31, 1, 4), (200, 7, 151)])
def test_x_shows_every_item_once_but_the_final_label_and_the_tail(n_items, bs, seq_len):
    batches = Batches(n_items, bs, seq_len)
    seen = np.concatenate([batches.positions(b)[0].ravel() for b in range(batches.n_batches)])
    assert sorted(seen) == list(range(batches.n_used - 1))
    assert n_items == batches.n_used + batches.n_dropped


def test_before_is_what_the_row_has_read_so_far():
    batches = Batches(90, bs=6, seq_len=5)
    for row in range(6):
        read: list[int] = []
        for batch in range(batches.n_batches):
            assert list(batches.before(batch, row)) == read
            read += batches.positions(batch)[0][row].tolist()
        assert (read[0], read[-1] + 1) == batches.row_span(row)


@pytest.mark.parametrize(
    "call",
    [
        lambda b: b.positions(3),
        lambda b: b.positions(-1),
        lambda b: b.row_span(6),
        lambda b: b.before(0, -1),
    ],
)
def test_outside_is_an_index_error(call):
    with pytest.raises(IndexError, match="There is no"):
        call(Batches(90, bs=6, seq_len=5))


def test_the_notebooks_picture_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="6 rows of 15 need 90 items; there are 89"):
        rows(range(89), bs=6, row_length=15)
    with pytest.raises(ValueError, match="at least 1 row"):
        rows(range(89), bs=0, row_length=15)
    with pytest.raises(ValueError, match="seq_len must be at least 1"):
        columns(rows(range(90), 6, 15), seq_len=0)
    assert [len(part[0]) for part in columns(rows(range(90), 6, 15), seq_len=4)] == [4, 4, 4, 3]
