"""View: the last layer fine-tuned in a process of its own; progress, Stop, what each step changed."""

from __future__ import annotations

import time
from functools import partial

import gradio as gr

from ulmfit_demo import limits
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import events, guard, html
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.tabs.teach import answers
from ulmfit_demo.teach import learn, tuning
from ulmfit_demo.teach.task import Task
from ulmfit_demo.workers.live_training.supervisor import Full, Supervisor

ABOUT = (
    "So far the encoder stayed as it shipped and the head alone was fitted: the first stage of gradual "
    "unfreezing. Here is the second: the head and the last layer, whose steps are 2.6 times smaller. A "
    "quarter of your labelled lines is held back to see what each step changes."
)
IDLE = "Press Fine-tune: it takes about half a minute, in a process of its own that keeps nothing."
BETTER = (
    "Done. The tuned layer is yours alone: what stands above, and what you take with you, uses it."
)
WORSE = (
    "Done, and fewer held-back lines are right than before: so few labels do not pay for so many "
    "weights. What stands above keeps the layer that it had."
)
KEPT = "The encoder stays as it was."
STOPPED = f"Stopped. {KEPT}"
_html = partial(macro, "teach/tuning.html")


def build(
    loaded: LoadedModels, log: gr.Textbox, held: gr.State, begun: gr.State
) -> tuple[gr.State, gr.State]:
    """Lay out the view, closed. Another lesson (`begun` changes then) ends what runs.

    Returns (the lesson whose layer a finished tuning has changed, a state that changes then).
    `answers.current` says whether that lesson is still the one of the page.
    """
    supervisor = Supervisor(limits.TUNE_WAITING, tuning.WORKER, KEPT)

    @guard.guarded(gr.skip(), gr.skip(), refusals=(Full,))
    def tune(log, held):
        """Fine-tune the last layer on the labelled lines; the figures as they come."""
        found = answers.read_log(log, held)
        if found is None:
            raise limits.Refused(answers.GONE)
        drawn, step = 0.0, None
        for step in tuning.tune(loaded, supervisor, held, found["marks"]):
            if time.monotonic() - drawn >= limits.LIVE_FRAME_SECONDS:
                drawn = time.monotonic()
                yield figure(held.task, step), gr.skip(), gr.skip()
        if step is None or step.layer is None or step.is_worse:
            yield figure(held.task, step), gr.skip(), gr.skip()
            return
        made = learn.begin(loaded, held.task, held.kind, step.layer)
        yield figure(held.task, step), made, str(time.time())

    with gr.Accordion("Fine-tune: let the encoder learn too", open=False, elem_id="teach-tuning"):
        gr.Markdown(ABOUT, elem_classes="u-soft")
        with gr.Row():
            go = gr.Button("Fine-tune", variant="primary", elem_id="teach-tune")
            stop = gr.Button("Stop", elem_id="teach-tune-stop")
        shown = gr.HTML(html.empty(IDLE), elem_id="teach-tuned", min_height=120)
    own = gr.State(None, time_to_live=limits.STATE_SECONDS)
    done = gr.State("")
    event = events.redraw(
        [go.click],
        tune,
        [log, held],
        [shown, own, done],
        trigger_mode="once",
        show_progress="hidden",
        concurrency_id="fine-tuning",
        concurrency_limit=limits.TUNE_WAITING + 2,
    )
    events.stop([stop.click], event, lambda: html.empty(STOPPED), [], [shown])
    events.stop([begun.change], event, lambda: html.empty(IDLE), [], [shown])
    return own, done


def figure(task: Task, run: tuning.Tuning | None) -> str:
    """Where it is, accuracy on the held-back lines after each epoch, and the lines that changed."""
    if run is None:
        return html.notice(guard.BROKEN)
    said = {
        "loading": "A process starts.",
        "waiting": f"Others train: you are number {run.before} in the line.",
        "training": f"Step {run.step} of {run.steps}",
        "done": WORSE if run.is_worse else BETTER,
        "ended": run.why,
    }[run.stage]
    share = run.step / run.steps if run.stage != "done" else 1.0
    return _html(
        "figure",
        said=said,
        share=f"{share:.3f}",
        epochs=[(e.name, e.right, e.held, _changed(run, i)) for i, e in enumerate(run.epochs)],
        changed=_lines(task, run)[:12] if run.epochs else [],
    )


def _changed(run: tuning.Tuning, i: int) -> str:
    if not i:
        return "–"
    before, now = run.epochs[i - 1].said, run.epochs[i].said
    n = sum(a != b for a, b in zip(before, now, strict=True))
    return f"{n} line{'s' if n != 1 else ''}"


def _lines(task: Task, run: tuning.Tuning) -> list[tuple[str, str, str, str]]:
    """The held-back lines whose verdict is another one than before: (line, before, now, how)."""
    first, last = run.epochs[0].said, run.epochs[-1].said
    found = []
    for line, label, a, b in zip(run.held, run.labels, first, last, strict=True):
        if a != b:
            how = "now right" if b == label else "now wrong" if a == label else "still wrong"
            found.append((task.lines[line], task.names[a], task.names[b], how))
    return found
