"""Which format `auto` is on a weak and a strong processor, and bf16 on both."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from train import data, language_model, precision, recipe
from train.stages import Run

ROOT = Path(__file__).resolve().parents[3]
CPU = torch.device("cpu")
# What makes a strong machine weak. torch reads both when it is imported.
WEAK = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
RECIPE = """
[data]
layout = "generated"
min_freq = 1
heldout = 16
[lm]
precision = "{}"
emb_sz = 32
n_hid = 48
bs = 8
seq_len = 10
epochs = 1
sampled = 0
lr = 2e-2
drop_mult = 0.02
"""
TRAIN = """
import sys
from pathlib import Path
import torch
from train import data, language_model, precision, recipe
from train.stages import Run
cpu = torch.device("cpu")
print("AUTO", precision.choose("auto", cpu), torch.backends.cpu.get_cpu_capability())
file, corpus, run = map(Path, sys.argv[1:])
language_model.train(data.Corpus(corpus), recipe.load(file).lm, Run(run), cpu)
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    out = tmp_path_factory.mktemp("precision") / "data"
    settings = recipe.Data(layout="generated", min_freq=1, heldout=16)
    data.prepare(None, out, settings, workers=1)
    return data.Corpus(out)


def said(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def losses(folder: Path) -> list[float]:
    return [line["valid_loss"] for line in said(folder) if "valid_loss" in line]


def file_of(folder: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(RECIPE.format(name))
    return path


def train_here(corpus, folder: Path, name: str) -> list[float]:
    settings = recipe.load(file_of(folder, name)).lm
    language_model.train(corpus, settings, Run(folder / name), CPU)
    assert {line["precision"] for line in said(folder / name) if "precision" in line} == {name}
    return losses(folder / name)


@pytest.mark.parametrize(
    ("capability", "flags", "chosen"),
    [
        ("AVX512", {"avx512_bf16": True}, "bf16"),
        ("AVX512", {"amx_bf16": True}, "bf16"),
        ("AVX512", {"avx512_bf16": False, "avx512_vnni": True}, "fp32"),
        ("AVX512", {}, "fp32"),
        ("AVX2", {"avx512_bf16": True, "amx_bf16": True}, "fp32"),
        ("DEFAULT", {"avx512_bf16": True}, "fp32"),
    ],
)
def test_auto_needs_the_processor_and_torchs_leave(
    monkeypatch, multiplies_bf16, capability, flags, chosen
):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    monkeypatch.setattr(precision, "multiplies_bf16", multiplies_bf16)
    assert precision.choose("auto", CPU) == chosen
    assert precision.choose("bf16", CPU) == "bf16"  # what a recipe says is not chosen
    assert precision.choose("fp32", CPU) == "fp32"


@pytest.mark.timeout(1_200)
def test_a_recipe_in_bf16_computes_alike_on_a_weak_and_a_strong_machine(corpus, tmp_path):
    """On a weak machine both of these are weak, and `auto` is fp32 all the same."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, file_of(tmp_path, "bf16"), corpus.folder, tmp_path / "weak"],
        cwd=ROOT,
        env={**os.environ, **WEAK},
        capture_output=True,
        text=True,
        timeout=1_000,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert re.search(r"^AUTO fp32 (AVX2|DEFAULT|NO AVX)$", done.stdout, re.M), done.stdout
    assert {line["precision"] for line in said(tmp_path / "weak") if "precision" in line} == {
        "bf16"
    }
    weak = losses(tmp_path / "weak")
    bf16, fp32 = (train_here(corpus, tmp_path, name) for name in ("bf16", "fp32"))
    print(weak, bf16, fp32)
    assert len(weak) == len(bf16) == 1
    assert bf16 != fp32
    assert weak == pytest.approx(bf16, abs=0.02)
