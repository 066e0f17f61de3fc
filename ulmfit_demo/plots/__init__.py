"""Plain arrays → plotly figures, one module a tab. Computes no figure of its own."""

from ulmfit_demo.plots import vocabulary
from ulmfit_demo.plots.calm import calm

__all__ = ["calm", "vocabulary"]
