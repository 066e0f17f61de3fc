"""The pipeline's classifier: verdicts, the words behind them, other models beside it, features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from ulmfit_demo import limits
from ulmfit_demo.inference import devices, other_models, sentiment
from ulmfit_demo.models.classification import encode_batches
from ulmfit_demo.pipeline.base import Base, given, last
from ulmfit_demo.pipeline.results import classifying as results
from ulmfit_demo.tokens import clean


class Classifying(Base):
    """What the classifier of the bundle says of texts."""

    @overload
    def __call__(self, texts: str) -> results.Verdict: ...
    @overload
    def __call__(self, texts: list[str]) -> list[results.Verdict]: ...
    def __call__(self, texts):
        """As `classify`."""
        return self.classify(texts)

    def classify(self, texts: str | list[str]) -> results.Verdict | list[results.Verdict]:
        """Is a film review positive? Label and probability of a text, or of each text of a list.

        Args:
            texts: a film review in English, or a list of them
        """
        if texts is None or isinstance(texts, str):
            return self._verdict(self._positive(given(texts)))
        cleaned = [given(text) for text in limits.several(texts, "The texts")]
        found = self._many(cleaned)
        return [self._verdict(p) for p in found]

    def read_along(self, text: str) -> results.ReadAlong:
        """The verdict on a film review after every word, and how much each word moved it.

        Args:
            text: a film review in English
        """
        verdict, _ = sentiment.read(self.loaded, given(text))
        if verdict is None:
            return {
                **self._verdict(None),
                "words": [],
                "n_tokens": 0,
                "n_unknown": 0,
                "device": None,
                "precision": None,
            }
        return {
            **self._verdict(verdict.positive),
            "words": [_read_word(word) for word in verdict.words],
            "n_tokens": verdict.n_tokens,
            "n_unknown": verdict.n_unknown,
            "device": verdict.device,
            "precision": verdict.precision,
        }

    def explain(self, text: str) -> results.Explanation:
        """Which words speak for the verdict, by integrated gradients and by leaving each out.

        Args:
            text: a film review in English
        """
        found = sentiment.explain(self.loaded, given(text))
        if found is None:
            return {**self._verdict(None), "words": [], "error": None, "n_steps": None}
        return {
            **self._verdict(found.words[-1].probability),
            "words": [
                {
                    "text": word.text,
                    "start": word.start,
                    "end": word.end,
                    "integrated_gradients": float(gradient),
                    "leave_one_out": float(left_out),
                }
                for word, gradient, left_out in zip(
                    found.words, found.gradients, found.left_out, strict=True
                )
            ],
            "error": float(found.error),
            "n_steps": found.n_steps,
        }

    def what_if(self, text: str, word: int = 1) -> results.WhatIf:
        """The verdict on a film review with one of its words deleted, or replaced by another.

        Args:
            text: a film review in English
            word: which of the words that `read_along` lists, from 1 (0 is `xxbos`, no word)
        """
        text = given(text)
        number = limits.whole(word, (1, 2**31), "The word's number")
        found = sentiment.what_if(self.loaded, text, number)
        return {
            "word": found.word.text,
            "start": found.word.start,
            "end": found.word.end,
            "positive": found.positive,
            "changes": [
                {"word": c.word or None, "text": c.text, "positive": float(c.positive)}
                for c in found.changes
            ],
        }

    def other_models(self, text: str) -> results.Comparison:
        """The verdict beside those of VADER, a lexicon, and NB-SVM, a linear model.

        Args:
            text: a film review in English
        """
        text = given(text)
        verdict, _ = sentiment.read(self.loaded, text)
        if verdict is None:
            return {"positive": None, "others": [], "backwards": None, "mean": None}
        backwards = other_models.backwards(self.loaded, text, verdict)
        return {
            "positive": verdict.positive,
            "others": [
                {
                    "model": name,
                    "positive": float(other.positive),
                    "parts": [{"text": t, "weight": float(w)} for t, w in other.parts],
                }
                for name, other in other_models.others(self.loaded, text)
            ],
            "backwards": backwards.positive if backwards else None,
            "mean": backwards.mean if backwards else None,
        }

    def encode(self, texts: str | Sequence[str]) -> np.ndarray:
        """The classifier's pooled features of each text: last, max and mean of the encoder's.

        fp32, so that another machine gives the same. A text alone gives one row without the first axis.

        Args:
            texts: a text, or a list of them

        Returns:
            float32 [n, 3 * emb_sz]; [3 * emb_sz] for a text alone
        """
        if texts is None or isinstance(texts, str):
            return self.encode([texts])[0]
        documents = [self.loaded.numericalize(given(t)) for t in limits.several(texts, "The texts")]
        return self._encode(documents)

    @devices.retry_on_cpu
    def _encode(self, documents: list[list[int]]) -> np.ndarray:
        models, _ = devices.live_models(self.bundle.key)
        width = 3 * models.config["emb_sz"]
        features = np.zeros((len(documents), width), dtype=np.float32)
        for which, pooled in encode_batches(models.classifier, documents):
            features[which] = pooled.numpy()
        return features

    def _positive(self, text: str) -> float | None:
        verdict, _ = sentiment.read(self.loaded, text)
        return None if verdict is None else verdict.positive

    def _many(self, texts: list[str]) -> Sequence[float | None]:
        step = last(sentiment.many(self.loaded, texts))
        return [None] * len(texts) if step is None else step.positive  # not one has a word

    def _verdict(self, positive: float | None) -> results.Verdict:
        """The label and its probability; ties are positive, as on the page."""
        if positive is None:
            return {"label": None, "score": None, "unsure": False}
        unsure = self.bundle.calibration.unsure(positive)
        is_positive = positive >= 0.5
        label = "pos" if is_positive else self._other_label()
        score = positive if is_positive else 1 - positive
        return {"label": label, "score": float(score), "unsure": bool(unsure)}

    def _other_label(self) -> str:
        """The class that is not `pos`."""
        return next(c for c in self.bundle.config["classes"] if c != "pos")


def _read_word(word: sentiment.Word) -> results.ReadWord:
    return {
        "text": clean(word.text),
        "start": word.start,
        "end": word.end,
        "positive": float(word.probability),
        "moved": float(word.moved),
        "unknown": word.unknown,
    }
