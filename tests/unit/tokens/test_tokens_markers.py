"""What fastai's markers announce, and the keys by which tokenizers are chosen."""

from __future__ import annotations

from functools import partial

import pytest

from ulmfit_demo.tokens import (
    RULE_NAMES,
    SubwordLadder,
    announced,
    catalogue,
    fastai_words,
    spacy_words,
    tokenize,
)
from ulmfit_demo.workers.uploaded_tokenizer import UploadedTokenizers, UploadError


def announcements(text: str) -> list[tuple[str, str]]:
    result = fastai_words(text)
    spans = announced(result.source, result.tokens)
    return [(result.texts[index], span.origin) for index, span in sorted(spans.items())]


def test_known_announcements():
    assert announcements("Www DON'T go ha ha ha ha X www Film") == [
        ("xxmaj", "Www"),
        ("xxup", "DON'T"),
        ("xxwrep", "ha ha ha ha"),
        ("4", "ha ha ha ha"),
        ("xxrep", "www"),
        ("3", "www"),
        ("xxmaj", "Film"),
    ]
    assert announcements("") == []
    assert announcements("say xxmaj") == []


def test_a_marker_announces_what_its_rule_changed(texts):
    n_checked = 0
    for text in texts:
        result = fastai_words(text)
        spans = announced(result.source, result.tokens)
        for index, token in enumerate(result.tokens):
            if token.kind != "rule":
                assert index not in spans
                continue
            if index not in spans:
                continue
            span = spans[index]
            assert result.source[span.start : span.end] == span.origin
            # `xxmaj` that a visitor typed has no rule of its own and announces what follows it.
            if (token.text, token.rule) in (("xxmaj", "replace_maj"), ("xxup", "replace_all_caps")):
                assert not span.origin or any(c.isupper() for c in span.origin)
                n_checked += 1
            elif (token.text, token.rule) == ("xxrep", "replace_rep"):
                # fastai makes `xxrep xxwrep 3 3` of `333 3`: the counted words are the count itself.
                assert result.texts[index + 1].isdecimal() or result.texts[index + 1] == "xxwrep"
    assert n_checked > 500


def test_the_catalogue_names_what_there_is(ladder_folder, tmp_path):
    ladder = SubwordLadder(ladder_folder)
    names = catalogue(ladder)
    assert names["unigram-60"] == "unigram 60"
    assert names["bpe-120"] == "BPE 120"
    text = "The boat left the Harbour."
    for key in names:
        if key != "own":
            assert tokenize(text, key, ladder).source == text
    assert tokenize(text, "bpe-120", ladder).tokens == ladder.tokenize(text, 120, "bpe").tokens
    assert set(catalogue(SubwordLadder(tmp_path))) == {
        *("fastai", "spacy", "characters", "whitespace", "own")
    }


def test_fewer_rules_are_named(ladder_folder):
    ladder = SubwordLadder(ladder_folder)
    every = tokenize("A Film", "fastai", ladder, rules=RULE_NAMES)
    assert every.name == "fastai words"
    none = tokenize("A Film", "fastai", ladder, rules=[])
    assert none.name == "fastai words, 0 of 8 rules"
    assert none.tokens == spacy_words("A Film").tokens


def test_what_is_not_there_is_refused(ladder_folder):
    ladder = SubwordLadder(ladder_folder)
    for key in ("unigram-7", "wordpiece", "bpe-", "own"):
        with pytest.raises(KeyError):
            tokenize("a", key, ladder)
    with pytest.raises(UploadError, match="Upload a tokenizer first"):
        tokenize("a", "own", ladder, uploaded=partial(UploadedTokenizers().tokenize, None))
