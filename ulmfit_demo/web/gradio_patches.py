"""What is replaced inside gradio 6.31, each with the issue that it answers.

- `limit_waiting`, in `Queue.push`: no issue found. Pull request 6814 gave each group of events a queue
  of its own; the bound stayed one for all of them.
- `keep_order`, in `Queue.send_message` and `Queue.process_events`: no issue found for two events. 1954
  was about the newest of one event.
- `refuse_values`, in `Blocks.preprocess_data` and `Blocks.call_function`: no issue found for the log.
- `forget_inputs`, `state_holder.SessionState`: issues 11602 and 11009, memory grows by every session.
- `write_mcp_json`, in `GradioMCPServer.postprocess_output_data`: issue 11383; huggingface/mcp-course
  100 shows the same.

Elsewhere `gradio_script.py` changes the page's script, `gradio_overhead.py` leaves out what gradio
spends on each event, `shortcut.py` calls four of its routes past FastAPI's routing, `answers.py` mends
what its writer of JSON refuses, `preview.py` puts our tags into gradio's page (issue 11233), `styles.py`
reads the names of its style sheets from its script, `tabs/journey/strip.py` orders its list of events.

The numbers are of https://github.com/gradio-app/gradio. Two variables of the environment, in
`startup.py`, keep gradio from making a table of its last requests (pull request 11764 brought it).
"""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr
from gradio import route_utils, state_holder

from ulmfit_demo import limits
from ulmfit_demo.limits import clean
from ulmfit_demo.order import LARGEST, QUESTION, Question, Written, is_ordered
from ulmfit_demo.pipeline import to_json

log = logging.getLogger("ulmfit_demo")
KEYSTROKE = "keystroke"  # its own bound: many wait a short time
STRIP = "journey"  # one question a visitor, and not asked for: nobody is to be told that it waits
NO_VALUE = (
    "This request holds a value that its field cannot hold. Nothing was computed; what you typed is "
    "still there. If it came from the page, reload it."
)
NOT_UPLOADED = "is not in the cache"  # gradio's sentence about a path
LONG_SESSION = f"A session's name has up to {limits.SESSION_CHARACTERS} characters."
BUSY = "Queue is full: {} such requests wait already. Try again in a moment; nothing was lost."


def limit_waiting(
    demo: gr.Blocks,
    most: int = limits.LANE_WAITING,
    keystrokes: int = limits.KEYSTROKE_WAITING,
) -> None:
    """Let at most `most` requests of every group (`concurrency_id`) but two wait. After `demo.queue`.

    gradio limits the queue as a whole only: sixty texts that wait to be written would turn every
    keystroke away, and a thousand keystrokes would wait before one was turned away. Of keystrokes
    `keystrokes` wait; the strip's questions may have what the others leave.
    """
    queue, bounds = demo._queue, {KEYSTROKE: keystrokes, STRIP: None}
    push = queue.push

    async def limited(body: Any, request: Any, username: Any = None) -> Any:
        if len(body.session_hash or "") > limits.SESSION_CHARACTERS:
            return False, LONG_SESSION, "error"  # gradio would keep it
        if body.fn_index is not None:
            group = route_utils.get_fn(queue.blocks, None, body).concurrency_id
            there = queue.event_queue_per_concurrency_id.get(group)
            bound = bounds.get(group, most)
            if bound is not None and there is not None and len(there.queue) >= bound:
                return False, BUSY.format(bound), "queue_full"
        return await push(body=body, request=request, username=username)

    queue.push = limited  # type: ignore[method-assign]  # the patch


def refuse_values(demo: gr.Blocks) -> None:
    """Let a value that a component refuses be one sentence to whoever sent it, and none in the log.

    A page sends none: a choice that is not offered, a path that nobody uploaded, a list in a number's
    place, too few values. gradio writes the traceback of each into the log, as if the app had failed.
    """
    preprocess, call = demo.preprocess_data, demo.call_function

    async def refusing(*args: Any, **kwargs: Any) -> Any:
        try:
            return await preprocess(*args, **kwargs)
        except gr.Error as error:  # gradio's own sentence: the choices, the kinds of files
            error.print_exception, error.message = False, clean(str(error.message))
            raise
        except Exception as error:
            if isinstance(error, OSError):  # it may be the server's own: a full disk
                log.warning("a request's value was not read: %r", error)
            raise gr.Error(NO_VALUE, print_exception=False) from error

    async def calling(*args: Any, **kwargs: Any) -> Any:
        try:
            return await call(*args, **kwargs)
        except gr.Error as error:
            if NOT_UPLOADED in str(error.message):  # a path in an event's data
                error.print_exception, error.message = False, NO_VALUE
            raise

    demo.preprocess_data = refusing  # type: ignore[method-assign]  # the patch
    demo.call_function = calling  # type: ignore[method-assign]  # the patch


def keep_order(demo: gr.Blocks, most: int = limits.ORDER_SESSIONS) -> None:
    """Keep the answers to the page in order (`order.py`), for the `most` newest sessions.

    Call it after `demo.queue`.
    """
    queue = demo._queue
    send, process = queue.send_message, queue.process_events
    sessions: OrderedDict[str, Written] = OrderedDict()
    questions: WeakKeyDictionary = WeakKeyDictionary()

    def question_of(event: Any) -> Question | None:
        if not is_ordered(event.fn.fn) or event.data is None:
            return None
        if event not in questions:
            number = event.data.data[-1] if event.data.data else None
            if type(number) is not int or not 0 < number < LARGEST:
                return None
            written = sessions.setdefault(event.session_hash, Written())
            sessions.move_to_end(event.session_hash)
            if len(sessions) > most:
                sessions.popitem(last=False)
            questions[event] = Question(number, [o._id for o in event.fn.outputs], written)
        return questions[event]

    def in_order(event: Any, message: Any) -> None:
        question = question_of(event) if event.alive else None
        send(event, message if question is None else question.pass_on(message))

    async def asked(events: Any, *args: Any, **kwargs: Any) -> Any:
        token = QUESTION.set(question_of(events[0]))
        try:
            return await process(events, *args, **kwargs)
        finally:
            QUESTION.reset(token)

    queue.send_message = in_order  # type: ignore[method-assign,assignment]  # the patch; names differ
    queue.process_events = asked  # type: ignore[method-assign]  # the patch


class ForgetfulSession(state_holder.SessionState):
    """A visitor's session without gradio's copy of every component and of all that was typed.

    gradio keeps that copy for its deep links, which this app does not use (`tabs/shared/links.py` has
    the address): 0.6 MB a visitor, 80 ms of the event loop to make it, and the last text of every field
    until two hundred newer visitors have come. And gradio counts the time that a state is kept for from
    its last change; here it counts from its last use.
    """

    def __init__(self, blocks: Any) -> None:
        empty = SimpleNamespace(default_config=blocks.default_config, blocks={})
        super().__init__(empty)  # type: ignore[arg-type]  # it reads these two fields of a gr.Blocks
        self.STATE_TTL_WHEN_CLOSED = limits.STATE_SECONDS

    def __getitem__(self, key: int) -> Any:
        """A component or a state; a state that is read lives on from now."""
        if key in self._state_ttl:
            seconds, _ = self._state_ttl[key]
            self._state_ttl[key] = (seconds, datetime.now())
        return super().__getitem__(key)

    def __setitem__(self, key: int, value: object) -> None:
        super().__setitem__(key, value)
        self.config_values.pop(key, None)

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: object) -> None:
        pass


def forget_inputs() -> None:
    """Let gradio make `ForgetfulSession`s from now on."""
    state_holder.SessionState = ForgetfulSession  # type: ignore[misc]  # the patch


def write_mcp_json() -> None:
    """Let gradio's MCP server write every result that is no text and no file as JSON.

    It writes a dictionary with `str`, which no client can parse. Files and images go its own way.
    """
    from gradio.mcp import GradioMCPServer

    original = GradioMCPServer.postprocess_output_data
    if getattr(original, "writes_json", False):
        return

    @functools.wraps(original)
    def postprocess_output_data(self: Any, data: Any, root_url: str) -> list:
        return original(self, [_text(value) for value in data], root_url)

    setattr(postprocess_output_data, "writes_json", True)  # noqa: B010  (a function's own field)
    GradioMCPServer.postprocess_output_data = postprocess_output_data  # type: ignore[method-assign]  # the patch


def _text(value: Any) -> Any:
    """`value` as JSON, a text as it is; a file's description stays what it is."""
    is_file = isinstance(value, dict) and "_type" in (value.get("meta") or {})
    return value if isinstance(value, str) or is_file else to_json(value)
