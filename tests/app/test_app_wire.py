"""What goes over the wire: compressed once, streams untouched, gradio's style sheets joined in one."""

import asyncio
import gzip

import brotli
import pytest

from tests import http
from tests.own_loop import run_async
from ulmfit_demo import theme
from ulmfit_demo.web import Joined, Wire, gradio_script, styles, wire

PAGE = b"<html>" + b"a page of many words " * 500 + b"</html>"


def served(kind: str, chunks: list[bytes], path: str = "/", accept: str = "br", **settings):
    """(the messages of `Wire`'s answer, the number of bodies that had left when each chunk was made)."""
    sent: list[dict] = []
    left: list[int] = []

    async def app(scope, receive, send):
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for i, chunk in enumerate(chunks):
            left.append(sum(m["type"] == "http.response.body" for m in sent))
            more = i < len(chunks) - 1
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"accept-encoding", accept.encode())],
    }

    async def run():
        await Wire(app, **settings)(scope, None, send)

    run_async(run())
    return sent, left


def headers_of(message: dict) -> dict:
    return {k.decode(): v.decode() for k, v in message["headers"]}


@pytest.mark.parametrize(
    ("accept", "encoding", "back"),
    [
        ("gzip, br", "br", brotli.decompress),
        ("gzip;q=0.5", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ],
)
def test_a_page_comes_as_the_browser_can_read_it(accept, encoding, back):
    sent, _ = served("text/html; charset=utf-8", [PAGE[:3000], PAGE[3000:]], accept=accept)
    headers = headers_of(sent[0])
    assert len(sent) == 2
    assert headers.get("content-encoding") == encoding
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(sent[1]["body"])
    assert back(sent[1]["body"]) == PAGE
    assert (len(sent[1]["body"]) < len(PAGE) / 10) == (encoding is not None)


def test_a_stream_is_not_held_back():
    sent, left = served("text/event-stream", [b"data: 1\n\n" * 300, b"data: 2\n\n" * 300, b""])
    assert left == [0, 1, 2]  # each part had left before the next one was made
    assert "content-encoding" not in headers_of(sent[0])
    assert sent[1]["body"] == b"data: 1\n\n" * 300


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [("POST", wire.JOIN, b""), ("GET", wire.JOIN, b"a=b"), ("POST", "/gradio_api/call/x", b"a=b")],
)
def test_a_question_comes_without_the_page_s_address(method, path, query):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["query_string"])

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"a=b"}
    run_async(Wire(app)(scope, None, None))
    assert seen == [query]
    assert scope["query_string"] == b"a=b"  # the server's log and others still have it


def test_the_same_page_is_compressed_once(monkeypatch):
    made = []
    monkeypatch.setattr(wire, "compress", lambda *a, **k: made.append(a) or b"packed")

    async def twice():
        w = Wire(lambda *a: None)
        return await asyncio.gather(*(w.packed(PAGE, "br", "text/html") for _ in range(30)))

    assert run_async(twice()) == [b"packed"] * 30
    assert len(made) == 1


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(wire.limits, "WIRE_KEPT_BYTES", 200)

    async def many():
        w = Wire(lambda *a: None)
        for i in range(50):
            await w.packed(str(i).encode() + PAGE, "br", "text/html")
        return sum(map(len, w.kept.values())), len(w.kept)

    size, n = run_async(many())
    assert size <= 200
    assert n >= 1


def test_own_files_are_kept_by_browsers():
    own = {"a-1.js": (b"let a = 1;" * 200, "text/javascript")}
    sent, _ = served("text/html", [b""], "/own/a-1.js", own=own)
    assert headers_of(sent[0])["cache-control"] == wire.FOREVER
    assert brotli.decompress(sent[1]["body"]) == own["a-1.js"][0]
    sent, _ = served("text/html", [b"not found"], "/own/../secret", own=own)
    assert sent[1]["body"] == b"not found"


def test_whether_the_page_is_there_is_answered_without_the_page(url):
    asked, sent = [], []

    async def app(scope, receive, send):
        asked.append(scope["path"])

    async def send(message):
        sent.append(message)

    async def heads():
        for path in ("/", "/config"):
            scope = {"type": "http", "method": "HEAD", "path": path, "headers": []}
            await Wire(app)(scope, None, send)

    run_async(heads())
    assert asked == ["/config"]
    assert [m.get("status", m.get("body")) for m in sent] == [200, b""]
    answer = http.head(url)
    assert answer.is_success
    assert answer.headers["content-type"] == http.get(url).headers["content-type"]


def test_a_page_of_another_build_stays_as_it_is():
    own: dict = {}
    assert Joined(own)(PAGE) == PAGE
    assert own == {}


def test_the_apps_page_asks_for_one_sheet_with_every_rule(url):
    answer = http.get(url, headers={"accept-encoding": "br"})
    assert answer.headers["content-encoding"] == "br"
    page = answer.text
    assert int(answer.headers["content-length"]) < len(answer.content) / 8  # 10.8 times, all told
    joined = page.partition('<link rel="stylesheet" href="./own/')[2].partition('"')[0]
    sheet = http.get(f"{url}own/{joined}").text
    names = styles.names_of({"textbox", "html", "tabs", "accordion", "button"})
    assert len(names) > 10
    for name in names:
        assert f'disabled href="./assets/{name}"' in page
        assert (styles.ASSETS / name).read_text(encoding="utf-8") in sheet


def test_scripts_are_compressed_and_kept(url):
    name = next(styles.ASSETS.glob("core-*.js")).name
    answer = http.get(f"{url}assets/{name}", headers={"accept-encoding": "br"})
    assert answer.headers["cache-control"] == wire.FOREVER
    assert answer.headers["content-encoding"] == "br"
    assert answer.content == gradio_script.mend_script((styles.ASSETS / name).read_bytes())


def test_an_event_that_waited_runs_again_alone(url):
    """Both places of gradio's script that start what waited; a new gradio may word them otherwise."""
    name = next(p for p in styles.ASSETS.glob("Blocks-*.js") if b"always_last" in p.read_bytes())
    assert len(gradio_script.AGAIN.findall(name.read_bytes())) == 2
    script = http.get(f"{url}assets/{name.name}").text
    assert script.count("fn_index:r.id,target_id:e.target_id})") == 2
    assert not gradio_script.AGAIN.search(script.encode())


def test_statuses_that_show_nothing_new_are_not_told(url):
    """The one place of gradio's script that tells statuses; a new gradio may word it otherwise."""
    (name,) = (
        p
        for p in styles.ASSETS.glob("Blocks-*.js")
        if gradio_script.STATUSES.search(p.read_bytes())
    )
    assert len(gradio_script.STATUSES.findall(name.read_bytes())) == 1
    script = http.get(f"{url}assets/{name.name}").text
    assert script.count("told.set(i,b)") == 1
    assert not gradio_script.STATUSES.search(script.encode())


def test_an_answer_knows_its_question(url):
    """The three places of gradio's script that hand an answer on; a new gradio may word them otherwise."""
    (name,) = (
        p for p in styles.ASSETS.glob("Blocks-*.js") if b"async handle_data" in p.read_bytes()
    )
    places = (gradio_script.SUBMITTED, gradio_script.ANSWERED, gradio_script.HANDLED)
    assert [len(place.findall(name.read_bytes())) for place in places] == [1, 1, 1]
    script = http.get(f"{url}assets/{name.name}").text
    assert script.count("window.ulmfitAsked?.(i)") == 1
    assert script.count(".data.question)") == 1
    assert script.count("written.set(") == 1


def test_inputs_are_told_that_they_are_valid_only_after_an_error(url):
    """The two places of gradio's script for a `validator`; a new gradio may word them otherwise."""
    (name,) = (p for p in styles.ASSETS.glob("Blocks-*.js") if b"always_last" in p.read_bytes())
    places = (gradio_script.CLEARED, gradio_script.INVALID)
    assert [len(place.findall(name.read_bytes())) for place in places] == [1, 1]
    script = http.get(f"{url}assets/{name.name}").text
    assert script.count(".invalid=true;") == script.count(".invalid=false,") == 1


def test_a_stream_that_ends_is_opened_again_where_an_answer_is_missing(url):
    """The two places of gradio's script for streams; a new gradio may word them otherwise."""
    (name,) = (p for p in styles.ASSETS.glob("index-*.js") if b"close_stream`" in p.read_bytes())
    places = (gradio_script.CLOSED, gradio_script.RECEIPT)
    assert [len(place.findall(name.read_bytes())) for place in places] == [1, 1]
    script = http.get(f"{url}assets/{name.name}").text
    assert script.count(".unclosed_events.size&&") == script.count("const ended=") == 1


def test_the_page_s_events_are_found_at_once(url):
    """The two places of gradio's script that look for them; a new gradio may word them otherwise."""
    core = next(p for p in styles.ASSETS.glob("core-*.js") if b"find_attached" in p.read_bytes())
    name = next(p for p in styles.ASSETS.glob("Blocks-*.js") if b"set_event_args" in p.read_bytes())
    assert len(gradio_script.LISTED.findall(core.read_bytes())) == 1
    assert len(gradio_script.ARGUMENTS.findall(name.read_bytes())) == 1
    assert http.get(f"{url}assets/{core.name}").text.count("this.listed!==") == 1
    assert "if(!Object.keys(t??{}).length)" in http.get(f"{url}assets/{name.name}").text


def test_a_clock_ends_when_it_leaves_the_page(url):
    """The two places of gradio's script for it; a new gradio may word them otherwise."""
    (name,) = styles.ASSETS.glob("statustracker-*.js")
    places = (gradio_script.CLOCK, gradio_script.CLOCK_PLACE)
    assert [len(place.findall(name.read_bytes())) for place in places] == [1, 1]
    served = http.get(f"{url}assets/{name.name}").content
    assert len(served) == len(name.read_bytes()) + len("U&&")


def test_the_figures_script_names_the_plotly_that_ships(url):
    (name,) = theme.own_files()
    assert f'"own/{name}"' in (theme.ASSETS / "script" / "figures.js").read_text(encoding="utf-8")
    answer = http.get(f"{url}own/{name}", headers={"accept-encoding": "br"})
    assert answer.headers["content-type"].startswith("text/javascript")
    assert b"plotly.js (basic - minified)" in answer.content[:200]
    assert int(answer.headers["content-length"]) < 400_000
