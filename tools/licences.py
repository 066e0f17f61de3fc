"""`python -m tools.licences`: the licence of every dependency, from its metadata → `docs/licences.md`.

Run it in the virtual environment of the tests, after `python -m tools.refresh_constraints`: it reads the
installed packages (`importlib.metadata`) and installs nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path

from tools.refresh_constraints import FILES, ROOT, closure, named

FILE = ROOT / "docs" / "licences.md"
APP = "requirements.txt"
UNKNOWN = "unknown"
LONG = 100  # characters: a field this long holds the text of a licence, not its name
PREFIX = "License :: OSI Approved :: "
# What the metadata do not say.
SAID_ELSEWHERE = {"cuda-toolkit": "NVIDIA's: a package without files that names the others"}
HEAD = """\
# Licences of what the app and its tests are built on

Written by `python -m tools.licences`; do not edit. The packages are those of `constraints.txt`; each
licence is what the package's own metadata say. This is a list, not legal advice.

The app itself is Apache-2.0 (`LICENSE`). It holds one file of somebody else, plotly.js
(`assets/vendor/`): MIT, with its licence beside it. The NVIDIA packages come with PyTorch's CUDA build;
its CPU build, which the `Dockerfile` takes, needs none of them. The packages of the tests are not needed
to run the app.

## By licence

{totals}

## By package

{packages}
"""


def licence(found: Distribution) -> str:
    """The name of a package's licence: SPDX expression, else field, classifiers, title of its file."""
    metadata = found.metadata
    if expressions := metadata.get_all("License-Expression"):
        return expressions[0]
    field = next(iter(metadata.get_all("License") or ()), "").strip()
    if field and field.upper() != "UNKNOWN" and len(field) < LONG and "\n" not in field:
        return field
    classifiers = [c for c in metadata.get_all("Classifier") or () if c.startswith("License ::")]
    names = [c.removeprefix(PREFIX).removeprefix("License :: ") for c in classifiers if "::" in c]
    return " or ".join(names) or titled(found) or SAID_ELSEWHERE.get(found.name, UNKNOWN)


def titled(found: Distribution) -> str:
    """The first line of a package's licence file; "" where it has none."""
    files = [f for f in found.files or () if re.match(r"LICEN[CS]E|COPYING", f.name.upper())]
    lines = files[0].read_text(encoding="utf-8").splitlines() if files else []
    return next((line.strip() for line in lines if line.strip()), "")


def family(name: str) -> str:
    """One spelling for what packages spell in many ways: `BSD License` and `BSD-3-Clause` are `BSD`."""
    if " AND " in name or " OR " in name or " or " in name:
        return "several, see below"
    for spelling, shown in {
        "Apache": "Apache-2.0",
        "BSD": "BSD",
        "MIT": "MIT",
        "MPL": "MPL-2.0",
        "Mozilla": "MPL-2.0",
        "NVIDIA": "NVIDIA's",
        "Python Software": "PSF-2.0",
        "PSF": "PSF-2.0",
        "ISC": "ISC",
    }.items():
        if spelling in name:
            return shown
    return name


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def render(versions: Mapping[str, str], app: set[str], licences: Mapping[str, str]) -> str:
    """The document. `app`: the packages that the app itself needs."""
    totals: dict[str, int] = {}
    for name in versions:
        totals[family(licences[name])] = totals.get(family(licences[name]), 0) + 1
    by_number = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        (name, versions[name], licences[name], "app" if name in app else "tests")
        for name in sorted(versions)
    ]
    return HEAD.format(
        totals=table(("licence", "packages"), by_number),
        packages=table(("package", "version", "licence", "needed by"), rows),
    )


def main() -> int:
    """Write the document; 1 where a licence is not known."""
    versions = closure([r for file in FILES for r in named(ROOT / file)])
    app = set(closure(named(ROOT / APP)))
    licences = {name: licence(distribution(name)) for name in versions}
    FILE.write_text(render(versions, app, licences), encoding="utf-8")
    unknown = sorted(name for name, found in licences.items() if found == UNKNOWN)
    print(f"{Path(FILE).relative_to(ROOT)}: {len(versions)} packages; unknown: {unknown or 'none'}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
