"""What the pipeline's methods return: small typed dictionaries, and their one way to JSON.

Probabilities are from 0 to 1. `start` and `end` count characters (code points) of the text. `device` and
`precision` say where and how a result was computed, since the last digits depend on both.
"""

from __future__ import annotations

import json
from typing import Any, TypedDict

import numpy as np


class Verdict(TypedDict):
    """What the classifier says of one text; label and score are None for a text without words."""

    label: str | None  # one of the bundle's classes
    score: float | None  # the probability of the label
    unsure: bool  # inside the band in which held-out verdicts were too often wrong


class TaughtVerdicts(TypedDict):
    """What a classifier that was taught in this call says; None where too few labels tell."""

    labels: list[str]  # their names; the order of the confusion table
    n: int  # texts that it learned from
    validated: int  # of these, judged by cross-validation: all, unless its time was over
    accuracy: float | None  # by that cross-validation
    plus_minus: float | None  # half the width of the 95 % interval
    confusion: list[list[int]] | None  # rows are the given labels, columns the verdicts
    verdicts: list[Verdict]  # of the texts to judge


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


class LmBatch(TypedDict):
    """One mini-batch of a language model; y is x shifted by one. All [bs, width]."""

    x: list[list[str]]
    y: list[list[str | None]]  # None: the label that the notebook's cut does not have
    x_ids: list[list[int]]
    y_ids: list[list[int | None]]


class LmBatches(TypedDict):
    """A stream of documents as the mini-batches of a language model."""

    n_items: int  # tokens of the stream
    n_documents: int
    order: list[int]  # in which the documents were put, from 0
    row_length: int
    n_used: int
    n_dropped: int
    batches: list[LmBatch]


class ClassifierBatch(TypedDict):
    """One padded mini-batch of a classifier."""

    documents: list[int]  # [n_rows] which documents, from 0
    width: int
    padding: int  # cells that are padding
    x: list[list[str]] | None  # [n_rows, width]; None where only lengths were given
    x_ids: list[list[int]] | None


class ClassifierBatches(TypedDict):
    """Documents as the padded mini-batches of a classifier."""

    lengths: list[int]
    padding_share: float
    batches: list[ClassifierBatch]


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


class Journey(TypedDict):
    """What each part of the model makes of one text, from its characters to the verdict.

    A text without words has empty lists; row, label and score are None.
    """

    n_characters: int
    tokens: list[str]  # as fastai's rules leave them, `xxbos` first
    ids: list[int]
    row: list[str] | None  # the first row of x of the first mini-batch; None for a single token
    bs: int  # rows of that mini-batch
    state: list[float]  # [emb_sz], the language model's hidden state after the last token
    next_words: list[WordProbability]  # the likeliest at temperature 1, falling
    label: str | None
    score: float | None
    unsure: bool


class Stage(TypedDict):
    """What one stage of the training would write next."""

    stage: str
    words: list[WordProbability]
    unknown: list[str]  # tokens of the prompt that this stage's vocabulary lacks


class LegalSizes(TypedDict):
    """The vocabulary sizes that train on a text; None until they are known."""

    stage: str
    share: float | None  # of the work that is done, where that is known
    low: int | None
    high: int | None
    capped: bool | None  # more may be possible than the app trains


class TrainedVocabulary(TypedDict):
    """A subword vocabulary while it is trained, and when it is there."""

    stage: str
    share: float | None
    pieces: list[PieceScore] | None  # None until it is trained; special tokens left out
    sample: list[str] | None  # the sample in the new pieces


class LossPoint(TypedDict):
    """The training loss at one step, in nats a token."""

    step: int
    loss: float


class WrittenLine(TypedDict):
    """A line that a model in training wrote."""

    text: str
    copied: bool  # it stands in the text word for word
    ended: bool


class LiveEpoch(TypedDict):
    """What an epoch ended with; epoch 0 is before any training. Losses in nats a token."""

    epoch: int
    step: int
    held_out: float
    training: float | None
    lines: list[WrittenLine]


class LiveTraining(TypedDict):
    """A small language model while it is trained."""

    stage: str  # waiting, loading, training, done or ended
    why: str | None  # a sentence, where it ended before its end
    before: int  # who wait or train before this one
    step: int
    tokens_per_second: float | None
    losses: list[LossPoint]
    epochs: list[LiveEpoch]


class History(TypedDict):
    """How the shipped model was trained: its log, and the study notebook's figures."""

    name: str
    wikipedia: bool
    pretraining: dict[str, Any]
    source: str
    tokens_read: int
    wiki: dict[str, Any]
    language_model: dict[str, Any]
    classifier: dict[str, Any]
    student: dict[str, Any]
    language_model_backwards: dict[str, Any]
    classifier_backwards: dict[str, Any]
    student_backwards: dict[str, Any]
    labels: list[dict[str, Any]]
    baselines: list[dict[str, Any]]
    metrics: dict[str, Any]
    notebook: dict[str, Any]


def to_json(value: object) -> str:
    """Any result as one line of JSON, in UTF-8 text. Raises ValueError for what JSON cannot say."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no part of a result")
