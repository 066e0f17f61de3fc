"""The tokenizers one can choose from, by key. Holds none of them and draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ulmfit_demo.tokens.rules import RULE_NAMES
from ulmfit_demo.tokens.subwords import SubwordLadder
from ulmfit_demo.tokens.types import Tokenized
from ulmfit_demo.tokens.vocabulary import Vocab
from ulmfit_demo.tokens.words import characters, fastai_words, spacy_words, whitespace

WORDS = {"fastai": "fastai words", "spacy": "spaCy words"}
PLAIN = {"characters": "characters", "whitespace": "whitespace"}
OWN = "own"
TYPES = {"unigram": "unigram", "bpe": "BPE"}


def catalogue(ladder: SubwordLadder) -> dict[str, str]:
    """Key → name: words, every model of the ladder (`unigram-1000`), characters, one's own."""
    pieces = {
        f"{kind}-{size}": f"{TYPES.get(kind, kind)} {size:,}"
        for kind in ladder.types()
        for size in ladder.sizes(kind)
    }
    return {**WORDS, **pieces, **PLAIN, OWN: "your own"}


def tokenize(
    text: str,
    key: str,
    ladder: SubwordLadder,
    vocab: Vocab | None = None,
    rules: Collection[str] | None = None,
    uploaded: Callable[[str], Tokenized] | None = None,
) -> Tokenized:
    """`text` under the tokenizer `key` of `catalogue`; `rules` are fastai's enabled ones.

    `uploaded`: what encodes with the visitor's own tokenizer; its errors pass through.

    Raises:
        KeyError: there is no such tokenizer.
    """
    if key == "fastai":
        result = fastai_words(text, rules, vocab)
        if rules is not None and len(set(rules)) < len(RULE_NAMES):
            name = f"{WORDS[key]}, {len(set(rules))} of {len(RULE_NAMES)} rules"
            return Tokenized(name, result.source, result.tokens, result.decoded)
        return result
    if key == OWN and uploaded is not None:
        return uploaded(text)
    plain = {"spacy": spacy_words, "characters": characters, "whitespace": whitespace}
    if key in plain:
        return plain[key](text)
    kind, _, size = key.partition("-")
    if not size.isdecimal():
        raise KeyError(f"no tokenizer {key}")
    result = ladder.tokenize(text, int(size), kind)
    name = f"{TYPES.get(kind, kind)} {int(size):,}"
    return Tokenized(name, result.source, result.tokens, result.decoded)
