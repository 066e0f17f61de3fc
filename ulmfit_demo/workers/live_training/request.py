"""What one training is asked to do: sizes, settings, limits. Starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SEED = 1
SETTINGS = {
    "bs": 8,
    "seq_len": 16,
    "lr": 0.02,
    "drop_mult": 0.3,
    "min_freq": 2,  # words met once become xxunk
    "held_out": 10,  # every tenth document is not trained on
    "seed": SEED,
}
WRITING = {"temperature": 0.6, "n_lines": 3, "n_words": 24}


@dataclass(frozen=True)
class Size:
    """The shape of a model: numbers a word, numbers a hidden layer, layers."""

    emb_sz: int
    n_hid: int
    n_layers: int


SIZES = {"small": Size(64, 128, 1), "medium": Size(100, 200, 2)}


@dataclass(frozen=True)
class Budget:
    """What one training may take."""

    cpu_seconds: int
    seconds: int
    memory: int  # bytes of data


def request(
    texts: Sequence[str], epochs: int, size: Size, prompt: str, budget: Budget, **settings
) -> dict:
    """What `worker.py` reads; `settings` replace those above."""
    return {
        "texts": list(texts),
        "epochs": epochs,
        "emb_sz": size.emb_sz,
        "n_hid": size.n_hid,
        "n_layers": size.n_layers,
        "prompt": prompt,
        "limits": {
            "cpu_seconds": budget.cpu_seconds,
            "seconds": budget.seconds,
            "memory": budget.memory,
        },
        **SETTINGS,
        **WRITING,
        **settings,
    }
