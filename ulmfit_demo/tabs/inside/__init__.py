"""Tab: what goes on inside the models, in five views of one text. Lays out the views only."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import change, memory, readers, unit, words
from ulmfit_demo.tabs.shared import examples, lesson
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.this_tab import this_tab
from ulmfit_demo.tabs.shared.visibility import Visibility, remember

VIEWS = {
    "unit": ("A unit reads along", unit),
    "memory": ("How far it remembers", memory),
    "words": ("Where words live", words),
    "readers": ("Two readers", readers),
    "change": ("The smallest change", change),
}


@dataclass(frozen=True)
class Shared:
    """What the views share: the text, the token that was clicked in it, and when each is visible."""

    text: gr.Textbox
    place: gr.Number
    visibility: Visibility


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""
    tab = this_tab()
    card = lesson.Card("inside")
    controls = Controls("inside", card=card)
    opened = controls.opened = gr.State(next(iter(VIEWS)))
    with gr.Row():
        text = examples.field("inside", "Your text", "inside-text", 2, 5)
        with gr.Column(scale=1, min_width=200):
            examples.menu("inside", text)
    place = gr.Number(
        -1, label="Word", precision=0, minimum=-1, visible="hidden", elem_id="inside-place"
    )
    with gr.Tabs(overflow_behavior="wrap") as controls.inner:
        for name, (title, view) in VIEWS.items():
            with gr.Tab(title, id=name) as controls.views[name]:
                inner = controls.views[name]
                remember(inner, name, opened)
                visibility = Visibility(tab, inner, opened, name)
                controls.add(name, view.build(loaded, Shared(text, place, visibility)))
    controls.items = {
        "text": text,
        "place": place,
        **controls.items,
        "lesson": card.number,
    }
    return controls
