"""What goes on inside the models: units, memory, neighbours, two readers, the smallest change.

`bits` are surprisal, -log2 of a probability. A token's `text` is as the vocabulary has it.
"""

from __future__ import annotations

from typing import TypedDict


class UnitToken(TypedDict):
    """One token and the unit's value after it."""

    text: str
    start: int
    end: int
    value: float  # -1 to 1


class UnitGates(TypedDict):
    """One unit at one token: cell = forget * before + input * candidate, value = output * tanh(cell)."""

    token: int
    input: float
    forget: float
    candidate: float
    output: float
    cell_before: float
    cell: float
    value: float


class ListenedUnit(TypedDict):
    """A unit of the classifier after that token."""

    unit: int
    value: float
    gradient: float  # of the log odds of positive with respect to it


class Unit(TypedDict):
    """One unit of the language model's last layer along a text."""

    unit: int
    auc: (
        float | None
    )  # on held-out reviews, above 0.5: higher in praise; None: not told by the bundle
    tokens: list[UnitToken]
    gates: UnitGates | None  # at the token that was asked for
    listened: list[ListenedUnit]  # the classifier's strongest, there
    lifting: list[str]  # the words of the vocabulary after which it is highest
    lowering: list[str]


class ContextToken(TypedDict):
    """A token before the one that is asked about: above 0, it made that one likelier."""

    text: str
    start: int
    end: int
    left_out: float  # bits more without it
    gradient: float  # bits, gradient times embedding


class Distance(TypedDict):
    """Bits with a context that was cut or shuffled at `k` tokens."""

    k: int
    bits: float


class Memory(TypedDict):
    """What one token owes to the tokens before it."""

    token: int | None  # its number; None for a text without words
    text: str
    bits: float | None  # after all the tokens before it
    context: list[ContextToken]
    shortened: list[Distance]  # only the last k read, k from 1 to all
    shuffled: list[Distance]  # all but the last k shuffled, the mean of three
    precision: str | None


class NearWord(TypedDict):
    """A neighbour of a word."""

    word: str
    cosine: float
    is_new: bool  # not a neighbour in the stage before


class NearStage(TypedDict):
    """A word in one stage's embedding."""

    stage: str
    known: bool
    kept: float | None  # cosine of its row with that of the stage before
    neighbours: list[NearWord]


class Neighbours(TypedDict):
    """A word's neighbours, stage by stage, the earliest first."""

    word: str
    shape: list[int]  # of the last embedding: words, numbers a word
    stages: list[NearStage]


class Expected(TypedDict):
    """A word that a reader expected."""

    word: str
    probability: float


class ReadersToken(TypedDict):
    """One token under two readers."""

    text: str
    start: int
    end: int
    bits: list[float] | None  # of the first and the second reader; None for the first token
    unknown: bool  # `xxunk` to one of them: not compared
    expected: list[list[Expected]]  # both top tens


class TwoReaders(TypedDict):
    """A text under an early stage and the last."""

    stages: list[str]
    bits_per_byte: list[float] | None
    n_compared: int
    n_unknown: int
    tokens: list[ReadersToken]


class ChangedWord(TypedDict):
    """One word of a path to another verdict."""

    word: str
    start: int
    end: int
    replacement: str | None  # None: left out
    text: str  # the text with the changes up to this one
    positive: float


class SmallestChange(TypedDict):
    """The search for the fewest changed words that flip a verdict."""

    positive: float | None
    found: bool
    path: list[ChangedWord]
    nearest: float | None  # the probability furthest towards the other side
    n_read: int  # changed texts read
    timed_out: bool


NOTHING: Memory = {
    "token": None,
    "text": "",
    "bits": None,
    "context": [],
    "shortened": [],
    "shuffled": [],
    "precision": None,
}
