"""What training changes: the next word after one prompt, by every state that the bundle holds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.awd_lstm import Encoder
from ulmfit_demo.models.bundle import Bundle, BundleError, Snapshot
from ulmfit_demo.models.generation import likeliest_next
from ulmfit_demo.tokens import Vocab

log = logging.getLogger("ulmfit_demo")


@dataclass(frozen=True)
class StageWords:
    """What one state of the model expects next."""

    title: str
    words: tuple[tuple[str, float], ...]  # the likeliest, with their probabilities
    n_vocab: int  # words that it knows
    n_shared: int  # of them the bundle's language model knows too
    unknown: tuple[str, ...] = ()  # tokens of the prompt that it reads as `xxunk`


@devices.retry_on_cpu
def before_and_after(loaded: LoadedModels, prompt: str, n: int = 10) -> list[StageWords]:
    """The `n` likeliest next words of every stage that the bundle holds, each in its own vocabulary.

    What the classifier kept of the language: its encoder, decoded with its own embedding and the
    language model's bias. Fine-tuning had no reason to keep it. Raises `Refused` without a model, or
    where the files of an earlier state cannot be read.
    """
    vocab = loaded.words()
    read = tuple(t.text for t in tokens.fastai_words(prompt).tokens)
    models, _ = devices.live_models(loaded.model.key)
    result = []
    try:
        for s in models.snapshots:
            own = vocab_of(s, vocab)
            found = _likeliest(s.model.body, s.model.bias, own, read, n)
            result.append(StageWords(s.title, found, len(own), s.n_shared, unknown(own, read)))
    except (BundleError, ValueError) as e:
        log.warning("an earlier state of the model: %s", e)
        raise limits.Refused(
            "An earlier state of the model cannot be read; the reason is in the server's log."
        ) from e
    for title, body in (
        (last_title(models), models.lm.body),
        ("what the classifier kept of it", models.classifier.body),
    ):
        found = _likeliest(body, models.lm.bias, vocab, read, n)
        result.append(StageWords(title, found, len(vocab), len(vocab), unknown(vocab, read)))
    return result


def vocab_of(stage: Snapshot, bundle_vocab: Vocab) -> Vocab:
    """The vocabulary of an earlier stage: `bundle_vocab` or its own, which is made once.

    Raises:
        BundleError, ValueError: its words cannot be read, or are no vocabulary.
    """
    return bundle_vocab if stage.vocab_path is None else _vocab(devices.Same(stage.vocab))


@lru_cache(maxsize=4)  # the dictionary of 60,000 words takes as long as the model's next word
def _vocab(same: devices.Same) -> Vocab:
    return Vocab(same.vocab)


def last_title(bundle: Bundle) -> str:
    """What the last state of the language model is called beside the earlier ones."""
    before = [s.title for s in bundle.snapshots if s.vocab_path is not None]
    if before:  # it read another corpus, with other words
        return f"{before[-1]}, then the reviews"
    return "language model, at the end of its training"


def unknown(vocab: Vocab, read: Sequence[str]) -> tuple[str, ...]:
    """The tokens of `read` that `vocab` lacks, each once, in order."""
    return tuple(dict.fromkeys(t for t in read if t not in vocab))


def _likeliest(
    body: Encoder, bias: torch.Tensor, vocab: Vocab, read: Sequence[str], n: int
) -> tuple[tuple[str, float], ...]:
    """The `n` likeliest words of `vocab` after the tokens `read`, with their probabilities."""
    banned = devices.never_drawn(vocab.words)
    found = likeliest_next(body, bias, vocab.numericalize(read), n, banned)
    return tuple((vocab.words[i], p) for i, p in found)
