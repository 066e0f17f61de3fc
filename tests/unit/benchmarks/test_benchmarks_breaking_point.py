"""What `benchmarks/breaking_point.py` computes: is an answer right, the figures of a step, flat memory."""

import httpx
import pytest

from benchmarks import questions
from benchmarks.breaking_point_report import gave_first, is_flat, row_of
from benchmarks.doors import Answer
from benchmarks.load import KEYSTROKE, plain
from benchmarks.virtual_users import Counts

RIGHT = ["<p>Positive, 93%, in 1.3 ms</p>", None]


def asked(name: str = "page_sentiment") -> questions.Question:
    return questions.Question(name, 1, b"", alone=plain(RIGHT))


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (["<p>Positive, 93%, in 27.0 ms</p>", None], True),
        (["<p>Positive, 92%, in 1.3 ms</p>", None], False),
        (["<p>Positive, 93%, in 1.3 ms</p>"], False),
        (["", None], False),
    ],
)
def test_only_times_may_differ(data, right):
    question = asked()
    assert [question.is_right(data), question.is_right(data)] == [right, right]  # kept or not


def test_a_step_counts_what_came_while_it_counted():
    counts, question = Counts(), asked()
    counts.came(question, Answer(RIGHT, 0.1, 0.2, 9.0, 3))
    counts.counting = True
    for n in range(1, 101):
        counts.came(question, Answer(RIGHT, 0.1, 0.2, n / 100, 3))
    counts.came(question, Answer(["wrong", None], 0.1, 0.2, 0.5, 3))
    row = row_of("100", counts, 10.0, [1.0, 0.1], 1_000)
    assert (row["rate"], row["wrong"], row["errors"]) == (10.1, 1, 0)
    assert row["median"] == pytest.approx(0.5, abs=0.011)
    assert row["p95"] == pytest.approx(0.95, abs=0.011)
    assert "1 wrong" in gave_first({"rows": [row]})


def test_memory_is_flat_within_a_twentieth():
    assert is_flat([(0, 50), (10, 100), (20, 102), (30, 99)], 5) == (True, 99, 100, 102)
    assert not is_flat([(10, 100), (20, 110), (30, 99)], 5)[0]


def test_a_text_is_typed():
    assert questions.typed("a b c d e f g h i") == ["a b c", "a b c d e f g h", "a b c d e f g h i"]


def test_every_question_has_an_event_on_the_page(url):
    config = httpx.get(f"{url}config", timeout=60).json()
    for question in (*questions.page(config), *questions.beside(config)):
        assert question.body.startswith(b'{"fn_index":')
        assert question.numbered or question.name in ("page_sentiment_lines", "page_train_live")
    info = httpx.get(f"{url}gradio_api/info", timeout=60).json()
    assert {q.name for q in questions.programs(info)} == KEYSTROKE
