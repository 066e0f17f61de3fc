"""The worked examples of CONTRIBUTING.md, performed in a copy of the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path):
    """What the examples change, copied; what they only read, linked."""
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("ulmfit_demo", "train"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skip)
    for name in ("app.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    return tmp_path


def change(file: Path, diff: str) -> None:
    """Replace the lines ` ` and `-` of `diff` by its lines ` ` and `+`; they must be there once."""
    lines = [(line[:1], line[1:] + "\n") for line in diff.splitlines()]
    old = "".join(line for sign, line in lines if sign in " -")
    new = "".join(line for sign, line in lines if sign in " +")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"not once in {file.name}: {old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def perform(section: str, folder: Path) -> int:
    """Write, change and run the section's blocks in order; how many there were."""
    blocks = BLOCK.findall(SECTIONS[section])
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["GRADIO_ANALYTICS_ENABLED"] = "False"
    for kind, name, text in blocks:
        if kind == "diff":
            change(folder / name, text)
        elif kind == "json":
            file = folder / name
            known = json.loads(file.read_text(encoding="utf-8"))
            file.write_text(json.dumps({**known, **json.loads(text)}), encoding="utf-8")
        elif name:
            assert not (folder / name).exists(), f"{name} is there already"
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        else:
            command = [sys.executable, "-c", text] if kind == "python" else ["sh", "-ec", text]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr[-2_000:]
    return len(blocks)


@pytest.mark.parametrize("section", ["A tokenizer", "A tab", "A bundle", "A language"])
def test_the_example_works(section, copy):
    assert perform(section, copy) >= 2


def test_the_files_of_the_examples_are_formatted(copy):
    """What a reader copies passes the linter."""
    for section in SECTIONS:
        for kind, name, text in BLOCK.findall(SECTIONS[section]):
            if kind == "python" and name:
                (copy / name).parent.mkdir(exist_ok=True)
                (copy / name).write_text(text, encoding="utf-8")
    names = [n for _, n, _ in BLOCK.findall(TEXT) if n and n.endswith(".py")]
    written = [str(copy / n) for n in names if (copy / n).is_file() and n != "app.py"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(["ruff", "check", *config, *written], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
