"""When a view of the Inside tab computes: only while it is the one that is looked at."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from ulmfit_demo.tabs.shared import common


def live(
    sight: common.Sight,
    triggers: list,
    function: Callable,
    inputs: list,
    outputs: list,
    name: str | None,
    **settings,
) -> None:
    """As `common.live`, while the view is the open one; and whenever it comes into sight."""

    def when_open(opened, *args):
        if opened == sight.name:
            return function(*args)
        return [gr.skip()] * len(outputs) if len(outputs) > 1 else gr.skip()

    common.live(triggers, when_open, [sight.opened, *inputs], outputs, name, **settings)
    sight.draw(function, inputs, outputs, **settings)


def place_of(value: object) -> int | None:
    """The token that was clicked; None for none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10_000:
        return None
    return int(value)
