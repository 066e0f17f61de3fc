"""Words and characters: parity with fastai, tiling of the source, and known spans."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from fastai.text.core import Tokenizer, WordTokenizer, defaults
from fastcore.basics import first

from ulmfit_demo.tokens import (
    RULE_NAMES,
    Tokenized,
    characters,
    clean,
    fastai_words,
    keep_common,
    spacy_words,
    whitespace,
)


def assert_tiles(tokenized: Tokenized) -> None:
    """Spans are in order and every visible character belongs to one token."""
    cursor = 0
    for token in tokenized.tokens:
        assert cursor <= token.start <= token.end <= len(tokenized.source)
        gap = tokenized.source[cursor : token.start]
        assert not gap or gap.isspace(), (tokenized.source, gap)
        cursor = token.end
        piece = tokenized.source[token.start : token.end]
        if token.changed_from is None:
            assert piece in ("", token.text)
        else:
            assert token.changed_from != token.text
            assert piece in ("", token.changed_from) or token.changed_from.endswith(piece)
        if token.start == token.end and token.kind in ("word", "unknown"):
            assert token.changed_from
    rest = tokenized.source[cursor:]
    assert not rest or rest.isspace() or not tokenized.tokens


def place(tokenized: Tokenized) -> list[tuple[str, int, int]]:
    return [(token.text, token.start, token.end) for token in tokenized.tokens]


@pytest.fixture(scope="module")
def fresh():
    """fastai's word tokenizer, untouched."""
    return WordTokenizer()


def test_fastai_words_equal_fastai(texts, oracle):
    for text in texts:
        assert fastai_words(text).texts == list(oracle(clean(text))), text


def test_fastai_words_equal_fastai_with_any_selection_of_rules(texts, oracle):
    rng = random.Random(5)
    for text in texts:
        names = {name for name in RULE_NAMES if rng.random() < 0.6}
        rules = [f for f in defaults.text_proc_rules if f.__name__ in names]
        expected = list(Tokenizer(oracle.tok, rules=rules)(clean(text)))
        result = fastai_words(text, names)
        assert result.texts == expected, (text, names)
        assert_tiles(result)


def test_spacy_words_equal_fastais_word_tokenizer(fresh, texts):
    cleaned = [clean(text) for text in texts]
    for text, expected in zip(cleaned, fresh(cleaned), strict=True):
        assert spacy_words(text).texts == list(expected)


@pytest.mark.parametrize(
    "unit", ["!?", "(", ")", "😀", "a.", "...b", "''", "$1", "xx(", ":)", "1)", "…("]
)
@pytest.mark.parametrize("length", [63, 64, 65, 72, 200, 701])
def test_long_words_equal_spacy(fresh, unit, length):
    text = (unit * length)[:length]
    for whole in (text, f"a{text}", f"{text}z", f"see {text} now"):
        assert spacy_words(whole).texts == list(first(fresh([whole])))


@pytest.mark.parametrize("tokenize", [characters, whitespace, spacy_words, fastai_words])
def test_spans_tile_the_source(tokenize, texts):
    for text in texts:
        assert_tiles(tokenize(text))


@pytest.mark.parametrize("enabled", [[], ["fix_html"], ["replace_rep", "lowercase"]])
def test_spans_tile_the_source_with_some_rules(enabled, texts):
    for text in texts[:300]:
        assert_tiles(fastai_words(text, enabled))


def test_the_dollar_sentence():
    """Row 3 of the notebook."""
    expected = ["The", "U.S.", "dollar", "$", "1", "is", "$", "1.00", "."]
    assert spacy_words("The U.S. dollar $1 is $1.00.").texts == expected


def test_the_fast_ai_example():
    """Row 7 of the notebook, with the source of each token."""
    source = "&copy;   Fast.ai www.fast.ai/INDEX"
    result = fastai_words(source)
    expected = [
        "xxbos",
        "©",
        "xxmaj",
        "fast.ai",
        "xxrep",
        "3",
        "w",
        ".fast.ai",
        "/",
        "xxup",
        "index",
    ]
    assert result.texts == expected
    assert [(t.start, t.end, t.kind, t.changed_from, t.rule) for t in result.tokens] == [
        (0, 0, "special", None, "lowercase"),
        (0, 6, "word", "&copy;", "fix_html"),
        (9, 9, "rule", None, "replace_maj"),
        (9, 16, "word", "Fast.ai", "replace_maj"),
        (17, 17, "rule", None, "replace_rep"),
        (17, 17, "rule", None, "replace_rep"),
        (17, 20, "word", "www", "replace_rep"),
        (20, 28, "word", None, None),
        (28, 29, "word", None, None),
        (29, 29, "rule", None, "replace_all_caps"),
        (29, 34, "word", "INDEX", "replace_all_caps"),
    ]


def fingerprint(line: str) -> str:
    """Of a line that the notebook prints: corpus text stays out of the repository."""
    return sha256(line.encode()).hexdigest()[:16]


def as_printed(texts: list[str], most: int) -> str:
    """The first tokens as the notebook's version of `coll_repr` prints them."""
    return f"(#{len(texts)}) [{','.join(map(repr, texts[:most]))}...]"


@pytest.mark.corpus
def test_the_review(review):
    """Row 1 of the notebook."""
    assert fingerprint(repr(review[:75])) == "172f08bc37e588f8"


@pytest.mark.corpus
def test_the_review_in_spacy_words(review):
    """Row 2 of the notebook: 94 tokens, the first thirty as printed."""
    result = spacy_words(review)
    assert fingerprint(as_printed(result.texts, 30)) == "d6bd738dad5e4664"


@pytest.mark.corpus
def test_the_review_in_fastai_words(review, oracle):
    """Row 4 of the notebook: 100 tokens, the first thirty-one as printed."""
    result = fastai_words(review)
    assert fingerprint(as_printed(result.texts, 31)) == "e4b8a97255e1a8c2"
    assert result.texts == list(oracle(review))
    assert result.tokens[29].changed_from == result.tokens[29].text.capitalize()


def test_special_tokens_are_fastais():
    """Row 5: each special token has a kind that is not a word's."""
    for special in defaults.text_spec_tok:
        (token,) = spacy_words(special).tokens
        assert token.kind in ("special", "rule", "unknown")


def test_repeated_words_give_their_place_to_the_word():
    result = fastai_words("so ha Ha ha ha ha ha!")
    assert place(result) == [
        ("xxbos", 0, 0),
        ("so", 0, 2),
        ("ha", 3, 5),
        ("xxmaj", 6, 6),
        ("ha", 6, 8),
        ("xxwrep", 9, 9),
        ("4", 9, 9),
        ("ha", 9, 20),
        ("!", 20, 21),
    ]
    assert result.tokens[7].changed_from == "ha ha ha ha"
    assert result.tokens[7].rule == "replace_wrep"
    assert result.tokens[6].kind == "rule"


def test_capitals_are_announced_where_the_word_begins():
    result = fastai_words("A LOUD Voice")
    assert place(result) == [
        ("xxbos", 0, 0),
        ("a", 0, 1),
        ("xxup", 2, 2),
        ("loud", 2, 6),
        ("xxmaj", 7, 7),
        ("voice", 7, 12),
    ]
    assert result.tokens[3].changed_from == "LOUD"


def test_one_source_for_two_tokens_goes_to_the_first():
    result = fastai_words("cannot cannot cannot")
    assert place(result)[-2:] == [("can", 0, 20), ("not", 20, 20)]
    assert result.tokens[-1].changed_from == "cannot cannot cannot"


@pytest.mark.parametrize(
    ("text", "index", "origin"),
    [
        ("the end.<br />", -1, ".<br />"),
        ("a nbsp; b", 1, "a nbsp;"),
        ("&#1;Abc", -1, "&#1;Abc"),
        ("<br />", 0, "<br />"),
    ],
)
def test_characters_that_vanish_stay_with_a_token(text, index, origin):
    token = fastai_words(text).tokens[index]
    assert token.changed_from == origin
    assert token.rule


def test_what_a_person_types_is_read_as_the_model_reads_it():
    result = fastai_words("xxrep 3 a")
    assert [token.kind for token in result.tokens] == ["special", "rule", "rule", "word"]
    assert result.tokens[1].rule is None


def test_figures():
    result = whitespace("to be  or to")
    assert (result.n_tokens, result.n_distinct) == (4, 3)
    assert result.characters_per_token == 3
    assert result.unknown_share == 0
    assert not result.exact
    assert characters("to be \n").exact
    assert characters("a \n").tokens[1].kind == "space"
    empty = characters("")
    assert (empty.n_tokens, empty.characters_per_token, empty.exact) == (0, 0.0, True)


def test_surrogates_are_replaced():
    assert clean("a\ud800\udfffb") == "a\ufffd\ufffdb"
    assert fastai_words("\ud83d").source == "\ufffd"


def test_threads_do_not_disturb_each_other(texts):
    expected = [fastai_words(text) for text in texts[:200]]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fastai_words, texts[:200])) == expected


def test_spacy_forgets_what_it_read():
    from ulmfit_demo.tokens.words import _word_tokenizer

    strings = _word_tokenizer().pipe.__self__.vocab.strings
    spacy_words("warm")
    before = len(strings)
    spacy_words("qwzx plobbern zzyx-word")
    assert len(strings) == before
    assert "plobbern" not in strings


@pytest.mark.parametrize(
    "text", ["a " * 50_000, "電影很好" * 25_000, "word, " * 16_000, "()" * 5_000]
)
def test_100_000_characters_are_quick(text):
    started = time.process_time()
    fastai_words(text)
    assert time.process_time() - started < 15  # minutes, where a rule is quadratic


def test_words_that_spacy_keeps_change_no_token():
    text = "It's a well-known film, isn't it? (Yes.) I cannot, gonna, U.S. xxmaj don't... naïve/2"
    before = spacy_words(text).tokens
    keep_common(["film", "known", "it", "is", "n't", "cannot", "gonna", "xxmaj", "u.s.", "…"])
    assert spacy_words(text).tokens == before
