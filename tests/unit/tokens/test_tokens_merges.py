"""BPE merge order against SentencePiece's own pieces, at every size of the ladder that ships."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from ulmfit_demo.tokens import SubwordLadder
from ulmfit_demo.tokens.merges import MergeOrder, words

LADDER = SubwordLadder(Path(__file__).resolve().parents[3] / "assets" / "subwords")
SIZES = LADDER.sizes("bpe")


@pytest.fixture(scope="module")
def order():
    return MergeOrder(LADDER.scores(SIZES[-1], "bpe"))


def joined(pieces, known):
    """Pieces with neighbours that the vocabulary lacks run together, as SentencePiece gives them."""
    return [
        piece
        for is_known, run in groupby(pieces, known)
        for piece in (run if is_known else ["".join(run)])
    ]


def test_both_types_ship_at_the_same_sizes():
    assert LADDER.types() == ["unigram", "bpe"]
    assert (
        SIZES == LADDER.sizes("unigram") == [200, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 16_000]
    )


@pytest.mark.parametrize("size", [200, 1_000, 16_000])
def test_merges_give_sentencepieces_pieces(order, texts, size):
    """On 1,000 random texts, from the merges of the largest model alone."""
    vocabulary = {piece for piece, _ in LADDER.scores(size, "bpe")} - {"<unk>"}
    for text in texts:
        built = []
        for word in words(LADDER.normalize(text, size, "bpe")):
            done = order.build(word, size - order.n_fixed)
            built += done[-1].parts if done else order.start(word)
        assert joined(built, vocabulary.__contains__) == LADDER.tokenize(text, size, "bpe").texts


def test_a_smaller_model_is_the_beginning_of_a_larger_one(order):
    """So a merge enters at one size and stays."""
    largest = [piece for piece, _ in LADDER.scores(SIZES[-1], "bpe")]
    for size in SIZES:
        pieces = [piece for piece, _ in LADDER.scores(size, "bpe")]
        held = len(order.specials) + 1 + size - order.n_fixed
        assert pieces[:held] == largest[:held]
        assert all(len(piece) == 1 for piece in pieces[held:])


def test_each_merge_joins_two_neighbours(order):
    parts = list("▁Unfortunately")
    for merge in order.build("▁Unfortunately"):
        place = next(
            i for i in range(len(parts) - 1) if parts[i : i + 2] == [merge.left, merge.right]
        )
        parts[place : place + 2] = [merge.piece]
        assert parts == list(merge.parts)
    assert parts == ["▁Unfortunately"]


def test_special_tokens_are_whole_from_the_start(order):
    assert order.start("▁xxbosa") == ["▁xxbos", "a"]
    assert order.build("▁xxmaj") == []
