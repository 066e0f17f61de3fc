"""`train all`: which stages run, in which directions and order, and what each starts from."""

import dataclasses
import sys
from pathlib import Path

import pytest

from train import __main__ as program
from train import commands

RECIPES = Path(__file__).resolve().parents[3] / "train" / "recipes"
TRAINED = ("lm", "classifier", "teach", "student")
MEASURED = ("evaluate", "inside")  # what ends the chain


@pytest.fixture
def performed(monkeypatch):
    """(stage, backwards, its folder's name, what it starts from) of every stage that `all` calls."""
    found = []

    def recorder(name):
        def stage(call):
            found.append((name, call.args.backwards, call.where.folder.name, call.args.init_from))

        stage.__name__ = name
        return stage

    for name in ("data", *TRAINED, "export", *MEASURED):
        monkeypatch.setattr(commands, name, recorder(name))
    return found


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train", "all", *map(str, arguments)])
    return commands.read(program.parser().parse_args())


def test_each_stage_is_trained_in_both_directions_before_the_next(performed, monkeypatch, tmp_path):
    made = call(monkeypatch, "--recipe", RECIPES / "smoke.toml", "--run", tmp_path / "run")
    commands.everything(made)
    assert [name for name, *_ in performed] == [
        "data",
        *("lm", "lm", "classifier", "classifier", "teach", "student", "student"),  # one teacher
        "export",
        *MEASURED,
    ]
    turned = [turned for name, turned, *_ in performed[1:-3] if name != "teach"]
    assert turned == [False, True] * 3
    assert {folder for _, turned, folder, _ in performed if turned} == {"backwards"}
    assert {folder for _, turned, folder, _ in performed if not turned} == {"run"}


def test_a_recipe_of_one_direction_trains_that_one(performed, monkeypatch, tmp_path):
    made = call(monkeypatch, "--recipe", RECIPES / "compact.toml", "--run", tmp_path / "run")
    commands.everything(made)
    assert not [name for name, turned, *_ in performed if turned]


def test_a_direction_starts_from_what_was_read_that_way(performed, monkeypatch, tmp_path):
    common = ("--recipe", RECIPES / "smoke.toml", "--run", tmp_path / "run")
    made = call(monkeypatch, *common, "--init-from", tmp_path / "wiki")
    commands.everything(made)
    starts = {(name, turned): source for name, turned, _, source in performed}
    assert starts["lm", False] == tmp_path / "wiki"
    assert starts["lm", True] is None  # there is no Wikipedia read from its end
    (tmp_path / "wiki" / "backwards").mkdir(parents=True)
    (tmp_path / "wiki" / "backwards" / "lm.pth").write_bytes(b"")
    performed.clear()
    commands.everything(made)
    starts = {(name, turned): source for name, turned, _, source in performed}
    assert starts["lm", True] == tmp_path / "wiki" / "backwards"


def test_what_is_done_is_left_out_in_its_own_direction(performed, monkeypatch, tmp_path):
    common = ("--recipe", RECIPES / "smoke.toml", "--run", tmp_path / "run")
    turned = tmp_path / "run" / "backwards"
    turned.mkdir(parents=True)
    (turned / "lm.pth").write_bytes(b"")
    (tmp_path / "run" / "data").mkdir()
    (tmp_path / "run" / "data" / "vocab.json").write_text("[]")  # the words alone are no data
    commands.everything(call(monkeypatch, *common, "--resume"))
    assert [entry[:2] for entry in performed[:3]] == [
        ("data", False),
        ("lm", False),
        ("classifier", False),
    ]


def test_a_folder_of_text_makes_language_models_alone(performed, monkeypatch, tmp_path):
    made = call(monkeypatch, "--recipe", RECIPES / "wiki.toml", "--run", tmp_path / "wiki")
    both = dataclasses.replace(made.recipe, directions=("forwards", "backwards"))
    commands.everything(dataclasses.replace(made, recipe=both))
    assert [entry[:2] for entry in performed] == [("data", False), ("lm", False), ("lm", True)]


def test_export_of_the_chain_takes_the_log_of_its_beginning(monkeypatch, tmp_path):
    """`all --init-from RUN` names the run; `export` by itself is told with `--wiki`."""
    from train import export

    given = []
    monkeypatch.setattr(export, "export", lambda *arguments: given.append(arguments[-1]))
    monkeypatch.setattr(commands.Call, "corpus", lambda self, backwards=False: None)
    common = ("--run", tmp_path / "run", "--init-from", tmp_path / "wiki")
    commands.export(call(monkeypatch, "--recipe", RECIPES / "imdb.toml", *common))
    commands.export(call(monkeypatch, "--recipe", RECIPES / "compact.toml", *common))
    told = ("--wiki", tmp_path / "other")
    commands.export(call(monkeypatch, "--recipe", RECIPES / "imdb.toml", *common, *told))
    assert given == [tmp_path / "wiki", None, tmp_path / "other"]


def test_a_second_round_begins_with_the_teacher(performed, monkeypatch, tmp_path):
    commands.everything(
        call(monkeypatch, "--recipe", RECIPES / "imdb-second.toml", "--run", tmp_path)
    )
    assert [entry[:2] for entry in performed] == [
        ("data", False),
        ("teach", False),
        ("student", False),
        ("student", True),
        ("export", False),
        *((name, False) for name in MEASURED),
    ]


def test_a_second_round_goes_on_from_the_students_of_the_first(tmp_path):
    from train import teacher

    with pytest.raises(teacher.TeacherError, match=r"student\.pth"):
        teacher.begin_round(tmp_path / "first", tmp_path / "second")
    for direction in ("", "backwards"):
        old = tmp_path / "first" / direction
        old.mkdir(exist_ok=True)
        for name in ("lm.pth", "log.jsonl", "classifier.pth", "student.pth"):
            (old / name).write_text(f"{direction} {name}")
    teacher.begin_round(tmp_path / "first", tmp_path / "second")
    for direction in ("", "backwards"):
        new = tmp_path / "second" / direction
        assert (new / "classifier.pth").read_text() == f"{direction} student.pth"
        assert (new / "lm.pth").read_text() == f"{direction} lm.pth"
