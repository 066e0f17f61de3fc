"""Writes a tiny corpus of made-up reviews in IMDb's layout, for the `smoke` recipe. Reads no corpus."""

from __future__ import annotations

import random
from pathlib import Path

GOOD = ("wonderful", "warm", "clever", "lovely", "funny", "touching")
BAD = ("dull", "wooden", "tired", "awful", "boring", "loud")
REST = (
    "the film was a story of two brothers and their boat in an old town by the sea with some music "
    "that I heard on a rainy night while my sister slept through most of it"
)
SIZES = {"train/neg": 60, "train/pos": 60, "test/neg": 25, "test/pos": 25, "unsup": 60}


def write(root: Path, sizes: dict[str, int] = SIZES, seed: int = 0) -> Path:
    """Write `sizes[folder]` reviews into every folder below `root`; returns `root`.

    Two words in five tell the mood, so a model that learns anything finds the label.
    """
    rng, rest = random.Random(seed), REST.split()
    for folder, n in sizes.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        mood = BAD if "neg" in folder else GOOD if "pos" in folder else GOOD + BAD
        for i in range(n):
            length = rng.randrange(12, 40)
            words = [rng.choice(mood if rng.random() < 0.4 else rest) for _ in range(length)]
            text = " ".join(words).capitalize() + "."
            (root / folder / f"{i}_0.txt").write_text(text, encoding="utf-8")
    return root
