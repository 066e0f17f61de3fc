"""The language model reads along: bit for bit what a fresh reading gives, after any edit."""

import random
from dataclasses import replace

import pytest
import torch

from ulmfit_demo.models.generation import next_logits
from ulmfit_demo.models.prompt_reading import COARSE, FINE, read_prompt


def ids_of(length, seed=0):
    rng = random.Random(seed)
    return [rng.randrange(2, 104) for _ in range(length)]


@pytest.mark.parametrize("length", [1, FINE, COARSE - 1, COARSE, COARSE + 1, 200])
def test_it_expects_what_one_pass_does(random_lm, length):
    ids = ids_of(length)
    read = read_prompt(random_lm, ids, precision="fp32")
    logits, state = next_logits(random_lm, ids, precision="fp32")
    torch.testing.assert_close(read.logits, logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(read.hidden, state[-1][0][0], atol=1e-5, rtol=0)
    assert read.reread == length


def test_any_chain_of_edits_equals_a_fresh_reading(random_lm):
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
        read = read_prompt(random_lm, ids, read, precision="fp32")
        fresh = read_prompt(random_lm, ids, precision="fp32")
        assert torch.equal(read.logits, fresh.logits)
        assert torch.equal(read.hidden, fresh.hidden)
        assert [n for n, _ in fresh.states] == [n for n, _ in read.states]


def test_a_token_at_the_end_reads_no_more_than_a_part(random_lm):
    ids = ids_of(300)
    read, most = read_prompt(random_lm, ids[:100], precision="fp32"), []
    for n in range(101, 300):
        read = read_prompt(random_lm, ids[:n], read, precision="fp32")
        most.append(read.reread)
    seldom = [n for n in most if n > FINE]
    assert len(seldom) == 199 // COARSE  # where a coarse part is whole
    assert max(seldom) <= COARSE + 1


def test_states_of_another_model_are_not_taken(random_lm):
    ids = ids_of(90)
    other = replace(read_prompt(random_lm, ids, precision="fp32"), owner="another engine")
    assert read_prompt(random_lm, [*ids, 7], other, precision="fp32").reread == 91


def test_nothing_to_read_is_refused(random_lm):
    with pytest.raises(ValueError, match="no token"):
        read_prompt(random_lm, [])
