"""`python -m tools.refresh_constraints`: what is installed here → `constraints.txt`. Installs nothing.

Run it in the virtual environment in which the tests have just passed. It writes the exact version of
every package that requirements-dev.txt and requirements-mcp.txt need, directly or through another, and
no package besides. `pip install -c constraints.txt -r requirements.txt` installs the same again.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
FILE = ROOT / "constraints.txt"
FILES = ("requirements-dev.txt", "requirements-mcp.txt")
HEAD = """\
# The exact versions with which the tests passed, on Python {}.{}. Written by
# `python -m tools.refresh_constraints` in the environment of the tests; do not edit.
"""


def named(file: Path) -> list[Requirement]:
    """The requirements of `file` and of the files that it takes in with `-r`."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found += named(file.parent / line.removeprefix("-r ").strip())
        elif line:
            found.append(Requirement(line))
    return found


def closure(roots: list[Requirement]) -> dict[str, str]:
    """Name → installed version of every package that `roots` need. What is not installed is left out."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(r, extra) for r in roots for extra in ("", *sorted(r.extras))]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = Version(found.version).public  # 2.14.1+cu130 is 2.14.1 for another machine
        for line in found.requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(needed, e) for e in ("", *sorted(needed.extras))]
    return versions


def main() -> int:
    roots = [r for file in FILES if (ROOT / file).is_file() for r in named(ROOT / file)]
    versions = closure(roots)
    lines = [f"{name}=={version}\n" for name, version in sorted(versions.items())]
    FILE.write_text(HEAD.format(*sys.version_info[:2]) + "".join(lines), encoding="utf-8")
    print(f"{FILE.name}: {len(lines)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
