"""Accuracy against the number of labels: our encoder, random weights, a bag of words. Draws nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ulmfit_demo.models.awd_lstm import Encoder, Sizes
from ulmfit_demo.teach.features import LM, Reader, features, weights
from ulmfit_demo.teach.head import STRENGTH, norm_of, solve, spanned

OURS, RANDOM, WORDS = "our encoder", "random weights", "bag of words"
SHARE = 0.8  # at most so much of the labelled lines is learned from; the rest tests
SEED = 0
WORDS_C = 10.0
TEST = 400  # lines that test one draw, at most


@dataclass(frozen=True)
class Point:
    """The mean accuracy of some draws of `labels` labels, and its standard error."""

    start: str
    labels: int
    accuracy: float
    error: float
    draws: int


def sizes(n: int, k: int) -> list[int]:
    """Numbers of labels: two a class, then about twice as many each time, up to `SHARE` of `n`.

    >>> sizes(60, 3)
    [6, 12, 24, 48]
    """
    result, m = [], 2 * k
    while m <= SHARE * n:
        result.append(m)
        m *= 2
    return result


def draw(labels: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n lines to learn from, the classes as even as they can be; all others)."""
    order = rng.permutation(len(labels))
    seen: dict[int, int] = {}
    turn = []
    for i in order:  # the first of every class, then the second of every class …
        turn.append(seen.get(labels[i], 0))
        seen[labels[i]] = turn[-1] + 1
    order = order[np.argsort(turn, kind="stable")]
    return order[:n], order[n:]


def curve(
    sets: Mapping[str, np.ndarray],
    labels: np.ndarray,
    k: int,
    draws: int,
    until: float = math.inf,
) -> Iterator[Point]:
    """One point for each number of labels and each of `sets` (name → rows [n, d], standardized).

    From the time `until` (of `time.monotonic`) on no other draw begins. A number of labels that lacks
    draws then has no point; the smallest one has its points whatever the time is.

    All sets are tested on the same draws. `WORDS` has rows of length 1 and C = `WORDS_C`, as is usual
    for tf-idf.
    """
    labels = np.asarray(labels)
    spaces = {
        name: (spanned(x.astype(float))[0], WORDS_C if name == WORDS else STRENGTH / x.shape[1])
        for name, x in sets.items()
    }
    for i, n in enumerate(sizes(len(labels), len(np.unique(labels)))):
        found: dict[str, list[float]] = {name: [] for name in sets}
        for d in range(draws):
            if i and time.monotonic() > until:
                return
            train, test = draw(labels, n, np.random.default_rng((SEED, n, d)))
            test = test[:TEST]
            if len(np.unique(labels[train])) < 2:
                continue
            for name, (z, c) in spaces.items():
                weight, bias = solve(z[train], labels[train], k, c)
                right = (z[test] @ weight.T + bias).argmax(1) == labels[test]
                found[name].append(float(right.mean()))
        for name, values in found.items():
            if values:
                error = float(np.std(values)) / len(values) ** 0.5
                yield Point(name, n, float(np.mean(values)), error, len(values))


def bag_of_words(documents: Sequence[Sequence[int]], most: int = 3_000) -> np.ndarray:
    """tf-idf of the ids that two documents share, rows of length 1: float32 [n, words]."""
    sets = [set(d) for d in documents]
    counts: dict[int, int] = {}
    for s in sets:
        for i in s:
            counts[i] = counts.get(i, 0) + 1
    kept = sorted((i for i, c in counts.items() if c > 1), key=lambda i: -counts[i])[:most]
    place = {i: j for j, i in enumerate(kept)}
    x = np.zeros((len(documents), max(1, len(kept))), np.float32)
    for row, d in zip(x, documents, strict=True):
        for i in d:
            if i in place:
                row[place[i]] += 1
    idf = np.log((1 + len(documents)) / (1 + np.array([counts[i] for i in kept] or [1]))) + 1
    x = np.log1p(x) * idf
    return (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def random_features(
    like: Sizes, documents: Sequence[Sequence[int]], prompt: Sequence[int], seed: int = SEED
) -> np.ndarray:
    """What an encoder of the same shape that has learned nothing gives, standardized: [n, 2 emb_sz].

    Only the words that occur get an embedding: the rest of a random one would never be read.
    """
    known = sorted({*prompt, *(i for d in documents for i in d)})
    place = {i: j + 2 for j, i in enumerate(known)}  # 1 is the padding
    shape = Sizes(len(known) + 2, like.emb_sz, like.n_hid, like.n_layers)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = Encoder(shape)
        torch.nn.init.uniform_(body.encoder.weight, -0.1, 0.1)  # as AWD_LSTM's `initrange`
    body = body.eval().requires_grad_(False)
    reader = Reader(body, LM, tuple(place[i] for i in prompt))
    found = features(reader, [[place[i] for i in d] for d in documents])
    return norm_of(found, weights(LM, found.shape[1]))(found)
