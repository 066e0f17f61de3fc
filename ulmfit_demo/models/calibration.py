"""A classifier's temperature and the band in which it is not sure, as a bundle holds them.

`train/calibration_fit.py` fits both.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

POSITIVE, NEGATIVE, UNSURE = "positive", "negative", "not sure"  # a verdict, in every view and file
FORWARDS, BACKWARDS = "calibration", "calibration_backwards"  # keys of a bundle's config


@dataclass(frozen=True)
class Calibration:
    """What a bundle's `config.json` may hold under `calibration` and `calibration_backwards`."""

    temperature: float = 1.0
    low: float = 0.5  # probabilities strictly between low and high: not sure
    high: float = 0.5

    def unsure(self, positive: float) -> bool:
        return self.low < positive < self.high

    def verdict(self, positive: float) -> str:
        """`POSITIVE`, `NEGATIVE` or, inside the band, `UNSURE`."""
        if self.unsure(positive):
            return UNSURE
        return POSITIVE if positive >= 0.5 else NEGATIVE


def probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """logits [..., n_classes] → probabilities, softened by `temperature`; the verdict stays."""
    return (logits.float() / temperature).softmax(-1)


def from_config(config: dict, key: str = FORWARDS) -> Calibration:
    """The calibration that a bundle's config holds; temperature 1 and no band where it holds none."""
    known = {k: float(v) for k, v in config.get(key, {}).items() if k in _FIELDS}
    result = Calibration(**known)
    if not (result.temperature > 0 and 0 <= result.low <= 0.5 <= result.high <= 1):
        raise ValueError(f"{key} {known} is no temperature with a band around 0.5")
    return result


_FIELDS = tuple(Calibration.__dataclass_fields__)
