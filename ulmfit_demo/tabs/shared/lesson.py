"""The lesson on top of a tab: one step at a time; a step sets the tab's controls. Holds no text."""

from __future__ import annotations

import json

import gradio as gr

from ulmfit_demo import lessons
from ulmfit_demo.tabs.shared import events
from ulmfit_demo.tabs.shared import lesson_html as view
from ulmfit_demo.tabs.shared.controls import INNER, Controls


class Card:
    """A step's text with two buttons; `wire` it once the tab's controls exist."""

    def __init__(self, tab: str) -> None:
        self.tab = tab
        self.steps = lessons.steps(tab)
        with gr.Row(elem_classes="u-lesson", equal_height=True):
            self.shown = gr.HTML(view.step(self.steps, 0), elem_id=f"{tab}-lesson", padding=False)
            with gr.Column(scale=0, min_width=190), gr.Row(elem_classes="u-lesson-buttons"):
                self.back = gr.Button(
                    "Back",
                    size="sm",
                    min_width=60,
                    interactive=False,
                    elem_id=f"{tab}-lesson-back",
                )
                self.on = gr.Button(
                    view.NEXT,
                    size="sm",
                    min_width=100,
                    variant="primary",
                    elem_id=f"{tab}-lesson-next",
                )
        self.number = gr.Number(
            0,
            label="Step",
            precision=0,
            minimum=0,
            maximum=len(self.steps) - 1,
            visible="hidden",
            elem_id=f"{tab}-lesson-number",
        )

    def wire(self, controls: Controls, tabs: gr.Tabs, following: str | None) -> None:
        """The buttons set `controls`; after the last step the tab `following` opens."""
        last = len(self.steps) - 1
        start = controls.defaults()
        if controls.views:
            start[INNER] = next(iter(controls.views))

        def go(to: int):
            # every step starts from the tab's first state, so that it shows the same to everyone
            return controls.updates({**start, **self.steps[to]["set"], "lesson": to})

        def forward(number):
            number = _whole(number, last)
            if number < last:
                return [gr.skip(), *go(number + 1)]
            opened = gr.Tabs(selected=following) if following else gr.skip()
            return [opened, *controls.updates({})]

        def back(number):
            number = _whole(number, last)
            return go(number - 1) if number else controls.updates({})

        def show(number):
            number = _whole(number, last)
            label = view.NEXT if number < last else view.after(following)
            onward = gr.Button(label, interactive=number < last or following is not None)
            return view.step(self.steps, number), onward, gr.Button(interactive=number > 0)

        outputs = controls.outputs()
        self.on.click(forward, self.number, [tabs, *outputs], **events.UNQUEUED)
        self.back.click(back, self.number, outputs, **events.UNQUEUED)
        shown = [self.shown, self.on, self.back]
        events.live([self.number], show, [self.number], shown, None)
        arrived = f"() => {{ window.ulmfitLesson.arrived({json.dumps(self.tab)}) }}"
        self.shown.change(None, None, None, js=arrived, api_visibility="private")


def _whole(value: object, most: int) -> int:
    return min(max(int(value), 0), most) if isinstance(value, int | float) else 0
