"""Repetition penalty, exact top-p without a sort, steering, and what a step tells; on random logits."""

import math

import pytest
import torch

from ulmfit_demo.models.awd_lstm import LanguageModel
from ulmfit_demo.models.engine import Unavailable, engine_of
from ulmfit_demo.models.generation import generate, next_logits
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.sampling import (
    Sampling,
    distribution,
    draw,
    entropy_bits,
    next_words,
    penalize,
)
from ulmfit_demo.models.surprisal import surprisal


def test_repetition_penalty_as_transformers():
    """Its `RepetitionPenaltyLogitsProcessor`: score * penalty below 0, score / penalty above."""
    logits = torch.tensor([[2.0, -1.0, 0.5, -3.0]])
    seen = torch.tensor([[True, True, False, False]])
    assert penalize(logits, seen, 1.25)[0].tolist() == pytest.approx([1.6, -1.25, 0.5, -3.0])
    expected = torch.tensor([1.6, -1.25, 0.5, -3.0]).softmax(0)
    got = distribution(logits, Sampling(1.0, repetition_penalty=1.25), seen=seen)[0]
    torch.testing.assert_close(got, expected)


def full_sort(probs, top_p):
    ordered, order = probs.sort(-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    cut = before >= top_p * probs.sum(-1, keepdim=True)
    cut[..., 0] = False
    kept = probs.masked_fill(cut.scatter(-1, order, cut), 0)
    return kept / kept.sum(-1, keepdim=True)


@pytest.mark.parametrize(
    "scale", [0.05, 1.0, 4.0]
)  # flat: falls back to the sort; peaked: does not
@pytest.mark.parametrize("top_p", [0.0, 0.3, 0.9, 0.999])
def test_top_p_equals_a_full_sort(scale, top_p):
    torch.manual_seed(2)
    logits = torch.randn(4, 3_000) * scale
    got = distribution(logits, Sampling(1.0, top_p=top_p))
    torch.testing.assert_close(got, full_sort(logits.softmax(-1), top_p), atol=1e-6, rtol=1e-3)


def test_cuts_and_draws_of_a_row_do_not_hang_on_the_others():
    torch.manual_seed(3)
    logits = torch.randn(6, 2_000) * torch.tensor([0.01, 1, 2, 3, 4, 8.0])[:, None]
    settings = Sampling(0.8, top_k=900, top_p=0.95, min_p=0.001)
    together = distribution(logits, settings)
    uniform = torch.rand(6)
    for i in range(6):
        alone = distribution(logits[i : i + 1], settings)
        torch.testing.assert_close(alone[0], together[i], atol=1e-7, rtol=1e-4)
        assert draw(alone, uniform[i : i + 1])[0] == draw(together, uniform)[i]


def test_draws_follow_the_distribution():
    """2,000 draws of 8 tokens: chi-squared with 7 degrees of freedom is under 24.3 in 999 of 1,000."""
    torch.manual_seed(4)
    probs = distribution(torch.randn(1, 8), Sampling(1.3))
    ids = draw(probs.expand(2_000, -1), torch.rand(2_000))
    expected = probs[0] * 2_000
    counts = torch.bincount(ids, minlength=8)
    assert float(((counts - expected) ** 2 / expected).sum()) < 24.3


@pytest.mark.parametrize("temperature", [1e-37, 1e-6, 0.01, 50.0])
def test_extreme_temperatures_stay_finite(temperature):
    logits = torch.tensor([[300.0, -300.0, 299.0, 0.0]])
    got = distribution(logits, Sampling(temperature))
    assert torch.isfinite(got).all()
    assert float(got.sum()) == pytest.approx(1)


def test_entropy_of_known_distributions():
    assert float(entropy_bits(torch.full((8,), 1 / 8))) == pytest.approx(3)
    assert float(entropy_bits(torch.tensor([1.0, 0, 0]))) == 0


def test_no_choice_is_never_minus_zero(random_lm):
    """`-0.0` equals 0, but is printed with its sign."""
    certain = torch.tensor([1.0, 0, 0])
    assert f"{float(entropy_bits(certain)):.1f}" == "0.0"
    assert f"{float(entropy_bits(torch.tensor([1 + 1e-6, 0.0]))):.1f}" == "0.0"
    logits = torch.randn(50)
    assert f"{next_words(logits, [0], Sampling())[0].entropy:.1f}" == "0.0"
    torch.manual_seed(5)
    model = LanguageModel(random_lm.body.sizes).eval().requires_grad_(False)
    model.bias[7] = 1e4  # leaves no choice
    (step,) = write(model, n_steps=1, n_texts=1)
    found = surprisal(model, [2, 7, 7])
    assert step.ids == [7]
    assert [f"{e:.1f}" for e in step.entropies] == ["0.0"]
    assert [f"{e:.1f}" for e in (*found.bits, *found.entropies)] == ["0.0"] * 4


def test_next_words_at_three_temperatures_from_the_same_logits():
    torch.manual_seed(7)
    logits = torch.randn(500) * 2
    settings = Sampling(9.9, top_k=40, top_p=0.9, min_p=0.02)
    order = logits.argsort(descending=True).tolist()
    drawn = order[2]
    shown = next_words(logits, [0.5, 1.0, 1.5], settings, n=60, drawn=drawn, banned=[order[0]])
    assert [s.temperature for s in shown] == [0.5, 1.0, 1.5]
    assert shown[0].entropy < shown[1].entropy < shown[2].entropy
    for s in shown:
        full = (logits / s.temperature).softmax(-1)
        kept = distribution(
            logits, Sampling(s.temperature, top_k=40, top_p=0.9, min_p=0.02), [order[0]]
        )
        assert [c.id for c in s.candidates] == order[:60]
        assert s.rank == 3
        assert s.kept == int((kept > 0).sum())
        for c in (*s.candidates, s.drawn):
            assert c.probability == pytest.approx(float(full[c.id]), rel=1e-4)
            assert c.drawable == pytest.approx(float(kept[c.id]), rel=1e-4)
            assert (c.cut_by == "") == (c.drawable > 0)
        assert s.candidates[0].cut_by == "banned"
        assert {c.cut_by for c in s.candidates[45:]} <= {"top-k"}
    greedy = next_words(logits, [0], settings, n=3)[0]
    assert (greedy.entropy, greedy.kept, greedy.rank) == (0, 1, None)


PROMPT = [2, 5, 9]


def write(model, n_steps=40, **kwargs):
    settings = {"n_texts": 3, "seed": 11, "banned": [0, 1], "precision": "fp32", **kwargs}
    sampler = settings.pop("sampling", Sampling(temperature=1.0))
    return list(generate(model, PROMPT, sampler, n_steps=n_steps, **settings))


def text(steps, i):
    return [s.ids[i] for s in steps]


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
def test_forcing_what_was_drawn_writes_the_same_text(random_lm, name):
    """Steering: the kept part stays, and the same choice gives the same rest; for every branch."""
    steps = write(random_lm, precision=name)
    for i in range(3):
        whole = text(steps, i)
        for kept in (1, 17):
            rest = write(
                random_lm,
                40 - kept,
                n_texts=1,
                first_text=i,
                forced=whole[:kept],
                precision=name,
            )
            assert whole[:kept] + text(rest, 0) == whole


def test_another_choice_writes_another_text_the_same_each_time(random_lm):
    whole = text(write(random_lm, n_alternatives=5), 0)
    forced = [*whole[:9], (whole[9] + 1) % 100 + 2]
    a = write(random_lm, 30, n_texts=1, forced=forced)
    assert text(a, 0) == text(write(random_lm, 30, n_texts=1, forced=forced), 0)
    assert text(a, 0) != whole[10:]


def test_a_step_tells_probability_rank_entropy_and_alternatives(random_lm):
    steps = write(random_lm, 12, n_alternatives=10)
    for i in range(3):
        ids = PROMPT + text(steps, i)
        with torch.inference_mode():
            probs = random_lm(torch.tensor([ids]))[0][0].softmax(-1)
        for k, step in enumerate(steps):
            p = probs[len(PROMPT) - 1 + k]
            assert step.probabilities[i] == pytest.approx(float(p[step.ids[i]]), rel=1e-3)
            assert step.ranks[i] == int((p > p[step.ids[i]]).sum()) + 1
            assert step.entropies[i] == pytest.approx(float(entropy_bits(p)), abs=1e-3)
            order = [j for j in p.argsort(descending=True).tolist() if j not in (0, 1)][:10]
            assert [j for j, _ in step.alternatives[i]] == order


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
@pytest.mark.parametrize("model", ["random_lm", "shipped"])
def test_a_table_of_the_next_token_is_the_one_that_was_drawn_from(request, model, name):
    """1e-5 in every precision, alone or beside two others; one pass in fp32 would not be, with int8."""
    lm = request.getfixturevalue(model)
    lm = lm if model == "random_lm" else lm.lm
    try:
        choose(engine_of(lm), "write", name)
    except Unavailable as e:
        pytest.skip(str(e))
    steps = write(lm, 24, n_alternatives=10, precision=name)
    assert {s.precision for s in steps} == {name}
    for i, k in ((0, 0), (0, 1), (1, 9), (2, 23)):
        logits, _ = next_logits(lm, PROMPT, text(steps, i)[:k], precision=name)
        probs, step = logits[0].softmax(-1), steps[k]
        assert step.probabilities[i] == pytest.approx(float(probs[step.ids[i]]), abs=1e-5)
        assert step.ranks[i] == int((probs > probs[step.ids[i]]).sum()) + 1
        for j, p in step.alternatives[i]:
            assert p == pytest.approx(float(probs[j]), abs=1e-5)
    if name == "int8":
        other = lm.next_logits(torch.tensor([PROMPT + text(steps, 2)[:23]]))[0][0].softmax(-1)
        assert float((other - probs).abs().max()) > 1e-4


def test_no_table_without_a_prompt(random_lm):
    with pytest.raises(ValueError, match="no token"):
        next_logits(random_lm, [])


def test_repetition_penalty_changes_what_is_written_and_bans_stay(random_lm):
    free = text(write(random_lm, 120), 0)
    strict = text(write(random_lm, 120, sampling=Sampling(1.0, repetition_penalty=3.0)), 0)
    assert len(set(strict)) > len(set(free))
    assert not {0, 1} & {*free, *strict}


def test_alternatives_hold_nothing_banned(random_lm):
    for step in write(random_lm, 20, banned=[0, 1, 30, 31, 32], n_alternatives=10):
        assert not {0, 1, 30, 31, 32} & {j for row in step.alternatives for j, _ in row}


def test_surprise_equals_one_prefix_at_a_time(random_lm):
    ids = torch.randint(2, 104, (75,)).tolist()
    found = surprisal(random_lm, ids, n_top=3)
    logs = []
    for k in range(1, 75):
        with torch.inference_mode():
            p = random_lm.next_logits(torch.tensor([ids[:k]]))[0][0].softmax(-1)
        own = float(p[ids[k]])
        logs.append(math.log2(own))
        assert found.bits[k - 1] == pytest.approx(-math.log2(own), abs=1e-3)
        assert found.ranks[k - 1] == int((p > own).sum()) + 1
        assert found.entropies[k - 1] == pytest.approx(float(entropy_bits(p)), abs=1e-3)
        assert [j for j, _ in found.top[k - 1]] == p.topk(3).indices.tolist()
    assert found.perplexity == pytest.approx(2 ** (-sum(logs) / len(logs)), rel=1e-4)
    assert found.bands == tuple((r > 10) + (r > 100) + (r > 1000) for r in found.ranks)
    with pytest.raises(ValueError, match="token before"):
        surprisal(random_lm, [2])


@pytest.mark.parametrize("name", ["fp32", "int8"])
def test_sixteen_at_once_get_what_each_gets_alone(random_lm, name):
    """Different prompts, seeds and temperatures in threads of one process, as clients come."""
    from concurrent.futures import ThreadPoolExecutor

    def one(i):
        settings = Sampling(0.5 + i / 16, top_k=i % 3 * 20, top_p=1 - i % 4 / 10)
        steps = generate(
            random_lm, [2, 5 + i], settings, n_steps=15, n_texts=1 + i % 3, seed=i, precision=name
        )
        return [(s.ids, s.probabilities) for s in steps]

    alone = [one(i) for i in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(16))) == alone


def test_draw_equals_the_cumulated_sum_of_all():
    torch.manual_seed(8)
    probs = distribution(torch.randn(40, 1_111) * 3, Sampling(1.0, top_k=50))
    uniform = torch.rand(40)
    cumulated = probs.double().cumsum(-1)
    target = uniform.double()[:, None] * cumulated[:, -1:]
    assert torch.equal(
        draw(probs, uniform), torch.searchsorted(cumulated, target, right=True)[:, 0]
    )
