"""The strip over all tabs follows the current text, and takes it into the tab that opens. Draws nothing.

Which text is the current one is the page's own knowledge (`assets/script/journey.js`): the server is
asked what becomes of it, and keeps the last text with the states of its reading for the next key press.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from ulmfit_demo import lessons, limits
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.pipeline.journey import LastJourney
from ulmfit_demo.tabs.journey import front
from ulmfit_demo.tabs.journey import strip_html as view
from ulmfit_demo.tabs.shared import events, examples, guard, picks
from ulmfit_demo.tabs.shared.controls import Controls

# tab → its text fields, by the names of its controls
FIELDS = {
    "tokenizers": ("text",),
    "vocabulary": ("text", "words"),
    "batches": ("text", "reviews"),
    "sentiment": ("text",),
    "generation": ("prompt", "any_text"),
    "inside": ("text",),
}
MOST = {
    **dict.fromkeys(("text", "words", "reviews"), limits.TEXT_CHARACTERS),
    **dict.fromkeys(("prompt", "any_text"), limits.PROMPT_CHARACTERS),
}
LISTEN = "window.ulmfitJourney.listen(element, trigger)"
GROUP = "journey"  # of the queue; `gradio_patches.STRIP`
NO_WORDS = "no words yet"
TOO_LONG = f"too long: up to {limits.JOURNEY_CHARACTERS:,} characters are followed"
NO_MODEL = "no model"
BACK = '<button type="button" id="journey-back" hidden>◂ Your text<span class="sample"></span></button>'


def build(pipeline: Pipeline) -> gr.HTML:
    """Lay out the front door and the strip, and wire the strip, which it returns, to `pipeline`."""

    def show(before: LastJourney | None, event: gr.EventData):
        text = picks.picked(event)
        if len(text) > limits.JOURNEY_CHARACTERS:  # also where it is too long for any tab
            return view.without(len(text), text, TOO_LONG), None
        try:
            found, last = pipeline.journey_on(text, before=before)
        except limits.Refused:
            return view.without(len(text), text, NO_MODEL), None
        except Exception:
            guard.log.exception("the strip failed")
            return view.without(len(text), text, "–"), None
        if not found["tokens"]:
            return view.without(len(text), text, NO_WORDS), None
        return view.followed(text, found), last

    gr.HTML(front.front(lessons.links()), elem_classes="u-title", padding=False)
    first = examples.first("tokenizers")
    with gr.Row(elem_classes="u-journey"):
        gr.HTML(BACK, elem_classes="u-journey-back", padding=False)
        strip = gr.HTML(
            view.begun(len(first), first),
            elem_id="journey",
            js_on_load=LISTEN,
            min_height=44,
            padding=False,
        )
    lane: dict[str, Any] = dict(concurrency_id=GROUP, concurrency_limit=2)
    last = gr.State(None, time_to_live=limits.STATE_SECONDS)
    events.redraw([strip.input], show, [last], [strip, last], **lane)
    return strip


def connect(
    demo: gr.Blocks,
    strip: gr.HTML,
    tabs: gr.Tabs,
    opened: Mapping[str, gr.Tab],
    all_controls: Sequence[Controls],
) -> None:
    """Let the current text go into each tab of `FIELDS` that opens, and the stops open tabs."""
    places, travels = {}, set()
    for controls in all_controls:
        names = [n for n in FIELDS.get(controls.tab, ()) if n in controls.items]
        fields = [controls.items[name] for name in names]
        if not fields:
            continue
        places[controls.tab] = [
            [f"#{f.elem_id} textarea, #{f.elem_id} input", f.value, MOST[name]]
            for f, name in zip(fields, names, strict=True)
        ]
        tab = json.dumps(controls.tab)
        js = f"(...values) => window.ulmfitJourney.take({tab}, values)"
        event = opened[controls.tab].select(None, fields, fields, js=js, api_visibility="private")
        travels.add(event["id"])
    # The page runs the events of a tab one after another, in the order of this list: a tab asks about
    # the text that has come, not about the one that stood there.
    fns = demo.default_config.fns
    demo.default_config.fns = {i: fns[i] for i in sorted(fns, key=lambda i: i not in travels)}
    # A tab may stand in the menu of a narrow page, where a script finds no button of it.
    js = "() => [window.ulmfitJourney.opened()]"
    strip.select(None, None, tabs, js=js, api_visibility="private")
    known = json.dumps([places, lessons.given()])
    demo.load(
        None,
        None,
        None,
        js=f"() => {{ window.ulmfitJourney.start(...{known}) }}",
        api_visibility="private",
    )
