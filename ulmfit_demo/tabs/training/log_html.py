"""The training as HTML: the diagram of its stages, the tables of its epochs, gradual unfreezing.

Takes a `training_log.history.History`; computes nothing that was not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import log10

from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.training_log.history import Epoch, History, Phase, Stage, trained

NOTEBOOK_WORDS = 60_000  # fastai's own `max_vocab`, which the notebook leaves as it is
RATE_WIDTH = 84  # pixels a column of rates needs
NO_LOG = "This model came without its log (training.jsonl), so its training cannot be drawn."
_html = partial(macro, "training/log.html")


def diagram(h: History) -> str:
    """Wikipedia → language model → classifier → its student: sizes, what was read, how long it took."""
    boxes = [_wikipedia(h)]
    if h.source:
        boxes.append(
            _box("An earlier language model", [f"the run “{h.source}”, trained further from here"])
        )
    boxes += [_language_model(h), _classifier(h)]
    if h.student.epochs:
        boxes.append(_student(h))
    return _html("path", boxes=boxes)


def backwards(h: History) -> str:
    """The same of the twin that reads from the end; "" where the log tells of none."""
    lm, clas, student = h.lm_backwards, h.classifier_backwards, h.student_backwards
    if not (lm.epochs or clas.epochs):
        return ""
    boxes = []
    if not lm.source:
        lines = ["read from its end, none was trained", "the twin began with random weights"]
        boxes.append(_box("Wikipedia language model", lines, "not done here"))
    if lm.epochs:
        shown = f"perplexity {lm.epochs[-1].perplexity:.1f}" if lm.epochs[-1].perplexity else ""
        lines = [f"{_times(lm)} · {duration(lm.seconds)}"]
        boxes.append(_box("IMDb language model, from the end", lines, result=shown))
    measured = h.metrics.get("classifier_backwards")
    last = student if student.epochs else clas
    if last.epochs:
        lines = [f"{_times(clas)} · {duration(clas.seconds)}"]
        if student.epochs:
            lines.append(f"as a student: {_times(student)} · {duration(student.seconds)}")
        result = f"{last.epochs[-1].accuracy:.2%} of held-out reviews"
        if measured:
            result = f"{measured['accuracy']:.2%} of {measured['n']:,} test reviews"
        boxes.append(_box("Sentiment classifier, from the end", lines, result=result))
    return _html("backwards", boxes=boxes)


def _wikipedia(h: History) -> dict:
    if h.wiki.stages:
        before, lines = h.pretraining, []
        if before:
            lines.append(f"{before['text']}: {before['documents']:,} articles")
            lines.append(f"{_millions(before['tokens'])} tokens read; {before['licence']}")
        lines.append(f"{_times(h.wiki)} · {duration(h.wiki.seconds)}")
        last = h.wiki.epochs[-1].perplexity if h.wiki.epochs else None
        result = f"perplexity {last:.1f} on its own held-out articles" if last else ""
        return _box("Wikipedia language model", lines, result=result)
    if h.wikipedia:
        return _box("Wikipedia language model", ["fastai’s weights, WikiText-103"])
    return _box(
        "Wikipedia language model",
        ["the notebook loads one", "this model began with random weights"],
        "not done here",
    )


def _language_model(h: History) -> dict:
    c, lm = h.config, h.lm
    lines = [
        f"{_millions(lm.parameters)} parameters: embedding {c['emb_sz']}, "
        f"hidden {c['n_hid']}, {c['n_layers']} layers; {c['vocab_sz']:,} words"
    ]
    if lm.stages:
        lines.append(
            f"{_corpus(h, 'train', 'unsup')}; {_millions(h.tokens_read)} tokens read in all"
        )
        lines.append(f"{_times(lm)} · {duration(lm.seconds)}")
    if h.matched:
        lines.append(
            f"{h.matched[0]:,} words had a row already, {h.matched[1]:,} began with the mean"
        )
    measured = h.metrics.get("lm")
    result = f"perplexity {measured['perplexity']:.1f}" if measured else ""
    return _box("IMDb language model", lines, result=result)


def _classifier(h: History) -> dict:
    clas = h.classifier
    lines = [f"the same encoder and a new head: {_millions(clas.parameters)} parameters"]
    if clas.stages:
        cut = h.recipe("classifier").get("cut")
        lines.append(_corpus(h, "train") + (f", cut at {cut} tokens" if cut else ""))
        n = len(clas.stages)
        lines.append(f"{_times(clas)} in {n} stage{'s' * (n > 1)} · {duration(clas.seconds)}")
    if not h.student.epochs:
        return _box("Sentiment classifier", lines, result=_on_test(h))
    heldout = f"{clas.epochs[-1].accuracy:.2%} of held-out reviews" if clas.epochs else ""
    return _box("Sentiment classifier", lines, result=heldout)


def _student(h: History) -> dict:
    recipe = h.recipe("student")
    rounds = 2 if recipe.get("first") else 1  # each with reviews of its own
    lines = [
        f"the classifier, trained on with {rounds * recipe['unlabelled']:,} reviews that nobody labelled"
        if "unlabelled" in recipe
        else "the classifier, trained on with reviews that nobody labelled",
        "it and NB-SVM labelled them together" + (", in two rounds" if rounds == 2 else ""),
        f"{_times(h.student)} · {duration(h.student.seconds)}",
    ]
    return _box("Its student", lines, result=_on_test(h))


def _on_test(h: History) -> str:
    measured = h.metrics.get("classifier")
    return f"{measured['accuracy']:.2%} of {measured['n']:,} test reviews" if measured else ""


def _box(title: str, lines: Sequence[str], absent: str = "", result: str = "") -> dict:
    return {"title": title, "lines": lines, "absent": absent, "result": result}


def _times(phase: Phase) -> str:
    n = len(phase.epochs)
    return f"{n} epoch{'s' * (n != 1)}"


def _corpus(h: History, *splits: str) -> str:
    found = [h.metrics.get("corpus", {}).get(s) for s in splits]
    if not all(found):
        return f"{h.classifier.batches or h.lm.batches:,} mini-batches an epoch"
    return f"{sum(f['documents'] for f in found):,} reviews"


def _millions(n: int) -> str:
    return f"{n / 1e6:.1f} M" if n >= 100_000 else f"{n:,}"


def duration(seconds: float) -> str:
    """Seconds as minutes, or as hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def wikipedia_note(h: History) -> str:
    """What the language model took over from that of Wikipedia; "" where it had none."""
    if not h.wiki.stages:
        return ""
    words = ""
    if h.matched:
        found, new = h.matched
        words = (
            f" Of the {found + new:,} words of the reviews {found:,} stand in Wikipedia’s vocabulary "
            f"and kept their row of the embedding; {new:,} do not and began with the mean of all rows "
            "(fastai’s match_embeds)."
        )
    backwards = ""
    if h.lm_backwards.epochs and not h.lm_backwards.source:
        backwards = (
            " The twin that reads from the end has no Wikipedia stage: "
            "it began with random weights."
        )
    return _html(
        "note",
        sentence="The first arrow of the method: a language model of Wikipedia, then the same weights "
        f"go on with the reviews.{words}{backwards}",
    )


def perplexity_note(h: History) -> str:
    """How to read the two perplexities, and why that of the diagram is another one."""
    measured, read = h.metrics.get("lm"), h.recipe("lm").get("valid_documents")
    other = ""
    if measured and read:
        other = (
            f" While it trains {read:,} held-out reviews are read; the {measured['perplexity']:.1f} "
            f"above is of all of them, {_millions(measured['n_tokens'])} tokens."
        )
    began = "began with another Wikipedia model" if h.wikipedia else "began with Wikipedia"
    return _html(
        "note",
        sentence="Perplexity is e to the power of the loss; lower is better. The two are not measured "
        f"on the same words: the notebook knows up to {NOTEBOOK_WORDS:,}, {began} and read the reviews "
        f"{len(h.notebook.lm.epochs)} times.{other}",
    )


def epochs(h: History, phase: str) -> str:
    """Every epoch's figures as the notebook prints them: ours, and the notebook's with their cells."""
    perplexity = phase == "lm"
    ours, theirs = (h.lm if perplexity else h.whole_classifier), getattr(h.notebook, phase)
    reversed_ = (h.lm_backwards,) if perplexity else (h.classifier_backwards, h.student_backwards)
    rows = _rows("Wikipedia", h.wiki, perplexity) if perplexity else []
    rows += _rows("this model", ours, perplexity)
    for phase_ in reversed_:
        rows += _rows("its twin, from the end", phase_, perplexity)
    rows += _rows("notebook", theirs, perplexity)
    return _html("epochs", with_perplexity=perplexity, rows=rows)


def _rows(whose: str, phase: Phase, perplexity: bool) -> list[dict]:
    rows = []
    for stage in phase.stages:
        for i, e in enumerate(stage.epochs):
            cell = f", cell {stage.cell}" if stage.cell is not None else ""
            figures = [f"{e.train_loss:.4f}", f"{e.valid_loss:.4f}", f"{e.accuracy:.2%}"]
            if perplexity:
                figures.append("" if e.perplexity is None else f"{e.perplexity:.2f}")
            row = {"whose": f"{whose}{cell}", "layers": layers(stage), "epoch": i + 1}
            rows.append({**row, "figures": figures})
    return rows


def layers(stage: Stage) -> str:
    """Which layer groups a stage trains, in words."""
    student = ", as a student" if stage.taught else ""
    if not stage.groups:
        return f"all{student}"
    return ("the last only" if stage.groups == 1 else f"the last {stage.groups}") + student


def group_names(n: int) -> list[str]:
    """Names of a classifier's `n` layer groups, lowest first (fastai's `awd_lstm_clas_split`)."""
    return ["embedding", *(f"LSTM {i + 1}" for i in range(n - 2)), "head"]


def note(sentence: str) -> str:
    """A sentence under a figure or a table."""
    return _html("note", sentence=sentence)


def student_note(h: History) -> str:
    """What is different about a student's figures; "" where there was none."""
    if not h.student.epochs:
        return ""
    return (
        " The student is the same network, trained on: labelled reviews keep their label, others get "
        "the probability that the classifier and NB-SVM gave them together. Its training loss is "
        "against those, so it cannot fall to 0."
    )


def unfreezing(h: History) -> str:
    """Layer groups × stages, ours beside the notebook's: which were trained, and at which rate."""
    parts = [
        ("This model, from its log", h.whole_classifier.stages),
        ("The notebook, cells 38 to 41", h.notebook.classifier.stages),
    ]
    return _html("unfreezing", schedules=[_schedule(*part) for part in parts if part[1]])


def _schedule(title: str, stages: Sequence[Stage]) -> dict:
    names = group_names(len(stages[0].rates))
    most = max(r for s in stages for r in s.rates)
    return {
        "title": title,
        "width": RATE_WIDTH * (len(stages) + 1),
        "stages": [{"taught": s.taught, "epochs": _epochs(s.epochs)} for s in stages],
        "rows": [
            (names[g], [_rate(s.rates[g], trained(s)[g], most) for s in stages])
            for g in reversed(range(len(names)))
        ],
    }


def _epochs(found: Sequence[Epoch]) -> str:
    n = len(found)
    return f"{n} epoch{'s' * (n != 1)}" if n else ""


def _rate(rate: float, on: bool, most: float) -> dict | None:
    """A cell; its bar is the rate on a scale of powers of ten, from a thousandth of the largest.

    None where the layer is frozen.
    """
    if not on:
        return None
    depth = max(0.06, min(1.0, 1 + log10(rate / most) / 3))
    return {"width": 100 * depth, "text": rate_text(rate)}


def rate_text(rate: float) -> str:
    """A learning rate with two digits: 1e-2 is 0.01, 0.000219 is 2.2e-4."""
    mantissa, exponent = f"{rate:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
