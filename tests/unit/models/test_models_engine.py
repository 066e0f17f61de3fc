"""Every precision against fp32, and fp32 with the shipped weights against fastai's own modules."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from benchmarks.reference import fastai_classifier, fastai_language_model
from ulmfit_demo.models import precision
from ulmfit_demo.models.engine import Unavailable, engine_of
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling

LOSSY = [("half", 1e-5), ("int8", 0.2)]


def available(engine, job, name):
    try:
        return precision.choose(engine, job, name)
    except Unavailable as e:
        pytest.skip(str(e))


@pytest.mark.parametrize(("name", "atol"), LOSSY)
def test_reading_in_a_precision_is_near_fp32(random_lm, name, atol):
    engine = engine_of(random_lm)
    available(engine, "read", name)
    ids = torch.randint(2, 104, (3, 30))
    with torch.inference_mode():
        expected, state = engine.read(ids, random_lm.body.zero_state(3))
        features, own = engine.read(ids, random_lm.body.zero_state(3), name)
    torch.testing.assert_close(features, expected, atol=atol, rtol=0)
    for (h, c), (h2, c2) in zip(state, own, strict=True):
        torch.testing.assert_close(h2, h, atol=atol, rtol=0)
        torch.testing.assert_close(c2, c, atol=3 * atol, rtol=0)


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
def test_a_row_and_a_prefix_score_the_same_alone(random_lm, name):
    """int8 must not take its scale from what stands beside or behind."""
    engine = engine_of(random_lm)
    available(engine, "read", name)
    ids = torch.randint(2, 104, (5, 33))
    zero = random_lm.body.zero_state
    with torch.inference_mode():
        features, _ = engine.read(ids, zero(5), name)
        for i in (0, 4):
            alone, state = engine.read(ids[i : i + 1, :20], zero(1), name)
            torch.testing.assert_close(alone[0], features[i, :20], atol=1e-6, rtol=0)
            rest, _ = engine.read(ids[i : i + 1, 20:], state, name)
            torch.testing.assert_close(rest[0], features[i, 20:], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
def test_single_steps_are_near_one_pass(random_lm, name):
    engine = engine_of(random_lm)
    available(engine, "write", name)
    ids = torch.randint(2, 104, (4, 25))
    with torch.inference_mode():
        expected, _ = engine.read(ids, random_lm.body.zero_state(4))
        logits = random_lm.decode(expected[:, -1])
        state = random_lm.body.zero_state(4)
        for column in ids.unbind(1):
            features, state = engine.step(column, state, name)
        atol = 1e-5 if name != "int8" else 0.2
        torch.testing.assert_close(features, expected[:, -1], atol=atol, rtol=0)
        own = engine.decode(features, name)
    assert (own - logits).norm() <= (1e-5 if name != "int8" else 0.1) * logits.norm()


def greedy(model, prompt, n, name):
    steps = generate(model, prompt, Sampling(temperature=0), n_steps=n, precision=name)
    return [s.ids[0] for s in steps]


@pytest.mark.parametrize("name", ["fp32", "half"])
def test_shipped_weights_write_what_fastai_would_for_200_tokens(shipped, name):
    """Our 200 greedy tokens, read by fastai in one pass: its most likely next token is ours each time."""
    available(engine_of(shipped.lm), "write", name)
    theirs = fastai_language_model(shipped)
    prompt = [shipped.vocab.index(w) for w in ("xxbos", "xxmaj", "this", "film")]
    ids = prompt + greedy(shipped.lm, prompt, 200, name)
    with torch.inference_mode():
        theirs.reset()
        logits = theirs(torch.tensor([ids]))[0][0]
        ours, _ = shipped.lm(torch.tensor([ids]))
    torch.testing.assert_close(ours[0], logits, atol=1e-4, rtol=0)
    assert logits[len(prompt) - 1 : -1].argmax(1).tolist() == ids[len(prompt) :]


def test_shipped_weights_classify_as_fastai(shipped):
    theirs = fastai_classifier(shipped)
    torch.manual_seed(1)
    for length in (30, 1_450):
        ids = torch.randint(2, len(shipped.vocab), (1, length))
        with torch.inference_mode():
            theirs.reset()
            expected = theirs(ids)[0]
            torch.testing.assert_close(
                shipped.classifier(ids.tolist()), expected, atol=1e-4, rtol=1e-4
            )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_cuda_gives_what_the_cpu_gives(shipped):
    import copy

    ids = torch.randint(2, len(shipped.vocab), (2, 50))
    on_gpu = copy.deepcopy(shipped.lm).cuda()
    with torch.inference_mode():
        torch.testing.assert_close(
            on_gpu(ids.cuda())[0].cpu(), shipped.lm(ids)[0], atol=1e-2, rtol=1e-2
        )
    assert greedy(on_gpu, [2, 9, 30], 20, None) == greedy(shipped.lm, [2, 9, 30], 20, "fp32")
    with pytest.raises(Unavailable, match="CPU only"):
        precision.choose(engine_of(on_gpu), "write", "int8")


def test_a_precision_is_measured_once_and_can_be_forced(random_lm, monkeypatch):
    monkeypatch.delenv(precision.ENV, raising=False)
    engine = engine_of(random_lm)
    for job, candidates in precision.CANDIDATES.items():
        choice = precision.explain(engine, job)
        assert choice.precision in candidates
        assert choice is precision.explain(engine, job)
        assert set(choice.milliseconds) | set(choice.excluded) == set(candidates)
    monkeypatch.setenv(precision.ENV, "bf16")  # no way to write in it: stays exact
    assert precision.choose(engine, "write") == "fp32"
    monkeypatch.setenv(precision.ENV, "half")
    if "half" not in precision.explain(engine, "write").excluded:
        assert precision.choose(engine, "write") == "half"


def test_a_job_that_is_known_does_not_wait_for_one_that_is_measured(random_lm, monkeypatch):
    """Somebody types while the first many reviews of the day find out what is fast."""
    import copy

    monkeypatch.delenv(precision.ENV, raising=False)
    engine = engine_of(copy.deepcopy(random_lm))
    precision.choose(engine, "read")
    begun, go = threading.Event(), threading.Event()

    def slow(engine, job):
        begun.set()
        go.wait(200)
        return precision.Choice("fp32", {}, {})

    monkeypatch.setattr(precision, "_measure", slow)
    with ThreadPoolExecutor(2) as pool:
        try:
            measured = pool.submit(precision.choose, engine, "batch")
            assert begun.wait(60)
            known = pool.submit(precision.choose, engine, "read")
            assert known.result(60) in precision.CANDIDATES["read"]
            assert not measured.done()
        finally:
            go.set()
        assert measured.result(60) == "fp32"


def test_an_unknown_precision_is_one_clear_error(random_lm):
    with pytest.raises(ValueError, match="'int4' is no precision"):
        precision.choose(engine_of(random_lm), "write", "int4")
    with pytest.raises(Unavailable, match="bf16 cannot write"):
        precision.choose(engine_of(random_lm), "write", "bf16")


def test_a_precision_that_computes_nonsense_is_not_used(random_lm, monkeypatch):
    import copy

    monkeypatch.delenv(precision.ENV, raising=False)
    model = copy.deepcopy(random_lm)
    engine = engine_of(model)
    honest = type(engine).read

    def broken(self, ids, state, name="fp32"):
        features, state = honest(self, ids, state, "fp32")
        return (features if name == "fp32" else features * float("nan")), state

    monkeypatch.setattr(type(engine), "read", broken)
    choice = precision.explain(engine, "read")
    assert choice.precision == "fp32"
    assert set(choice.excluded) == {"half", "int8"}
    with pytest.raises(Unavailable, match="int8 is off"):
        precision.choose(engine, "read", "int8")


def test_an_engine_lives_as_long_as_its_model():
    import gc
    import weakref

    from ulmfit_demo.models.awd_lstm import LanguageModel, Sizes

    model = LanguageModel(Sizes(30, 8, 12, 2)).eval()
    assert engine_of(model) is engine_of(model)
    gone = weakref.ref(engine_of(model))
    del model
    gc.collect()
    assert gone() is None
