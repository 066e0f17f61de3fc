"""docs/ is what the app and its imports say; MCP is an option."""

import re

import pytest

from tests import http
from tests.page import program
from tools import api_docs, house

SLOW = {"train_live"}  # of the requests: takes ten seconds


@pytest.fixture(scope="module")
def client(url):
    return program(url)


@pytest.fixture(scope="module")
def info(client):
    return client.view_api(return_format="dict", print_info=False)


def without_figures(text: str) -> str:
    """The last digits differ between processors; where a line is broken depends on them."""
    return re.sub(r"\s+", " ", re.sub(r"\d+\.\d+(e-?\d+)?", "0.0", text))


def test_the_api_file_is_what_the_app_says(client, info):
    """Names, types, defaults and descriptions in full; of the answers the first lines of each."""
    written = api_docs.FILE.read_text(encoding="utf-8")
    rendered = api_docs.render(info, api_docs.streaming(client.config), api_docs.answers(written))
    assert written == rendered, "docs/api.md is not current: run `python -m tools.api_docs`"


@pytest.mark.parametrize("name", sorted(set(api_docs.REQUESTS) - SLOW))
def test_an_answer_of_the_api_file_is_the_apps(client, name):
    written = api_docs.answers(api_docs.FILE.read_text(encoding="utf-8"))[name]
    found = api_docs.answer(client.predict(**api_docs.REQUESTS[name], api_name=f"/{name}"))
    assert without_figures(found) == without_figures(written), "run `python -m tools.api_docs`"


def test_every_endpoint_is_named_described_and_typed(info):
    assert not info["unnamed_endpoints"]
    for name, endpoint in info["named_endpoints"].items():
        assert len(endpoint["description"]) > 20, name
        assert "Raises" not in endpoint["description"], name  # a refusal is a sentence
        for parameter in endpoint["parameters"]:
            assert parameter["type"], (name, parameter["parameter_name"])


def test_an_endpoint_without_a_description_or_a_request_is_refused():
    endpoint = {"parameters": [], "returns": [], "description": " "}
    with pytest.raises(ValueError, match="/x has no description"):
        api_docs.render({"named_endpoints": {"/x": endpoint}}, set(), {})
    with pytest.raises(ValueError, match="/x has no request"):
        api_docs.render({"named_endpoints": {"/x": {**endpoint, "description": "a"}}}, set(), {})


def test_a_request_is_written_as_ruff_formats_it(monkeypatch):
    monkeypatch.setitem(api_docs.REQUESTS, "x", {"text": "a" * 20})
    assert api_docs.request("x") == f'client.predict(text="{"a" * 20}", api_name="/x")'
    monkeypatch.setitem(api_docs.REQUESTS, "x", {"text": "a" * 66})
    assert api_docs.request("x").startswith("client.predict(\n    text=")
    monkeypatch.setitem(api_docs.REQUESTS, "x", {"text": "a" * 90})
    assert api_docs.request("x").endswith('",\n    api_name="/x",\n)')


def test_the_picture_of_the_house_is_what_the_imports_say():
    assert house.picture(house.imports()) in house.FILE.read_text(encoding="utf-8"), (
        "docs/house.md is not current: run `python -m tools.house`"
    )


def test_no_mcp_server_unless_it_is_asked_for(url):
    assert http.get(f"{url}gradio_api/mcp/schema").status_code == 404
