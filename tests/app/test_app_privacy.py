"""Privacy on the server: no connection leaves the machine, and nothing typed is left on the disk.

The app runs in a process of its own, which ends a connection to anywhere but the machine itself with an
error and writes it down; its temporary files go to a folder that is searched afterwards.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import handle_file

from tests import http
from tests.page import Page

ROOT = Path(__file__).parents[2]
MARK = "quillwortzanzibar"  # typed, and found nowhere afterwards
PORT = 7_910
PROGRAM = """
import ipaddress, json, sys
file = open(sys.argv[1], "a", buffering=1)

def watch(event, args):
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        return
    host = args[1][0] if event != "socket.getaddrinfo" and isinstance(args[1], tuple) else args[0]
    if event != "socket.getaddrinfo" and not isinstance(args[1], tuple):
        return  # a Unix socket
    host = host.decode() if isinstance(host, bytes) else host
    try:
        inside = host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
        inside = inside or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        inside = False
    if not inside:
        file.write(json.dumps([event, str(host)]) + "\\n")
        raise ConnectionError(f"outside: {host}")

sys.addaudithook(watch)
import app
app.build().launch(server_port=int(sys.argv[2]), quiet=True, **app.launch_settings())
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """(url, file of the outside connections, folders that it may write to)."""
    folder = tmp_path_factory.mktemp("watched")
    home, temporary, outside = folder / "home", folder / "tmp", folder / "outside.jsonl"
    home.mkdir()
    temporary.mkdir()
    outside.touch()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "GRADIO_TEMP_DIR": str(temporary / "gradio"),
    }
    log = folder / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(outside), str(PORT)],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=file,
        )
    url, until = f"http://127.0.0.1:{PORT}/", time.monotonic() + 200
    try:
        while True:
            try:
                http.get(url)
                break
            except httpx.HTTPError:
                assert process.poll() is None, log.read_text()[-2_000:]
                assert time.monotonic() < until, "the app did not start"
                time.sleep(1)
        yield url, outside, folder
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def marked(folder: Path) -> list[Path]:
    """The files below `folder` that hold what was typed."""
    return [f for f in folder.rglob("*") if f.is_file() and MARK.encode() in f.read_bytes()]


def test_nothing_goes_out_and_nothing_stays(watched, tmp_path):
    url, outside, folder = watched
    text = f"A {MARK} film, and I liked the {MARK} in it."
    client = Page(url, verbose=False, download_files=False)
    calls = {
        "/tokenize": (text, "unigram-1000"),
        "/classify": ([text],),
        "/read_along": (text,),
        "/surprisal": (text,),
        "/vocabulary": (text, "unigram", 1_000),
        "/word_vocabulary": (text, 3, 60_000),
        "/legal_sizes": (text * 30, "bpe", 60),
        "/train_vocabulary": (text * 30, "bpe", 60, text),
        "/lm_batches": (text, 2, 5, 1, False, "fastai"),
        "/sentiment": (text,),
        "/explain": (text,),
        "/surprise": (text,),
        "/generate": (text, 0.75, 0, 1.0, 0.0, 1.0, 5, 1, 0, False),
    }
    known = {f"/{d['api_name'].removeprefix('page_')}" for d in client.config["dependencies"]}
    for name, arguments in calls.items():
        assert name in known
        assert client.predict(*arguments, api_name=name)
    # gradio's own link to a session: it writes what it remembers of the session to the disk
    linked = http.get(f"{url}gradio_api/deep_link", params={"session_hash": client.session_hash})
    assert linked.status_code == 200
    assert outside.read_text() == ""
    assert marked(folder) == []


def test_a_file_and_its_results_are_only_where_gradio_deletes_them(watched, tmp_path):
    """The exception that the footer names: they stay about an hour."""
    url, outside, folder = watched
    reviews = tmp_path / "reviews.txt"
    reviews.write_text(f"A {MARK} film.")
    client = Page(url, verbose=False, download_files=False)
    client.predict("", handle_file(str(reviews)), api_name="/sentiment_lines")
    assert outside.read_text() == ""
    kept = marked(folder)
    assert kept  # the upload itself
    assert [f for f in kept if folder / "tmp" / "gradio" not in f.parents] == []


def test_the_watch_sees_an_outside_connection(tmp_path):
    """The check itself: a program that goes out is seen and stopped."""
    start = PROGRAM.partition("import app")[0]
    go = "import socket\nsocket.create_connection(('192.0.2.1', 80), 1)\n"
    record = tmp_path / "record"
    done = subprocess.run([sys.executable, "-c", start + go, str(record)], capture_output=True)
    assert b"outside: 192.0.2.1" in done.stderr
    assert json.loads(record.read_text().splitlines()[0])[1] == "192.0.2.1"


def test_files_are_deleted_after_about_an_hour():
    """What the footer says is what gradio is told."""
    from ulmfit_demo import limits, page

    often, age = limits.DELETE_CACHE
    assert often + age <= 90 * 60
    assert "not written to disk and not sent elsewhere" in page.FOOT
    assert "about an hour" in page.FOOT.replace("\n", " ")
    assert page.launch_settings()["enable_monitoring"] is False
    assert page.launch_settings()["run_history"] is False
