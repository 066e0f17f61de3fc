"""What was clicked, read from the data of an event: a program may send anything."""

import gradio as gr
import pytest

from ulmfit_demo import limits
from ulmfit_demo.tabs.generation import layout as generation
from ulmfit_demo.tabs.shared import picks

NOTHING = [None, 3, "", "value", "x", [], ["value"], {}, {"n": 1}, {"value": None}, {"value": [3]}]


def event(data: object) -> gr.EventData:
    return gr.EventData(None, data)


def test_the_value_of_the_button_that_was_clicked():
    assert picks.picked(event({"n": 1, "value": "a word"})) == "a word"
    assert picks.picked_number(event({"n": 1, "value": "3"})) == 3


@pytest.mark.parametrize("data", NOTHING)
def test_anything_else_is_nothing(data):
    assert picks.picked(event(data)) == ""
    assert picks.picked_number(event(data)) == -1


@pytest.mark.parametrize("value", [3, "-1", "1.5", "9" * 12, "three", "²", True])
def test_what_is_no_number_is_none(value):
    assert picks.picked_number(event({"value": value})) == -1


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "NaN,", "9" * 9_999])
def test_what_is_no_json_is_none(text):
    assert picks.parsed(text) is None


@pytest.mark.parametrize("value", [*NOTHING, "[]", '"value"', '{"value": 3}', "[" * 100_000])
def test_a_field_that_keeps_no_click(value):
    assert picks.kept(value) == ""


def test_a_field_that_keeps_a_click():
    assert picks.kept('{"n": 2, "value": "[0, 1]"}') == "[0, 1]"


def test_a_place_in_the_texts_has_its_form():
    assert generation.wanted("[0, 1]", 2) == [0, 1]
    assert generation.wanted('[0, 1, "film"]', 3) == [0, 1, "film"]
    for value in ("", "3", "[0]", "[0, 99999999]", "[0, -1]", "[0, true]", "[0, 1.0]", "{}"):
        with pytest.raises(limits.Refused):
            generation.wanted(value, 2)
    for value in ("[0, 1]", "[0, 1, 2]", "[0, 1, null]"):
        with pytest.raises(limits.Refused):
            generation.wanted(value, 3)
