"""Crops: pieces of their reviews, the same for the same seed, with the label of the review."""

import dataclasses

import numpy as np
import pytest
import torch

from train import classifier, data, recipe
from train.crops import ENDS, TOKENS, WithCrops

SIZES = {"train/neg": 20, "train/pos": 20, "test/neg": 4, "test/pos": 4, "unsup": 6}
WORDS = [
    "boat",
    "brother",
    "harbour",
    "slow",
    "warm",
    "film",
    "song",
    "rain",
    "light",
    "letter",
    "winter",
    "window",
]
SETTINGS = recipe.Classifier(bs=8, bptt=20, cut=30, tail=10, crops=2, precision="fp32")


def review(rng: np.random.Generator) -> str:
    """One to nine sentences, one of them now and then longer than a crop may be."""
    lengths = rng.choice(
        [2, 5, 9, 14, 120], size=rng.integers(1, 10), p=[0.2, 0.3, 0.3, 0.15, 0.05]
    )
    ends = rng.choice(list(ENDS), size=len(lengths))
    return " ".join(
        f"{' '.join(rng.choice(WORDS, size=n))}{end}" for n, end in zip(lengths, ends, strict=True)
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("crops"), np.random.default_rng(0)
    for sub, n in SIZES.items():
        (folder / "imdb" / sub).mkdir(parents=True)
        for i in range(n):
            (folder / "imdb" / sub / f"{i}.txt").write_text(review(rng), encoding="utf-8")
    out = folder / "data"
    settings = recipe.Data(min_freq=1, heldout=8)
    data.prepare(folder / "imdb", out, settings, workers=1)
    return data.Corpus(out)


def crops_of(corpus, seed=0, n=2) -> WithCrops:
    found = WithCrops(corpus.split("train"), n)
    found.draw(np.random.default_rng(seed))
    return found


def crop_ids(found: WithCrops) -> list[list[int]]:
    return [found[i].tolist() for i in range(len(found.documents), len(found))]


def contains(whole: list[int], part: list[int]) -> bool:
    return any(whole[i : i + len(part)] == part for i in range(len(whole) - len(part) + 1))


def test_a_crop_is_a_run_of_its_review_behind_xxbos(corpus):
    found = crops_of(corpus)
    ends = {corpus.vocab.index(mark) for mark in ENDS if mark in corpus.vocab}
    bos = corpus.vocab.index("xxbos")
    for k, ids in enumerate(crop_ids(found)):
        review = found.documents[k % len(found.documents)].tolist()
        assert ids[0] == bos
        assert 2 <= len(ids) <= TOKENS + 1
        assert contains(review, ids[1:])
        # it stops at the end of a sentence, or where the review or the room for it ends
        assert ids[-1] in ends or review[-1] == ids[-1] or len(ids) == TOKENS + 1


def test_at_most_three_sentences(corpus):
    ends = [corpus.vocab.index(mark) for mark in ENDS if mark in corpus.vocab]
    counts = [int(np.isin(ids[:-1], ends).sum()) for ids in crop_ids(crops_of(corpus))]
    assert set(counts) == {0, 1, 2}  # ends before the crop's own last token


def test_a_seed_repeats_its_crops_and_another_does_not(corpus):
    assert crop_ids(crops_of(corpus, 3)) == crop_ids(crops_of(corpus, 3))
    assert crop_ids(crops_of(corpus, 3)) != crop_ids(crops_of(corpus, 4))


def test_backwards_a_crop_is_the_same_tokens_from_the_end(corpus):
    backwards = data.Corpus(corpus.folder, backwards=True)
    forwards, reversed_ = crop_ids(crops_of(corpus)), crop_ids(crops_of(backwards))
    assert [ids[::-1] for ids in forwards] == reversed_


def test_each_epoch_has_its_own_crops_with_the_labels_of_their_reviews(corpus):
    def epochs(seed):
        dls = classifier.loaders(
            corpus.split("train"), corpus.split("heldout"),
            dataclasses.replace(SETTINGS, seed=seed), torch.device("cpu"),
        )  # fmt: skip
        return [[(x.tolist(), y.tolist()) for x, y in dls.train] for _ in range(2)]

    first, second = epochs(1)
    assert (first, second) == tuple(epochs(1))
    assert sorted(map(str, first)) != sorted(map(str, second))
    labels = [label for _, ys in first for label in ys]
    assert np.mean(labels) == pytest.approx(0.5, abs=0.1)


def test_a_taught_crop_has_the_probabilities_of_its_review(corpus):
    train = corpus.split("train")
    targets = np.random.default_rng(0).random((len(train), 2)).astype(np.float32)
    dls = classifier.loaders(train, corpus.split("heldout"), SETTINGS, torch.device("cpu"), targets)
    items = dls.train.dataset
    for k in range(len(items) - len(train)):
        ids, probs = items[len(train) + k]
        assert torch.equal(probs, torch.from_numpy(targets[k % len(train)]))
        assert contains(train[k % len(train)].tolist(), ids.tolist()[1:])


def test_without_crops_nothing_is_added(corpus):
    settings = dataclasses.replace(SETTINGS, crops=0)
    dls = classifier.loaders(
        corpus.split("train"), corpus.split("heldout"), settings, torch.device("cpu")
    )
    assert len(dls.train.dataset) == len(corpus.split("train"))
