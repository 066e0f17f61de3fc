"""The front matter of a Space's README: its fields and values, before the Hub is asked to take them.

Fields and values are those of Hugging Face's page "Spaces Configuration Reference" as of November 2026;
the length of `short_description` is what the Hub says when it refuses one.

A field that
the page does not name is a problem here, though the Hub may take it: it is most often a misspelling.

    >>> problems({"title": "A film", "sdk": "gradio", "app_file": "app.py", "colorFrom": "orange"})
    ['colorFrom must be one of red, yellow, green, blue, indigo, purple, pink, gray']
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import yaml  # huggingface_hub brings it

SHORT_DESCRIPTION = 60  # characters
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
HEADERS = ("embedder", "opener", "resource")  # cross-origin-…-policy: what `custom_headers` may set
JOINS_EMOJI = "\u200d\ufe0f"  # between and behind the parts of one emoji
REQUIRED = ("title", "sdk")

Rule = tuple[Callable[[Any], bool], str]  # what a value must be, and that in words


def one_of(*allowed: str) -> Rule:
    return lambda value: value in allowed, f"must be one of {', '.join(allowed)}"


def matching(pattern: str, words: str) -> Rule:
    return lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value)), words


def texts(pattern: str, words: str) -> Rule:
    is_text, _ = matching(pattern, words)
    return lambda value: isinstance(value, list) and all(map(is_text, value)), words


def _is_emoji(value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and all(c in JOINS_EMOJI or unicodedata.category(c) in ("So", "Sk") for c in value)
    )


def _are_headers(value: Any) -> bool:
    allowed = {f"cross-origin-{name}-policy" for name in HEADERS}
    return isinstance(value, dict) and set(value) <= allowed


TEXT = matching(r"\S.*", "must be a text")
YES_OR_NO: Rule = (lambda value: isinstance(value, bool), "must be true or false")
NUMBER: Rule = (lambda value: type(value) is int and value > 0, "must be a whole number")
REPOSITORIES = texts(r"[\w.-]+(/[\w.-]+)?", "must be a list of OWNER/NAME")
SCOPES = texts(r"[a-z-]+", "must be a list of scopes")
FIELDS: dict[str, Rule] = {
    "title": TEXT,
    "emoji": (_is_emoji, "must be an emoji and nothing else"),
    "colorFrom": one_of(*COLOURS),
    "colorTo": one_of(*COLOURS),
    "sdk": one_of("gradio", "docker", "static"),
    "sdk_version": matching(r"\d+\.\d+(\.\d+)?", "must be a version in quotes, as 6.31.0"),
    "python_version": matching(r"3\.\d+(\.\d+)?", "must be 3.x or 3.x.x in quotes"),
    "suggested_hardware": matching(r"[a-z0-9-]+", "must be a hardware flavour"),
    "suggested_storage": one_of("small", "medium", "large"),
    "app_file": TEXT,
    "app_build_command": TEXT,
    "app_port": NUMBER,
    "base_path": matching(r"/\S*", "must begin with /"),
    "fullWidth": YES_OR_NO,
    "header": one_of("mini", "default"),
    "short_description": matching(
        rf".{{1,{SHORT_DESCRIPTION}}}", f"must be a text of at most {SHORT_DESCRIPTION} characters"
    ),
    "models": REPOSITORIES,
    "datasets": REPOSITORIES,
    "tags": texts(r"\S.*", "must be a list of texts"),
    "thumbnail": matching(r"https?://\S+", "must be an address"),
    "pinned": YES_OR_NO,
    "hf_oauth": YES_OR_NO,
    "hf_oauth_scopes": SCOPES,
    "hf_oauth_expiration_minutes": NUMBER,
    "hf_oauth_authorized_org": (
        lambda value: TEXT[0](value) or SCOPES[0](value),
        "must be the name of an organization, or a list of them",
    ),
    "disable_embedding": YES_OR_NO,
    "startup_duration_timeout": matching(r"\d+\s*(s|m|h|d)\w*", "must be a time, as 30m or 1h"),
    "custom_headers": (_are_headers, "may hold the cross-origin policies only"),
    "preload_from_hub": texts(r"\S+/\S+( \S+)*", "must be a list of OWNER/NAME FILES"),
    "license": matching(r"[a-z0-9][a-z0-9.-]*", "must be the identifier of a licence"),
}


def read(readme: str) -> dict[str, Any]:
    """The front matter of a README; empty where it has none, or none that is YAML."""
    found = re.match(r"---\n(.*?)\n---\n", readme, re.DOTALL)
    try:
        card = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return {}
    return card if isinstance(card, dict) else {}


def problems(card: Mapping[str, Any]) -> list[str]:
    """What is wrong with a front matter, a line for each field; empty where nothing is."""
    found = [f"{name} is missing" for name in REQUIRED if name not in card]
    if card.get("sdk") == "gradio" and "app_file" not in card:
        found.append("app_file is missing")
    for name, value in card.items():
        if name not in FIELDS:
            found.append(f"{name} is no field of a Space")
            continue
        is_right, words = FIELDS[name]
        if not is_right(value):
            found.append(f"{name} {words}")
    return found
