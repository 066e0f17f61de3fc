"""A visitor's file of reviews: read into a table, and written again with a verdict for each row."""

from ulmfit_demo.uploads.dialect import lines
from ulmfit_demo.uploads.result import guard, unguard, write
from ulmfit_demo.uploads.table import Upload, pasted, read

__all__ = ["Upload", "guard", "lines", "pasted", "read", "unguard", "write"]
