"""Tab: how ids become mini-batches, for a language model and for a classifier."""

from ulmfit_demo.tabs.batches.layout import build

__all__ = ["build"]
