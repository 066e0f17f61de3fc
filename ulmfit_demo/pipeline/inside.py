"""The pipeline's looks inside: a unit, the memory, neighbours, two readers, the smallest change."""

from __future__ import annotations

from ulmfit_demo import limits
from ulmfit_demo.inference.inside import changing, neighbours, readers, remembering, units
from ulmfit_demo.models.inspection.states import GATES
from ulmfit_demo.pipeline.base import Base, given, last
from ulmfit_demo.pipeline.results import inside as results
from ulmfit_demo.tokens import clean

ANY = (-1, 2**31)  # of a token's number: -1 for none


class Inspecting(Base):
    """What goes on inside the models while they read a text."""

    def unit(self, text: str, unit: int = -1, token: int = -1) -> results.Unit:
        """One unit of the language model's last layer after every token of a text, and its gates.

        Args:
            text: any text in English
            unit: its number from 0; -1 takes the one that parts praise from blame best
            token: whose gates are wanted, from 0; -1 for none
        """
        number = limits.whole(unit, ANY, "The unit")
        place = limits.whole(token, ANY, "The token's number")
        number = units.first(self.loaded) if number < 0 else number
        found = units.read(self.loaded, given(text), number, place if place >= 0 else None)
        if found is None:
            return {
                "unit": number,
                "auc": None,
                "tokens": [],
                "gates": None,
                "listened": [],
                "lifting": [],
                "lowering": [],
            }
        return {
            "unit": found.unit,
            "auc": found.auc,
            "tokens": [
                {"text": clean(t.text), "start": t.start, "end": t.end, "value": v}
                for t, v in zip(found.text.tokens, found.values, strict=True)
            ],
            "gates": _gates(found.cell),
            "listened": [
                {"unit": one.unit, "value": one.value, "gradient": one.gradient}
                for one in found.listened
            ],
            "lifting": list(found.lifting),
            "lowering": list(found.lowering),
        }

    def memory(self, text: str, token: int = -1) -> results.Memory:
        """What one token of a text owes to the tokens before it, and how far back that reaches.

        Args:
            text: any text in English
            token: its number, 1 to 200; -1 takes the last of those
        """
        place = limits.whole(token, ANY, "The token's number")
        found = remembering.recall(self.loaded, given(text), place if place >= 0 else None)
        if found is None:
            return results.NOTHING
        m = found.memory
        return {
            "token": m.place,
            "text": clean(found.word),
            "bits": m.bits,
            "context": [
                {
                    "text": clean(t.text),
                    "start": t.start,
                    "end": t.end,
                    "left_out": left_out,
                    "gradient": gradient,
                }
                for t, left_out, gradient in zip(
                    found.text.tokens, m.left_out, m.gradient, strict=False
                )
            ],
            "shortened": [{"k": k, "bits": b} for k, b in enumerate(m.shortened, 1)],
            "shuffled": [{"k": k, "bits": b} for k, b in m.shuffled],
            "precision": found.precision,
        }

    def neighbours(self, word: str, n: int = 10) -> results.Neighbours:
        """A word's nearest neighbours by cosine in the embedding of every stage of the training.

        Args:
            word: a word in English; of several the first counts
            n: neighbours
        """
        found = neighbours.near(self.loaded, given(word), n)
        return {
            "word": clean(found.word),
            "shape": list(found.shape),
            "stages": [
                {
                    "stage": c.title,
                    "known": c.known,
                    "kept": c.kept,
                    "neighbours": [
                        {"word": x.word, "cosine": x.cosine, "is_new": x.is_new}
                        for x in c.neighbours
                    ],
                }
                for c in found.columns
            ],
        }

    def two_readers(self, text: str) -> results.TwoReaders:
        """How unlikely each token was to the model before it read reviews, and after.

        Args:
            text: any text in English
        """
        found = readers.compare(self.loaded, given(text))
        if found is None:
            return {
                "stages": [],
                "bits_per_byte": None,
                "n_compared": 0,
                "n_unknown": 0,
                "tokens": [],
            }
        return {
            "stages": list(found.titles),
            "bits_per_byte": list(found.bits_per_byte),
            "n_compared": found.n_compared,
            "n_unknown": found.n_unknown,
            "tokens": [
                {
                    "text": clean(t.text),
                    "start": t.start,
                    "end": t.end,
                    "bits": list(r.bits) if r else None,
                    "unknown": bool(r and not r.compared),
                    "expected": [
                        [{"word": w, "probability": p} for w, p in top]
                        for top in (r.top if r else ())
                    ],
                }
                for t, r in zip(found.text.tokens, found.tokens, strict=True)
            ],
        }

    def smallest_change(self, text: str) -> results.SmallestChange:
        """The fewest words to leave out or replace before the verdict on a review is the other one.

        At most three words, in at most two seconds; `found` is false where the search saw none.

        Args:
            text: a film review in English
        """
        found = last(changing.smallest_change(self.loaded, given(text)))
        if found is None:
            return {
                "positive": None,
                "found": False,
                "path": [],
                "nearest": None,
                "n_read": 0,
                "timed_out": False,
            }
        return {
            "positive": found.positive,
            "found": found.found,
            "path": [
                {
                    "word": clean(s.edit.word.text),
                    "start": s.edit.word.start,
                    "end": s.edit.word.end,
                    "replacement": s.edit.other or None,
                    "text": s.text,
                    "positive": s.positive,
                }
                for s in found.path
            ],
            "nearest": found.nearest,
            "n_read": found.n_read,
            "timed_out": found.timed_out,
        }


def _gates(cell: units.Cell | None) -> results.UnitGates | None:
    if cell is None:
        return None
    i, f, g, o = cell.gates
    assert GATES == ("input", "forget", "candidate", "output")
    return {
        "token": cell.place,
        "input": i,
        "forget": f,
        "candidate": g,
        "output": o,
        "cell_before": cell.cell_before,
        "cell": cell.cell,
        "value": cell.value,
    }
