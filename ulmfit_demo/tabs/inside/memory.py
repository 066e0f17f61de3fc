"""View: what one word owes to the words before it, and how far the model remembers at all."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.inside import GonePlace, remembering
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import code, figures
from ulmfit_demo.tabs.inside import memory_html as view
from ulmfit_demo.tabs.inside.place import place_of, strip
from ulmfit_demo.tabs.shared import events, guard, html, model_code
from ulmfit_demo.tabs.shared.controls import Part
from ulmfit_demo.tabs.shared.figure import figure, figure_json

EMPTY = "Type a text: what its last word owes to the words before it stands under each."
MEASURES = {"leaving each out": "left_out", "gradient": "gradient"}


def build(loaded: LoadedModels, shared) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""

    @guard.guarded(None, gr.skip())
    def show(text, place, measure):
        measure = limits.choice(measure, MEASURES.values(), "The measure")
        found, told = recalled(limits.text(text), place_of(place))
        if found is None:
            return html.empty(EMPTY), None, gr.skip()
        average = figure_json(figures.average(found.average)) if found.average else None
        curve = figure_json(figures.one_word(found.memory, found.word))
        return told + view.shaded(found, measure), curve, average

    def recalled(text, place):
        """The word at `place`, or where that cannot be asked the last one that can, and why so.

        The words are drawn in any case: else nobody could click another one.
        """
        try:
            return remembering.recall(loaded, text, place), ""
        except limits.Refused as refusal:
            if place is None:
                raise
            told = "" if isinstance(refusal, GonePlace) else html.notice(str(refusal))
            return remembering.recall(loaded, text), told

    def lines(text, place):
        if loaded.bundle is None:
            return f"# {loaded.missing}"
        head = lessons.code("model_head", folder=model_code.folder(loaded))
        at = place_of(place) or -1
        return head + lessons.code("inside_memory", text=limits.text(text), place=at)

    measure = gr.Radio(
        list(MEASURES.items()),
        value="left_out",
        label="Earlier words are shaded by",
        elem_id="inside-measure",
    )
    result = strip("inside-memory", shared.place)
    with gr.Row():
        curve = figure("inside-curve", height=300)
        average = figure("inside-average", height=300)
    gr.HTML(view.claim(loaded), elem_id="inside-claim")
    inputs, outputs = [shared.text, shared.place, measure], [result, curve, average]
    shared.visibility.live(inputs, show, inputs, outputs, "inside_memory", **events.MODEL)
    parameters = {"text": shared.text, "place": shared.place}
    lines_shown = code.shown(shared.visibility, lines, parameters)
    return Part({"measure": measure}, lines_shown)
