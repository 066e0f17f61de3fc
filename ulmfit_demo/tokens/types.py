"""What a tokenizer returns: tokens with their place in the source. Does not tokenize anything."""

from __future__ import annotations

from dataclasses import dataclass

SPECIAL = frozenset({"xxbos", "xxpad", "xxeos", "xxfld"})
REPEATS = frozenset({"xxrep", "xxwrep"})
RULE = frozenset({"xxmaj", "xxup"}) | REPEATS
UNKNOWN = "xxunk"


@dataclass(frozen=True, slots=True)
class Token:
    """One token and the source characters that it stands for.

    `start` and `end` count code points of the source. They are equal for a token that has no
    characters of its own: `xxbos`, or the second half of a character that a rule expanded.
    """

    text: str
    start: int
    end: int
    kind: str  # word, continuation, special, rule, unknown, space; dropped: in views only
    id: int | None = None
    changed_from: str | None = None  # None where `text` is the source slice
    rule: str | None = None  # the fastai rule that made or changed the token


@dataclass(frozen=True, slots=True)
class Tokenized:
    """A whole text under one tokenizer, with the figures that describe it."""

    name: str
    source: str
    tokens: tuple[Token, ...]
    decoded: str  # the text that decoding these tokens gives back
    dropped: tuple[tuple[int, int], ...] = ()  # source ranges of visible characters without a token

    @property
    def texts(self) -> list[str]:
        """The tokens as the tokenizer prints them."""
        return [token.text for token in self.tokens]

    @property
    def ids(self) -> list[int | None]:
        """The tokens' places in the vocabulary, None where the tokenizer has none."""
        return [token.id for token in self.tokens]

    @property
    def n_tokens(self) -> int:
        """How many tokens the text has."""
        return len(self.tokens)

    @property
    def n_distinct(self) -> int:
        """How many different tokens the text has."""
        return len({token.text for token in self.tokens})

    @property
    def characters_per_token(self) -> float:
        """Source characters per token; 0.0 where there is no token."""
        return len(self.source) / self.n_tokens if self.tokens else 0.0

    @property
    def unknown_share(self) -> float:
        """Share of tokens outside the vocabulary, from 0 to 1."""
        if not self.tokens:
            return 0.0
        return sum(token.kind == "unknown" for token in self.tokens) / self.n_tokens

    @property
    def exact(self) -> bool:
        """True where decoding gives the source back, character for character."""
        return self.decoded == self.source


def kind_of(text: str) -> str:
    """The kind of a word-level token from its text alone, as the model will read it."""
    if text in SPECIAL:
        return "special"
    if text in RULE:
        return "rule"
    if text == UNKNOWN:
        return "unknown"
    return "space" if text.isspace() else "word"
