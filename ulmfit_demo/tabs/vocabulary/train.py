"""View: a subword model trained on the visitor's own text, in a process that keeps nothing."""

from __future__ import annotations

import math
from typing import Any

import gradio as gr
from sentencepiece import SentencePieceProcessor

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, html
from ulmfit_demo.tabs.shared.controls import Part, called
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.visibility import Visibility
from ulmfit_demo.tabs.vocabulary import train_html as view
from ulmfit_demo.tokens import subword_pieces
from ulmfit_demo.workers.subword_training import training

TYPES = {"unigram": "unigram", "BPE": "bpe"}
DEFAULT_SIZE = 150
STOPPED = "Stopped. Nothing was kept."
IDLE = "Press Train: the pieces of your text appear here."
# A long text stays beside the page: the field shows how it begins (`train_vocabulary.js`).
WHOLE_TEXT = "(text, ...rest) => [window.ulmfitWholeText(text), ...rest]"
BUDGET = training.Budget(
    cpu_seconds=limits.TRAIN_CPU_SECONDS,
    seconds=limits.TRAIN_SECONDS,
    memory=limits.TRAIN_MEMORY,
    largest=limits.TRAIN_PIECES,
)


def build(loaded: LoadedModels, visibility: Visibility) -> Part:
    """Lay out the view; it needs no model of the app. Its controls by name."""

    @guard.guarded(gr.skip(), refusals=(training.TrainingError,))
    def find_sizes(text, kind, size):
        """The vocabulary sizes that SentencePiece can train on a text; `size` is moved into them.

        Args:
            text: what to learn from, up to 2 MB
            kind: how pieces are learned
            size: the size one would like
        """
        text = limits.text_to_learn_from(text)
        kind = limits.choice(kind, TYPES.values(), "The kind")
        for step in training.legal_sizes(text, kind, BUDGET):
            if isinstance(step, training.Sizes):
                wanted = size if _is_number(size) else DEFAULT_SIZE
                yield (
                    view.sizes(step, kind),
                    int(min(max(wanted, step.low), step.high)),
                )
            else:
                yield view.looking(step), gr.skip()

    @guard.guarded(gr.skip(), refusals=(training.TrainingError,))
    def train(text, kind, size, sample):
        """Train a SentencePiece model on a text: progress, then its pieces and the code.

        Args:
            text: what to learn from, up to 2 MB
            kind: how pieces are learned
            size: pieces of the vocabulary
            sample: a text that is cut into the new pieces
        """
        text = limits.text_to_learn_from(text)
        kind = limits.choice(kind, TYPES.values(), "The kind")
        size = limits.whole(size, (1, 10**6), "The vocabulary size")
        sample = limits.text(sample, limits.TRAIN_SAMPLE)
        for step in training.train(text, size, kind, BUDGET):
            if isinstance(step, training.Trained):
                yield _shown(step, sample), _code(text, kind, size, sample)
            else:
                yield view.progress(step), gr.skip()

    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            label = "The text to learn from (to 2 MB)"
            text = examples.field("train_vocabulary", label, "train-text", 8, 8, scale=None)
            label = "Your sample: cut into the new pieces"
            sample = examples.field("vocabulary", label, "train-sample", 1, 3, scale=None)
        with gr.Column(scale=2, min_width=260):
            with gr.Row():
                with gr.Column(min_width=150):
                    examples.menu("train_vocabulary", text)
                with gr.Column(min_width=150):
                    gr.HTML(view.file_field(limits.TRAIN_BYTES), elem_id="train-file")
            with gr.Row():
                kind = gr.Radio(
                    list(TYPES.items()),
                    value="unigram",
                    label="Learn by",
                    min_width=150,
                    elem_id="train-kind",
                )
                size = gr.Number(
                    DEFAULT_SIZE,
                    label="Vocabulary size",
                    precision=0,
                    min_width=120,
                    elem_id="train-size",
                )
            legal = gr.HTML(elem_id="train-range", min_height=28)
            with gr.Row():
                go = gr.Button("Train", variant="primary", elem_id="train-go", min_width=100)
                stop = gr.Button("Stop", elem_id="train-stop", min_width=100)
    result = gr.HTML(html.empty(IDLE), elem_id="train-result", min_height=220)
    save_bar("train-result", "csv", what="the pieces")
    code = code_panel.panel()
    items = {"learn": text, "by": kind, "pieces": size, "sample": sample}
    code.value = _code(*(i.value for i in items.values()))

    lane: dict[str, Any] = dict(js=WHOLE_TEXT, concurrency_limit=limits.TRAIN_LANE)
    sizes_lane: dict[str, Any] = dict(concurrency_id="legal sizes", **lane)
    inputs, found = [text, kind, size], [legal, size]
    events.live([text, kind], find_sizes, inputs, found, "legal_sizes", **sizes_lane)
    events.redraw(
        [visibility.inner.select],
        find_sizes,
        inputs,
        found,
        trigger_mode="once",
        **sizes_lane,
    )
    event = events.redraw(
        [go.click],
        train,
        [*items.values()],
        [result, code],
        api_name="page_train_vocabulary",
        trigger_mode="once",
        concurrency_id="training",
        **lane,
    )
    events.stop([stop.click], event, lambda: html.notice(STOPPED), [], [result])

    return Part(items, called(_code, items))


def _is_number(size: object) -> bool:
    return isinstance(size, int | float) and not (isinstance(size, float) and math.isnan(size))


def _shown(model: training.Trained, sample: str) -> str:
    processor = SentencePieceProcessor(model_proto=model.model)
    pieces = [
        (processor.id_to_piece(i), processor.get_score(i))
        for i in range(len(training.SPECIALS) + 1, len(processor))
    ]
    pieces.sort(key=lambda piece: -piece[1])
    cut = subword_pieces(processor, sample, f"{model.type} {model.size}")
    return view.trained(model, pieces[: limits.SCORED_PIECES], len(pieces), cut)


def _code(text: str, kind: str, size: int, sample: str) -> str:
    """The lines that train the same model; a long text is read from a file of the visitor's."""
    head = "text" if len(text) <= limits.CODE_TEXT else "file"
    return lessons.code(f"vocabulary_train_{head}", text=text) + lessons.code(
        "vocabulary_train",
        sentence=training.SENTENCE,
        sample=sample,
        **{k: v for k, v in training.settings(size, kind).items()},
    )
