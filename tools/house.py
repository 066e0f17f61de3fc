"""`python -m tools.house`: the imports as they are → `docs/house.md`. Judges nothing: lint-imports does.

Reads every `import` with `ast`, so nothing is run. A room is a package or a module of `ulmfit_demo`, or
one of `app`, `train`; an arrow says that something in it imports something of the other.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "house.md"
APP = "ulmfit_demo"
TOPS = ("app", "train", APP)
EVERYWHERE = ("limits",)  # imported by nearly every room: named below the picture, not drawn
HEAD = """# The house in one picture

Drawn from the real imports by `python -m tools.house`; do not edit. An arrow points from a room to what
it imports. `lint-imports` (the contracts in `pyproject.toml`) holds the direction, in CI as well.
"""


def room(module: str) -> str | None:
    """`ulmfit_demo.tokens.words` → `tokens`; None for a module of somebody else."""
    top, *rest = module.split(".")
    if top not in TOPS:
        return None
    return (rest[0] if rest else APP) if top == APP else top


def modules(root: Path) -> dict[str, Path]:
    """Dotted name → file of every module of the app and of `train`."""
    files = [root / "app.py"]
    files += [f for top in (APP, "train") for f in sorted((root / top).rglob("*.py"))]
    parts = {f: f.relative_to(root).with_suffix("").parts for f in files}
    return {".".join(p[:-1] if p[-1] == "__init__" else p): f for f, p in parts.items()}


def imports(root: Path = ROOT) -> set[tuple[str, str]]:
    """(room, room that it imports), inside functions too."""
    known, found = modules(root), set()
    for name, file in known.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            targets: list[str] = []
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                # `from ulmfit_demo import limits` means the module limits
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                targets = [m if m in known else node.module for m in inner]
            for target in targets:
                here, there = room(name), room(target)
                if here and there and here != there:
                    found.add((here, there))
    return found


def picture(edges: set[tuple[str, str]]) -> str:
    """A mermaid flow chart, which GitHub and Hugging Face draw."""
    users = {r: sorted({a for a, b in edges if b == r}) for r in EVERYWHERE}
    drawn = sorted((a, b) for a, b in edges if not {a, b} & set(EVERYWHERE))
    lines = ["```mermaid", "flowchart TD", *(f"    {a} --> {b}" for a, b in drawn), "```"]
    under = [f"\n`{r}` is imported by {', '.join(n)}." for r, n in users.items() if n]
    return "\n".join(lines + under)


def main() -> int:
    edges = imports()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(f"{HEAD}\n{picture(edges)}\n", encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)}: {len(edges)} arrows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
