"""A taught classifier whose files are damaged or made to harm: one sentence, and no verdict of nothing."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.fuzz_inputs import MARKUP, hostile_files
from ulmfit_demo.inference import loading
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.pipeline import Pipeline
from ulmfit_demo.resources import assets
from ulmfit_demo.teach import taught

LINES = ["A song of joy.", "The drums are loud.", "He finds the letter.", "The killer flees."]


@pytest.fixture(scope="module")
def loaded():
    return loading.load(assets())


@pytest.fixture(scope="module")
def whole(loaded, tmp_path_factory):
    """The folder of one that is whole, with a last layer of its own."""
    made = Pipeline(loaded).fit(LINES, ["music", "music", "plot", "plot"])
    layer = loaded.bundle.lm.body.rnns[-1].state_dict()
    tuned = taught.Taught(loaded, made.names, made.head, made.kind, 4, layer)
    return tuned.save(tmp_path_factory.mktemp("whole") / "taught")


@pytest.fixture
def folder(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "taught"))


def refused(folder: Path, loaded) -> str:
    """The sentence with which the folder is refused."""
    with pytest.raises(BundleError) as said:
        taught.load(folder, loaded)
    assert "\n" not in str(said.value).strip()
    return str(said.value)


def configure(folder: Path, **values) -> None:
    path = folder / taught.CONFIG
    config = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not ...}))


def test_the_whole_one_is_loaded(folder, loaded):
    assert taught.load(folder, loaded)("A song.")["label"] in ("music", "plot")


@pytest.mark.parametrize("key", ["format", "names", "encoder", "prompt", "labels", "base"])
@pytest.mark.parametrize(
    "value",
    [..., None, "", "ab", -1, 1.5, float("inf"), float("nan"), 10**400, [], [[]], {}, {"name": []}],
)
def test_a_field_that_is_missing_or_odd(folder, loaded, key, value):
    configure(folder, **{key: value})
    if (key, value) == ("labels", -1) or (key == "labels" and value == 10**400):
        taught.load(folder, loaded)  # it is told in no sentence but `repr`
        return
    refused(folder, loaded)


@pytest.mark.parametrize(
    "names",
    [
        "ab",
        ["one"],
        ["a", "A"],
        ["a", 1],
        ["a", "\ud800"],
        ["a", "b" * 41],
        ["a", " "],
        ["a"] * 2_000,
    ],
)
def test_names_that_no_lesson_could_have(folder, loaded, names):
    configure(folder, names=names)
    refused(folder, loaded)


def test_markup_in_names_is_text_for_whoever_shows_it(folder, loaded):
    configure(folder, names=["a", MARKUP[:40]])
    assert taught.load(folder, loaded).names[1] == MARKUP[:40]


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, 5_000])
@pytest.mark.parametrize("name", [taught.CONFIG, taught.WEIGHTS])
def test_a_file_that_was_cut_off(folder, loaded, name, kept):
    data = (folder / name).read_bytes()
    if kept < len(data):
        (folder / name).write_bytes(data[:kept])
        refused(folder, loaded)


def test_a_file_that_is_missing_a_folder_or_too_large(folder, loaded):
    for name in (taught.CONFIG, taught.WEIGHTS):
        kept = (folder / name).read_bytes()
        (folder / name).unlink()
        assert name in refused(folder, loaded)
        (folder / name).mkdir()
        assert "is no file" in refused(folder, loaded)
        (folder / name).rmdir()
        os.mkfifo(folder / name)  # reading it would wait for ever
        assert "is no file" in refused(folder, loaded)
        (folder / name).unlink()
        with open(folder / name, "wb") as file:
            file.truncate(10 * 2**40)  # a hole: it takes no place on the disk
        assert "has more than" in refused(folder, loaded)
        (folder / name).write_bytes(kept)
    taught.load(folder, loaded)


def test_no_byte_of_the_header_can_be_turned_unnoticed(folder, loaded):
    """Turned bytes give a sentence, or a classifier whose numbers are numbers."""
    path, random_ = folder / taught.WEIGHTS, random.Random(0)
    data = path.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    for _ in range(150):
        spoiled = bytearray(data)
        for _ in range(random_.choice([1, 1, 3, 20])):
            at = (
                random_.randrange(header)
                if random_.random() < 0.8
                else random_.randrange(len(data))
            )
            spoiled[at] ^= 1 << random_.randrange(8)
        path.write_bytes(spoiled)
        try:
            found = taught.load(folder, loaded)
        except BundleError:
            continue
        assert 0 <= found("A song of joy.")["score"] <= 1


@pytest.mark.parametrize("tensor", ["weight", "bias", "mean", "scale", "tuned.weight_hh_l0"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none(folder, loaded, tensor, value):
    tensors = load_file(folder / taught.WEIGHTS)
    tensors[tensor].view(-1)[-1] = value
    save_file(tensors, folder / taught.WEIGHTS)
    assert f"{tensor} holds what is no number" in refused(folder, loaded)


def test_tensors_of_another_kind_or_shape_or_name(folder, loaded):
    whole = load_file(folder / taught.WEIGHTS)
    odd = {
        "weight": [whole["weight"].int(), whole["weight"][:, :-1].clone(), torch.zeros(0)],
        "scale": [
            torch.zeros_like(whole["scale"]),
            -whole["scale"],
            whole["scale"].to(torch.complex64),
        ],
        "mean": [whole["mean"][None].clone(), torch.tensor(1.0)],
        "tuned.weight_hh_l0": [torch.zeros(3, 3), whole["tuned.weight_hh_l0"].int()],
        "tuned.no_such": [torch.zeros(1)],
    }
    for name, tensors in odd.items():
        for tensor in tensors:
            save_file({**whole, name: tensor.contiguous()}, folder / taught.WEIGHTS)
            refused(folder, loaded)
    for name in whole:
        save_file({k: t for k, t in whole.items() if k != name}, folder / taught.WEIGHTS)
        refused(folder, loaded)


def test_what_pretends_to_be_one_executes_nothing(folder, loaded, tmp_path):
    canary = tmp_path / "canary"
    for data in hostile_files(canary).values():
        if len(data) > 1_000_000 and not data.startswith(b"["):
            continue
        for name in (taught.CONFIG, taught.WEIGHTS):
            kept = (folder / name).read_bytes()
            (folder / name).write_bytes(data)
            refused(folder, loaded)
            (folder / name).write_bytes(kept)
    assert not canary.exists()  # the pickles among them make it
