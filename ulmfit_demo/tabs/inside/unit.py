"""View: one unit of the language model under every word; its gates, its words, who listens to it."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.inside import GonePlace, units
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.inside import code
from ulmfit_demo.tabs.inside import unit_html as view
from ulmfit_demo.tabs.inside.place import place_of, strip
from ulmfit_demo.tabs.shared import events, guard, html, model_code, picks
from ulmfit_demo.tabs.shared.controls import Part

EMPTY = "Type a text: a unit's value stands under each word."
HELD = "Press Write: the same luck, once without and once with the unit held."
PROMPT = "The acting was"
LISTEN_HEAT = "window.ulmfitPick.listen(element, trigger, window.ulmfitInside.unit)"


def build(loaded: LoadedModels, shared) -> Part:
    """Lay out the view and wire it to `loaded`; its controls by name."""

    def reading(text, unit, place):
        """The unit along the text; a word that is no longer there counts as none."""
        at = place_of(place)
        try:
            return units.read(loaded, limits.text(text), unit, at)
        except GonePlace:
            return units.read(loaded, limits.text(text), unit, None)

    @guard.guarded("", "")
    def show(text, unit, place, with_heat):
        found = reading(text, unit, place)
        if found is None:
            return html.empty(EMPTY), "", ""
        return view.strip(found), view.details(found), view.heat(found) if with_heat else gr.skip()

    def take(event: gr.EventData):
        found = picks.picked_number(event)
        return found if 0 <= found < n else gr.skip()

    @guard.guarded()
    def hold(prompt, unit, value, n_words, seed):
        prompt = limits.text(prompt, limits.PROMPT_CHARACTERS)
        return view.held(units.hold(loaded, prompt, unit, value, n_words, seed))

    def lines(text, unit):
        if loaded.bundle is None:
            return f"# {loaded.missing}"
        head = lessons.code("model_head", folder=model_code.folder(loaded))
        unit = limits.whole(unit, (0, n - 1), "The unit")
        return head + lessons.code("inside_unit", text=limits.text(text), unit=unit)

    n = units.n_units(loaded) if loaded.bundle else 1
    with gr.Row():
        unit = gr.Dropdown(
            view.choices(loaded, n),
            value=units.first(loaded),
            label="Unit, best at parting praise from blame first",
            elem_id="inside-unit",
            scale=3,
        )
    result = strip("inside-strip", shared.place)
    details = gr.HTML(elem_id="inside-unit-details", min_height=60, js_on_load=picks.LISTEN)
    with gr.Accordion(
        f"All {n} units over all words", open=False, elem_id="inside-all-units"
    ) as everything:
        heat = gr.HTML(elem_id="inside-heat", min_height=60, js_on_load=LISTEN_HEAT)
    events.redraw([details.select, heat.select], take, [], [unit])
    heat_open = gr.State(False)
    with gr.Accordion("Hold the unit while the model writes", open=False, elem_id="inside-hold"):
        with gr.Row():
            prompt = gr.Textbox(
                PROMPT, label="The text begins with", scale=3, elem_id="inside-prompt"
            )
            value = gr.Slider(
                *limits.UNIT_VALUE,
                value=0.9,
                step=0.05,
                label="Held at",
                scale=2,
                elem_id="inside-value",
            )
        with gr.Row():
            n_words = gr.Slider(*limits.HELD_WORDS, value=25, step=1, label="Words (tokens)")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=limits.SEED[1])
            go = gr.Button("Write", variant="primary", elem_id="inside-write", min_width=80)
        held = gr.HTML(html.empty(HELD), elem_id="inside-held", min_height=80)

    inputs, outputs = [shared.text, unit, shared.place, heat_open], [result, details, heat]
    shared.visibility.live(inputs, show, inputs, outputs, "inside_unit")
    quiet = dict(events.PRIVATE, show_progress="hidden")
    everything.expand(lambda: True, None, heat_open, **quiet)
    everything.collapse(lambda: False, None, heat_open, **quiet)
    settings = [prompt, unit, value, n_words, seed]
    events.redraw([go.click], hold, settings, [held], api_name="page_inside_hold", **events.MODEL)
    parameters = {"text": shared.text, "unit": unit}
    lines_shown = code.shown(shared.visibility, lines, parameters)
    items = {"unit": unit, "held": value, "prompt": prompt, "words": n_words, "seed": seed}
    return Part(items, lines_shown)
