"""The fast path for keystrokes gives the tokens of the full one."""

import random

import pytest

from ulmfit_demo import tokens
from ulmfit_demo.tokens import plain
from ulmfit_demo.tokens.plain import fastai_tokens, typed

TEXTS = [
    "",
    "   ",
    "I LOVED it!!!! The the the the film <br /><br />isn't sooooo bad... U.S. & Co. 10/10",
    "Can't #wait for @it &amp; more;;;; 'quoted' -- “curly” naïve 漢字 🙂🙂🙂🙂",
]
PIECES = [
    "THE",
    "Film",
    "is",
    " ",
    "  ",
    "\n",
    "!!!!",
    "aaaa",
    "<br />",
    "&quot;",
    "no no no no",
    "'s",
]


@pytest.mark.parametrize("text", TEXTS)
def test_plain_tokens_equal_fastai_words(text):
    assert fastai_tokens(text) == [t.text for t in tokens.fastai_words(text).tokens]


def test_plain_tokens_equal_fastai_words_on_random_texts():
    rng = random.Random(1)
    for _ in range(60):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 25)))
        assert fastai_tokens(text) == [t.text for t in tokens.fastai_words(text).tokens]


def test_typing_equals_tokenizing_the_whole_text(monkeypatch):
    """Random texts of words that rules reach across, edited at random places, cut very often."""
    monkeypatch.setattr(plain, "PIECE", 8)
    words = ["no", "a", "film", "it", "was", "so"] * 4 + ["THE", "Bad", "can't", "b.", "!!!"]
    words += ["<br />", "&amp;", "aaaa", "#1", "x", "no no no", "was was was was"]
    rng = random.Random(2)
    text, before, reused = "", None, 0
    for _ in range(400):
        at = rng.randrange(len(text) + 1) if rng.random() < 0.5 else len(text)
        new = "".join(
            rng.choice(words) + rng.choice([" "] * 9 + ["  ", "\n", ""])
            for _ in range(rng.randrange(1, 6))
        )
        if rng.random() < 0.3:
            text = text[:at] + text[at + rng.randrange(9) :]
        else:
            text = text[:at] + new + text[at:]
        text = text[-400:]
        now = typed(text, before)
        assert now.tokens == fastai_tokens(text), text
        assert "".join(piece for piece, _ in now.pieces) == text
        reused += len(now.pieces) > 3
        before = now
    assert reused > 100
