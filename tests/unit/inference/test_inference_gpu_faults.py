"""A GPU that fails or is full: what runs goes on on the CPU. Here a second bundle stands for the GPU."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch

from tests import small_bundle
from ulmfit_demo.inference import devices, generation, loading, sentiment
from ulmfit_demo.models import bundle as bundles
from ulmfit_demo.models import precision
from ulmfit_demo.models.engine import Unavailable
from ulmfit_demo.models.sampling import Sampling


@pytest.fixture
def full_gpu(folder, tmp_path, monkeypatch):
    """A bundle, registered as if a GPU held it too; and how to make that GPU fail."""
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    monkeypatch.setenv(precision.ENV, "fp32")  # each of the two would measure for itself
    loaded = loading.load(tmp_path)
    there = bundles.load(folder)
    monkeypatch.setitem(devices._on_gpu, loaded.bundle.key, there)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)

    def fails_after(module: str, n: int) -> None:
        real, count = getattr(devices, module), iter(range(10**6))

        def function(model, *args, **kwargs):
            for item in real(model, *args, **kwargs):
                if model in (there.lm, there.classifier) and next(count) >= n:
                    raise torch.OutOfMemoryError("CUDA out of memory")
                yield item

        monkeypatch.setattr(devices, module, function)

    return loaded, there, fails_after


@pytest.mark.parametrize("after", [0, 1, 3])
def test_generation_goes_on_on_the_cpu_with_the_same_words(full_gpu, after):
    loaded, _, fails_after = full_gpu

    def drawn():
        found = devices.generate_on_gpu(
            loaded.bundle.key, [2, 5, 6], [], Sampling(temperature=1.0), 8, 2, 0, 3
        )
        return [(step.ids, device) for step, device in found]

    whole = drawn()
    assert {device for _, device in whole} == {"a GPU"}
    assert len(whole) > 3
    fails_after("generate", after)
    again = drawn()
    assert [ids for ids, _ in again] == [ids for ids, _ in whole]
    assert [device for _, device in again] == ["a GPU"] * after + [devices.FULL] * (
        len(whole) - after
    )


@pytest.mark.parametrize("there_in", ["fp32", "int8"])
def test_a_text_that_moves_to_the_cpu_stays_in_its_precision(full_gpu, monkeypatch, there_in):
    """A GPU writes in fp32 whatever the CPU beside it would choose."""
    loaded, there, fails_after = full_gpu
    real = devices.generate

    def generate(model, *args, precision, **kwargs):
        wanted = precision or (there_in if model is there.lm else "half")
        return real(model, *args, precision=wanted, **kwargs)

    monkeypatch.setattr(devices, "generate", generate)
    fails_after("generate", 3)
    asked = (loaded.bundle.key, [2, 5, 6], [], Sampling(temperature=1.0), 8, 2, 0, 3)
    try:
        steps = [step for step, _ in devices.generate_on_gpu(*asked)]
    except Unavailable as e:
        pytest.skip(str(e))
    assert {step.precision for step in steps} == {there_in}


@pytest.mark.parametrize("after", [0, 1])
def test_many_reviews_go_on_on_the_cpu(full_gpu, after, monkeypatch):
    loaded, _, fails_after = full_gpu
    real = devices.classify_batches
    monkeypatch.setattr(
        devices, "classify_batches", lambda m, d, precision: real(m, d, 2, precision)
    )
    texts = ["the film is good", "a bad film", "", "is the film", "good"]
    whole = list(sentiment.many(loaded, texts))[-1]
    fails_after("classify_batches", after)
    again = list(sentiment.many(loaded, texts))[-1]
    assert again.device == devices.FULL
    assert again.done == whole.done == 4
    assert again.positive == pytest.approx(whole.positive, abs=1e-6)


def test_live_results_go_on_on_the_cpu(full_gpu, monkeypatch):
    loaded, there, _ = full_gpu
    before = sentiment.read(loaded, "the film is good")[0]
    real = sentiment.read_along

    def read_along(model, ids, kept=None):
        if model is there.classifier:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, ids, kept)

    monkeypatch.setattr(sentiment, "read_along", read_along)
    verdict, _ = sentiment.read(loaded, "the film is good")
    assert verdict.device == devices.FULL
    assert verdict.positive == pytest.approx(before.positive, abs=1e-5)
    assert devices.live_models(loaded.bundle.key)[1] == "a GPU"  # the next request tries again


def test_the_next_word_comes_from_the_cpu(full_gpu, monkeypatch):
    loaded, there, _ = full_gpu
    expected = generation.last_logits(loaded, [2, 5])
    real = generation.next_logits

    def next_logits(model, *args, **kwargs):
        if model is there.lm:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, *args, **kwargs)

    monkeypatch.setattr(generation, "next_logits", next_logits)
    assert torch.allclose(generation.last_logits(loaded, [2, 5]), expected, atol=1e-5)


def test_a_gpu_too_small_for_the_model_is_left_alone(folder, monkeypatch):
    bundle = replace(bundles.load(folder), name="too large")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def to(self, device):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.nn.Module, "to", to)
    devices.register(bundle)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.gpu_models(bundle.key) == (bundle, "CPU")


def test_two_bundles_of_one_name_do_not_meet(folder, tmp_path, monkeypatch):
    """The second is read with its own weights, and the first goes on with its own."""
    monkeypatch.delenv("ULMFIT_BUNDLE", raising=False)
    monkeypatch.setenv(precision.ENV, "fp32")
    first = loading.load(tmp_path)
    before = sentiment.read(first, "the film is good")[0].positive
    torch.manual_seed(2)
    second = tmp_path / "second" / "models" / "imdb"
    shutil.copytree(folder, second)
    bundles.save_weights(small_bundle.classifier(), second / "classifier.safetensors")
    other = loading.load(tmp_path / "second")
    assert other.bundle.name == first.bundle.name == "imdb"
    assert sentiment.read(other, "the film is good")[0].positive != before
    assert sentiment.read(first, "the film is good")[0].positive == before
