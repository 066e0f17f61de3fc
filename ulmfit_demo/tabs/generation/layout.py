"""Tab: the language model goes on writing, word by word; steer it, and see what it might have said."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.inference import generation
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.pipeline.base import sampling
from ulmfit_demo.tabs.generation import surprisal
from ulmfit_demo.tabs.generation import texts_html as view
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
from ulmfit_demo.tabs.shared.controls import Controls, called
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.this_tab import this_tab

TEMPERATURES = (0.5, 1.2)  # beside the chosen one
IDLE = "Press Write: the model goes on from your words."
LOOK = "What could come after your words, at three temperatures: it follows the text above."

WRITING = "writing"  # instead of how the texts are coloured: they have no buttons yet


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""

    def stream(steps, by_surprise):
        """Yield (HTML, texts, coloured) of the steps.

        `coloured`: how the texts stand there at the end; WRITING before it; None for a notice, which
        stays.

        A step takes a few milliseconds, a page longer to draw it: at most one is shown a frame.
        """
        shown, written = 0.0, None
        for written in steps:
            if time.monotonic() - shown >= limits.FRAME_SECONDS:
                yield view.texts(written, live=True), written, WRITING
                shown = time.monotonic()
        yield view.texts(written, by_surprise), written, by_surprise

    @guard.guarded(gr.skip(), None)
    def write(*settings):
        """Go on writing a text, word by word; the same seed gives the same texts.

        Args:
            settings: those of `checked`, and whether the words are coloured by how unlikely they were
        """
        *asked, by_surprise = settings
        yield from stream(generation.write(loaded, *checked(*asked)), bool(by_surprise))

    @guard.guarded(gr.skip(), None)
    def branch(event: gr.EventData, written, by_surprise):
        """The text that goes on with another word; the texts stay below a refusal."""
        if written is None:
            raise limits.Refused("Press Write first.")
        try:
            text, place, word = wanted(picks.picked(event), 3)
            steps = generation.branch(loaded, written, text, place, word)
            yield from stream(steps, bool(by_surprise))
        except limits.Refused as refusal:
            kept = view.texts(written, bool(by_surprise))
            yield html.notice(str(refusal)) + kept, gr.skip(), None

    @guard.guarded()
    def look(picked, written, prompt, temperature, top_k, top_p, min_p, penalty):
        """Which words could come next, and how likely each is, at three temperatures.

        Args:
            picked: what was clicked on the page; leave it empty
            prompt: how the text begins
            temperature: the third, beside 0.5 and 1.2
            top_k: 0 is off
            top_p: 1 is off
            min_p: 0 is off
            penalty: on words that the text has already; 1 is off
        """
        settings = sampling(temperature, top_k, top_p, min_p, penalty)
        prompt = limits.text(prompt, limits.PROMPT_CHARACTERS)
        text, place = wanted(picks.kept(picked), 2) if picked and written else (None, 0)
        if (
            written is not None
            and text is not None
            and generation.beginning(prompt) != written.prompt
        ):
            text = None  # the visitor types a new beginning: the old texts are no longer meant
        temperatures = sorted({*TEMPERATURES, settings.temperature})
        found = generation.next_word(loaded, written, prompt, text, place, settings, temperatures)
        return view.next_word(found, (text, place) if text is not None else None)

    @guard.guarded()
    def show_code(opened, *asked):
        return model_code.generation(loaded, *checked(*asked)) if opened else gr.skip()

    def recolour(by_surprise, written):
        if not written:
            return gr.skip(), gr.skip()
        return view.texts(written, by_surprise), by_surprise

    def finish(by_surprise, written, coloured):
        """What is left to draw at the end: the box may have been ticked while the texts were written.

        Or they were stopped, and have no buttons yet.
        """
        if coloured is None or (coloured == by_surprise and coloured != WRITING):
            return gr.skip(), gr.skip()
        return recolour(by_surprise, written)

    @guard.guarded()
    def mark_old(written, prompt, *settings):
        """A note over texts that other settings made; "" where they belong to those above."""
        *cuts, n_words, n_texts, seed, shown = settings
        if written is None or shown == WRITING or prompt is None:
            return ""
        chosen = sampling(*cuts)
        first = [t for t in written.texts if t.branch_of is None]
        same = (written.sampling, written.n_steps, len(first), written.seed) == (
            chosen,
            n_words,
            n_texts,
            seed,
        )
        other = generation.beginning(limits.text(prompt)) != written.prompt
        return view.old(written, other) if other or not same else ""

    def write_first(written, *settings):
        """Something stands there before the first click: the first opening writes a text."""
        if written is None and loaded.bundle is not None:
            yield from write(*settings)
        else:
            yield gr.skip(), gr.skip(), gr.skip()

    tab = this_tab()
    card = lesson.Card("generation")
    with gr.Row():
        prompt = examples.field("generation", "The text begins with", "generation-prompt", 2, 6)
        with gr.Column(scale=1, min_width=200):
            examples.menu("generation", prompt)
            with gr.Row():
                go = gr.Button("Write", variant="primary", elem_id="generation-write", min_width=80)
                stop = gr.Button("Stop", elem_id="generation-stop", min_width=80)
    with gr.Row():
        temperature = gr.Slider(*limits.TEMPERATURE, value=0.75, step=0.05, label="Temperature")
        n_words = gr.Slider(*limits.WORDS, value=40, step=1, label="Words (tokens)")
        n_texts = gr.Slider(*limits.TEXTS, value=2, step=1, label="Texts")
        with gr.Column(min_width=160, elem_classes="u-seed"):
            seed = gr.Number(
                0,
                label="Seed",
                precision=0,
                minimum=0,
                maximum=limits.SEED[1],
                elem_id="generation-seed",
            )
            gr.Checkbox(False, label="Keep the seed", container=False, elem_id="generation-keep")
    cuts_panel: dict[str, Any] = dict(open=False, elem_id="generation-cuts")
    with gr.Accordion("More ways to cut the distribution", **cuts_panel), gr.Row():
        top_k = gr.Slider(*limits.TOP_K, value=0, step=1, label="top-k (0: off)")
        top_p = gr.Slider(*limits.TOP_P_SLIDER, value=1.0, step=0.05, label="top-p (1: off)")
        min_p = gr.Slider(*limits.MIN_P_SLIDER, value=0.0, step=0.01, label="min-p (0: off)")
        penalty = gr.Slider(
            *limits.PENALTY, value=1.0, step=0.05, label="Repetition penalty (1: off)"
        )
    old = gr.HTML(elem_id="generation-old", min_height=24, padding=False)
    clickable: dict[str, Any] = dict(js_on_load=picks.LISTEN)
    result = gr.HTML(html.empty(IDLE), elem_id="generation-result", min_height=190, **clickable)
    save_bar("generation-result", "text", what="the texts")
    by_surprise = gr.Checkbox(False, label="Colour by how unlikely each word was", min_width=220)
    written = gr.State(None, time_to_live=limits.STATE_SECONDS)
    coloured = gr.State(None)
    # A field: the word stays chosen while the beginning and the cuts change, whose events read it.
    pick = picks.last_picked(result, "generation-pick")
    nexts = gr.HTML(html.empty(LOOK), elem_id="generation-next", min_height=200, **clickable)

    cuts = [temperature, top_k, top_p, min_p, penalty]
    asked: dict[str, Any] = {
        "prompt": prompt,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "penalty": penalty,
        "words": n_words,
        "texts": n_texts,
        "seed": seed,
    }
    made = [*asked.values()]
    lane = events.MODEL
    outputs = [result, written, coloured]
    settings = [*made, by_surprise]
    # the field may not hold yet the text that travels into this tab
    js = (
        "(written, prompt, ...rest) => "
        "[written, window.ulmfitJourney.first('generation', prompt), ...rest]"
    )
    # Ordered: who presses Write while the first text is still being written gets what was pressed for.
    once: dict[str, Any] = dict(trigger_mode="once", **lane)
    opened = events.redraw([tab.select], write_first, [written, *settings], outputs, js, **once)
    event = events.redraw(
        [go.click],
        write,
        settings,
        outputs,
        api_name="page_generate",
        cancels=[opened],
        js=f"(...values) => window.ulmfitWrite(values, {settings.index(seed)})",
        **once,
    )
    branched = events.redraw(
        [nexts.select],
        branch,
        [written, by_surprise],
        outputs,
        cancels=[opened, event],
        **lane,
    )
    redrawn = [result, coloured]
    stop.click(None, None, None, cancels=[opened, event, branched], api_visibility="private")
    # What stood there when it was stopped gets its buttons. In the queue: its answer comes over the
    # stream of the texts, behind what was written before, in front of what another press writes.
    in_order: dict[str, Any] = dict(events.UNQUEUED, queue=True, concurrency_id="keystroke")
    for ended in (opened, event, branched):
        ended.then(finish, [by_surprise, written, coloured], redrawn, **in_order)
    # before the note: gradio's page sends a field's second event when its first is answered
    inputs = [pick, written, prompt, *cuts]
    events.live([pick, prompt, *cuts], look, inputs, [nexts], "next_word", also=[tab.select])
    # the seed that Write itself draws makes no text old
    js = "(written, prompt, ...rest) => [written, window.ulmfitDrew() ? null : prompt, ...rest]"
    changes = [c.change for c in (*made, coloured)]  # `coloured`: texts begin and end
    events.redraw(changes, mark_old, [written, *made, coloured], [old], js=js)
    by_surprise.change(recolour, [by_surprise, written], redrawn, **events.UNQUEUED)
    surprise_text = surprisal.build(loaded)
    code, code_open = code_panel.on_demand()
    chosen_now = [code_open, *made]
    events.live(chosen_now, show_code, chosen_now, [code], None)
    items = {
        **asked,
        "coloured": by_surprise,
        "any_text": surprise_text,
        "lesson": card.number,
    }

    lines = called(partial(show_code, True), asked)
    return Controls("generation", items, card=card, code=lines)


def checked(
    prompt, temperature, top_k, top_p, min_p, penalty, n_words, n_texts, seed
) -> tuple[str, Sampling, int, int, int]:
    """The view's parameters: the prompt, how words are drawn, the rest. Raises `Refused`.

    Args:
        prompt: how the text begins
        temperature: 0 takes the likeliest word, above 1 is wilder
        top_k: draw from so many words; 0 is off
        top_p: draw from the likeliest words of so much probability; 1 is off
        min_p: drop words less likely than this share of the likeliest; 0 is off
        penalty: on words that the text has already; 1 is off
        n_words: tokens to write
        n_texts: continuations
        seed: of the random numbers
    """
    return (
        limits.text(prompt, limits.PROMPT_CHARACTERS),
        sampling(temperature, top_k, top_p, min_p, penalty),
        limits.whole(n_words, limits.WORDS, "The number of words"),
        limits.whole(n_texts, limits.TEXTS, "The number of texts"),
        limits.whole(seed, limits.SEED, "The seed"),
    )


def wanted(clicked: str, n: int) -> list:
    """A button's value: [text, place] or [text, place, word]. Raises `Refused`."""
    values = picks.parsed(clicked)
    if isinstance(values, list) and len(values) == n:
        whole = all(type(v) is int and 0 <= v < 10_000 for v in values[:2])
        if whole and all(isinstance(v, str) for v in values[2:]):
            return values
    raise limits.Refused("Click one of the words again.")
