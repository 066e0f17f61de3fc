"""How unlikely each token of a visitor's text was to the language model, in bits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference import devices
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.surprisal import surprisal


@dataclass(frozen=True)
class TextSurprisal:
    """How unlikely each token of a text was."""

    tokens: tuple[tokens.Token, ...]  # with their places in the source
    source: str
    bits: tuple[float, ...]  # [n - 1]: nothing can be said of the first token
    ranks: tuple[int, ...]
    bands: tuple[int, ...]  # GLTR's: 0 among the ten most likely … 3 none of the first thousand
    expected: tuple[tuple[tuple[str, float], ...], ...]  # the three most likely at each place
    perplexity: float
    milliseconds: float


@devices.retry_on_cpu
def surprisal_of(loaded: LoadedModels, text: str) -> TextSurprisal | None:
    """Bits and rank of every token of `text`; None for a text without any word."""
    vocab = loaded.words()
    if not text.strip():
        return None
    started = time.perf_counter()
    tokenized = tokens.fastai_words(text, vocab=vocab)
    ids = vocab.numericalize(t.text for t in tokenized.tokens)
    if len(ids) == 1:  # `xxbos` alone: the rules left nothing of the text
        return None
    if len(ids) > limits.SURPRISE_TOKENS:
        raise limits.Refused(
            f"The text has {len(ids):,} tokens; this view reads up to {limits.SURPRISE_TOKENS:,}. "
            "Shorten it; nothing was lost."
        )
    models, _ = devices.live_models(loaded.model.key)
    found = surprisal(models.lm, ids, n_top=3)
    return TextSurprisal(
        tokenized.tokens,
        tokenized.source,
        found.bits,
        found.ranks,
        found.bands,
        tuple(tuple((vocab.words[i], p) for i, p in top) for top in found.top),
        found.perplexity,
        1_000 * (time.perf_counter() - started),
    )
