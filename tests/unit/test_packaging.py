"""What a Space, a container and pip read: the front matter, the Dockerfile, the requirements."""

import re
import subprocess
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


def test_ci_runs_the_command_of_the_readme():
    command = "pip install -r requirements-dev.txt && pytest"
    assert f"    {command}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.rstrip().endswith("-r requirements-dev.txt && pytest")
    assert "\nmypy\n" in ci
    assert "\nlint-imports\n" in ci
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
