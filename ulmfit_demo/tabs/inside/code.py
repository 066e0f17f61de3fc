"""The code panel at the end of a view of the Inside tab. Holds no lines."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from ulmfit_demo.tabs.shared import code_panel, guard
from ulmfit_demo.tabs.shared.controls import Items, called
from ulmfit_demo.tabs.shared.visibility import Visibility


def shown(
    visibility: Visibility, lines: Callable[..., str], parameters: Items
) -> Callable[[dict], str]:
    """Lay out a panel that shows `lines` of the values of `parameters` while it is open.

    Returns the `code` of the view's `Part`, which gives the same lines.
    """
    code, opened = code_panel.on_demand()

    @guard.guarded()
    def show_code(opened, *values):
        return lines(*values) if opened else gr.skip()

    seen = [opened, *parameters.values()]
    visibility.live(seen, show_code, seen, [code], None)
    return called(lines, parameters)
