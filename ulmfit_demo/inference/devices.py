"""Which device computes what, and the functions that a GPU runs. Knows no text.

Models are kept by their bundle's key: ZeroGPU runs a function in a forked worker and pickles its
arguments, so a function there takes a key and finds the weights in its own copy of this module.
"""

from __future__ import annotations

import copy
import functools
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace

import torch

from ulmfit_demo import limits
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.models.classification import classify_batches, precision_for
from ulmfit_demo.models.generation import Step, generate
from ulmfit_demo.models.sampling import Sampling

ZERO_GPU = bool(os.environ.get("SPACES_ZERO_GPU"))
if ZERO_GPU:
    from spaces import GPU as borrows_gpu
else:  # elsewhere `spaces.GPU` does nothing, and importing it takes a third of a second of every start

    def borrows_gpu(duration: int) -> Callable[[Callable], Callable]:
        """`spaces.GPU` where there is no ZeroGPU: the function as it is."""
        return lambda function: function


WRITES_IN = "fp32" if ZERO_GPU else None  # texts are written on its GPUs; None: as measured here
FULL = "CPU, since the GPU's memory was full"
log = logging.getLogger("ulmfit_demo")
NEVER_DRAWN = ("xxunk", "xxpad", "xxfld", "xxeos", "xxfake")

_on_cpu: dict[str, Bundle] = {}
_on_gpu: dict[str, Bundle] = {}
_gpu_is_full: ContextVar[bool] = ContextVar("gpu_is_full", default=False)  # for this request


def register(bundle: Bundle) -> None:
    """Make `bundle` known by its key; copy it to the GPU where there is one."""
    _on_cpu[bundle.key] = bundle
    if torch.cuda.is_available():
        models = {k: getattr(bundle, k) for k in ("lm", "classifier", "classifier_backwards")}
        try:
            moved = {k: copy.deepcopy(m).to("cuda") for k, m in models.items() if m is not None}
        except torch.OutOfMemoryError:
            log.warning("the GPU has no memory for %s: it is computed on the CPU", bundle.name)
        else:
            _on_gpu[bundle.key] = replace(bundle, **moved)


def live_models(key: str) -> tuple[Bundle, str]:
    """The models of keystroke work and their device: ZeroGPU bills every call, so there the CPU."""
    return (_on_cpu[key], "CPU") if ZERO_GPU else gpu_models(key)


def gpu_models(key: str) -> tuple[Bundle, str]:
    """The models on the GPU where there is one, else on the CPU; and the device's name."""
    if _gpu_is_full.get():
        return _on_cpu[key], FULL
    if key in _on_gpu and torch.cuda.is_available():
        return _on_gpu[key], torch.cuda.get_device_name()
    return _on_cpu[key], "CPU"


def retry_on_cpu(function: Callable) -> Callable:
    """Decorator: where the GPU's memory does not suffice, the call is made again on the CPU."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except torch.OutOfMemoryError:
            pass  # its traceback holds the tensors of the failed call until here
        _make_room()
        token = _gpu_is_full.set(True)
        try:
            return function(*args, **kwargs)
        finally:
            _gpu_is_full.reset(token)

    return call


def _make_room() -> None:
    log.warning("the GPU's memory was full: this request goes on on the CPU")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def never_drawn(vocab: Sequence[str]) -> list[int]:
    """Ids that no text should hold, ascending."""
    return list(_never_drawn(Same(vocab)))


class Same:
    """A list of words as the key of a cache: equal to itself alone, its words are not compared."""

    def __init__(self, vocab: Sequence[str]):
        self.vocab = vocab

    def __hash__(self) -> int:
        return id(self.vocab)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.vocab is self.vocab


@functools.lru_cache(maxsize=8)  # looking through 30,000 words takes as long as reading a word
def _never_drawn(same: Same) -> tuple[int, ...]:
    return tuple(i for i, word in enumerate(same.vocab) if word in NEVER_DRAWN)


@borrows_gpu(duration=limits.GPU_SECONDS)
def classify_on_gpu(
    key: str, documents: list[list[int]]
) -> Iterator[tuple[list[int], list[float], str, str]]:
    """Probability of positive, a batch at a time: (positions, values, device, precision)."""
    models, device = gpu_models(key)
    positive = models.config["classes"].index("pos")
    left = dict(enumerate(documents))
    try:
        precision = precision_for(models.classifier, len(documents))
        for which, probs in classify_batches(models.classifier, documents, precision=precision):
            yield which, probs[:, positive].tolist(), device, precision
            for i in which:
                del left[i]
        return
    except torch.OutOfMemoryError:
        pass
    _make_room()
    places, classifier = list(left), _on_cpu[key].classifier
    precision = precision_for(classifier, len(left))
    for which, probs in classify_batches(classifier, list(left.values()), precision=precision):
        yield [places[i] for i in which], probs[:, positive].tolist(), FULL, precision


@borrows_gpu(duration=limits.GPU_SECONDS)
def generate_on_gpu(
    key: str,
    prompt: list[int],
    forced: list[int],
    sampling: Sampling,
    n_steps: int,
    n_texts: int,
    first_text: int,
    seed: int,
) -> Iterator[tuple[Step, str]]:
    """Tokens drawn after `prompt` and `forced`, a step at a time, with the device's name."""

    def steps(models: Bundle, precision: str | None = None) -> Iterator[Step]:
        return generate(
            models.lm,
            prompt,
            sampling,
            n_steps=n_steps,
            n_texts=n_texts,
            seed=seed,
            banned=never_drawn(models.vocab),
            stop=[models.vocab.index("xxbos")],
            forced=forced,
            first_text=first_text,
            n_alternatives=limits.ALTERNATIVES,
            precision=precision,
        )

    models, device = gpu_models(key)
    drawn: list[list[int | None]] = []
    precision = None
    try:
        for step in steps(models):
            drawn.append(step.ids)
            precision = step.precision
            yield step, device
        return
    except torch.OutOfMemoryError:
        pass
    _make_room()
    # The luck of a token does not hang on the device: the CPU draws the same ones again, unseen.
    for k, step in enumerate(steps(_on_cpu[key], precision)):
        if k >= len(drawn):
            yield step, FULL
        elif step.ids != drawn[k]:
            raise limits.Refused("The GPU's memory is full. Press Write again in a moment.")
