"""What a typist waits while others look inside: `/read_along` alone, and beside busy Inside views.

python benchmarks/inside_typing.py [--keys 40] [--every 300]

Starts the app in a process of its own. One client sends a review of 128 words to `/read_along`, a word
longer each time; then again while two others ask `/memory`, `/two_readers` and `/smallest_change` of a
text as long, one after the other without a pause. Prints the median and the 95th percentile of both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from reference import exactly

ROOT = Path(__file__).resolve().parents[1]
PORT = 7874
APP = f"import app; app.build().launch(server_port={PORT}, quiet=True, **app.launch_settings())"
BUSY = ("/memory", "/two_readers", "/smallest_change")
WAIT = 180  # seconds until the app answers


def connect():
    """A client of the app, as soon as there is one."""
    from gradio_client import Client

    end = time.monotonic() + WAIT
    while True:
        try:
            return Client(f"http://127.0.0.1:{PORT}", verbose=False)
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(1)


def typed(client, keys: int, every: int) -> list[float]:
    """Milliseconds of each answer; a key is pressed every `every` ms, or after that."""
    found = []
    for n in range(keys):
        began = time.perf_counter()
        client.predict(exactly(128 + n), api_name="/read_along")
        took = time.perf_counter() - began
        found.append(1_000 * took)
        time.sleep(max(0.0, every / 1_000 - took))
    return found


def ask(ended: threading.Event, answers: list[str], seed: int) -> None:
    """Ask the slow views in turn until `ended`."""
    client, text = connect(), exactly(128, seed)
    while not ended.is_set():
        for name in BUSY:
            client.predict(text, api_name=name)
            answers.append(name)
            if ended.is_set():
                return


def told(name: str, times: list[float]) -> None:
    """Print one row."""
    high = statistics.quantiles(times, n=20)[-1]
    print(f"  {name:34} median {statistics.median(times):4.0f} ms, 95th percentile {high:4.0f} ms")


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--keys", type=int, default=40)
    ap.add_argument("--every", type=int, default=300, help="milliseconds between keys")
    args = ap.parse_args()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen([sys.executable, "-c", APP], cwd=ROOT, env=environment)
    try:
        client = connect()
        for name in ("/read_along", *BUSY):  # what is measured once is measured now
            client.predict(exactly(128), api_name=name)
        alone = typed(client, args.keys, args.every)
        ended, answers = threading.Event(), []
        others = [threading.Thread(target=ask, args=(ended, answers, s)) for s in (1, 2)]
        for other in others:
            other.start()
        while len(answers) < 2:  # both are at it
            time.sleep(0.1)
        busy, n = typed(client, args.keys, args.every), len(answers)
        ended.set()
        for other in others:
            other.join()
    finally:
        process.terminate()
        process.wait(30)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {args.keys} keys each")
    told("alone", alone)
    told("beside two visitors of Inside", busy)
    print(f"  answers of Inside meanwhile: {n}")


if __name__ == "__main__":
    main()
