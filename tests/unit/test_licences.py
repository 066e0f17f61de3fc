"""`tools/licences.py` and what it wrote: `docs/licences.md`."""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError, distribution
from types import SimpleNamespace

import pytest
from packaging.version import Version

from tools import licences
from tools.refresh_constraints import FILE as CONSTRAINTS
from tools.refresh_constraints import FILES, ROOT, closure, named

ROWS = re.findall(
    r"^\| (\S+) \| (\S+) \| (.+) \| (app|tests) \|$", licences.FILE.read_text("utf-8"), re.M
)


def test_every_dependency_has_its_licence_in_the_table():
    listed = {f"{name}=={version}" for name, version, _, _ in ROWS}
    lines = CONSTRAINTS.read_text("utf-8").splitlines()
    exact = {line for line in lines if not line.startswith("#")}
    assert listed == exact, "docs/licences.md is not current: run `python -m tools.licences`"


def test_no_licence_is_unknown_or_of_the_gpl_family():
    found = {name: licence for name, _, licence, _ in ROWS}
    assert not [n for n, licence in found.items() if licence == licences.UNKNOWN]
    assert not {n: licence for n, licence in found.items() if re.search(r"GPL|GNU", licence)}


def test_the_table_says_what_the_installed_packages_say():
    """Version and licence of each row are those of the package that is installed here, where it is."""
    found = {name: (version, licence) for name, version, licence, _ in ROWS}
    checked = 0
    for name, (version, said) in found.items():
        try:
            here = distribution(name)
        except PackageNotFoundError:  # CUDA's, where PyTorch's CPU build is installed
            continue
        if Version(here.version).public == version:
            checked += 1
            assert licences.licence(here) == said, name
    assert checked > len(found) / 2


def test_what_is_installed_for_the_app_is_in_the_table():
    """Whatever the requirements bring, directly or through another package."""
    needed = closure([r for file in FILES for r in named(ROOT / file)])
    assert set(needed) <= {name for name, *_ in ROWS}, "run `python -m tools.licences`"


def package(lines: str, files: tuple = ()) -> SimpleNamespace:
    metadata = Message()
    for line in lines.splitlines():
        metadata[line.partition(": ")[0]] = line.partition(": ")[2]
    return SimpleNamespace(name="some-package", metadata=metadata, files=files)


BSD = "Classifier: License :: OSI Approved :: BSD License"
TITLED = SimpleNamespace(
    name="LICENSE.txt", read_text=lambda encoding: "\nMIT License\n\nCopyright"
)


@pytest.mark.parametrize(
    ("lines", "files", "expected"),
    [
        (f"License-Expression: MIT\nLicense: {'x' * 20}\n{BSD}", (), "MIT"),
        (f"License: BSD-3-Clause\n{BSD}", (), "BSD-3-Clause"),
        (f"License: UNKNOWN\n{BSD}", (), "BSD License"),
        (f"License: {'Copyright. ' * 30}\n{BSD}", (TITLED,), "BSD License"),
        (
            f"{BSD}\nClassifier: License :: OSI Approved :: MIT License",
            (),
            "BSD License or MIT License",
        ),
        ("Classifier: Programming Language :: Python", (TITLED,), "MIT License"),
        ("", (), licences.UNKNOWN),
    ],
)
def test_where_the_name_of_a_licence_is_read(lines, files, expected):
    assert licences.licence(package(lines, files)) == expected


def test_one_spelling_in_the_totals():
    assert {licences.family(n) for n in ("BSD", "BSD License", "BSD-3-Clause")} == {"BSD"}
    assert licences.family("Apache-2.0 OR BSD-2-Clause") == "several, see below"
