"""Which words no text should hold, wherever they stand in a vocabulary."""

import pytest

from ulmfit_demo.inference import devices


@pytest.mark.parametrize(
    "vocab",
    [
        ["xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "the", "film", "xxfake", "xxfake"],
        ["xxunk", "xxpad", "xxbos", *map(str, range(40)), "xxfld", "xxeos", *map(str, range(60))],
        ["the", "film"],
        [],
    ],
)
def test_no_special_token_is_drawn_but_those_that_shape_a_text(vocab):
    found = devices.never_drawn(vocab)
    assert [vocab[i] for i in found] == [w for w in vocab if w in devices.NEVER_DRAWN]
    assert found == sorted(found)
    found.append(1)  # a list of the caller's own
    assert devices.never_drawn(vocab) != found


def test_two_vocabularies_of_equal_words_are_two():
    one, other = ["xxunk", "film"], ["xxunk", "film"]
    assert devices.never_drawn(one) == devices.never_drawn(other) == [0]
