"""What every tab shares: the guard around its functions, example menus, lesson texts. No tab itself."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastai.text.models.awdlstm import awd_lstm_lm_config

from ulmfit_demo import lessons, limits, order
from ulmfit_demo.inference.loading import Services
from ulmfit_demo.tabs.shared import html
from ulmfit_demo.tabs.shared.code_view import code_view

log = logging.getLogger("ulmfit_demo")
BROKEN = (
    "Something went wrong here, and it is not your text's fault. The error is in the server's log."
)

CHOOSE = "Choose …"

# The page's events are its own: a program has the data endpoints of `web/endpoints.py`.
PRIVATE: dict[str, Any] = dict(api_visibility="private")

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


def guarded(*rest) -> Callable:
    """Decorator: a refusal becomes a notice in the first output; `rest` fills the others."""

    def around(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args):
            try:
                return function(*args)
            except limits.Refused as refusal:
                shown = html.notice(str(refusal))
            except Exception:
                log.exception("%s failed", function.__name__)
                shown = html.notice(BROKEN)
            return (shown, *rest) if rest else shown

        return call

    return around


def example_menu(tab: str, target: gr.Textbox, label: str = "Examples") -> gr.Dropdown:
    """A menu that puts an example into `target`. The choice itself is no endpoint of the API."""
    texts = lessons.examples()[tab]
    menu = gr.Dropdown(choices=[CHOOSE, *texts], value=CHOOSE, label=label, scale=1, min_width=180)
    menu.input(
        # the menu goes back: what stands in the text may be changed at once
        lambda title: (texts.get(title, gr.skip()), CHOOSE),
        menu,
        [target, menu],
        api_visibility="private",
        show_progress="hidden",
        queue=False,
    )
    return menu


def first_example(tab: str) -> str:
    return next(iter(lessons.examples()[tab].values()))


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


def hidden_field(elem_id: str) -> gr.Textbox:
    """A field that no one sees: `pick.js` writes into it what was clicked in an HTML result."""
    return gr.Textbox("", elem_id=elem_id, elem_classes="u-hidden-field", show_label=False)


def picked(value: object) -> str:
    """What `pick.js` wrote: the clicked element's `data-value`; "" where it is nothing of its."""
    if not isinstance(value, str):
        return ""
    try:
        found = json.loads(value)["value"]
    except (TypeError, KeyError, ValueError):
        return ""
    return found if isinstance(found, str) else ""


def picked_number(value: object) -> int:
    """As `picked`, for a number; -1 where there is none."""
    text = picked(value)
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def code_panel(label: str = "Show the code") -> gr.HTML:
    """A closed accordion with Python lines; fill it with `lessons.code(...)` as an output."""
    with gr.Accordion(label, open=False):
        return code_view()


def code_on_demand(label: str = "Show the code") -> tuple[gr.HTML, gr.State]:
    """A code panel, and whether it is open: what a closed one would show need not be worked out."""
    code, opened = code_panel(label), gr.State(False)
    panel = code.parent
    assert isinstance(panel, gr.Accordion)  # `code_panel` made it
    quiet: dict[str, Any] = dict(api_visibility="private", show_progress="hidden")
    panel.expand(lambda: True, None, opened, **quiet)
    panel.collapse(lambda: False, None, opened, **quiet)
    return code, opened


@dataclass(frozen=True)
class Sight:
    """When a view inside a tab comes into sight: its own tab is selected, or the outer one is."""

    outer: gr.Tab
    inner: gr.Tab
    opened: gr.State  # the name of the inner tab that was selected last
    name: str

    def draw(self, function: Callable, inputs: list, outputs: list, **settings) -> None:
        """Run `function` whenever the view comes into sight, not for another view's sake.

        `settings`: the lane, where it is not that of key presses.
        """

        def when_open(opened, *args):
            if opened == self.name:
                return function(*args)
            return [gr.skip()] * len(outputs) if len(outputs) > 1 else gr.skip()

        settings = {**settings, "trigger_mode": "once"}
        redraw([self.outer.select], when_open, [self.opened, *inputs], outputs, **settings)
        redraw([self.inner.select], function, inputs, outputs, **settings)


def embedding_sizes(services: Services) -> list[tuple[str, int]]:
    """(whose, embedding size): the shipped model's, and that of fastai's AWD-LSTM."""
    ours = services.bundle.config["emb_sz"] if services.bundle else awd_lstm_lm_config["emb_sz"]
    both = {"this app": int(ours), "fastai": awd_lstm_lm_config["emb_sz"]}
    return list(both.items()) if len(set(both.values())) > 1 else [("fastai", int(ours))]


def remember(inner: gr.Tab, name: str, opened: gr.State) -> None:
    """Keep in `opened` that the view `name` was opened, when `inner` is selected."""
    inner.select(
        lambda: name,
        None,
        opened,
        api_visibility="private",
        show_progress="hidden",
        queue=False,
    )
