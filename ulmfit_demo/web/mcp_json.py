"""MCP results as JSON text: gradio writes a dictionary with `str`, which no client can parse.

Answers https://github.com/gradio-app/gradio/issues/11383. One method of gradio's server is replaced;
files and images go its own way.
"""

from __future__ import annotations

import functools
from typing import Any

from ulmfit_demo.pipeline import to_json


def write_json() -> None:
    """Let gradio's MCP server write every result that is no text and no file as JSON."""
    from gradio.mcp import GradioMCPServer

    original = GradioMCPServer.postprocess_output_data
    if getattr(original, "writes_json", False):
        return

    @functools.wraps(original)
    def postprocess_output_data(self, data: Any, root_url: str) -> list:
        return original(self, [_text(value) for value in data], root_url)

    postprocess_output_data.writes_json = True  # type: ignore[attr-defined]
    GradioMCPServer.postprocess_output_data = postprocess_output_data


def _text(value: Any) -> Any:
    """`value` as JSON, a text as it is; a file's description stays what it is."""
    is_file = isinstance(value, dict) and "_type" in (value.get("meta") or {})
    return value if isinstance(value, str) or is_file else to_json(value)
