"""The page's events: in which queue they wait, and the order in which their answers are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from ulmfit_demo import limits, order

# The page's events are its own: a program has the data endpoints of `web/endpoints.py`.
PRIVATE: dict[str, Any] = dict(api_visibility="private")

# What needs no computing: it is answered past the queue.
UNQUEUED: dict[str, Any] = dict(PRIVATE, show_progress="hidden", queue=False)

# What takes a second: its own lane, so that it is never in the way of a key press.
MODEL: dict[str, Any] = dict(
    show_progress="hidden", concurrency_id="model", concurrency_limit=limits.MODEL_LANE
)

# Live results: while one runs, only the newest of those that wait is kept, and nothing covers them.
LIVE: dict[str, Any] = dict(
    trigger_mode="always_last",
    show_progress="hidden",
    concurrency_id="keystroke",
    concurrency_limit=limits.KEYSTROKE_LANE,
)


def redraw(
    triggers: list,
    function: Callable,
    inputs: list,
    outputs: list,
    js: str | None = None,
    **settings,
) -> gr.events.Dependency:
    """Run `function` at one of `triggers`; of two answers to the page the newer question's stays.

    Every event that draws what a visitor asked goes through here. `js` changes the inputs in the page.
    Raises ValueError for `queue=False`: only answers of the queue come in order.
    """
    settings = {**LIVE, **PRIVATE, **settings}
    if settings.get("queue") is False:
        raise ValueError(
            "an event that redraws waits in the queue, which keeps the answers in order"
        )
    asked = gr.State(None)  # the page writes its number here (`order.js`); it is no parameter
    return gr.on(
        triggers,
        order.ordered(function, outputs),
        [*inputs, asked],
        outputs,
        js=f"(...values) => window.ulmfitAsk({f'({js})(...values)' if js else 'values'})",
        **settings,
    )


def stop(
    triggers: list, event: gr.events.Dependency, function: Callable, inputs: list, outputs: list
) -> None:
    """End `event` at one of `triggers` and draw what `function` says instead.

    In order, since what `event` said last may reach the page after this; in the lane of key presses,
    since `event` holds a place in its own.
    """
    gr.on(triggers, None, None, None, cancels=[event], **PRIVATE)
    redraw(triggers, function, inputs, outputs)


def live(
    triggers: list,
    function: Callable,
    inputs: list,
    outputs: list,
    name: str | None,
    also: Sequence[Callable] = (),
    **settings,
) -> None:
    """Run `function` whenever one of `triggers` changes; one private event, however many triggers.

    `name`: the event is called `page_<name>`. `also`: other events that run it, such as a tab's
    `select`.
    """
    changes = [*also, *(t.change for t in triggers)]
    redraw(changes, function, inputs, outputs, api_name=name and f"page_{name}", **settings)
