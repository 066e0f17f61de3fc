"""What one word of a text owes to the words before it, beside the averages that ship."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ulmfit_demo import limits
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.inside import NO_PLACE, GonePlace, Text, read_text
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.inspection import memory, shipped


@dataclass(frozen=True)
class Remembered:
    """One token of a text and its memory."""

    text: Text
    memory: memory.Memory
    average: shipped.Curves | None
    precision: str
    milliseconds: float

    @property
    def word(self) -> str:
        """The token that is asked about."""
        return self.text.words[self.memory.place]


@devices.retry_on_cpu
def recall(loaded: LoadedModels, text: str, place: int | None = None) -> Remembered | None:
    """Token `place` of `text` given what stands before it; None without any word.

    `place` None: the last token that has at most `limits.MEMORY_TOKENS` before it.
    """
    found = read_text(loaded, text, limits.INSIDE_TOKENS)
    if found is None:
        return None
    last = len(found.ids) - 1
    place = min(last, limits.MEMORY_TOKENS) if place is None else place
    if not 0 < place <= last:
        if place:
            raise GonePlace(NO_PLACE)
        raise limits.Refused("Nothing stands before the first token.")
    if place > limits.MEMORY_TOKENS:
        raise limits.Refused(
            f"{place:,} tokens stand before this word; the memory is worked out for up to "
            f"{limits.MEMORY_TOKENS:,}. Click an earlier word."
        )
    started = time.perf_counter()
    models, _ = devices.live_models(loaded.model.key)
    precision = memory.precision(engine_of(models.lm))
    remembered = memory.recall(models.lm, found.ids, place, precision)
    average = shipped.of(loaded.model).curves
    elapsed = 1_000 * (time.perf_counter() - started)
    return Remembered(found, remembered, average, precision, elapsed)
