"""What the README says of the tests is there."""

import re
from pathlib import Path

import ulmfit_demo
from tools import api_docs
from train import model_card
from ulmfit_demo.resources import assets

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_readme_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "README.md").read_text("utf-8"))
    assert len(named) >= 20
    for file, name in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{file}::{name}"


def test_the_five_lines_work_and_stand_on_top_of_readme_and_model_cards():
    cards = list((assets() / "models").glob("*/README.md"))
    assert cards
    for file in (ROOT / "README.md", *cards):
        text = file.read_text("utf-8")
        assert text.index(model_card.USE) < 1_200, file
    lines = model_card.USE.removeprefix("```python\n").removesuffix("```\n").splitlines()
    assert len(lines) == 5
    names = {"text": "A dull film.", "texts": ["A dull film.", "A warm film."]}
    exec("\n".join(lines), names)
    m = names["m"]
    assert isinstance(m, ulmfit_demo.pipeline.Pipeline)
    assert m("A warm and clever film.")["label"] == "pos"
    assert m.encode(names["texts"]).shape == (2, 3 * m.bundle.config["emb_sz"])


def test_the_changes_name_what_every_old_endpoint_became():
    rows = re.findall(r"^  \| (.*?) \| (.*) \|$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    old = {name for row in rows for name in re.findall(r"`/(\w+)`", row[0])}
    assert old == {
        *("classifier_batches", "explain", "generate", "legal_sizes", "lm_batches", "next_word"),
        *("other_models", "sentiment", "sentiment_lines", "surprise", "tokenize", "train_live"),
        *("train_vocabulary", "training", "training_stages", "vocabulary", "word_vocabulary"),
    }
    now = {name for row in rows for name in re.findall(r"`/(\w+)`", row[1])}
    assert now <= set(api_docs.REQUESTS)
    same = {n for row in rows if "the same" in row[1] for n in re.findall(r"`/(\w+)`", row[0])}
    assert now | same == set(api_docs.REQUESTS)
