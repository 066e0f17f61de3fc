"""A visitor's own tokenizer: its file checked, run in a child process, its tokens aligned."""

from ulmfit_demo.workers.uploaded_tokenizer.file import UploadError
from ulmfit_demo.workers.uploaded_tokenizer.pool import UploadedTokenizers

__all__ = ["UploadError", "UploadedTokenizers"]
