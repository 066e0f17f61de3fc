"""Random texts and throw-away SentencePiece models for the token tests."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest
from fastai.text.core import SubwordTokenizer, Tokenizer, WordTokenizer

N_TEXTS = 1_000

# Written for these tests.
_LINES = """\
The boat left the harbour at dawn, and the gulls followed it out to sea.
A cook chopped onions while the kettle boiled; nobody spoke of the weather.
She reads letters from an old friend in the garden every evening.
Nobody had repaired the clock, so the village lived by the sound of the mill.
"Did you bring the map?" he asked. "No, but I remember the road."
It's a long walk to the quarry, isn't it? We'll need bread, water and 2 lamps.
The potter's wheel turned, stopped and turned again: three bowls were done.
In winter the lake froze (not every year) and children skated to the far shore.
"""

_PARTS = [
    *["a", "b", "I", "A", "Z", "é", "İ", "ß", "Σ", "ǅ", "ﬁ", "½", "™", "ﷺ", "電", "影", "한", "😀", "👩\u200d👧", "🇫🇷", "&", ";", "#", "/", "\\", "<", ">", "@", "-", "_", "'", '"', "(", ")", "[", "]", ".", ",", "!", "?", "…", "▁", "$", "%"],
    *["word", "Word", "WORD", "wOrD", "don't", "DON'T", "U.S.", "cannot", "gonna", "well-known", "www.fast.ai/INDEX", "$1.00", ":)", "10km"],
    *["xxbos", "xxmaj", "xxrep", "xxunk", "xxfld", "xxfake", "<unk>", "&amp;", "&copy;", "&lt;", "&notit;", "&#39;", "&#1;", "&#0;", "&#x1F600;"],
    *["&NotEqualTilde;", "&nbsp;", "nbsp;", "amp;", "quot;", "#39;", "#146;", "#36;", "<br />", "\\n", '\\"', "...", "....", "aaa", "!!!!", "www", "----"],
    *["film", "film", "film", "ha", "HA", "a", "a", "a", "3", "3", "3", "333"],
    " ", "  ", "     ", "\n", "\n\n", "\t", "\r\n", "\0", "\x07", "\x1c", "\x85", "\xa0", "\xad",
    "\u200b", "\u2028", "\u3000", "\ufeff", "\ufffd", "\ud800", "e\u0301", " @.@ ", " @-@ ",
]  # fmt: skip


def random_text(rng: random.Random) -> str:
    """A text of up to 40 parts: words, entities, repeats, capitals, control characters."""
    parts: list[str] = []
    for _ in range(rng.randrange(40)):
        chance = rng.random()
        if chance < 0.75:
            part = rng.choice(_PARTS)
        elif chance < 0.9:
            part = chr(rng.randrange(sys.maxunicode + 1))
        else:
            part = "".join(rng.choice("abcdefgABCDEFG") for _ in range(rng.randrange(1, 9)))
        if rng.random() < 0.15:
            part = rng.choice(["", " ", "\n"]).join([part] * rng.randrange(2, 6))
        parts += part, rng.choice(["", " ", " ", " ", "  "])
    return "".join(parts)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """The same 1,000 texts in every run; the first is empty."""
    rng = random.Random(4)
    return ["", *(random_text(rng) for _ in range(N_TEXTS - 1))]


@pytest.fixture(scope="session")
def oracle() -> Tokenizer:
    """fastai's own tokenizer, untouched."""
    return Tokenizer(WordTokenizer())


@pytest.fixture(scope="session")
def ladder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two unigram models and a BPE model, trained with fastai's settings."""
    folder = tmp_path_factory.mktemp("subwords")
    for kind, size in (("unigram", 60), ("unigram", 120), ("bpe", 120)):
        trainer = SubwordTokenizer(vocab_sz=size, model_type=kind, cache_dir=folder / "cache")
        raw = folder / "raw.txt"
        raw.write_text(_LINES, encoding="utf-8")
        os.replace(trainer.train(raw), folder / f"{kind}-{size}.model")
    return folder


@pytest.fixture(scope="session")
def review() -> str:
    """The notebook's `txt`. It is read from the staged corpus and never stored here."""
    places = [
        Path(os.environ.get("FASTAI_HOME", "~/.fastai")).expanduser() / "data" / "imdb",
        Path(os.environ.get("FASTAI_HOME", "~/.fastai")).expanduser() / "imdb",
    ]
    for place in places:
        path = place / "unsup" / "32772_0.txt"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    pytest.skip("the IMDb corpus is not staged (tools/stage-imdb)")
