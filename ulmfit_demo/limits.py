"""Every bound a visitor meets, and the sentence that says so. Enforced on the server; draws nothing."""

from __future__ import annotations

import math

TEXT_CHARACTERS = 20_000  # tokenizers, vocabulary, batches, sentiment
PROMPT_CHARACTERS = 4_000
DOCUMENTS = 200
BS = (1, 64)
SEQ_LEN = (1, 200)
TABLE_CELLS = 6_000  # cells a batch table draws
LINES = 200  # reviews classified at once
WORDS = (1, 300)  # tokens a text is continued by
TEXTS = (1, 8)
TEMPERATURE = (0.0, 2.0)
TOP_K = (0, 1_000)
SHARE = (0.0, 1.0)  # top-p, min-p
SEED = (0, 2**31 - 1)

QUEUE = 64  # requests waiting, over all lanes
KEYSTROKE_LANE = 4  # requests at once in the lane of live results
MODEL_LANE = 2  # in the lane of generation and batches
GPU_SECONDS = 60


class Refused(ValueError):
    """A request outside the bounds. Its text is the sentence that the visitor reads."""


def text(value: object, most: int = TEXT_CHARACTERS) -> str:
    """`value` as a text of at most `most` characters. Raises `Refused`."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("This field takes a text.")
    if len(value) > most:
        raise Refused(
            f"The text has {len(value):,} characters and this tab reads up to {most:,}. "
            "Shorten it to see the result; nothing was lost."
        )
    return value


def whole(value: object, bounds: tuple[int, int], name: str) -> int:
    """`value` as a whole number inside `bounds`. Raises `Refused`."""
    number_ = number(value, bounds, name)
    if number_ != int(number_):
        raise Refused(f"{name} must be a whole number, not {number_:g}.")
    return int(number_)


def number(value: object, bounds: tuple[float, float], name: str) -> float:
    """`value` as a finite number inside `bounds`. Raises `Refused`."""
    low, high = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"{name} must be a number from {low:,} to {high:,}.")
    if not low <= value <= high:
        raise Refused(f"{name} must be from {low:,} to {high:,}, not {value:,g}.")
    return value


def choice(value: object, allowed, name: str):
    """`value` when it is one of `allowed`. Raises `Refused`."""
    if value not in allowed:
        raise Refused(f"{name} must be one of: {', '.join(map(str, allowed))}.")
    return value
