"""Tab: a classifier of the visitor's own labels, learned in front of them."""

from ulmfit_demo.tabs.teach.layout import build

__all__ = ["build"]
