"""Which device computes what, and the functions that a GPU runs. Knows no text.

Models are kept by name: ZeroGPU runs a function in a forked worker and pickles its arguments, so a
function there takes a name and finds the weights in its own copy of this module.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from dataclasses import replace

import spaces
import torch

from ulmfit_demo import limits
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.models.classification import classify_batches
from ulmfit_demo.models.generation import Step, generate
from ulmfit_demo.models.sampling import Sampling

ZERO_GPU = bool(os.environ.get("SPACES_ZERO_GPU"))
NEVER_DRAWN = ("xxunk", "xxpad", "xxfld", "xxeos", "xxfake")

_on_cpu: dict[str, Bundle] = {}
_on_gpu: dict[str, Bundle] = {}


def register(bundle: Bundle) -> None:
    """Make `bundle` known by its name; copy it to the GPU where there is one."""
    _on_cpu[bundle.name] = bundle
    if torch.cuda.is_available():
        names = ("lm", "classifier")
        moved = {k: copy.deepcopy(getattr(bundle, k)).to("cuda") for k in names}
        _on_gpu[bundle.name] = replace(bundle, **moved)


def live_models(name: str) -> tuple[Bundle, str]:
    """The models of keystroke work and their device: ZeroGPU bills every call, so there the CPU."""
    return (_on_cpu[name], "CPU") if ZERO_GPU else gpu_models(name)


def gpu_models(name: str) -> tuple[Bundle, str]:
    """The models on the GPU where there is one, else on the CPU; and the device's name."""
    if name in _on_gpu and torch.cuda.is_available():
        return _on_gpu[name], torch.cuda.get_device_name()
    return _on_cpu[name], "CPU"


def never_drawn(vocab: list[str]) -> list[int]:
    """Ids that no text should hold."""
    return [i for i, w in enumerate(vocab) if w in NEVER_DRAWN]


@spaces.GPU(duration=limits.GPU_SECONDS)
def classify_on_gpu(
    name: str, documents: list[list[int]]
) -> Iterator[tuple[list[int], list[float], str]]:
    """Probability of positive, a batch at a time: (positions, values, device)."""
    models, device = gpu_models(name)
    positive = models.config["classes"].index("pos")
    for which, probs in classify_batches(models.classifier, documents):
        yield which, probs[:, positive].tolist(), device


@spaces.GPU(duration=limits.GPU_SECONDS)
def generate_on_gpu(
    name: str,
    prompt: list[int],
    forced: list[int],
    sampling: Sampling,
    n_steps: int,
    n_texts: int,
    first_text: int,
    seed: int,
) -> Iterator[tuple[Step, str]]:
    """Tokens drawn after `prompt` and `forced`, a step at a time, with the device's name."""
    models, device = gpu_models(name)
    for step in generate(
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
    ):
        yield step, device
