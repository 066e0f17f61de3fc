"""The Training tab's HTML and figures, from a history of our own: nothing lost, everything escaped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ulmfit_demo.tabs.training import figures as plots
from ulmfit_demo.tabs.training import log_html as view
from ulmfit_demo.tabs.training import results_html as results
from ulmfit_demo.training_log import history
from ulmfit_demo.training_log.few_labels import LabelPoint, points
from ulmfit_demo.training_log.history import Baseline, Epoch, History, Phase, Stage
from ulmfit_demo.training_log.log import Step

RATES = history.slice_rates(1e-2, 2.6, 4)
STEPS = tuple(Step(b, 5 - b / 50, 1e-3 * b, 0.8) for b in (10, 50, 90))


@pytest.fixture
def h():
    lm = Phase(
        (Stage(0, (), 100, STEPS, (Epoch(3.9, 4.24, 0.27, 69.4),)),), 5_400, 100, "", 12_500_000
    )
    stages = (
        Stage(1, RATES, 100, STEPS, (Epoch(0.4, 0.35, 0.85),)),
        Stage(0, RATES, 200, STEPS, (Epoch(0.3, 0.25, 0.90), Epoch(0.2, 0.23, 0.91))),
    )
    return History(
        name="<b>mine</b>",
        config={
            "emb_sz": 300,
            "n_hid": 640,
            "n_layers": 2,
            "vocab_sz": 30_008,
            "classes": ["neg", "pos"],
            "recipe": {
                "lm": {"bs": 10, "seq_len": 7},
                "classifier": {"cut": 400},
                "data": {"heldout": 2_500},
            },
        },
        lm=lm,
        classifier=Phase(stages, 4_700, 100, "", 12_600_000),
        metrics={
            "lm": {"perplexity": 68.07},
            "classifier": {
                "accuracy": 0.9154,
                "loss": 0.21,
                "n": 250,
                "confusion": [[115, 10], [11, 114]],
            },
            "mistakes": {"n": 21},
            "against": {
                "NB-SVM <i>": {
                    "both": 7,
                    "only_ours": 9,
                    "only_theirs": 3,
                    "neither": 2,
                    "p": 0.146,
                }
            },
        },
        notebook=history.notebook(),
        labels=(
            LabelPoint(100, "random", 0.6, 0.6, 0.6),
            LabelPoint(100, "lm", 0.7, 0.68, 0.72, 3),
            LabelPoint(500, "lm", 0.8, 0.8, 0.8),
        ),
        baselines=(Baseline("NB-<SVM>", 0.9128, 0.9138), Baseline("VADER", 0.696, None)),
        wrong=(
            {
                "file": "test/pos/<1>_10.txt",
                "label": "pos",
                "positive": 0.001,
                "told": "It & that.",
            },
            {"file": "test/neg/2_1.txt", "label": "neg", "positive": 0.99999, "told": ""},
        ),
    )


def test_the_diagram_says_what_was_not_done(h):
    shown = view.diagram(h)
    assert "not done here" in shown
    assert "90 min" in shown
    assert "7,000 tokens read" in shown
    assert "91.54% of 250 test reviews" in shown
    later = view.diagram(replace(h, loaded=True, lm=replace(h.lm, source="<run>")))
    assert "not done here" not in later
    assert "&lt;run&gt;" in later
    assert later.count('role="listitem"') == 4


@pytest.fixture
def chain(h):
    """`h`, whose language model went on from one of Wikipedia, and whose twin did not."""
    wiki = Phase((Stage(0, (), 100, STEPS, (Epoch(3.3, 3.7, 0.35, 39.3),)),), 6_000, 100)
    turned = Phase((Stage(0, (), 100, STEPS, (Epoch(3.5, 4.0, 0.33, 53.7),)),), 7_200, 100)
    clas = Phase((Stage(0, RATES, 100, STEPS, (Epoch(0.3, 0.25, 0.901),)),), 600, 100)
    text = {"text": "<Wiki>", "documents": 23_790, "tokens": 77_500_000, "licence": "CC & BY"}
    return replace(
        h,
        config={**h.config, "pretraining": text},
        lm=replace(h.lm, source="wiki", new_words=12_407),
        wiki=wiki,
        lm_backwards=turned,
        classifier_backwards=clas,
    )


def test_the_wikipedia_stage_is_a_box_with_its_own_figures(chain):
    first, second = view.diagram(chain), view.backwards(chain)
    wiki, ours = first.split("<b>IMDb language model</b>")
    assert "&lt;Wiki&gt;: 23,790 articles" in wiki
    assert "77.5 M tokens read; CC &amp; BY" in wiki
    assert "100 min" not in wiki  # 6,000 seconds are 1 h 40 min
    assert "1 h 40 min" in wiki
    assert "perplexity 39.3" in wiki
    assert "not done here" not in first
    assert "17,601 words had a row already, 12,407 began with the mean" in ours
    assert "An earlier language model" not in first  # its log is here: it has the box of its own
    assert "not done here" in second
    assert "began with random weights" in second
    assert "perplexity 53.7" in second
    assert "90.10% of held-out reviews" in second
    note = view.wikipedia_note(chain)
    assert "Of the 30,008 words of the reviews 17,601 stand" in note
    assert "12,407 do not and began with the mean" in note
    assert "no Wikipedia stage" in note
    assert "another Wikipedia model" in view.perplexity_note(chain)
    shown = view.epochs(chain, "lm")
    assert shown.count("<td>Wikipedia</td>") == shown.count("its twin, from the end") == 1
    assert plots.inside(chain.wiki, "Before").layout.title.text == "Before"


def test_without_a_twin_and_without_wikipedia_nothing_is_said_of_them(h):
    assert view.wikipedia_note(h) == ""
    assert "twin" not in view.diagram(h) + view.backwards(h) + view.epochs(h, "lm") + view.epochs(
        h, "classifier"
    )


@pytest.fixture
def pupil(h):
    """`h`, whose classifier was trained on as a student."""
    taught = Stage(0, RATES, 567, STEPS, (Epoch(0.25, 0.21, 0.93),), taught=True)
    config = {**h.config, "recipe": {**h.config["recipe"], "student": {"unlabelled": 50_000}}}
    return replace(h, config=config, student=Phase((taught,), 3_600, 567))


def test_a_student_has_a_box_and_the_figure_on_test(h, pupil):
    shown = view.diagram(pupil)
    assert shown.count('role="listitem"') == 4
    classifier, student = shown.split("<b>Sentiment classifier</b>")[1].split("Its student")
    assert "91.00% of held-out reviews" in classifier
    assert "91.54% of 250 test reviews" not in classifier
    assert "91.54% of 250 test reviews" in student
    assert "50,000 reviews that nobody labelled" in student
    assert "60 min" in student
    assert "50,000 unlabelled ones that it and NB-SVM labelled" in results.methods(pupil)
    assert "unsup" not in results.methods(h)
    assert "against those" in view.student_note(pupil)
    assert view.student_note(h) == ""
    assert "93.00%" in results.methods(pupil)  # the held-out figure is the student's


def test_a_students_stage_stands_behind_all_others(pupil):
    book = pupil.notebook.classifier
    whole = pupil.whole_classifier
    assert plots.stage_places(whole, book)[-2:] == [(0, 2), (plots.STUDENT, 1)]
    figure = plots.by_stage(whole, book, "accuracy", "", "")
    assert list(figure.data[1].x) == [0, 3, 4, 5]
    assert figure.layout.xaxis.ticktext[-1] == "student"
    assert view.unfreezing(pupil).count("student") == 1
    twice = replace(pupil, student=Phase(pupil.student.stages * 2, 1, 567))
    assert plots.stage_places(twice.whole_classifier, book)[-2:] == [
        (plots.STUDENT, 1),
        (plots.STUDENT, 2),
    ]
    assert "all, as a student" in view.epochs(pupil, "classifier")


def test_a_model_without_its_log_has_a_diagram_still(h):
    shown = view.diagram(replace(h, lm=Phase(), classifier=Phase(), metrics={}))
    assert "IMDb language model" in shown
    assert "epoch" not in shown


def test_every_cell_of_the_unfreezing_is_a_rate_or_frozen(h):
    shown = view.unfreezing(h)
    frozen, on = shown.count('class="frozen"'), shown.count('class="on"')
    assert (frozen, on) == (3 + 4 + 3 + 2, 1 + 4 + 1 + 2 + 3 + 5)
    rates = [float(r) for r in re.findall(r"<span>([\d.]+e-?\d+)</span>", shown)]
    wanted = [
        r
        for s in h.classifier.stages
        for r, t in zip(s.rates, history.trained(s), strict=True)
        if t
    ]
    theirs = h.notebook.classifier.stages
    wanted += [r for s in theirs for r, t in zip(s.rates, history.trained(s), strict=True) if t]
    assert sorted(rates) == pytest.approx(sorted(wanted), rel=0.03)


@pytest.mark.parametrize("rate", [1e-2, 2.188e-5, 3.846e-3, 0.2])
def test_a_rate_is_written_as_a_number(rate):
    assert float(view.rate_text(rate)) == pytest.approx(rate, rel=0.03)


def test_the_tables_hold_every_epoch(h):
    assert view.epochs(h, "lm").count("<tr>") == 1 + 1 + 11
    shown = view.epochs(h, "classifier")
    assert shown.count("<tr>") == 1 + 3 + 5
    assert "94.58%" in shown
    assert "cell 41" in shown


def test_nothing_from_outside_is_markup(h):
    shown = results.mistakes(h) + results.methods(h) + results.confusion(h) + results.labels_note(h)
    for bad in ("<1>", "<SVM>", "<i>:", "<b>mine"):
        assert bad not in shown
    assert "It &amp; that." in shown
    assert "2_1" not in shown  # where some are told, those without words are left out


def test_methods_are_in_order_and_mcnemar_is_said(h):
    shown = results.methods(h)
    found = [float(x) for x in re.findall(r"</i></span>([\d.]+)%", shown)]
    assert found == sorted(found, reverse=True) == [95.40, 94.58, 91.54, 91.38]
    assert "p = 0.15, chance could do that" in shown
    better = {"x": {"both": 7, "only_ours": 900, "only_theirs": 3, "neither": 2, "p": 1e-9}}
    assert "p = 1e-09, chance would hardly" in results.methods(
        replace(h, metrics={"against": better})
    )


def test_the_twin_and_the_mean_are_rows_where_they_were_measured(h):
    assert "twin" not in results.methods(h)
    more = {"classifier_backwards": {"accuracy": 0.9012}, "ensemble": {"accuracy": 0.9307}}
    shown = results.methods(replace(h, metrics={**h.metrics, **more}))
    found = [float(x) for x in re.findall(r"</i></span>([\d.]+)%", shown)]
    assert found == [95.40, 94.58, 93.07, 91.54, 91.38, 90.12]
    assert "This model and its twin" in shown
    assert "from the last word to the first" in shown


def test_what_was_not_measured_is_said_with_its_command(h):
    bare = replace(h, labels=(), wrong=(), metrics={}, baselines=())
    assert "python -m train labels" in results.labels_note(bare)
    assert "python -m train evaluate" in results.mistakes(bare)
    assert results.confusion(bare) == ""
    assert "The notebook" in results.methods(bare)


def dashes(figure):
    return [(t.line.dash, len(t.y)) for t in figure.data if "lines" in t.mode]


def test_ours_is_solid_and_the_notebook_dotted(h):
    book = h.notebook
    by_epoch = plots.by_epoch(h.lm, book.lm, "perplexity", "", "")
    assert dashes(by_epoch) == [("dot", 11), ("solid", 1)]
    by_stage = plots.by_stage(h.classifier, book.classifier, "valid_loss", "", "")
    assert dashes(by_stage) == [("dot", 5), ("dot", 5), ("solid", 3), ("solid", 3)]
    few = plots.few_labels(h.labels)
    assert dashes(few) == [("dot", 1), ("solid", 2)]
    assert list(few.data[1].error_y.array) == pytest.approx([0.02, 0])
    assert few.layout.showlegend  # the lines' names
    assert [line.name for line in few.data] == [
        "from random weights",
        "from the fine-tuned language model",
    ]


def test_draws_of_few_labels_are_one_point_with_their_spread(h):
    told = [
        {"labels": 100, "start": "wiki", "draw": d, "accuracy": a} for d, a in enumerate((0.5, 0.7))
    ]
    old = [
        {"labels": 100, "encoder": True, "accuracy": 0.8},
        {"labels": 100, "encoder": False, "accuracy": 0.4},
    ]
    found = points(told + old)
    assert [(p.start, p.accuracy, p.lowest, p.highest, p.draws) for p in found] == [
        ("random", 0.4, 0.4, 0.4, 1),
        ("wiki", pytest.approx(0.6), 0.5, 0.7, 2),
        ("lm", 0.8, 0.8, 0.8, 1),
    ]
    shown = results.labels_note(h)
    assert "70.00% (68.00% to 72.00%)" in shown
    assert "from Wikipedia alone" not in shown  # nothing was measured from there


def test_the_same_layers_stand_above_each_other(h):
    book = h.notebook.classifier
    places = plots.stage_places(h.classifier, book)
    assert places == [(1, 1), (2, 1), (3, 1), (0, 1), (0, 2)]
    figure = plots.by_stage(h.classifier, book, "accuracy", "", "")
    assert list(figure.data[1].x) == [0, 3, 4]  # ours: the head, then all, twice


def test_curves_run_on_over_the_stages(h):
    inside = plots.inside(h.classifier)
    assert list(inside.data[0].x) == pytest.approx([0.1, 0.5, 0.9, 1.1, 1.5, 1.9])
    assert list(inside.data[1].x) == [1, 2, 3]
    cycle = plots.one_cycle(h.classifier.stages, "")
    assert [x for x in cycle.data[0].x if x is not None] == [10, 50, 90, 110, 150, 190]


def test_figures_of_a_model_without_a_log_are_empty_but_drawn(h):
    book, none = h.notebook, Phase()
    assert len(plots.inside(none).data) == 2
    assert dashes(plots.by_stage(none, book.classifier, "accuracy", "", "")) == [("dot", 5)]
    assert plots.one_cycle((), "").data
    assert view.unfreezing(replace(h, classifier=none)).count("<section>") == 1
