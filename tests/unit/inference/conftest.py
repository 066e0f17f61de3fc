"""A small bundle on the disk, which the app loads in the place of the one that ships."""

from pathlib import Path

import pytest

from tests import small_bundle


@pytest.fixture
def folder(tmp_path: Path, own_bundles: None) -> Path:
    """A small whole bundle, in a folder that is called as the shipped one's."""
    return small_bundle.write(tmp_path / "models" / "imdb")
