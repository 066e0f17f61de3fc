"""Stage `publish --space`: the repository's tracked files → a Hugging Face Space. Builds nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

from huggingface_hub import HfApi

from train import space_card
from train.publish import PublishError, Upload

ROOT = Path(__file__).parents[1]
# The Space runs the app: what tests and measures it stays behind. `train`, `tools` and `docs` go along:
# the README speaks of them; they are small.
LEFT_OUT = (
    "tests/",
    "benchmarks/",
    "runs/",
    ".ci/",
    "Dockerfile",
    ".dockerignore",
)
LARGE = 10_000_000  # bytes; above, the Hub stores a file apart


def files(root: Path = ROOT) -> list[Upload]:
    """Every tracked file that would go, by name. Raises PublishError where `root` is no checkout.

    Only what git tracks goes: caches, runs and virtual environments never do, whatever lies about.
    """
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        raise PublishError(f"{root} is no git checkout: publish --space sends tracked files") from e
    names = [n for n in listed.split("\0") if n and not n.startswith(LEFT_OUT)]
    found = [root / n for n in sorted(names) if (root / n).is_file()]
    for needed in ("app.py", "README.md", "requirements.txt"):
        if root / needed not in found:
            raise PublishError(f"{root} has no tracked {needed}: it is not the app's repository")
    return [Upload(p, p.stat().st_size) for p in found]


def by_folder(uploads: list[Upload], root: Path = ROOT) -> list[tuple[str, int, int]]:
    """(top folder, its files, its bytes), the largest first; `.` holds the files outside of folders."""
    found: dict[str, tuple[int, int]] = {}
    for upload in uploads:
        folder, *rest = upload.path.relative_to(root).parts
        n, size = found.get(folder if rest else ".", (0, 0))
        found[folder if rest else "."] = (n + 1, size + upload.n_bytes)
    rows = [(folder, n, size) for folder, (n, size) in found.items()]
    return sorted(rows, key=lambda row: -row[2])


def publish(space: str, dry_run: bool = False, root: Path = ROOT) -> list[Upload]:
    """Upload the app to the Space `space` (OWNER/NAME); made where there is none.

    One commit that holds exactly these files: what an earlier one had and the repository has no more is
    deleted there. `upload_folder` sends files over 10 MB through LFS/Xet by itself. `dry_run` sends
    nothing. The token is the one of `hf auth login` or HF_TOKEN. Raises PublishError, also for a README
    whose front matter the Hub would refuse.
    """
    if space.count("/") != 1 or not all(space.split("/")):
        raise PublishError(f"--space must be OWNER/NAME, not {space!r}")
    uploads = files(root)
    if found := space_card.problems(space_card.read((root / "README.md").read_text("utf-8"))):
        raise PublishError(f"README.md, front matter: {'; '.join(found)}")
    if not dry_run:
        names = [str(u.path.relative_to(root)) for u in uploads]
        api = HfApi()
        api.create_repo(space, repo_type="space", space_sdk="gradio", exist_ok=True)
        api.upload_folder(
            repo_id=space,
            repo_type="space",
            folder_path=root,
            allow_patterns=[_literal(n) for n in names],
            delete_patterns="*",
            commit_message="The app",
        )
    return uploads


def _literal(name: str) -> str:
    """A pattern that matches this name alone: `[`, `*` and `?` mean themselves."""
    return "".join(f"[{c}]" if c in "[*?" else c for c in name)
