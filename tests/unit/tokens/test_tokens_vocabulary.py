"""Ids against fastai's Numericalize."""

from __future__ import annotations

import json

import pytest
from fastai.text.core import defaults, replace_space
from fastai.text.data import Numericalize

from ulmfit_demo.tokens import Vocab, fastai_words

TEXT = "The boat left. The boat came back, and the boat left again.\n\n The END."


@pytest.fixture(scope="module")
def numericalize():
    tokens = [[replace_space(text) for text in fastai_words(TEXT).texts]]
    result = Numericalize(min_freq=2)
    result.setup(tokens)
    return result


@pytest.fixture(scope="module")
def vocab(numericalize):
    return Vocab(numericalize.vocab)


def test_special_tokens_come_first(vocab):
    """Row 9 of the notebook."""
    assert list(vocab.words[:9]) == defaults.text_spec_tok
    assert (vocab.unk_id, vocab.pad_id, vocab.bos_id) == (0, 1, 2)


def test_ids_equal_numericalize(vocab, numericalize, texts):
    """Row 10 of the notebook: 0 is xxunk."""
    for text in [TEXT, *texts]:
        tokens = fastai_words(text).texts
        expected = numericalize([replace_space(token) for token in tokens]).tolist()
        assert vocab.numericalize(tokens) == expected


def test_decoding_shows_what_became_xxunk(vocab):
    """Row 11 of the notebook."""
    ids = vocab.numericalize(["xxbos", "the", "zebra", "left", "."])
    assert " ".join(vocab.decode(ids)) == "xxbos the xxunk left ."


def test_fastai_words_carry_ids(vocab):
    result = fastai_words("The zebra left.", vocab=vocab)
    assert result.ids == vocab.numericalize(result.texts)
    assert [token.kind for token in result.tokens] == [
        "special",
        "rule",
        "word",
        "unknown",
        "word",
        "word",
    ]
    assert result.unknown_share == 1 / 6
    assert result.decoded == "The xxunk left."
    assert not result.exact


def test_a_typed_xxfake_is_unknown(vocab):
    assert vocab.words[-1] == "xxfake"
    assert len(vocab) % 8 == 0
    assert "xxfake" not in vocab
    assert vocab.numericalize(["xxfake"]) == [0]


def test_spaces_inside_a_token(vocab):
    with_space = Vocab(["xxunk", "xxpad", "xxbos", "\n\n▁"])
    assert with_space.numericalize(["\n\n "]) == [3]
    assert "\n\n " in with_space


def test_load(tmp_path, vocab):
    path = tmp_path / "vocab.json"
    path.write_text(json.dumps(list(vocab.words)), encoding="utf-8")
    assert Vocab.load(path).words == vocab.words
    path.write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="not a list of words"):
        Vocab.load(path)


def test_a_list_that_is_no_vocabulary_is_refused():
    with pytest.raises(ValueError, match="xxpad, xxbos"):
        Vocab(["xxunk", "the"])
    with pytest.raises(ValueError, match="first"):
        Vocab(["xxpad", "xxunk", "xxbos"])


@pytest.mark.parametrize("index", [-1, 10_000])
def test_an_id_outside_is_refused(vocab, index):
    with pytest.raises(IndexError, match=str(index)):
        vocab.decode([index])
