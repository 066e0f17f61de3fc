"""What `benchmarks/load.py` compares: an answer without its times, and nothing else taken away."""

import pytest

from benchmarks.load import CALLS, Tally, plain
from ulmfit_demo.tabs.training import live_training_html as view
from ulmfit_demo.workers.live_training.run import gather


def trained(seconds: float, loss: float = 4.0) -> str:
    events = [
        {
            "event": "ready",
            "vocabulary": 100,
            "parameters": 1_000,
            "texts": [9, 1],
            "tokens": [900, 100],
            "epochs": 1,
            "steps": 10,
            "unknown": [],
        },
        {"event": "epoch", "epoch": 0, "step": 0, "held_out": 5.0, "training": None, "lines": []},
        {"event": "epoch", "epoch": 1, "step": 10, "held_out": loss, "training": 4.1, "lines": []},
        {"event": "done", "seconds": seconds, "tokens": 44_000},
    ]
    return plain(view.figure(gather(events), "Training"))


def test_two_speeds_are_the_same_answer_and_two_losses_are_not():
    assert trained(10.0) == trained(13.7)
    assert trained(10.0) != trained(10.0, loss=3.0)


@pytest.mark.parametrize("text", ["1.3 ms", "<b>4,393</b> tokens a second", "in 12 seconds"])
def test_times_are_left_out(text):
    assert not any(c.isdigit() for c in plain(text))


def test_what_failed_counts_with_its_wait():
    tally = Tally()
    tally.failed("/sentiment", 300.0, TimeoutError())
    assert tally.waits["/sentiment"] == [300.0]
    assert len(tally.errors) == 1


def test_the_app_has_every_endpoint_that_is_asked(url):
    from tests.page import program

    known = program(url).view_api(return_format="dict", print_info=False)
    for name, _, _, arguments in CALLS:
        asked = {p["parameter_name"] for p in known["named_endpoints"][name]["parameters"]}
        assert set(arguments) <= asked, name
