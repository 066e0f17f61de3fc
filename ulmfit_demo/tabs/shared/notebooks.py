"""The panel "This lesson as a notebook" of a tab. Writes no line of it."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.lessons import notebook
from ulmfit_demo.pipeline import answers
from ulmfit_demo.tabs.shared import events, guard, html
from ulmfit_demo.tabs.shared import lesson_html as view
from ulmfit_demo.tabs.shared.controls import Controls


def build(loaded: LoadedModels, controls: Controls) -> None:
    """Lay out the panel, closed; the notebook is made when it opens."""
    if controls.code is None:
        return

    @guard.guarded()
    def show():
        return view.notebook(controls.tab, text(loaded, controls))

    with gr.Accordion(
        "This lesson as a notebook", open=False, elem_id=f"{controls.tab}-notebook"
    ) as panel:
        shown = gr.HTML(html.empty("The notebook is being made."), min_height=40)
    panel.expand(show, None, shown, api_visibility="private", **events.MODEL)


def text(loaded: LoadedModels, controls: Controls) -> str:
    """The notebook's JSON. Raises `Refused` where a step's lines cannot be given."""
    if controls.code is None:
        raise ValueError(f"the tab {controls.tab} has no lines for a notebook")
    return notebook.notebook(
        controls.tab,
        lessons.steps(controls.tab),
        controls.code,
        controls.defaults(),
        answers.answered(loaded, controls.tab),
    )
