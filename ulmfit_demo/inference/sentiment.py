"""What the Sentiment tab asks: verdicts while typing, the words behind them, what-if, many at once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models import attribution, calibration, precision
from ulmfit_demo.models.classification import classify
from ulmfit_demo.models.reading import Reading, read_along
from ulmfit_demo.models.replacement import replacements
from ulmfit_demo.tokens import incremental

NO_WORDS = "no words"  # where a verdict would stand, of a text that has none
FIRST = "A first review, so that the next one is quick."
COMMON = 10_000  # first words of the vocabulary, which falls by frequency
SUGGESTIONS = 8
FIRST_PAGE_SECONDS = 3  # after the build: by then the first visitor's page stands
CONSIDERED = 40  # words of the model's own that are weighed against what follows
FOLLOWING = 8  # tokens after the word that a suggestion must fit


def warm_up(loaded: LoadedModels, then: Callable[[], None]) -> None:
    """Measure the machine's fastest precision before a visitor's first word asks for it.

    Let the tokenizer learn the commonest words, and call `then`. The first page comes before that: what
    draws it wants the processor too.
    """
    if loaded.bundle is None:
        then()
        return

    def work() -> None:
        try:
            read(loaded, FIRST)
            tokens.keep_common(loaded.words().words[:COMMON])
        finally:
            then()

    # ZeroGPU forks its workers, and a fork must not meet a lock that is held; a precision that is asked
    # for and cannot run must end the start, not every request.
    if devices.ZERO_GPU or os.environ.get(precision.ENV):
        work()
        return

    def later() -> None:
        begin = time.monotonic() + FIRST_PAGE_SECONDS
        while time.monotonic() < begin:
            if not threading.main_thread().is_alive():
                return  # the program has ended, and waits for this thread
            time.sleep(0.1)
        work()

    threading.Thread(target=later).start()


class Word(
    NamedTuple
):  # a dataclass takes five times as long to make, and each key press makes all
    """A word of the review as it stands there, with the markers that fastai made of it."""

    text: str  # the source characters; "" for xxbos
    start: int  # place in the source
    end: int
    first: int  # its tokens: ids[first : last + 1]
    last: int
    probability: float  # of positive, after this word
    moved: float  # by this word
    unknown: bool


@dataclass(frozen=True)
class Verdict:
    """What the classifier says of one text, word by word."""

    positive: float  # probability, 0 to 1
    unsure: bool  # inside the band in which held-out verdicts were too often wrong
    words: tuple[Word, ...]
    n_tokens: int
    n_unknown: int
    n_read: int  # tokens that this call had to read; the rest was kept from the call before
    device: str
    precision: str  # of the reading: it decides the last digits
    milliseconds: float

    @property
    def word(self) -> str:
        """The verdict in a word, as `Calibration.verdict` gives it."""
        leaning = calibration.POSITIVE if self.positive >= 0.5 else calibration.NEGATIVE
        return calibration.UNSURE if self.unsure else leaning


def band_of(loaded: LoadedModels, key: str = calibration.FORWARDS) -> calibration.Calibration:
    """Which probabilities of the bundle's classifier are no verdict."""
    return calibration.from_config(loaded.model.config, key)


@dataclass(frozen=True)
class LastReading:
    """What is kept of a visitor's last text, so that the next key press is cheap. A value."""

    pieces: incremental.Pieces
    reading: Reading

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the text."""
        return self.reading.ids


@devices.retry_on_cpu
def read(
    loaded: LoadedModels, text: str, before: LastReading | None = None
) -> tuple[Verdict | None, LastReading | None]:
    """The verdict on `text` after every word; (None, None) for a text without any word.

    `before`: what this gave for the same visitor's last text; it changes the time and nothing else.
    Raises `Refused` without a model.
    """
    vocab = loaded.words()
    if not text.strip():
        return None, None
    started = time.perf_counter()
    pieces = incremental.tokenize(text, vocab, before.pieces if before else None)
    ids = pieces.ids
    if len(ids) == 1:  # `xxbos` alone: the rules left nothing of the text
        return None, None
    models, device = devices.live_models(loaded.model.key)
    reading = read_along(models.classifier, ids, before.reading if before else None)
    column = models.config["classes"].index("pos")
    after = reading.probabilities[:, column].tolist()
    verdict = Verdict(
        positive=after[-1],
        unsure=band_of(loaded).unsure(after[-1]),
        words=tuple(group_words(pieces, after)),
        n_tokens=len(ids),
        n_unknown=ids.count(vocab.unk_id),
        n_read=reading.reread,
        device=device,
        precision=reading.precision,
        milliseconds=1_000 * (time.perf_counter() - started),
    )
    return verdict, LastReading(pieces, reading) if len(ids) <= limits.KEPT_TOKENS else None


def group_words(pieces: incremental.Pieces, after: Sequence[float]) -> Iterator[Word]:
    """Tokens → words: `xxmaj` goes with the word behind it, `xxrep 3 !` is one.

    `after` [n_tokens]: probability after each token.
    """
    source, end_of_text = pieces.text, len(after) - 1
    first, before, start, end, unknown = 0, after[0], len(source), 0, False
    for i, (token, shift) in enumerate(pieces.placed()):
        start, end = min(start, token.start + shift), max(end, token.end + shift)
        unknown = unknown or token.kind == "unknown"
        if token.kind == "rule" and i < end_of_text:
            continue
        yield Word(source[start:end], start, end, first, i, after[i], after[i] - before, unknown)
        first, before, start, end, unknown = i + 1, after[i], len(source), 0, False


@dataclass(frozen=True)
class Reasons:
    """Two methods' scores for each word, in log-odds: above 0 speaks for positive."""

    words: tuple[Word, ...]
    gradients: tuple[float, ...]
    left_out: tuple[float, ...]
    error: float  # share by which the gradients' sum misses the difference of the log-odds
    n_steps: int
    milliseconds: float


@devices.retry_on_cpu
def explain(loaded: LoadedModels, text: str) -> Reasons | None:
    """Integrated gradients and leave-one-out of each word; None for a text without any word."""
    verdict, reading = read(loaded, text)
    if verdict is None:
        return None
    if verdict.n_tokens > limits.EXPLAINED_TOKENS:
        raise limits.Refused(
            f"The review has {verdict.n_tokens:,} tokens; reasons are worked out for up to "
            f"{limits.EXPLAINED_TOKENS:,}. Shorten it; the verdict above stays."
        )
    started = time.perf_counter()
    models, _ = devices.live_models(loaded.model.key)
    ids, column = list(reading.ids), models.config["classes"].index("pos")
    gradients = attribution.integrated_gradients(models.classifier, ids, column)
    left_out = attribution.leave_one_out(models.classifier, ids, column)

    def by_word(scores: Sequence[float]) -> tuple[float, ...]:
        return tuple(sum(scores[w.first : w.last + 1]) for w in verdict.words)

    return Reasons(
        verdict.words,
        by_word(gradients.scores),
        by_word(left_out),
        gradients.error,
        gradients.n_steps,
        1_000 * (time.perf_counter() - started),
    )


@dataclass(frozen=True)
class Change:
    """The review with one word deleted or replaced."""

    word: str  # what stands there then; "" for deleted
    text: str
    positive: float | None  # None where no word is left
    verdict: str


@dataclass(frozen=True)
class WhatIf:
    """One word of a review and what the verdict would be without it or with another."""

    word: Word
    positive: float
    verdict: str
    changes: tuple[Change, ...]  # deleted first, then the model's own suggestions


@devices.retry_on_cpu
def what_if(loaded: LoadedModels, text: str, index: int) -> WhatIf:
    """Delete or replace word `index` of `text`. Raises `Refused` where there is no such word.

    The changed texts are read as the verdict is: else a word would seem to move it by the rounding.
    """
    verdict, reading = read(loaded, text)
    if verdict and verdict.n_tokens > limits.KEPT_TOKENS:
        raise limits.Refused(
            f"The review has {verdict.n_tokens:,} tokens; what-if works for up to "
            f"{limits.KEPT_TOKENS:,}. Shorten it; the verdict above stays."
        )
    words = verdict.words if verdict else ()
    if not 0 <= index < len(words) or not words[index].text:
        raise limits.Refused("That word is no longer there. Click one of the words again.")
    word = words[index]
    texts = [cut(text, word, "")]
    others = suggest(loaded, list(reading.ids), word)
    texts += [cut(text, word, other) for other in others]
    models, _ = devices.live_models(loaded.model.key)
    documents = [loaded.numericalize(t) for t in texts]
    column = models.config["classes"].index("pos")
    probabilities = classify(models.classifier, documents, job="read")[:, column].tolist()
    values = [p if len(d) > 1 else None for p, d in zip(probabilities, documents, strict=True)]
    words_of = [band_of(loaded).verdict(p) if p is not None else NO_WORDS for p in values]
    changes = [Change(*c) for c in zip(["", *others], texts, values, words_of, strict=True)]
    return WhatIf(word, verdict.positive, verdict.word, tuple(changes))


def cut(text: str, word: Word, other: str) -> str:
    """`text` with `other` in place of `word`; a deleted word takes one of its two spaces along.

    Where a comma or a `n't` gives way to a word, a space keeps it from its neighbours.
    """
    before, after = text[: word.start], text[word.end :]
    if other and before[-1:].isalnum() and other[0].isalnum():
        other = f" {other}"
    if other and after[:1].isalnum() and other[-1].isalnum():
        other = f"{other} "
    if not other and (not before or before[-1].isspace()) and after[:1] == " ":
        after = after[1:]
    return before + other + after


def suggest(
    loaded: LoadedModels,
    ids: list[int],
    word: Word,
    considered: int = CONSIDERED,
    n_following: int = FOLLOWING,
) -> list[str]:
    """Words that the language model would write there, the best first; the word's case is kept."""
    words = loaded.model.vocab
    models, _ = devices.live_models(loaded.model.key)
    replaced = ids[word.first : word.last + 1]
    known = set(replaced)
    found = replacements(
        models.lm,
        before=ids[: word.first] + [i for i in replaced[:-1] if words[i] in ("xxmaj", "xxup")][:1],
        after=ids[word.last + 1 :][:n_following],
        allowed=lambda i: i not in known and words[i].isalpha() and not words[i].startswith("xx"),
        considered=considered,
        n=SUGGESTIONS,
    )
    shape = str.upper if word.text.isupper() and len(word.text) > 1 else str
    shape = str.capitalize if word.text.istitle() else shape
    return [shape(words[i]) for i in found]


@dataclass(frozen=True)
class Progress:
    """Many reviews: what is known so far."""

    positive: list[float | None]  # [n]
    done: int  # reviews that were read
    blank: frozenset[int]  # places of the texts without a word, which are not read
    band: calibration.Calibration
    device: str
    precision: str
    milliseconds: float

    @property
    def verdicts(self) -> list[str]:
        """[n] verdicts in words; `NO_WORDS` for a blank text, "" for what is not yet read."""
        return [
            NO_WORDS if i in self.blank else "" if p is None else self.band.verdict(p)
            for i, p in enumerate(self.positive)
        ]


def many(loaded: LoadedModels, texts: Sequence[str]) -> Iterator[Progress]:
    """Probability of positive for every text, a batch at a time; None for a text without a word."""
    loaded.words()
    positive: list[float | None] = [None] * len(texts)
    band, started, done = band_of(loaded), time.perf_counter(), 0
    documents: list[list[int]] = []
    which: list[int] = []
    blank: set[int] = set()

    def progress(device: str, precision: str = "") -> Progress:
        elapsed = 1_000 * (time.perf_counter() - started)
        known = list(positive), done, frozenset(blank), band
        return Progress(*known, device, precision, elapsed)

    for i, text in enumerate(texts):
        document = loaded.numericalize(text) if text.strip() else []
        if len(document) > 1:  # more than `xxbos`
            documents.append(document)
            which.append(i)
        else:
            blank.add(i)
        if i % limits.TOKENIZED_AT_ONCE == 0 or i + 1 == len(texts):
            yield progress("tokenizing")
    for places, values, *where in devices.classify_on_gpu(loaded.model.key, documents):
        for place, value in zip(places, values, strict=True):
            positive[which[place]] = value
        done += len(places)
        yield progress(*where)
