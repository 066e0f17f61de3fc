"""Two stages of one model read one text: who expected which word more?"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from ulmfit_demo import limits
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.inside import Text, read_text
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.inference.stages import last_title, vocab_of
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.models.surprisal import surprisal

log = logging.getLogger("ulmfit_demo")
N_TOP = 10


@dataclass(frozen=True)
class ReadToken:
    """One token under both readers. Bits: the smaller, the more expected."""

    bits: tuple[float, float]
    unknown: tuple[bool, bool]  # to whom it is `xxunk`; such a token is not compared
    top: tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]  # what each expected

    @property
    def compared(self) -> bool:
        """Known to both."""
        return not any(self.unknown)

    @property
    def gain(self) -> float:
        """Bits that the second reader saved; 0 where the two are not compared."""
        return self.bits[0] - self.bits[1] if self.compared else 0.0


@dataclass(frozen=True)
class Readers:
    """A text under an earlier stage and the last one."""

    text: Text
    titles: tuple[str, str]
    tokens: tuple[ReadToken | None, ...]  # None: nothing can be said of the first
    bits_per_byte: tuple[
        float, float
    ]  # of the tokens that both know, over the bytes they stand for
    n_compared: int
    n_unknown: int  # tokens that one of the two lacks
    precision: str
    milliseconds: float


@devices.retry_on_cpu
def compare(loaded: LoadedModels, text: str) -> Readers | None:
    """`text` under the earliest stage and the last; None for a text without any word.

    Raises `Refused` where the bundle holds no earlier stage.
    """
    found = read_text(loaded, text, limits.READERS_TOKENS)
    bundle = loaded.model
    if not bundle.snapshots:
        raise limits.Refused("This model ships without an earlier stage to compare with.")
    if found is None:
        return None
    started = time.perf_counter()
    models, _ = devices.live_models(bundle.key)
    first = bundle.snapshots[0]
    try:
        own = vocab_of(first, loaded.words())
        model = first.model
    except (BundleError, ValueError) as e:
        log.warning("an earlier state of the model: %s", e)
        raise limits.Refused(
            "An earlier state of the model cannot be read; the reason is in the server's log."
        ) from e
    vocabs = (own, loaded.words())
    sides = [
        surprisal(m, v.numericalize(found.words), n_top=N_TOP)
        for m, v in zip((model, models.lm), vocabs, strict=True)
    ]
    rows: list[ReadToken | None] = [None]
    for i, token in enumerate(found.words[1:]):
        a, b = (v.id_of(token) == v.unk_id for v in vocabs)
        tops = [
            tuple((v.words[w], p) for w, p in s.top[i]) for s, v in zip(sides, vocabs, strict=True)
        ]
        bits = (sides[0].bits[i], sides[1].bits[i])
        rows.append(ReadToken(bits, (a, b), (tops[0], tops[1])))
    compared = {i: r.bits for i, r in enumerate(rows) if r is not None and r.compared}
    n_bytes = _bytes(found, list(compared))
    totals = [sum(bits[side] for bits in compared.values()) for side in (0, 1)]
    return Readers(
        found,
        (first.title, last_title(bundle)),
        tuple(rows),
        (totals[0] / n_bytes, totals[1] / n_bytes),
        len(compared),
        len(rows) - 1 - len(compared),
        "fp32",
        1_000 * (time.perf_counter() - started),
    )


def _bytes(found: Text, places: list[int]) -> int:
    """UTF-8 bytes of the characters that the tokens at `places` stand for, with the spaces before them.

    A marker shares its word's characters: each character counts once.
    """
    taken = [False] * len(found.source)
    for i in places:
        for at in range(found.tokens[i].start, found.tokens[i].end):
            taken[at] = True
    for at in range(len(taken) - 1, 0, -1):  # the space before a word is told with the word
        if taken[at] and not taken[at - 1] and found.source[at - 1].isspace():
            taken[at - 1] = True
    text = "".join(c for c, t in zip(found.source, taken, strict=True) if t)
    return max(1, len(text.encode("utf-8", "replace")))
