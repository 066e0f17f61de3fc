"""View: the model of Wikipedia and the model of reviews read the same text."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.inside import readers
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import code
from ulmfit_demo.tabs.inside import readers_html as view
from ulmfit_demo.tabs.inside.place import place_of, strip
from ulmfit_demo.tabs.shared import events, guard, html, model_code
from ulmfit_demo.tabs.shared.controls import Part

EMPTY = "Type a text: two readers say how much they expected each word."


def build(loaded: LoadedModels, shared) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""

    @guard.guarded("")
    def show(text, place):
        found = readers.compare(loaded, limits.text(text))
        if found is None:
            return html.empty(EMPTY), ""
        at = place_of(place)
        return view.compared(found, at), view.tops(found, at)

    def lines(text):
        if loaded.bundle is None or not loaded.bundle.snapshots:
            return f"# {loaded.missing or 'this model ships without an earlier stage'}"
        head = lessons.code("model_head", folder=model_code.folder(loaded))
        first = loaded.bundle.snapshots[0]
        files = (first.path.name, (first.vocab_path or first.path.with_name("vocab.json")).name)
        named = dict(weights=files[0], words=files[1])
        return head + lessons.code("inside_readers", text=limits.text(text), **named)

    result = strip("inside-readers", shared.place)
    tops = gr.HTML(elem_id="inside-tops", min_height=60)
    inputs = [shared.text, shared.place]
    shared.visibility.live(inputs, show, inputs, [result, tops], "inside_readers", **events.MODEL)
    parameters = {"text": shared.text}
    lines_shown = code.shown(shared.visibility, lines, parameters)
    return Part({}, lines_shown)
