"""Lays out and wires the Teach tab: task, line to label, truth, use, download. Computes nothing."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from ulmfit_demo import lessons, limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.shared import code_panel, events, guard, html, lesson, model_code, picks
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.this_tab import this_tab
from ulmfit_demo.tabs.teach import answers, own_lines, tuning, views
from ulmfit_demo.teach import learn, task
from ulmfit_demo.teach.features import ENCODERS, LM, MEAN, PROMPT
from ulmfit_demo.teach.head import STRENGTH, unsure

FIRST = "film"
TRY = {
    "film": "The strings are lovely, but she sings out of tune.",
    "language": "Dove andiamo stasera?",
    "opinion": "I would gladly see it again.",
}
DOWNLOAD = (
    "`taught.zip` holds a folder: `from ulmfit_demo import load`, then `taught = load('taught/')` and "
    "`taught('a text')`. It works on the model that it was taught on and says so on another."
)
LANE = {**events.MODEL, "trigger_mode": "always_last"}
# What follows in the background, bounded in time: no label and no text of others waits for it.
VALIDATION: dict[str, Any] = dict(
    show_progress="hidden",
    concurrency_id="validation",
    concurrency_limit=limits.VALIDATION_LANE,
)
CURVE: dict[str, Any] = dict(
    show_progress="hidden", concurrency_id="learning curve", concurrency_limit=limits.CURVE_LANE
)


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""
    tab = this_tab()
    shipped = task.presets(assets())
    card = lesson.Card("teach")

    @guard.guarded(gr.skip(), gr.skip(), gr.skip(), gr.skip())
    def begin_preset(key, kind, before, log):
        """A task that ships; nothing where it is there already, or where the visitor's own is."""
        kind = limits.choice(kind, ENCODERS, "The encoder")
        own_task = before is not None and before.task.truth is None
        if key == answers.OWN:
            if not own_task:
                return html.notice(answers.PUT), *[gr.skip()] * 4
            found = before if before.kind == kind else learn.begin(loaded, before.task, kind)
        else:
            key = limits.choice(key, shipped, "The task")
            found = answers.preset(loaded, key, kind)
        if found.is_of(before):
            return [gr.skip()] * 5
        return _begun(found, answers.read_log(log, found))

    @guard.guarded(*[gr.skip()] * 5)
    def begin_own(text, names, file, column, label, kind, before, log):
        """The visitor's own lines. The same lines keep the labels that were given to them."""
        kind = limits.choice(kind, ENCODERS, "The encoder")
        given = answers.own(text, names, file, column, label)
        if before is not None and (given.key, kind) == (before.task.key, before.kind):
            return views.about(before, answers.NAMES[kind]), *[gr.skip()] * 4, answers.OWN
        found = learn.begin(loaded, given, kind)
        return *_begun(found, answers.read_log(log, found)), answers.OWN

    @guard.guarded()
    def draw(log, held, own):
        """The head fitted anew after a label, and what it says of every line."""
        lesson, found = _asked(log, held, own)
        return gr.skip() if found is None else answers.board(lesson, found)

    @guard.guarded()
    def truth(log, held, own):
        """Cross-validated accuracy of the labels so far."""
        lesson, found = _asked(log, held, own)
        return gr.skip() if found is None else answers.truth(lesson, found)

    @guard.guarded()
    def curve(log, held, own):
        """The learning curve, growing."""
        lesson, found = _asked(log, held, own)
        if found is None:
            yield gr.skip()
            return
        for key in shipped:
            if shipped[key].task.key == lesson.task.key and lesson.tuned is None:
                yield answers.preset_curve(loaded, key, lesson.kind)
                return
        yield from answers.curve(loaded, lesson, found)

    @guard.guarded()
    def use(text, log, held, own):
        """What the taught classifier says of a text, word by word."""
        made = _made(log, held, own)
        text = limits.text(text, limits.TEACH_CHARACTERS)
        if made is None or not text.strip():
            return html.empty("Type a text: it is read word by word with your labels.")
        started = time.perf_counter()
        words = made.read_along(text)
        if len(words) < 2:
            return html.empty("Type a text with a word in it.")
        doubtful = bool(unsure(np.array([words[-1].probabilities]))[0])
        ms = 1_000 * (time.perf_counter() - started)
        return views.verdict(made.names, words, doubtful, ms, made.n_tokens(text))

    @guard.guarded()
    def why(text, log, held, own):
        made = _made(log, held, own)
        text = limits.text(text, limits.TEACH_CHARACTERS)
        found = made.without_each(text) if made is not None else ()
        if not found:
            return html.empty("Type a text first.")
        return views.reasons(made.names, made(text)["label"], found, made.n_tokens(text))

    def _asked(log, held, own):
        """(the lesson that the page is about, the page's labels for it)."""
        lesson = answers.current(held, own)
        return lesson, answers.read_log(log, lesson)

    def _made(log, held, own):
        lesson, found = _asked(log, held, own)
        return None if found is None else answers.taught(loaded, lesson, found)

    @guard.guarded(gr.skip())
    def download(log, held, own):
        """The taught classifier and the labelled lines, as files."""
        lesson, found = _asked(log, held, own)
        made = None if found is None else answers.taught(loaded, lesson, found)
        if made is None:
            raise limits.Refused("Label a line of two different labels first.")
        with tempfile.TemporaryDirectory(prefix="ulmfit-") as folder:
            # gradio takes its own copies before it asks for the next step
            paths = answers.write_files(Path(folder), made, lesson, found)
            yield "", gr.File(paths, visible=True)

    with gr.Row():
        chosen = gr.Radio(
            [*((p.title, p.key) for p in shipped.values()), ("Your own lines", answers.OWN)],
            value=FIRST,
            label="What it learns",
            elem_id="teach-preset",
            scale=3,
            min_width=320,
        )
        kind = gr.Radio(
            list(answers.ENCODERS.items()),
            value=LM,
            label="What reads the lines",
            elem_id="teach-encoder",
            scale=2,
            min_width=300,
        )
    about = gr.HTML(html.empty("The lines are being read."), elem_id="teach-about", min_height=26)
    with gr.Row():
        with gr.Column(scale=5, min_width=320):
            shown = gr.HTML(
                html.empty("The lines are being read."), elem_id="teach-board", min_height=520
            )
        with gr.Column(scale=4, min_width=300):
            true = gr.HTML(elem_id="teach-truth", min_height=210)
            figure = gr.HTML(elem_id="teach-curve", min_height=300)
    text = gr.Textbox(
        TRY[FIRST],
        label="Use it: a text of yours, judged with these labels",
        lines=2,
        max_lines=4,
        elem_id="teach-text",
    )
    judged = gr.HTML(elem_id="teach-judged", min_height=150)
    with gr.Accordion("Which words mattered", open=False):
        ask = gr.Button("Leave each word out", variant="primary", elem_id="teach-why")
        mattered = gr.HTML(html.empty("Press the button."), elem_id="teach-reasons", min_height=40)
    mine = own_lines.build()
    held = gr.State(None, time_to_live=limits.STATE_SECONDS)
    log = picks.hidden_field("teach-log")  # the page's own: clicks and keys are counted there
    begun = gr.State("")  # changes with the task and with the encoder
    own, tuned = tuning.build(loaded, log, held, begun)
    with gr.Accordion("Take it with you", open=False):
        make = gr.Button("Make the files", variant="primary", elem_id="teach-download")
        note = gr.HTML(elem_id="teach-files-note")
        files = gr.File(
            label="taught.zip and labelled.csv",
            visible=False,  # empty it would be a box with a name that no reader may say
            interactive=False,
            file_count="multiple",
            height=110,
        )
        gr.Markdown(DOWNLOAD)
    code = code_panel.panel()
    code.value = _code(loaded, FIRST)

    fresh, asked = [about, held, log, own, begun], [log, held, own]
    events.redraw(
        [tab.select, chosen.change, kind.change],
        begin_preset,
        [chosen, kind, held, log],
        fresh,
        **LANE,
    )
    given = [mine.lines, mine.names, mine.file, mine.column, mine.label, kind, held, log]
    events.redraw(
        [mine.go.click], begin_own, given, [*fresh, chosen], api_name="page_teach_own", **LANE
    )
    events.live([log, tuned], draw, asked, [shown], "teach")
    events.live([log, tuned], truth, asked, [true], None, **VALIDATION)
    events.live([log, tuned], curve, asked, [figure], None, **CURVE)
    events.live([text, log, tuned], use, [text, *asked], [judged], None, **events.MODEL)
    events.redraw([ask.click], why, [text, *asked], [mattered], **LANE)
    events.redraw([make.click], download, asked, [note, files], **LANE)
    chosen.change(
        lambda key, text: TRY[key] if key in [*TRY] and text in [*TRY.values()] else gr.skip(),
        [chosen, text],
        text,
        **events.UNQUEUED,
    )
    # a link names the task, not what the visitor typed
    items = {"preset": chosen, "encoder": kind, "names": mine.names, "lesson": card.number}
    return Controls("teach", items, card=card, code=lambda v: _code(loaded, v["preset"]))


def _begun(found: learn.Lesson, kept: dict | None = None) -> tuple:
    """What a new lesson writes. `kept`: the labels given to the same lines so far."""
    marks, which = kept["marks"] if kept else (), f"{found.task.key} {found.kind}"
    about = views.about(found, answers.NAMES[found.kind])
    return about, found, views.log(found, marks), None, which


def _code(loaded: LoadedModels, key: str) -> str:
    """The fastai and scikit-learn lines that learn the same from a preset's first labels."""
    if loaded.bundle is None:
        return f"# {loaded.missing}"
    key = key if key in task.presets(assets()) else FIRST
    return lessons.code(
        "teach",
        folder=model_code.folder(loaded),
        file=f"assets/teach/{key}.tsv",
        given=task.GIVEN,
        prompt=PROMPT,
        mean=MEAN,
        strength=STRENGTH,
    )
