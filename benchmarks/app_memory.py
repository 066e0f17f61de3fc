"""Resident memory of the running app: at its start, and after each endpoint answered once.

    python benchmarks/app_memory.py [--write]

Starts `app.py` in a process of its own and sends the request of each endpoint that `docs/api.md` shows,
so that every model was asked once; then all of them again. Prints what the process and its children
hold, in MB, after each that added some (bar: 1,200 MB after all), and what torch and gradio alone hold;
`--write` writes `benchmarks/results/app_memory.md`.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import psutil
from gradio_client import Client

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools.api_docs import REQUESTS  # noqa: E402  the path is set above

RESULT = ROOT / "benchmarks" / "results" / "app_memory.md"
PORT = 7873
BAR = 1_200  # MB
SHOWN = 5  # MB that an endpoint must have added to be named


def held(app: subprocess.Popen) -> float:
    """MB in memory: the app's process and those that it started."""
    there = [psutil.Process(app.pid), *psutil.Process(app.pid).children(recursive=True)]
    return sum(p.memory_info().rss for p in there) / 2**20


def started() -> tuple[subprocess.Popen, Client]:
    """The app, and a client once it answers."""
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(PORT)}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
    for _ in range(120):
        time.sleep(1)
        if app.poll() is not None:
            raise RuntimeError(f"the app ended with {app.returncode}")
        try:
            return app, Client(f"http://127.0.0.1:{PORT}", verbose=False)
        except Exception:  # not there yet
            continue
    app.terminate()
    raise TimeoutError("the app did not start")


def alone(imports: str) -> float:
    """MB of a process that has imported so much and nothing else."""
    code = f"import psutil, {imports}; print(psutil.Process().memory_info().rss / 2**20)"
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    )


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true")
    write = options.parse_args().write
    rows = [(f"`import {names}` alone", alone(names)) for names in ("torch", "torch, gradio")]
    app, client = started()
    rows.append(("the app at its start", held(app)))
    try:
        before = rows[-1][1]
        for name, arguments in REQUESTS.items():
            client.predict(**arguments, api_name=f"/{name}")
            now = held(app)
            if now - before >= SHOWN:
                rows.append((f"after `/{name}`", now))
            before = now
        rows.append((f"after all {len(REQUESTS)}", total := held(app)))
        for name, arguments in REQUESTS.items():
            client.predict(**arguments, api_name=f"/{name}")
        rows.append(("after all again", held(app)))
    finally:
        app.terminate()
        app.wait()
    lines = [
        "# Memory of the running app",
        "",
        f"`python benchmarks/app_memory.py --write`, {time.strftime('%d %B %Y')}, {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}. Resident memory of the app's "
        f"process and those it started. Bar: {BAR:,} MB after each model was used once.",
        "",
        "| | MB |",
        "|---|---:|",
        *(f"| {name} | {mb:,.0f} |" for name, mb in rows),
    ]
    if total > BAR:
        lines += ["", f"Above the bar by {total - BAR:,.0f} MB."]
    print("\n".join(lines))
    if write:
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
