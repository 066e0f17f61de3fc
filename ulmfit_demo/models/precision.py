"""Which precision a machine should use: measured once, checked against fp32. Computes no result.

Three jobs differ in what is fast: `write` (one token a row), `read` (one text, where a text must
score the same alone and as a prefix of another) and `batch` (many texts). A job's first use measures,
in well under two seconds; `ULMFIT_PRECISION` or an argument decides instead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ulmfit_demo.models.engine import Engine, Unavailable
from ulmfit_demo.models.workers import compute_alone

ENV = "ULMFIT_PRECISION"
EXACT = ("fp32", "half")  # half is exact with the weights of a bundle, which are fp16
CANDIDATES = {
    "write": ("fp32", "half", "int8"),
    "read": ("fp32", "half", "int8"),
    "batch": ("fp32", "bf16", "int8"),
}
ALL = ("fp32", "half", "bf16", "int8")
GAIN = 1.1  # int8 is taken where it is so much faster than fp32: its rounding changes a seed's text
WRONG = 0.1  # features further from fp32's than this share are not rounding
ROUNDS = 9
STEPS = 8  # tokens of a round of writing; the first finds the caches as another precision left them
SECONDS = 1.0  # no new round is started after this
HOPELESS = 2.0  # times the best of the first round: not measured again


@dataclass(frozen=True)
class Choice:
    """What one job uses on this machine, and why."""

    precision: str
    milliseconds: dict[str, float]  # per candidate that could run, the fastest of the rounds
    excluded: dict[str, str]  # candidate → why not
    forced: bool = False


_choices: WeakKeyDictionary[Engine, dict[str, Choice]] = WeakKeyDictionary()
_lock = Lock()


def choose(engine: Engine, job: str, wanted: str | None = None) -> str:
    """The precision of `job` for `engine`: `wanted`, or `ULMFIT_PRECISION`, or what measured best.

    Raises:
        ValueError: `wanted` or the environment names no precision.
        Unavailable: this machine cannot run the one that was asked for.
    """
    if wanted == "fp32":
        return wanted
    return explain(engine, job, wanted).precision


def explain(engine: Engine, job: str, wanted: str | None = None) -> Choice:
    """As `choose`, with the measurement."""
    asked = wanted or os.environ.get(ENV) or None
    if asked is not None and asked not in ALL:
        raise ValueError(f"{asked!r} is no precision; there are {', '.join(ALL)}")
    if asked is not None and asked not in CANDIDATES[job]:
        if wanted:
            raise Unavailable(f"{asked} cannot {job}; {', '.join(CANDIDATES[job])} can")
        asked = "fp32"  # the environment speaks for all jobs; one that cannot stays exact
    key = f"{job} {asked or ''}"
    found = _choices.get(engine, {}).get(key)
    if found is not None:  # nobody who is typing waits while another job is measured
        return found
    with _lock:  # two at once would measure each other
        known = _choices.setdefault(engine, {})
        if key not in known:
            known[key] = _forced(engine, job, asked) if asked else _measure(engine, job)
        return known[key]


def _forced(engine: Engine, job: str, precision: str) -> Choice:
    with torch.inference_mode():
        reason = _check(engine, job, precision)
    if reason:
        raise Unavailable(reason)
    return Choice(precision, {}, {}, forced=True)


def _measure(engine: Engine, job: str) -> Choice:
    runs: dict[str, Callable[[], Tensor]] = {}
    excluded: dict[str, str] = {}
    with torch.inference_mode():
        for name in CANDIDATES[job]:
            reason = _check(engine, job, name)
            if reason:
                excluded[name] = reason
            else:
                runs[name] = _writer(engine, name) if job == "write" else _probe(engine, job, name)
    best = _alone(lambda: _race(engine, job, runs)) if job == "write" else _race(engine, job, runs)
    exact = min((n for n in best if n in EXACT), key=best.__getitem__)
    fastest = min(best, key=best.__getitem__)
    chosen = fastest if best[fastest] * GAIN < best[exact] else exact
    used = {c.precision for c in _choices.get(engine, {}).values()} | {chosen, "fp32"}
    for name in set(ALL) - used:
        engine.drop(name)
    return Choice(chosen, best, excluded)


def _race(engine: Engine, job: str, runs: dict[str, Callable[[], Tensor]]) -> dict[str, float]:
    """The shortest time of each of `runs` in ms, over rounds in which they take turns."""
    device = engine.body.encoder.weight.device.type
    # On a busy CPU the thread's own time tells more than the wall's.
    clock = time.perf_counter if device == "cuda" else time.thread_time
    best = dict.fromkeys(runs, float("inf"))
    started = time.perf_counter()
    with torch.inference_mode():
        for _ in range(ROUNDS):
            for name, run in runs.items():
                if HOPELESS * min(best.values()) < best[name] < float("inf"):
                    continue
                times = []
                for _ in range(STEPS if job == "write" else 1):
                    start = clock()
                    run()
                    if device == "cuda":
                        torch.cuda.synchronize()
                    times.append(1_000 * (clock() - start))
                best[name] = min(best[name], *(times[1:] or times))
            if time.perf_counter() - started > SECONDS:
                break
    return best


def _alone(function: Callable[[], dict[str, float]]) -> dict[str, float]:
    """`function` in a thread that shares its products with no other: its own clock then counts all of
    the work, and not what the other threads' share happened to be."""
    found: list[dict[str, float]] = []

    def run() -> None:
        compute_alone()
        found.append(function())

    thread = Thread(target=run, name="precision")
    thread.start()
    thread.join()
    return found[0]


def _writer(engine: Engine, precision: str) -> Callable[[], Tensor]:
    """A step of two texts that are being written: a token each → the logits of the next."""
    ids = torch.arange(2, device=engine.body.encoder.weight.device)
    state = engine.body.zero_state(2)

    def step() -> Tensor:
        nonlocal state
        features, state = engine.step(ids, state, precision)
        return features if engine.bias is None else engine.decode(features, precision)

    return step


def _probe(engine: Engine, job: str, precision: str) -> Callable[[], Tensor]:
    """A small piece of `job` whose result is features (or logits) in fp32."""
    rows, length = {"write": (4, 2), "read": (1, 48), "batch": (16, 12)}[job]
    vocab_sz = engine.body.sizes.vocab_sz
    ids = torch.arange(rows * length).mul(7_919).remainder(vocab_sz).view(rows, length)
    ids = ids.to(engine.body.encoder.weight.device)

    def write() -> Tensor:
        state = engine.body.zero_state(rows)
        for column in ids.unbind(1):
            features, state = engine.step(column, state, precision)
            result = features if engine.bias is None else engine.decode(features, precision)
        return result

    if job == "write":
        return write
    return lambda: engine.read(ids, engine.body.zero_state(rows), precision)[0]


def _check(engine: Engine, job: str, precision: str) -> str:
    """Why `precision` must not be used for `job`; empty where it may."""
    try:
        result = _probe(engine, job, precision)()
    except (Unavailable, RuntimeError) as e:
        return f"{precision} does not run here: {str(e).splitlines()[0]}"
    expected = _probe(engine, job, "fp32")()
    off = float((result - expected).norm() / expected.norm().clamp_min(1e-12))
    # Not `off > WRONG`: a result that is no number must fail too.
    return "" if off <= WRONG else f"{precision} is off by {off:.0%} here"
