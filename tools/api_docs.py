"""`python -m tools.api_docs`: the running app's API → `docs/api.md`. Describes nothing of its own.

Names, types and defaults come from gradio's `view_api`, the descriptions from the docstrings of the
functions in `ulmfit_demo/tabs/`. A test holds the file to what the launched app says.
"""

from __future__ import annotations

import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / "docs" / "api.md"
SHOWN = 60  # characters of a default value
KINDS = {"Html": "HTML", "Plot": "figure (plotly as JSON)", "Code": "Python code"}

HEAD = """# The API

Written by `python -m tools.api_docs`; do not edit. Every endpoint takes what its tab takes and meets
the same bounds (`ulmfit_demo/limits.py`); a refusal is a sentence in the first result.

```python
from gradio_client import Client

client = Client("http://127.0.0.1:7860")  # or the Space's OWNER/NAME
client.predict("A warm and clever film.", api_name="/sentiment")
```

A parameter with a default may be left out. An endpoint marked *streams* sends results while it works:
`client.submit(...)` gives them one by one. Two calls of one client share a session.

With `pip install -r requirements-mcp.txt` and `ULMFIT_MCP=1 python app.py` the same endpoints are
tools of an MCP server at `/gradio_api/mcp/`, with the same descriptions.
"""


def render(info: dict, streaming: set[str]) -> str:
    """The whole file. `info`: `Client.view_api(return_format="dict")`; `streaming`: endpoints' names.

    Raises ValueError where a public endpoint has no name or no description.
    """
    if info.get("unnamed_endpoints"):
        raise ValueError(f"endpoints without a name: {sorted(info['unnamed_endpoints'])}")
    parts = [HEAD]
    for name, endpoint in sorted(info["named_endpoints"].items()):
        description = (endpoint.get("description") or "").strip()
        if not description:
            raise ValueError(f"{name} has no description: give its function a docstring")
        streams = " *Streams.*" if name in streaming else ""
        parts.append(f"## `{name}`\n\n{description}{streams}\n")
        if endpoint["parameters"]:
            parts.append("| parameter | type | default | label on the page |\n|---|---|---|---|")
            parts += [_parameter(p) for p in endpoint["parameters"]]
        results = ", ".join(_result(r) for r in endpoint["returns"]) or "nothing"
        parts.append(f"\nResult: {results}.\n")
    return "\n".join(parts)


def _parameter(p: dict) -> str:
    label = p["label"] if p["component"] != "Api" and "parameter_" not in p["label"] else ""
    default = _short(p["parameter_default"]) if p["parameter_has_default"] else "required"
    kind = p["python_type"]["type"] + _bounds(p["type"])
    if p["parameter_has_default"] and isinstance(p["parameter_default"], int | float):
        kind = kind.replace("'", "")  # gradio writes the numbers of a choice as texts
    row = (f"`{p['parameter_name']}`", _cell(kind), _cell(default), _cell(label))
    return f"| {' | '.join(row)} |"


def _bounds(schema: dict) -> str:
    """`, 1 to 64` from gradio's "numeric value between 1 and 64"."""
    found = str(schema.get("description", ""))
    lead = "numeric value between "
    return ", " + found.removeprefix(lead).replace(" and ", " to ") if lead in found else ""


def _result(r: dict) -> str:
    kind = KINDS.get(r["component"], r["python_type"]["type"])
    return f"{kind} ({r['label']})" if not r["label"].startswith(("value_", "1st")) else kind


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def streaming(config: dict) -> set[str]:
    """Names of the endpoints that stream, from the app's config."""
    return {
        f"/{d['api_name']}"
        for d in config["dependencies"]
        if d["api_name"] and d.get("types", {}).get("generator")
    }


def main() -> int:
    import app

    demo = app.build()
    FILE.parent.mkdir(exist_ok=True)
    text = render(demo.get_api_info(), streaming(demo.get_config_file()))
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.relative_to(FILE.parents[1])}: {text.count('## `')} endpoints")
    return 0


if __name__ == "__main__":
    sys.exit(main())
