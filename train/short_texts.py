"""Part of `evaluate`: how many labelled sentences the classifier gets right, read as in the app."""

from __future__ import annotations

import csv
from pathlib import Path

from train.errors import StageError
from train.logging import progress
from ulmfit_demo.models.bundle import Bundle
from ulmfit_demo.models.reading import read_along
from ulmfit_demo.tokens import Vocab, fastai_words

PRECISION = "fp32"  # as all other figures of `evaluate`


class SentencesError(StageError):
    """The file is no table of labels and texts; the message says which line and why."""


def read(path: Path, classes: list[str]) -> list[tuple[int, str]]:
    """(number of the label in `classes`, text) of every row of a tab-separated table.

    Its first line names the columns, `label` and `text`; nothing is quoted. Raises SentencesError.
    """
    try:
        with path.open(encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise SentencesError(f"{path} cannot be read: {e}") from None
    if not rows or rows[0] != ["label", "text"]:
        raise SentencesError(f"the first line of {path} must name the columns: label, tab, text")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != 2 or row[0] not in classes or not row[1].strip():
            raise SentencesError(
                f"line {number} of {path} must be one of {', '.join(classes)}, a tab and a text"
            )
        found.append((classes.index(row[0]), row[1]))
    if not found:
        raise SentencesError(f"{path} holds no sentences")
    return found


def measure(loaded: Bundle, path: Path) -> dict:
    """What `metrics.json` holds as `short_texts`: accuracy, n, confusion [true][predicted], source.

    Each text goes the way of the Sentiment tab: fastai's tokens, the bundle's words, `read_along`.
    """
    classes, vocab = loaded.config["classes"], Vocab(loaded.vocab)
    confusion = [[0] * len(classes) for _ in classes]
    for label, text in progress(read(path, classes), "sentences"):
        ids = vocab.numericalize(t.text for t in fastai_words(text).tokens)
        found = read_along(loaded.classifier, ids, precision=PRECISION).probabilities[-1]
        confusion[label][int(found.argmax())] += 1
    n = sum(map(sum, confusion))
    return {
        "accuracy": sum(confusion[i][i] for i in range(len(classes))) / n,
        "n": n,
        "confusion": confusion,
        "source": path.name,
    }
