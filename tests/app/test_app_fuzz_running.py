"""A short run of `benchmarks/fuzz_running.py`: every event of the running app, its doors, its tools."""

from __future__ import annotations

import pytest

from benchmarks import fuzz_running
from benchmarks.running_app import Event, messages

pytest.importorskip("mcp", reason="pip install -r requirements-mcp.txt")


@pytest.mark.timeout(900)
def test_the_running_app_survives_odd_requests(tmp_path):
    rows = fuzz_running.run(tmp_path, tries=2)
    assert [failure for row in rows for failure in row[3]] == []
    assert {"Teach", "Inside", "data endpoints", "tools of MCP"} <= {row[0] for row in rows}
    assert len(rows) > 200
    text = fuzz_running.report(rows, 2, 1.0)
    assert f"| **all** | {len(rows)} |" in text


def test_what_counts_as_markup():
    """A field's value is no HTML, and a figure's template escapes by itself."""
    html, own = ("html", {}), ("html", {"html_template": "<b>{{value}}</b>"})
    event = Event(1, "x", "Teach", (), (html, own, ("textbox", {})), True)
    evil = "<script>alert(1)</script>"
    assert event.markup({"data": [evil, evil, evil]}) == [evil]
    assert event.markup({"data": [{"__type__": "update", "value": evil}]}) == [evil]
    assert event.markup({"error": evil}) == []


def test_a_stream_is_cut_at_its_empty_lines_only():
    stream = [b'data: {"a": "x\xe2\x80\xa8y"}\n', b'\nevent: z\n\ndata: {"b"', b": 2}\n\n"]
    assert list(messages(iter(stream))) == [{"a": "x\u2028y"}, {"b": 2}]
