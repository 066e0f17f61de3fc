"""Every cell that the batch views draw against `LMDataLoader` and `SortedDL`, on random input."""

from __future__ import annotations

import html as entities
import itertools
import json
import random
import re

import numpy as np
import pytest
import torch
from fastai.text.data import LMDataLoader, Pad_Chunk, SortedDL, TensorText, pad_input

from ulmfit_demo import limits
from ulmfit_demo.batches import (
    Batches,
    make_batches,
    make_stream,
    order_shuffled,
    order_sorted,
    padding_share,
)
from ulmfit_demo.tabs.batches import classifier_html as classifier_batches
from ulmfit_demo.tabs.batches import language_model_html as lm_batches
from ulmfit_demo.tabs.batches import question_html as batches_question
from ulmfit_demo.tokens import Token

PAD = 1


@pytest.fixture(autouse=True)
def _leave_global_generators_alone():
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def table(html: str, class_: str) -> list[list[str]]:
    """Cells of the token tables, row by row; the hidden state's column is no token."""
    (found,) = re.findall(rf'<table class="batch{class_}"[^>]*>(.*?)</table>', html)
    body = [
        re.findall(r"<td(?! class=\"carried)[^>]*>([^<]*)</td>", row) for row in found.split("<tr>")
    ]
    return [[entities.unescape(cell) for cell in row] for row in body if row]


def documents_of(lengths: list[int]) -> list[list[Token]]:
    ids = itertools.count(100)
    return [[Token(f"w{i}", 0, 0, "word", id=i) for i in itertools.islice(ids, n)] for n in lengths]


def as_ids(documents) -> list[TensorText]:
    return [TensorText(torch.tensor([t.id for t in d])) for d in documents]


@pytest.mark.parametrize("shuffle", [False, True])
def test_lm_cells_equal_lmdataloader(shuffle):
    rng = random.Random(11)
    for seed in range(12):
        lengths = [rng.randint(1, 60) for _ in range(rng.randint(1, 12))] + [rng.randint(40, 400)]
        documents = documents_of(lengths)
        bs = rng.choice([1, 2, rng.randint(1, 20)])
        seq_len = rng.choice([1, 5, 72, rng.randint(2, 150), rng.randint(151, 200)])
        stream = make_stream(documents, seed if shuffle else None)
        batches = Batches(len(stream.items), bs, seq_len)
        oracle = LMDataLoader(as_ids(documents), bs=bs, seq_len=seq_len, shuffle=shuffle)
        random.seed(seed)
        expected = [(x.tolist(), y.tolist()) for x, y in oracle]
        assert len(expected) == batches.n_batches

        data = json.loads(
            entities.unescape(
                re.search(
                    r'data-batches="([^"]*)"', lm_batches.view(stream, batches, 1, True)
                ).group(1)
            )
        )
        for k, (x, y) in enumerate(expected):
            offset, width = data["columns"][k]  # what the page's script reads
            at = [[s + offset + c for c in range(width)] for s in data["starts"]]
            assert [[data["texts"][p] for p in row] for row in at] == [
                [str(i) for i in r] for r in x
            ]
            assert [[data["texts"][p + 1] for p in row] for row in at] == [
                [str(i) for i in r] for r in y
            ]
        for k in {0, len(expected) // 2, len(expected) - 1}:  # what the server draws
            html = lm_batches.view(stream, batches, k + 1, True)
            x, y = expected[k]
            assert table(html, " x") == [[str(i) for i in row] for row in x]
            assert table(html, " y") == [[str(i) for i in row] for row in y]


def test_the_hidden_state_knows_its_own_row_only():
    stream = make_stream(documents_of([31]))
    batches = Batches(31, 3, 4)
    html = lm_batches.view(stream, batches, 2, False)
    carried = re.findall(r'<td class="carried">([^<]*)</td>', html)
    assert carried == ["after 4: … w102 w103", "after 4: … w112 w113", "after 4: … w122 w123"]
    first = lm_batches.view(stream, batches, 1, False)
    assert re.findall(r'<td class="carried">([^<]*)</td>', first) == ["zeros"] * 3


def test_overview_names_the_short_last_batch_and_the_tail():
    stream = make_stream(documents_of([90]))
    assert (
        "1 document → a stream of 90 tokens → 6 rows of 14 → 2 mini-batches of 6 × 5 and a short "
        "last one of 6 × 4, 5 at the end never read"
    ) in lm_batches.overview(stream, Batches(90, 6, 5))
    assert "row of 89 → one of 1 × 89" in lm_batches.overview(stream, Batches(90, 1, 200))


def test_documents_are_numbered_where_they_begin():
    stream = make_stream(documents_of([5, 7, 6]), seed=1)
    html = lm_batches.view(stream, Batches(18, 1, 20), 1, False)
    begins = re.findall(r'data-p="(\d+)" data-d="(\d+)"', html.split('class="batch all"')[1])
    assert begins == [
        (str(s), str(d + 1)) for s, d in zip(stream.starts, stream.order, strict=True) if s < 17
    ]


def test_a_visitors_token_is_text_and_nothing_else():
    tokens = [Token(t, 0, 0, "word", id=0) for t in ("<u>", "'\"", "&amp;", "a", "b")]
    html = lm_batches.view(make_stream([tokens]), Batches(5, 1, 2), 1, False)
    assert "<u>" not in html
    assert table(html, " x") == [["<u>", "'\""]]
    padded = classifier_batches.view(
        [("t", make_batches([5], 1, [0]), True)], [5], 0, False, None, [tokens], None
    )
    assert "<u>" not in padded


def test_large_streams_are_not_drawn_cell_by_cell():
    n = 20_001
    stream = make_stream(documents_of([n]))
    html = lm_batches.view(stream, Batches(n, 64, 200), 1, False)
    assert html.count("<td") <= 2 * limits.TABLE_CELLS + 64
    assert "The first 30 of 64 rows" in html
    assert "too long to draw in full" in html


# --- question 16 ----------------------------------------------------------------------------


def test_question_16_equals_lmdataloader():
    rng = random.Random(3)
    for _ in range(60):
        n, bs, seq_len = rng.randint(60, 600), rng.randint(2, 20), rng.randint(1, 200)
        batches = Batches(n, bs, seq_len)
        mini_batches = list(LMDataLoader([torch.arange(n)], bs=bs, seq_len=seq_len))
        second_row, next_batch = batches_question.questions(batches)
        assert second_row.position == int(mini_batches[0][0][1, 0])
        if len(mini_batches) == 1:
            assert "only one mini-batch" in next_batch
        else:
            assert next_batch.position == int(mini_batches[1][0][0, 0])
        for question in (second_row, next_batch):
            if not isinstance(question, str):
                positions = [o.position for o in question.options]
                assert positions.count(question.position) == 1
                assert len(positions) == len(set(positions))


# --- the classifier's view --------------------------------------------------------------------


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
@pytest.mark.parametrize("padding", ["chunk", "first", "last"])
def test_classifier_cells_equal_sorteddl(order, padding):
    rng = random.Random(padding)
    for seed in range(4):
        lengths = [rng.randint(1, 45) for _ in range(rng.randint(1, 30))]
        bs, seq_len = rng.randint(1, 9), rng.choice([1, 7, 72, rng.randint(151, 200)])
        documents = documents_of(lengths)
        before_batch = {
            "chunk": Pad_Chunk(seq_len=seq_len),
            "first": lambda samples: pad_input(samples, pad_first=True),
            "last": pad_input,
        }[padding]
        oracle = SortedDL(
            [(x, i) for i, x in enumerate(as_ids(documents))],
            bs=bs,
            shuffle=order == "shuffled",
            before_batch=before_batch,
            num_workers=0,
        )
        np.random.seed(seed)
        expected = [x.tolist() for x, _ in oracle]
        indices = order_sorted(lengths) if order == "sorted" else order_shuffled(lengths, bs, seed)
        batches = make_batches(lengths, bs, indices)
        for k, x in enumerate(expected):
            html = classifier_batches.view(
                [("t", batches, True)],
                lengths,
                k,
                padding != "last",
                seq_len if padding == "chunk" else None,
                documents,
                PAD,
            )
            (cells,) = re.findall(r'<table class="batch".*?</table>', html)
            drawn = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in cells.split("<tr>")[1:]]
            assert drawn == [[str(i) for i in row] for row in x]
            n_pad = sum(row.count(PAD) for row in x)
            assert cells.count('class="pad"') == n_pad == batches[k].padding
        share = sum(r.count(PAD) for x in expected for r in x) / sum(
            len(r) for x in expected for r in x
        )
        assert padding_share(batches, lengths) == pytest.approx(share)
        assert f"{100 * share:.1f} % padding" in html


def test_pad_chunk_that_pads_nothing_in_front_says_why():
    batches = make_batches([3, 9], 2, [1, 0])
    note = classifier_batches.chunks_note(batches, [3, 9], True, 72)
    assert "all padding stands behind" in note
    assert "all padding stands behind" not in classifier_batches.chunks_note(
        batches, [3, 9], True, 4
    )
    assert classifier_batches.chunks_note(batches, [3, 9], False, None) == ""
