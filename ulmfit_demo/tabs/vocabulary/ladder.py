"""View: the same text under every subword vocabulary of the ladder, and what a size costs."""

from __future__ import annotations

from functools import lru_cache

import gradio as gr

from ulmfit_demo import lessons, limits, theme
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, html
from ulmfit_demo.tabs.shared.controls import Part, called
from ulmfit_demo.tabs.shared.figure import figure, figure_json
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.visibility import Visibility
from ulmfit_demo.tabs.vocabulary import figures
from ulmfit_demo.tabs.vocabulary import ladder_html as view
from ulmfit_demo.tabs.vocabulary.embedding_sizes import embedding_sizes
from ulmfit_demo.tokens import Tokenized
from ulmfit_demo.tokens.corpus_ladder import CorpusLadder
from ulmfit_demo.tokens.merges import MergeOrder, words

TYPES = {"unigram": "unigram", "bpe": "BPE"}
COUNTS = "vocabulary/ladder.json"
EMPTY = "Type a word or a text, or choose an example."
MISSING = "No subword model was found in assets/subwords. `python -m train subwords` makes them."


def build(loaded: LoadedModels, visibility: Visibility) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""
    kinds = {k: name for k, name in TYPES.items() if loaded.ladder.sizes(k)}
    if not kinds:
        gr.HTML(html.notice(MISSING))
        return Part()
    corpus = _corpus()
    scores = lru_cache(loaded.ladder.scores)
    order = lru_cache(lambda: MergeOrder(scores(loaded.ladder.sizes("bpe")[-1], "bpe")))
    widths = embedding_sizes(loaded)

    def explained(text: str, kind: str, size: int, chosen: Tokenized) -> str:
        if kind == "bpe":
            merges = order()
            found = dict.fromkeys(words(loaded.ladder.normalize(text, size, kind)))
            short = [w for w in found if len(w) <= limits.MERGE_CHARACTERS][: limits.MERGE_WORDS]
            built = [
                (w, merges.build(w), len(merges.build(w, size - merges.n_fixed))) for w in short
            ]
            return view.merge_orders(built, size)
        table = scores(size, kind)
        shown = chosen.tokens[: limits.SCORES]
        return view.probabilities(
            [table[t.id] for t in shown if t.id is not None], chosen.n_tokens, size
        )

    def lines(text, kind, size):
        sizes = loaded.ladder.sizes(kind)
        return lessons.code("vocabulary_ladder", text=text, sizes=sizes, kind=kind)

    @guard.guarded(None, None, None, "")
    def show(text, kind, size):
        """Cut one text by every subword vocabulary of the ladder: HTML, three figures, the code.

        Args:
            text: a word or a text
            kind: how the pieces were learned
            size: the vocabulary that is explained
        """
        text = limits.text(text)
        kind = limits.choice(kind, kinds, "The kind of subwords")
        sizes = loaded.ladder.sizes(kind)
        size = limits.choice(size, sizes, "The vocabulary size")
        rungs = [(s, loaded.ladder.tokenize(text, s, kind)) for s in sizes]
        chosen = dict(rungs)[size]
        code = lines(text, kind, size)
        drawn = _figures(corpus, kinds, kind, size, rungs, widths)
        if not chosen.tokens:
            return html.empty(EMPTY), *drawn, code
        shown = view.ladder(
            rungs, size, explained(text, kind, size, chosen), len(text) <= limits.LADDER_GRID
        )
        return shown, *drawn, code

    with gr.Row():
        text = examples.field("vocabulary", "A word or a text", "vocabulary-text", 1, 8)
        with gr.Column(scale=1, min_width=200):
            examples.menu("vocabulary", text)
    with gr.Row():
        kind = gr.Radio(
            [(name, k) for k, name in kinds.items()],
            value=next(iter(kinds)),
            label="Pieces learned by",
            scale=1,
            min_width=180,
            elem_id="vocabulary-kind",
        )
        sizes = loaded.ladder.sizes(next(iter(kinds)))
        size = gr.Radio(
            [(f"{s:,}", s) for s in sizes],
            value=1_000 if 1_000 in sizes else sizes[0],
            label="Vocabulary size",
            scale=4,
            elem_id="vocabulary-size",
        )
    result = gr.HTML(elem_id="vocabulary-result", min_height=300)  # drawn when the view opens
    save_bar("vocabulary-result", "csv", what="the explanation")
    with gr.Row():
        curves = [figure(f"vocabulary-{name}") for name in ("length", "characters", "trade-off")]
    code = code_panel.panel()
    items = {"text": text, "kind": kind, "size": size}
    inputs, outputs = [*items.values()], [result, *curves, code]
    events.live(inputs, show, inputs, outputs, "vocabulary")
    visibility.draw(show, inputs, outputs)

    return Part(items, called(lines, items))


def _corpus() -> CorpusLadder | None:
    try:
        return CorpusLadder.load(theme.ASSETS / COUNTS)
    except (OSError, ValueError):
        guard.log.exception("the ladder's counts could not be read")
        return None


def _figures(corpus, kinds, kind, size, rungs, widths) -> tuple:
    """Tokens a review, characters a token, parameters against length; with the text's own values."""
    if corpus is None or kind not in corpus.pieces:
        return None, None, None
    per_token = [t.characters_per_token for _, t in rungs]
    scaled = [corpus.characters_a_review / c for c in per_token] if all(per_token) else None
    sizes = corpus.sizes(kind)
    named = [k for k in kinds if k in corpus.pieces]
    lengths = corpus.tokens_a_review(kind)
    drawn = (
        figures.by_size(
            f"Length of a review ({corpus.reviews:,} unseen ones)",
            {kinds[k]: (corpus.sizes(k), corpus.tokens_a_review(k)) for k in named},
            kinds[kind],
            size,
            scaled,
            "tokens a review",
        ),
        figures.by_size(
            "Characters a token",
            {kinds[k]: (corpus.sizes(k), corpus.characters_a_token(k)) for k in named},
            kinds[kind],
            size,
            per_token if all(per_token) else None,
            "characters a token",
        ),
        figures.trade_off(
            sizes,
            lengths,
            size,
            [w for _, w in widths],
            (corpus.word_vocabulary, corpus.words_a_review),
            scaled[[s for s, _ in rungs].index(size)] if scaled else None,
        ),
    )
    return tuple(figure_json(each) for each in drawn)
