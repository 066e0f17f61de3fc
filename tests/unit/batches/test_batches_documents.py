"""What a visitor types, as documents or as lengths."""

import pytest

from ulmfit_demo.batches import read_lengths, split_documents


def test_an_empty_line_begins_the_next_document():
    text = "one\nstill one\n\ntwo\n \t\n\n\nthree\r\n\r\nfour"
    assert split_documents(text) == ["one\nstill one", "two", "three", "four"]


@pytest.mark.parametrize("text", ["", " \n\n \n", "\n\n\n"])
def test_no_documents(text):
    assert split_documents(text) == []


def test_lengths():
    assert read_lengths(" Lengths: 100, 76;241\n368 ") == [100, 76, 241, 368]
    assert read_lengths("The lengths: 1") is None
    assert read_lengths("100, 76") is None


@pytest.mark.parametrize(
    "text", ["lengths:", "lengths: 1.5", "lengths: -3", "lengths: 1, x", "lengths: 9999999999"]
)
def test_lengths_that_are_none(text):
    with pytest.raises(ValueError, match="whole numbers of tokens"):
        read_lengths(text)
