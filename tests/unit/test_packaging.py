"""What a Space, a container and pip read: the front matter, the Dockerfile, the requirements."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools import refresh_constraints
from train import publish_space

ROOT = Path(__file__).parents[2]


def requirements() -> dict[str, Requirement]:
    return {r.name: r for r in refresh_constraints.named(ROOT / "requirements.txt")}


def front_matter() -> dict[str, str]:
    head = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    pairs = (line.partition(":") for line in head.splitlines() if not line.startswith((" ", "-")))
    return {key: value.strip().strip('"') for key, _, value in pairs}


def test_the_space_runs_a_gradio_that_the_requirements_allow():
    space = front_matter()
    assert space["sdk"] == "gradio"
    assert space["sdk_version"] in requirements()["gradio"].specifier
    assert (ROOT / space["app_file"]).is_file()
    assert space["python_version"] == "3.12"
    assert len(space["short_description"]) <= 60


@pytest.mark.parametrize("torch", ["2.8.0", "2.9.1", "2.10.0", "2.11.0", "2.12.0", "2.13.0"])
def test_a_torch_that_zero_gpu_offers_is_inside_the_bounds(torch):
    assert torch in requirements()["torch"].specifier


def test_constraints_are_inside_the_bounds():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    exact = dict(line.split("==") for line in lines if not line.startswith("#"))
    for requirement in requirements().values():
        version = exact[refresh_constraints.canonicalize_name(requirement.name)]
        assert version in requirement.specifier, requirement
        assert not Version(version).local


def test_the_wheel_asks_for_what_the_requirement_files_ask_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {k: set(v) for k, v in project["optional-dependencies"].items()}
    base = set(project["dependencies"])

    def lines(name: str) -> set[str]:
        return {str(r) for r in map(Requirement, found(name))}

    def found(name: str) -> list[str]:
        text = (ROOT / name).read_text("utf-8").splitlines()
        return [line for line in text if line and not line.startswith(("#", "-r"))]

    def same(asked: set[str]) -> set[str]:
        return {str(Requirement(r)) for r in asked}

    assert lines("requirements.txt") == same(base | extras["train"])
    assert lines("requirements-mcp.txt") == same(extras["mcp"])
    assert lines("requirements-dev.txt") | lines("requirements-mcp.txt") == same(extras["tests"])


FIVE = """
import sys
from ulmfit_demo import load
m = load()
assert m("A warm and clever film.")["label"] == "pos"
text, texts = "A dull film.", ["A dull film.", "A warm film."]
m.tokens(text, "fastai"); m.read_along(text); m.explain(text); m.surprisal(text)
m.next_words(text, temperature=0.75); m.generate("I liked", n_words=4, seed=0)
assert m.encode(texts).shape == (2, 900)
assert not {"gradio", "plotly"} & set(sys.modules), "imported"
from ulmfit_demo import page, resources
assert resources.assets() == resources.PACKAGE / "assets"
print(len(page.build().fns) > 50)
"""


def test_the_wheel_works_outside_the_checkout(tmp_path):
    """Unpacked into an empty folder: the packages of the tests, and nothing of the checkout."""
    pytest.importorskip("hatchling", reason="pip install -r requirements-dev.txt")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    made = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tmp_path / made.stdout.split()[-1]) as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "folder")
    tops = {name.split("/")[0] for name in names}
    assert tops == {"ulmfit_demo", next(t for t in tops if t.endswith(".dist-info"))}
    assert "ulmfit_demo/assets/models/imdb/classifier.safetensors" in names
    assert not [n for n in names if "screenshots" in n or "weights" in n or n.endswith(".pkl")]
    shipped = {f for f in (ROOT / "assets").rglob("*") if f.is_file()}
    expected = {
        f"ulmfit_demo/{f.relative_to(ROOT)}" for f in shipped if "screenshots" not in f.parts
    }
    assert {n for n in names if n.startswith("ulmfit_demo/assets/")} == expected
    info = next(n for n in names if n.endswith("entry_points.txt"))
    assert "ulmfit-demo = ulmfit_demo.cli:main" in (tmp_path / "folder" / info).read_text()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FIVE],
        cwd=tmp_path / "folder",
        capture_output=True,
        text=True,
    )
    assert done.stdout.endswith("True\n"), done.stderr[-2_000:]


def test_the_dockerfile_copies_what_is_there():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    copied = [line.split()[1:-1] for line in text.splitlines() if line.startswith("COPY")]
    names = [n for parts in copied for n in parts if not n.startswith("--")]
    assert "app.py" in names
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for name in names:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in allowed, name
    commands = [line.split()[0] for line in text.splitlines() if re.match("[A-Z]+ ", line)]
    assert commands.index("USER") < commands.index("HEALTHCHECK") < commands.index("CMD")
    assert "EXPOSE 7860" in text


CPU_BUILD = "--no-deps --index-url https://download.pytorch.org/whl/cpu -c constraints.txt torch torchvision"


def pip_installs(text: str) -> list[list[str]]:
    """The arguments of every `pip install` in `text`, a continued line taken as one."""
    lines = re.findall(r"\bpip install ([^&|;#`\n]*)", text.replace("\\\n", " "))
    return [[a for a in line.split() if a != "--no-cache-dir"] for line in lines]


def test_the_dockerfile_takes_torch_and_nothing_else_from_pytorchs_index():
    """`--no-deps`: what torch needs comes from the index that pip is set up with."""
    text = (ROOT / "Dockerfile").read_text()
    assert pip_installs(text) == [
        CPU_BUILD.split(),
        ["-c", "constraints.txt", "-r", "requirements.txt"],
    ]
    addresses = set(re.findall(r"https?://([\w.-]+)", text))
    assert addresses == {"download.pytorch.org", "127.0.0.1"}


def test_the_readme_names_the_cpu_build_as_the_dockerfile_takes_it():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n    pip install {CPU_BUILD}\n" in text
    assert [a for a in pip_installs(text) if "--index-url" in a] == [CPU_BUILD.split()]


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_the_cpu_build_is_what_the_requirements_and_constraints_ask_for(name):
    """pip leaves an installed `2.14.1+cpu` where it is: a local version satisfies the public one."""
    exact = next(
        Requirement(line)
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line.startswith(f"{name}==")
    )
    (pin,) = exact.specifier
    build = Version(f"{pin.version}+cpu")
    assert build in exact.specifier
    assert build in requirements()[name].specifier


def test_no_test_is_tried_a_second_time():
    """What fails once in ten runs is a fault of the app or of the test."""
    for name in ("requirements-dev.txt", "constraints.txt", "pyproject.toml"):
        assert "rerun" not in (ROOT / name).read_text(encoding="utf-8"), name


def test_what_the_app_reads_is_what_a_space_gets():
    """No module or asset that the app needs is in a folder that stays behind."""
    assert not any(
        n.startswith(("app.py", "assets", "ulmfit_demo")) for n in publish_space.LEFT_OUT
    )
    for needed in ("requirements.txt", "README.md"):
        assert needed not in publish_space.LEFT_OUT


def test_ci_runs_the_command_of_the_readme(tmp_path):
    """`.ci/run` reads it from there: install, then the checks, then the tests."""
    install, test = "pip install -r requirements-dev.txt", "pytest -n 2 --dist loadfile"
    assert f"    {install} && {test}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    performed = tmp_path / "performed"
    tools = ("chromium", "npx", "make", "python3", "pip", "pytest", "ruff", "mypy", "lint-imports")
    for name in tools:
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho "$(basename $0)" "$@" >> {performed}\n')
        tool.chmod(0o755)
    copy = tmp_path / "checkout"
    (copy / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", copy / ".ci" / "run")
    shutil.copy(ROOT / "README.md", copy)
    (copy / ".venv" / "bin").mkdir(parents=True)
    (copy / ".venv" / "bin" / "activate").write_text("")
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", str(copy / ".ci" / "run")], check=True, env={**os.environ, "PATH": path}
    )
    told = performed.read_text().splitlines()
    checks = ["ruff check .", "ruff format --check .", "mypy", "lint-imports"]
    checks.append("make --silent lint-js")
    assert [line.strip() for line in told] == ["python3 -m venv .venv", install, *checks, test]


def test_ci_is_a_script_that_bash_can_read():
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
