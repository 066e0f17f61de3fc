"""Tab: how ids become mini-batches, for a language model and for a classifier. Holds the two views."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.services import Services
from ulmfit_demo.tabs import classifier_batches, lesson, lm_batches
from ulmfit_demo.tabs.controls import Controls

VIEWS = (
    ("For a language model", "lm_batches", lm_batches),
    ("For a classifier", "classifier_batches", classifier_batches),
)


def build(services: Services) -> Controls:
    """Lay out the tab and wire it to `services`; its controls for links and lessons."""
    card = lesson.Card("batches")
    controls = Controls("batches", card=card)
    with gr.Tabs() as controls.inner:
        for name, id_, view in VIEWS:
            with gr.Tab(name, id=id_) as controls.views[id_]:
                with gr.Column(elem_classes="b-view"):
                    controls.add(id_, view.build(services))
    controls.items["lesson"] = card.number
    return controls
