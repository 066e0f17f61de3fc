"""Tab: a review classified while it is typed, word by word; what-if, reasons, other models, many."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.inference import other_models, sentiment
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.sentiment import many_reviews
from ulmfit_demo.tabs.sentiment import verdict_html as view
from ulmfit_demo.tabs.shared import (
    code_panel,
    events,
    examples,
    guard,
    html,
    lesson,
    model_code,
    picks,
)
from ulmfit_demo.tabs.shared import reliability as plots
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.figure import figure, figure_json
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.this_tab import this_tab

NO_WORD = "Click a word above to see the verdict without it, or with another word."
WITHOUT_BACKWARDS = "Compare with VADER, a lexicon, and NB-SVM, a linear model"
WITH_BACKWARDS = (
    "Compare with VADER, a lexicon, NB-SVM, a linear model, and its twin that reads from the end"
)
NO_REASONS = "Press the button: both methods take a second or two."


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""

    @guard.guarded(gr.skip(), None, gr.skip())
    def show(text, before, with_code):
        """Is a film review positive? The verdict as HTML, and the rows of the line over its words.

        Args:
            text: a film review in English
        """
        verdict, reading = sentiment.read(loaded, limits.text(text), before)
        code = model_code.sentiment(loaded, text) if with_code else gr.skip()
        if verdict is None:
            empty = html.empty("Type a review: the verdict follows every word.")
            return empty, "", None, code
        return view.verdict(verdict), view.reading(verdict), reading, code

    @guard.guarded()
    def what_if(event: gr.EventData, text):
        found = sentiment.what_if(loaded, limits.text(text), picks.picked_number(event))
        return view.what_if(found)

    def change(event: gr.EventData, text, undo):
        """Take a change: its text goes to the box, the text before it to `undo`."""
        wanted = picks.parsed(picks.picked(event))
        if not isinstance(wanted, dict) or "text" not in wanted:
            return gr.skip(), undo, gr.skip()
        try:
            old, new = limits.text(text), limits.text(wanted["text"])
        except limits.Refused as refusal:
            return gr.skip(), undo, html.notice(str(refusal))
        return new, [*(undo or []), old][-limits.UNDO :], html.empty(NO_WORD)

    def take_back(text, undo):
        return (undo[-1], undo[:-1]) if undo else (text, [])

    @guard.guarded()
    def explain(text):
        """Which words speak for the verdict, by integrated gradients and by leaving each out.

        Args:
            text: a film review in English
        """
        found = sentiment.explain(loaded, limits.text(text))
        if found is None:
            return html.empty("Type a review first.")
        return view.reasons(found, loaded.bundle.metrics.get("attribution"))

    @guard.guarded()
    def compare(text, wanted):
        """The verdict beside those of VADER, a lexicon, and NB-SVM, a linear model.

        Args:
            text: a film review in English
            wanted: false: nothing is compared
        """
        if not wanted:
            return ""
        verdict, _ = sentiment.read(loaded, limits.text(text))
        if verdict is None:
            return html.empty("Type a review first.")
        backwards = other_models.backwards(loaded, text, verdict)
        return view.others(verdict, other_models.others(loaded, text), backwards)

    tab = this_tab()
    card = lesson.Card("sentiment")
    with gr.Row():
        text = examples.field("sentiment", "A film review", "sentiment-text", 4, 8)
        with gr.Column(scale=1, min_width=200):
            examples.menu("sentiment", text)
            undo_button = gr.Button("Undo the last change", size="sm", elem_id="sentiment-undo")
    result = gr.HTML(elem_id="sentiment-result", min_height=56)
    along = gr.HTML(
        html_template=view.stage(),
        js_on_load=view.ON_LOAD,
        elem_id="sentiment-along",
        elem_classes="linked",
        min_height=190,
    )
    save_bar("sentiment-along", "json", "csv", what="the words")
    reading = gr.State(None, time_to_live=limits.STATE_SECONDS)
    undo = gr.State([], time_to_live=limits.STATE_SECONDS)
    instead: dict[str, Any] = dict(min_height=40, js_on_load=picks.LISTEN)
    alternatives = gr.HTML(html.empty(NO_WORD), elem_id="sentiment-what-if", **instead)

    good_at = view.good_at(loaded.bundle.metrics) if loaded.bundle else ""
    if good_at:
        gr.HTML(good_at, elem_id="sentiment-good-at")

    events.redraw([along.select], what_if, [text], [alternatives])
    changed = [text, undo, alternatives]
    events.redraw([alternatives.select], change, [text, undo], changed)
    undo_button.click(take_back, [text, undo], [text, undo], **events.UNQUEUED)

    with gr.Accordion("Which words mattered: two methods side by side", open=False):
        why = gr.Button("Work out the reasons", variant="primary", elem_id="sentiment-explain")
        reasons = gr.HTML(html.empty(NO_REASONS), elem_id="sentiment-reasons", min_height=60)
        shown: dict[str, Any] = dict(show_progress="full")
        why.click(
            explain,
            text,
            reasons,
            api_name="page_explain",
            **events.PRIVATE,
            **{**events.MODEL, **shown},
        )
    backwards = loaded.bundle is not None and loaded.bundle.classifier_backwards is not None
    wanted = gr.Checkbox(False, label=WITH_BACKWARDS if backwards else WITHOUT_BACKWARDS)
    table = gr.HTML(elem_id="sentiment-others")
    measured = loaded.bundle.metrics.get("calibration") if loaded.bundle else None
    if measured:
        with gr.Accordion("Is 80 % right four times in five?", open=False) as honest:
            plot = figure("sentiment-reliability", 320)
            gr.HTML(view.calibrated(measured))

            def reliability():
                return figure_json(plots.reliability(measured["bins"]), "Reliability")

            honest.expand(reliability, None, plot, **events.UNQUEUED)
    many_reviews.build(loaded)
    code, code_open = code_panel.on_demand()
    # A reading belongs to one session, a page's or an API client's; the API takes the text alone.
    events.live(
        [text, code_open],
        show,
        [text, reading, code_open],
        [result, along, reading, code],
        "sentiment",
        also=[tab.select],
    )
    # Behind the verdict, and only where it is wanted: asked at every key it would delay the paint.
    # A field: the page itself drops the keys that ask for nothing, and no event of a result does that.
    compared = picks.hidden_field("sentiment-compared")
    gr.on(
        [text.change, wanted.change],
        None,
        [text, wanted],
        compared,
        js="(text, wanted) => wanted ? `of ${text}` : ''",
        api_visibility="private",
    )
    events.live([compared], compare, [text, wanted], [table], "other_models")
    items = {"text": text, "others": wanted, "lesson": card.number}

    def lines(values):
        return model_code.sentiment(loaded, values["text"])

    return Controls("sentiment", items, card=card, code=lines)
