"""The web server around the page: large bodies are refused, and a session remembers no text."""

import json
from datetime import datetime, timedelta

import gradio as gr
import httpx
import pytest
from gradio import state_holder

from tests import http
from tests.own_loop import run_async
from tests.page import program
from ulmfit_demo import limits, web
from ulmfit_demo.web import gradio_patches

MARK = "a zanzibarian quillwort"


async def echo(scope, receive, send):
    """An app that reads its whole body and says how long it was; nothing where the client left."""
    n, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        n += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(n).encode()})


def ask(chunks: list[bytes], path: str = "/gradio_api/call/sentiment", said: bytes | None = None):
    """(status, body) of `BodyLimit` with a bound of 100 bytes; None where there was no answer."""
    sent = []
    parts = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    parts.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        return parts.pop(0)

    async def send(message):
        sent.append(message)

    headers = [] if said is None else [(b"content-length", said)]
    scope = {"type": "http", "path": path, "headers": headers, "method": "POST"}
    run_async(web.BodyLimit(echo, 100)(scope, receive, send))
    return (sent[0]["status"], sent[1]["body"].decode()) if sent else None


def test_a_body_over_the_bound_is_refused_before_it_is_read():
    assert ask([b"a" * 100], said=b"100") == (200, "100")
    assert ask([b"a" * 101], said=b"101") == (413, web.TOO_LARGE)
    assert ask([b"a"], said=b"-1") == (413, web.TOO_LARGE)


def test_a_body_that_does_not_say_its_length_ends_at_the_bound():
    assert ask([b"a" * 60, b"a" * 40]) == (200, "100")
    assert ask([b"a" * 60, b"a" * 41]) is None
    assert ask([b"a" * 60, b"a" * 41], said=b"10") is None


def test_files_have_their_own_bound():
    assert ask([b"a" * 500], "/gradio_api/upload", b"500") == (200, "500")


def test_the_running_app_refuses_it(url):
    body = json.dumps({"data": ["a" * limits.BODY_BYTES]}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    try:
        answer = http.post(f"{url}gradio_api/call/sentiment", content=body, headers=headers)
    except httpx.WriteError:  # it had closed before all was sent
        return
    assert answer.status_code == 413


def test_a_session_keeps_states_and_no_text():
    with gr.Blocks() as demo:
        text, state = gr.Textbox(), gr.State(3)
    session = gradio_patches.ForgetfulSession(demo)
    assert session[state._id] == 3
    session[state._id] = 4
    session[text._id] = text
    session._update_value_in_config(text._id, MARK)
    session._update_config(text._id)
    assert (session[state._id], session[text._id]) == (4, text)
    assert session.config_values == {}
    assert session.STATE_TTL_WHEN_CLOSED == limits.STATE_SECONDS
    # what it must keep away: gradio's own session does remember
    kept = gradio_patches.ForgetfulSession.__mro__[1](demo)
    kept._update_value_in_config(text._id, MARK)
    assert MARK in str(kept.config_values)


def test_a_state_that_is_used_lives_on():
    """It is forgotten half an hour after its last use, not after its first one."""
    with gr.Blocks() as demo:
        state = gr.State(None, time_to_live=1_800)
    session = gradio_patches.ForgetfulSession(demo)

    def is_over(minutes: int) -> bool:
        """Whether it has expired when it was last used so long ago."""
        seconds, _ = session._state_ttl[state._id]
        used = datetime.now() - timedelta(minutes=minutes)
        session._state_ttl[state._id] = (seconds, used)
        ((_, _, over),) = session.state_components
        return over

    session[state._id] = "a visitor's lines"
    assert not is_over(29)
    assert is_over(31)
    assert session[state._id] == "a visitor's lines"  # used
    ((_, _, over),) = session.state_components
    assert not over


def test_the_running_app_makes_such_sessions(url):
    client = program(url, download_files=False)
    assert client.predict(MARK, api_name="/surprisal")
    assert state_holder.SessionState is gradio_patches.ForgetfulSession


@pytest.mark.parametrize("value", [6.0, True])
def test_a_choice_is_the_allowed_value_itself(value):
    if value is True:
        with pytest.raises(limits.Refused):
            limits.choice(value, (1, 2), "It")
    else:
        assert type(limits.choice(value, (6, 12), "It")) is int
