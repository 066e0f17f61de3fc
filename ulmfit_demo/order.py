"""The newest question wins: an older answer never overwrites a newer one. Draws nothing.

A link, a lesson's step or an example sets several controls. Each fires its own event, both requests
run at once, and the older one may arrive or end last. gradio's `trigger_mode="always_last"` orders the
requests of one event only, and only once the first of them has been sent.

The page numbers the questions as it sends them (`assets/script/order.js`), in the slot of a `gr.State`:
no endpoint has a parameter for it, a program sends none, and its answers pass as they are. Answers leave
through one stream a session. There each output remembers the number of the question that wrote it last,
and an older answer leaves that output as it is (`web/gradio_patches.py` hooks this into gradio's queue).
The page may read an older answer last all the same, so it keeps the same order for what it draws
(`gradio_script.newest_answers`).
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

import gradio as gr
from gradio.server_messages import EventMessage, ProcessCompletedMessage, ProcessGeneratingMessage

SKIP = {"__type__": "update"}  # what gradio's page leaves as it is; `gr.skip()` on its way
LARGEST = 2**53  # the page counts in JavaScript's numbers


@dataclass
class Written:
    """For each output of one session, by its id: the number of the question that wrote it last."""

    shown: dict[int, int] = field(default_factory=dict)  # in the stream
    kept: dict[int, int] = field(default_factory=dict)  # in the session's states
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, state: int, number: int) -> bool:
        """May the question `number` write this state? Remembers that it does."""
        with self.lock:
            if self.kept.get(state, 0) > number:
                return False
            self.kept[state] = number
            return True


class Question:
    """One request of the page: its number, and what its session has been shown."""

    def __init__(self, number: int, outputs: list[int], written: Written) -> None:
        self.number, self.outputs, self.written = number, outputs, written
        self.begun = False  # a first part of a streamed answer was sent

    def is_old(self) -> bool:
        """Has every output been written by a newer question?"""
        newer = (self.written.shown.get(o, 0) > self.number for o in self.outputs)
        return bool(self.outputs) and all(newer)

    def pass_on(self, message: EventMessage) -> EventMessage:
        """The message without what a newer question has written already."""
        if not isinstance(message, ProcessCompletedMessage | ProcessGeneratingMessage):
            return message
        if not message.success or "data" not in message.output:
            return message
        # From the second part on, gradio sends what has changed: a list of edits for each output.
        edits = self.begun and isinstance(message, ProcessGeneratingMessage)
        self.begun = True
        data = [
            self._one(output, value, edits)
            for output, value in zip(self.outputs, message.output["data"], strict=True)
        ]
        return message.model_copy(update={"output": {**message.output, "data": data}})

    def _one(self, output: int, value: object, edits: bool) -> object:
        shown = self.written.shown
        if shown.get(output, 0) > self.number:
            return [["replace", [], SKIP]] if edits else SKIP
        if value not in (([],) if edits else (SKIP,)):  # what writes nothing takes no place
            shown[output] = self.number
        return value


QUESTION: ContextVar[Question | None] = ContextVar("question", default=None)


def ordered(function: Callable, outputs: list) -> Callable:
    """`function` as an event calls it whose last input is the slot of the page's number.

    An answer that is old before it is computed is not computed. A state is written on the server, so
    the order of states is kept here: what a newer question wrote stays.
    """
    states = [i for i, output in enumerate(outputs) if isinstance(output, gr.State)]
    nothing = [gr.skip()] * len(outputs) if len(outputs) > 1 else gr.skip()

    def in_order(answer, question):
        if question is None or not states:
            return answer
        values = list(answer) if len(outputs) > 1 else [answer]
        for i in states:
            wrote = not isinstance(values[i], dict) or values[i] != SKIP
            if wrote and not question.written.keep(outputs[i]._id, question.number):
                values[i] = gr.skip()
        return values if len(outputs) > 1 else values[0]

    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def call(*args):
            question = QUESTION.get()
            if question is not None and question.is_old():
                yield nothing
                return
            for answer in function(*args[:-1]):
                yield in_order(answer, question)
    else:

        @functools.wraps(function)
        def call(*args):
            question = QUESTION.get()
            if question is not None and question.is_old():
                return nothing
            return in_order(function(*args[:-1]), question)

    # gradio compares the parameters with the inputs, and takes their names from here
    said = inspect.signature(function)
    known = list(said.parameters.values())
    if not any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in known):
        slot = inspect.Parameter("asked", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        setattr(call, "__signature__", said.replace(parameters=[*known, slot]))  # noqa: B010
    setattr(call, "is_ordered", True)  # noqa: B010  (a function's own fields have no type)
    return call


def is_ordered(function: object) -> bool:
    """Whether answers of this function of an event are kept in order."""
    return getattr(function, "is_ordered", False)


def plain(function: Callable) -> Callable:
    """The function of an event without the slot of the page's number, for a caller without a page."""
    return getattr(function, "__wrapped__", function) if is_ordered(function) else function
