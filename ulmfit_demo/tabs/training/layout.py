"""Tab: how the shipped model was trained, from its log, beside the notebook. Lays out views only."""

from __future__ import annotations

from functools import partial

import gradio as gr

from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.tabs.shared import html, lesson, reliability
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.figure import figure, figure_json
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.shared.this_tab import this_tab
from ulmfit_demo.tabs.shared.visibility import Visibility, remember
from ulmfit_demo.tabs.training import figures as plots
from ulmfit_demo.tabs.training import live_training
from ulmfit_demo.tabs.training import log_html as view
from ulmfit_demo.tabs.training import results_html as results
from ulmfit_demo.training_log import history
from ulmfit_demo.training_log.history import History

CLASSIFIER_NOTE = (
    "Ours on reviews held out of train, the notebook's on test. Each stage thaws more layers, and the "
    "lower a layer, the smaller its steps; in the paper a group's rate is that of the group "
    "above divided by 2.6."
)
FREEZE_NOTE = (
    "Bars: the highest rate of the stage, on a scale of powers of ten. The notebook's are what "
    "slice(lr/(2.6**4), lr) gives its five layer groups; its first stage has one plain rate."
)


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to the bundle's history; its controls for links and lessons.

    Figures are drawn when their view comes into sight: in a hidden tab they have no width.
    """
    tab = this_tab()
    card = lesson.Card("training")
    controls = Controls("training", card=card)
    if loaded.bundle is None:
        gr.HTML(html.notice(loaded.missing))
        controls.items = {**live_training.build(loaded), "lesson": card.number}
        return controls
    h = history.load(loaded.bundle)
    opened = controls.opened = gr.State(next(iter(VIEWS)))
    with gr.Tabs(overflow_behavior="wrap") as controls.inner:
        for name, (title, build_view) in VIEWS.items():
            with gr.Tab(title, id=name) as controls.views[name]:
                inner = controls.views[name]
                remember(inner, name, opened)
                if build_view is None:
                    controls.items |= live_training.build(loaded)
                else:
                    build_view(h, Visibility(tab, inner, opened, name))

    controls.items["lesson"] = card.number
    # the live view has lines that run in a minute; the others show what took hours
    controls.code = lambda v: live_training.lines(v) if v.get("view") == "live" else ""

    return controls


def _language_model(h: History, visibility: Visibility) -> None:
    gr.HTML(view.diagram(h), elem_id="training-path")
    if not h.lm.stages:
        gr.HTML(html.notice(view.NO_LOG))
    draw = (
        lambda: plots.inside(h.lm),
        lambda: plots.by_epoch(
            h.lm, h.notebook.lm, "perplexity", "Perplexity on unseen text", "perplexity"
        ),
        lambda: plots.by_epoch(
            h.lm, h.notebook.lm, "accuracy", "Next word guessed right", "share of the words"
        ),
    )
    _figures(visibility, ("training-inside", "training-perplexity", "training-accuracy"), draw)
    gr.HTML(view.perplexity_note(h))
    _before_and_beside(h, visibility)
    with gr.Accordion("The figures, epoch by epoch", open=False):
        gr.HTML(view.epochs(h, "lm"), elem_id="training-lm-epochs")
        save_bar("training-lm-epochs", "csv", what="the table")
    gr.Markdown("### One cycle: the learning rate rises, then falls; momentum does the opposite")
    _figures(
        visibility,
        ("training-cycle-lm", "training-cycle-classifier"),
        (
            lambda: plots.one_cycle(h.lm.stages, "Language model"),
            lambda: plots.one_cycle(
                h.whole_classifier.stages, "Classifier: one cycle a stage, rate of the head"
            ),
        ),
    )


def _before_and_beside(h: History, visibility: Visibility) -> None:
    """The training on Wikipedia, and that of the twin; nothing where the log tells of neither."""
    shown = {
        "training-wiki": (h.wiki, "Before the reviews: Wikipedia"),
        "training-twin": (h.lm_backwards, "Beside it: the twin that reads from the end"),
    }
    found = {name: (phase, title) for name, (phase, title) in shown.items() if phase.stages}
    if not found:
        return
    gr.HTML(view.backwards(h), elem_id="training-twin-path")
    draw = tuple(partial(plots.inside, phase, title) for phase, title in found.values())
    _figures(visibility, tuple(found), draw)
    gr.HTML(view.wikipedia_note(h), elem_id="training-wiki-note")


def _classifier(h: History, visibility: Visibility) -> None:
    if not h.classifier.stages:
        gr.HTML(html.notice(view.NO_LOG))
    ours, theirs = h.whole_classifier, h.notebook.classifier
    draw = (
        lambda: plots.by_stage(ours, theirs, "accuracy", "Accuracy on unseen reviews", "right"),
        lambda: plots.by_stage(ours, theirs, "valid_loss", "Loss", "loss"),
    )
    _figures(visibility, ("training-stage-accuracy", "training-stage-loss"), draw)
    gr.HTML(view.note(CLASSIFIER_NOTE + view.student_note(h)))
    gr.HTML(view.unfreezing(h), elem_id="training-unfreezing")
    gr.HTML(view.note(FREEZE_NOTE))
    with gr.Accordion("The figures, epoch by epoch", open=False):
        gr.HTML(view.epochs(h, "classifier"), elem_id="training-classifier-epochs")
        save_bar("training-classifier-epochs", "csv", what="the table")


def _few_labels(h: History, visibility: Visibility) -> None:
    if h.labels:
        _figures(visibility, ("training-labels",), (lambda: plots.few_labels(h.labels),))
    gr.HTML(results.labels_note(h), elem_id="training-labels-note")


def _mistakes(h: History, visibility: Visibility) -> None:
    measured = h.metrics.get("calibration")
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            gr.HTML(results.confusion(h), elem_id="training-confusion")
        if measured:
            with gr.Column(scale=1, min_width=300):
                draw = (lambda: reliability.reliability(measured["bins"]),)
                _figures(visibility, ("training-reliability",), draw)
    gr.HTML(results.mistakes(h), elem_id="training-mistakes")


def _methods(h: History, visibility: Visibility) -> None:
    gr.HTML(results.methods(h), elem_id="training-methods")
    save_bar("training-methods", "csv", what="the table")


def _figures(visibility: Visibility, names: tuple[str, ...], draw: tuple) -> None:
    """A row of figures, drawn when the view comes into sight."""
    with gr.Row():
        shown = [figure(name) for name in names]

    def all_of_them():
        figures = [figure_json(one()) for one in draw]
        return figures if len(figures) > 1 else figures[0]

    visibility.draw(all_of_them, [], shown)


VIEWS = {
    "lm": ("Language model", _language_model),
    "live": ("Train one now", None),  # has nothing to do with the bundle
    "classifier": ("Classifier", _classifier),
    "labels": ("Few labels", _few_labels),
    "mistakes": ("Mistakes", _mistakes),
    "methods": ("Other methods", _methods),
}
