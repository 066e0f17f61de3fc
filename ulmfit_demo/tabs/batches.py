"""Tab: how ids become mini-batches, for a language model and for a classifier. Holds the two views."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.services import Services
from ulmfit_demo.tabs import classifier_batches, lm_batches

VIEWS = (
    ("For a language model", "lm_batches", lm_batches),
    ("For a classifier", "classifier_batches", classifier_batches),
)


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""
    with gr.Tabs():
        for name, id_, view in VIEWS:
            with gr.Tab(name, id=id_), gr.Column(elem_classes="b-view"):
                view.build(services)
