"""Tab: a review classified while it is typed, word by word; what-if, reasons, other models, many."""

from ulmfit_demo.tabs.sentiment.layout import build

__all__ = ["build"]
