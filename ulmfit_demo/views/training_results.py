"""How good the trained classifier is, as HTML: mistakes, confusion, other methods. Measures nothing."""

from __future__ import annotations

from html import escape

from ulmfit_demo.services.few_labels import STARTS
from ulmfit_demo.services.history import History
from ulmfit_demo.views.html import scroll

WRONG = 13  # mistakes listed
NO_LABELS = (
    "Not measured for this model yet: python -m train labels --recipe FILE trains the classifier on a "
    "hundred labels, five hundred and so on, and writes labels.json; export takes it along."
)
TWIN = (  # of metrics.json, where the bundle has a classifier that reads from the end
    ("classifier_backwards", "Its twin", "the same reviews, read from the last word to the first"),
    ("ensemble", "This model and its twin", "nothing more: the mean of both probabilities"),
)
NO_MISTAKES = "Not measured for this model: python -m train evaluate names its mistakes."


def confusion(h: History) -> str:
    """Said against true, as a table of counts."""
    measured = h.metrics.get("classifier")
    if not measured:
        return ""
    words = ["positive" if c == "pos" else "negative" for c in h.config["classes"]]
    head = "".join(f'<th scope="col">said {w}</th>' for w in words)
    rows = ""
    for i, counts in enumerate(measured["confusion"]):
        total = max(1, sum(counts))
        cells = "".join(
            f'<td class="{"right" if i == j else "wrong"}"><b>{n:,}</b>'
            f"<small>{n / total:.1%} · {'right' if i == j else 'wrong'}</small></td>"
            for j, n in enumerate(counts)
        )
        rows += f'<tr><th scope="row">is {words[i]}</th>{cells}</tr>'
    return (
        f"<h4>Confusion on {measured['n']:,} test reviews</h4>"
        f'<table class="t-confusion"><thead><tr><td></td>{head}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="u-small">{measured["accuracy"]:.2%} right, loss '
        f"{measured['loss']:.3f}.</p>"
    )


def mistakes(h: History) -> str:
    """The test reviews that it is surest and wrong about: name, what it said, why in our words."""
    if not h.wrong:
        return f'<p class="u-empty">{escape(NO_MISTAKES)}</p>'
    told = [w for w in h.wrong if w["told"]] or h.wrong
    rows = ""
    for w in told[:WRONG]:
        said, sure = (
            ("positive", w["positive"])
            if w["positive"] >= 0.5
            else (
                "negative",
                1 - w["positive"],
            )
        )
        css = "pos" if w["positive"] >= 0.5 else "neg"
        rows += (
            f'<tr><td class="u-mono">{escape(w["file"])}</td>'
            f'<td class="{css}">{said} {_sure(sure)}</td><td>{escape(w["told"])}</td></tr>'
        )
    found = h.metrics["mistakes"]
    read = f" when it reads in {escape(found['precision'])}" if "precision" in found else ""
    return (
        "<h4>Surest and wrong</h4>"
        f'<p class="u-small">It gets {found["n"]:,} test reviews wrong{read}. These are some of the '
        f"{len(h.wrong)} whose own label it gave the least probability; the folder in the name (pos, "
        "neg) is the label. Described in our words.</p>"
        + scroll(
            '<table class="plain"><thead><tr><th>review</th><th>it said</th>'
            f"<th>why it is hard</th></tr></thead><tbody>{rows}</tbody></table>",
            "Surest and wrong",
            "t-told",
        )
    )


def _sure(p: float) -> str:
    return f"{p:.1%}" if p < 0.9995 else "over 99.9%"


def labels_note(h: History) -> str:
    """What the curve of few labels shows and what it was measured on."""
    if not h.labels:
        return f'<p class="u-empty">{escape(NO_LABELS)}</p>'
    heldout = h.recipe("data").get("heldout")
    size = f"{heldout:,} " if heldout else ""
    starts = [s for s in STARTS if any(p.start == s for p in h.labels)]
    rows = "".join(
        f'<tr><td class="u-mono">{n:,}</td>{"".join(_share(h, n, s) for s in starts)}</tr>'
        for n in sorted({p.labels for p in h.labels})
    )
    heads = "".join(f"<th>{STARTS[s]}</th>" for s in starts)
    draws = max(p.draws for p in h.labels)
    several = (
        f" Where several draws of the labels were made (up to {draws}), their mean stands with the "
        "lowest and the highest."
        if draws > 1
        else ""
    )
    return (
        f'<p class="u-small">Accuracy on the {size}reviews held out of train; the test reviews were not '
        f"read for this.{several}</p>"
        + scroll(
            '<table class="plain"><thead><tr><th>labelled reviews</th>'
            f"{heads}</tr></thead><tbody>{rows}</tbody></table>",
            "Accuracy by number of labels",
            "t-told",
        )
    )


def _share(h: History, n: int, start: str) -> str:
    found = next((p for p in h.labels if (p.labels, p.start) == (n, start)), None)
    if found is None:
        return f'<td class="u-mono">{_percent(None)}</td>'
    spread = f" ({_percent(found.lowest)} to {_percent(found.highest)})" if found.draws > 1 else ""
    return f'<td class="u-mono">{_percent(found.accuracy)}{spread}</td>'


def methods(h: History) -> str:
    """All methods in one table: ours, the baselines on the same split, the notebook, the paper."""
    ours = h.metrics.get("classifier")
    seen = h.whole_classifier.epochs
    heldout = seen[-1].accuracy if seen else None
    rows = []
    if ours:
        rows.append((ours["accuracy"], f"<b>This model</b> ({escape(h.name)})", heldout, _split(h)))
    for key, name, note in TWIN:
        if key in h.metrics:
            rows.append((h.metrics[key]["accuracy"], name, None, note))
    for b in h.baselines:
        rows.append((b.test or 0.0, escape(b.name), b.heldout, _own(b.name)))
    notebook = h.notebook.classifier
    best = notebook.epochs[-1].accuracy
    rows.append(
        (
            best,
            "The notebook",
            None,
            f"cell {notebook.stages[-1].cell}; all 25,000 train reviews, and its language model read "
            "the test reviews too",
        )
    )
    paper = h.notebook.paper
    rows.append((paper["accuracy"], escape(paper["name"]), None, escape(paper["source"])))
    body = "".join(_method(*row) for row in sorted(rows, key=lambda r: -r[0]))
    table = (
        '<table class="plain t-methods"><thead><tr><th>method</th><th>right on test</th>'
        f"<th>held out of train</th><th>trained on</th></tr></thead><tbody>{body}</tbody></table>"
    )
    return scroll(table, "All methods") + _against(h)


def _own(name: str) -> str:
    return (
        "nothing: a lexicon with rules"
        if name.startswith("VADER")
        else "the same reviews, as words and pairs of words"
    )


def _method(test: float, name: str, heldout: float | None, note: str) -> str:
    """A row; the bar begins at chance, 50 %."""
    width, css = max(0.0, 200 * (test - 0.5)), "t-ours" if "<b>" in name else ""
    return (
        f'<tr class="{css}"><td>{name}</td><td class="u-mono t-bar">'
        f'<span class="t-track" aria-hidden="true"><i style="width:{width:.0f}%"></i></span>'
        f"{_percent(test or None)}</td><td class='u-mono t-held'>{_percent(heldout)}</td>"
        f"<td>{note}</td></tr>"
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _split(h: History) -> str:
    found = h.metrics.get("corpus", {}).get("train")
    size = f"{found['documents']:,} reviews of train" if found else "train"
    n = h.recipe("student").get("unlabelled") if h.student.epochs else 0
    taught = f", {n:,} of unsup that it and NB-SVM labelled" if n else ""
    return f"{size}{taught}; its language model never saw test"


def _against(h: History) -> str:
    """McNemar's test, as a sentence."""
    said = ""
    for name, m in h.metrics.get("against", {}).items():
        n = sum(m[k] for k in ("both", "only_ours", "only_theirs", "neither"))
        read = h.metrics.get("mistakes", {}).get("precision")
        share = f"{(m['both'] + m['only_ours']) / n:.2%}"
        how = f" in {escape(read)}, {share}" if read else f", {share}"
        few = "chance would hardly do that" if m["p"] < 0.01 else "chance could do that"
        said += (
            f'<p class="u-small">Against {escape(name)}, review by review on test: only this model (read'
            f"{how}) is right on {m['only_ours']:,}, only the other on {m['only_theirs']:,}, neither "
            f"on {m['neither']:,}. McNemar’s exact test: p = {_p(m['p'])}, {few}.</p>"
        )
    return said + (
        '<p class="u-small">The bars begin at chance, 50 %. The same test reviews for all. '
        "Our limits and settings were chosen on held-out reviews.</p>"
    )


def _p(p: float) -> str:
    return f"{p:.2f}" if p >= 0.01 else f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}"
