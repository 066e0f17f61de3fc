"""Records one training of the text that ships, for the page as it looks before the first click.

    python -m ulmfit_demo.workers.live_training.record

Writes `assets/live/recorded.jsonl`: a line about the recording, then the worker's own events.
"""

from __future__ import annotations

import datetime
import json
import platform

from ulmfit_demo import limits
from ulmfit_demo.resources import assets
from ulmfit_demo.workers.live_training import corpus
from ulmfit_demo.workers.live_training.request import SIZES, Budget, request
from ulmfit_demo.workers.live_training.supervisor import Supervisor

ASSETS = assets()


def main() -> None:
    budget = Budget(limits.LIVE_CPU_SECONDS, limits.LIVE_SECONDS, limits.LIVE_MEMORY)
    epochs, size = limits.LIVE_EPOCHS[1], "medium"
    prompt = limits.LIVE_FIRST_PROMPT
    wanted = request(corpus.opinions(ASSETS), epochs, SIZES[size], prompt, budget)
    head = {
        "event": "recording",
        "date": datetime.date.today().isoformat(),
        "machine": f"one thread, {platform.machine()}",
        "epochs": epochs,
        "size": size,
        "prompt": prompt,
    }
    events = [
        e for e in Supervisor(0).train(wanted) if isinstance(e, dict) and e["event"] != "tick"
    ]
    if events[-1]["event"] != "done":
        raise SystemExit(f"not recorded: {events[-1]}")
    lines = [json.dumps(e) for e in (head, *events)]
    (ASSETS / "live" / "recorded.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
