"""Tab: how many pieces or words a vocabulary may hold, in three views. Lays out the views only."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common, ladder, lesson, train_vocabulary, word_vocabulary
from ulmfit_demo.tabs.controls import Controls

VIEWS = {
    "ladder": ("Ladder", ladder),
    "words": ("Words", word_vocabulary),
    "train": ("Train your own", train_vocabulary),
}


def build(services: Services) -> Controls:
    """Lay out the tab and wire it to `services`; its controls for links and lessons.

    A figure that is drawn while its tab is hidden has no width, and the page hangs: a view gets what
    it draws to when it comes into sight, and `opened` says which view that is.
    """
    tab = gr.context.Context.block
    card = lesson.Card("vocabulary")
    controls = Controls("vocabulary", card=card)
    opened = controls.opened = gr.State(next(iter(VIEWS)))
    with gr.Tabs() as controls.inner:
        for name, (title, view) in VIEWS.items():
            with gr.Tab(title, id=name) as controls.views[name]:
                inner = controls.views[name]
                inner.select(
                    lambda name=name: name,
                    None,
                    opened,
                    api_visibility="private",
                    show_progress="hidden",
                    queue=False,
                )
                controls.add(name, view.build(services, common.Sight(tab, inner, opened, name)))
    controls.items["lesson"] = card.number
    return controls
