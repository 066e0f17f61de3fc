"""Stage `publish`: a bundle → a model repository on the Hugging Face Hub. Measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi

from train.errors import StageError
from ulmfit_demo.models import bundle

FILES = ("*.json", "*.jsonl", "*.safetensors", "README.md")  # what a bundle is made of


class PublishError(StageError):
    """The bundle cannot be published; the message says why."""


@dataclass(frozen=True)
class Upload:
    path: Path
    n_bytes: int


def files(folder: Path) -> list[Upload]:
    """Every file that would go, by name. Raises `BundleError` where the bundle cannot be loaded."""
    loaded = bundle.load(folder)  # what the app could not read is not published
    tuple(earlier.model for earlier in loaded.snapshots)
    found = sorted({p for pattern in FILES for p in Path(folder).glob(pattern)})
    return [Upload(p, p.stat().st_size) for p in found]


def publish(folder: Path, repo: str, dry_run: bool = False) -> list[Upload]:
    """Upload the bundle to the model repository `repo` (OWNER/NAME), with its model card.

    `dry_run` sends nothing. The Hub's client stores files over 10 MB apart (LFS/Xet) by itself. The
    token is the one of `hf auth login` or HF_TOKEN. Raises PublishError without a model card.
    """
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise PublishError(f"--repo must be OWNER/NAME, not {repo!r}")
    uploads = files(folder)
    if not any(u.path.name == "README.md" for u in uploads):
        raise PublishError(f"{folder} has no model card: run `python -m train evaluate` first")
    if not dry_run:
        api = HfApi()
        api.create_repo(repo, repo_type="model", exist_ok=True)
        api.upload_folder(
            repo_id=repo,
            folder_path=folder,
            allow_patterns=list(FILES),
            commit_message=f"Bundle {Path(folder).name}",
        )
    return uploads
