"""The token of the text that was clicked, which the views of the Inside tab share."""

from __future__ import annotations


def place_of(value: object) -> int | None:
    """The token that was clicked; None for none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10_000:
        return None
    return int(value)
