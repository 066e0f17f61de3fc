"""What every tab shares: the guard around its functions, example menus, lesson texts. No tab itself."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.views import html

log = logging.getLogger("ulmfit_demo")
BROKEN = (
    "Something went wrong here, and it is not your text's fault. The error is in the server's log."
)

# Live results: while one runs, only the newest of those that wait is kept, and nothing covers them.
LIVE = dict(
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


def lesson(tab: str) -> None:
    """The tab's lesson text."""
    gr.Markdown(lessons.lesson(tab), elem_classes="u-lesson")


def example_menu(tab: str, target: gr.Textbox, label: str = "Examples") -> gr.Dropdown:
    """A menu that puts an example into `target`. The choice itself is no endpoint of the API."""
    texts = lessons.examples()[tab]
    menu = gr.Dropdown(
        choices=list(texts), value=next(iter(texts)), label=label, scale=1, min_width=180
    )
    menu.input(
        lambda title: texts.get(title, ""),
        menu,
        target,
        api_visibility="private",
        show_progress="hidden",
        queue=False,
    )
    return menu


def first_example(tab: str) -> str:
    return next(iter(lessons.examples()[tab].values()))


def live(triggers: list, function: Callable, inputs: list, outputs: list, api_name: str) -> None:
    """Run `function` whenever one of `triggers` changes; one endpoint, however many triggers."""
    gr.on(
        [t.change for t in triggers],
        function,
        inputs,
        outputs,
        api_name=api_name,
        **LIVE,
    )


def code_panel(label: str = "Show the code") -> gr.Code:
    """A closed accordion with Python lines; fill it with `lessons.code(...)` as an output."""
    with gr.Accordion(label, open=False):
        return gr.Code(language="python", interactive=False, show_label=False)
