"""One unit of the language model's last layer under a text, its gates, and who listens to it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices, generation
from ulmfit_demo.inference.inside import NO_PLACE, GonePlace, Text, read_text
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.inspection import shipped, units
from ulmfit_demo.models.inspection.states import GATES, read_states
from ulmfit_demo.models.sampling import Sampling

N_LISTENED = 10  # units of the classifier that are listed
HELD_TEMPERATURE = 0.75


@dataclass(frozen=True)
class Cell:
    """One unit at one token: c = forget · c before + input · candidate, value = output · tanh(c)."""

    place: int
    gates: tuple[float, ...]  # in the order of `states.GATES`
    cell_before: float
    cell: float
    value: float


@dataclass(frozen=True)
class Listened:
    """A unit of the classifier after one token, and what a little more of it would do to the verdict."""

    unit: int
    value: float
    gradient: float  # of the log odds: above 0 a higher value speaks for positive


@dataclass(frozen=True)
class Reading:
    """One unit under every token of a text."""

    text: Text
    unit: int
    values: tuple[float, ...]  # [n_tokens]
    auc: float | None  # on held-out reviews; None where the bundle does not tell
    span: (
        tuple[float, float] | None
    )  # between which 98 of 100 of its values lie, on the same reviews
    lifting: tuple[str, ...]  # the words after which it is highest
    lowering: tuple[str, ...]
    cell: Cell | None  # at the token that was picked
    listened: tuple[Listened, ...]  # the classifier's strongest, at that token
    rank: int | None  # of this unit in the classifier at that token, from 1
    everything: np.ndarray  # [n_tokens, emb_sz] all units
    milliseconds: float


def n_units(loaded: LoadedModels) -> int:
    """How many units the last layer has."""
    loaded.words()
    return loaded.model.lm.body.sizes.emb_sz


def first(loaded: LoadedModels) -> int:
    """The unit that is looked at first: the one that parts praise from blame best, where it is known."""
    figures = shipped.of(loaded.bundle).units if loaded.bundle else None
    return figures.ranked[0] if figures else 0


@devices.retry_on_cpu
def read(loaded: LoadedModels, text: str, unit: int, place: int | None = None) -> Reading | None:
    """Unit `unit` along `text`, and its gates at token `place`; None for a text without any word."""
    found = read_text(loaded, text, limits.INSIDE_TOKENS)
    unit = limits.whole(unit, (0, n_units(loaded) - 1), "The unit")
    if found is None:
        return None
    if place is not None and not 0 <= place < len(found.ids):
        raise GonePlace(NO_PLACE)
    started = time.perf_counter()
    models, _ = devices.live_models(loaded.model.key)
    states = read_states(models.lm.body, found.ids)
    layer, cell, listened, rank = states.layers[-1], None, (), None
    if place is not None:
        before = float(layer.c[place - 1, unit]) if place else 0.0
        gates = tuple(layer.gates[place, :, unit].tolist())
        now = float(layer.c[place, unit]), float(layer.h[place, unit])
        cell = Cell(place, gates, before, *now)
        listened, rank = _listened(models, found.ids, place, unit)
    figures = shipped.of(loaded.model).units
    words = loaded.model.vocab
    return Reading(
        found,
        unit,
        tuple(layer.h[:, unit].tolist()),
        figures.auc[unit] if figures else None,
        (figures.low[unit], figures.high[unit]) if figures else None,
        tuple(words[i] for i in figures.lifting[unit]) if figures else (),
        tuple(words[i] for i in figures.lowering[unit]) if figures else (),
        cell,
        listened,
        rank,
        layer.h.cpu().numpy(),
        1_000 * (time.perf_counter() - started),
    )


def _listened(models, ids: Sequence[int], place: int, unit: int):
    positive = models.config["classes"].index("pos")
    values, gradient = units.listened_to(models.classifier, ids, place, positive)
    order = gradient.abs().argsort(descending=True).tolist()
    strongest = tuple(Listened(u, float(values[u]), float(gradient[u])) for u in order[:N_LISTENED])
    return strongest, order.index(unit) + 1


def heat_order(reading: Reading) -> np.ndarray:
    """The units in an order that puts alike ones side by side: [emb_sz]."""
    return units.seriation(reading.everything)


@dataclass(frozen=True)
class Held:
    """What the model writes with one unit held, beside what it writes by itself with the same luck."""

    prompt: str
    unit: int
    value: float
    free: str
    held: str
    same: int  # first tokens that both share
    milliseconds: float


@devices.retry_on_cpu
def hold(
    loaded: LoadedModels, prompt: str, unit: int, value: float, n_words: int = 30, seed: int = 0
) -> Held:
    """Go on from `prompt` twice: by itself, and with `unit` held at `value` after every token."""
    vocab = loaded.words()
    unit = limits.whole(unit, (0, n_units(loaded) - 1), "The unit")
    value = limits.number(value, limits.UNIT_VALUE, "The unit's value")
    n_words = limits.whole(n_words, limits.HELD_WORDS, "The number of words")
    seed = limits.whole(seed, limits.SEED, "The seed")
    prompt = generation.beginning(prompt)
    started = time.perf_counter()
    read = tokens.fastai_words(prompt).texts
    models, _ = devices.live_models(loaded.model.key)
    settings: dict[str, Any] = dict(
        n_steps=n_words,
        seed=seed,
        banned=devices.never_drawn(loaded.model.vocab),
        stop=[loaded.model.vocab.index("xxbos")],
    )
    ids = vocab.numericalize(read)
    sampling = Sampling(HELD_TEMPERATURE)
    both = [
        units.write_held(models.lm, ids, sampling, unit=u, value=float(value), **settings)
        for u in (None, unit)
    ]
    texts = []
    for drawn in both:
        _, pieces = tokens.continued(prompt, read, [vocab.words[i] for i in drawn])
        texts.append("".join(piece.space + piece.text for piece in pieces))
    shared = next((i for i, (a, b) in enumerate(zip(*both, strict=False)) if a != b), None)
    same = min(map(len, both)) if shared is None else shared
    elapsed = 1_000 * (time.perf_counter() - started)
    return Held(prompt, unit, float(value), texts[0], texts[1], same, elapsed)


__all__ = ["GATES", "Cell", "Held", "Listened", "Reading", "first", "heat_order", "hold", "read"]
