"""docs/ is what the app and its imports say; MCP is an option."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from tools import api_docs, house

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


def test_the_api_file_is_what_the_app_says(client):
    info = client.view_api(return_format="dict", print_info=False)
    written = api_docs.FILE.read_text(encoding="utf-8")
    assert written == api_docs.render(info, api_docs.streaming(client.config)), (
        "docs/api.md is not current: run `python -m tools.api_docs`"
    )


def test_every_endpoint_is_named_described_and_typed(client):
    info = client.view_api(return_format="dict", print_info=False)
    assert not info["unnamed_endpoints"]
    for name, endpoint in info["named_endpoints"].items():
        assert len(endpoint["description"]) > 20, name
        assert "Raises" not in endpoint["description"], name  # a refusal is a sentence
        for parameter in endpoint["parameters"]:
            assert parameter["type"], (name, parameter["parameter_name"])
            assert parameter["python_type"]["type"] != "Any", (name, parameter["parameter_name"])


def test_an_endpoint_without_a_description_is_refused():
    endpoint = {"parameters": [], "returns": [], "description": " "}
    with pytest.raises(ValueError, match="/x has no description"):
        api_docs.render({"named_endpoints": {"/x": endpoint}}, set())


def test_the_picture_of_the_house_is_what_the_imports_say():
    assert house.picture(house.imports()) in house.FILE.read_text(encoding="utf-8"), (
        "docs/house.md is not current: run `python -m tools.house`"
    )


def test_no_mcp_server_unless_it_is_asked_for(url):
    assert httpx.get(f"{url}gradio_api/mcp/schema").status_code == 404


@pytest.mark.skipif(
    importlib.util.find_spec("mcp") is None,
    reason="gradio[mcp] is not installed (pip install -r requirements-mcp.txt)",
)
def test_the_endpoints_are_tools_of_an_mcp_server(client, tmp_path):
    port = 7_900
    environment = {**os.environ, "ULMFIT_MCP": "1", "GRADIO_SERVER_PORT": str(port)}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        schema, until = None, time.monotonic() + 180
        while schema is None and time.monotonic() < until and process.poll() is None:
            time.sleep(1)
            try:
                schema = httpx.get(f"http://127.0.0.1:{port}/gradio_api/mcp/schema").json()
            except httpx.HTTPError:
                continue
        assert schema, (tmp_path / "log").read_text()[-2_000:]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    tools = {tool["name"]: tool for tool in schema}
    info = client.view_api(return_format="dict", print_info=False)
    for name, endpoint in info["named_endpoints"].items():
        tool = tools[name.lstrip("/")]
        assert tool["description"].startswith(endpoint["description"].rstrip("."))
