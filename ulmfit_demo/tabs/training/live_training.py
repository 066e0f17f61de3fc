"""View: a tiny language model trained in front of the visitor, in a process that keeps nothing."""

from __future__ import annotations

import time

import gradio as gr

from ulmfit_demo import lessons, limits, theme
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import code_panel, events, guard, html
from ulmfit_demo.tabs.training import live_training_html as view
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.request import (
    SEED,
    SETTINGS,
    SIZES,
    WRITING,
    Budget,
    request,
)
from ulmfit_demo.workers.live_training.run import Run, gather, recorded
from ulmfit_demo.workers.live_training.supervisor import Full, Supervisor, Waiting

TEXTS = {"our opinions": "ours", "your own": "own"}
SIZE_NAMES = {"1 layer of 64": "small", "2 layers of 100": "medium"}
STOPPED = "Stopped. Nothing was kept."
IDLE = "Press Train: the loss is drawn here as it falls."
BUDGET = Budget(limits.LIVE_CPU_SECONDS, limits.LIVE_SECONDS, limits.LIVE_MEMORY)


def build(loaded: LoadedModels) -> dict:
    """Lay out the view; it needs no model of the app. Its controls by name."""
    supervisor = loaded.supervisor

    @guard.guarded(gr.skip(), gr.skip(), gr.skip(), refusals=(corpus.TextError, Full))
    def train(source, own, prompt, epochs, size):
        """Train a tiny language model from random weights; its loss and its lines as they come.

        Args:
            source: `ours` for the text that ships, `own` for the next argument
            own: a text of 2,000 to 50,000 characters; each line (or sentence) is a text of its own
            prompt: how the lines begin that it writes after each epoch
            epochs: how often it reads the text
            size: `small` or `medium`
        """
        yield from _events(supervisor, *_checked(source, own, prompt, epochs, size))

    def stopped(run):
        """What was learned by then stays, and its heading says that it was stopped."""
        if run is None or run.stage not in ("loading", "training"):
            return gr.skip()
        run.stage, run.why = "ended", STOPPED
        return _figure(run, "")

    shown, lines = _at_first()
    gr.Markdown(lessons.lesson("live_training"), elem_classes="u-soft")
    with gr.Row(elem_classes="lt-controls"):
        source = gr.Radio(
            list(TEXTS.items()),
            value="ours",
            label="The text it learns from",
            scale=28,
            min_width=284,
            elem_id="live-source",
        )
        prompt = gr.Textbox(
            limits.LIVE_FIRST_PROMPT,
            label="Lines begin with",
            max_lines=1,
            scale=14,
            min_width=140,
            elem_id="live-prompt",
        )
        epochs = gr.Radio(
            list(limits.LIVE_EPOCHS),
            value=limits.LIVE_EPOCHS[1],
            label="Epochs",
            scale=22,
            min_width=226,
            elem_id="live-epochs",
        )
        size = gr.Radio(
            list(SIZE_NAMES.items()),
            value="medium",
            label="The model",
            scale=33,
            min_width=330,
            elem_id="live-size",
        )
        with gr.Column(scale=15, min_width=150), gr.Row():
            go = gr.Button("Train", variant="primary", size="sm", elem_id="live-go", min_width=60)
            stop = gr.Button("Stop", size="sm", elem_id="live-stop", min_width=60)
    own = gr.Textbox(
        label=f"Your text, {limits.LIVE_LEAST:,} to {limits.LIVE_TEXT:,} characters; not stored",
        lines=5,
        max_lines=5,
        visible=False,
        elem_id="live-own",
    )
    with gr.Row():
        with gr.Column(min_width=320):
            result = gr.HTML(shown, elem_id="live-result", min_height=350)
        with gr.Column(min_width=320):
            written = gr.HTML(lines, elem_id="live-lines", min_height=350)
    run = gr.State(None, time_to_live=limits.STATE_SECONDS)
    code = code_panel.panel()
    code.value = _code("ours", True, limits.LIVE_EPOCHS[1], "medium")

    source.change(lambda s: gr.Textbox(visible=s == "own"), source, own, **events.UNQUEUED)
    event = events.redraw(
        [go.click],
        train,
        [source, own, prompt, epochs, size],
        [result, written, code, run],
        api_name="page_train_live",
        trigger_mode="once",
        concurrency_id="live training",
        # those in the line, the one that trains, and one that is told that the line is full
        concurrency_limit=limits.LIVE_WAITING + 2,
    )
    events.stop([stop.click], event, stopped, [run], [result])
    return {"live_source": source, "live_prompt": prompt, "live_epochs": epochs, "live_size": size}


def lines(values: dict) -> str:
    """The fastai lines that train the model of our text, for a link's or a lesson's `values`."""
    return _code("ours", True, values["live_epochs"], values["live_size"])


def _events(supervisor: Supervisor, asked: dict, ours: bool, by_line: bool, size: str):
    """(figure, lines, code, the run) as the training goes on; the last one is complete."""
    run, prompt = Run(), asked["prompt"]
    source = "our film opinions" if ours else "your text"
    code = _code("ours" if ours else "own", by_line, asked["epochs"], size)
    steps = supervisor.train(asked)
    drawn = 0.0
    try:
        yield _figure(run, source), _lines(run, prompt), code, run
        for step in steps:
            if isinstance(step, Waiting):
                yield view.waiting(step.before), gr.skip(), gr.skip(), gr.skip()
                continue
            fresh = run.take(step)
            now = time.monotonic()
            if fresh or step["event"] != "progress" or now - drawn >= limits.LIVE_FRAME_SECONDS:
                drawn = now
                lines = _lines(run, prompt) if fresh else gr.skip()
                yield _figure(run, source), lines, gr.skip(), gr.skip()
        # a program reads the last values only
        yield _figure(run, source), _lines(run, prompt), code, run
    finally:
        steps.close()


def _figure(run: Run, source: str) -> str:
    where = f" · {source}" if run.stage in ("training", "done") else ""
    return view.figure(run, view.status(run) + where)


def _lines(run: Run, prompt: str) -> str:
    return view.written(run, prompt, WRITING["temperature"], SEED)


def _at_first() -> tuple[str, str]:
    """The recording that ships, as the page looks before the first click."""
    found = recorded(theme.ASSETS)
    if found is None:
        return html.empty(IDLE), _lines(gather(()), limits.LIVE_FIRST_PROMPT)
    head, run = found
    title = f"Recorded on {head['date']}, {run.trained_seconds:.0f} s. Press Train for your own."
    return view.figure(run, title), _lines(run, head["prompt"])


def _checked(source, own, prompt, epochs, size) -> tuple[dict, bool, bool, str]:
    """(the request, whether on our text, whether a line is a text, the size). Raises a refusal."""
    ours = limits.choice(source, TEXTS.values(), "The text") == "ours"
    size = limits.choice(size, SIZES, "The model")
    epochs = limits.choice(epochs, limits.LIVE_EPOCHS, "The number of epochs")
    prompt = limits.text(prompt, limits.LIVE_PROMPT)
    texts, by_line = corpus.opinions(theme.ASSETS), True
    if not ours:
        own = limits.text(own, limits.LIVE_TEXT)
        if len(own.strip()) < limits.LIVE_LEAST:
            raise limits.Refused(
                f"Your text has {len(own.strip()):,} characters. From fewer than "
                f"{limits.LIVE_LEAST:,} there is little to learn; paste more."
            )
        texts, by_line = corpus.documents(own)
    return request(texts, epochs, SIZES[size], prompt, BUDGET), ours, by_line, size


def _code(source: str, by_line: bool, epochs: int, size: str) -> str:
    """The fastai lines that train the same model."""
    head = "ours" if source == "ours" else "lines" if by_line else "sentences"
    shape = SIZES[size]
    return lessons.code(f"live_training_{head}", cut=corpus.CUT) + lessons.code(
        "live_training",
        **SETTINGS,
        epochs=epochs,
        emb_sz=shape.emb_sz,
        n_hid=shape.n_hid,
        n_layers=shape.n_layers,
    )
