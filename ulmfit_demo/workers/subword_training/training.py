"""Trains a subword model on a visitor's text, in a process of its own. Keeps nothing.

The text goes to `worker.py` through a pipe and the model comes back through another: there
is no file to delete. Closing the iterator ends the process.
"""

from __future__ import annotations

import json
import math
import re
import signal
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fastai.text.core import defaults

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.subwords import SPACE
from ulmfit_demo.workers.process import Worker

WORKER = Path(__file__).with_name("worker.py")
TYPES = ("unigram", "bpe")
SENTENCE = 1_000  # characters; SentencePiece passes over lines of more than 4,192 bytes
RESERVED = "\u2585"  # SentencePiece passes over lines with its sign for the unknown
SPECIALS = tuple(SPACE + token for token in defaults.text_spec_tok)
TICK = 0.2  # seconds between two reports
KILLED = "The training was ended on the server, not by your text. Try again."

_piece_of_line = re.compile(rf".{{1,{SENTENCE}}}(?:\s|$)|.{{1,{SENTENCE}}}")
_alphabet = re.compile(r"alphabet size=(\d+)", re.IGNORECASE)
_merged = re.compile(r"merges=(\d+)")
_seeds = re.compile(r"Initialized (\d+) seed")
_em = re.compile(r"EM sub_iter=\d+ size=(\d+)")


class TrainingError(ValueError):
    """No model came out; the message is a sentence for the visitor."""


@dataclass(frozen=True)
class Budget:
    """What one training may take."""

    cpu_seconds: int
    seconds: int
    memory: int  # bytes of address space
    largest: int  # pieces: the largest vocabulary that is trained


@dataclass(frozen=True)
class Progress:
    """Where a training is: a sentence, and how much is done (0 to 1) where that is known."""

    stage: str
    share: float | None
    seconds: float


@dataclass(frozen=True)
class Sizes:
    """The legal vocabulary sizes of a text: each from `low` to `high` trains to exactly that."""

    low: int  # special tokens, <unk> and one piece for every character that must be kept
    high: int  # what training gives when it is asked for as much as `Budget.largest`
    capped: bool  # more may be possible than `Budget.largest`


@dataclass(frozen=True)
class Trained:
    """A trained model."""

    model: bytes
    type: str
    size: int
    seconds: float


@dataclass
class _Log:
    """What SentencePiece has said so far."""

    size: int
    type: str
    stage: str = "starting"
    share: float | None = None
    alphabet: int | None = None
    seeds: int = 0
    failure: str = ""
    started: float = field(default_factory=time.monotonic)

    def read(self, line: str) -> None:
        if line.startswith("FAILED "):
            self.failure = line.removeprefix("FAILED ")
        elif "Normalizing" in line:
            self.stage = "reading the text"
        elif match := _alphabet.search(line):
            self.alphabet = int(match[1])
            self.stage = f"{self.alphabet:,} different characters"
        elif "Extracting" in line or "suffix array" in line:
            self.stage = "collecting candidate pieces"
        elif match := _seeds.search(line):
            self.seeds = int(match[1])
            self.stage = f"{self.seeds:,} candidate pieces"
        elif match := _em.search(line):
            left = int(match[1])
            self.stage = f"{left:,} candidates left, down to {self.size:,}"
            self.share = _down(self.seeds, left, self.size)
        elif match := _merged.search(line):
            n = int(match[1])
            self.stage = f"{n:,} merges"
            self.share = min(1.0, n / max(1, self.size - self.low()))

    def low(self) -> int:
        return len(SPECIALS) + 1 + (self.alphabet or 0)

    def progress(self) -> Progress:
        return Progress(self.stage, self.share, time.monotonic() - self.started)


def _down(start: int, now: int, goal: int) -> float | None:
    """How far `now` is on the way from `start` down to `goal`, pruned by shares."""
    if not start > goal > 0 or now <= 0:
        return None
    return min(1.0, max(0.0, math.log(start / now) / math.log(start / goal)))


def training_lines(text: str) -> list[str]:
    """`text` as the sentences SentencePiece reads: lines, long ones cut at a space.

    A line of up to 1,000 characters stays whole, so such a text trains as in fastai's
    `SubwordTokenizer`; without the cut SentencePiece would leave out its long lines silently.
    """
    lines = clean(text).replace(RESERVED, " ").split("\n")
    return [part for line in lines for part in _piece_of_line.findall(line)]


def settings(size: int, type: str) -> dict:
    """The trainer's arguments: those of fastai's `SentencePieceTokenizer.train`, on one thread."""
    return dict(
        vocab_size=size,
        model_type=type,
        character_coverage=0.99999,
        user_defined_symbols=list(SPECIALS),
        unk_id=len(SPECIALS),
        pad_id=-1,
        bos_id=-1,
        eos_id=-1,
        hard_vocab_limit=False,
        num_threads=1,
    )


def legal_sizes(text: str, type: str, budget: Budget) -> Iterator[Progress | Sizes]:
    """Reports, then the sizes that train on `text`.

    SentencePiece tells neither bound beforehand, so one training that asks for `budget.largest`
    pieces is read: its alphabet gives `low`, the pieces it could make give `high`.

    Raises:
        TrainingError: no size is legal, or a limit was reached.
    """
    model, log = b"", _Log(budget.largest, type)
    for step in _run(text, log, budget):
        if isinstance(step, bytes):
            model = step
        else:
            yield step
    if log.alphabet is not None and log.low() > budget.largest:
        raise TrainingError(
            f"This text has {log.alphabet:,} different characters, and each needs a piece; "
            f"this app trains up to {budget.largest:,} pieces."
        )
    if not model:
        raise TrainingError(_reason(log))
    high = _n_pieces(model)
    yield Sizes(log.low(), high, capped=high == budget.largest)


def train(text: str, size: int, type: str, budget: Budget) -> Iterator[Progress | Trained]:
    """Reports, then the model of `size` pieces.

    Raises:
        TrainingError: `size` is not legal for this text (the message names the legal sizes), or a
            limit was reached.
    """
    model, log = b"", _Log(size, type)
    if len(SPECIALS) < size <= budget.largest:
        for step in _run(text, log, budget):
            if isinstance(step, bytes):
                model = step
            else:
                yield step
        if model and _n_pieces(model) == size:
            yield Trained(model, type, size, time.monotonic() - log.started)
            return
        if not model and (log.alphabet is None or size >= log.low()):
            raise TrainingError(_reason(log))
    for found in legal_sizes(text, type, budget):
        if isinstance(found, Sizes):
            raise TrainingError(outside(size, found))
        yield found


def outside(size: int, sizes: Sizes) -> str:
    """The sentence for a size that is not legal."""
    said = f"This text allows from {sizes.low:,} to {sizes.high:,} pieces, not {size:,}. "
    if size < sizes.low:
        return f"{said}Fewer would leave one of its characters without a piece."
    if sizes.capped:
        return f"{said}{sizes.high:,} is the most that this app trains."
    return f"{said}There are no more pieces to be found in it."


def _reason(log: _Log) -> str:
    if "sentences_" in log.failure or "all_chars_count" in log.failure:
        return "There is nothing to learn in this text: it has no visible character."
    return log.failure and f"SentencePiece could not train on this text: {log.failure}"


def _n_pieces(model: bytes) -> int:
    from sentencepiece import SentencePieceProcessor

    return len(SentencePieceProcessor(model_proto=model))


def _run(text: str, log: _Log, budget: Budget) -> Iterator[Progress | bytes]:
    """Run the worker: reports, then the model's bytes (none where SentencePiece refused).

    Raises TrainingError where a limit ended it. The process is gone when this generator is.
    """
    request = {
        "trainer": settings(log.size, log.type),
        "limits": {
            "cpu_seconds": budget.cpu_seconds,
            "seconds": budget.seconds,
            "memory": budget.memory,
        },
    }
    data = json.dumps(request).encode() + b"\n" + "\n".join(training_lines(text)).encode("utf-8")
    with Worker(WORKER) as worker:
        yield log.progress()
        worker.send(data)
        model = yield from _follow(worker, log)
        _check(worker.status(), log, budget)
        yield model


def _follow(worker: Worker, log: _Log) -> Generator[Progress, None, bytes]:
    """Read what it writes to the end, reporting at least every `TICK` seconds; returns the output."""
    output, rest = bytearray(), b""
    told = 0.0
    for source, chunk in worker.chunks(TICK):
        if source == "out":
            output += chunk
        else:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                log.read(line.decode("utf-8", "replace"))
        if time.monotonic() - told >= TICK:
            told = time.monotonic()
            yield log.progress()
    return bytes(output)


def _check(status: int, log: _Log, budget: Budget) -> None:
    """Raise TrainingError where a limit ended the worker. Status 3: SentencePiece refused."""
    if status in (0, 3):
        return
    if -status == signal.SIGALRM:
        raise TrainingError(
            f"This took more than {budget.seconds} seconds, the limit here. Try a shorter text."
        )
    if -status == signal.SIGKILL and time.monotonic() - log.started < budget.cpu_seconds:
        raise TrainingError(KILLED)  # it cannot have reached its limit
    if -status in (signal.SIGKILL, signal.SIGXCPU):
        raise TrainingError(
            f"This took more than {budget.cpu_seconds} seconds of computing, the limit here. "
            "Try a shorter text."
        )
    raise TrainingError(
        f"This needed more than {budget.memory // 2**20:,} MiB of memory, the limit here. "
        "Try a shorter text."
    )
