"""The pipeline's short answer to "what becomes of this text": one value from every step."""

from __future__ import annotations

from dataclasses import dataclass

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches
from ulmfit_demo.inference import devices
from ulmfit_demo.inference import sentiment as reviews
from ulmfit_demo.models.prompt_reading import PromptReading, read_prompt
from ulmfit_demo.models.sampling import Sampling, next_words
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results.journey import Journey
from ulmfit_demo.pipeline.results.writing import WordProbability
from ulmfit_demo.tokens import incremental

WORDS = 3  # likeliest next words


@dataclass(frozen=True)
class LastJourney:
    """What is kept of a visitor's last text, so that the next key press is cheap. A value."""

    read: reviews.LastReading
    prompt: PromptReading


class Travelling(Base):
    """One text on its way through all parts of the model."""

    def journey(self, text: str, bs: int = 6, seq_len: int = 5) -> Journey:
        """One text's tokens, ids, row of a mini-batch, hidden state, next words and verdict.

        Args:
            text: a film review in English
            bs: rows of the mini-batch; a text that is too short for them is one row
            seq_len: its columns
        """
        return self.journey_on(text, bs, seq_len)[0]

    def journey_on(
        self, text: str, bs: int = 6, seq_len: int = 5, before: LastJourney | None = None
    ) -> tuple[Journey, LastJourney | None]:
        """As `journey`; and what to give as `before` for the same visitor's next text.

        `before` changes the time, and the score in its seventh digit at most.
        """
        text = given(text)
        bs = limits.whole(bs, (1, 10**6), "The batch size")
        seq_len = limits.whole(seq_len, (1, 10**6), "The sequence length")
        verdict, read = reviews.read(self.loaded, text, before.read if before else None)
        found: Journey = {
            "n_characters": len(text),
            "tokens": [],
            "ids": [],
            "row": None,
            "bs": bs,
            "state": [],
            "next_words": [],
            "label": None,
            "score": None,
            "unsure": False,
        }
        if verdict is None:
            return found, None
        pieces = read.pieces if read else incremental.tokenize(text, self.loaded.words())
        tokens = [token.text for piece in pieces.pieces for token in piece.tokens]
        prompt, words = self._next_words(pieces.ids, before.prompt if before else None)
        found["tokens"], found["ids"] = tokens, pieces.ids
        found["bs"], found["row"] = _first_row(tokens, bs, seq_len)
        found["state"], found["next_words"] = prompt.hidden.tolist(), words
        positive = verdict.positive >= 0.5
        other = next(c for c in self.bundle.config["classes"] if c != "pos")
        found["label"] = "pos" if positive else other
        found["score"] = float(verdict.positive if positive else 1 - verdict.positive)
        found["unsure"] = bool(verdict.unsure)
        return found, LastJourney(read, prompt) if read else None

    @devices.retry_on_cpu
    def _next_words(
        self, ids: list[int], before: PromptReading | None
    ) -> tuple[PromptReading, list[WordProbability]]:
        """What the language model made of `ids`, and the likeliest next words."""
        models, _ = devices.live_models(self.bundle.key)
        logits, read = read_prompt(models.lm, ids, before, precision=devices.WRITES_IN)
        never = devices.never_drawn(models.vocab)
        n = WORDS + len(never)
        (found,) = next_words(logits[0], [1.0], Sampling(temperature=1.0), n=n, banned=never)
        likely = [c for c in found.candidates if c.drawable][:WORDS]
        words: list[WordProbability] = [
            {"word": models.vocab[c.id], "probability": c.probability} for c in likely
        ]
        return read, words


def _first_row(tokens: list[str], bs: int, seq_len: int) -> tuple[int, list[str] | None]:
    """Rows and first row of x of the first mini-batch; (1, None) for a single token."""
    for rows in (bs, 1):
        try:
            positions, _ = Batches(len(tokens), rows, seq_len).positions(0)
        except ValueError:  # too few tokens for so many rows
            continue
        return rows, [tokens[i] for i in positions[0].tolist()]
    return 1, None
