"""Word tokens to ids and back, as fastai numericalizes. Does not build vocabularies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from fastai.text.core import BOS, PAD, UNK, replace_space

FAKE = "xxfake"  # fastai fills a vocabulary with it up to a multiple of 8 (`make_vocab`)


class Vocab:
    """A list of words in which a word's place is its id.

    Raises:
        ValueError: a word the ids depend on (`xxunk`, `xxpad`, `xxbos`) is missing, or `xxunk`
            is not the first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words: tuple[str, ...] = tuple(words)
        self._ids = {word: index for index, word in enumerate(self.words) if word != FAKE}
        missing = [word for word in (UNK, PAD, BOS) if word not in self._ids]
        if missing:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
        # fastai's Numericalize gives 0 to every word that it does not know.
        if self._ids[UNK] != 0:
            raise ValueError(f"{UNK} must be the first word of a vocabulary")
        self.unk_id, self.pad_id, self.bos_id = (self._ids[word] for word in (UNK, PAD, BOS))

    @classmethod
    def load(cls, path: str | Path) -> Vocab:
        """Read a JSON list of words.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not a JSON list of strings, or not a vocabulary.
        """
        words = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"{path} is not a list of words")
        return cls(words)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, token: object) -> bool:
        """True where `token` has an id of its own (after `replace_space`); never for `xxfake`."""
        return isinstance(token, str) and replace_space(token) in self._ids

    def id_of(self, token: str) -> int:
        """The token's id; that of `xxunk` where the vocabulary lacks it."""
        return self._ids.get(replace_space(token), self.unk_id)

    def numericalize(self, tokens: Iterable[str]) -> list[int]:
        """Ids of `tokens`, as `Numericalize` gives them after `replace_space`.

        The corpus's tokens were stored with spaces inside a token as `▁`
        (`defaults.text_postproc_rules`), so a token is looked up in that form.
        """
        return [self.id_of(token) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of `ids` (`Numericalize.decodes`).

        Raises:
            IndexError: an id is outside the vocabulary.
        """
        words = []
        for index in ids:
            # A negative id would count from the end.
            if not 0 <= index < len(self.words):
                raise IndexError(f"id {index} is outside the vocabulary of {len(self.words)}")
            words.append(self.words[index])
        return words
