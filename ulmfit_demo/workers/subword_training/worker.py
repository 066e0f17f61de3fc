"""Trains one SentencePiece model in a process of its own. Imports nothing of the app.

    python -I worker.py < request > model 2> log

The request is a line of JSON (what the trainer takes, and limits) and then the text, one sentence a
line. It keeps nothing on disk. It ends itself when its time or memory is over: its parent may be gone.
"""

from __future__ import annotations

import io
import json
import resource
import signal
import sys


def limit(cpu_seconds: int, seconds: int, memory: int) -> None:
    """Bound this process: CPU seconds, seconds, bytes of address space; it writes no file."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(seconds)


def main() -> int:
    head, _, text = sys.stdin.buffer.read().partition(b"\n")
    request = json.loads(head)
    limit(**request["limits"])
    import sentencepiece

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text.decode("utf-8").split("\n")),
            model_writer=model,
            **request["trainer"],
        )
    except (RuntimeError, OSError) as e:
        print(f"FAILED {' '.join(str(e).split())}", file=sys.stderr, flush=True)
        return 3
    except MemoryError:
        return 4
    sys.stdout.buffer.write(model.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
