"""The endpoints as tools of an MCP server, over the client of the package `mcp`: JSON, equal to Python's.

Skipped without it (pip install -r requirements-mcp.txt).
"""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

import ulmfit_demo
from tests import http
from tests.calls import (
    CALLS,
    METHODS,
    SECONDS,
    cases,
    close,
    completed,
    expected,
    is_of,
    markup,
)
from tests.own_loop import run_async
from tests.page import program
from ulmfit_demo.pipeline.results.training import LiveTraining
from ulmfit_demo.web import endpoints, resources

mcp = pytest.importorskip("mcp", reason="pip install -r requirements-mcp.txt")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an app that serves MCP as well, in a process of its own as a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("mcp") / "log"
    command = [sys.executable, "-m", "ulmfit_demo", "app", "--mcp", "--port", str(port)]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=out, stderr=out)
    try:
        schema, until = None, time.monotonic() + 180
        while schema is None and time.monotonic() < until and process.poll() is None:
            time.sleep(0.5)
            try:
                schema = http.get(f"http://127.0.0.1:{port}/gradio_api/mcp/schema").json()
            except httpx.HTTPError:
                continue
        assert schema, log.read_text()[-2_000:]
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def ask(server):
    """`ask(session → coroutine)`: what the coroutine gives, in a session with the server."""
    from mcp.client.streamable_http import streamablehttp_client

    @asynccontextmanager
    async def session():
        async with streamablehttp_client(f"{server}gradio_api/mcp/") as (read, write, _):
            async with mcp.ClientSession(read, write) as opened:
                await opened.initialize()
                yield opened

    def ask(question):
        async def asked():
            async with session() as opened:
                return await question(opened)

        return run_async(asked())

    return ask


@pytest.fixture(scope="module")
def call(ask):
    """`call(tool, arguments)`: (is it an error, its only text)."""

    def call(name, arguments):
        found = ask(lambda session: session.call_tool(name, arguments))
        (content,) = found.content
        return found.isError, content.text

    return call


@pytest.fixture(scope="module")
def pipeline():
    return ulmfit_demo.load()


def test_the_tools_are_the_endpoints(ask, server):
    tools = {t.name: t for t in ask(lambda session: session.list_tools()).tools}
    assert tools.keys() == METHODS.keys()
    info = program(server).view_api(return_format="dict", print_info=False)
    about = endpoints.parameters()
    for name, tool in tools.items():
        endpoint = info["named_endpoints"][f"/{name}"]
        assert tool.description.startswith(endpoint["description"].rstrip("."))
        parameters = {p["parameter_name"]: p for p in endpoint["parameters"]}
        properties = tool.inputSchema["properties"]
        assert properties.keys() == parameters.keys(), name  # a state would be one more
        required = {n for n, p in parameters.items() if not p["parameter_has_default"]}
        assert set(tool.inputSchema.get("required", ())) == required, name
        assert all(set(p) & {"type", "anyOf", "oneOf"} for p in properties.values()), name
        assert {n: p["description"] for n, p in properties.items()} == about[name]


@pytest.mark.parametrize("name", CALLS)
def test_a_tools_text_is_the_python_calls_json(call, pipeline, name):
    is_error, text = call(name, CALLS[name])
    assert not is_error, text
    found = json.loads(text)
    assert close(found, expected(pipeline, name))
    assert not markup(found, CALLS[name])


def test_a_live_training_is_json(call):
    found = json.loads(call(SECONDS, {"epochs": 6, "size": "small"})[1])
    assert is_of(found, LiveTraining)
    assert found["stage"] == "done"


def test_what_has_a_default_may_be_left_out(call, pipeline):
    for name, method in METHODS.items():
        first = {"prompt": "The film"} if name in ("generate", "next_words") else {"text": "A film"}
        if name in ("tokenize", "vocabulary", "word_vocabulary", "generate", "next_words"):
            found = json.loads(call(name, first)[1])
            assert close(found, json.loads(json.dumps(_last(getattr(pipeline, method)(**first)))))


@pytest.mark.parametrize(("name", "arguments", "right"), cases(said=False))
def test_a_result_left_alone_is_of_its_type(call, pipeline, name, arguments, right):
    if None in arguments.values():  # the client's own check: no text is asked for
        assert call(name, arguments)[0]
        return
    found = json.loads(call(name, arguments)[1])
    assert is_of(found, endpoints.functions(pipeline)[name].__annotations__["return"]), right


@pytest.mark.parametrize(("name", "arguments", "sentence"), cases(said=True))
def test_a_refusal_is_an_error_with_its_sentence(call, name, arguments, sentence):
    """A value of another type is refused by the tool's schema before the app sees it."""
    is_error, text = call(name, completed(name, arguments))
    assert is_error
    assert text == sentence or text.startswith("Input validation error: ")
    assert "Traceback" not in text


def test_what_is_demanded_is_named(call):
    assert call("tokenize", {}) == (True, "Input validation error: 'text' is a required property")


def test_card_vocabulary_and_lessons_are_resources(ask, pipeline):
    async def read(session):
        fixed = {str(r.uri): r for r in (await session.list_resources()).resources}
        (lesson,) = (await session.list_resource_templates()).resourceTemplates
        uris = [*fixed, *(lesson.uriTemplate.replace("{tab}", tab) for tab in resources.TABS)]
        return {uri: (await session.read_resource(uri)).contents[0] for uri in uris}

    found = ask(read)
    assert found["model://card"].text == pipeline.model_card()
    assert found["model://vocabulary"].text.split("\n") == list(pipeline.vocab)
    assert found["model://vocabulary"].mimeType == "text/plain"
    for tab in resources.TABS:
        assert found[f"lesson://{tab}"].text == resources.lesson(tab)
        assert found[f"lesson://{tab}"].mimeType == "text/markdown"


def _last(found):
    if isinstance(found, dict):
        return found
    *_, last = found
    return last
