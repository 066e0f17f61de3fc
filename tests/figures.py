"""Plotly's figures in Chromium: each is drawn once one looks at it."""


def drawn(page, elem_id: str, inside: str = ".plot-container") -> None:
    """Scroll to a figure and wait until plotly has drawn it."""
    page.locator(f"#{elem_id} .u-plot[aria-label]").scroll_into_view_if_needed(timeout=60_000)
    page.wait_for_selector(f"#{elem_id} {inside}", timeout=60_000)
