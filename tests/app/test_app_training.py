"""The Training tab over its API: the numbers are those of the bundle's own files."""

import json

import pytest

from tests.page import program
from ulmfit_demo import theme

BUNDLE = theme.ASSETS / "models" / "imdb"


@pytest.fixture(scope="module")
def told(url):
    if not (BUNDLE / "training.jsonl").is_file():
        pytest.skip("no bundle with a log in assets")
    return program(url).predict(api_name="/training")


def test_every_epoch_of_the_log_is_told(told):
    lines = [json.loads(line) for line in (BUNDLE / "training.jsonl").read_text().splitlines()]
    for phase, name in (
        ("lm", "language_model"),
        ("classifier", "classifier"),
        ("student", "student"),
    ):
        logged = [e for e in lines if e["stage"].split()[0] == phase and e.get("done")]
        shown = [e for stage in told[name]["stages"] for e in stage["epochs"]]
        assert [e["valid_loss"] for e in shown] == [e["valid_loss"] for e in logged]
        assert [e["accuracy"] for e in shown] == [e["accuracy"] for e in logged]


def test_the_metrics_are_the_bundles(told):
    assert told["metrics"] == json.loads((BUNDLE / "metrics.json").read_text())
    assert told["notebook"]["classifier"]["stages"][-1]["cell"] == 41


def test_the_mistakes_are_named_and_told_without_a_quotation(told):
    """Names, labels and numbers only; the sentences in `wrong_reviews.json` are our own."""
    for review in told["metrics"].get("mistakes", {}).get("reviews", ()):
        assert set(review) == {"file", "label", "positive"}
        assert (review["positive"] >= 0.5) == (review["label"] == "neg")
