"""The command line of the training: recipes, whole pipelines, and clear errors."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

from train import (
    generated,
    recipe,
)
from train.__main__ import main

REPO = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lm]\nleraning_rate = 1", "leraning_rate"),
        ("[lm]\nbs = 'many'", "must be of type int"),
        ("[lm", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(tmp_path, text, words):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(recipe.RecipeError, match=words):
        recipe.load(tmp_path / "r.toml")


def test_shipped_recipes_load():
    assert [recipe.load(p).name for p in sorted((REPO / "train/recipes").glob("*.toml"))]


def test_the_command_line_says_what_is_missing(here, tmp_path):
    common = ("--data", tmp_path, "--run", tmp_path / "run")
    done = here("data", "--recipe", "train/recipes/first.toml", *common)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("train data: no corpus at")
    assert "Traceback" not in done.stderr


@pytest.fixture
def here(capsys, monkeypatch):
    """A stage by its command line, in this process, which has imported fastai already."""
    monkeypatch.chdir(REPO)

    def here(*arguments):
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(returncode=status, stdout=out, stderr=err)

    return here


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "train", *map(str, arguments)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=1_000,
    )


@pytest.mark.timeout(1_200)  # a program that imports fastai
def test_smoke_recipe_runs_the_whole_pipeline(here, tmp_path):
    """Both directions, from a generated corpus to a measured bundle with an ensemble."""
    common = ("--recipe", "train/recipes/smoke.toml", "--run", tmp_path / "run")
    bundle = ("--bundle", tmp_path / "bundle")
    sentences = tmp_path / "sentences.tsv"
    sentences.write_text("label\ttext\npos\ta wonderful film\nneg\ta dull film\n")
    # what is done already is left out
    done = here("data", *common, *bundle)
    assert done.returncode == 0, done.stderr
    done = command("all", "--resume", "--sentences", sentences, *common, *bundle)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "bundle" / "metrics.json").read_text())
    assert metrics["short_texts"]["n"] == 2
    measured = {"lm", "classifier", "classifier_backwards", "ensemble", "short_texts"}
    rest = {"calibration", "calibration_backwards", "attribution", "mistakes", "corpus"}
    assert set(metrics) == measured | rest
    assert metrics["ensemble"]["n"] == 50
    assert min(metrics[k]["accuracy"] for k in measured - {"lm", "short_texts"}) > 0.75
    assert (tmp_path / "bundle" / "classifier_backwards.safetensors").is_file()
    log = (tmp_path / "bundle" / "training.jsonl").read_text().splitlines()
    ends = [e["stage"] for e in map(json.loads, log) if e.get("event") in ("teacher", "end")]
    stages = ["lm", "classifier", "teach", "student"]
    turned = [f"{name}_backwards" for name in stages if name != "teach"]  # one teacher for both
    assert ends == [*stages, *turned]
    student = torch.load(tmp_path / "run" / "student.pth")["1.layers.1.2.weight"]
    loaded = safetensors.torch.load_file(tmp_path / "bundle" / "classifier.safetensors")
    assert torch.equal(loaded["linear2.weight"], student)


@pytest.mark.timeout(1_200)
def test_any_folder_of_text_makes_a_model_that_another_goes_on_from(here, tmp_path):
    """`wiki.toml` at a tiny size: one folder → model → `--init-from` on reviews."""
    folder = generated.write(tmp_path / "articles", {"a": 20, "b/c": 20})
    small = (REPO / "train/recipes/smoke.toml").read_text().replace('"generated"', '"text"')
    (tmp_path / "text.toml").write_text(small)
    done = here("all", "--recipe", tmp_path / "text.toml", "--run", tmp_path / "wiki")
    assert "give it with --data" in done.stderr
    done = command(
        "all", "--recipe", tmp_path / "text.toml", "--run", tmp_path / "wiki", "--data", folder
    )
    assert done.returncode == 0, done.stderr
    common = ("--recipe", "train/recipes/smoke.toml", "--run", tmp_path / "run")
    assert here("data", *common).returncode == 0
    done = command("lm", *common, "--init-from", tmp_path / "wiki")
    assert done.returncode == 0, done.stderr
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert log[0]["event"] == "init"
    assert 0 <= log[0]["new_words"] < 10


def test_publish_lists_a_bundle_and_sends_nothing(here):
    common = ("publish", "--recipe", "train/recipes/compact.toml", "--dry-run")
    done = here(*common, "--repo", "someone/something")
    assert done.returncode == 0, done.stderr
    for name in ("lm.safetensors", "classifier.safetensors", "README.md", "config.json"):
        assert name in done.stdout
    assert "would go to someone/something" in done.stdout
    done = here(*common, "--repo", "no-owner")
    assert done.stderr.strip() == "train publish: --repo must be OWNER/NAME, not 'no-owner'"
