"""View: where words live: a word's neighbours in every stage, what moved, a map of the text's words."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.inside import neighbours
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import code, figures
from ulmfit_demo.tabs.inside import words_html as view
from ulmfit_demo.tabs.shared import events, guard, html, model_code
from ulmfit_demo.tabs.shared.controls import Part
from ulmfit_demo.tabs.shared.figure import figure, figure_json
from ulmfit_demo.tokens import clean

FIRST = "wooden"


def build(loaded: LoadedModels, shared) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""

    @guard.guarded()
    def show(word, n):
        word = limits.text(word, limits.WORD_CHARACTERS)
        if not word.strip():
            return html.empty("Type a word.")
        return view.columns(neighbours.near(loaded, word, n))

    @guard.guarded(None)
    def draw(text):
        found = neighbours.chart(loaded, limits.text(text))
        if found is None:
            return html.empty("None of these words has a row."), None
        return view.chart_note(found), figure_json(figures.chart(found))

    def on_map(text):
        note, drawn = draw(text)
        return drawn, note

    @guard.guarded()
    def show_moved():
        return view.moved(neighbours.moved(loaded))

    def lines(word, n):
        if loaded.bundle is None:
            return f"# {loaded.missing}"
        stages = [
            (m.title, file, words)
            for m, (file, words) in zip(
                neighbours.matrices(loaded), view.files(loaded.bundle), strict=True
            )
        ]
        try:
            word = neighbours.known_word(loaded, limits.text(word, limits.WORD_CHARACTERS))
        except limits.Refused:
            word = FIRST
        n = limits.whole(n, limits.NEIGHBOURS, "The number of neighbours")
        folder = model_code.folder(loaded)
        return lessons.code("inside_words", folder=folder, stages=stages, word=clean(word), n=n)

    with gr.Row():
        word = gr.Textbox(FIRST, label="A word", max_lines=1, scale=3, elem_id="inside-word")
        n = gr.Slider(
            *limits.NEIGHBOURS, value=10, step=1, label="Neighbours", elem_id="inside-neighbours-n"
        )
    result = gr.HTML(elem_id="inside-neighbours", min_height=260)
    with gr.Accordion("Which words moved most", open=False, elem_id="inside-moved-panel") as panel:
        moved = gr.HTML(elem_id="inside-moved", min_height=60)
    plot = figure("inside-map", height=430)
    note = gr.HTML(elem_id="inside-map-note")
    parameters = {"word": word, "n": n}
    inputs = [*parameters.values()]
    shared.visibility.live(inputs, show, inputs, [result], "inside_neighbours")
    shared.visibility.live([shared.text], on_map, [shared.text], [plot, note], "inside_map")
    events.redraw([panel.expand], show_moved, [], [moved])
    lines_shown = code.shown(shared.visibility, lines, parameters)
    return Part(parameters, lines_shown)
