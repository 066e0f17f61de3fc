"""Characters that cannot be seen: each is drawn as a sign, can be clicked and has its name."""

from __future__ import annotations

import json
import re
import unicodedata
from html import unescape

import pytest

from ulmfit_demo.inference.generation import Drawn, Text, Written
from ulmfit_demo.inference.sentiment import Verdict, Word
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.tabs.generation import texts_html as generation
from ulmfit_demo.tabs.sentiment import verdict_html as sentiment
from ulmfit_demo.tabs.shared import signs
from ulmfit_demo.tabs.tokenizers import columns_html as columns
from ulmfit_demo.tokens import Token, Tokenized, characters, fastai_words

HIDDEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\u200e", "\u061c", "\ufe0f", "\u034f", "\u3164", "\U000e0101"]  # fmt: skip


@pytest.mark.parametrize("character", HIDDEN, ids=lambda c: f"{ord(c):x}")
def test_a_hidden_character_is_a_sign_with_its_name(character):
    for drawn in (signs.visible(character), signs.seen(character)):
        assert drawn in (f"⟨{ord(character):x}⟩", signs.VISIBLE.get(character))
    assert f"U+{ord(character):04X} {unicodedata.name(character)}" in signs.named(character)


@pytest.mark.parametrize(
    "text", ["a", "é", "e\u0301", "❤\ufe0f", "👨", "می\u200cخواهم", "👨\u200d👩", "한", "<b>"]
)
def test_what_can_be_seen_stays_as_it_is(text):
    assert signs.seen(text) == signs.named(text) == text


def test_inside_a_word_a_hidden_character_is_a_sign():
    assert signs.seen("wo\u200brd") == "wo∅rd"
    assert signs.seen("co\xadoperate") == "co⟨ad⟩operate"
    assert signs.seen("\u0301") == "◌\u0301"


def test_every_word_of_a_review_can_be_seen_and_clicked():
    source = "The 👨\u200d👩\u200d👧 cried \u2060 at the end."
    tokens = [t for t in fastai_words(source).tokens if t.start < t.end]
    words = [Word(source[t.start : t.end], t.start, t.end, i, i, 0.5, 0.0, False) for i, t in enumerate(tokens)]  # fmt: skip
    verdict = Verdict(0.5, False, tuple(words), len(words), 0, len(words), "CPU", "fp32", 1.0)
    rows = json.loads(sentiment.reading(verdict))["rows"]
    shown = [(row[0], row[5] if len(row) > 5 else row[0]) for row in rows]
    assert len(shown) == len(words)
    assert all(any(c.isprintable() and not c.isspace() for c in text) for text, _ in shown)
    joiners = [name for text, name in shown if text == "⟨200d⟩"]
    assert len(joiners) == source.count("\u200d")
    assert all("U+200D ZERO WIDTH JOINER" in name for name in joiners)


def test_characters_without_a_token_stand_in_their_place():
    found = Tokenized(
        "own", "mug 😀", (Token("ug", 1, 3, "word", 3),), "ug", dropped=((0, 1), (4, 5))
    )
    column = columns.column(found)
    assert column["texts"] == ["m", "ug", "😀"]
    assert column["kinds"] == "nwn"
    assert (column["starts"], column["ends"]) == ([0, 1, 4], [1, 3, 5])
    assert column["ids"] == [None, 3, None]
    assert column["figures"][0] == ["1", "token"]
    assert ["2", "characters without a token"] in column["figures"]
    assert len(columns.column(characters("ab"))["figures"]) == 4


def written(prompt: str, tokens: str, entropy: float = 1.0) -> Written:
    drawn = tuple(Drawn(5, token, 0.5, 1, entropy, ()) for token in tokens.split())
    words = tuple(fastai_words(prompt).texts)
    return Written(prompt, (2,), Sampling(), 5, 0, (Text(0, drawn),), prompt_tokens=words)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    ("prompt", "tokens", "shown"),
    [
        ("I do", "n't know a thing", "I don't know a thing"),
        ('"', "i 'm a <b>", "\"I'm a <b>"),
        ("$", "1 \u200d", None),
    ],
)
def test_a_text_goes_on_from_its_prompt(prompt, tokens, shown, live):
    found = generation.text(written(prompt, tokens), 0, False, live)
    body = re.sub(r"<[^>]*>", "", found.split("</h4>")[1])
    if shown is not None:
        assert unescape(body) == shown
    elif not live:
        assert body == "$1 ⟨200d⟩"


def test_each_drawn_word_is_a_button_of_its_token():
    """`a` in mid-sentence, twice, and words of several tokens."""
    tokens = "a film and a xxmaj long xxwrep 3 ha xxrep 3 !"
    found = generation.text(written("It was", tokens), 0, False, False)
    places = [json.loads(v)[1] for v in re.findall(r'data-value="([^"]*)"', found)]
    assert places == [0, 1, 2, 3, 5, 8, 11]
