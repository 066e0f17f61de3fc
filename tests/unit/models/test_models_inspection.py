"""Units, gates, gradients, memory and neighbours, each against an oracle, on random weights."""

import math
import random

import numpy as np
import pytest
import torch
from fastai.text.models.awdlstm import AWD_LSTM

from ulmfit_demo.models.awd_lstm import LanguageModel
from ulmfit_demo.models.generation import generate
from ulmfit_demo.models.inspection import memory, rows, states, units
from ulmfit_demo.models.sampling import Sampling

IDS = [2, 17, 40, 5, 99, 17, 3, 64, 8, 20, 31]


@pytest.fixture(scope="module")
def fastai_body(random_lm):
    """fastai's AWD_LSTM with the same weights; its hooks see every layer's output."""
    sizes = random_lm.body.sizes
    body = AWD_LSTM(sizes.vocab_sz, sizes.emb_sz, sizes.n_hid, sizes.n_layers).eval()
    with torch.no_grad():
        body.encoder.weight.copy_(random_lm.body.encoder.weight)
        for theirs, ours in zip(body.rnns, random_lm.body.rnns, strict=True):
            theirs.weight_hh_l0_raw.copy_(ours.weight_hh_l0)
            for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
                getattr(theirs.module, name).data.copy_(getattr(ours, name))
    return body


def lstm_cell(theirs, x, h, c):
    """An LSTM cell written out on fastai's weights: the gates i, f, g, o and the new h and c."""
    w = theirs.module.weight_ih_l0 @ x + theirs.module.bias_ih_l0
    w = w + theirs.weight_hh_l0_raw @ h + theirs.module.bias_hh_l0
    i, f, g, o = w.chunk(4)
    i, f, g, o = (
        1 / (1 + torch.exp(-i)),
        1 / (1 + torch.exp(-f)),
        torch.tanh(g),
        1 / (1 + torch.exp(-o)),
    )
    c = f * c + i * g
    return (i, f, g, o), o * torch.tanh(c), c


def test_units_are_what_fastais_hooks_see(random_lm, fastai_body):
    seen = []
    hooks = [
        rnn.register_forward_hook(lambda m, x, y: seen.append(y[0])) for rnn in fastai_body.rnns
    ]
    fastai_body.reset()
    with torch.no_grad():
        fastai_body(torch.tensor([IDS]))
    for hook in hooks:
        hook.remove()
    found = states.read_states(random_lm.body, IDS)
    for layer, theirs in zip(found.layers, seen, strict=True):
        torch.testing.assert_close(layer.h, theirs[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.units, seen[-1][0], atol=1e-5, rtol=1e-4)


def test_gates_are_those_of_a_cell_written_out_whose_states_are_nn_lstms(random_lm, fastai_body):
    found = states.read_states(random_lm.body, IDS)
    x = fastai_body.encoder.weight[torch.tensor(IDS)].detach()
    for layer, theirs, plain in zip(
        found.layers, fastai_body.rnns, random_lm.body.rnns, strict=True
    ):
        n = plain.hidden_size
        h, c = torch.zeros(n), torch.zeros(n)
        out = []
        for t, row in enumerate(x):
            with torch.no_grad():
                gates, h, c = lstm_cell(theirs, row, h, c)
                _, (h2, c2) = plain(x[None, : t + 1])
            torch.testing.assert_close(h, h2[0, 0], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(c, c2[0, 0], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(layer.gates[t], torch.stack(gates), atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(layer.c[t], c, atol=1e-5, rtol=1e-4)
            out.append(h)
        x = torch.stack(out)


def test_a_state_in_the_middle_goes_on_as_the_whole_text_does(random_lm):
    found = states.read_states(random_lm.body, IDS)
    after = found.after([0, 4])
    with torch.inference_mode():
        _, state = random_lm.body(torch.tensor([IDS[:4]]), random_lm.body.zero_state(1))
    for (h, c), (h1, c1) in zip(after, state, strict=True):
        assert not h[0].any()
        assert not c[0].any()
        torch.testing.assert_close(h[1], h1[0], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(c[1], c1[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("place", [0, 3, len(IDS) - 1])
def test_whom_the_classifier_listens_to_by_differences(random_classifier, place):
    """The gradient against central differences: the state is changed in a cell written out here."""
    model = random_classifier.double()
    try:

        def score(change):
            body, features = model.body, []
            state = [(torch.zeros(r.hidden_size).double(),) * 2 for r in body.rnns]
            for t, token in enumerate(IDS):
                x = body.encoder.weight[token]
                for k, rnn in enumerate(body.rnns):
                    h, c = state[k]
                    w = (
                        rnn.weight_ih_l0 @ x
                        + rnn.bias_ih_l0
                        + rnn.weight_hh_l0 @ h
                        + rnn.bias_hh_l0
                    )
                    i, f, g, o = w.chunk(4)
                    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                    x = o.sigmoid() * c.tanh()
                    if t == place and k == len(body.rnns) - 1:
                        x = x + change
                    state[k] = (x, c)
                features.append(x)
            logits = model.head(model.pool(torch.stack(features)[None], torch.tensor([len(IDS)])))[
                0
            ]
            return float(logits[1] - logits[0])

        h, gradient = units.listened_to(model, IDS, place)
        for unit in (0, 5, 11):
            step = torch.zeros(len(h)).double()
            step[unit] = 1e-5
            with torch.no_grad():
                expected = (score(step) - score(-step)) / 2e-5
            assert float(gradient[unit]) == pytest.approx(expected, rel=1e-4, abs=1e-7)
    finally:
        model.float()


def test_a_held_unit_is_held_and_an_unheld_text_is_generates(random_lm):
    settings = dict(n_steps=12, seed=4, banned=[0, 1], stop=[2])
    free = units.write_held(random_lm, IDS[:4], Sampling(1.0), unit=None, **settings)
    steps = generate(random_lm, IDS[:4], Sampling(1.0), precision="fp32", **settings)
    assert free == [s.ids[0] for s in steps]
    held = units.write_held(random_lm, IDS[:4], Sampling(1.0), unit=3, value=0.9, **settings)
    # by hand: the same luck, a loop over the whole text with the unit set after each token
    luck = torch.Generator().manual_seed(4 * 1_000_003)
    body, written = random_lm.body, []
    with torch.inference_mode():
        x, state = body(torch.tensor([IDS[:4]]), body.zero_state(1))
        x = x[:, -1].clone()
        for _ in range(12):
            x[:, 3] = 0.9
            state = (*state[:-1], (x.clone(), state[-1][1]))
            p = random_lm.decode(x)[0]
            p[[0, 1]] = -torch.inf
            p = p.softmax(-1).double().cumsum(0)
            token = int(
                torch.searchsorted(p, torch.rand((), generator=luck).double() * p[-1], right=True)
            )
            if token == 2:
                break
            written.append(token)
            x, state = body.step(torch.tensor([token]), state)
    assert held == written
    assert held != free


def test_the_response_to_a_word_is_the_unit_after_reading_it(random_lm):
    found = units.response(random_lm.body, 2, range(104))
    for word in (3, 50, 103):
        torch.testing.assert_close(
            found[word],
            states.read_states(random_lm.body, [2, word]).units[-1],
            atol=1e-5,
            rtol=1e-4,
        )


def test_auc_counts_pairs():
    rng = np.random.default_rng(0)
    values, labels = rng.integers(0, 6, (40, 3)).astype(float), rng.integers(0, 2, 40)
    for column, found in zip(values.T, units.auc(values, labels), strict=True):
        pairs = [(a > b) + (a == b) / 2 for a in column[labels == 1] for b in column[labels == 0]]
        assert found == pytest.approx(np.mean(pairs))


def test_seriation_is_an_order_that_puts_alike_units_side_by_side():
    t = np.linspace(0, 6, 50)
    shift = np.random.default_rng(1).permutation(24)
    values = np.stack([np.sin(t + s / 8) for s in shift], 1)
    order = units.seriation(values)
    assert sorted(order) == list(range(24))
    ranks = shift[order]
    jumps = np.abs(np.diff(ranks))
    assert np.median(jumps) <= 2
    assert list(units.seriation(values[:1])) == list(range(24))


def bits(model: LanguageModel, context, target) -> float:
    """A separate call: one context, one token."""
    with torch.inference_mode():
        logits, _ = model(torch.tensor([list(context)]))
    return float(-logits[0, -1].log_softmax(-1)[target] / math.log(2))


@pytest.mark.parametrize("place", [1, 2, 40, 70])
def test_memory_is_that_of_separate_calls(random_lm, place):
    rng = random.Random(0)
    ids = [2, *(rng.randrange(3, 104) for _ in range(80))]
    found = memory.recall(random_lm, ids, place)
    context, target = ids[:place], ids[place]
    whole = bits(random_lm, context, target)
    assert found.bits == pytest.approx(whole, abs=1e-4)
    assert len(found.left_out) == len(found.gradient) == len(found.shortened) == place
    for k in sorted({1, min(2, place), max(1, place // 2), place}):
        assert found.shortened[k - 1] == pytest.approx(
            bits(random_lm, context[-k:], target), abs=1e-4
        )
    for gone in {0, place // 2, place - 1} if place > 1 else ():
        without = context[:gone] + context[gone + 1 :]
        expected = bits(random_lm, without, target) - whole
        assert found.left_out[gone] == pytest.approx(expected, abs=1e-4)
    assert [k for k, _ in found.shuffled] == [k for k in (1, 2, 4, 8, 16, 32, 64) if k < place - 1]
    for k, value in found.shuffled:
        older = ids[1 : place - k]
        draws = []
        for seed in range(3):
            mixed = list(older)
            random.Random(seed).shuffle(mixed)
            draws.append(bits(random_lm, [ids[0], *mixed, *context[place - k :]], target))
        assert value == pytest.approx(np.mean(draws), abs=1e-4)


def test_the_gradient_of_a_memory_is_autograds(random_lm):
    found = memory.gradients(random_lm, IDS[:-1], IDS[-1])
    embedded = random_lm.body.encoder(torch.tensor(IDS[:-1]))
    for place in (0, 4, 9):
        scale = torch.ones(len(embedded), 1, requires_grad=True)
        x = (embedded * scale)[None]
        for rnn in random_lm.body.rnns:
            x, _ = rnn(x)
        log_p = random_lm.decode(x[0, -1]).log_softmax(-1)[IDS[-1]] / math.log(2)
        log_p.backward()
        assert found[place] == pytest.approx(float(scale.grad[place]), abs=1e-5)


def test_the_first_token_has_nothing_to_remember(random_lm):
    with pytest.raises(ValueError, match="no token before"):
        memory.recall(random_lm, IDS, 0)
    with pytest.raises(ValueError, match="no token before"):
        memory.recall(random_lm, IDS, len(IDS))


def test_neighbours_are_those_of_a_plain_search():
    matrix = np.random.default_rng(2).normal(size=(80, 7)).astype("float32")
    found = rows.Rows(torch.from_numpy(matrix)).nearest(5, 4, banned=[0, 1, 5])
    cosines = {
        i: float(matrix[i] @ matrix[5] / np.linalg.norm(matrix[i]) / np.linalg.norm(matrix[5]))
        for i in range(2, 80)
        if i != 5
    }
    best = sorted(cosines, key=cosines.get, reverse=True)[:4]
    assert [i for i, _ in found] == best
    assert [c for _, c in found] == pytest.approx([cosines[i] for i in best], abs=1e-5)


def test_the_map_keeps_what_two_components_can_and_how_far_a_row_moved():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 9))  # a plane in nine dimensions
    found, share = rows.flat(points)
    assert share == pytest.approx(1)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (points, found)]
    np.testing.assert_allclose(*distances, atol=1e-9)
    a, b = (torch.from_numpy(rng.normal(size=(6, 5)).astype("float32")) for _ in range(2))
    (value,) = rows.kept(rows.Rows(a), rows.Rows(b), [(1, 4)])
    assert value == pytest.approx(float(torch.cosine_similarity(a[1], b[4], dim=0)), abs=1e-6)


def test_the_first_guess_at_a_words_weight_is_autograds(random_classifier):
    from ulmfit_demo.models.attribution import first_order

    found = first_order(random_classifier, IDS)
    embedded = random_classifier.body.encoder(torch.tensor(IDS))
    scale = torch.ones(len(IDS), 1, requires_grad=True)
    x = (embedded * scale)[None]
    for rnn in random_classifier.body.rnns:
        x, _ = rnn(x)
    logits = random_classifier.head(random_classifier.pool(x, torch.tensor([len(IDS)])))[0]
    (logits[1] - logits[0]).backward()
    assert found == pytest.approx(scale.grad[:, 0].tolist(), abs=1e-5)
