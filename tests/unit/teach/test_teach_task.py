"""Tasks: pasted lines, names, presets; each refusal is a sentence."""

import numpy as np
import pytest

from ulmfit_demo import limits
from ulmfit_demo.limits import Refused
from ulmfit_demo.resources import assets
from ulmfit_demo.teach import task


def test_presets_are_whole_and_ours():
    found = task.presets(assets())
    assert {k: len(p.task.lines) for k, p in found.items()} == {
        "film": 240,
        "language": 100,
        "opinion": 60,
    }
    for preset in found.values():
        t = preset.task
        assert len(set(t.lines)) == len(t.lines)
        given = [label for label in t.given if label != task.NONE]
        assert sorted(given) == sorted(list(range(len(t.names))) * task.GIVEN)
        assert all(g in (task.NONE, label) for g, label in zip(t.given, t.truth, strict=True))


def test_pasted_lines_bring_their_labels():
    found = task.pasted("Music\tA song.\n\nplot\tA twist.\nNo label here.\n\tNor here.")
    assert found.names == ("Music", "plot")
    assert found.lines == ("A song.", "A twist.", "No label here.", "Nor here.")
    assert found.given == (0, 1, task.NONE, task.NONE)
    assert task.pasted("a\tx", "b, A").given == (1,)


def test_capitals_do_not_tell_labels_apart():
    found = task.pasted("Music\tA song.\nmusic\tA drum.\nPlot\tA twist.\nPLOT\tA clue.")
    assert found.names == ("Music", "Plot")
    assert found.given == (0, 0, 1, 1)
    with pytest.raises(Refused, match="at least 2"):
        task.pasted("Music\tA song.\nmusic\tA drum.")


def test_eight_chinese_names():
    names = "剧情，表演，音乐，摄影，剪辑，服装，声音，灯光"
    found = task.pasted("音乐\t这首歌很好听。\n没有标签", names)
    assert len(found.names) == 8
    assert found.given == (2, task.NONE)


@pytest.mark.parametrize(
    ("text", "names", "sentence"),
    [
        ("", "a, b", "Paste lines first"),
        ("one\ntwo", "", "Name your labels"),
        ("one", "a", "at least 2"),
        ("one", ",".join("abcdefghi"), "up to 8"),
        ("one", "a, A", "“a” and “A” are one label: capitals do not"),
        ("one", "a, b, a", "“a” stands there twice"),
        ("one", "a, " + "b" * 41, "longer than 40"),
        ("c\tone", "a, b", "none of: a, b"),
        ("a\tone", "", "at least 2"),
        ("x\n" * 2_001, "a, b", "up to 2,000"),
        ("x" * 2_001, "a, b", "up to 2,000"),
    ],
)
def test_refusals_are_sentences(text, names, sentence):
    with pytest.raises(Refused, match=sentence):
        task.pasted(text, names)


def test_marks_are_replayed_in_order_and_odd_ones_left_out():
    t = task.Task(("a", "b"), ("x", "y", "z"), (0, task.NONE, task.NONE))
    marks = [(1, 1), (2, 0), (1, 0), (9, 1), (0, 7), (-1, 1), (2, task.NONE)]
    assert t.labels(marks).tolist() == [0, 0, task.NONE]
    assert t.labels().tolist() == list(t.given)  # nothing is kept
    assert np.array(t.given).tolist() == [0, task.NONE, task.NONE]


def test_the_key_tells_tasks_apart():
    a = task.pasted("a\tx\nb\ty")
    assert a.key == task.pasted("a\tx\nb\ty").key
    assert a.key != task.pasted("a\tx\nb\tz").key
    assert limits.TEACH_NAMES == (2, 8)
