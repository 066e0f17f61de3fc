"""What the language model gives: surprisal, next words, continuations."""

from __future__ import annotations

from typing import TypedDict


class WordProbability(TypedDict):
    """A word and its probability."""

    word: str
    probability: float


class SurprisalToken(TypedDict):
    """One token and how unlikely it was; None for the first, of which nothing can be said."""

    text: str
    start: int
    end: int
    bits: float | None
    rank: int | None  # 1: no other was more likely
    expected: list[WordProbability]  # the likeliest there


class Surprisal(TypedDict):
    """How unlikely each token of a text was."""

    tokens: list[SurprisalToken]
    perplexity: float | None


class NextWord(TypedDict):
    """One word that could come next."""

    word: str
    id: int
    probability: float  # at the temperature, before any cut
    drawable: float  # after the cuts; 0 where one took it
    cut_by: str | None  # banned, top-k, top-p or min-p


class NextWords(TypedDict):
    """What could come after a prompt."""

    prompt: str
    temperature: float
    entropy: float  # bits, before the cuts
    kept: int  # tokens that can be drawn
    words: list[NextWord]  # the likeliest, falling


class GeneratedToken(TypedDict):
    """One token that the model drew; its figures are at temperature 1, before any cut."""

    token: str
    id: int
    probability: float
    rank: int
    entropy: float  # bits: how unsure the model was before it drew


class GeneratedText(TypedDict):
    """One continuation."""

    text: str  # as a person would write it
    tokens: list[GeneratedToken]
    ended: bool  # the model ended it


class Generated(TypedDict):
    """The continuations of a prompt."""

    prompt: str
    texts: list[GeneratedText]
    device: str | None
    precision: str | None


class Stage(TypedDict):
    """What one stage of the training would write next."""

    stage: str
    words: list[WordProbability]
    unknown: list[str]  # tokens of the prompt that this stage's vocabulary lacks
