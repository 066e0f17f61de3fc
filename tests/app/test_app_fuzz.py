"""A short seeded run of `benchmarks/fuzz.py`, and what a stranger may try on the running server."""

from __future__ import annotations

import http.server
import json
import logging
import threading
import urllib.error
import urllib.request

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz
from benchmarks.fuzz_inputs import ENDPOINTS

TRIES = 12


@pytest.fixture(scope="module")
def asked():
    return fuzz.functions()


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def own_children() -> set[int]:
    return {p.pid for p in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_odd_arguments_get_a_result_or_a_sentence(asked, temporary, name):
    logged, before = fuzz.Logged(), own_children()
    logging.getLogger("ulmfit_demo").addHandler(logged)

    @settings(
        max_examples=TRIES if name not in ("legal_sizes", "train_vocabulary") else 6,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*ENDPOINTS[name]))
    def run(arguments):
        assert fuzz.wrong_with(asked[name], arguments, 30.0) == "", logged.said

    try:
        run()
    finally:
        logging.getLogger("ulmfit_demo").removeHandler(logged)
    assert logged.said == []
    assert list(temporary.iterdir()) == []
    assert own_children() <= before


def test_every_endpoint_and_every_named_event_of_the_page_is_tried(asked):
    assert set(ENDPOINTS) == set(asked) - {
        "training",
        "model_card",
        "model_vocabulary",
    }  # no arguments


def test_hostile_files(asked, temporary):
    before = own_children()
    _, failures = fuzz.wrong_with_files(asked, temporary)
    assert failures == []
    assert list(temporary.iterdir()) == []
    assert own_children() <= before


@pytest.mark.parametrize(
    "path",
    [
        "file=/etc/passwd",
        "file=../../../../../../etc/passwd",
        "file=%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "file=/proc/self/environ",
        "file=app.py",
        "file=assets/models/imdb/config.json",
        "file=http://127.0.0.1:22/",
        "file=//etc/passwd",
        "file=\\etc\\passwd",
        "proxy=http://127.0.0.1:22/",
        "stream/../../etc/passwd",
        "static/../../../../etc/passwd",
        "upload_progress?upload_id=../../etc/passwd",
    ],
)
def test_no_path_leads_out(url, path):
    body = b""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/gradio_api/{path}", timeout=5) as answer:
            body, status = answer.read(4_000), answer.status
    except urllib.error.HTTPError as e:
        body, status = e.read(4_000), e.code
    except TimeoutError:
        return
    assert status >= 400 or b"root:" not in body
    assert b"root:x:" not in body
    assert b"Traceback" not in body
    assert b"def build" not in body


@pytest.fixture
def inside():
    """A server as it might stand inside a network; the requests that it got."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            got.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"text\nsecret of the inside\n")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/secret.csv", got
    server.shutdown()


def answer_to(url: str, file: dict) -> str:
    """All that `/page_sentiment_lines` sends for `file`, over the plain HTTP API."""
    api = f"{url.rstrip('/')}/gradio_api/call/page_sentiment_lines"
    data = json.dumps({"data": ["", file]}).encode()
    request = urllib.request.Request(api, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            event = json.loads(answer.read())["event_id"]
        with urllib.request.urlopen(f"{api}/{event}", timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.read().decode()


def test_no_file_of_the_server_is_read(url):
    for path in ("/etc/passwd", "../../../../etc/passwd", "app.py", "/proc/self/environ"):
        said = answer_to(url, {"path": path, "meta": {"_type": "gradio.FileData"}})
        assert "root:" not in said, path
        assert "complete" not in said or "u-notice" in said, path
        assert "Traceback" not in said


def test_no_request_goes_to_the_inside(url, inside):
    address, got = inside
    for file in (
        {"path": address, "url": address, "meta": {"_type": "gradio.FileData"}},
        {"path": "x.csv", "url": address, "meta": {"_type": "gradio.FileData"}},
    ):
        said = answer_to(url, file)
        assert "secret of the inside" not in said
        assert "Traceback" not in said
    assert got == []
