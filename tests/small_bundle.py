"""A whole bundle of random weights, small enough to be made for every test."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.models.awd_lstm import Classifier, LanguageModel, Sizes

SIZES = Sizes(vocab_sz=12, emb_sz=8, n_hid=12, n_layers=2)
WORDS = ["xxunk", "xxpad", "xxbos", "xxfld", "xxrep", "the", "film", "is", "good", "bad", ".", "a"]
CONFIG = {
    "format": 1,
    "vocab_sz": 12,
    "emb_sz": 8,
    "n_hid": 12,
    "n_layers": 2,
    "classes": ["neg", "pos"],
    "classifier": {"lin_ftrs": 4, "bptt": 7, "max_len": 28},
}


def write(folder: Path) -> Path:
    """Make the bundle in `folder`, which is made too."""
    torch.manual_seed(1)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "vocab.json").write_text(json.dumps(WORDS))
    bundles.save_weights(LanguageModel(SIZES), folder / "lm.safetensors")
    bundles.save_weights(classifier(), folder / "classifier.safetensors")
    return folder


def classifier() -> Classifier:
    """A classifier of the bundle's sizes, with random weights."""
    return Classifier(SIZES, 4, 2, 7, 28)
