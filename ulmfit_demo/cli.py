"""The command line: texts or files in, one line of JSON out for each; and the page.

    ulmfit-demo classify "A warm and clever film."
    ulmfit-demo classify --file reviews.txt > verdicts.jsonl
    ulmfit-demo app --port 7860

Exit codes: 0 all done; 1 a text was refused, there is no model, the answers cannot be written, or the
page cannot be served; 2 wrong arguments or no such file; 130 interrupted; 141 the reader has gone.
"""

from __future__ import annotations

import argparse
import errno
import importlib.util
import inspect
import os
import sys
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from ulmfit_demo import startup

# command → (the pipeline's method, what it does)
COMMANDS = {
    "classify": ("classify", "is a film review positive? label and probability"),
    "tokens": ("tokens", "cut texts into tokens"),
    "surprisal": ("surprisal", "how unlikely each token of a text was, in bits"),
    "generate": ("generate", "go on writing a text; the same seed gives the same text"),
}
NO_MCP = "The package mcp is not installed: pip install 'ulmfit-demo[mcp]'"
CHUNK = 256  # texts classified at once, between two lines of the progress bar
FAILED, USAGE, INTERRUPTED, CLOSED = 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = next((a for a in arguments if not a.startswith("-")), "")
    if command in COMMANDS:
        startup.begin()
        startup.import_fastai()
    options = parser(command).parse_args(arguments)
    try:
        return serve(options) if options.command == "app" else run(options)
    except BrokenPipeError:
        _drop_output()
        return CLOSED
    except OSError as e:  # a full disk, a port that is taken
        if e.errno == errno.ENOSPC:
            _drop_output()
        print(e, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _drop_output() -> None:
    """What Python still holds for the output must not be written when it ends: that would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(options: argparse.Namespace) -> int:
    """Answer every text of the arguments, of the files, or of the standard input."""
    from tqdm import tqdm

    from ulmfit_demo import load
    from ulmfit_demo.models.bundle import BundleError
    from ulmfit_demo.pipeline import to_json

    try:
        texts = list(read(options))
    except OSError as e:
        print(f"{e.filename} cannot be read: {e.strerror}", file=sys.stderr)
        return USAGE
    try:
        pipeline = load(options.model)
    except BundleError as e:
        print(e, file=sys.stderr)
        return FAILED
    startup.settled()
    method = COMMANDS[options.command][0]
    settings = {name: getattr(options, name) for name in options.settings}
    refused = False
    with tqdm(total=len(texts), unit=" texts", disable=not sys.stderr.isatty()) as bar:
        for text, result in answers(getattr(pipeline, method), texts, settings):
            refused |= "error" in result
            line = result if "prompt" in result else {"text": text, **result}
            print(to_json(line), flush=sys.stdout.isatty())
            bar.update()
    sys.stdout.flush()
    return FAILED if refused else 0


def answers(method: Callable, texts: Sequence[str], settings: dict) -> Iterator[tuple[str, dict]]:
    """(text, result) of each; a refusal is `{"error": sentence}`. Many texts are classified together."""
    from ulmfit_demo import limits

    if method.__name__ == "classify":
        rest = iter(texts)
        while chunk := list(islice(rest, CHUNK)):
            yield from zip(chunk, method(chunk), strict=True)
        return
    for text in texts:
        try:
            yield text, method(text, **settings)
        except limits.Refused as refusal:
            yield text, {"error": str(refusal)}


def read(options: argparse.Namespace) -> Iterator[str]:
    """The texts: arguments, then the lines of the files; without both, of the standard input."""
    yield from options.texts
    for path in options.file:
        yield from _lines(Path(path).read_bytes())
    if not options.texts and not options.file:
        yield from _lines(sys.stdin.buffer.read())


def _lines(data: bytes) -> list[str]:
    """One text a line; what is no UTF-8 is replaced."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    lines = text.split("\n")  # not `splitlines`, which cuts at characters inside a text as well
    return lines[:-1] if lines[-1] == "" else lines


def serve(options: argparse.Namespace) -> int:
    """The page, until it is interrupted."""
    if options.model:
        os.environ["ULMFIT_BUNDLE"] = options.model
    startup.prepare()
    from ulmfit_demo import page

    if options.mcp:
        if importlib.util.find_spec("mcp") is None:
            print(NO_MCP, file=sys.stderr)
            return FAILED
        os.environ[page.MCP] = "1"
    startup.settled()
    settings = page.launch_settings()
    page.build().launch(server_name=options.host, server_port=options.port, **settings)
    return 0


def parser(command: str = "") -> argparse.ArgumentParser:
    """The arguments. Those of `command` that are the pipeline's own are read from its method."""
    found = argparse.ArgumentParser("ulmfit-demo", description=(__doc__ or "").split("\n")[0])
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (method, about) in COMMANDS.items():
        sub = commands.add_parser(name, help=about, description=about)
        sub.add_argument("texts", nargs="*", metavar="TEXT", help="without one: lines are read")
        sub.add_argument(
            "-f",
            "--file",
            action="append",
            default=[],
            help="a file with one text a line; may be given several times",
        )
        _model(sub)
        sub.set_defaults(settings=[])
        if name == command:
            from ulmfit_demo.pipeline import Pipeline

            sub.set_defaults(settings=_options(sub, getattr(Pipeline, method)))
    app = commands.add_parser("app", help="serve the page", description="Serve the page.")
    app.add_argument("--host", help="address to listen on (127.0.0.1)")
    app.add_argument("--port", type=int, help="the first free one from 7860")
    app.add_argument("--mcp", action="store_true", help="the endpoints as MCP tools as well")
    _model(app)
    return found


def _model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="a bundle's folder, or OWNER/NAME of the Hugging Face Hub")


def _options(parser: argparse.ArgumentParser, method: Callable) -> list[str]:
    """Add every parameter of `method` that has a default; their names."""
    from ulmfit_demo.pipeline.base import described

    hints = typing.get_type_hints(inspect.unwrap(method))
    about = described(inspect.unwrap(method))
    names = []
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is inspect.Parameter.empty:
            continue
        kind, default = hints[name], parameter.default
        settings: dict = {"help": about.get(name, "").replace("%", "%%")}
        if isinstance(kind, types.UnionType):
            settings |= {"nargs": "*"}  # list[str] | None
        elif kind is bool:
            settings |= {"action": "store_true"}
        else:
            settings |= {"type": kind}
            settings["help"] += f" ({default})"
        parser.add_argument(f"--{name.replace('_', '-')}", default=default, **settings)
        names.append(name)
    return names
