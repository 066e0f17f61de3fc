"""`publish --space`: what would go to a Space, and what the Hub's client is asked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from train import publish_space
from train.publish import PublishError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path):
    """A small repository with files that must stay behind."""
    names = ["app.py", "README.md", "requirements.txt", "assets/w[1].bin", "tests/test_a.py"]
    for name in [*names, "runs/big.pth", ".venv/x", "secret.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "README.md").write_text("---\ntitle: A\nsdk: gradio\napp_file: app.py\n---\n")
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "--", *names], check=True)
    return tmp_path


class Hub:
    """Stands for `HfApi`; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def create_repo(self, *args, **kwargs):
        self.asked.append(("create", args, kwargs))

    def upload_folder(self, **kwargs):
        self.asked.append(("upload", (), kwargs))


def test_only_tracked_files_that_the_space_needs_go(checkout):
    names = [str(u.path.relative_to(checkout)) for u in publish_space.files(checkout)]
    assert names == ["README.md", "app.py", "assets/w[1].bin", "requirements.txt"]


def test_sizes_are_added_up_by_folder(checkout):
    (checkout / "assets" / "w[1].bin").write_bytes(b"x" * 5_000)
    rows = publish_space.by_folder(publish_space.files(checkout), checkout)
    sizes = [
        (checkout / name).stat().st_size for name in ("README.md", "app.py", "requirements.txt")
    ]
    assert rows == [("assets", 1, 5_000), (".", 3, sum(sizes))]


def test_the_hub_is_asked_for_a_gradio_space_with_these_files(checkout, monkeypatch):
    from huggingface_hub.utils import filter_repo_objects

    hub = Hub()
    monkeypatch.setattr(publish_space, "HfApi", lambda: hub)
    sent = publish_space.publish("someone/something", root=checkout)
    (_, args, create), (_, _, upload) = hub.asked
    assert args == ("someone/something",)
    assert create == {"repo_type": "space", "space_sdk": "gradio", "exist_ok": True}
    assert upload["repo_type"] == "space"
    every = [str(p.relative_to(checkout)) for p in checkout.rglob("*") if p.is_file()]
    gone = sorted(filter_repo_objects(every, allow_patterns=upload["allow_patterns"]))
    assert gone == [str(u.path.relative_to(checkout)) for u in sent]


def test_a_dry_run_asks_the_hub_nothing(checkout, monkeypatch):
    monkeypatch.setattr(publish_space, "HfApi", lambda: pytest.fail("the Hub was asked"))
    assert publish_space.publish("someone/something", dry_run=True, root=checkout)


@pytest.mark.parametrize("space", ["no-owner", "a/b/c", "/name", "owner/"])
def test_a_wrong_name_is_one_sentence(space, checkout):
    with pytest.raises(PublishError, match="must be OWNER/NAME"):
        publish_space.publish(space, dry_run=True, root=checkout)


def test_a_readme_that_the_hub_would_refuse_is_one_sentence(checkout):
    (checkout / "README.md").write_text("---\ntitle: A\nsdk: flask\n---\n")
    with pytest.raises(PublishError, match="front matter: sdk must be one of gradio"):
        publish_space.publish("someone/something", dry_run=True, root=checkout)


def test_a_folder_without_git_is_one_sentence(tmp_path):
    with pytest.raises(PublishError, match="no git checkout"):
        publish_space.files(tmp_path)


def test_the_command_lists_this_repository():
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    command = [sys.executable, "-m", "train", "publish", "--space", "someone/something"]
    done = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("app.py", "requirements.txt", "assets/models/imdb/lm.safetensors"):
        assert f"  {name}" in done.stdout
    assert "(over 10 MB: LFS/Xet)" in done.stdout
    assert " tests/" not in done.stdout
    assert re.search(r"^ +[\d,]+  assets \(\d+ files\)$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].endswith("would go to the Space someone/something")
