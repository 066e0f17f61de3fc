"""What stands over all tabs: the front door, and the strip that follows the current text."""

from ulmfit_demo.tabs.journey.strip import build, connect

__all__ = ["build", "connect"]
