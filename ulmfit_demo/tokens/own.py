"""A visitor's own tokenizer: checks the file, runs it in a process apart, aligns what it gives.

Neither SentencePiece nor `tokenizers` is loaded here: a crafted file can crash them, and then it
ends a process of `own_worker.py` and one sentence comes back. Nothing is written to disk.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Timer

from ulmfit_demo.tokens.own_align import aligned
from ulmfit_demo.tokens.own_file import OwnError, kind_of_file
from ulmfit_demo.tokens.own_worker import ANSWER
from ulmfit_demo.tokens.types import Tokenized, clean

WORKER = Path(__file__).with_name("own_worker.py")
LOADING = 20.0  # seconds
ENCODING = 3.0  # seconds
FORGOTTEN = "Your tokenizer is no longer on the server. Upload it again."


@dataclass
class _Own:
    """One uploaded file and, while there is one, the process that runs it."""

    name: str
    kind: str
    data: bytes
    used: float = field(default_factory=time.monotonic)
    process: subprocess.Popen | None = None
    lock: Lock = field(default_factory=Lock)


class OwnTokenizers:
    """The uploaded tokenizers that are in use, each known by a secret key of its visitor.

    The `files` last used are kept, for `seconds` at most after the last use; `processes` of them
    have a running process.
    """

    def __init__(self, files: int = 16, processes: int = 4, seconds: float = 1_800) -> None:
        self._files, self._processes, self._seconds = files, processes, seconds
        self._own: OrderedDict[str, _Own] = OrderedDict()
        self._lock = Lock()

    def add(self, data: bytes, name: str) -> tuple[str, int]:
        """Load a `.model` or `tokenizer.json`: (its key, the size of its vocabulary).

        Raises:
            OwnError: the file is no tokenizer, or it needs too much time or memory.
        """
        name = _short(name)
        own = _Own(name, kind_of_file(data, name), data)
        try:
            size = self._start(own)["size"]
        except OwnError:
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
            OwnError: the key is unknown (or was forgotten), or the tokenizer fails on this text.
        """
        with self._lock:
            own = self._own.get(key or "")
            if own is None:
                raise OwnError(FORGOTTEN if key else "Upload a tokenizer first.")
            own.used = time.monotonic()
            self._own.move_to_end(key)
        source = clean(text)
        with own.lock:
            if own.process is None or own.process.poll() is not None:
                self._start(own)
            answer = _ask(own, json.dumps(source).encode() + b"\n", ENCODING)
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

    def _start(self, own: _Own) -> dict:
        own.process = subprocess.Popen(
            [sys.executable, "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        header = json.dumps({"kind": own.kind, "bytes": len(own.data)}).encode()
        return _ask(own, header + b"\n" + own.data, LOADING)

    def _tidy(self) -> None:
        """Forget what is old or too much, and end processes beyond the bound."""
        now = time.monotonic()
        with self._lock:
            old = [key for key, own in self._own.items() if now - own.used > self._seconds]
            old += list(self._own)[: max(0, len(self._own) - self._files)]
            dropped = [self._own.pop(key) for key in dict.fromkeys(old)]
            running = [own for own in self._own.values() if own.process]
            idle = running[: max(0, len(running) - self._processes)]
        for own in dropped + idle:
            with own.lock:
                _stop(own)


def _ask(own: _Own, request: bytes, seconds: float) -> dict:
    """Send bytes to the process and read its line. Raises `OwnError`; the process may be gone."""
    process, late = own.process, Event()

    def end() -> None:
        late.set()
        process.kill()

    # A killed process ends a write or a read that waits for it.
    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(request)
        process.stdin.flush()
        line = process.stdout.readline(2 * ANSWER)
        answer = json.loads(line) if line.endswith(b"\n") else None
    except (OSError, ValueError):
        answer = None
    finally:
        timer.cancel()
    if answer is None:
        _stop(own)
        raise OwnError(
            f"{own.name} took longer than {seconds:.0f} s, or more memory than there is for it."
            if late.is_set()
            else f"{own.name} could not be read: it is damaged, or not a tokenizer."
        )
    if "no_token" in answer:
        raise OwnError(
            f"{own.name}: this tokenizer has no token for “{answer['no_token']}”, and no unknown "
            "token to stand for it. Change the text, or use another tokenizer; nothing was lost."
        )
    if "error" in answer:
        what = "a SentencePiece .model" if own.kind == "sentencepiece" else "a tokenizer.json"
        raise OwnError(f"{own.name} does not work as {what}: {answer['error']}")
    return answer


def _stop(own: _Own) -> None:
    process, own.process = own.process, None
    if process:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _short(name: str) -> str:
    """A file's name, without folders and bounded."""
    return re.split(r"[/\\]", name)[-1][-40:] or "tokenizer"
