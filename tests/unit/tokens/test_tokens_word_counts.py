"""Word vocabularies against fastai's `make_vocab` and `Numericalize`, on random counters."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from fastai.text.core import defaults
from fastai.text.data import Numericalize, make_vocab
from fastcore.foundation import L

from ulmfit_demo.tokens.word_counts import CUT, KEPT, RARE, SPECIAL, WordCounts

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "vocabulary" / "words.json.gz"


def random_counter(rng: random.Random) -> Counter:
    """Up to 120 words with many ties, some of them special tokens."""
    names = [f"w{i}" for i in range(rng.randrange(120))]
    names += rng.sample(defaults.text_spec_tok, rng.randrange(10))
    rng.shuffle(names)
    return Counter(
        {w: min(60, int(rng.paretovariate(0.7))) + 2 * (w in defaults.text_spec_tok) for w in names}
    )


def counted(counter: Counter, named_from: int = 1) -> WordCounts:
    named = [(w, c) for w, c in counter.most_common() if c >= named_from]
    rest = Counter(c for c in counter.values() if c < named_from)
    return WordCounts([w for w, _ in named], [c for _, c in named], rest)


@pytest.mark.parametrize("seed", range(200))
def test_figures_equal_make_vocab(seed):
    rng = random.Random(seed)
    counter = random_counter(rng)
    counts = counted(counter, named_from=rng.choice([1, 1, 2, 3]))
    for _ in range(10):
        min_freq, max_vocab = rng.randrange(1, 12), rng.randrange(1, 140)
        vocab = make_vocab(counter, min_freq=min_freq, max_vocab=max_vocab)
        ours = counts.vocabulary(min_freq, max_vocab)
        assert ours.size == len(vocab)
        assert ours.n_fake == vocab.count("xxfake")
        assert ours.n_types == len(counter)
        assert ours.n_tokens == sum(counter.values())
        num = Numericalize(min_freq=min_freq, max_vocab=max_vocab)
        num.vocab, num.o2i = vocab, {w: i for i, w in enumerate(vocab) if w != "xxfake"}
        covered = sum(c for w, c in counter.items() if num.o2i.get(w, 0) != 0)
        assert ours.n_covered == covered


@pytest.mark.parametrize("seed", range(50))
def test_every_words_fate_equals_numericalize(seed):
    rng = random.Random(1_000 + seed)
    counter = random_counter(rng)
    counts = counted(counter)
    min_freq, max_vocab = rng.randrange(1, 8), rng.randrange(9, 140)
    num = Numericalize(vocab=make_vocab(counter, min_freq=min_freq, max_vocab=max_vocab))
    for word in [*counter, *defaults.text_spec_tok, "never"]:
        fate = counts.fate(word, min_freq, max_vocab)
        known = word == "xxunk" or int(num(L([word]))[0]) != 0
        assert (fate.reason in (KEPT, SPECIAL)) == known
        if fate.reason == RARE and fate.count is not None:
            assert fate.count < min_freq
        if fate.reason == CUT and fate.count is not None:
            assert fate.count >= min_freq


def test_counts_that_do_not_fall_are_refused():
    with pytest.raises(ValueError, match="must fall"):
        WordCounts(["a", "b"], [1, 2])
    with pytest.raises(ValueError, match="must fall"):
        WordCounts(["a"], [1], {2: 1})


def test_a_file_without_counts_is_refused(tmp_path):
    import gzip

    path = tmp_path / "words.json.gz"
    path.write_bytes(gzip.compress(b'{"words": ["a"]}'))
    with pytest.raises(ValueError, match="holds no word counts"):
        WordCounts.load(path)


@pytest.fixture(scope="module")
def shipped():
    return WordCounts.load(SHIPPED)


def test_the_shipped_counts_are_the_corpus(shipped):
    """Facts of the corpus: train + unsup without the held-out reviews."""
    assert (shipped.n_types, shipped.n_tokens) == (233_295, 21_312_081)
    assert SHIPPED.stat().st_size < 1_000_000
    notebook = shipped.vocabulary(3, 60_000)
    assert notebook.size == 60_008
    assert 0.009 < notebook.unknown_share < 0.010
    assert shipped.vocabulary(3, 30_000).size == 30_008  # as the shipped model's vocabulary


def test_any_choice_is_exact_for_words_of_a_text(shipped):
    """Words beyond the named ones lie beyond every `max_vocab` that the app offers."""
    from ulmfit_demo import limits

    v = shipped.vocabulary(1, limits.MAX_VOCAB[1])
    assert v.n_words <= len(shipped._rank)


def test_spaces_inside_a_token_are_looked_up_as_stored(shipped):
    assert shipped.fate("the", 3, 60_000).rank == 1
    assert shipped.fate("\x85 ", 3, 60_000) == shipped.fate("\x85▁", 3, 60_000)
    assert shipped.fate("xxmaj", 3, 60_000).count == 1_624_692


def test_the_shipped_models_words_are_kept(shipped):
    """The same rule as the vocabulary that training built, word for word."""
    import json

    path = SHIPPED.parents[1] / "models" / "imdb" / "vocab.json"
    if not path.is_file():
        pytest.skip("no bundle")
    vocab = set(json.loads(path.read_text(encoding="utf-8"))) - {"xxfake"}
    if len(vocab) != 30_000:
        pytest.skip("the bundle's vocabulary has another size")
    kept = {w for w in shipped._rank if shipped.fate(w, 3, 30_000).reason == KEPT}
    assert kept | set(defaults.text_spec_tok) == vocab
