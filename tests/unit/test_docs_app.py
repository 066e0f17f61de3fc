"""The documents' commands that start the app: they are run, in a folder of their own, and it answers."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from tests import http, small_bundle

pytest.importorskip("mcp", reason="pip install -r requirements-mcp.txt")
ROOT = Path(__file__).parents[2]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
# In one start, what the documents say one by one.
SAID = {
    "README.md": "ULMFIT_MCP=1 python app.py",
    "CONTRIBUTING.md": "ULMFIT_BUNDLE=my-bundle python app.py",
    "docs/scale.md": "GRADIO_SERVER_PORT=7861 python app.py",
    "docs/api.md": "ULMFIT_MCP=1 python app.py",
}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """(address, log) of `python app.py` with the variables that the documents name."""
    folder = tmp_path_factory.mktemp("app")
    small_bundle.write(folder / "my-bundle")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "ULMFIT_MCP": "1",
        "ULMFIT_BUNDLE": str(folder / "my-bundle"),
        "GRADIO_SERVER_PORT": str(port),
    }
    log = folder / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        url, until = f"http://127.0.0.1:{port}/", time.monotonic() + 200
        while time.monotonic() < until and process.poll() is None:
            try:
                http.get(f"{url}config").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.5)
        else:
            pytest.fail(log.read_text()[-2_000:])
        yield url, log
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize(("name", "command"), SAID.items())
def test_the_documents_say_so(name, command):
    assert command in (ROOT / name).read_text(encoding="utf-8")


def test_the_app_serves_its_page_and_mcp_with_the_bundle_that_was_named(started):
    url, _ = started
    assert "ULMFiT, step by step" in http.get(url).text
    tools = {t["name"] for t in http.get(f"{url}gradio_api/mcp/schema").json()}
    assert {"classify", "fit", "memory"} <= tools
    client = Client(url, verbose=False)
    assert client.predict(api_name="/model_vocabulary").split("\n") == small_bundle.WORDS
    assert client.predict("the film is good", api_name="/classify")["label"] in ("pos", "neg")


def test_the_first_lines_of_the_api_file_run(started):
    url, _ = started
    block = re.search(r"```python\n(.*?)```", API, re.DOTALL)[1]
    assert block.count("http://127.0.0.1:7860") == 1
    found: dict = {}
    exec(block.replace("http://127.0.0.1:7860", url), found)
    assert found["client"].predict("the film", api_name="/classify")["label"]
