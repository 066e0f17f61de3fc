"""What the Inside tab asks: a text in, what goes on inside the models out. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ulmfit_demo import limits, tokens
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tokens import Token

NO_PLACE = "That word is no longer there. Click one of the words again."


class GonePlace(limits.Refused):
    """A token was asked for that the text does not have: the page takes none instead."""


@dataclass(frozen=True)
class Text:
    """A text as the models read it."""

    source: str
    tokens: tuple[Token, ...]  # `xxbos` first
    ids: tuple[int, ...]

    @property
    def words(self) -> list[str]:
        """The tokens as they stand in the vocabulary, or as they would."""
        return [t.text for t in self.tokens]


def read_text(loaded: LoadedModels, text: str, most: int, what: str = "this view") -> Text | None:
    """`text` as tokens and ids; None where it has no word. Raises `Refused` above `most` tokens."""
    vocab = loaded.words()
    if not text.strip():
        return None
    tokenized = tokens.fastai_words(text, vocab=vocab)
    ids = tuple(vocab.numericalize(t.text for t in tokenized.tokens))
    if len(ids) < 2:  # `xxbos` alone: the rules left nothing of the text
        return None
    if len(ids) > most:
        raise limits.Refused(
            f"The text has {len(ids):,} tokens; {what} reads up to {most:,}. "
            "Shorten it; nothing was lost."
        )
    return Text(tokenized.source, tokenized.tokens, ids)
