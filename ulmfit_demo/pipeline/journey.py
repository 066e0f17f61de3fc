"""The pipeline's short answer to "what becomes of this text": one value from every step."""

from __future__ import annotations

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches
from ulmfit_demo.inference import devices
from ulmfit_demo.inference import sentiment as reviews
from ulmfit_demo.models.generation import next_logits
from ulmfit_demo.models.sampling import Sampling, next_words
from ulmfit_demo.pipeline.base import Base, given
from ulmfit_demo.pipeline.results.journey import Journey
from ulmfit_demo.pipeline.results.writing import WordProbability
from ulmfit_demo.tokens import fastai_tokens

WORDS = 3  # likeliest next words


class Travelling(Base):
    """One text on its way through all parts of the model."""

    def journey(self, text: str, bs: int = 6, seq_len: int = 5) -> Journey:
        """One text's tokens, ids, row of a mini-batch, hidden state, next words and verdict.

        Args:
            text: a film review in English
            bs: rows of the mini-batch; a text that is too short for them is one row
            seq_len: its columns
        """
        text = given(text)
        bs = limits.whole(bs, (1, 10**6), "The batch size")
        seq_len = limits.whole(seq_len, (1, 10**6), "The sequence length")
        verdict, _ = reviews.read(self.loaded, text)
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
            return found
        tokens = fastai_tokens(text)
        ids = self.loaded.words().numericalize(tokens)
        state, words = self._last_state(ids)
        found["tokens"], found["ids"] = list(tokens), ids
        found["bs"], found["row"] = _first_row(tokens, bs, seq_len)
        found["state"], found["next_words"] = state, words
        positive = verdict.positive >= 0.5
        other = next(c for c in self.bundle.config["classes"] if c != "pos")
        found["label"] = "pos" if positive else other
        found["score"] = float(verdict.positive if positive else 1 - verdict.positive)
        found["unsure"] = bool(verdict.unsure)
        return found

    @devices.retry_on_cpu
    def _last_state(self, ids: list[int]) -> tuple[list[float], list[WordProbability]]:
        """The language model's hidden state after `ids` [emb_sz], and the likeliest next words."""
        models, _ = devices.live_models(self.bundle.key)
        logits, state = next_logits(models.lm, ids, precision=devices.WRITES_IN)
        never = devices.never_drawn(models.vocab)
        n = WORDS + len(never)
        (found,) = next_words(logits[0], [1.0], Sampling(temperature=1.0), n=n, banned=never)
        likely = [c for c in found.candidates if c.drawable][:WORDS]
        words: list[WordProbability] = [
            {"word": models.vocab[c.id], "probability": c.probability} for c in likely
        ]
        return state[-1][0][0].float().tolist(), words


def _first_row(tokens: list[str], bs: int, seq_len: int) -> tuple[int, list[str] | None]:
    """Rows and first row of x of the first mini-batch; (1, None) for a single token."""
    for rows in (bs, 1):
        try:
            positions, _ = Batches(len(tokens), rows, seq_len).positions(0)
        except ValueError:  # too few tokens for so many rows
            continue
        return rows, [tokens[i] for i in positions[0].tolist()]
    return 1, None
