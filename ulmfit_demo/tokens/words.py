"""Characters, whitespace words, spaCy words and fastai words. Knows no subwords."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from threading import Lock

from fastai.text.core import WordTokenizer

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.alignment import tile
from ulmfit_demo.tokens.detokenize import detokenize, spaced
from ulmfit_demo.tokens.rules import rewrite, rewritten
from ulmfit_demo.tokens.types import REPEATS, RULE, SPECIAL, Token, Tokenized, kind_of
from ulmfit_demo.tokens.vocabulary import Vocab

_WINDOW = 64  # characters at a word's end that decide what spaCy splits off there
_MARGIN = 8  # a match this near the window's edge is looked for again in the whole word

_AT_ONCE = 50  # words kept under one lock, in a few milliseconds

_spacy_lock = Lock()


def characters(text: str) -> Tokenized:
    """Each code point is a token."""
    source = clean(text)
    tokens = tuple(
        Token(character, index, index + 1, "space" if character.isspace() else "word")
        for index, character in enumerate(source)
    )
    return Tokenized("characters", source, tokens, source)


def whitespace(text: str) -> Tokenized:
    """The words between white space, as `str.split` gives them."""
    source = clean(text)
    tokens = tuple(Token(m.group(), *m.span(), "word") for m in re.finditer(r"\S+", source))
    return Tokenized("whitespace", source, tokens, " ".join(token.text for token in tokens))


def spacy_words(text: str) -> Tokenized:
    """Words as `first(WordTokenizer()([text]))` gives them; decoded by `spaced`."""
    source = clean(text)
    tokens = tuple(
        Token(word, start, start + len(word), kind_of(word)) for word, start in _split(source)
    )
    return Tokenized("spaCy words", source, tokens, spaced([token.text for token in tokens]))


def fastai_words(
    text: str, enabled: Collection[str] | None = None, vocab: Vocab | None = None
) -> Tokenized:
    """Words as `Tokenizer(WordTokenizer())(text)` gives them, with the rules in `enabled`.

    With a vocabulary each token has an id, a word outside it is of kind `unknown`, and `decoded`
    is made from the ids. `decoded` is `detokenize`'s text, not fastai's join with spaces.

    Raises:
        ValueError: `enabled` holds a name that is not a rule's.
    """
    source, tokens, kept = traced_words(text, enabled, vocab)
    decoded = kept if vocab is None else vocab.decode(vocab.numericalize(kept))
    return Tokenized("fastai words", source, tuple(tokens), detokenize(decoded))


def traced_words(
    text: str, enabled: Collection[str] | None = None, vocab: Vocab | None = None
) -> tuple[str, list[Token], list[str]]:
    """The source, tokens and words of `fastai_words`, not decoded."""
    aligned = rewrite(text, enabled)
    source = aligned.source
    places = [(word, start, start + len(word)) for word, start in _split(aligned.text)]
    markers = [
        word in SPECIAL or word in RULE or _is_count(places, index)
        for index, (word, _, _) in enumerate(places)
    ]
    spans = tile(source, [aligned.source_range(start, end) for _, start, end in places], markers)
    tokens = []
    for (word, start, end), span, marker in zip(places, spans, markers, strict=True):
        kind = kind_of(word)
        if marker and kind != "special":
            kind = "rule"
        index = None if vocab is None else vocab.id_of(word)
        if vocab is not None and index == vocab.unk_id:
            kind = "unknown"
        changed = span.origin if span.origin and span.origin != word else None
        rule = aligned.label(start, end)
        if changed and not rule:
            # It took over characters that became white space, which only this rule makes of them.
            rule = "fix_html"
        tokens.append(Token(word, span.start, span.end, kind, index, changed, rule))
    return source, tokens, [word for word, _, _ in places]


def fastai_tokens(text: str) -> list[str]:
    """The texts of `fastai_words(text).tokens` in about half the time: no places are kept."""
    return [word for word, _ in _split(rewritten(text))]


def _is_count(places: list[tuple[str, int, int]], index: int) -> bool:
    """True for the number after `xxrep` or `xxwrep`; without `rm_useless_spaces` also after a space."""
    if not places[index][0].isdecimal():
        return False
    before = index - 1
    while before > 0 and places[before][0].isspace():
        before -= 1
    return before >= 0 and places[before][0] in REPEATS


def _split(text: str) -> list[tuple[str, int]]:
    """spaCy's words of `text`, each with its place.

    One thread at a time: a memory zone belongs to the whole pipeline. It drops a visitor's words
    when it closes; without it spaCy keeps every new word for the life of the process.
    """
    with _spacy_lock:
        nlp = _word_tokenizer().pipe.__self__
        with nlp.memory_zone():
            return [(word.text, word.idx) for word in nlp.make_doc(text)]


def keep_common(words: Sequence[str]) -> None:
    """Let spaCy keep how it splits `words`, for good: a text made of them is split much faster.

    For words of the app's own, never of a visitor. The splits stay what they are.
    """
    for start in range(0, len(words), _AT_ONCE):
        with _spacy_lock:
            nlp = _word_tokenizer().pipe.__self__
            for word in words[start : start + _AT_ONCE]:
                nlp.make_doc(word)


@lru_cache(maxsize=1)
def _word_tokenizer() -> WordTokenizer:
    """fastai's `WordTokenizer`, with its searches kept off the middle of very long words.

    spaCy searches a whole word for what to split off its ends, each time it splits one off:
    5,000 brackets without a space take 2.7 s, and 0.1 s with a window.
    """
    tokenizer = WordTokenizer()
    spacy_tokenizer = tokenizer.pipe.__self__.tokenizer
    spacy_tokenizer.prefix_search = _search_start(spacy_tokenizer.prefix_search)
    spacy_tokenizer.suffix_search = _search_end(spacy_tokenizer.suffix_search)
    return tokenizer


Search = Callable[[str], re.Match[str] | None]


def _search_start(search: Search) -> Search:
    """`search` for a pattern that holds at the beginning of a word only."""

    def windowed(word: str) -> re.Match[str] | None:
        if len(word) <= _WINDOW:
            return search(word)
        match = search(word[:_WINDOW])
        return search(word) if match and match.end() > _WINDOW - _MARGIN else match

    return windowed


def _search_end(search: Search) -> Search:
    """`search` for a pattern that holds at the end of a word only; spaCy uses its length alone."""

    def windowed(word: str) -> re.Match[str] | None:
        if len(word) <= _WINDOW:
            return search(word)
        match = search(word[-_WINDOW:])
        return search(word) if match and match.start() < _MARGIN else match

    return windowed
