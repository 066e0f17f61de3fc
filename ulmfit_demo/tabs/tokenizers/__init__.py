"""Tab: one text under several tokenizers side by side, fastai's rules one by one, ids and back."""

from ulmfit_demo.tabs.tokenizers.layout import build

__all__ = ["build"]
