"""What tokenizers and vocabularies make of a text."""

from __future__ import annotations

from typing import TypedDict


class TokenInfo(TypedDict):
    """One token and the characters that it stands for."""

    text: str
    start: int
    end: int
    kind: str  # word, continuation, special, rule, unknown, space
    id: int | None
    changed_from: str | None  # the characters, where a rule or the normalization changed them
    rule: str | None  # the fastai rule that made or changed the token


class TokenizedText(TypedDict):
    """A text under one tokenizer."""

    tokenizer: str
    tokens: list[TokenInfo]
    n_tokens: int
    n_distinct: int
    characters_per_token: float
    unknown_share: float
    decoded: str  # the text that decoding gives back
    exact: bool  # decoding gives the text back, character for character


class Numericalized(TypedDict):
    """Tokens → ids → tokens."""

    tokens: list[str]
    ids: list[int]
    decoded: list[str]  # `xxunk` where the vocabulary lacks the token


class LadderRung(TypedDict):
    """A text under one subword vocabulary."""

    size: int
    n_tokens: int
    characters_per_token: float
    pieces: list[str]


class PieceScore(TypedDict):
    """A piece and its score: log probability (unigram), or minus its place in the merge order (BPE)."""

    piece: str
    score: float


class MergeStep(TypedDict):
    """One merge of a BPE model: the piece it makes, and its place in the order of learning."""

    left: str
    right: str
    rank: int


class MergedWord(TypedDict):
    """The merges that build one word."""

    word: str
    merges: list[MergeStep]


class SubwordLadderText(TypedDict):
    """A text under every subword vocabulary of one kind; one size explained."""

    kind: str
    size: int
    ladder: list[LadderRung]
    pieces: list[PieceScore]  # of `size`
    merges: list[MergedWord]  # BPE only


class WordFate(TypedDict):
    """What becomes of one token in a word vocabulary."""

    token: str
    fate: str  # kept, special, rare (below min_freq), cut (beyond max_vocab)
    count: int | None  # in the corpus; None: rarer than the counts name
    rank: int | None  # from 1, by frequency


class WordVocabularyText(TypedDict):
    """A text under the word vocabulary of the corpus that `min_freq` and `max_vocab` leave."""

    size: int  # len(vocab): rows of the embedding
    n_words: int
    n_types: int  # different tokens of the corpus
    unknown_share: float  # of the corpus's tokens
    tokens: list[WordFate]
