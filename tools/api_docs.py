"""`python -m tools.api_docs`: the running app's API → `docs/api.md`. Describes nothing of its own.

Names, types and defaults come from gradio's `view_api`, the descriptions from the docstrings of the
pipeline's methods, the answers from the app itself, which is asked `REQUESTS` in fp32. A test holds the
file to what the launched app says and answers, fractions left aside.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

from gradio_client import Client

FILE = Path(__file__).parents[1] / "docs" / "api.md"
SHOWN = 3  # items of a list; the rest is counted
LINE = 100  # of Python, as in pyproject.toml
WIDTH = 96  # characters of a line of an answer
CHARACTERS = 160  # of a text in an answer
LEARN = "the boat and the harbour\n" * 40

HEAD = """# The API

Written by `python -m tools.api_docs`; do not edit. Every endpoint calls one method of the object that
`ulmfit_demo.load()` gives, and its answer is that method's, as data. What a server adds are the bounds
of the page (`ulmfit_demo/limits.py`). A refusal is an error whose message is the sentence that the page
shows; `gradio_client` raises it.

```python
from gradio_client import Client

client = Client("http://127.0.0.1:7860")  # or the Space's OWNER/NAME
client.predict("A warm and clever film.", api_name="/classify")
```

A parameter with a default may be left out. An endpoint marked *streams* sends results while it works:
`client.submit(...)` gives them one by one, `predict` the last. The answers below are the app's own,
numbers shortened, long lists and texts cut (`…`).

With `pip install -r requirements-mcp.txt` and `ULMFIT_MCP=1 python app.py` (or `ulmfit-demo app --mcp`)
the same endpoints are tools of an MCP server at `/gradio_api/mcp/`, and their results are JSON. Its
resources are `model://card`, `model://vocabulary` and `lesson://{tab}`.
"""

# One request an endpoint.
REQUESTS: dict[str, dict] = {
    "classify": {"texts": ["A warm and clever film.", "Dull, loud and two hours too long.", ""]},
    "classifier_batches": {"text": "A film.\n\nA long and dull film.", "bs": 2, "padding": "last"},
    "encode": {"texts": "A warm and clever film."},
    "explain": {"text": "A dull film."},
    "fit": {
        "texts": [
            "The song stays in the ear.",
            "She plays the widow well.",
            "The band is too loud.",
        ],
        "labels": ["music", "acting", "music"],
        "judge": ["The violins are out of tune."],
    },
    "generate": {"prompt": "I liked", "n_words": 5, "seed": 0},
    "legal_sizes": {"text": LEARN, "kind": "bpe"},
    "lesson": {"tab": "batches"},
    "lm_batches": {"text": "A warm film about an old boat.", "bs": 2, "seq_len": 3},
    "memory": {"text": "The old boat left the harbour.", "token": 5},
    "model_card": {},
    "model_vocabulary": {},
    "neighbours": {"word": "wooden", "n": 3},
    "next_words": {"prompt": "I liked", "temperature": 0.75, "top_k": 2},
    "numericalize": {"text": "A blorptastic film."},
    "other_models": {"text": "A dull film."},
    "read_along": {"text": "A dull film."},
    "smallest_change": {"text": "A dull film."},
    "stages": {"prompt": "The film"},
    "surprisal": {"text": "A dull film."},
    "tokenize": {"text": "A DULL film!!!"},
    "train_live": {"source": "ours", "epochs": 6, "size": "small"},
    "train_vocabulary": {"text": LEARN, "kind": "bpe", "size": 22, "sample": "the boat"},
    "training": {},
    "two_readers": {"text": "The boat is dull."},
    "unit": {"text": "A dull film.", "unit": 3, "token": 2},
    "vocabulary": {"text": "unhappiness", "kind": "bpe", "size": 200},
    "what_if": {"text": "A dull film.", "word": 2},
    "word_vocabulary": {"text": "A blorptastic film.", "min_freq": 3},
}


ANSWER = re.compile(r"^## `/(\w+)`$.*?^```json\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def render(info: dict, streaming: set[str], answers: dict[str, str]) -> str:
    """The whole file.

    `info`: `Client.view_api(return_format="dict")`; `streaming`: endpoints' names; `answers`: to
    `REQUESTS`, as `answer` writes them. Raises ValueError where a public endpoint has no name, no
    description or no request.
    """
    from ulmfit_demo.pipeline.base import described
    from ulmfit_demo.web import endpoints, resources

    about = {**endpoints.parameters(), "lesson": described(resources.lesson)}
    if info.get("unnamed_endpoints"):
        raise ValueError(f"endpoints without a name: {sorted(info['unnamed_endpoints'])}")
    parts = [HEAD]
    for path, endpoint in sorted(info["named_endpoints"].items()):
        name = path.removeprefix("/")
        description = (endpoint.get("description") or "").strip()
        if not description:
            raise ValueError(f"{path} has no description: give its method a docstring")
        if name not in answers:
            raise ValueError(f"{path} has no request: name one in REQUESTS")
        streams = " *Streams.*" if path in streaming else ""
        parts.append(f"## `{path}`\n\n{description}{streams}\n")
        if endpoint["parameters"]:
            parts.append("| parameter | type | default | |\n|---|---|---|---|")
            parts += [_parameter(p, about.get(name, {})) for p in endpoint["parameters"]]
            parts.append("")
        (result,) = endpoint["returns"]
        parts.append(f"Result: `{result['python_type']['type']}`\n")
        parts.append(f"```python\n{request(name)}\n```\n")
        parts.append(f"```json\n{answers[name]}\n```\n")
    return "\n".join(parts)


def request(name: str) -> str:
    """The Python that asks the request of an endpoint, as ruff formats it."""
    given = {**REQUESTS[name], "api_name": f"/{name}"}
    arguments = [f"{k}={_literal(v)}" for k, v in given.items()]
    line = ", ".join(arguments)
    if len(f"client.predict({line})") <= LINE:
        return f"client.predict({line})"
    if len(line) + 4 <= LINE:
        return f"client.predict(\n    {line}\n)"
    return "client.predict(\n" + "".join(f"    {a},\n" for a in arguments) + ")"


def _literal(value: object) -> str:
    if value == LEARN:
        return '"the boat and the harbour\\n" * 40'
    return json.dumps(value, ensure_ascii=False)


def answer(value: object) -> str:
    """An answer as the file holds it."""
    return formatted(shortened(value))


def answers(written: str) -> dict[str, str]:
    """The answers that a file holds, by endpoint."""
    return dict(ANSWER.findall(written))


def shortened(value: object) -> object:
    """`value` with floats of four digits, and of long lists and texts the beginning."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: shortened(v) for k, v in value.items()}
    if isinstance(value, list):
        rest = len(value) - SHOWN
        return [shortened(v) for v in value[:SHOWN]] + ([f"… {rest:,} more"] if rest > 0 else [])
    if isinstance(value, str) and len(value) > CHARACTERS:
        return f"{value[:CHARACTERS]}… {len(value) - CHARACTERS:,} more characters"
    return value


def formatted(value: object, indent: int = 0) -> str:
    """JSON in which what fits into a line stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, dict):
        items = [
            f"{inner}{json.dumps(k)}: {formatted(v, indent + 2).lstrip()}" for k, v in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{pad}}}"
    items = [f"{inner}{formatted(v, indent + 2).lstrip()}" for v in value]
    return "[\n" + ",\n".join(items) + f"\n{pad}]"


def _parameter(p: dict, about: dict[str, str]) -> str:
    default = repr(p["parameter_default"]) if p["parameter_has_default"] else "required"
    kind, name = p["python_type"]["type"], p["parameter_name"]
    row = (f"`{name}`", _cell(kind), _cell(default), _cell(about.get(name, "")))
    return f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def streaming(config: dict) -> set[str]:
    """Names of the endpoints that stream, from the app's config."""
    return {
        f"/{d['api_name']}"
        for d in config["dependencies"]
        if d["api_name"] and d.get("types", {}).get("generator")
    }


def ask(client: Client) -> dict[str, str]:
    """The app's answer to every request."""
    return {n: answer(client.predict(**given, api_name=f"/{n}")) for n, given in REQUESTS.items()}


def main() -> int:
    os.environ["ULMFIT_PRECISION"] = "fp32"
    import app

    demo = app.build()
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **app.launch_settings())
    client = Client(url, verbose=False)
    info = client.view_api(return_format="dict", print_info=False)
    text = render(info, streaming(client.config), ask(client))
    demo.close()
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.relative_to(FILE.parents[1])}: {text.count('## `')} endpoints")
    return 0


if __name__ == "__main__":
    sys.exit(main())
