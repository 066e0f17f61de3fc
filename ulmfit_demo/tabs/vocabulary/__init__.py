"""Tab: how many pieces or words a vocabulary may hold, in three views."""

from ulmfit_demo.tabs.vocabulary.layout import build

__all__ = ["build"]
