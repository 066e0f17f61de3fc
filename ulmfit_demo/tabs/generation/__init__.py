"""Tab: the language model goes on writing, word by word; steer it, and see how unlikely a text is."""

from ulmfit_demo.tabs.generation.layout import build

__all__ = ["build"]
