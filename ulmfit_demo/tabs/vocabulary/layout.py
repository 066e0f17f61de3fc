"""Tab: how many pieces or words a vocabulary may hold, in three views. Lays out the views only."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import lesson
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.this_tab import this_tab
from ulmfit_demo.tabs.shared.visibility import Visibility, remember
from ulmfit_demo.tabs.vocabulary import ladder, train, words

VIEWS = {
    "ladder": ("Ladder", ladder),
    "words": ("Words", words),
    "train": ("Train your own", train),
}


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons.

    A figure that is drawn while its tab is hidden has no width, and the page hangs: a view gets what
    it draws to when it comes into sight, and `opened` says which view that is.
    """
    tab = this_tab()
    card = lesson.Card("vocabulary")
    controls = Controls("vocabulary", card=card)
    opened = controls.opened = gr.State(next(iter(VIEWS)))
    with gr.Tabs(overflow_behavior="wrap") as controls.inner:
        for name, (title, view) in VIEWS.items():
            with gr.Tab(title, id=name) as controls.views[name]:
                inner = controls.views[name]
                remember(inner, name, opened)
                controls.add(name, view.build(loaded, Visibility(tab, inner, opened, name)))
    controls.items["lesson"] = card.number
    return controls
