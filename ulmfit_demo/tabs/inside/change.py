"""View: the fewest words that must change before the verdict does."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.inside import changing
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import change_html as view
from ulmfit_demo.tabs.inside import code
from ulmfit_demo.tabs.shared import events, guard, html, model_code
from ulmfit_demo.tabs.shared.controls import Part

EMPTY = "Type a review, then press the button."
STOPPED = "Stopped before a change was found."
IDLE = "At most three words, left out or replaced by what the language model would write there."


def build(loaded: LoadedModels, shared) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""

    @guard.guarded()
    def search(text):
        found = None
        for found in changing.smallest_change(loaded, limits.text(text)):
            yield view.search(found)
        if found is None:
            yield html.empty(EMPTY)

    def stopped(shown):
        """What a search that was stopped leaves; one that had ended stays as it is."""
        return html.empty(STOPPED) if view.SEARCHING in str(shown) else gr.skip()

    def lines(text):
        found = model_code.sentiment(loaded, limits.text(text))
        return found + lessons.code("inside_change") if loaded.bundle else found

    with gr.Row():
        go = gr.Button("Find the smallest change", variant="primary", elem_id="inside-find")
        stop = gr.Button("Stop", elem_id="inside-stop", min_width=80, scale=0)
    result = gr.HTML(html.empty(IDLE), elem_id="inside-change", min_height=220)
    event = events.redraw(
        [go.click],
        search,
        [shared.text],
        [result],
        api_name="page_inside_change",
        **{**events.MODEL, "trigger_mode": "multiple"},
    )
    events.stop([stop.click], event, stopped, [result], [result])
    parameters = {"text": shared.text}
    lines_shown = code.shown(shared.visibility, lines, parameters)
    return Part({}, lines_shown)
