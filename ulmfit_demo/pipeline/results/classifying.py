"""What classifying a text gives: its verdict, after every word, why, and other models'."""

from __future__ import annotations

from typing import TypedDict


class Verdict(TypedDict):
    """What the classifier says of one text; label and score are None for a text without words."""

    label: str | None  # one of the bundle's classes
    score: float | None  # the probability of the label
    unsure: bool  # inside the band in which held-out verdicts were too often wrong


class ReadWord(TypedDict):
    """One word of a text, and the verdict after it."""

    text: str  # as it stands in the text; "" for `xxbos`, the first
    start: int
    end: int
    positive: float  # probability of positive after this word
    moved: float  # by this word
    unknown: bool  # not in the vocabulary


class ReadAlong(Verdict):
    """The verdict on a text after every word."""

    words: list[ReadWord]
    n_tokens: int
    n_unknown: int
    device: str | None
    precision: str | None


class ExplainedWord(TypedDict):
    """One word and what two methods say of it, in log-odds: above 0 speaks for positive."""

    text: str
    start: int
    end: int
    integrated_gradients: float
    leave_one_out: float


class Explanation(Verdict):
    """Which words speak for a verdict."""

    words: list[ExplainedWord]
    error: float | None  # share by which the gradients' sum misses the difference of the log-odds
    n_steps: int | None  # of the integral


class Replacement(TypedDict):
    """A text with one word deleted (`word` None) or replaced."""

    word: str | None
    text: str
    positive: float


class WhatIf(TypedDict):
    """One word of a text, and the verdict without it or with another in its place."""

    word: str
    start: int
    end: int
    positive: float  # of the text as it is
    changes: list[Replacement]  # deleted first, then what the language model would write there


class Part(TypedDict):
    """One n-gram or word, and what it weighs: above 0 speaks for positive."""

    text: str
    weight: float


class OtherVerdict(TypedDict):
    """What another model says of a text."""

    model: str
    positive: float  # for VADER no probability but its compound score moved to 0..1
    parts: list[Part]  # the strongest first


class Comparison(TypedDict):
    """The classifier's verdict beside those of other models."""

    positive: float | None
    others: list[OtherVerdict]
    backwards: (
        float | None
    )  # probability of the classifier that reads from the end, where there is one
    mean: float | None  # of both directions
