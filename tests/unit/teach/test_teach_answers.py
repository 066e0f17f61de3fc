"""What the Teach tab's events answer: which lesson counts, what a bound of time leaves out, what is said."""

import json
import re

import pytest

from ulmfit_demo import limits
from ulmfit_demo.inference import loading
from ulmfit_demo.resources import assets
from ulmfit_demo.tabs.teach import answers, views
from ulmfit_demo.teach import learn, task

FEW = "music\tA song of joy.\nmusic\tThe drums are loud.\nplot\tHe finds the letter.\nplot\tA killer flees."


@pytest.fixture(scope="module")
def loaded():
    return loading.load(assets())


def lesson(loaded, text=FEW, kind="lm", tuned=None):
    return learn.begin(loaded, task.pasted(text), kind, tuned)


def test_a_tuned_layer_counts_for_its_own_task_and_encoder_only(loaded):
    layer = loaded.bundle.lm.body.rnns[-1].state_dict()
    held, tuned = lesson(loaded), lesson(loaded, tuned=layer)
    assert answers.current(held, None) is held
    assert answers.current(held, tuned) is tuned
    for other in (lesson(loaded, FEW + "!"), lesson(loaded, kind="classifier")):
        assert answers.current(other, tuned) is other
    assert answers.current(None, tuned) is None  # forgotten: the page is told so


def test_a_curve_says_which_points_the_time_left_out(loaded):
    film = answers.preset(loaded, "film", "lm")
    *_, drawn = answers.curve(loaded, film, {"marks": []}, seconds=-1)
    assert "the points at 12, 24, 48, 96, 192 labels are left out" in drawn
    assert re.findall(r'<span class="x"[^>]*>(\d+)<', drawn) == ["6"]


def test_an_accuracy_says_how_many_lines_the_time_left_out(loaded, monkeypatch):
    film = answers.preset(loaded, "film", "lm")
    marks = list(enumerate(film.task.truth))
    monkeypatch.setattr(limits, "VALIDATION_SECONDS", -1.0)
    said = answers.truth(film, {"marks": marks})
    assert "of 24 labelled lines right" in said
    assert "216 more were not judged" in said


def test_a_text_that_is_cut_is_said_to_be_cut(loaded):
    made = answers.taught(loaded, lesson(loaded), {"marks": []})
    for text, cut in (("A song.", False), ("A song of joy. " * 80, True)):
        words, n = made.read_along(text), made.n_tokens(text)
        said = views.verdict(made.names, words, False, 1.0, n)
        assert (f"The text has {n:,} tokens; the first 200 were read" in said) is cut
    long = lesson(loaded, FEW + "\nplot\t" + "He finds the letter. " * 60)
    assert "of a longer line the first 200 tokens" in views.about(long, "encoder")
    assert "longer" not in views.about(lesson(loaded), "encoder")


def test_the_pages_labels_are_kept_for_the_same_lines_only(loaded):
    held = lesson(loaded)
    log = json.dumps({"key": held.task.key, "marks": [[0, 1]], "skip": [], "at": None})
    assert answers.read_log(log, held)["marks"] == [(0, 1)]
    assert answers.read_log(log, lesson(loaded, FEW + "!")) is None
    with pytest.raises(limits.Refused, match="forgotten after half an hour"):
        answers.read_log(log, None)
