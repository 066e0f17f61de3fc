"""The doors for programs: data endpoints, MCP, and the web server around the page. Draws nothing."""

from ulmfit_demo.web.server import TOO_LARGE, BodyLimit, Forgetful, forget

__all__ = ["TOO_LARGE", "BodyLimit", "Forgetful", "forget"]
