"""A visitor's own tokenizer: checks the file, runs it in a process apart, aligns what it gives.

Neither SentencePiece nor `tokenizers` is loaded here: a crafted file can crash them, and then it
ends a process of `worker.py` and one sentence comes back. Nothing is written to disk.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ulmfit_demo.limits import clean
from ulmfit_demo.tokens.types import Tokenized
from ulmfit_demo.workers.process import Worker
from ulmfit_demo.workers.uploaded_tokenizer.alignment import aligned
from ulmfit_demo.workers.uploaded_tokenizer.file import UploadError, kind_of_file
from ulmfit_demo.workers.uploaded_tokenizer.worker import ANSWER

WORKER = Path(__file__).with_name("worker.py")
LOADING = 20.0  # seconds
ENCODING = 3.0  # seconds
FORGOTTEN = "Your tokenizer is no longer on the server. Upload it again."


@dataclass
class _Uploaded:
    """One uploaded file and, while there is one, the process that runs it."""

    name: str
    kind: str
    data: bytes
    used: float = field(default_factory=time.monotonic)
    worker: Worker | None = None
    lock: Lock = field(default_factory=Lock)


class UploadedTokenizers:
    """The uploaded tokenizers that are in use, each known by a secret key of its visitor.

    The `files` last used are kept, for `seconds` at most after the last use; `processes` of them
    have a running process.
    """

    def __init__(self, files: int = 16, processes: int = 4, seconds: float = 1_800) -> None:
        self._files, self._processes, self._seconds = files, processes, seconds
        self._own: OrderedDict[str, _Uploaded] = OrderedDict()
        self._lock = Lock()

    def add(self, data: bytes, name: str) -> tuple[str, int]:
        """Load a `.model` or `tokenizer.json`: (its key, the size of its vocabulary).

        Raises:
            UploadError: the file is no tokenizer, or it needs too much time or memory.
        """
        name = _short(name)
        own = _Uploaded(name, kind_of_file(data, name), data)
        try:
            size = self._start(own)["size"]
        except UploadError:
            _stop(own)
            raise
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._own[key] = own
        self._tidy()
        return key, size

    def tokenize(self, key: str | None, text: str) -> Tokenized:
        """`text` in the tokens of the tokenizer with this key.

        Raises:
            UploadError: the key is unknown (or was forgotten), or the tokenizer fails on this text.
        """
        with self._lock:
            own = self._own.get(key or "")
            if own is None or key is None:
                raise UploadError(FORGOTTEN if key else "Upload a tokenizer first.")
            own.used = time.monotonic()
            self._own.move_to_end(key)
        source = clean(text)
        with own.lock:
            if own.worker is None or not own.worker.is_running():
                self._start(own)
            assert own.worker is not None  # `_start` made it
            answer = _ask(own, own.worker, json.dumps(source).encode() + b"\n", ENCODING)
        self._tidy()
        return aligned(own.name, source, answer, own.kind)

    def name(self, key: str | None) -> str | None:
        """The file's name; None for a key that is not known."""
        own = self._own.get(key or "")
        return own.name if own else None

    def forget(self, key: str | None) -> None:
        """Drop a tokenizer and end its process."""
        with self._lock:
            own = self._own.pop(key or "", None)
        if own:
            _stop(own)

    def _start(self, own: _Uploaded) -> dict:
        own.worker = Worker(WORKER, keep_errors=False)
        header = json.dumps({"kind": own.kind, "bytes": len(own.data)}).encode()
        return _ask(own, own.worker, header + b"\n" + own.data, LOADING)

    def _tidy(self) -> None:
        """Forget what is old or too much, and end processes beyond the bound."""
        now = time.monotonic()
        with self._lock:
            old = [key for key, own in self._own.items() if now - own.used > self._seconds]
            old += list(self._own)[: max(0, len(self._own) - self._files)]
            dropped = [self._own.pop(key) for key in dict.fromkeys(old)]
            running = [own for own in self._own.values() if own.worker]
            idle = running[: max(0, len(running) - self._processes)]
        for own in dropped + idle:
            with own.lock:
                _stop(own)


def _ask(own: _Uploaded, worker: Worker, request: bytes, seconds: float) -> dict:
    """Send bytes to the worker and read its line. Raises `UploadError`; the worker may be gone."""
    line = worker.ask(request, seconds, 2 * ANSWER)
    try:
        answer = json.loads(line) if line is not None else None
    except ValueError:
        answer = None
    if answer is None:
        _stop(own)
        raise UploadError(
            f"{own.name} took longer than {seconds:.0f} s, or more memory than there is for it."
            if worker.is_late
            else f"{own.name} could not be read: it is damaged, or not a tokenizer."
        )
    if "no_token" in answer:
        raise UploadError(
            f"{own.name}: this tokenizer has no token for “{answer['no_token']}”, and no unknown "
            "token to stand for it. Change the text, or use another tokenizer; nothing was lost."
        )
    if "error" in answer:
        what = "a SentencePiece .model" if own.kind == "sentencepiece" else "a tokenizer.json"
        raise UploadError(f"{own.name} does not work as {what}: {answer['error']}")
    return answer


def _stop(own: _Uploaded) -> None:
    worker, own.worker = own.worker, None
    if worker is not None:
        worker.close()


def _short(name: str) -> str:
    """A file's name, without folders and bounded."""
    return re.split(r"[/\\]", name)[-1][-40:] or "tokenizer"
