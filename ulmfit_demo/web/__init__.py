"""The doors for programs: data endpoints, MCP, and the web server around the page. Draws nothing."""

from ulmfit_demo.web.server import TOO_LARGE, BodyLimit
from ulmfit_demo.web.styles import Joined
from ulmfit_demo.web.wire import Wire

__all__ = ["TOO_LARGE", "BodyLimit", "Joined", "Wire"]
