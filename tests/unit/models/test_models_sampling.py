"""Sampling on logits whose answer can be worked out by hand, and generation on a random model."""

import pytest
import torch

from ulmfit_demo.models.awd_lstm import LanguageModel, Sizes
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.sampling import Sampling, distribution, draw

LOGITS = torch.log(torch.tensor([[0.5, 0.25, 0.15, 0.1]]))


def probs(**settings):
    return distribution(LOGITS, Sampling(**{"temperature": 1.0, **settings}))[0].tolist()


def test_temperature_one_leaves_the_model_as_it_is():
    assert probs() == pytest.approx([0.5, 0.25, 0.15, 0.1])


def test_temperature_half_squares_the_probabilities():
    total = 0.25 + 0.0625 + 0.0225 + 0.01
    assert probs(temperature=0.5) == pytest.approx(
        [0.25 / total, 0.0625 / total, 0.0225 / total, 0.01 / total]
    )


def test_temperature_zero_takes_the_most_likely():
    assert probs(temperature=0) == [1, 0, 0, 0]


def test_top_k_top_p_min_p():
    assert probs(top_k=2) == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert probs(top_p=0.6) == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert probs(top_p=0.01) == pytest.approx([1, 0, 0, 0])
    assert probs(min_p=0.4) == pytest.approx([2 / 3, 1 / 3, 0, 0])


def test_a_banned_token_has_no_probability():
    p = distribution(LOGITS, Sampling(temperature=1.0), banned=[0])[0]
    assert p.tolist() == pytest.approx([0, 0.5, 0.3, 0.2])


def test_draw_inverts_the_cumulated_distribution():
    p = torch.tensor([[0.5, 0.0, 0.5]]).expand(4, -1)
    assert draw(p, torch.tensor([0.0, 0.49, 0.51, 0.999999])).tolist() == [0, 0, 2, 2]
    assert draw(torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([0.9999999])).tolist() == [1]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    model = LanguageModel(Sizes(vocab_sz=50, emb_sz=16, n_hid=24, n_layers=2)).eval()
    torch.nn.init.normal_(model.body.encoder.weight, std=1.0)
    return model


def run(model, **kwargs):
    settings = dict(n_steps=30, n_texts=3, seed=7, banned=[0, 1], stop=[])
    steps = generate(model, [2, 5, 9], Sampling(temperature=1.0), **{**settings, **kwargs})
    return list(zip(*(s.ids for s in steps), strict=True))


def test_the_same_seed_writes_the_same(model):
    assert run(model) == run(model)
    assert run(model) != run(model, seed=8)


def test_a_text_does_not_depend_on_how_many_are_written(model):
    assert run(model, n_texts=1)[0] == run(model, n_texts=3)[0]


def test_banned_tokens_never_come(model):
    assert not {0, 1} & {i for text in run(model, n_steps=200) for i in text}


def test_a_text_ends_before_its_stop_token_and_the_others_go_on(model):
    free = run(model)
    stop = free[0][10]
    texts = run(model, stop=[stop])
    for before, after in zip(free, texts, strict=True):
        expected = before[: before.index(stop)] if stop in before else before
        written = [i for i in after if i is not None]
        assert tuple(written) == expected[: len(written)]
        assert stop not in after


def test_greedy_steps_equal_reading_the_whole_prefix_again(model):
    ids = [2, 5, 9]
    steps = generate(model, ids, Sampling(temperature=0), n_steps=25)
    for step in steps:
        with torch.inference_mode():
            logits = model(torch.tensor([ids]))[0][0, -1]
        assert step.ids[0] == int(logits.argmax())
        ids = [*ids, step.ids[0]]


def test_an_empty_prompt_is_refused(model):
    with pytest.raises(ValueError, match="no token"):
        next(generate(model, [], Sampling(), n_steps=1))
