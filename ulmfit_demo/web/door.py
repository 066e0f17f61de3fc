"""A method of the pipeline → an endpoint's function: typed, bounded, its refusals as errors."""

from __future__ import annotations

import collections.abc
import inspect
import logging
import typing
from collections.abc import Callable, Iterator, Mapping

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.limits import clean
from ulmfit_demo.workers.live_training.corpus import TextError
from ulmfit_demo.workers.live_training.supervisor import Full
from ulmfit_demo.workers.subword_training.training import TrainingError

log = logging.getLogger("ulmfit_demo")
BROKEN = (
    "Something went wrong here, and it is not your text's fault. The error is in the server's log."
)
SENTENCES = (limits.Refused, TextError, TrainingError, Full)  # their messages are for the visitor
Bound = Callable[[object], object]


def door(method: Callable, bounds: Mapping[str, Bound], name: str) -> Callable:
    """`method` as gradio's API wants a function: called `name`, with types that can be looked at.

    gradio reads the raw annotations, which `from __future__ import annotations` leaves as strings, and
    has no type for an iterator: `__signature__` gives it the types, and the yielded one as the result.

    `bounds`: what checks a parameter of that name before the method sees it; raises `Refused`.
    """
    signature = typed_signature(method)

    def checked(args: tuple, kwargs: dict) -> inspect.BoundArguments:
        bound = signature.bind(*args, **kwargs)
        for parameter, value in bound.arguments.items():
            if parameter in bounds:
                bound.arguments[parameter] = bounds[parameter](value)
        return bound

    if streams(method):

        def call(*args, **kwargs):
            with refusing(name):
                bound = checked(args, kwargs)
                yield from method(*bound.args, **bound.kwargs)
    else:

        def call(*args, **kwargs):
            with refusing(name):
                bound = checked(args, kwargs)
                return method(*bound.args, **bound.kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = inspect.getdoc(method)
    call.__signature__ = signature  # type: ignore[attr-defined]
    call.__annotations__ = {
        **{p.name: p.annotation for p in signature.parameters.values()},
        "return": signature.return_annotation,
    }
    return call


class refusing:
    """Context: a refusal becomes gradio's error with the same sentence, any other one is logged."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, traceback) -> None:
        if isinstance(error, SENTENCES):
            raise gr.Error(clean(str(error)), print_exception=False) from error
        if isinstance(error, gr.Error):  # a sentence already: ZeroGPU has no GPU for this visitor
            error.print_exception = False
            return
        if isinstance(error, Exception):
            log.error("%s failed", self.name, exc_info=error)
            raise gr.Error(BROKEN, print_exception=False) from error


def streams(method: Callable) -> bool:
    """True where `method` gives its result step by step."""
    returned = typing.get_type_hints(method).get("return")
    return typing.get_origin(returned) in (collections.abc.Iterator, Iterator)


def typed_signature(method: Callable) -> inspect.Signature:
    """The signature with its annotations evaluated; an iterator's is what it yields."""
    hints = typing.get_type_hints(method)
    signature = inspect.signature(method)
    returned = hints["return"]
    if streams(method):
        (returned,) = typing.get_args(returned)
    parameters = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=returned)
