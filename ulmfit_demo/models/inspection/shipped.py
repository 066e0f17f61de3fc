"""What `python -m train inside` measured on held-out reviews and wrote to the bundle. Measures nothing.

`inside.json` holds numbers only: no word of a review. It names the weights that it was measured on, and
is left alone where the bundle has others.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ulmfit_demo.models.bundle import Bundle

log = logging.getLogger("ulmfit_demo")
FILE = "inside.json"


@dataclass(frozen=True)
class Units:
    """Every unit of the last layer, over held-out reviews."""

    auc: tuple[float, ...]  # of its mean over a review: how well it parts praise from blame
    low: tuple[float, ...]  # 1st percentile of its values
    high: tuple[float, ...]  # 99th
    lifting: tuple[tuple[int, ...], ...]  # ids of the words after which it is highest
    lowering: tuple[tuple[int, ...], ...]  # lowest
    n_reviews: int

    @property
    def ranked(self) -> list[int]:
        """The units, those that part praise from blame best first."""
        return sorted(range(len(self.auc)), key=lambda u: -abs(self.auc[u] - 0.5))


@dataclass(frozen=True)
class Curves:
    """Bits a token over many places of held-out reviews, each with a context of `context` tokens."""

    lengths: tuple[int, ...]
    shortened: tuple[float, ...]  # after the last so many tokens alone
    distances: tuple[int, ...]
    shuffled: tuple[float, ...]  # with all but the last so many shuffled
    whole: float
    context: int
    n_places: int


@dataclass(frozen=True)
class Shipped:
    """What the bundle tells; None where it does not."""

    units: Units | None = None
    curves: Curves | None = None


def fingerprint(folder: Path) -> str:
    """Which weights of the language model `folder` holds."""
    return hashlib.sha256((folder / "lm.safetensors").read_bytes()).hexdigest()[:16]


def of(bundle: Bundle) -> Shipped:
    """The figures that ship with `bundle`, read once."""
    return _load(str(bundle.folder))


@lru_cache(maxsize=4)
def _load(folder: str) -> Shipped:
    path = Path(folder) / FILE
    if not path.is_file():
        return Shipped()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["weights"] != fingerprint(path.parent):
            log.warning("%s was measured on other weights: it is not shown", path)
            return Shipped()

        def read(kind, values):
            lists = {k: _tuples(v) if isinstance(v, list) else v for k, v in values.items()}
            return kind(**lists)

        return Shipped(read(Units, found["units"]), read(Curves, found["curves"]))
    except (OSError, ValueError, KeyError, TypeError) as e:
        log.warning("%s cannot be read: %s", path, e)
        return Shipped()


def _tuples(value: list) -> tuple:
    return tuple(_tuples(v) if isinstance(v, list) else v for v in value)
