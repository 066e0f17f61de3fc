"""The ladder's grid: every piece over its characters, nothing lost, every text escaped."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from ulmfit_demo import limits
from ulmfit_demo.tabs.vocabulary import ladder_html as vocabulary
from ulmfit_demo.tabs.vocabulary import train_html as train_vocabulary
from ulmfit_demo.tabs.vocabulary import words_html as word_vocabulary
from ulmfit_demo.tokens import SubwordLadder, fastai_words
from ulmfit_demo.tokens.word_counts import WordCounts
from ulmfit_demo.workers.subword_training.training import Progress, Sizes, Trained

LADDER = SubwordLadder(Path(__file__).resolve().parents[3] / "assets" / "subwords")
TEXTS = [
    "Unfortunately, the cinematography was unremarkable.",
    "  two  spaces\nand a line ",
    "½ ™ … ﬁ 电影很好看 🎬👍🏽",
    "<b>bold</b> & <script>alert(1)</script>",
    "x" * 200,
    "▁already ▁▁ marked",
    "a\0b\u200bc \u202e",
    " ",
]
SIZES = (200, 1_000, 16_000)


def rungs(text, kind="unigram"):
    return [(size, LADDER.tokenize(text, size, kind)) for size in SIZES]


@pytest.mark.parametrize("text", TEXTS)
def test_cells_lie_side_by_side_and_hold_every_token(text):
    for _, t in rungs(text):
        cells = vocabulary.cells(t)
        assert [token for _, _, tokens in cells for token in tokens] == list(t.tokens)
        for (_, end, _), (start, _, _) in pairwise(cells):
            assert end <= start


@pytest.mark.parametrize("text", TEXTS)
def test_blocks_divide_no_piece(text):
    results = [t for _, t in rungs(text)]
    cuts = vocabulary.blocks(results, 20)
    assert cuts[0][0] == 0
    assert cuts[-1][1] == len(text)
    for t in results:
        for start, end, _ in vocabulary.cells(t):
            assert any(max(start, 0) >= s and end <= e for s, e in cuts)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("grid", [True, False])
def test_every_piece_is_drawn_once_a_row(text, grid):
    drawn = vocabulary.ladder(rungs(text), 1_000, "", grid)
    assert "<script" not in drawn
    assert "<b>" not in drawn
    drawn = drawn.split('<div class="legend"')[0]
    shown = [unescape(c) for c in re.findall(r'<span class="tok [^>]*>([^<]*)</span>', drawn)]
    expected = [vocabulary.visible(x.text) for _, t in rungs(text) for x in t.tokens]
    assert "".join(sorted("".join(shown))) == "".join(sorted("".join(expected)))


def test_a_piece_spans_its_characters():
    rung = (16_000, LADDER.tokenize("the film", 16_000))
    drawn = vocabulary.block([(rung, vocabulary.cells(rung[1]))], 16_000, 0, 8)
    assert "grid-column:2/6" in drawn  # ▁the: the column of ▁ and three characters
    assert "grid-column:6/11" in drawn  # ▁film: the space and four characters


def test_word_views_escape_and_count():
    counts = WordCounts(["the", "film", "a"], [9, 4, 2], {1: 5})
    tokens = fastai_words("the <img src=x> film zzz").tokens
    fates = [counts.fate(t.text, 3, 100) for t in tokens]
    drawn = word_vocabulary.words(tokens, fates, 3, 100)
    assert "<img" not in drawn
    lost = sum(f.reason in ("rare", "cut") for f in fates)
    assert f"{lost} of {len(tokens)} tokens become xxunk" in drawn
    figures = word_vocabulary.figures(counts.vocabulary(3, 100), [("fastai", 400)])
    assert "65.00%" in figures  # 13 of 20 tokens
    assert "× 400, fastai" in figures


def test_training_views():
    assert "12 to 40 pieces" in train_vocabulary.sizes(Sizes(12, 40, False), "bpe")
    assert "exactly" in train_vocabulary.sizes(Sizes(12, 12, False), "unigram")
    assert "the most this app trains" in train_vocabulary.sizes(Sizes(12, 40, True), "bpe")
    assert 'value="0.250"' in train_vocabulary.progress(Progress("<x>", 0.25, 1.0))
    assert "<x>" not in train_vocabulary.progress(Progress("<x>", 0.25, 1.0))
    sample = LADDER.tokenize("<i>", 200)
    drawn = train_vocabulary.trained(
        Trained(b"model", "bpe", 30, 1.0), [("<b>", -1.0)], limits.SCORED_PIECES + 1, sample
    )
    assert "bW9kZWw=" in drawn  # the model itself: nothing to fetch from the server
    assert "<b>" not in drawn.replace("<b>30 pieces</b>", "")
    assert "<i>" not in drawn
