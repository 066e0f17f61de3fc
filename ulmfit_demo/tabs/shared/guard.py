"""A function of an event never raises: an error becomes a sentence in place of the result."""

from __future__ import annotations

import functools
import inspect
import logging
import re
from collections.abc import Callable

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared import html

log = logging.getLogger("ulmfit_demo")
BROKEN = (
    "Something went wrong here, and it is not your text's fault. The error is in the server's log."
)


def guarded(*rest, refusals: tuple[type[Exception], ...] = ()) -> Callable:
    """Decorator: a refusal becomes a notice in the first output; `rest` fills the others.

    Of a generator the notice is one more answer, the last. `refusals`: errors beside `limits.Refused`
    that are sentences for the visitor. A function in `rest` is called for its value: a component that
    is an answer must not be made while the page is laid out.
    """

    def around(function: Callable) -> Callable:
        def answer(error: Exception):
            if isinstance(error, gr.Error):
                shown = html.notice(said_by_gradio(error))
            elif isinstance(error, (limits.Refused, *refusals)):
                shown = html.notice(str(error))
            else:
                log.error("%s.%s failed", function.__module__, function.__name__, exc_info=error)
                shown = html.notice(BROKEN)
            return (shown, *(r() if callable(r) else r for r in rest)) if rest else shown

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def call(*args):
                try:
                    yield from function(*args)
                except Exception as error:
                    yield answer(error)
        else:

            @functools.wraps(function)
            def call(*args):
                try:
                    return function(*args)
                except Exception as error:
                    return answer(error)

        return call

    return around


def said_by_gradio(error: gr.Error) -> str:
    """The sentence of an error of gradio's; ZeroGPU's say that no GPU is to be had, and until when.

    >>> said_by_gradio(gr.Error("Try again in <b>0:10:00</b>.", title="ZeroGPU quota exceeded"))
    'ZeroGPU quota exceeded: Try again in 0:10:00.'
    """
    message = re.sub(r"<[^>]*>", "", str(error.message)).strip()
    return message if error.title in ("", "Error") else f"{error.title}: {message}"
