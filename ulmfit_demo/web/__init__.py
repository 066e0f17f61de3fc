"""The doors for programs: data endpoints, MCP, and the web server around the page. Draws nothing."""

from ulmfit_demo.web.server import NO_REQUEST, TOO_LARGE, BodyLimit, RefusesRequests, quiet_mcp
from ulmfit_demo.web.shortcut import Shortcut
from ulmfit_demo.web.styles import Joined
from ulmfit_demo.web.wire import Wire

__all__ = [
    "NO_REQUEST",
    "TOO_LARGE",
    "BodyLimit",
    "Joined",
    "RefusesRequests",
    "Shortcut",
    "Wire",
    "quiet_mcp",
]
