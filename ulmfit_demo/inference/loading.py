"""Loads the models, tokenizers and vocabulary of the app, once for all visitors.

All of it is read-only after `load`; what belongs to one visitor travels as arguments and results.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices
from ulmfit_demo.models import baselines
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.tokens import SubwordLadder, Tokenized, Vocab
from ulmfit_demo.workers.live_training.supervisor import Supervisor

log = logging.getLogger("ulmfit_demo")
FILES = ["*.json", "*.jsonl", "*.safetensors", "*.md"]  # of a bundle on the Hub


@dataclass(frozen=True, eq=False)  # one app holds one; its answers are kept by it
class LoadedModels:
    """The models, tokenizers and vocabulary that were found in `assets`."""

    ladder: SubwordLadder
    bundle: bundles.Bundle | None
    vocab: Vocab | None
    missing: str = ""  # the sentence that says why there is no model
    nbsvm: baselines.NBSVM | None = None
    # the one line of those who train live, from the page or from a program
    supervisor: Supervisor = field(default_factory=lambda: Supervisor(limits.LIVE_WAITING))

    def tokenize(self, text: str, tokenizer: str, size: int = 1_000) -> Tokenized:
        """`text` under one of the app's tokenizers; `size` is the subword vocabulary's."""
        if tokenizer == "subwords":
            return self.ladder.tokenize(text, size)
        if tokenizer == "fastai":
            return tokens.fastai_words(text, vocab=self.vocab)
        return {
            "characters": tokens.characters,
            "whitespace": tokens.whitespace,
            "spacy": tokens.spacy_words,
        }[tokenizer](text)

    @property
    def model(self) -> bundles.Bundle:
        """The bundle. Raises `Refused` without a model."""
        if self.bundle is None:
            raise limits.Refused(self.missing)
        return self.bundle

    def numericalize(self, text: str) -> list[int]:
        """Ids of `text` as the model reads it, `xxbos` first. Raises `Refused` without a model."""
        return self.words().numericalize(tokens.fastai_tokens(text))

    def words(self) -> Vocab:
        """The model's vocabulary. Raises `Refused` without a model."""
        if self.vocab is None or self.bundle is None:
            raise limits.Refused(self.missing)
        return self.vocab


def load(assets: Path, wanted: str | None = None) -> LoadedModels:
    """Read what `assets` holds. A missing model or ladder leaves its tabs to say so.

    `wanted`: another bundle, as a folder or OWNER/NAME; without it the environment's ULMFIT_BUNDLE.
    """
    bundle, vocab, missing, nbsvm = None, None, "", None
    wanted = wanted or os.environ.get("ULMFIT_BUNDLE")
    try:
        folder = bundle_folder(wanted, assets / "models" / "imdb")
        bundle = bundles.load(folder)
        vocab = Vocab(bundle.vocab)
        devices.register(bundle)
    except bundles.BundleError as e:
        bundle, vocab = None, None
        missing = f"No model could be loaded ({e}). `python -m train` makes one."
    try:
        nbsvm = baselines.load_nbsvm(assets / "baselines")
    except baselines.BaselineError as e:
        log.warning("no NB-SVM beside our classifier: %s", e)
    return LoadedModels(SubwordLadder(assets / "subwords"), bundle, vocab, missing, nbsvm)


def bundle_folder(wanted: str | None, default: Path) -> Path:
    """`wanted` as a folder, or as OWNER/NAME of the Hugging Face Hub; `default` where it is not given.

    Raises `BundleError` where the Hub cannot give it.
    """
    if not wanted:
        return default
    if Path(wanted).is_dir():
        return Path(wanted)
    if wanted.count("/") != 1 or wanted.startswith((".", "/")):
        raise bundles.BundleError(f"{wanted} is no folder and no OWNER/NAME")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(wanted, allow_patterns=FILES))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as e:
        raise bundles.BundleError(f"{wanted} cannot be fetched from the Hub: {e}") from None
