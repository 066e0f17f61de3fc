"""What makes a training step cheap leaves its results alone: loader, dropout, penalties, allocator."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fastai.text.data import LMDataLoader
from fastai.text.models.awdlstm import EmbeddingDropout

from train import data, language_model, recipe
from train.regularization import Penalty, RowDropout

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("speed") / "run" / "data"
    settings = recipe.Data(layout="generated", min_freq=1, heldout=20)
    data.prepare(None, out, settings, workers=1)
    return out


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("bs", "seq_len"), [(4, 7), (3, 50)])
def test_every_cell_is_that_of_fastais_loader(folder, backwards, bs, seq_len):
    corpus = data.Corpus(folder, backwards)
    train, valid = corpus.split("train", "unsup"), corpus.split("heldout")
    settings = recipe.LanguageModel(bs=bs, seq_len=seq_len)
    ours = language_model.loaders(train, valid, settings, "cpu").train
    batches = list(ours)
    order = list(ours.items.idxs)  # shuffled when the first batch was asked for
    assert order != sorted(order)
    documents = [train[i] for i in order]
    theirs = list(LMDataLoader(documents, bs=bs, seq_len=seq_len))
    assert len(batches) == len(theirs)
    for (x, y), (their_x, their_y) in zip(batches, theirs, strict=True):
        assert torch.equal(x, their_x)
        assert torch.equal(y, their_y)
        assert (type(x), type(y)) == (type(their_x), type(their_y))


def gradient(module_class, words, p, training):
    torch.manual_seed(1)
    emb = torch.nn.Embedding(30, 5, padding_idx=1)
    module = module_class(emb, p).train(training)
    torch.manual_seed(2)
    out = module(words)
    (out * torch.arange(out.numel()).view_as(out)).sum().backward()
    return out.detach(), emb.weight.grad


@pytest.mark.parametrize(("p", "training"), [(0.5, True), (0.5, False), (0.0, True)])
def test_dropout_of_rows_is_fastais_dropout_of_the_embedding(p, training):
    words = torch.tensor([[3, 1, 7, 7], [29, 0, 3, 2]])  # 1 is padding; words come again
    for ours, theirs in zip(
        gradient(RowDropout, words, p, training),
        gradient(EmbeddingDropout, words, p, training),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 1.0), (2.0, 0.0), (0.0, 1.0)])
def test_the_penalties_are_fastais(alpha, beta):
    torch.manual_seed(0)
    raw, mask = torch.randn(4, 9, 5), torch.rand(4, 1, 5)

    def run(penalty):
        leaf = raw.clone().requires_grad_()
        total = penalty(leaf * mask, leaf)
        (total * 3).backward()
        return float(total), leaf.grad

    def fastais(out, h):  # `RNNRegularizer.after_loss`
        steps = (h[:, 1:] - h[:, :-1]).float()
        return alpha * out.float().pow(2).mean() + beta * steps.pow(2).mean()

    ours, theirs = run(lambda o, h: Penalty.apply(o, h, alpha, beta)), run(fastais)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
    assert torch.allclose(ours[1], theirs[1], atol=1e-7)


PAGES = """
import resource, torch
from train.allocator import keep_pages

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        a, b = torch.ones(30_000_000), torch.ones(20_000_000)  # 120 and 80 MB
        del a, b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults())
with keep_pages() as kept:
    faults()
    print(min(faults() for _ in range(4)))  # the heap settles within a few rounds
print(faults())
with keep_pages(False) as kept_not:
    print(int(kept), int(kept_not))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's malloc")
def test_kept_pages_are_not_faulted_in_again_and_are_given_back_afterwards():
    done = subprocess.run(
        [sys.executable, "-c", PAGES], cwd=REPO, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    before, kept, after, yielded = done.stdout.splitlines()
    # 200 MB are 48,800 pages of 4 KB in each of the five rounds; huge pages would be fewer. Where the
    # system puts other memory behind the heap, a round may fault some in again before it settles.
    assert int(kept) < int(before) / 20
    assert int(after) > int(kept) * 5
    assert yielded == "1 0"
