"""One folder a tab: what lays it out and wires it, what draws it as HTML (`*_html.py`), its figures.

`shared` holds what several tabs use; no tab imports another.
"""
