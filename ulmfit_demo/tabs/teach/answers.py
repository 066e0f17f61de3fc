"""What the Teach tab's events answer: the page's values → lessons, verdicts, files. Lays out nothing."""

from __future__ import annotations

import csv
import io
import math
import time
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from ulmfit_demo import limits, uploads
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.shared import picks
from ulmfit_demo.tabs.teach import figures, views
from ulmfit_demo.teach import curve as curves
from ulmfit_demo.teach import learn, task, validation
from ulmfit_demo.teach.features import CLASSIFIER, LM
from ulmfit_demo.teach.taught import Taught
from ulmfit_demo.uploads.result import guard

OWN = "own"  # in the menu of tasks: the visitor's lines
ENCODERS = {
    "language model: it knows no sentiment": LM,
    "classifier: it has learned what praise is": CLASSIFIER,
}
NAMES = {LM: "language model's encoder", CLASSIFIER: "classifier's encoder"}
GONE = (
    "The lines were forgotten after half an hour without a question. Choose the task again, or press "
    "“Use these lines”: your text still stands there."
)
LEFT_OUT = " After {:.0f} seconds no more was drawn: the points at {} labels are left out."
FEWEST = 6  # labelled lines of a class, on average, for a curve
PUT = "Put your lines into the panel below and press Use these lines."
CURVE_TUNED = (
    "The curve compares encoders that have seen no label; the tuned one has learned from yours."
)
CURVE_WAIT = "The curve needs about {} labelled lines: accuracy against the number of labels."


@lru_cache(maxsize=8)
def preset(loaded: LoadedModels, key: str, kind: str) -> learn.Lesson:
    """A preset's lesson: the same for everyone, so that its lines are read once."""
    return learn.begin(loaded, task.presets(assets())[key].task, kind)


def own(text: object, names: object, file: object, column: object, label: object) -> task.Task:
    """The visitor's task: a file where there is one, else the pasted lines. Raises `Refused`."""
    if not isinstance(file, str | Path):
        return task.pasted(text, names)
    upload = uploads.read(file)
    texts = upload.texts(upload.column(limits.text(column)))
    labels = [""] * len(texts)
    wanted = limits.text(label)
    if wanted:
        if wanted not in upload.labels:
            raise limits.Refused(f"The file has no column “{wanted[:100]}”.")
        place = upload.labels.index(wanted)
        labels = [row[place].strip() for row in upload.rows]
    rows = [(a, " ".join(b.split())) for a, b in zip(labels, texts, strict=True) if b.strip()]
    return task.task_of(rows, task.names_of(names))


def current(held: learn.Lesson | None, own: learn.Lesson | None) -> learn.Lesson | None:
    """The page's lesson: `own`, whose layer was tuned, where it is of `held`'s task; else `held`."""
    return own if own is not None and own.is_of(held) else held


def read_log(log: object, lesson: learn.Lesson | None) -> dict | None:
    """The page's labels for `lesson`; None where they are another lesson's, or none at all.

    Raises `Refused` where the lesson was forgotten.
    """
    found = picks.parsed(log)
    if not isinstance(found, dict):
        return None
    try:
        marks = [(a, b) for a, b in found["marks"] if type(a) is int and type(b) is int]
        skip = [i for i in found["skip"] if type(i) is int]
        at, key = found.get("at"), found["key"]
    except (TypeError, ValueError, KeyError):
        return None
    if lesson is None:
        raise limits.Refused(GONE)
    if key != lesson.task.key:
        return None
    if len(marks) > limits.TEACH_MARKS:
        raise limits.Refused(f"This lesson takes up to {limits.TEACH_MARKS:,} labels.")
    at = at if type(at) is int and 0 <= at < len(lesson.task.lines) else None
    return {"marks": marks, "skip": skip, "at": at}


def board(lesson: learn.Lesson, log: dict) -> str:
    """The head fitted anew, and everything that it says. Skipped lines come last."""
    found = learn.learn(lesson, log["marks"])
    line = log["at"]
    if line is None and len(found.doubts):
        skipped = {i: n for n, i in enumerate(log["skip"])}
        fresh = [i for i in found.doubts.tolist() if i not in skipped]
        line = fresh[0] if fresh else min(found.doubts.tolist(), key=lambda i: skipped[i])
    return views.board(lesson, found, line)


def truth(lesson: learn.Lesson, log: dict) -> str:
    """Cross-validated accuracy on the lines that the visitor labelled."""
    started = time.perf_counter()
    labels = lesson.task.labels(log["marks"])
    known = np.flatnonzero(labels != task.NONE)
    names = lesson.task.names
    found = validation.cross_validate(
        lesson.features[known],
        labels[known],
        len(names),
        lesson.norm,
        limits.VALIDATION_SECONDS,
    )
    took = 1_000 * (time.perf_counter() - started)
    return views.accuracy(lesson.task, found, took, lesson.tuned is not None)


def curve(
    loaded: LoadedModels, lesson: learn.Lesson, log: dict, seconds: float = limits.CURVE_SECONDS
):
    """The curve as HTML, growing; what is not drawn after `seconds` is left out, and that is said.

    A preset's is on all its lines, by our labels.
    """
    until = time.monotonic() + seconds
    truth_known = lesson.task.truth
    labels = lesson.task.labels(log["marks"])
    if truth_known is not None:
        labels = np.array(truth_known)
    if lesson.tuned is not None:
        yield figures.curve([], CURVE_TUNED)
        return
    known = np.flatnonzero(labels != task.NONE)
    k = len(np.unique(labels[known]))
    needed = FEWEST * max(2, len(lesson.task.names))
    if k < 2 or len(known) < needed:
        yield figures.curve([], CURVE_WAIT.format(needed))
        return
    whose = "our labels of all lines" if truth_known is not None else "your labels"
    about = (
        f"{limits.TEACH_DRAWS} random draws for each number of labels, tested on the other "
        f"labelled lines ({whose}); bars: standard error. Random weights: the same network "
        "without training."
    )
    documents = [lesson.documents[i] for i in known]
    prompt = learn.reader_of(loaded, LM).prompt
    sizes = loaded.model.lm.body.sizes
    sets = {
        curves.OURS: lesson.norm(lesson.features[known]),
        curves.RANDOM: curves.random_features(sizes, documents, prompt),
        curves.WORDS: curves.bag_of_words(documents),
    }
    points, left = [], curves.sizes(len(known), k)
    steps = curves.curve(sets, labels[known], len(lesson.task.names), limits.TEACH_DRAWS, until)
    for point in steps:
        points.append(point)
        if len(points) % len(sets) == 0:
            left.remove(point.labels)
            yield figures.curve(points, about)
    if left:
        yield figures.curve(
            points, about + LEFT_OUT.format(seconds, ", ".join(f"{n:,}" for n in left))
        )


@lru_cache(maxsize=8)
def preset_curve(loaded: LoadedModels, key: str, kind: str) -> str:
    """The finished curve of a preset, which no visitor's label changes: drawn once, without a limit."""
    *_, last = curve(loaded, preset(loaded, key, kind), {"marks": []}, math.inf)
    return last


def taught(loaded: LoadedModels, lesson: learn.Lesson, log: dict) -> Taught | None:
    """The classifier after the labels so far; None before there are two classes."""
    found = learn.learn(lesson, log["marks"])
    if found.head is None:
        return None
    n = len(found.labelled)
    return Taught(loaded, lesson.task.names, found.head, lesson.kind, n, lesson.tuned)


def write_files(folder: Path, made: Taught, lesson: learn.Lesson, log: dict) -> list[str]:
    """`taught.zip` (the folder that `load` reads) and `labelled.csv`; their paths."""
    with zipfile.ZipFile(folder / "taught.zip", "w") as z:
        for name, data in made.files().items():
            z.writestr(f"taught/{name}", data)
    labels = lesson.task.labels(log["marks"])
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["label", "text"])
    for i in np.flatnonzero(labels != task.NONE):
        writer.writerow([guard(lesson.task.names[labels[i]]), guard(lesson.task.lines[i])])
    (folder / "labelled.csv").write_text(out.getvalue(), encoding="utf-8", errors="replace")
    return [str(folder / "taught.zip"), str(folder / "labelled.csv")]
