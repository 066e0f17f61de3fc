"""How good the trained classifier is, as HTML: mistakes, confusion, other methods. Measures nothing."""

from __future__ import annotations

from functools import partial

from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.training_log.few_labels import STARTS
from ulmfit_demo.training_log.history import History

WRONG = 13  # mistakes listed
NO_LABELS = (
    "Not measured for this model yet: python -m train labels --recipe FILE trains the classifier on a "
    "hundred labels, five hundred and so on, and writes labels.json; export takes it along."
)
BACKWARDS = (  # of metrics.json, where the bundle has a classifier that reads from the end
    ("classifier_backwards", "Its twin", "the same reviews, read from the last word to the first"),
    ("ensemble", "This model and its twin", "nothing more: the mean of both probabilities"),
)
NO_MISTAKES = "Not measured for this model: python -m train evaluate names its mistakes."
_html = partial(macro, "training/results.html")


def confusion(h: History) -> str:
    """Said against true, as a table of counts."""
    measured = h.metrics.get("classifier")
    if not measured:
        return ""
    return _html(
        "confusion",
        n=measured["n"],
        accuracy=measured["accuracy"],
        loss=measured["loss"],
        words=["positive" if c == "pos" else "negative" for c in h.config["classes"]],
        rows=[[(n, n / max(1, sum(counts))) for n in counts] for counts in measured["confusion"]],
    )


def mistakes(h: History) -> str:
    """The test reviews that it is surest and wrong about: name, what it said, why in our words."""
    if not h.wrong:
        return _html("nothing", sentence=NO_MISTAKES)
    told = [w for w in h.wrong if w["told"]] or h.wrong
    found = h.metrics["mistakes"]
    return _html(
        "mistakes",
        n=found["n"],
        precision=found.get("precision"),
        n_listed=len(h.wrong),
        rows=[_mistake(w) for w in told[:WRONG]],
    )


def _mistake(wrong: dict) -> dict:
    p = wrong["positive"]
    said, sure = ("positive", p) if p >= 0.5 else ("negative", 1 - p)
    return {"file": wrong["file"], "told": wrong["told"], "said": said, "sure": _sure(sure)}


def _sure(p: float) -> str:
    return f"{p:.1%}" if p < 0.9995 else "over 99.9%"


def labels_note(h: History) -> str:
    """What the curve of few labels shows and what it was measured on."""
    if not h.labels:
        return _html("nothing", sentence=NO_LABELS)
    heldout = h.recipe("data").get("heldout")
    starts = [s for s in STARTS if any(p.start == s for p in h.labels)]
    numbers = sorted({p.labels for p in h.labels})
    return _html(
        "labels",
        size=f"{heldout:,} " if heldout else "",
        draws=max(p.draws for p in h.labels),
        heads=[STARTS[s] for s in starts],
        rows=[(n, [_share(h, n, s) for s in starts]) for n in numbers],
        gaps=len(h.labels) < len(numbers) * len(starts),
    )


def _share(h: History, n: int, start: str) -> str:
    found = next((p for p in h.labels if (p.labels, p.start) == (n, start)), None)
    if found is None:
        return _percent(None)
    spread = f" ({_percent(found.lowest)} to {_percent(found.highest)})" if found.draws > 1 else ""
    return f"{_percent(found.accuracy)}{spread}"


def methods(h: History) -> str:
    """All methods in one table: ours, the baselines on the same split, the notebook, the paper."""
    ours = h.metrics.get("classifier")
    seen = h.whole_classifier.epochs
    heldout = seen[-1].accuracy if seen else None
    rows = []
    if ours:
        rows.append(_method(ours["accuracy"], "This model", heldout, _split(h), bundle=h.name))
    for key, name, note in BACKWARDS:
        if key in h.metrics:
            rows.append(_method(h.metrics[key]["accuracy"], name, None, note))
    for b in h.baselines:
        rows.append(_method(b.test or 0.0, b.name, b.heldout, _own(b.name)))
    notebook = h.notebook.classifier
    cell = (
        f"cell {notebook.stages[-1].cell}; all 25,000 train reviews, and its language model read "
        "the test reviews too"
    )
    rows.append(_method(notebook.epochs[-1].accuracy, "The notebook", None, cell))
    paper = h.notebook.paper
    rows.append(_method(paper["accuracy"], paper["name"], None, paper["source"]))
    rows.sort(key=lambda row: -row["accuracy"])
    return _html("methods", rows=rows, against=_against(h))


def _own(name: str) -> str:
    return (
        "nothing: a lexicon with rules"
        if name.startswith("VADER")
        else "the same reviews, as words and pairs of words"
    )


def _method(
    accuracy: float, name: str, heldout: float | None, note: str, bundle: str | None = None
) -> dict:
    """A row; the bar begins at chance, 50 %. `bundle`: the name of this model's."""
    return {
        "accuracy": accuracy,
        "name": name,
        "bundle": bundle,
        "width": max(0.0, 200 * (accuracy - 0.5)),
        "test": _percent(accuracy or None),
        "heldout": _percent(heldout),
        "note": note,
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _split(h: History) -> str:
    found = h.metrics.get("corpus", {}).get("train")
    size = f"{found['documents']:,} training reviews" if found else "the training reviews"
    n = h.recipe("student").get("unlabelled") if h.student.epochs else 0
    taught = f", {n:,} unlabelled ones that it and NB-SVM labelled" if n else ""
    return f"{size}{taught}; its language model never saw the test reviews"


def _against(h: History) -> list[dict]:
    """McNemar's test against each other method, in figures and words."""
    rows = []
    read = h.metrics.get("mistakes", {}).get("precision")
    for name, m in h.metrics.get("against", {}).items():
        n = sum(m[k] for k in ("both", "only_ours", "only_theirs", "neither"))
        share = f"{(m['both'] + m['only_ours']) / n:.2%}"
        rows.append(
            {
                "name": name,
                "how": f" in {read}, {share}" if read else f", {share}",
                "only_ours": m["only_ours"],
                "only_theirs": m["only_theirs"],
                "neither": m["neither"],
                "p": _p(m["p"]),
                "few": "chance would hardly do that" if m["p"] < 0.01 else "chance could do that",
            }
        )
    return rows


def _p(p: float) -> str:
    return f"{p:.2f}" if p >= 0.01 else f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}"
