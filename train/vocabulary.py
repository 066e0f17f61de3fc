"""Stage `vocabulary`: what the Vocabulary tab knows of the corpus, as counts. Trains nothing.

`words.json.gz`: how often each word stands in train + unsup, in `Counter.most_common` order.
`ladder.json`: how many pieces every model of the ladder makes of held-out reviews. Neither holds text.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
from fastai.text.core import defaults

from train.data import Corpus, CorpusError, find_corpus
from train.logging import progress
from train.recipe import Subwords
from ulmfit_demo.tokens import SubwordLadder, clean

LEAST = 2  # words seen less often are counted, not named: more than half of the words stand once


def prepare(
    corpus: Path | None, cache: Corpus, ladder: Path, out: Path, settings: Subwords
) -> None:
    """Write both files to `out`. Raises CorpusError where the cache or the ladder is missing."""
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "words.json.gz", word_counts(cache))
    reviews = heldout_reviews(find_corpus(corpus), cache, settings.measured)
    _write(out / "ladder.json", ladder_counts(reviews, cache, SubwordLadder(ladder)))


def word_counts(cache: Corpus) -> dict:
    """Words with their counts, most frequent first; the rarest as {count: number of words}."""
    path = cache.folder / "counts.json"
    if not path.is_file():
        raise CorpusError(f"no word counts at {path}: run `python -m train data` first")
    counts = json.loads(path.read_text(encoding="utf-8"))
    rest = Counter(c for _, c in counts if c < LEAST)
    if any(w in defaults.text_spec_tok for w, c in counts if c < LEAST):
        raise CorpusError(f"a special token stands less than {LEAST} times: it cannot stay unnamed")
    return {
        "words": [w for w, c in counts if c >= LEAST],
        "counts": [c for _, c in counts if c >= LEAST],
        "rest": {str(c): n for c, n in sorted(rest.items())},
    }


def heldout_reviews(path: Path, cache: Corpus, n: int) -> list[tuple[int, str]]:
    """`n` held-out reviews, spread evenly: (place in the cache, text)."""
    which = cache.split("heldout").subset(n).which
    return [
        (int(i), (path / cache.documents[i]["file"]).read_text(encoding="utf-8")) for i in which
    ]


def ladder_counts(reviews: list[tuple[int, str]], cache: Corpus, ladder: SubwordLadder) -> dict:
    """Pieces of all reviews under every model, and fastai's words of the same reviews."""
    texts = [clean(text) for _, text in reviews]
    lengths = np.diff(cache.offsets)
    counted: dict[str, dict[str, int]] = {}
    for kind, size in progress([(k, s) for k in ladder.types() for s in ladder.sizes(k)], "ladder"):
        n = sum(len(pieces) for pieces in ladder.encode(texts, size, kind))
        counted.setdefault(kind, {})[str(size)] = n
    return {
        "reviews": len(texts),
        "characters": sum(map(len, texts)),
        "words": {
            "tokens": int(sum(lengths[i] for i, _ in reviews)),
            "vocabulary": len(cache.vocab),
        },
        "pieces": counted,
    }


def _write(path: Path, value: dict) -> None:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    # Without the time of writing, the same counts give the same bytes.
    path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)
