"""The logs of a run, its other direction and its beginning: one file, every stage under its own name."""

import json

import pytest

from train import logs, pretraining, recipe
from ulmfit_demo.training_log import log


def line(stage, **event):
    return json.dumps({"time": 1, "stage": stage, **event})


def lm_log(valid_loss, *before):
    epoch = dict(train_loss=1.0, valid_loss=valid_loss, accuracy=0.5, epoch=0, done=True)
    return [*before, line("lm", event="start", batches=3), line("lm", **epoch)]


INIT = line("lm", event="init", source="runs/wiki", new_words=7)


@pytest.fixture
def runs(tmp_path):
    def write(name, lines):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        text = "\n".join(lines) + "\n"
        (tmp_path / name / "log.jsonl").write_text(text, encoding="utf-8")

    write("wiki", [*lm_log(3.0), line("classifier 1", event="start", batches=9)])
    classifier = [line("classifier 0", event="stage", groups=1, rates=[1]), line("teach", n=2)]
    write("imdb", [*lm_log(2.0, INIT), *classifier, '{"time": 3, "sta'])
    write("imdb/backwards", [*lm_log(4.0), line("student 1", event="end")])
    return tmp_path


def read(lines, phase):
    return log.read_log(map(json.loads, lines), phase)


def test_every_stage_has_its_own_name(runs):
    merged = logs.merged(runs / "imdb", runs / "wiki")
    names = {logs.stage_of(x) for x in merged}
    assert names == {"wiki", "lm", "classifier", "teach", "lm_backwards", "student_backwards"}
    losses = {p: [e.valid_loss for e in read(merged, p).epochs] for p in names}
    assert (losses["wiki"], losses["lm"], losses["lm_backwards"]) == ([3.0], [2.0], [4.0])
    assert json.loads(merged[-1])["stage"] == "student_backwards 1"  # the number is kept
    lm, twin = read(merged, "lm"), read(merged, "lm_backwards")
    assert (lm.source, lm.new_words) == ("wiki", 7)
    assert (twin.source, twin.new_words) == ("", None)


def test_the_direction_that_began_anew_has_no_wikipedia_stage(runs):
    turned = runs / "wiki" / "backwards"
    turned.mkdir()
    (turned / "log.jsonl").write_text("\n".join(lm_log(9.0)), encoding="utf-8")
    assert "wiki_backwards" not in {
        logs.stage_of(x) for x in logs.merged(runs / "imdb", runs / "wiki")
    }
    path = runs / "imdb" / "backwards" / "log.jsonl"
    path.write_text("\n".join(lm_log(4.0, INIT)), encoding="utf-8")
    merged = logs.merged(runs / "imdb", runs / "wiki")
    assert [e.valid_loss for e in read(merged, "wiki_backwards").epochs] == [9.0]


def test_without_a_beginning_the_log_is_as_it_was(runs):
    own = (runs / "imdb" / "log.jsonl").read_text().splitlines()[:-1]
    assert logs.merged(runs / "imdb")[: len(own)] == own
    (runs / "imdb" / "backwards" / "log.jsonl").unlink()
    assert logs.merged(runs / "imdb") == own
    assert logs.merged(runs / "nothing") == []


def test_what_was_merged_comes_apart_and_together_again(runs):
    merged = logs.merged(runs / "imdb", runs / "wiki")
    own, turned = logs.parted(merged)
    for place, part in (("again", own), ("again/backwards", turned)):
        (runs / place).mkdir()
        (runs / place / "log.jsonl").write_text("\n".join(part), encoding="utf-8")
    assert logs.merged(runs / "again") == merged
    assert sorted(logs.merged(runs / "again", runs / "wiki")) == sorted(merged)  # wiki's once
    assert turned == (runs / "imdb" / "backwards" / "log.jsonl").read_text().splitlines()


def test_only_the_last_beginning_counts():
    assert logs.began_with_another(lm_log(1.0, INIT))
    assert logs.began_with_another([*lm_log(1.0), *lm_log(1.0, INIT)])
    assert not logs.began_with_another([*lm_log(1.0, INIT), *lm_log(1.0)])
    assert not logs.began_with_another([])


RECIPE = recipe.Recipe(
    "x", pretraining=recipe.Pretraining("Wikipedia", 10, 1_000, "CC BY-SA", "a dump")
)


def test_the_bundle_tells_what_the_run_shows(runs):
    told = pretraining.describe(RECIPE, runs / "imdb", runs / "wiki")
    assert (told["text"], told["documents"], told["licence"]) == ("Wikipedia", 10, "CC BY-SA")
    assert pretraining.describe(recipe.Recipe("x"), runs / "imdb", runs / "wiki") is None
    with pytest.raises(pretraining.PretrainingError, match="--wiki RUN"):
        pretraining.describe(RECIPE, runs / "imdb", None)
    with pytest.raises(pretraining.PretrainingError, match=r"no log\.jsonl"):
        pretraining.describe(RECIPE, runs / "imdb", runs / "nothing")
    with pytest.raises(pretraining.PretrainingError, match="--init-from RUN"):
        pretraining.describe(RECIPE, runs / "wiki", runs / "wiki")


def test_a_recipe_names_its_directions(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('directions = ["forwards", "backwards"]\n[pretraining]\ntext = "W"\n')
    found = recipe.load(path)
    assert found.directions == ("forwards", "backwards")
    assert found.pretraining.text == "W"
    for wrong, said in (("sideways", "among forwards, backwards"), ("backwards", "lack forwards")):
        path.write_text(f'directions = ["{wrong}"]\n')
        with pytest.raises(recipe.RecipeError, match=said):
            recipe.load(path)
