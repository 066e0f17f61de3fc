"""Launches the app: the Space's `app_file`. `ulmfit_demo.page` builds it."""

from __future__ import annotations

from ulmfit_demo import startup

startup.prepare()

from ulmfit_demo.page import build, launch_settings

startup.settled()

__all__ = ["build", "launch_settings"]

if __name__ == "__main__":
    build().launch(**launch_settings())
