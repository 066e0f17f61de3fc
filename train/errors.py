"""The one kind of error whose message is for the person at the command line. Raises nothing itself."""

from __future__ import annotations


class StageError(RuntimeError):
    """A stage cannot go on; the message is one sentence that says why and what to do."""
