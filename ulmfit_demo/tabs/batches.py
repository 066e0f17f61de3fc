"""Tab: how a stream of tokens becomes mini-batches for a language model."""

from __future__ import annotations

import re

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common
from ulmfit_demo.views import html
from ulmfit_demo.views.batches import batch_view

CUTS = {"as fastai's LMDataLoader": "fastai", "as the notebook's tables": "notebook"}


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""

    @common.guarded()
    def show(text, bs, seq_len, step, as_ids, cut):
        text = limits.text(text)
        bs = limits.whole(bs, limits.BS, "The batch size")
        seq_len = limits.whole(seq_len, limits.SEQ_LEN, "The sequence length")
        documents = [d for d in re.split(r"\n{2,}", text) if d.strip()][: limits.DOCUMENTS]
        if not documents:
            return html.empty("Type a text, or choose an example: its mini-batches appear here.")
        tokens = [[t.text for t in services.tokenize(d, "fastai").tokens] for d in documents]
        ids = services.vocab.numericalize if services.vocab and as_ids else None
        step = limits.whole(step, (1, 10**6), "The mini-batch")
        cut = limits.choice(cut, CUTS.values(), "The cut")
        return batch_view(tokens, bs, seq_len, step, ids, notebook=cut == "notebook")

    common.lesson("batches")
    with gr.Row():
        text = gr.Textbox(
            value=common.first_example("batches"),
            label="Documents (an empty line begins the next)",
            lines=3,
            max_lines=8,
            scale=4,
            elem_id="batches-text",
        )
        with gr.Column(scale=1, min_width=200):
            common.example_menu("batches", text)
            as_ids = gr.Checkbox(False, label="Show ids, not tokens")
    with gr.Row():
        bs = gr.Slider(*limits.BS, value=6, step=1, label="Batch size bs (rows)")
        seq_len = gr.Slider(
            *limits.SEQ_LEN, value=5, step=1, label="Sequence length seq_len (columns)"
        )
        step = gr.Number(1, label="Mini-batch", precision=0, minimum=1, elem_id="batches-step")
        with gr.Column(min_width=140, scale=0):
            back = gr.Button("◀ back", size="sm")
            forward = gr.Button("next ▶", size="sm", variant="primary")
    cut = gr.Radio(
        list(CUTS.items()),
        value="fastai",
        label="Where the stream is cut",
        info="The notebook's tables use every token as x; fastai keeps one back as the last label.",
    )
    result = gr.HTML(elem_id="batches-result")
    inputs = [text, bs, seq_len, step, as_ids, cut]
    common.live(inputs, show, inputs, [result], "lm_batches")
    hidden = dict(api_visibility="private", show_progress="hidden", queue=False)
    back.click(lambda n: max(1, int(n or 1) - 1), step, step, **hidden)
    forward.click(lambda n: int(n or 0) + 1, step, step, **hidden)
    result.value = show(text.value, 6, 5, 1, False, "fastai")
