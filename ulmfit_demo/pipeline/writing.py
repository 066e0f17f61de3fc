"""The pipeline's language model: how unlikely a text was, what comes next, texts that it writes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec

from ulmfit_demo import limits
from ulmfit_demo.inference import generation, stages
from ulmfit_demo.inference.surprisal import surprisal_of
from ulmfit_demo.pipeline.base import Base, given, last, sampling
from ulmfit_demo.pipeline.results import writing as results
from ulmfit_demo.tokens import clean

P = ParamSpec("P")
MOST_WORDS = 100_000  # tokens of one call in Python; the web's own bound is far below


def _whole(
    stream: Callable[Concatenate[Any, P], Iterator[results.Generated]],
) -> Callable[Concatenate[Any, P], results.Generated]:
    """The method that takes what `stream` takes and gives its last step."""

    @functools.wraps(stream)
    def generate(self: Any, *args: P.args, **kwargs: P.kwargs) -> results.Generated:
        found = last(stream(self, *args, **kwargs))
        assert found is not None  # a stream has a first step
        return found

    generate.__name__ = "generate"
    generate.__doc__ = "As `stream`, when all is written."
    generate.__annotations__ = {**stream.__annotations__, "return": "results.Generated"}
    return generate


class Writing(Base):
    """What the language model of the bundle says of texts, and writes."""

    def surprisal(self, text: str) -> results.Surprisal:
        """How unlikely the language model finds each token of a text, in bits.

        Args:
            text: any text in English
        """
        found = surprisal_of(self.loaded, given(text))
        if found is None or not found.bits:
            return {"tokens": [], "perplexity": None}
        first, *rest = found.tokens
        tokens: list[results.SurprisalToken] = [
            {
                "text": first.text,
                "start": first.start,
                "end": first.end,
                "bits": None,
                "rank": None,
                "expected": [],
            }
        ]
        for token, bits, rank, top in zip(
            rest, found.bits, found.ranks, found.expected, strict=True
        ):
            tokens.append(
                {
                    "text": token.text,
                    "start": token.start,
                    "end": token.end,
                    "bits": bits,
                    "rank": rank,
                    "expected": [{"word": w, "probability": p} for w, p in top],
                }
            )
        return {"tokens": tokens, "perplexity": found.perplexity}

    def next_words(
        self,
        prompt: str,
        temperature: float = 0.75,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
    ) -> results.NextWords:
        """Which words could come next, how likely each is, and which cut takes it.

        Args:
            prompt: how the text begins
            temperature: 0 takes the likeliest word, above 1 is wilder
            top_k: draw from so many words; 0 is off
            top_p: draw from the likeliest words of so much probability; 1 is off
            min_p: drop words less likely than this share of the likeliest; 0 is off
            repetition_penalty: on words that the text has already; 1 is off
        """
        prompt = given(prompt)
        settings = sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        found = generation.next_word(
            self.loaded, None, prompt, None, 0, settings, [settings.temperature]
        )
        (at,) = found.distributions
        return {
            "prompt": prompt,
            "temperature": at.temperature,
            "entropy": at.entropy,
            "kept": at.kept,
            "words": [
                {
                    "word": found.vocab[c.id],
                    "id": c.id,
                    "probability": c.probability,
                    "drawable": c.drawable,
                    "cut_by": c.cut_by or None,
                }
                for c in at.candidates
            ],
        }

    def stream(
        self,
        prompt: str,
        n_words: int = 40,
        n_texts: int = 1,
        seed: int = 0,
        temperature: float = 0.75,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
    ) -> Iterator[results.Generated]:
        """Go on writing a text, word by word; the same seed gives the same texts.

        Steps come at most every 0.05 s; the last one is complete.

        Args:
            prompt: how the text begins
            n_words: tokens to write
            n_texts: continuations
            seed: of the random numbers
            temperature: 0 takes the likeliest word, above 1 is wilder
            top_k: draw from so many words; 0 is off
            top_p: draw from the likeliest words of so much probability; 1 is off
            min_p: drop words less likely than this share of the likeliest; 0 is off
            repetition_penalty: on words that the text has already; 1 is off
        """
        steps = generation.write(
            self.loaded,
            given(prompt),
            sampling(temperature, top_k, top_p, min_p, repetition_penalty),
            limits.whole(n_words, (1, MOST_WORDS), "The number of words"),
            limits.whole(n_texts, (1, MOST_WORDS), "The number of texts"),
            limits.whole(seed, limits.SEED, "The seed"),
        )
        shown, step = 0.0, None
        for step in steps:
            if time.monotonic() - shown >= limits.FRAME_SECONDS:
                yield _generated(step)
                shown, step = time.monotonic(), None
        if step is not None:
            yield _generated(step)

    generate = _whole(stream)

    def stages(self, prompt: str) -> list[results.Stage]:
        """What each stage of the training would have written next: the likeliest words.

        Args:
            prompt: how the text begins
        """
        found = stages.before_and_after(self.loaded, given(prompt))
        return [
            {
                "stage": stage.title,
                "words": [{"word": w, "probability": p} for w, p in stage.words],
                "unknown": list(stage.unknown),
            }
            for stage in found
        ]


def _generated(step: generation.Written) -> results.Generated:
    return {
        "prompt": clean(step.prompt),
        "texts": [
            {
                "text": step.continuation(text),
                "tokens": [
                    {
                        "token": d.token,
                        "id": d.id,
                        "probability": d.probability,
                        "rank": d.rank,
                        "entropy": d.entropy,
                    }
                    for d in text.drawn
                ],
                "ended": text.ended,
            }
            for text in step.texts
        ],
        "device": step.device or None,
        "precision": step.precision or None,
    }
