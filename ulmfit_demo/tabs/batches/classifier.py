"""View: documents of different lengths become the padded mini-batches of a classifier."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.batches import (
    make_batches,
    order_shuffled,
    order_sorted,
    read_lengths,
    split_documents,
)
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.batches import classifier_html as view
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, html
from ulmfit_demo.tabs.shared.controls import Part, called
from ulmfit_demo.tabs.shared.save_bar import save_bar

ORDERS = {
    "sorted (validation)": "sorted",
    "sorted, then shuffled (training)": "shuffled",
    "as given": "given",
}
PADDINGS = {
    "first, in chunks (Pad_Chunk, the default)": "chunk",
    "first (pad_input, pad_first=True)": "first",
    "last (pad_input)": "last",
}
TITLES = {"given": "As given", "sorted": "Sorted by length", "shuffled": "Sorted, then shuffled"}
EMPTY = "Type some documents, or choose an example: their mini-batches appear here."


def build(loaded: LoadedModels) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""
    vocab = batches_code.vocab_file(loaded)

    def read(text):
        """(documents' texts, their tokens or None, their lengths). Raises `Refused`."""
        text = limits.text(text)
        try:
            lengths = read_lengths(text)
        except ValueError as e:
            raise limits.Refused(str(e)) from None
        documents = split_documents(text) if lengths is None else []
        n = len(documents if lengths is None else lengths)
        if n > limits.DOCUMENTS:
            raise limits.Refused(f"{n:,} documents; this tab reads up to {limits.DOCUMENTS}.")
        if lengths is None:
            tokens = [loaded.tokenize(d, "fastai").tokens for d in documents]
            return documents, tokens, [len(t) for t in tokens]
        for length in lengths:
            limits.whole(length, limits.DOCUMENT_TOKENS, "A length")
        return documents, None, lengths

    @guard.guarded("")
    def show(text, bs, padding, order, step, as_ids, seq_len, seed):
        """Put documents into the padded mini-batches of a classifier: tables and code.

        Args:
            text: documents, an empty line between two; or lengths such as 100, 76
            bs: rows
            padding: where the padding stands
            order: of the documents
            step: which mini-batch is shown, from 1
            as_ids: ids instead of tokens
            seq_len: the chunk of Pad_Chunk
            seed: of the shuffle
        """
        documents, tokens, lengths = read(text)
        bs = limits.whole(bs, limits.BS, "The batch size")
        padding = limits.choice(padding, PADDINGS.values(), "The padding")
        order = limits.choice(order, ORDERS.values(), "The order")
        seq_len = limits.whole(seq_len, limits.SEQ_LEN, "The chunk length")
        seed = limits.whole(seed, limits.SEED, "The seed")
        step = limits.whole(step, (1, 10**6), "The mini-batch")
        if not lengths:
            return html.empty(EMPTY), ""
        orders = {
            "given": range(len(lengths)),
            "sorted": order_sorted(lengths),
            "shuffled": order_shuffled(lengths, bs, seed),
        }
        beside = "sorted" if order == "given" else order
        panels = [
            (TITLES[o], make_batches(lengths, bs, orders[o]), o == order) for o in ("given", beside)
        ]
        n = len(panels[0][1])
        k = min(step, n) - 1
        chunk = seq_len if padding == "chunk" else None
        pad_id = loaded.vocab.pad_id if as_ids and loaded.vocab else None
        shown = view.view(panels, lengths, k, padding != "last", chunk, tokens, pad_id)
        if vocab is None:
            return shown, f"# {loaded.missing}"
        settings = dict(bs=bs, k=k, n=n, padding=padding, seq_len=seq_len, order=order, seed=seed)
        return shown, batches_code.classifier(documents or lengths, vocab, **settings)

    with gr.Row():
        label = "Documents (an empty line between), or lengths: 100, 76, …"
        place = "classifier-batches-text"
        text = examples.field("classifier_batches", label, place, 2, 2, min_width=300)
        examples.menu("classifier_batches", text)
    with gr.Row(elem_classes="b-controls"):
        bs = gr.Slider(*limits.BS, value=3, step=1, label="bs (rows)", min_width=150, buttons=[])
        order = gr.Dropdown(list(ORDERS.items()), value="sorted", label="Order", min_width=150)
        padding = gr.Dropdown(
            list(PADDINGS.items()), value="chunk", label="Padding", min_width=150, scale=2
        )
        as_ids = gr.Checkbox(
            False, label="ids, not tokens", min_width=150, elem_id="classifier-batches-ids"
        )
    stepper = gr.HTML(elem_id="classifier-batches-stepper", padding=False, js_on_load=shared.WATCH)
    result = gr.HTML(elem_id="classifier-batches-result", padding=False, js_on_load=shared.WATCH)
    save_bar("classifier-batches-result", "csv", what="the tables")
    with gr.Accordion("Seed and chunk length", open=False):
        with gr.Row():
            seed = gr.Number(
                0, label="Seed of the shuffle", precision=0, minimum=0, maximum=limits.SEED[1]
            )
            seq_len = gr.Slider(
                *limits.SEQ_LEN, value=72, step=1, label="seq_len, the chunk of Pad_Chunk"
            )
    with gr.Accordion("Question 17: why is a language model's batch never padded?", open=False):
        gr.Markdown(lessons.lesson("batches_question_17"))
    code = code_panel.panel()
    step = gr.Number(
        1,
        label="Mini-batch",
        precision=0,
        minimum=1,
        visible="hidden",
        elem_id="classifier-batches-step",
    )

    items = {
        "reviews": text,
        "rows": bs,
        "padding": padding,
        "order": order,
        "number": step,
        "as_ids": as_ids,
        "chunk": seq_len,
        "order_seed": seed,
    }
    inputs = [*items.values()]
    events.live(inputs, show, inputs, [result, code], "classifier_batches")
    shared.tell(step)
    result.value, code.value = show(*(i.value for i in inputs))
    lengths = read(text.value)[2]
    first = make_batches(lengths, bs.value, order_sorted(lengths))
    stepper.value = shared.stepper(
        "#classifier-batches-result .cb",
        "#classifier-batches-step",
        len(first),
        view.where(first, 0),
        play=False,
    )
    return Part(items, called(lambda *values: show(*values)[1], items))
