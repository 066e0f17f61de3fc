"""Tab: the same text under every subword vocabulary of the ladder."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import limits, plots
from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common
from ulmfit_demo.views import html
from ulmfit_demo.views import vocabulary as view


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""
    sizes = services.ladder.sizes()
    common.lesson("vocabulary")
    if not sizes:
        gr.HTML(
            html.notice(
                "No subword model was found in assets/subwords. `python -m train subwords` makes them."
            )
        )
        return

    @common.guarded(None)
    def show(text, step):
        text = limits.text(text)
        size = sizes[limits.whole(step, (1, len(sizes)), "The vocabulary size") - 1]
        rungs = [(s, services.tokenize(text, "subwords", s)) for s in sizes]
        return view.ladder(rungs, size), plots.tokens_by_size(
            sizes, [t.n_tokens for _, t in rungs], size
        )

    with gr.Row():
        text = gr.Textbox(
            value=common.first_example("vocabulary"),
            label="A word or a text",
            lines=2,
            max_lines=8,
            scale=4,
            elem_id="vocabulary-text",
        )
        with gr.Column(scale=1, min_width=200):
            common.example_menu("vocabulary", text)
    step = gr.Slider(
        1,
        len(sizes),
        value=min(3, len(sizes)),
        step=1,
        label="Vocabulary size: " + " · ".join(f"{s:,}" for s in sizes),
        elem_id="vocabulary-size",
    )
    result = gr.HTML(show(text.value, step.value)[0], elem_id="vocabulary-result")
    # A figure given here would be drawn while its tab is hidden, without a width: the page then hangs.
    curve = gr.Plot(label="tokens against vocabulary size", elem_id="vocabulary-curve")
    common.live([text, step], show, [text, step], [result, curve], "vocabulary")
    tab = gr.context.Context.block
    tab.select(
        show,
        [text, step],
        [result, curve],
        api_visibility="private",
        **{**common.LIVE, "trigger_mode": "once"},
    )
