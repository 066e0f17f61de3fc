"""What the parts of the pipeline share: the loaded models, and small readings of arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TypeVar

from ulmfit_demo import limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.models.sampling import Sampling

T = TypeVar("T")


class Base:
    """Holds the models. A method takes what it needs as arguments and keeps nothing."""

    def __init__(self, loaded: LoadedModels) -> None:
        self.loaded = loaded

    @property
    def bundle(self) -> Bundle:
        """The models and their folder. Raises `Refused` without a model."""
        return self.loaded.model


def given(text: object) -> str:
    """`text` ready for every tokenizer: lone surrogates replaced. Raises `Refused`."""
    return limits.text(text, most=2**63)


def sampling(
    temperature: object, top_k: object, top_p: object, min_p: object, repetition_penalty: object
) -> Sampling:
    """The settings of one draw. Raises `Refused` where one is outside its bounds."""
    return Sampling(
        temperature=limits.number(temperature, limits.TEMPERATURE, "The temperature"),
        top_k=limits.whole(top_k, limits.TOP_K, "top-k"),
        top_p=limits.number(top_p, limits.SHARE, "top-p"),
        min_p=limits.number(min_p, limits.SHARE, "min-p"),
        repetition_penalty=limits.number(
            repetition_penalty, limits.PENALTY, "The repetition penalty"
        ),
    )


def last(steps: Iterator[T]) -> T | None:
    """The last of `steps`; None where there is none."""
    found = None
    for found in steps:  # noqa: B007  (what is wanted is what the loop leaves)
        pass
    return found


def described(function: Callable) -> dict[str, str]:
    """What the `Args:` of a docstring say of each parameter."""
    doc = (inspect.getdoc(function) or "").partition("Args:")[2].partition("\n\n")[0]
    lines = (line.strip().partition(": ") for line in doc.split("\n"))
    return {name: text for name, _, text in lines if text}
