"""Two classifiers without a network, to show beside ours: NB-SVM and VADER. Trains nothing.

NB-SVM: Wang & Manning, "Baselines and Bigrams" (2012), as one weight an n-gram; `python -m train
baselines` fits it and keeps the strongest. VADER: Hutto & Gilbert (2014), a lexicon with rules.

nbsvm.safetensors   weights fp32 [n_grams], bias fp32 [1]
nbsvm.json          {"format": 1, "grams": ["good", "not good", ...], ...}: words of an n-gram
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

FORMAT = 1
MAX_GRAMS = 50_000
VADER_CHARACTERS = 2_000  # VADER is quadratic in places: 20,000 emoji would take minutes
VADER_EMOJI = 50  # each becomes a phrase, and every word is compared with all of them


class BaselineError(RuntimeError):
    """The files hold no usable model; the message says which and why."""


@dataclass(frozen=True)
class BaselineVerdict:
    """One baseline's verdict."""

    positive: float  # 0 to 1; for VADER no probability but its compound score moved to 0..1
    parts: tuple[tuple[str, float], ...]  # what spoke for it, strongest first; above 0: positive


class NBSVM:
    """The weights of word unigrams and bigrams: tokens → probability of positive."""

    def __init__(self, weights: dict[str, float], bias: float):
        self.weights, self.bias = weights, bias

    def __call__(self, tokens: Sequence[str], n_parts: int = 10) -> BaselineVerdict:
        """`tokens` as fastai makes them. Each n-gram counts once, however often it stands there."""
        found = {g: self.weights[g] for g in grams(tokens) if g in self.weights}
        score = self.bias + sum(found[g] for g in sorted(found))
        parts = sorted(found.items(), key=lambda p: (-abs(p[1]), p[0]))[:n_parts]
        return BaselineVerdict(1 / (1 + math.exp(-max(-50.0, min(50.0, score)))), tuple(parts))


def grams(tokens: Sequence[str]) -> set[str]:
    """The words and pairs of neighbouring words of `tokens`; fastai's markers stay in, as words."""
    return {*tokens, *(f"{a} {b}" for a, b in pairwise(tokens))}


def save_nbsvm(weights: dict[str, float], bias: float, folder: Path, about: dict) -> None:
    """Write the strongest `MAX_GRAMS` of `weights`; `about` is kept in the JSON."""
    import torch
    from safetensors.torch import save_file

    kept = sorted(weights.items(), key=lambda p: (-abs(p[1]), p[0]))[:MAX_GRAMS]
    folder.mkdir(parents=True, exist_ok=True)
    values = torch.tensor([w for _, w in kept], dtype=torch.float32)
    save_file({"weights": values, "bias": torch.tensor([bias])}, folder / "nbsvm.safetensors")
    (folder / "nbsvm.safetensors").chmod(0o644)  # it is written for its owner alone
    text = json.dumps(
        {"format": FORMAT, **about, "grams": [g for g, _ in kept]}, ensure_ascii=False
    )
    (folder / "nbsvm.json").write_text(text, encoding="utf-8")


def load_nbsvm(folder: Path) -> NBSVM:
    """Read what `save_nbsvm` wrote. Raises `BaselineError`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "nbsvm.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "nbsvm.safetensors")
    except FileNotFoundError as e:
        raise BaselineError(f"{Path(e.filename or 'nbsvm').name} is missing in {folder}") from None
    except (SafetensorError, OSError, ValueError) as e:
        raise BaselineError(f"the NB-SVM in {folder} cannot be read: {e}") from None
    if config.get("format") != FORMAT or len(config["grams"]) != len(tensors["weights"]):
        raise BaselineError(f"nbsvm.json in {folder} does not fit nbsvm.safetensors")
    return NBSVM(
        dict(zip(config["grams"], tensors["weights"].tolist(), strict=True)),
        float(tensors["bias"]),
    )


@lru_cache(maxsize=1)
def _vader():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def vader(text: str, n_parts: int = 10) -> BaselineVerdict:
    """VADER's verdict on raw `text`: capitals and exclamation marks count, so it takes no tokens.

    Only the first `VADER_CHARACTERS` count, and of emoji the first `VADER_EMOJI`. `parts` are the
    lexicon's words in the text with their own weights, before VADER's rules.
    """
    analyzer = _vader()
    text, emoji = text[:VADER_CHARACTERS], 0
    kept = []
    for character in text:
        emoji += character in analyzer.emojis
        if character not in analyzer.emojis or emoji <= VADER_EMOJI:
            kept.append(character)
    text = "".join(kept)
    compound = analyzer.polarity_scores(text)["compound"]
    words = {w.strip(".,;:!?\"'()").lower() for w in text.split()}
    found = {w: analyzer.lexicon[w] for w in words if w in analyzer.lexicon}
    parts = sorted(found.items(), key=lambda p: (-abs(p[1]), p[0]))[:n_parts]
    return BaselineVerdict((compound + 1) / 2, tuple(parts))
