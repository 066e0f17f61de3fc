"""The lines under "Show the code" of the two model tabs, executed, against what the app itself finds.

The lines compute in fp32. A machine that rounds (int8) shows other digits and says so beside them, so
the app is asked here in the two precisions that are exact with a bundle's weights.
"""

import pytest

from ulmfit_demo import theme
from ulmfit_demo.inference import devices, generation, loading, sentiment
from ulmfit_demo.models import precision
from ulmfit_demo.models.engine import Unavailable, engine_of
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling
from ulmfit_demo.tabs.batches import batches_code
from ulmfit_demo.tabs.shared import model_code

TEXTS = [
    "A warm film, but WOW what a dull ending!!!",
    "",
    "<b>Not bad</b> «text» at all 电影 '\"\\",
]
SETTINGS = [
    Sampling(),
    Sampling(temperature=0),
    Sampling(temperature=1.3, top_k=40, top_p=0.8),
    Sampling(temperature=1.0, min_p=0.02, repetition_penalty=1.3),
]


@pytest.fixture(scope="module")
def loaded():
    return loading.load(theme.ASSETS)


def run(code: str) -> dict:
    names: dict = {}
    exec(compile(code, "show-the-code", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(batches_code.ROOT)


@pytest.fixture(params=precision.EXACT)
def exact(request, monkeypatch, loaded):
    """The app reads and writes in this precision."""
    try:
        precision.choose(engine_of(loaded.bundle.classifier), "read", request.param)
        precision.choose(engine_of(loaded.bundle.lm), "write", request.param)
    except Unavailable as e:
        pytest.skip(str(e))
    monkeypatch.setenv(precision.ENV, request.param)
    return request.param


@pytest.mark.parametrize("text", TEXTS)
def test_sentiment_equals_the_line_on_the_screen(loaded, exact, text):
    found = run(model_code.sentiment(loaded, text))
    verdict, _ = sentiment.read(loaded, text, None)
    if verdict is None:
        assert len(found["ids"]) == 1  # xxbos alone: the app asks for a text instead
        return
    assert verdict.precision == exact
    assert found["verdict"] == pytest.approx(verdict.positive, abs=1e-4)
    assert len(found["along"]) == len(found["ids"])
    assert found["along"][-1] == pytest.approx(found["verdict"], abs=1e-6)


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
def test_generation_writes_the_very_tokens(loaded, settings):
    prompt = "I liked this movie because"
    found = run(model_code.generation(loaded, prompt, settings, 12, 2, 3))
    vocab = loaded.bundle.vocab
    steps = generate(
        loaded.bundle.lm,
        loaded.numericalize(prompt),
        settings,
        n_steps=12,
        n_texts=2,
        seed=3,
        banned=devices.never_drawn(vocab),
        stop=[vocab.index("xxbos")],
        precision="fp32",
    )
    written = [
        [vocab[i] for i in text if i is not None]
        for text in zip(*(s.ids for s in steps), strict=True)
    ]
    assert found["texts"] == written


def test_next_words_are_those_of_the_bars(loaded, exact):
    prompt = "The acting was"
    found = run(model_code.generation(loaded, prompt, Sampling(), 1, 1, 0))
    shown = generation.next_word(loaded, None, prompt, None, 0, Sampling(1.0), [1.0])
    candidates = shown.distributions[0].candidates
    assert [w for w, _ in found["next_words"]] == [loaded.bundle.vocab[c.id] for c in candidates]
    assert [p for _, p in found["next_words"]] == pytest.approx(
        [c.probability for c in candidates], abs=1e-4
    )
