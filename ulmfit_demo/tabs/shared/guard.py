"""A function of an event never raises: an error becomes a sentence in place of the result."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared import html

log = logging.getLogger("ulmfit_demo")
BROKEN = (
    "Something went wrong here, and it is not your text's fault. The error is in the server's log."
)


def guarded(*rest) -> Callable:
    """Decorator: a refusal becomes a notice in the first output; `rest` fills the others."""

    def around(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args):
            try:
                return function(*args)
            except limits.Refused as refusal:
                shown = html.notice(str(refusal))
            except Exception:
                log.exception("%s failed", function.__name__)
                shown = html.notice(BROKEN)
            return (shown, *rest) if rest else shown

        return call

    return around
