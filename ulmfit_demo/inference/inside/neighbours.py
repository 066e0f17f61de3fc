"""Where words live: a word's nearest rows in every stage's embedding, what moved, and a map."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference.inside.slurs import is_slur
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.inference.stages import last_title, vocab_of
from ulmfit_demo.models.bundle import Bundle, BundleError
from ulmfit_demo.models.inspection.rows import Rows, flat, kept
from ulmfit_demo.tokens import Vocab

log = logging.getLogger("ulmfit_demo")
CLASSIFIER = "classifier"
COMMON = 10_000  # first words of the vocabulary, which falls by frequency
N_MOVED = 12
MAP_NEIGHBOURS = 3  # of each word on the map
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Matrix:
    """The embedding of one stage, with its own words."""

    title: str
    rows: Rows
    vocab: Vocab
    unlisted: tuple[int, ...]  # rows of `xxbos` and its like, and of slurs: nobody's neighbours


@dataclass(frozen=True)
class Neighbour:
    """A word near another one."""

    word: str
    cosine: float
    is_new: bool  # not among the neighbours in the column before


@dataclass(frozen=True)
class Column:
    """One stage's neighbours of a word."""

    title: str
    neighbours: tuple[Neighbour, ...]  # none where the stage does not know the word
    known: bool
    kept: float | None  # cosine of the word's own row with that of the column before


@dataclass(frozen=True)
class Nearest:
    """A word's neighbours, stage by stage."""

    word: str
    columns: tuple[Column, ...]
    shape: tuple[int, int]  # of the last matrix
    milliseconds: float


@dataclass(frozen=True)
class Moved:
    """How far fine-tuning moved the rows of the words that two stages share."""

    titles: tuple[str, str]
    words: tuple[tuple[str, float], ...]  # those that moved most: (word, cosine with its old row)
    median: float  # cosine of the words considered
    n_words: int


@dataclass(frozen=True)
class Map:
    """Words in two dimensions: the two largest principal components of these rows alone."""

    title: str
    words: tuple[str, ...]
    points: np.ndarray  # [words, 2]
    typed: tuple[bool, ...]  # the visitor's own words; the others are their neighbours
    share: float  # of the variance of these rows that the two dimensions hold


def matrices(loaded: LoadedModels) -> tuple[Matrix, ...]:
    """Every stage's embedding, the earliest first. Raises `Refused` without a model."""
    key = _Key(loaded.model, loaded.words())
    with _one_at_a_time:
        try:
            return _matrices(key)
        except (BundleError, ValueError) as e:
            log.warning("an earlier state of the model: %s", e)
            raise limits.Refused(
                "An earlier state of the model cannot be read; the reason is in the server's log."
            ) from e


class _Key:
    """A bundle that is looked up by its folder, and its vocabulary."""

    def __init__(self, bundle: Bundle, vocab: Vocab) -> None:
        self.bundle, self.vocab = bundle, vocab

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.bundle.key == self.bundle.key

    def __hash__(self) -> int:
        return hash(self.bundle.key)


@lru_cache(maxsize=2)
def _matrices(key: _Key) -> tuple[Matrix, ...]:
    bundle, vocab = key.bundle, key.vocab
    found = [(s.title, s.model.body, vocab_of(s, vocab)) for s in bundle.snapshots]
    found.append((last_title(bundle), bundle.lm.body, vocab))
    found.append((CLASSIFIER, bundle.classifier.body, vocab))
    result = []
    for title, body, of in found:
        unlisted = tuple(i for i, w in enumerate(of.words) if w.startswith("xx") or is_slur(w))
        result.append(Matrix(title, Rows(body.encoder.weight), of, unlisted))
    return tuple(result)


def known_word(loaded: LoadedModels, text: str) -> str:
    """The first token of `text` that is no marker, as the models know it. Raises `Refused`."""
    for word in tokens.fastai_words(text).texts:
        if not word.startswith("xx"):
            return word
    raise limits.Refused("Type a word.")


def near(loaded: LoadedModels, text: str, n: int = 10) -> Nearest:
    """The `n` nearest neighbours of the first word of `text`, in every stage. Raises `Refused`."""
    found = matrices(loaded)
    n = limits.whole(n, limits.NEIGHBOURS, "The number of neighbours")
    word = known_word(loaded, text)
    if all(word not in m.vocab for m in found):
        raise limits.Refused(f"No stage of the model knows “{word}”: it has no row of its own.")
    started = time.perf_counter()
    columns: list[Column] = []
    before: Matrix | None = None
    for m in found:
        if word not in m.vocab:
            columns.append(Column(m.title, (), False, None))
            before = None
            continue
        near_ = m.rows.nearest(m.vocab.id_of(word), n, m.unlisted)
        names = [m.vocab.words[i] for i, _ in near_]
        old = {x.word for x in columns[-1].neighbours} if before else set(names)
        pair = [(before.vocab.id_of(word), m.vocab.id_of(word))] if before else []
        columns.append(
            Column(
                m.title,
                tuple(
                    Neighbour(name, cosine, name not in old)
                    for name, (_, cosine) in zip(names, near_, strict=True)
                ),
                True,
                float(kept(before.rows, m.rows, pair)[0]) if before else None,
            )
        )
        before = m
    n_words, width = found[-1].rows.matrix.shape
    return Nearest(word, tuple(columns), (n_words, width), 1_000 * (time.perf_counter() - started))


def moved(loaded: LoadedModels) -> tuple[Moved, ...]:
    """From each stage to the next: which of the commonest words' rows moved most."""
    found = matrices(loaded)
    return tuple(_moved(a, b) for a, b in pairwise(found))


def _moved(a: Matrix, b: Matrix) -> Moved:
    words = [
        w
        for w in b.vocab.words[:COMMON]
        if w in a.vocab and not w.startswith("xx") and not is_slur(w)
    ]
    cosines = kept(a.rows, b.rows, [(a.vocab.id_of(w), b.vocab.id_of(w)) for w in words])
    order = cosines.argsort(kind="stable")[:N_MOVED]
    most = tuple((words[i], float(cosines[i])) for i in order)
    return Moved((a.title, b.title), most, float(np.median(cosines)), len(words))


def chart(loaded: LoadedModels, text: str, stage: int = -2) -> Map | None:
    """The words of `text` and their neighbours in a stage, on a plane; None without a known word.

    `stage`: -2 is the language model in its last state, -1 the classifier.
    """
    m = matrices(loaded)[stage]
    words: list[str] = []
    for word in tokens.fastai_words(text).texts:
        if (
            not word.startswith("xx")
            and word in m.vocab
            and word not in words
            and word[0].isalnum()
        ):
            words.append(word)
    rarest = sorted(words, key=m.vocab.id_of, reverse=True)[: limits.MAP_WORDS]
    typed = [word for word in words if word in rarest]  # “the” and its like would fill the map
    if not typed:
        return None
    everyone = list(typed)
    for word in typed:
        for i, _ in m.rows.nearest(m.vocab.id_of(word), MAP_NEIGHBOURS, m.unlisted):
            if m.vocab.words[i] not in everyone:
                everyone.append(m.vocab.words[i])
    points, share = flat(_points(m, everyone))
    return Map(m.title, tuple(everyone), points, tuple(w in typed for w in everyone), share)


def _points(m: Matrix, words: Sequence[str]) -> np.ndarray:
    """Rows of length 1, as the cosine sees them: [words, emb_sz]."""
    rows = m.rows.matrix[[m.vocab.id_of(w) for w in words]].numpy()
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
