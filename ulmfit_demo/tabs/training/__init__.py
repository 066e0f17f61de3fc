"""Tab: how the shipped model was trained, from its log, beside the notebook; and one trained live."""

from ulmfit_demo.tabs.training.layout import build

__all__ = ["build"]
