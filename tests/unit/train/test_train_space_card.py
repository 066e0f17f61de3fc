"""The README's front matter is what Hugging Face's Spaces take."""

from pathlib import Path

import pytest

from train import space_card

ROOT = Path(__file__).parents[3]
CARD = space_card.read((ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_readmes_front_matter_is_a_spaces():
    assert CARD["sdk"] == "gradio"
    assert space_card.problems(CARD) == []
    assert (ROOT / CARD["app_file"]).is_file()
    assert (ROOT / "LICENSE").read_text().split("\n")[0].strip() == "Apache License"
    assert CARD["license"] == "apache-2.0"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("colour", "blue", "is no field of a Space"),
        ("sdk", "streamlit", "must be one of gradio, docker, static"),
        ("colorFrom", "orange", "must be one of red"),
        ("emoji", ":clapper:", "must be an emoji"),
        ("emoji", "", "must be an emoji"),
        ("short_description", "x" * 61, "at most 60 characters"),
        ("python_version", 3.12, "in quotes"),  # YAML makes a number of it, and 3.1 of 3.10
        ("sdk_version", "latest", "must be a version"),
        ("pinned", "yes", "must be true or false"),
        ("datasets", "stanfordnlp/imdb", "must be a list"),
        ("datasets", ["a/b/c"], "must be a list of OWNER/NAME"),
        ("tags", [1], "must be a list of texts"),
        ("app_port", True, "must be a whole number"),
        ("thumbnail", "assets/a.png", "must be an address"),
        ("custom_headers", {"x-frame-options": "deny"}, "cross-origin policies only"),
        ("startup_duration_timeout", "soon", "must be a time"),
        ("license", "Apache 2.0", "identifier of a licence"),
    ],
)
def test_what_the_hub_would_refuse_is_found(field, value, words):
    (problem,) = space_card.problems({**CARD, field: value})
    assert problem.startswith(f"{field} ")
    assert words in problem


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("emoji", "👩‍🏫"),
        ("short_description", "x" * 60),
        ("startup_duration_timeout", "1h"),
        ("header", "mini"),
        ("hf_oauth_authorized_org", ["one", "two"]),
        ("preload_from_hub", ["someone/model config.json,lm.safetensors"]),
        ("custom_headers", {"cross-origin-opener-policy": "same-origin"}),
    ],
)
def test_what_the_hub_takes_is_taken(field, value):
    assert space_card.problems({**CARD, field: value}) == []


def test_what_is_missing_is_named():
    assert space_card.problems({}) == ["title is missing", "sdk is missing"]
    assert "app_file is missing" in space_card.problems({"title": "a", "sdk": "gradio"})


@pytest.mark.parametrize("readme", ["# A title\n", "---\na: [\n---\n", "---\njust words\n---\n"])
def test_a_readme_without_front_matter_has_none(readme):
    assert space_card.read(readme) == {}
