"""When a view inside a tab is visible: what it draws while it is hidden would have no width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from ulmfit_demo.tabs.shared.events import UNQUEUED, live, redraw


@dataclass(frozen=True)
class Visibility:
    """When a view inside a tab becomes visible: its own tab is selected, or the outer one is."""

    outer: gr.Tab
    inner: gr.Tab
    opened: gr.State  # the name of the inner tab that was selected last
    name: str

    def draw(self, function: Callable, inputs: list, outputs: list, **settings) -> None:
        """Run `function` whenever the view becomes visible, not for another view's sake.

        `settings`: the lane, where it is not that of key presses.
        """
        when_open = self._only_open(function, len(outputs))
        settings = {**settings, "trigger_mode": "once"}
        redraw([self.outer.select], when_open, [self.opened, *inputs], outputs, **settings)
        redraw([self.inner.select], function, inputs, outputs, **settings)

    def live(
        self,
        triggers: list,
        function: Callable,
        inputs: list,
        outputs: list,
        name: str | None,
        **settings,
    ) -> None:
        """As `events.live`, while the view is the open one; and whenever it becomes visible."""
        when_open = self._only_open(function, len(outputs))
        live(triggers, when_open, [self.opened, *inputs], outputs, name, **settings)
        self.draw(function, inputs, outputs, **settings)

    def _only_open(self, function: Callable, n: int) -> Callable:
        """`function` behind the name of the open view: it answers nothing for another one."""

        def when_open(opened, *args):
            if opened == self.name:
                return function(*args)
            return [gr.skip()] * n if n > 1 else gr.skip()

        return when_open


def remember(inner: gr.Tab, name: str, opened: gr.State) -> None:
    """Keep in `opened` that the view `name` was opened, when `inner` is selected."""
    inner.select(lambda: name, None, opened, **UNQUEUED)
