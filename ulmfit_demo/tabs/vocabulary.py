"""Tab: how many pieces or words a vocabulary may hold, in three views. Lays out the views only."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common, ladder, train_vocabulary, word_vocabulary

VIEWS = {
    "Ladder": ladder,
    "Words": word_vocabulary,
    "Train your own": train_vocabulary,
}


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`.

    A figure that is drawn while its tab is hidden has no width, and the page hangs: a view gets what
    it draws to when it comes into sight, and `opened` says which view that is.
    """
    tab = gr.context.Context.block
    common.lesson("vocabulary")
    opened = gr.State(next(iter(VIEWS)))
    with gr.Tabs():
        for name, view in VIEWS.items():
            with gr.Tab(name) as inner:
                inner.select(
                    lambda name=name: name,
                    None,
                    opened,
                    api_visibility="private",
                    show_progress="hidden",
                    queue=False,
                )
                view.build(services, common.Sight(tab, inner, opened, name))
