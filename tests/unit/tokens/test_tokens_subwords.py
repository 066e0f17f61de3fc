"""SentencePiece pieces: parity with fastai's subword tokenizer, tiling, round trips."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fastai.text.core import SubwordTokenizer, WordTokenizer
from fastcore.basics import first
from sentencepiece import SentencePieceProcessor

from ulmfit_demo import theme
from ulmfit_demo.tokens import (
    SubwordLadder,
    Tokenized,
    characters,
    clean,
    fastai_words,
    spacy_words,
)

MODELS = [("unigram", 60), ("unigram", 120), ("bpe", 120)]


@pytest.fixture(scope="module")
def ladder(ladder_folder):
    return SubwordLadder(ladder_folder)


def assert_tiles(tokenized: Tokenized) -> None:
    """Spans are in order, lose no visible character, and changed pieces say what they were."""
    cursor = 0
    for index, token in enumerate(tokenized.tokens):
        assert cursor <= token.start <= token.end <= len(tokenized.source)
        gap = tokenized.source[cursor : token.start]
        assert not gap or gap.isspace()
        cursor = token.end
        piece = tokenized.source[token.start : token.end]
        spelled = token.text.replace("▁", " ")
        if token.changed_from is None:
            assert piece in ("", token.text, spelled, spelled.removeprefix(" "))
        else:
            assert token.changed_from.endswith(piece)
        if token.start == token.end and token.changed_from is None:
            assert token.text == "▁", (tokenized.source, index)
    rest = tokenized.source[cursor:]
    assert not rest or rest.isspace() or not tokenized.tokens


def test_types_and_sizes(ladder):
    assert ladder.types() == ["unigram", "bpe"]
    assert ladder.sizes("unigram") == [60, 120]
    assert ladder.sizes("bpe") == [120]
    assert ladder.sizes("wordpiece") == []


@pytest.mark.parametrize(("kind", "size"), MODELS)
def test_pieces_equal_fastais(ladder, ladder_folder, tmp_path, texts, kind, size):
    """Row 8 of the notebook, on these models."""
    path = ladder_folder / f"{kind}-{size}.model"
    oracle = SubwordTokenizer(sp_model=path, cache_dir=tmp_path)
    for text in texts:
        expected = first(oracle([clean(text)]))
        assert ladder.tokenize(text, size, kind).texts == list(expected)


@pytest.mark.parametrize(("kind", "size"), MODELS)
def test_spans_tile_the_source(ladder, texts, kind, size):
    for text in texts:
        assert_tiles(ladder.tokenize(text, size, kind))


def test_smaller_vocabularies_give_more_pieces(ladder):
    text = "The potter repaired the clock in the harbour every evening."
    assert ladder.tokenize(text, 60).n_tokens >= ladder.tokenize(text, 120).n_tokens


def test_offsets_are_code_points(ladder):
    result = ladder.tokenize("😀 the boat 電影", 120)
    source = result.source
    assert "".join(source[t.start : t.end] for t in result.tokens) == source
    assert [t.text for t in result.tokens if t.kind == "unknown"] == ["😀", "電影"]
    assert 0 < result.unknown_share < 1
    assert not result.exact


def test_kinds(ladder):
    result = ladder.tokenize("xxbos the xxmaj gulls", 120)
    kinds = {token.text: token.kind for token in result.tokens}
    assert kinds["▁xxbos"] == "special"
    assert kinds["▁xxmaj"] == "rule"
    assert kinds["s"] == "continuation"
    assert {"word", "continuation"} <= set(kinds.values())


def test_normalization_is_marked(ladder):
    result = ladder.tokenize("the  ﬁsh ½ the\u200bboat", 120)
    origins = {token.changed_from for token in result.tokens}
    assert "ﬁ" in origins
    assert "½" in origins
    assert any(origin and origin.startswith("\u200b") for origin in origins)
    assert not result.exact


def test_one_character_for_several_pieces(ladder):
    tokens = ladder.tokenize("the…", 120).tokens
    dots = [token for token in tokens if token.text == "."]
    assert [(token.start, token.end) for token in dots] == [(3, 4), (4, 4), (4, 4)]
    assert {token.changed_from for token in dots} == {"…"}


def test_round_trip(ladder):
    assert ladder.tokenize("The boat left the harbour.", 120).exact
    assert ladder.tokenize("", 120) == Tokenized("unigram 120", "", (), "")


def test_pieces_and_scores(ladder):
    scores = ladder.scores(120)
    assert scores[0][0] == ladder.piece(120, 0) == "▁xxunk"
    assert len(scores) <= 120
    with pytest.raises(IndexError):
        ladder.piece(120, 120_000)


def test_a_missing_model_is_named(ladder):
    with pytest.raises(KeyError, match="no unigram model of size 999"):
        ladder.tokenize("a", 999)


def test_a_missing_folder_is_an_empty_ladder(tmp_path):
    ladder = SubwordLadder(tmp_path / "nothing")
    assert ladder.types() == []
    assert ladder.sizes() == []


def test_300_words_under_four_tokenizers_are_quick(ladder):
    text = "The film wasn't great, but I couldn't stop: it's a Well-known CLASSIC. " * 25

    def seconds() -> float:
        started = time.process_time()
        characters(text), spacy_words(text), fastai_words(text), ladder.tokenize(text, 120)
        return time.process_time() - started

    seconds()
    # The goal is 30 ms on an idle machine. Beside two busy cores the same
    # work takes the processor's own time twice and more; a path that is slow takes ten times as long.
    assert min(seconds() for _ in range(9)) < 0.15


def test_100_000_characters_are_quick(ladder):
    started = time.process_time()
    ladder.tokenize("the boat 電影 " * 8_000, 120)
    ladder.tokenize("a" * 100_000, 120)
    assert time.process_time() - started < 15


def test_markers_that_were_typed_are_pieces_of_the_vocabulary():
    """fastai trains its special tokens as pieces: `xxunk` too is known, and is no unknown word."""
    cases = json.loads((Path(__file__).parents[2] / "cases" / "tokens.json").read_text())["ladder"]
    ladder = SubwordLadder(theme.ASSETS / "subwords")
    for kind in ladder.types():
        for size in ladder.sizes(kind):
            path = theme.ASSETS / "subwords" / f"{kind}-{size}.model"
            oracle = SentencePieceProcessor(model_file=str(path))
            result = ladder.tokenize(cases["text"], size, kind)
            assert result.texts == oracle.encode(cases["text"], out_type=str)
            token = result.tokens[-1]
            assert (token.text, oracle.is_unknown(token.id)) == (cases["piece"], False)
            assert token.kind != "unknown"
            assert result.unknown_share == 0
    assert ladder.tokenize("電 xxunk", ladder.sizes()[0]).tokens[-1].kind == "special"
    assert fastai_words(cases["text"]).texts == ["xxbos", *first(WordTokenizer()([cases["text"]]))]
    assert spacy_words(cases["text"]).texts == list(first(WordTokenizer()([cases["text"]])))
