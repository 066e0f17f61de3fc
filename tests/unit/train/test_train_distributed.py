"""Several processes: each reads its rows, the loss is that of one process, a killed run goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from train import data, language_model, recipe
from train.distributed import ALONE, Group
from train.stages import Run

REPO = Path(__file__).resolve().parents[3]
SETTINGS = """
name = "two"
[data]
min_freq = 1
heldout = 20
layout = "generated"
[lm]
emb_sz = 16
n_hid = 24
bs = {bs}
seq_len = 10
epochs = 6
sampled = 0
lr = 2e-2
drop_mult = 0.01
checkpoint_seconds = {seconds}
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    out = tmp_path_factory.mktemp("two") / "run" / "data"
    settings = recipe.Data(layout="generated", min_freq=1, heldout=20)
    data.prepare(None, out, settings, workers=1)
    return data.Corpus(out)


@pytest.mark.parametrize("world", [2, 3])
def test_the_rows_of_all_processes_are_those_of_one(corpus, world):
    train, valid = corpus.split("train", "unsup"), corpus.split("heldout")
    one = recipe.LanguageModel(bs=4 * world, seq_len=7)
    whole = list(language_model.loaders(train, valid, one, "cpu", ALONE).train)
    part = recipe.LanguageModel(bs=4, seq_len=7)
    shares = [
        list(language_model.loaders(train, valid, part, "cpu", Group(rank, world)).train)
        for rank in range(world)
    ]
    assert len(whole) == len(shares[0])
    for i, (x, y) in enumerate(whole):
        assert torch.equal(torch.cat([s[i][0] for s in shares]), x)
        assert torch.equal(torch.cat([s[i][1] for s in shares]), y)


def torchrun(recipe_file, run, *more, **kwargs):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "train", "lm", "--recipe", str(recipe_file), "--work", str(run), *more]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        cwd=REPO,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        **kwargs,
    )


def last_epoch(run: Path) -> dict:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [r for r in lines if r.get("done")][-1]


@pytest.mark.timeout(1_200)
def test_two_processes_reach_the_loss_of_one_and_survive_a_kill(corpus, tmp_path):
    alone = tmp_path / "alone.toml"
    alone.write_text(SETTINGS.format(bs=8, seconds=60.0))
    settings = recipe.load(alone).lm
    language_model.train(corpus, settings, Run(tmp_path / "one"), torch.device("cpu"))

    pair = tmp_path / "pair.toml"
    pair.write_text(SETTINGS.format(bs=4, seconds=0.0))
    run = tmp_path / "two"
    run.mkdir()
    (run / "data").symlink_to(corpus.folder)
    process = torchrun(pair, run)
    deadline = time.monotonic() + 500
    while not (run / "lm.checkpoint").exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)  # torchrun and both processes, in the middle
    process.wait()
    assert not (run / "lm.pth").exists()
    process = torchrun(pair, run, "--resume")
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    resumed = next(r for r in log if r.get("event") == "resume")
    assert resumed["processes"] == 2
    assert resumed["batch"] or resumed["epoch"]
    ours, theirs = last_epoch(run)["valid_loss"], last_epoch(tmp_path / "one")["valid_loss"]
    assert ours == pytest.approx(theirs, abs=0.05)
