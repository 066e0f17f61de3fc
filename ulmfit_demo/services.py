"""What the tabs call: one function a question, text in and plain results out. Draws nothing.

It ties tokenizers, vocabulary and models together. Everything held here is read-only after `load`;
what belongs to one visitor travels as arguments and results.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import spaces
import torch

from ulmfit_demo import limits, tokens
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.models.awd_lstm import classify
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.tokens import SubwordLadder, Tokenized, Vocab

ZERO_GPU = bool(os.environ.get("SPACES_ZERO_GPU"))
NEVER_DRAWN = ("xxunk", "xxpad", "xxfld", "xxeos", "xxfake")

# Models by name, for functions that ZeroGPU runs in a forked worker: its arguments are pickled, so a
# function there takes a name and finds the weights in its own copy of this module.
_on_cpu: dict[str, bundles.Bundle] = {}
_on_gpu: dict[str, bundles.Bundle] = {}


@dataclass(frozen=True)
class Verdict:
    """What the classifier says of one text."""

    positive: float  # probability, 0 to 1
    n_tokens: int
    n_unknown: int
    device: str
    milliseconds: float


@dataclass(frozen=True)
class Written:
    """The state of a generation after a step."""

    texts: list[str]  # as a person would write them, the prompt left out
    tokens: list[list[str]]
    ended: list[bool]
    n_steps: int
    milliseconds: float
    device: str


@dataclass(frozen=True)
class Services:
    ladder: SubwordLadder
    bundle: bundles.Bundle | None
    vocab: Vocab | None
    missing: str = ""  # the sentence that says why there is no model

    def tokenize(self, text: str, tokenizer: str, size: int = 1_000) -> Tokenized:
        """`text` under one of `TOKENIZERS`; `size` is the subword vocabulary's."""
        if tokenizer == "subwords":
            return self.ladder.tokenize(text, size)
        if tokenizer == "fastai":
            return tokens.fastai_words(text, vocab=self.vocab)
        return {
            "characters": tokens.characters,
            "whitespace": tokens.whitespace,
            "spacy": tokens.spacy_words,
        }[tokenizer](text)

    def numericalize(self, text: str) -> list[int]:
        """Ids of `text` as the model reads it, `xxbos` first. Raises `Refused` without a model."""
        return self._vocab().numericalize(t.text for t in tokens.fastai_words(text).tokens)

    def _vocab(self) -> Vocab:
        if self.vocab is None or self.bundle is None:
            raise limits.Refused(self.missing)
        return self.vocab

    def sentiment(self, text: str) -> Verdict | None:
        """The classifier's verdict on `text`; None for a text without any word."""
        self._vocab()
        if not text.strip():
            return None
        started = time.perf_counter()
        ids = self.numericalize(text)
        models, device = _live_models(self.bundle.name)
        probs = classify(models.classifier, [ids])[0]
        return Verdict(
            positive=float(probs[models.config["classes"].index("pos")]),
            n_tokens=len(ids),
            n_unknown=ids.count(0),
            device=device,
            milliseconds=1_000 * (time.perf_counter() - started),
        )

    def sentiment_of_lines(self, texts: Sequence[str]) -> tuple[list[float], str, float]:
        """Probability of positive for every text: (values, device, milliseconds)."""
        documents = [self.numericalize(t) for t in texts]
        started = time.perf_counter()
        positive, device = classify_on_gpu(self.bundle.name, documents)
        return positive, device, 1_000 * (time.perf_counter() - started)

    def write(
        self, prompt: str, sampling: Sampling, n_steps: int, n_texts: int, seed: int
    ) -> Iterator[Written]:
        """Continue `prompt`, one token at a time; yields after each. Raises `Refused`."""
        vocab = self._vocab()
        ids = self.numericalize(prompt)
        drawn: list[list[str]] = [[] for _ in range(n_texts)]
        written = Written([""] * n_texts, drawn, [False] * n_texts, 0, 0.0, _device_name(_live()))
        yield written
        args = (self.bundle.name, ids, sampling, n_steps, n_texts, seed)
        started = time.perf_counter()
        for i, (step, device) in enumerate(generate_on_gpu(*args)):
            for words, id_ in zip(drawn, step, strict=True):
                if id_ is not None:
                    words.append(vocab.words[id_])
            yield Written(
                texts=[tokens.detokenize(words) for words in drawn],
                tokens=[list(words) for words in drawn],
                ended=[id_ is None for id_ in step],
                n_steps=i + 1,
                milliseconds=1_000 * (time.perf_counter() - started),
                device=device,
            )


def _live() -> torch.device:
    """Where keystroke work runs: ZeroGPU bills every call, so there it stays on the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() and not ZERO_GPU else "cpu")


def _live_models(name: str) -> tuple[bundles.Bundle, str]:
    device = _live()
    return (_on_gpu if device.type == "cuda" else _on_cpu)[name], _device_name(device)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _gpu_models(name: str) -> tuple[bundles.Bundle, str]:
    if name in _on_gpu and torch.cuda.is_available():
        return _on_gpu[name], _device_name(torch.device("cuda"))
    return _on_cpu[name], "CPU"


@spaces.GPU(duration=limits.GPU_SECONDS)
def classify_on_gpu(name: str, documents: list[list[int]]) -> tuple[list[float], str]:
    """Probability of positive for many documents, on the GPU where there is one."""
    models, device = _gpu_models(name)
    probs = classify(models.classifier, documents)
    return probs[:, models.config["classes"].index("pos")].tolist(), device


@spaces.GPU(duration=limits.GPU_SECONDS)
def generate_on_gpu(
    name: str, prompt: list[int], sampling: Sampling, n_steps: int, n_texts: int, seed: int
) -> Iterator[tuple[list[int | None], str]]:
    """Ids drawn after `prompt`, a step at a time, on the GPU where there is one."""
    models, device = _gpu_models(name)
    vocab = models.vocab
    banned = [i for i, w in enumerate(vocab) if w in NEVER_DRAWN]
    for step in generate(
        models.lm,
        prompt,
        sampling,
        n_steps=n_steps,
        n_texts=n_texts,
        seed=seed,
        banned=banned,
        stop=[vocab.index("xxbos")],
    ):
        yield step.ids, device


def load(assets: Path) -> Services:
    """Read what `assets` holds. A missing model or ladder leaves its tabs to say so."""
    bundle, vocab, missing = None, None, ""
    folder = Path(os.environ.get("ULMFIT_BUNDLE", assets / "models" / "imdb"))
    try:
        bundle = bundles.load(folder)
        vocab = Vocab(bundle.vocab)
        _on_cpu[bundle.name] = bundle
        if torch.cuda.is_available():
            _on_gpu[bundle.name] = _copy_to_gpu(bundle)
    except bundles.BundleError as e:
        bundle, vocab = None, None
        missing = f"No model could be loaded ({e}). `python -m train` makes one."
    return Services(
        ladder=SubwordLadder(assets / "subwords"),
        bundle=bundle,
        vocab=vocab,
        missing=missing,
    )


def _copy_to_gpu(bundle: bundles.Bundle) -> bundles.Bundle:
    return bundles.Bundle(
        **{
            **vars(bundle),
            **{k: copy.deepcopy(getattr(bundle, k)).to("cuda") for k in ("lm", "classifier")},
        }
    )
