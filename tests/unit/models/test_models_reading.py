"""Reading along: equal to each prefix alone, and to a fresh reading after any edit."""

import random

import pytest
import torch

from ulmfit_demo.models.classification import classify, classify_batches
from ulmfit_demo.models.engine import Unavailable, engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.reading import FINE, FINE_TAIL, STRIDE, read_along


def ids_of(length, seed=0):
    rng = random.Random(seed)
    return [rng.randrange(2, 104) for _ in range(length)]


def prefixes(model, ids, precision="fp32"):
    return torch.cat([model([ids[:n]]) for n in range(1, len(ids) + 1)])


@pytest.mark.parametrize("name", ["fp32", "half", "int8"])
def test_every_token_equals_its_prefix_alone(random_classifier, name):
    try:
        choose(engine_of(random_classifier), "read", name)
    except Unavailable as e:
        pytest.skip(str(e))
    ids = ids_of(90)  # pools the last 28: the window moves many times
    reading = read_along(random_classifier, ids, precision=name)
    alone = torch.cat(
        [classify(random_classifier, [ids[:n]], precision=name) for n in range(1, 91)]
    )
    torch.testing.assert_close(reading.probabilities, alone, atol=1e-4, rtol=0)
    assert reading.reread == 90


def test_any_chain_of_edits_equals_a_fresh_reading(random_classifier):
    rng = random.Random(4)
    ids, reading = ids_of(40), None
    for _ in range(60):
        at = rng.randrange(len(ids) + 1)
        edit = rng.choice(["append", "insert", "delete", "replace", "cut"])
        new = [rng.randrange(2, 104) for _ in range(rng.randrange(1, 30))]
        if edit == "append":
            ids = ids + new
        elif edit == "insert":
            ids = ids[:at] + new + ids[at:]
        elif edit == "delete":
            ids = ids[:at] + ids[at + 3 :]
        elif edit == "replace":
            ids = ids[:at] + new[:1] + ids[at + 1 :]
        else:
            ids = ids[: max(1, at)]
        ids = ids[:300] or [5]
        reading = read_along(random_classifier, ids, reading, precision="fp32")
        fresh = read_along(random_classifier, ids, precision="fp32")
        torch.testing.assert_close(reading.logits, fresh.logits, atol=1e-4, rtol=0)
        torch.testing.assert_close(reading.features, fresh.features, atol=1e-5, rtol=0)
        assert reading.ids == tuple(ids)
        positions = [n for n, _ in reading.states]
        assert positions == sorted(set(positions))
        assert positions[-1] == len(ids)
        assert len(positions) <= len(ids) / STRIDE + 2 * FINE_TAIL / FINE + 70


def test_a_keystroke_at_the_end_reads_a_few_tokens(random_classifier):
    ids = ids_of(330)
    reading = read_along(random_classifier, ids, precision="fp32")
    typed = read_along(random_classifier, [*ids[:-1], 7], reading, precision="fp32")
    assert typed.reread <= FINE
    appended = read_along(random_classifier, [*ids, 7], reading, precision="fp32")
    assert appended.reread == 1
    assert read_along(random_classifier, ids, reading, precision="fp32").reread == 0
    middle = read_along(random_classifier, [*ids[:100], 7, *ids[101:]], reading, precision="fp32")
    assert middle.reread <= 230 + STRIDE


def test_typing_letter_by_letter_stays_cheap(random_classifier):
    ids = ids_of(120)
    reading = read_along(random_classifier, ids, precision="fp32")
    for i in range(200):
        ids = [*ids[:-1], 3 + i % 90] if i % 4 else [*ids, 3]
        reading = read_along(random_classifier, ids, reading, precision="fp32")
        assert reading.reread <= FINE + 1
    fresh = read_along(random_classifier, ids, precision="fp32")
    torch.testing.assert_close(reading.logits, fresh.logits, atol=1e-4, rtol=0)


def test_a_reading_is_never_changed(random_classifier):
    ids = ids_of(70)
    reading = read_along(random_classifier, ids, precision="fp32")
    copies = (reading.logits.clone(), reading.features.clone(), reading.states[0][1][0][0].clone())
    for other in ([*ids[:30], 9], [*ids, 4, 5], ids_of(90, seed=3)):
        read_along(random_classifier, other, reading, precision="fp32")
    assert torch.equal(reading.logits, copies[0])
    assert torch.equal(reading.features, copies[1])
    assert torch.equal(reading.states[0][1][0][0], copies[2])


def test_a_reading_of_another_model_or_precision_is_not_used(random_classifier):
    import copy

    ids = ids_of(40)
    other = read_along(copy.deepcopy(random_classifier), ids, precision="fp32")
    assert read_along(random_classifier, [*ids, 5], other, precision="fp32").reread == 41


def test_no_tokens_is_refused(random_classifier):
    with pytest.raises(ValueError, match="without tokens"):
        read_along(random_classifier, [])
    with pytest.raises(ValueError, match="without tokens"):
        classify(random_classifier, [[3], []])


def test_batches_give_every_document_once_in_any_precision(random_classifier):
    documents = [ids_of(random.Random(i).randrange(1, 50), i) for i in range(23)]
    expected = torch.cat([random_classifier([d]).softmax(1) for d in documents])
    assert classify(random_classifier, []).shape == (0, 2)
    for name, atol in (("fp32", 1e-5), ("int8", 0.1)):
        try:
            batches = list(classify_batches(random_classifier, documents, bs=5, precision=name))
        except Unavailable:
            continue
        assert sorted(i for which, _ in batches for i in which) == list(range(23))
        for which, probs in batches:
            torch.testing.assert_close(probs, expected[which], atol=atol, rtol=0)


def test_the_calibration_softens_probabilities_and_keeps_logits(random_classifier):
    import copy

    ids = ids_of(20)
    warm = copy.deepcopy(random_classifier)
    warm.temperature = 2.0
    a = read_along(random_classifier, ids, precision="fp32")
    b = read_along(warm, ids, precision="fp32")
    torch.testing.assert_close(a.logits, b.logits)
    torch.testing.assert_close(b.probabilities, (a.logits / 2).softmax(1))
    torch.testing.assert_close(classify(warm, [ids], precision="fp32")[0], b.probabilities[-1])
