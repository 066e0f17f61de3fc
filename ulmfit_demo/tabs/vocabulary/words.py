"""View: which words a word vocabulary keeps, over the corpus's real counts."""

from __future__ import annotations

import gradio as gr
import numpy as np

from ulmfit_demo import lessons, limits, theme
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, html
from ulmfit_demo.tabs.shared.controls import Part, called
from ulmfit_demo.tabs.shared.figure import figure, figure_json
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.visibility import Visibility
from ulmfit_demo.tabs.vocabulary import figures
from ulmfit_demo.tabs.vocabulary import words_html as view
from ulmfit_demo.tabs.vocabulary.embedding_sizes import embedding_sizes
from ulmfit_demo.tokens import fastai_words
from ulmfit_demo.tokens.word_counts import WordCounts

COUNTS = "vocabulary/words.json.gz"
DEFAULT = (3, 60_000)  # the notebook's, and fastai's
MISSING = "No word counts were found in assets/vocabulary. `python -m train vocabulary` makes them."


def build(loaded: LoadedModels, visibility: Visibility) -> Part:
    """Lay out the view and wire it to the counts that ship; its controls by name."""
    try:
        counts = WordCounts.load(theme.ASSETS / COUNTS)
    except (OSError, ValueError):
        gr.HTML(html.notice(MISSING))
        return Part()
    widths = embedding_sizes(loaded)
    points = np.unique(np.geomspace(*limits.MAX_VOCAB, 40).astype(int)).tolist()

    def lines(text, min_freq, max_vocab):
        return lessons.code("vocabulary_words", text=text, min_freq=min_freq, max_vocab=max_vocab)

    def bounds(min_freq, max_vocab):
        return (
            limits.whole(min_freq, limits.MIN_FREQ, "min_freq"),
            limits.whole(max_vocab, limits.MAX_VOCAB, "max_vocab"),
        )

    @guard.guarded("", "")
    def show(text, min_freq, max_vocab):
        """Which words of a text a word vocabulary of the corpus keeps: figures, words, code.

        Args:
            text: any text
            min_freq: how often the corpus must hold a word
            max_vocab: the most words
        """
        text = limits.text(text)
        chosen = bounds(min_freq, max_vocab)
        tokens = fastai_words(text).tokens
        fates = [counts.fate(t.text, *chosen) for t in tokens]
        code = lines(text, *chosen)
        sizes = view.figures(counts.vocabulary(*chosen), widths)
        if len(tokens) <= 1:
            return sizes, html.empty("Type a text to see which of its words fall out."), code
        return sizes, view.words(tokens, fates, *chosen), code

    def draw(min_freq, max_vocab):
        try:
            min_freq, max_vocab = bounds(min_freq, max_vocab)
        except limits.Refused:
            return None
        found = [counts.vocabulary(min_freq, m) for m in points]
        now = counts.vocabulary(min_freq, max_vocab)
        shares = [v.unknown_share for v in found]
        here = (now.size, now.unknown_share)
        return figure_json(figures.unknown_share([v.size for v in found], shares, here))

    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            with gr.Row():
                text = examples.field("word_vocabulary", "Your text", "words-text", 2, 8, scale=3)
                with gr.Column(scale=1, min_width=170):
                    examples.menu("word_vocabulary", text)
            with gr.Row():
                min_freq = gr.Slider(
                    *limits.MIN_FREQ,
                    value=DEFAULT[0],
                    step=1,
                    label="min_freq: fewest times",
                    elem_id="words-min-freq",
                )
                max_vocab = gr.Slider(
                    *limits.MAX_VOCAB,
                    value=DEFAULT[1],
                    step=100,
                    label="max_vocab: most words",
                    elem_id="words-max-vocab",
                )
        with gr.Column(scale=2, min_width=280):
            curve = figure("words-curve", height=225)
    shown_sizes = gr.HTML(elem_id="words-figures", min_height=80)
    result = gr.HTML(elem_id="words-result", min_height=200)
    save_bar("words-result", "csv", what="the words that fall out")
    code = code_panel.panel()
    items = {"words": text, "min_freq": min_freq, "max_vocab": max_vocab}
    inputs = [*items.values()]
    events.live(inputs, show, inputs, [shown_sizes, result, code], "word_vocabulary")
    chosen = [min_freq, max_vocab]
    events.live(chosen, draw, chosen, [curve], None)
    visibility.draw(draw, chosen, [curve])
    shown_sizes.value, result.value, code.value = show(text.value, *DEFAULT)

    return Part(items, called(lines, items))
