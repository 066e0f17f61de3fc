"""Tab: how ids become mini-batches, for a language model and for a classifier. Holds the two views."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.batches import classifier, language_model
from ulmfit_demo.tabs.shared import lesson
from ulmfit_demo.tabs.shared.controls import Controls

VIEWS = (
    ("For a language model", "lm_batches", language_model),
    ("For a classifier", "classifier_batches", classifier),
)


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""
    card = lesson.Card("batches")
    controls = Controls("batches", card=card)
    with gr.Tabs(overflow_behavior="wrap") as controls.inner:
        for name, id_, view in VIEWS:
            with gr.Tab(name, id=id_) as controls.views[id_]:
                with gr.Column(elem_classes="b-view"):
                    controls.add(id_, view.build(loaded))
    controls.items["lesson"] = card.number
    return controls
