"""View: one stream of documents becomes the mini-batches of a language model."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.batches import Batches, make_stream, split_documents
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.batches import batch_html as shared
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.batches import language_model_html as view
from ulmfit_demo.tabs.batches import question_html as batches_question
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, html
from ulmfit_demo.tabs.shared.controls import Part, called
from ulmfit_demo.tabs.shared.save_bar import save_bar

CUTS = {"as fastai's LMDataLoader": "fastai", "as the notebook's tables": "notebook"}
EMPTY = "Type a text, or choose an example: its mini-batches appear here."


def build(loaded: LoadedModels) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""
    vocab = batches_code.vocab_file(loaded)

    def cut_up(text, bs, seq_len, cut, shuffle, seed):
        """Documents, their stream, how it is cut, the seed or None. Raises `Refused`."""
        documents = split_documents(limits.text(text))
        if len(documents) > limits.DOCUMENTS:
            raise limits.Refused(
                f"{len(documents):,} documents; this tab reads up to {limits.DOCUMENTS}."
            )
        bs = limits.whole(bs, limits.BS, "The batch size")
        seq_len = limits.whole(seq_len, limits.SEQ_LEN, "The sequence length")
        seed = limits.whole(seed, limits.SEED, "The seed") if shuffle else None
        notebook = limits.choice(cut, CUTS.values(), "The cut") == "notebook"
        stream = make_stream([loaded.tokenize(d, "fastai").tokens for d in documents], seed)
        try:
            return documents, stream, Batches(len(stream.items) + notebook, bs, seq_len), seed
        except ValueError as e:
            if not documents:
                return documents, stream, None, seed
            raise limits.Refused(str(e)) from None

    def lines(documents, batches, k, cut, seed):
        if vocab is None:
            return f"# {loaded.missing}"
        return batches_code.language_model(
            documents,
            vocab,
            bs=batches.bs,
            seq_len=batches.seq_len,
            k=k,
            n=batches.n_batches,
            seed=seed,
            notebook=cut == "notebook",
        )

    @guard.guarded("", "")
    def show(text, bs, seq_len, step, as_ids, cut, shuffle, seed):
        """Cut documents into the mini-batches of a language model: tables, question 16, code.

        Args:
            text: documents, an empty line between two
            bs: rows
            seq_len: columns
            step: which mini-batch is shown, from 1
            as_ids: ids instead of tokens
            cut: as fastai does, or as the notebook's tables do
            shuffle: shuffle the documents
            seed: of the shuffle
        """
        step = limits.whole(step, (1, 10**6), "The mini-batch")
        documents, stream, batches, seed = cut_up(text, bs, seq_len, cut, shuffle, seed)
        if batches is None:
            return html.empty(EMPTY), "", ""
        k = min(step, batches.n_batches) - 1
        texts = [shared.shown(t, bool(as_ids)) for t in stream.items]
        return (
            view.view(stream, batches, step, bool(as_ids)),
            batches_question.view(texts, batches),
            lines(documents, batches, k, cut, seed),
        )

    def show_code(*values):
        return show(*values)[2]

    with gr.Row():
        label = "Documents (an empty line between)"
        text = examples.field("batches", label, "batches-text", 2, 2, min_width=300)
        examples.menu("batches", text)
    with gr.Row(elem_classes="b-controls"):
        bs = gr.Slider(*limits.BS, value=6, step=1, label="bs (rows)", min_width=150, buttons=[])
        seq_len = gr.Slider(
            *limits.SEQ_LEN, value=5, step=1, label="seq_len", min_width=150, buttons=[]
        )
        as_ids = gr.Checkbox(False, label="ids, not tokens", min_width=150, elem_id="batches-ids")
        shuffle = gr.Checkbox(False, label="shuffle", min_width=150)
    stepper = gr.HTML(elem_id="batches-stepper", padding=False, js_on_load=shared.WATCH)
    result = gr.HTML(elem_id="batches-result", padding=False, js_on_load=shared.WATCH)
    save_bar("batches-result", "csv", what="the tables")
    with gr.Accordion("Question 16: guess, then see", open=False, elem_id="batches-q16"):
        question = gr.HTML()
    with gr.Accordion("Seed, and where the stream is cut", open=False):
        with gr.Row():
            seed = gr.Number(
                0, label="Seed of the shuffle", precision=0, minimum=0, maximum=limits.SEED[1]
            )
            cut = gr.Radio(
                list(CUTS.items()),
                value="fastai",
                label="Where the stream is cut",
                info="The notebook's tables use every token as x; fastai keeps one as the last label.",
                scale=3,
            )
    code = code_panel.panel()
    # The number that the server reads; the stepper below writes it. `hidden` keeps it in the page.
    step = gr.Number(
        1, label="Mini-batch", precision=0, minimum=1, visible="hidden", elem_id="batches-step"
    )

    items = {
        "text": text,
        "bs": bs,
        "seq_len": seq_len,
        "step": step,
        "ids": as_ids,
        "cut": cut,
        "shuffle": shuffle,
        "seed": seed,
    }
    inputs = [*items.values()]
    triggers = [i for i in inputs if i is not step]
    events.live(triggers, show, inputs, [result, question, code], "lm_batches")
    # Stepping is the page's own; only the code's number follows it.
    events.live([step], show_code, inputs, [code], None)
    shared.tell(step)
    question.change(
        None, None, None, js="() => window.stepBatches.forget()", api_visibility="private"
    )
    result.value, question.value, code.value = show(*(i.value for i in inputs))
    cuts = (bs.value, seq_len.value, cut.value, shuffle.value, seed.value)
    _, _, batches, _ = cut_up(text.value, *cuts)
    stepper.value = shared.stepper(
        "#batches-result .lmb",
        "#batches-step",
        batches.n_batches,
        view.where(batches, 1),
        play=True,
    )
    return Part(items, called(show_code, items))
