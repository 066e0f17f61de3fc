"""Tokenizing again after an edit gives what tokenizing the whole text gives, places and all."""

import random
from dataclasses import replace

import pytest

from ulmfit_demo import tokens
from ulmfit_demo.tokens import incremental
from ulmfit_demo.tokens.words import fastai_tokens

TEXTS = [
    "",
    "   ",
    "I LOVED it!!!! The the the the film <br /><br />isn't sooooo bad... U.S. & Co. 10/10",
    "Can't #wait for @it &amp; more;;;; 'quoted' -- “curly” naïve 漢字 🙂🙂🙂🙂",
    "a film of it xxrep xxrep hmm was so good a day out there",
    "no zzz zzz zz z a film x @.@ y of it &lt so good ΑΣ it was as it was &notit; so",
]
WORDS = ["no", "a", "film", "it", "was", "so", "story"] * 4
NASTY = ["THE", "Bad", "can't", "b.", "!!!", "<br />", "&amp;", "aaaa", "#1", "x", "no no no"]
NASTY += ["was was was was", "xxrep", "xxwrep 3", "xxmaj", "xxbos", "xxunk", "xxup x", "3", "zzz"]
NASTY += ["&nbsp;", "nbsp;", "&lt", "&#10;", "\\n", '\\"', " @.@ ", " @-@ ", "...", "<unk>", "ΑΣ"]
NASTY += ["naïve", "漢字", "🙂🙂🙂", "\u200b", "\xa0", "\ud800", "İ", "ﬁn", "\t", "\r\n", "\x85"]
NASTY += ["cannot", "dont", "gonna", "i'm", "http://a.b/c?d", "(and)", "it's-a", "&notit;", "&"]
SPACES = [" "] * 9 + ["  ", "\n", ""]


@pytest.fixture(scope="module")
def vocab():
    return tokens.Vocab(["xxunk", "xxpad", "xxbos", "xxmaj", *dict.fromkeys(WORDS), "the", "rep"])


def traced(text, vocab):
    return list(tokens.fastai_words(text, vocab=vocab).tokens)


def placed(pieces):
    return [replace(t, start=t.start + by, end=t.end + by) for t, by in pieces.placed()]


@pytest.mark.parametrize("text", TEXTS)
def test_a_fresh_text_equals_fastai_words(text, vocab, monkeypatch):
    monkeypatch.setattr(incremental, "PIECE", 1)
    found = incremental.tokenize(text, vocab)
    assert placed(found) == traced(text, vocab)
    assert found.ids == vocab.numericalize(fastai_tokens(text))
    assert fastai_tokens(text) == tokens.fastai_words(text).texts


def some(rng, n):
    return "".join(
        rng.choice(WORDS if rng.random() < 0.75 else NASTY) + rng.choice(SPACES) for _ in range(n)
    )


def edited(rng, text, older):
    """`text` after what a person does to it: typing, deleting, pasting, undoing, several at once."""
    at = rng.randrange(len(text) + 1) if rng.random() < 0.6 else len(text)
    what = rng.choice(["type", "type", "delete", "paste", "replace", "undo", "twice", "cut"])
    if what == "type":
        return text[:at] + rng.choice("abso. !3<&;x") + text[at:]
    if what == "delete":
        return text[:at] + text[at + rng.randrange(9) :]
    if what == "paste":
        return text[:at] + some(rng, rng.randrange(1, 40)) + text[at:]
    if what == "replace":
        return text[:at] + some(rng, 3) + text[at + rng.randrange(60) :]
    if what == "undo":
        return rng.choice(older)
    if what == "twice":
        return edited(rng, edited(rng, text, older), older)
    return text[at:] if rng.random() < 0.5 else text[:at]


@pytest.mark.parametrize("piece", [1, 20, incremental.PIECE])
def test_any_chain_of_edits_equals_tokenizing_the_whole_text(vocab, monkeypatch, piece):
    monkeypatch.setattr(incremental, "PIECE", piece)
    rng = random.Random(piece)
    text, before, reused, older = some(rng, 80), None, 0, [""]
    for _ in range(400):
        now = incremental.tokenize(text, vocab, before)
        assert placed(now) == traced(text, vocab), (before and before.text, text)
        assert now.text == tokens.clean(text)
        if before is not None:
            reused += len({id(p) for p in now.pieces} & {id(p) for p in before.pieces}) > 1
        before = now
        older = [*older[-9:], text]
        text = edited(rng, text, older)[:900]
        if len(text) < 40:
            text += some(rng, 60)
    assert reused > 200


def test_an_edit_in_the_middle_tokenizes_a_piece_or_two(vocab, monkeypatch):
    text = " ".join(["so the story of a film was told by us and it went on as they do"] * 20)
    before = incremental.tokenize(text, vocab)
    read = []
    honest = incremental.traced_words
    monkeypatch.setattr(
        incremental, "traced_words", lambda t, **kw: read.append(len(t)) or honest(t, **kw)
    )
    for at in (0, 500, 700, len(text)):
        incremental.tokenize(f"{text[:at]}x{text[at:]}", vocab, before)
        incremental.tokenize(f"{text[:at]} Well, NO! {text[at:]}", vocab, before)
    assert incremental.tokenize(text, vocab, before).pieces == before.pieces
    assert len(read) == 8
    assert max(read) < 5 * incremental.PIECE


def test_pieces_of_another_vocabulary_are_not_used(vocab):
    text = "a film of it was so good that we went out"
    other = tokens.Vocab(["xxunk", "xxpad", "xxbos", "good", "film"])
    found = incremental.tokenize(text, other, incremental.tokenize(text, vocab))
    assert found.ids == other.numericalize(fastai_tokens(text))
