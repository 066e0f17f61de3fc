"""Getting warm: after the first page, and not where the program ends before that."""

import threading
import time
from types import SimpleNamespace

from ulmfit_demo.inference import sentiment
from ulmfit_demo.models import precision


def begun(monkeypatch, seconds: float) -> tuple[list[str], threading.Thread]:
    """(what was done so far, the thread that does it) with models that are none."""
    done: list[str] = []
    monkeypatch.delenv(precision.ENV, raising=False)  # with it the warming comes before anything
    monkeypatch.setattr(sentiment, "FIRST_PAGE_SECONDS", seconds)
    monkeypatch.setattr(sentiment, "read", lambda *_: done.append("read"))
    monkeypatch.setattr(sentiment.tokens, "keep_common", lambda _: done.append("common"))
    words = SimpleNamespace(words=["the", "film"])
    before = set(threading.enumerate())
    sentiment.warm_up(
        SimpleNamespace(bundle=object(), words=lambda: words),  # type: ignore[arg-type]
        then=lambda: done.append("then"),
    )
    new = set(threading.enumerate()) - before
    (thread,) = (one for one in new if "later" in one.name)
    return done, thread


def test_the_first_page_comes_before_the_warming(monkeypatch):
    began = time.monotonic()
    done, thread = begun(monkeypatch, 0.5)
    assert done == []
    thread.join(60)
    assert done == ["read", "common", "then"]
    assert time.monotonic() - began >= 0.5


def test_a_program_that_has_ended_is_not_kept(monkeypatch):
    done, thread = begun(monkeypatch, 1_000)
    ended = SimpleNamespace(is_alive=lambda: False)
    monkeypatch.setattr(sentiment.threading, "main_thread", lambda: ended)
    thread.join(60)
    assert not thread.is_alive()
    assert done == []
