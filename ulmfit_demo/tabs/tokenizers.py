"""Tab: one text under several tokenizers, side by side."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.services import Services
from ulmfit_demo.tabs import common
from ulmfit_demo.views import tokens as view

CHOICES = {
    "fastai": "fastai words",
    "spacy": "spaCy words",
    "subwords": "subwords",
    "characters": "characters",
    "whitespace": "white space",
}
DEFAULT = ["fastai", "spacy", "subwords", "characters"]
MOST_COLUMNS = 4


def build(services: Services) -> None:
    """Lay out the tab and wire it to `services`."""
    sizes = services.ladder.sizes() or [1_000]

    @common.guarded("")
    def show(text, columns, size, as_ids):
        text = limits.text(text)
        columns = [limits.choice(c, CHOICES, "A column") for c in columns or []]
        if not 1 <= len(columns) <= MOST_COLUMNS:
            raise limits.Refused(f"Choose one to {MOST_COLUMNS} columns.")
        size = limits.choice(size, sizes, "The vocabulary size")
        results = [services.tokenize(text, c, size) for c in columns]
        ids = services.numericalize(text) if services.vocab else []
        known = services.vocab.decode(ids) if services.vocab else []
        detail = f"{view.id_tensor(ids[:200])}\n{' '.join(known[:200])}"
        return view.columns(results, as_ids), detail

    common.lesson("tokenizers")
    with gr.Row():
        text = gr.Textbox(
            value=common.first_example("tokenizers"),
            label="Your text",
            lines=3,
            max_lines=8,
            scale=4,
            elem_id="tokenizers-text",
        )
        with gr.Column(scale=1, min_width=200):
            common.example_menu("tokenizers", text)
            as_ids = gr.Checkbox(False, label="Show ids, not tokens")
    with gr.Row():
        columns = gr.CheckboxGroup(
            [(label, key) for key, label in CHOICES.items()],
            value=DEFAULT,
            label=f"Columns (up to {MOST_COLUMNS})",
            scale=4,
        )
        size = gr.Dropdown(
            [(f"{s:,}", s) for s in sizes],
            value=1_000 if 1_000 in sizes else sizes[0],
            label="Subword vocabulary",
            scale=1,
            min_width=160,
        )
    result = gr.HTML(elem_id="tokenizers-result")
    with gr.Accordion("Ids and back: numericalize with the model's vocabulary", open=False):
        ids = gr.Code(label="first 200 ids, and what they decode to", language=None, lines=4)
    inputs = [text, columns, size, as_ids]
    common.live(inputs, show, inputs, [result, ids], "tokenize")
    result.value, ids.value = show(text.value, DEFAULT, size.value, False)
