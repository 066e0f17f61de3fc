"""The language model reads along: bit for bit what a fresh reading gives, after any edit."""

import random
from dataclasses import replace

import pytest
import torch

from ulmfit_demo.models.engine import engine_of
from ulmfit_demo.models.generation import next_logits
from ulmfit_demo.models.prompt_reading import COARSE, FINE, read_prompt


def ids_of(length, seed=0):
    rng = random.Random(seed)
    return [rng.randrange(2, 104) for _ in range(length)]


@pytest.mark.parametrize("length", [1, FINE, COARSE - 1, COARSE, COARSE + 1, 200])
def test_it_expects_what_one_pass_does(random_lm, length):
    ids = ids_of(length)
    expected, read = read_prompt(random_lm, ids, precision="fp32")
    logits, state = next_logits(random_lm, ids, precision="fp32")
    torch.testing.assert_close(expected, logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(read.hidden, state[-1][0][0], atol=1e-5, rtol=0)
    assert read.reread == length


def test_any_chain_of_edits_equals_a_fresh_reading(random_lm, monkeypatch):
    engine, parts = engine_of(random_lm), []
    whole = engine.read
    monkeypatch.setattr(
        engine, "read", lambda ids, *args: parts.append(ids.shape[1]) or whole(ids, *args)
    )
    rng = random.Random(5)
    ids, read = ids_of(60), None
    for _ in range(80):
        at = rng.randrange(len(ids) + 1)
        new = [rng.randrange(2, 104) for _ in range(rng.randrange(1, 70))]
        ids = rng.choice(
            [
                ids + new[:2],
                ids + new,
                ids[:at] + new + ids[at:],
                ids[:at] + ids[at + 3 :],
                ids[:at],
            ]
        )
        ids = ids[:300] or [5]
        parts.clear()
        logits, read = read_prompt(random_lm, ids, read, precision="fp32")
        taken = list(parts)
        parts.clear()
        expected, fresh = read_prompt(random_lm, ids, precision="fp32")
        assert taken == parts[-len(taken) :]  # the last of the same parts
        assert sum(parts) == len(ids)
        assert torch.equal(logits, expected)
        assert torch.equal(read.hidden, fresh.hidden)
        assert [n for n, _ in fresh.states] == [n for n, _ in read.states]


def test_a_token_at_the_end_reads_no_more_than_a_part(random_lm):
    ids = ids_of(300)
    (_, read), most = read_prompt(random_lm, ids[:100], precision="fp32"), []
    for n in range(101, 300):
        _, read = read_prompt(random_lm, ids[:n], read, precision="fp32")
        most.append(read.reread)
    seldom = [n for n in most if n > FINE]
    assert len(seldom) == 199 // COARSE  # where a coarse part is whole
    assert max(seldom) <= COARSE + 1


def test_states_of_another_model_are_not_taken(random_lm):
    ids = ids_of(90)
    _, read = read_prompt(random_lm, ids, precision="fp32")
    other = replace(read, owner="another engine")
    assert read_prompt(random_lm, [*ids, 7], other, precision="fp32")[1].reread == 91


def test_what_is_kept_is_small(random_lm):
    _, read = read_prompt(random_lm, ids_of(300), precision="fp32")
    sizes = random_lm.body.sizes
    states = [t for _, state in read.states for pair in state for t in pair]
    assert all(t.numel() <= max(sizes.n_hid, sizes.emb_sz) for t in [read.hidden, *states])
    assert len(read.states) <= 300 // COARSE + COARSE // FINE


def test_nothing_to_read_is_refused(random_lm):
    with pytest.raises(ValueError, match="no token"):
        read_prompt(random_lm, [])
