"""Fifty random corpora under live training: both ends of the announced range and sizes inside train.

    python benchmarks/legal_sizes.py [--corpora 50] [--inside 2]

It prints a line a corpus and type, and ends with an error where a size did not train or where a size
outside was not refused with the range in the sentence. The texts are made here, up to 2 MB.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sentencepiece import SentencePieceProcessor

from ulmfit_demo import lessons, limits
from ulmfit_demo.workers.subword_training import training

BUDGET = training.Budget(
    limits.TRAIN_CPU_SECONDS, limits.TRAIN_SECONDS, limits.TRAIN_MEMORY, limits.TRAIN_PIECES
)
MOST = limits.TRAIN_BYTES


def corpora(n: int, seed: int) -> Iterator[tuple[str, str]]:
    """(name, text): one letter, one line, Chinese, random letters and signs, stories; small to 2 MB."""
    rng = random.Random(seed)
    words = lessons.examples()["train_vocabulary"]["A short story"].split()
    syllables = [
        a + b for a in "bcdfghklmnprst" for b in ("a", "e", "i", "o", "u", "ai", "or", "en")
    ]
    han = [chr(0x4E00 + i) for i in rng.sample(range(20_000), 3_500)]

    def length() -> int:
        return int(10 ** rng.uniform(1, 5))

    def made_up(n_bytes: int) -> str:
        """Words with the frequencies of a language (Zipf), made of syllables."""
        vocabulary = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(20_000)]
        weights = [1 / (i + 1) for i in range(len(vocabulary))]
        text = rng.choices(vocabulary, weights, k=n_bytes // 5)
        return "".join(w + rng.choice("      \n") for w in text)[:n_bytes]

    kinds = {
        "one letter": lambda: rng.choice("aZ1!é电"),
        "one letter, again and again": lambda: rng.choice("aé电") * length(),
        "one line": lambda: " ".join(rng.choices(words, k=length() // 5 + 1)),
        "lines": lambda: "\n".join(
            " ".join(rng.choices(words, k=9)) for _ in range(length() // 50 + 1)
        ),
        "Chinese": lambda: "".join(rng.choices(han[: rng.randint(5, 3_500)], k=length() // 3 + 1)),
        "few letters": lambda: "".join(rng.choices("abcdefgh \n", k=length() + 1)),
        "signs of all of Unicode": lambda: "".join(
            chr(rng.randrange(33, 0x10FFFF)) for _ in range(length() // 20 + 1)
        ),
        "control characters": lambda: "a\0b\x07c\u202e ▅▁▁ ½™… \ud800 x " * rng.randint(1, 50),
        "made-up language": lambda: made_up(length()),
    }
    yield "made-up language, 2 MB", made_up(MOST)
    yield "2 MB in one line", made_up(MOST).replace("\n", " ")
    yield "Chinese, 2 MB in one line", "".join(rng.choices(han, k=MOST // 3))
    yield "one letter, 2 MB", "a" * MOST
    for i in range(n - 4):
        name = list(kinds)[i % len(kinds)]
        yield name, kinds[name]()


def check(text: str, kind: str, n_inside: int, rng: random.Random) -> str:
    """Raise AssertionError where the announced range does not hold; returns what was seen."""
    started = time.perf_counter()
    try:
        found = last(training.legal_sizes(text, kind, BUDGET))
    except training.TrainingError as refusal:
        return f"refused: {refusal}"
    n = 0
    inside = {found.low, found.high}
    inside |= {rng.randint(found.low, found.high) for _ in range(n_inside)}
    for size in sorted(inside):
        model = last(training.train(text, size, kind, BUDGET))
        got = len(SentencePieceProcessor(model_proto=model.model))
        assert got == size, f"asked for {size:,} in {found}, got {got:,}"
        n += 1
    for size in (found.low - 1, found.high + 1):
        sentence = ""
        try:
            last(training.train(text, size, kind, BUDGET))
        except training.TrainingError as refusal:
            sentence = str(refusal)
        expected = f"from {found.low:,} to {found.high:,} pieces"
        assert expected in sentence, f"{size:,} outside {found}: {sentence or 'trained'}"
    seconds = time.perf_counter() - started
    return f"{found.low:,} to {found.high:,}: {n} sizes trained, 2 refused, {seconds:.0f} s"


def last(steps):
    *_, result = steps
    return result


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--corpora", type=int, default=50)
    ap.add_argument("--inside", type=int, default=2, help="random sizes inside the range")
    ap.add_argument("--seed", type=int, default=0)
    args = ap.parse_args()
    rng = random.Random(args.seed)
    failures = 0
    for i, (name, text) in enumerate(corpora(args.corpora, args.seed)):
        n_bytes = len(text.encode("utf-8", "replace"))
        for kind in training.TYPES:
            try:
                seen = check(text, kind, args.inside, rng)
            except (AssertionError, training.TrainingError) as e:
                failures += 1
                seen = f"FAILED: {e}"
            print(f"{i + 1:2} {name}, {n_bytes:,} bytes, {kind}: {seen}", flush=True)
    print(f"{failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
