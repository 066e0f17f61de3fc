"""Few labels: our encoders against random weights and a bag of words, in many random draws.

    python -m benchmarks.few_labels [--films FILE.tsv] [--draws 20] [--write]

`--films`: sentences with a label each (`label<TAB>text`), read once all choices are made. The choices
(prompt, mean, strength) were made on `--crops`: pieces of one to three sentences of held-out reviews.
"""

from __future__ import annotations

import argparse
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ulmfit_demo.inference import loading
from ulmfit_demo.resources import assets
from ulmfit_demo.teach import curve, head, learn, task
from ulmfit_demo.teach.features import CLASSIFIER, LM, Reader, features

WHICH = (
    "A visitor's task gets the language model's encoder: nobody knows whether the labels are of praise "
    "or of something else, and on plot, acting or music it is the better one. Where the labels are "
    "praise and blame the classifier's encoder, which has learned them from 22,500 reviews, is better; "
    "the page offers it beside the other."
)
ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "results" / "few_labels.md"
POOLED = "pooled"
NAMES = {
    LM: "head on the language model",
    POOLED: "the same, on last, max and mean of its states, without the prompt",
    CLASSIFIER: "head on the classifier's encoder",
    curve.RANDOM: "head on random weights",
    curve.WORDS: "bag of words, logistic regression",
}


def sets_of(loaded: loading.LoadedModels, lines: list[str]) -> dict[str, np.ndarray]:
    """Rows of every start, standardized, for `lines`."""
    found = {}
    given = task.Task(("a", "b"), tuple(lines), (task.NONE,) * len(lines))
    for kind in (LM, CLASSIFIER):
        lesson = learn.begin(loaded, given, kind)
        found[kind] = lesson.norm(lesson.features)
        if kind == LM:
            pooled = features(Reader(loaded.bundle.lm.body, CLASSIFIER, ()), lesson.documents)
            found[POOLED] = head.norm_of(pooled)(pooled)
    documents, prompt = lesson.documents, learn.reader_of(loaded).prompt
    found[curve.RANDOM] = curve.random_features(loaded.bundle.lm.body.sizes, documents, prompt)
    found[curve.WORDS] = curve.bag_of_words(documents, most=10_000)
    return found


def measure(sets: dict[str, np.ndarray], labels: np.ndarray, ns, draws: int) -> list[str]:
    """Rows of a Markdown table: mean accuracy ± standard deviation of the draws, tested on the rest."""
    k, rows = len(np.unique(labels)), []
    for name, x in sets.items():
        z = head.spanned(x.astype(float))[0]
        c = curve.WORDS_C if name == curve.WORDS else head.STRENGTH / x.shape[1]
        cells = []
        for n in ns:
            found = []
            for d in range(draws):
                train, test = curve.draw(labels, n, np.random.default_rng((d, n)))
                w, b = head.solve(z[train], labels[train], k, c)
                found.append(float(((z[test] @ w.T + b).argmax(1) == labels[test]).mean()))
            cells.append(f"{np.mean(found):.3f} ± {np.std(found):.3f}")
        rows.append(f"| {NAMES[name]} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return rows


def crops(n: int = 2_000, seed: int = 0) -> list[tuple[str, str]]:
    """(label, one to three sentences) of as many held-out reviews of the staged corpus."""
    from train.data import find_corpus, list_documents
    from train.recipe import Data

    path, rng = find_corpus(None), np.random.default_rng(seed)
    reviews = [d for d in list_documents(path, Data()) if d["split"] == "heldout"]
    found = []
    for i in rng.permutation(len(reviews))[:n]:
        text = (path / reviews[i]["file"]).read_text(encoding="utf-8").replace("<br />", " ")
        parts = [s for s in re.split(r"(?<=[.!?])\s+", text) if len(s.split()) >= 3]
        begin, size = int(rng.integers(len(parts))), int(rng.integers(1, 4))
        words = " ".join(parts[begin : begin + size]).split()
        found.append((str(reviews[i]["label"]), " ".join(words[:70])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=Path)
    parser.add_argument("--crops", action="store_true")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    loaded, parts = loading.load(assets()), []
    film = task.presets(assets())["film"].task
    found = [
        (
            "Plot, acting or music (240 lines of ours)",
            film.names,
            film.truth,
            film.lines,
            (10, 50, 100),
        )
    ]
    for title, rows in (
        ("Sentences about films, praise or blame", args.films and _rows(args.films)),
        ("Crops of held-out reviews, praise or blame", args.crops and crops()),
    ):
        if rows:
            names = sorted({a for a, _ in rows})
            labels = [names.index(a) for a, _ in rows]
            found.append(
                (f"{title} ({len(rows):,})", names, labels, [b for _, b in rows], (10, 50, 200))
            )
    for title, _, labels, lines, ns in found:
        print(title, flush=True)
        head_row = f"| | {' | '.join(f'{n} labels' for n in ns)} |\n|---|{'---|' * len(ns)}"
        rows = measure(sets_of(loaded, list(lines)), np.array(labels), ns, args.draws)
        parts.append(f"## {title}\n\n{head_row}\n" + "\n".join(rows))
    perplexity = loaded.bundle.metrics.get("lm", {}).get("perplexity", float("nan"))
    told = (
        f"# Few labels\n\n`python -m benchmarks.few_labels`, {datetime.now(UTC):%d %B %Y}, "
        f"{platform.machine()}. Accuracy on all other lines, mean ± standard "
        f"deviation of {args.draws} draws with the classes as even as they go. "
        f"Model: {loaded.bundle.name}, language model of perplexity {perplexity:.1f}.\n\n{WHICH}\n\n"
    )
    text = told + "\n\n".join(parts) + "\n"
    if args.write:
        OUT.write_text(text, encoding="utf-8")


def _rows(path: Path) -> list[tuple[str, str]]:
    rows = path.read_text(encoding="utf-8").splitlines()[1:]
    return [(r.split("\t")[0], r.split("\t")[1]) for r in rows]


if __name__ == "__main__":
    main()
