"""What README, CONTRIBUTING and docs/ name is there: links, anchors, paths; their commands are right.

Other tests run the code blocks: `test_readme.py`, `test_contributing.py`, `test_scale.py`,
`tests/app/test_app_docs.py`; and `.ci/run` the commands for the linters and the tests.
"""

import argparse
import importlib.util
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import train.__main__
from tools import house, licences, refresh_constraints
from ulmfit_demo import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "train/README.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
    *sorted((ROOT / "ulmfit_demo" / "lessons").glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "benchmarks" / "results").glob("*.md")),
    *sorted((ROOT / "assets" / "models").glob("*/README.md")),
]
TEXTS = {str(f.relative_to(ROOT)): f.read_text(encoding="utf-8") for f in DOCUMENTS}
FENCED = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What the worked examples of CONTRIBUTING write; `test_contributing.py` performs them.
WRITTEN = {name for _, name, _ in FENCED.findall(TEXTS["CONTRIBUTING.md"]) if name}
CORPUS = {f"{part}/{label}" for part in ("train", "test") for label in ("pos", "neg")}
OLD_NAMES = "CHANGELOG.md"  # tells of paths that are gone


def without_blocks(text: str) -> str:
    return FENCED.sub("", text)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", without_blocks(text))
    return [target for target in found if not target.startswith(("http://", "https://", "mailto:"))]


@pytest.mark.parametrize("name", TEXTS)
def test_every_relative_link_leads_to_a_file_and_a_heading(name):
    for target in links(TEXTS[name]):
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


PATH = re.compile(
    r"`((?:app\.py|requirements|constraints|pyproject|\.ci/|ulmfit_demo/|train/|tests/|tools/|assets/|docs/"
    r"|benchmarks/)[\w./*-]*)(?:::\w+)?`"
)


@pytest.mark.parametrize("name", [n for n in TEXTS if n != OLD_NAMES])
def test_every_path_in_backquotes_is_there(name):
    paths = {p for p in PATH.findall(TEXTS[name]) if not re.search(r"\b[A-Z]{2,}\b(?!\.md)", p)}
    for path in paths - WRITTEN - CORPUS:
        assert list(ROOT.glob(path.rstrip("/"))), path


COMMANDS = ("python ", "pip ", "pip-audit", "pytest", "ruff ", "mypy", "lint-imports", "make ")
COMMANDS += ("docker ", "torchrun ", "ulmfit-demo", "nginx ", "apt-get ")

VARIABLE = re.compile(r"[A-Z_]+=\S+ ")  # of the environment, before a command


def commands(text: str) -> list[str]:
    """Every command of a document: of indented lines, of `sh` blocks, in backquotes."""
    plain = without_blocks(text)
    lines = re.findall(r"^    (\S.*)$", plain.replace("\\\n", " "), re.MULTILINE)
    lines += [
        line
        for kind, _, block in FENCED.findall(text)
        if kind == "sh"
        for line in block.replace("\\\n", " ").splitlines()
    ]
    lines += re.findall(r"`([^`]+)`", plain)
    whole = [re.sub(r"\s+", " ", line).partition(" # ")[0].strip() for line in lines]
    single = [part.strip() for line in whole for part in line.split("&&")]
    return [c for c in dict.fromkeys(single) if c.startswith(COMMANDS) or VARIABLE.match(c)]


ALL = [(name, c) for name in TEXTS if name != OLD_NAMES for c in commands(TEXTS[name])]
PLACEHOLDERS = {"FILE": "train/recipes/imdb.toml", "STAGE": "data", "NUMBER": "1"}
# What cannot run here, and why.
NEEDS = {
    "docker": "Docker",
    "nginx": "nginx",
    "pip-audit": "a service of advisories",
    "apt-get": "Debian's packages",
    "python -m build": "the package build, and what it downloads; a test builds the wheel",
}


def check_train(words: list[str]) -> None:
    """The arguments of `python -m train` are known and the recipe is there."""
    words = [PLACEHOLDERS.get(word, word) for word in words]
    options = train.__main__.parser().parse_args(words)
    if options.recipe is not None and str(options.recipe) not in WRITTEN:
        assert (ROOT / options.recipe).is_file(), options.recipe


def check_cli(words: list[str]) -> None:
    """The arguments of the command line are known."""
    words = words[: words.index(">")] if ">" in words else words
    if words:
        cli.parser(words[0]).parse_args(words)


# `test_scale.py` runs the examples where their packages are there.
NOT_INSTALLED = [
    f"import {name}" for name in ("ray", "pyspark") if importlib.util.find_spec(name) is None
] + ["from pyspark"] * (importlib.util.find_spec("pyspark") is None)


class Parsed(Exception):
    """A program has read its arguments, and would begin."""


def check_module(module: str, words: list[str]) -> None:
    """A tool, a benchmark or an example: it is imported, and its own parser reads the arguments."""
    is_module = not module.endswith(".py")
    path = ROOT / (f"{module.replace('.', '/')}.py" if is_module else module)
    text = path.read_text(encoding="utf-8")
    if "ArgumentParser" not in text or any(p in text for p in NOT_INSTALLED):
        compile(text, str(path), "exec")
        for option in (w for w in words if w.startswith("--")):
            assert f'"{option}"' in text, option
        return
    real = argparse.ArgumentParser.parse_args

    def parse_args(self, args=None, namespace=None):
        real(self, words, namespace)
        raise Parsed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
        patch.setattr(sys, "argv", [str(path), *words])
        patch.syspath_prepend(ROOT if is_module else path.parent)
        with pytest.raises(Parsed):
            runpy.run_path(str(path), run_name="__main__")


def check_files(words: list[str]) -> None:
    """The requirement files of a `pip install` are there."""
    for option, file in pairwise(words):
        if option in ("-r", "-c"):
            assert (ROOT / file).is_file(), file


def check(command: str) -> None:
    words = shlex.split(command)
    while words and "=" in words[0]:  # of the environment
        words = words[1:]
    if not words or " ".join(words).startswith(tuple(NEEDS)):
        return
    program, rest = words[0], words[1:]
    if program == "torchrun" or rest[:2] == ["-m", "train"]:
        check_train(rest[rest.index("train") + 1 :])
    elif program == "ulmfit-demo" or rest[:2] == ["-m", "ulmfit_demo"]:
        check_cli(rest if program == "ulmfit-demo" else rest[2:])
    elif program == "python" and rest:
        n = 2 if rest[0] == "-m" else 1
        check_module(rest[n - 1], rest[n:])
    elif program == "pip":
        check_files(rest)
    elif program == "make":
        subprocess.run(["make", "-n", *rest], cwd=ROOT, check=True, capture_output=True)
    elif program == "pytest":
        missing = [w for w in rest if w.startswith("tests/") and not (ROOT / w).exists()]
        assert missing == []
    else:
        assert program in ("ruff", "mypy", "lint-imports"), "say in this file how it is checked"
        assert shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)


@pytest.mark.parametrize("name", [n for n in TEXTS if n != OLD_NAMES])
def test_every_command_is_right(name):
    for command in commands(TEXTS[name]):
        try:
            check(command)
        except (AssertionError, OSError, SystemExit, subprocess.CalledProcessError) as e:
            pytest.fail(f"{name}: `{command}`: {type(e).__name__} {e}")


def test_commands_are_found():
    found = {c for _, c in ALL}
    assert {"python app.py", "ruff check .", "pytest -n 2 --dist loadfile"} <= found
    assert len(found) > 40


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("python -m train all --recipe train/recipes/none.toml", AssertionError),
        ("python -m train everything --recipe train/recipes/imdb.toml", SystemExit),
        ("python -m tools.nothing", OSError),
        ("python -m benchmarks.load --visitors 3", SystemExit),
        ("python benchmarks/inside.py --runs 3", AssertionError),
        ("pip install -r requirements-none.txt", AssertionError),
        ("ulmfit-demo judge", SystemExit),
        ("make nothing", subprocess.CalledProcessError),
        ("cargo run", AssertionError),
    ],
)
def test_a_wrong_command_is_found(command, error):
    with pytest.raises(error):
        check(command)


def said(command: str) -> None:
    assert command in {c for _, c in ALL}, "no document says so any more"


def test_the_readmes_command_line_gives_a_verdict_a_line(tmp_path, monkeypatch, capsys):
    command = "python -m ulmfit_demo classify --file reviews.txt > verdicts.jsonl"
    said(command)
    shutil.copy(ROOT / "docs" / "examples" / "reviews.txt", tmp_path)
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    assert cli.main(words[3 : words.index(">")]) == 0
    lines = capsys.readouterr().out.splitlines()
    texts = (tmp_path / "reviews.txt").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts


def test_publishing_a_bundle_can_be_tried(capsys, monkeypatch):
    said("python -m train publish --recipe FILE --repo OWNER/NAME --dry-run")
    monkeypatch.chdir(ROOT)
    recipe = ["--recipe", "train/recipes/imdb.toml"]
    assert train.__main__.main(["publish", *recipe, "--repo", "OWNER/NAME", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "classifier.safetensors" in told
    assert "bytes would go to OWNER/NAME" in told


def test_no_document_of_the_repository_is_left_out():
    """Every document that git tracks is read here, or it is a text of the app's own."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no git checkout")
    assert set(listed.stdout.split()) <= set(TEXTS)


def test_no_link_is_written_in_a_way_that_is_not_followed():
    """Links are `[text](target)`: one by a reference or in HTML would be clicked by no test."""
    for name, text in TEXTS.items():
        plain = re.sub(r"`[^`]*`", "", without_blocks(text))
        assert not re.findall(r"^\[[^\]]+\]: ", plain, re.MULTILINE), name
        assert not re.findall(r"<(?:a|img)\b", plain), name


@pytest.mark.parametrize("name", TEXTS)
def test_an_address_of_the_web_is_one(name):
    """Nobody opens them here; that each could be opened is checked."""
    for target in re.findall(r"\]\((https?:[^)\s]+)\)", without_blocks(TEXTS[name])):
        assert re.fullmatch(r"https://[\w.-]+\.\w+(/[^\s<>\"]*)?", target), target


@pytest.mark.parametrize("tool", [house, licences, refresh_constraints])
def test_a_tool_writes_its_file(tool, tmp_path, monkeypatch):
    said(f"python -m {tool.__name__}")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    for name in ("ulmfit_demo", "train", "app.py", *refresh_constraints.FILES, "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr(tool, "FILE", tmp_path / "written")
    assert tool.main() == 0
    assert (tmp_path / "written").stat().st_size > 1_000


def test_the_version_is_the_same_everywhere():
    """Of the wheel, of the citation, of the newest release in the changes, which has a date."""
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)[
        1
    ]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    (newest, date), *_ = re.findall(
        r"^## (\d+\.\d+\.\d+)(?: \((\d{4}-\d\d-\d\d)\))?$", TEXTS["CHANGELOG.md"], re.MULTILINE
    )
    assert newest == version
    assert date
    assert f"\nversion: {version}\n" in citation
    assert f"\ndate-released: {date}\n" in citation
