"""Batches side by side: really at once, each thread for itself, and nobody else notices."""

import os
import random
import threading
import time
from contextlib import suppress

import pytest
import torch

from ulmfit_demo.models import classification, workers
from ulmfit_demo.models.classification import classify, classify_batches
from ulmfit_demo.models.engine import Unavailable, engine_of
from ulmfit_demo.models.precision import choose
from ulmfit_demo.models.workers import compute_alone, side_by_side, single_threaded

WAIT = 60  # seconds until what must come is given up
NAME = "side by side"


def in_a_thread(function):
    """What `function` gives in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def two_threads():
    """torch splits a product in two here, whatever the environment says."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_two_items_are_worked_on_at_the_same_time():
    """Each waits for the other: one thread alone would never get past the first."""
    both = threading.Barrier(2)
    found = list(side_by_side(lambda i: (both.wait(WAIT), i)[1], range(4), 2))
    assert sorted(found) == [0, 1, 2, 3]


def test_what_is_done_comes_first():
    go = threading.Event()
    steps = side_by_side(lambda i: (i or go.wait(WAIT), i)[1], range(3), 2)
    assert {next(steps), next(steps)} == {1, 2}
    go.set()
    assert list(steps) == [0]


def test_one_at_a_time_is_the_callers_own_thread():
    names = list(side_by_side(lambda i: threading.current_thread(), range(3), 1))
    assert set(names) == {threading.current_thread()}


def test_an_exception_reaches_the_caller_and_ends_the_rest():
    begun = []

    def work(i):
        begun.append(i)
        if i == 3:
            raise MemoryError("of item 3")
        return i

    with pytest.raises(MemoryError, match="of item 3"):
        list(side_by_side(work, range(1_000), 2))
    assert len(begun) < 20
    until_gone()


def test_closed_early_it_begins_nothing_more_and_waits_for_nothing():
    go, begun = threading.Event(), []

    def work(i):
        begun.append(i)
        if i:
            go.wait(WAIT)
        return i

    steps = side_by_side(work, range(100), 2)
    assert next(steps) == 0
    steps.close()
    assert any(t.name == NAME for t in threading.enumerate())  # it waits for `go`, nobody for it
    go.set()
    until_gone()
    assert len(begun) <= 4


def test_a_reader_who_stops_reading_stops_the_work():
    begun = []
    steps = side_by_side(lambda i: begun.append(i), range(1_000), 2)
    next(steps)
    time.sleep(0.3)
    assert len(begun) <= 6
    steps.close()
    until_gone()


def until_gone():
    """No thread is left behind."""
    end = time.monotonic() + WAIT
    while any(t.name == NAME for t in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts the threads of Linux")
def test_a_thread_that_computes_alone_changes_nothing_for_others(two_threads):
    """torch's own setting would be kept for every thread that begins later."""
    if not in_a_thread(compute_alone):
        pytest.skip("this build of torch has one setting for all")
    x = torch.randn(500, 500)

    def began_by(prepare):
        prepare()
        before = len(os.listdir("/proc/self/task"))
        x @ x  # MKL, with a setting of its own
        (x + x).sum()
        return torch.get_num_threads(), len(os.listdir("/proc/self/task")) - before

    assert in_a_thread(lambda: began_by(compute_alone)) == (1, 0)
    assert torch.get_num_threads() == 2
    assert in_a_thread(torch.get_num_threads) == 2
    assert in_a_thread(lambda: began_by(lambda: None))[0] == 2


def test_a_single_threaded_block_gives_the_threads_back(two_threads):
    def within():
        with suppress(ZeroDivisionError), single_threaded():
            with single_threaded():  # one in another
                inner = torch.get_num_threads()
            after_inner = torch.get_num_threads()
            raise ZeroDivisionError
        return inner, after_inner, torch.get_num_threads()

    if not in_a_thread(compute_alone):
        pytest.skip("this build of torch has one setting for all")
    assert in_a_thread(within) == (1, 1, 2)
    assert torch.get_num_threads() == 2


def documents_of(n, longest=60):
    rng = random.Random(n)
    return [[rng.randrange(2, 104) for _ in range(rng.randrange(1, longest))] for _ in range(n)]


@pytest.mark.parametrize("name", ["fp32", "int8"])
def test_a_line_gets_alone_what_it_gets_beside_others(random_classifier, monkeypatch, name):
    try:
        choose(engine_of(random_classifier), "batch", name)
    except Unavailable as e:
        pytest.skip(str(e))
    documents = documents_of(150)
    first, come = threading.Barrier(3), set()

    def cores_of(n):
        monkeypatch.setattr(classification, "cores", lambda: n)
        return classify(random_classifier, documents, precision=name)

    real = classification.pooled

    def pooled(*args):
        if threading.get_ident() not in come:
            come.add(threading.get_ident())
            first.wait(WAIT)  # three threads, or none gets further
        return real(*args)

    one = cores_of(1)
    monkeypatch.setattr(classification, "pooled", pooled)
    three = cores_of(3)
    assert len(come) == 3
    monkeypatch.setattr(classification, "pooled", real)
    torch.testing.assert_close(three, one, atol=1e-4, rtol=0)
    alone = torch.cat(
        [classify(random_classifier, [d], precision=name, job="batch") for d in documents[:12]]
    )
    torch.testing.assert_close(three[:12], alone, atol=1e-4, rtol=0)


def test_progress_rises_and_every_document_comes_once(random_classifier, monkeypatch):
    monkeypatch.setattr(classification, "cores", lambda: 2)
    documents = documents_of(200)
    steps = [w for w, _ in classify_batches(random_classifier, documents, precision="fp32")]
    assert len(steps) >= 8
    assert sorted(i for which in steps for i in which) == list(range(200))
    assert max(map(len, steps)) <= 25


def test_an_exception_in_a_batch_reaches_the_caller(random_classifier, monkeypatch):
    monkeypatch.setattr(classification, "cores", lambda: 2)

    def pooled(model, documents, precision):
        raise MemoryError("no room")

    monkeypatch.setattr(classification, "pooled", pooled)
    with pytest.raises(MemoryError, match="no room"):
        classify(random_classifier, documents_of(100), precision="fp32")
    until_gone()


def test_few_are_read_while_many_are_held_up(random_classifier, monkeypatch):
    """A visitor's handful is read in the visitor's own thread: no pool, no queue behind others."""
    monkeypatch.setattr(classification, "cores", lambda: 2)
    real, go, held = classification.pooled, threading.Event(), threading.Semaphore(0)
    mine = threading.current_thread()

    def pooled(*args):
        if threading.current_thread() is not mine:
            held.release()
            go.wait(WAIT)
        return real(*args)

    monkeypatch.setattr(classification, "pooled", pooled)
    many = threading.Thread(
        target=lambda: classify(random_classifier, documents_of(100), precision="fp32")
    )
    many.start()
    try:
        assert held.acquire(timeout=WAIT)
        assert held.acquire(timeout=WAIT)  # both of its threads are at work
        few = classify(random_classifier, documents_of(classification.FEW), precision="fp32")
        assert len(few) == classification.FEW
        assert many.is_alive()
    finally:
        go.set()
        many.join()


def test_the_number_of_cores_is_torchs(two_threads, monkeypatch):
    monkeypatch.setattr(workers, "_can_be_alone", lambda: True)
    assert workers.cores() == 2
    monkeypatch.setattr(workers, "_can_be_alone", lambda: False)
    assert workers.cores() == 1


def test_stop_ends_the_reading_after_the_batches_at_hand(random_classifier, monkeypatch):
    """As gradio closes the generator of an event that is cancelled."""
    monkeypatch.setattr(classification, "cores", lambda: 2)
    real, read = classification.pooled, []

    def pooled(model, documents, precision):
        read.append(len(documents))
        return real(model, documents, precision)

    monkeypatch.setattr(classification, "pooled", pooled)
    documents = documents_of(800)
    steps = classify_batches(random_classifier, documents, bs=16, precision="fp32")
    next(steps)
    steps.close()
    until_gone()
    assert sum(read) <= 16 * 6 < len(documents)
