"""Live training: the announced sizes train, others are refused; limits, Stop, and nothing left."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

import pytest
from fastai.text.core import SubwordTokenizer
from sentencepiece import SentencePieceProcessor

from ulmfit_demo.workers.subword_training import training
from ulmfit_demo.workers.subword_training.training import (
    Budget,
    Progress,
    Sizes,
    Trained,
    TrainingError,
)

BUDGET = Budget(cpu_seconds=60, seconds=120, memory=2**30, largest=2_000)
STORY = """\
The boat left the harbour at dawn, and the gulls followed it out to sea.
A cook chopped onions while the kettle boiled; nobody spoke of the weather.
She reads letters from an old friend in the garden every evening.
In winter the lake froze (not every year) and children skated to the far shore.
"""


def last(steps):
    *_, result = steps
    return result


def corpora(n: int, seed: int = 0):
    """Random texts of the kinds that break trainers: one letter, one line, Chinese, odd signs."""
    rng = random.Random(seed)
    words = STORY.split()
    han = [chr(0x4E00 + rng.randrange(3_000)) for _ in range(200)]
    kinds = [
        lambda: rng.choice("aZ1!é电"),
        lambda: rng.choice("ab") * rng.randrange(1, 5_000),
        lambda: " ".join(rng.choice(words) for _ in range(rng.randrange(1, 300))),
        lambda: "\n".join(
            " ".join(rng.choice(words) for _ in range(9)) for _ in range(rng.randrange(1, 60))
        ),
        lambda: "".join(rng.choice(han) for _ in range(rng.randrange(1, 900))),
        lambda: "".join(rng.choice("abcdefgh \n") for _ in range(rng.randrange(2, 1_500))),
        lambda: "".join(chr(rng.randrange(33, 0x10FFFF)) for _ in range(rng.randrange(1, 200))),
        lambda: "a\0b\x07c\u202e ▅▁▁ ½™… \ud800 x " * rng.randrange(1, 20),
        lambda: "xxbos xxmaj the ▁xxunk film xxrep 3 a\t\r\n" * rng.randrange(1, 20),
    ]
    for i in range(n):
        yield kinds[i % len(kinds)]()


def check_range(text: str, kind: str, budget: Budget, rng: random.Random, n_inside: int = 1):
    """Both ends and sizes between train to exactly what was asked; both neighbours are refused."""
    found = last(training.legal_sizes(text, kind, budget))
    inside = {found.low, found.high}
    inside |= {rng.randint(found.low, found.high) for _ in range(n_inside)}
    for size in sorted(inside):
        model = last(training.train(text, size, kind, budget))
        assert isinstance(model, Trained), (kind, size, found)
        assert len(SentencePieceProcessor(model_proto=model.model)) == size
    sentence = f"from {found.low:,} to {found.high:,} pieces"
    for size in (found.low - 1, found.high + 1):
        with pytest.raises(TrainingError, match=sentence):
            last(training.train(text, size, kind, budget))
    return found


def test_every_announced_size_trains():
    """Nine corpora here; `benchmarks/legal_sizes.py` checks fifty, up to 2 MB, with both types."""
    rng = random.Random(5)
    for i, text in enumerate(corpora(9)):
        check_range(text, training.TYPES[i % 2], BUDGET, rng)


@pytest.mark.parametrize("kind", training.TYPES)
def test_each_single_size_of_a_small_text_trains(kind):
    text = "she sells sea shells"
    found = last(training.legal_sizes(text, kind, BUDGET))
    assert found.high - found.low >= 3
    for size in range(found.low, found.high + 1):
        assert last(training.train(text, size, kind, BUDGET)).size == size


def test_the_app_limit_caps_the_range():
    text = " ".join(f"{a}{b}" for a in "abcdefghij" for b in "klmnopqrst") * 3
    small = Budget(60, 120, 2**30, largest=60)
    found = last(training.legal_sizes(text, "bpe", small))
    assert found == Sizes(found.low, 60, capped=True)
    with pytest.raises(TrainingError, match="60 is the most that this app trains"):
        last(training.train(text, 61, "bpe", small))


def test_more_characters_than_pieces_are_refused():
    text = "".join(chr(0x4E00 + i) for i in range(300))
    with pytest.raises(TrainingError, match=r"30\d different characters.*up to 100 pieces"):
        last(training.legal_sizes(text, "unigram", Budget(60, 120, 2**30, largest=100)))


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "▅"])
def test_a_text_without_characters_is_refused(text):
    for kind in training.TYPES:
        with pytest.raises(TrainingError, match="nothing to learn"):
            last(training.legal_sizes(text, kind, BUDGET))


@pytest.mark.parametrize("kind", training.TYPES)
def test_the_model_is_fastais(kind, tmp_path):
    """The same pieces as `SubwordTokenizer` learns from the same lines; scores to float rounding."""
    tokenizer = SubwordTokenizer(vocab_sz=75, model_type=kind, cache_dir=tmp_path)
    tokenizer.setup(STORY.splitlines())
    ours = SentencePieceProcessor(
        model_proto=last(training.train(STORY.strip(), 75, kind, BUDGET)).model
    )
    assert len(ours) == len(tokenizer.tok) == 75
    # Pieces of equal score may change places: fastai sums on sixteen threads.
    scores = {ours.id_to_piece(i): ours.get_score(i) for i in range(75)}
    theirs = {tokenizer.tok.id_to_piece(i): tokenizer.tok.get_score(i) for i in range(75)}
    assert scores == pytest.approx(theirs, abs=1e-3)


def test_lines_are_cut_at_spaces_and_keep_every_character():
    rng = random.Random(2)
    text = "".join(rng.choice("abc  \t電\n") for _ in range(20_000)) + "x" * 5_000
    lines = training.training_lines(text)
    assert "".join(lines) == text.replace("\n", "")
    assert max(len(line.encode()) for line in lines) <= 4_192
    assert training.training_lines("a b\nc") == ["a b", "c"]


def children() -> set[int]:
    """Workers of this process that run now."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
            if parent == os.getpid() and b"subword_training" in command:
                found.add(int(entry.name))
    return found


def long_text() -> str:
    rng = random.Random(1)
    return "".join(rng.choice("abcdefghijklmnop \n") for _ in range(400_000))


def test_stopping_ends_the_process_at_once():
    steps = training.train(long_text(), 2_000, "unigram", BUDGET)
    assert isinstance(next(steps), Progress)
    next(steps)
    assert len(children()) == 1
    steps.close()
    assert children() == set()


def test_a_worker_whose_reader_is_gone_ends_by_itself():
    steps = training.train(long_text(), 2_000, "unigram", Budget(60, 5, 2**30, 2_000))
    next(steps)
    next(steps)  # the text is with the worker; nobody reads any more
    (worker,) = children()
    end = time.monotonic() + 120
    while Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.1)
    with pytest.raises(TrainingError, match="more than 5 seconds, the limit"):
        last(steps)


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (Budget(1, 200, 2**30, 2_000), "more than 1 seconds of computing"),
        (Budget(60, 200, 50 * 2**20, 2_000), "50 MiB of memory"),
    ],
)
def test_limits_end_it_with_a_sentence(budget, sentence):
    with pytest.raises(TrainingError, match=sentence):
        last(training.train(long_text(), 2_000, "unigram", budget))
    assert children() == set()


def test_progress_is_told_and_grows():
    steps = list(training.train(long_text()[:40_000], 500, "unigram", BUDGET))
    shares = [s.share for s in steps if isinstance(s, Progress) and s.share is not None]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert isinstance(steps[-1], Trained)


def test_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    last(training.train(STORY, 80, "bpe", BUDGET))
    with pytest.raises(TrainingError):
        last(training.train(STORY, 5, "bpe", BUDGET))
    assert list(tmp_path.iterdir()) == []
    assert children() == set()


def test_the_worker_writes_no_file(tmp_path):
    """It may not: a limit of its process forbids files of any size."""
    import subprocess
    import sys

    code = (
        f"import runpy; limit = runpy.run_path({str(training.WORKER)!r})['limit'];"
        f"limit(5, 5, 2**30); open({str(tmp_path / 'file')!r}, 'w').write('x')"
    )
    subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
    assert (tmp_path / "file").stat().st_size == 0
