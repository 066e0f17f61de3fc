"""Tokens back to text: known sentences, and any list of strings."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from ulmfit_demo.tokens import continued, detokenize, fastai_words, spacy_words

ROUND_TRIPS = [
    "",
    "I liked it.",
    "Unfortunately, that's the best thing I can say about it.",
    "I don't know; they won't, she'd, we've, you'll, it's, I'm.",
    "A well-known (and loved) story: 8/10, or $5.50!",
    'He said "come here" and "go away", then left.',
    "The brothers' house is old.",
    "She called it 'a triumph' twice.",
    "What?! No... Really!!!",
    "It was sooo good, I loooove it.",
    "Waaay too long. Noooo!",
    "Rocky iii was fine.",
    "LOUD words, and a DON'T there.",
    "It was very very very very dull.",
    "See www.fast.ai/INDEX for more.",
    "You cannot be serious.",
    "One line.\n\nAnother line.",
    "A film. A story [cut] of 100% rain.",
    "Item #1 costs $1.00.",
]


@pytest.mark.parametrize("text", ROUND_TRIPS)
def test_round_trip(text):
    assert detokenize(fastai_words(text).texts) == text
    assert fastai_words(text).exact


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("xxbos xxmaj the film", "The film"),
        ("xxup usa today", "USA today"),
        ("xxrep 3 ! ", "!!!"),
        ("go xxwrep 3 ha", "go ha ha ha"),
        ("xxwrep 3 xxmaj ha", "Ha Ha Ha"),
        ("xxmaj", ""),
        ("xxrep", "xxrep"),
        ("xxrep 3", ""),
        ("xxfld 1 a xxfld 2 b", "A b"),
        ("xxbos a xxeos xxpad xxpad", "A"),
        ("xxmaj xxunk said", "Xxunk said"),
        ("gon na do it , do nt", "gonna do it, dont"),
        ("a - b", "A-b"),
        ("he left - .", "he left -."),
    ],
)
def test_known_tokens(tokens, text):
    assert detokenize(tokens.split()) == text


def test_spaces_inside_tokens():
    assert detokenize(["a", "\n\n▁", "b"]) == "A\n\n b"


def test_a_generated_count_is_bounded():
    assert len(detokenize(["xxrep", "9" * 5_000, "a", "xxwrep", "999999999", "b"])) < 30_000
    many = ["xxwrep", "9999", "x", "xxrep", "9999", "y"] * 3
    assert len(detokenize(many)) < 100_000


def test_any_list_gives_a_string(texts):
    rng = random.Random(6)
    parts = [
        "xxbos",
        "xxmaj",
        "xxup",
        "xxrep",
        "xxwrep",
        "xxfld",
        "xxpad",
        "3",
        "٣",
        "²",
        "-",
        "'",
        '"',
        "’",
        "‘",
        "“",
        "”",
        "(",
        ")",
        "n't",
        "'s",
        "▁",
        "i",
        "a",
        "w",
        ".",
        "…",
        "/",
    ]
    parts += ["", " ", "\n", "\n▁", "ß", "İ", "😀"]
    for _ in range(1_000):
        tokens = [rng.choice(parts) for _ in range(rng.randrange(20))]
        assert isinstance(detokenize(tokens), str)
    for text in texts:
        assert isinstance(detokenize(spacy_words(text).texts), str)


CASES_AT = Path(__file__).parents[2] / "cases"
SEAMS = json.loads((CASES_AT / "generation.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", SEAMS, ids=lambda case: f"{case['kind']}: {case['prompt']}")
def test_the_seam_between_a_prompt_and_a_text(case):
    drawn = case["tokens"].split()
    prompt, pieces = continued(case["prompt"], fastai_words(case["prompt"]).texts, drawn)
    assert prompt + "".join(piece.space + piece.text for piece in pieces) == case["text"]
    # Each token belongs to one piece.
    owned = [i for piece in pieces for i in range(piece.first, piece.last + 1)]
    assert owned == list(range(len(drawn)))


def test_behind_nothing_a_text_is_what_its_tokens_say(texts):
    for text in texts[:200]:
        found = fastai_words(text).texts
        _, pieces = continued("", [], found)
        assert "".join(piece.space + piece.text for piece in pieces) == detokenize(found)


@pytest.mark.parametrize(
    "text", json.loads((CASES_AT / "tokens.json").read_text(encoding="utf-8"))["spacy"]
)
def test_spacy_words_keep_every_letter(text):
    assert spacy_words(text).decoded == text


def test_spaced_words_change_no_character(texts):
    for text in texts[:300]:
        result = spacy_words(text)
        joined = "".join(result.decoded.split())
        assert joined == "".join("".join(result.texts).split())
