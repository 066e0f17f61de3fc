"""Stage `vocabulary` on a tiny cache: counts that the app reads, no text in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from train import data, recipe, subwords, vocabulary
from ulmfit_demo.tokens import SubwordLadder
from ulmfit_demo.tokens.corpus_ladder import CorpusLadder
from ulmfit_demo.tokens.word_counts import WordCounts

ASSETS = Path(__file__).resolve().parents[3] / "assets"
REVIEWS = ["A warm film about a boat.", "The boat is old; the film is not.", "A film for nobody."]


@pytest.fixture
def cache(tmp_path):
    """A corpus folder of three held-out reviews and its cache, as stage `data` writes it."""
    corpus, folder = tmp_path / "imdb", tmp_path / "data"
    for split in ("train", "test"):
        for label in ("neg", "pos"):
            (corpus / split / label).mkdir(parents=True)
            (corpus / split / label / "0_1.txt").write_text("nothing", encoding="utf-8")
    documents = []
    for i, text in enumerate(REVIEWS):
        name = f"train/pos/{i + 5}_9.txt"
        (corpus / name).write_text(text, encoding="utf-8")
        documents.append({"file": name, "label": 1, "split": "heldout"})
    folder.mkdir()
    np.save(folder / "ids.npy", np.zeros(24, dtype=np.uint16))
    np.save(folder / "offsets.npy", np.array([0, 8, 18, 24]))
    counts = [["the", 5], ["film", 3], ["boat", 2], ["warm", 1], ["old", 1]]
    for name, value in (("documents", documents), ("vocab", ["xxunk"] * 16), ("counts", counts)):
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    return corpus, data.Corpus(folder)


def test_both_files(cache, tmp_path):
    corpus, cached = cache
    out = tmp_path / "vocabulary"
    vocabulary.prepare(corpus, cached, ASSETS / "subwords", out, recipe.Subwords(measured=3))
    counts = WordCounts.load(out / "words.json.gz")
    assert (counts.n_types, counts.n_tokens, counts.most_unnamed) == (5, 12, 1)
    assert "warm" not in gzip.decompress((out / "words.json.gz").read_bytes()).decode()
    ladder = CorpusLadder.load(out / "ladder.json")
    assert (ladder.reviews, ladder.words, ladder.word_vocabulary) == (3, 24, 16)
    assert ladder.characters == sum(map(len, REVIEWS))
    shipped = SubwordLadder(ASSETS / "subwords")
    for kind in shipped.types():
        assert ladder.sizes(kind) == shipped.sizes(kind)
        for size in ladder.sizes(kind):
            n = sum(shipped.tokenize(text, size, kind).n_tokens for text in REVIEWS)
            assert ladder.pieces[kind][size] == n


def test_the_same_counts_give_the_same_bytes(cache, tmp_path):
    corpus, cached = cache
    for name in ("a", "b"):
        vocabulary.prepare(
            corpus, cached, ASSETS / "subwords", tmp_path / name, recipe.Subwords(measured=1)
        )
    for name in ("words.json.gz", "ladder.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_missing_count_file_is_named(cache):
    _, cached = cache
    (cached.folder / "counts.json").unlink()
    with pytest.raises(data.CorpusError, match="run `python -m train data` first"):
        vocabulary.word_counts(cached)


def test_a_special_token_is_never_left_unnamed(cache):
    _, cached = cache
    path = cached.folder / "counts.json"
    path.write_text(json.dumps([["a", 3], ["xxrep", 1]]), encoding="utf-8")
    with pytest.raises(data.CorpusError, match="special token"):
        vocabulary.word_counts(cached)


def test_the_ladder_keeps_models_that_are_there(tmp_path, monkeypatch):
    corpus = tmp_path / "imdb"
    for folder in ("train/neg", "train/pos", "test/neg", "test/pos", "unsup"):
        (corpus / folder).mkdir(parents=True)
        text = "\n".join(REVIEWS) * 3
        (corpus / folder / "0_0.txt").write_text(text, encoding="utf-8")
    out = tmp_path / "subwords"
    out.mkdir()
    (out / "unigram-40.model").write_bytes(b"kept")
    settings = recipe.Subwords(sizes=(40,), reviews=1, model_types=("unigram", "bpe"))
    subwords.train(corpus, out, settings)
    assert (out / "unigram-40.model").read_bytes() == b"kept"
    assert SubwordLadder(out).sizes("bpe") == [40]
    assert len(SubwordLadder(out).scores(40, "bpe")) == 40
    monkeypatch.setattr(subwords, "first_reviews", None)  # nothing to do: reads nothing
    subwords.train(corpus, out, settings)


def test_the_shipped_counts_of_the_ladder():
    ladder = CorpusLadder.load(ASSETS / "vocabulary" / "ladder.json")
    assert ladder.reviews == 2_000
    for kind in ("unigram", "bpe"):
        lengths = ladder.tokens_a_review(kind)
        assert lengths == sorted(lengths, reverse=True)
        assert ladder.characters_a_token(kind) == sorted(ladder.characters_a_token(kind))


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="does not hold"):
        CorpusLadder.load(tmp_path / "x.json")
