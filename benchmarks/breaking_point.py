"""Load to the breaking point, by both doors: how many who type, answers a second, what gives first.

    python -m benchmarks.breaking_point [--door page program] [--write]
    python -m benchmarks.breaking_point --day 60 --users 75 [--write]

For each door the app starts in a process of its own, and every question is asked once while nobody else
is there. Then users who type rise step by step until keystrokes pass `BAR` at the 95th percentile; two
steps beyond, and a crowd that the queue cannot hold. Then the load ends, and the time until a keystroke
is answered as alone is measured. Last, half of the breaking users beside teaching, live training,
generation and many reviews. Each answer is compared with the answer alone. All within `MOST` seconds a
door.

`--day` lets `--users` type for so many minutes, who come and go, and looks for what grows or stays.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import resource
import signal
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import questions as asked
from benchmarks.breaking_point_report import curves_page, day_page, row_of, shown
from benchmarks.doors import Busy, Page, Program
from benchmarks.load import BAR, ROOT, free_port, quiet, started
from benchmarks.virtual_users import SLOW_PAUSE, TEACHERS, Crowd, ask_alone, taught

RESULTS = ROOT / "benchmarks" / "results"
USERS = (25, 50, 100, 150, 200, 300, 400, 600, 800)
WARM, WINDOW, FLOOD, FLOOD_SECONDS, MIXED_SECONDS = 5.0, 20.0, 1_300, 20.0, 60.0
MOST = 480.0  # seconds a door, mixed run included
PROBE, PROBES, GIVE_UP = 0.25, 12, 60.0
STAY, REST, FLAT_AFTER, EVERY = 300.0, 30.0, 300.0, 10.0


@dataclass
class Served:
    """The app in a process of its own, and how much it and its client have worked."""

    port: int
    process: psutil.Process
    log: Path
    client: psutil.Process = field(default_factory=psutil.Process)
    known: dict[str, list[asked.Question]] = field(default_factory=dict)  # by door

    def cpu(self) -> tuple[float, float]:
        """Seconds of CPU so far: the app, with its child processes, and this client."""
        times = [self.process.cpu_times()]
        for child in self.process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times.append(child.cpu_times())
        spent = sum(t.user + t.system for t in times)
        mine = self.client.cpu_times()
        return spent, mine.user + mine.system

    def rss(self) -> int:
        return self.process.memory_info().rss // 10**6

    def held(self) -> dict[str, int]:
        """What a rest must give back."""
        return {
            "open files": self.process.num_fds(),
            "threads": self.process.num_threads(),
            "child processes": len(quiet(self.process, 0)),
        }

    def make(self, door: str) -> Crowd:
        kind = Page if door == "page" else Program
        return Crowd(lambda name: kind(self.port, name))

    def get(self, path: str) -> dict:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60).json()

    def questions(self, door: str) -> list[asked.Question]:
        if door not in self.known:
            page = door == "page"
            found = asked.page(self.get("/config")) if page else None
            self.known[door] = found or asked.programs(self.get("/gradio_api/info"))
        return self.known[door]

    def end(self) -> None:
        children = self.process.children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except psutil.TimeoutExpired:
            self.process.kill()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        if "Traceback" in (said := self.log.read_text(errors="replace")):
            print("The app's log holds tracebacks:\n", said[-3_000:], flush=True)


@contextlib.contextmanager
def serving():
    """The app, which ends with the block whatever happens in it."""
    port, log = free_port(), Path(f"/tmp/ulmfit-breaking-{os.getpid()}.log")
    served = Served(port, started(port, log), log)
    try:
        yield served
    finally:
        served.end()


async def step(served: Served, crowd: Crowd, users: str, seconds: float, warm: float) -> dict:
    """One row: the crowd as it is, after `warm` seconds, for `seconds`."""
    counts = crowd.step()
    await asyncio.sleep(warm)
    before, began, counts.counting = served.cpu(), time.monotonic(), True
    await asyncio.sleep(seconds)
    counts.counting, took, after = False, time.monotonic() - began, served.cpu()
    cores = [(b - a) / took for a, b in zip(before, after, strict=True)]
    row = row_of(users, counts, took, cores, served.rss())
    print(shown(row), flush=True)
    for what in (*counts.wrong[:3], *counts.errors[:3]):
        print("   ", what, flush=True)
    return row


async def recovery(crowd: Crowd, probe: asked.Question, alone: float) -> dict:
    """After the load: seconds until two keystrokes, one after the other, take at most twice `alone`."""
    door, began, waits, first = await crowd.opened(), time.monotonic(), [], None
    while time.monotonic() < began + GIVE_UP:
        try:
            answer = await asyncio.wait_for(door.ask(probe), GIVE_UP)
        except (Busy, TimeoutError):
            first = None
            await asyncio.sleep(PROBE)
            continue
        waits.append(answer.done)
        right = probe.is_right(answer.data)
        good = right and answer.done <= 2 * alone
        if good and first is not None:
            break
        first = time.monotonic() - began if good else None
        await asyncio.sleep(max(0.0, PROBE - answer.done))
    door.close()
    return {
        "seconds": first,
        "alone": alone,
        "first_wait": waits[0] if waits else GIVE_UP,
        "probes": len(waits),
    }


async def alone_now(crowd: Crowd, probe: asked.Question) -> float:
    """The median wait of a keystroke that is asked every `PROBE` seconds by the only visitor."""
    door, waits = await crowd.opened(), []
    for _ in range(PROBES):
        waits.append((await door.ask(probe)).done)
        await asyncio.sleep(PROBE)
    door.close()
    return statistics.median(waits)


async def curve(served: Served, door: str, args: argparse.Namespace) -> dict[str, Any]:
    """Users who rise, until two steps after keystrokes passed the bar; then the crowd; then none."""
    until = time.monotonic() + MOST
    found = served.questions(door)
    crowd = served.make(door)
    took = await ask_alone(crowd, found)
    probe = next(q for q in found if q.name in ("page_sentiment", "/read_along"))
    alone = await alone_now(crowd, probe)
    print(
        f"{door}: {len(found)} questions alone, a keystroke in {1_000 * alone:.0f} ms", flush=True
    )
    rows, beyond, users = [], 0, 0
    reserve = WARM + FLOOD_SECONDS + GIVE_UP + (MIXED_SECONDS + 60 if args.mixed != 0 else 0)
    for wanted in args.steps:
        if time.monotonic() + WARM + WINDOW + reserve > until:
            print("the time is over", flush=True)
            break
        crowd.add(wanted - users, found)
        users = wanted
        rows.append(await step(served, crowd, f"{users}", args.window, args.warm))
        beyond += bool(beyond) or rows[-1]["p95"] > BAR or rows[-1]["errors"] > 0
        if beyond == 3:
            break
    good = [r for r in rows if r["p95"] <= BAR and not r["errors"] and not r["wrong"]]
    last = good[-1] if good else None
    breaks = next((int(r["users"]) for r in rows if r not in good), None)
    if args.flood > users:
        crowd.add(args.flood - users, found)
        rows.append(await step(served, crowd, f"{args.flood}", args.flood_seconds, 2.0))
    ended = time.monotonic()
    await crowd.end()
    after = await recovery(served.make(door), probe, alone)
    print(f"recovered after {after['seconds']} s", flush=True)
    return {
        "door": door,
        "alone": took,
        "rows": rows,
        "good": last,
        "breaks": breaks,
        "recovery": after | {"closing": time.monotonic() - ended},
    }


async def mixed(served: Served, users: int, args: argparse.Namespace) -> dict[str, Any]:
    """`users` who type beside teaching, live training, generation and many reviews."""
    config, keys = served.get("/config"), served.questions("page")
    slow, crowd = asked.beside(config), served.make("page")
    alone: dict[int, list[str]] = {}
    await ask_alone(crowd, [*keys, *slow])
    for seed in range(TEACHERS):
        door = await crowd.opened()
        crowd.step()
        await taught(config, seed, door, crowd, alone)
        door.close()
    print(f"mixed: {len(slow)} slow questions and {len(alone)} who teach, alone", flush=True)
    if len(alone) < TEACHERS:
        raise SystemExit(f"teaching alone failed: {crowd.counts.errors[:3]}")
    crowd.add(users, keys)
    for question in slow:
        crowd.add(1 if question.name == "page_train_live" else 2, [question], pause=SLOW_PAUSE)
    for seed in range(TEACHERS):
        crowd.tasks.append(asyncio.create_task(crowd.teaches(config, seed, alone)))
    row = await step(served, crowd, f"{users} + mixed", args.mixed_seconds, WARM)
    await crowd.end()
    left = quiet(served.process)
    return row | {"left": left}


async def day(served: Served, args: argparse.Namespace) -> dict[str, Any]:
    """A long day of visitors who come and go: what grows, and what a rest does not give back."""
    keys, slow = served.questions("page"), asked.beside(served.get("/config"))
    crowd, memory = served.make("page"), []
    await ask_alone(crowd, [*keys, *slow])
    await asyncio.sleep(REST)
    await alone_now(crowd, keys[0])  # idle threads of the pool end as the next question comes
    before, began = served.held(), time.monotonic()
    crowd.add(args.users, keys, stay=STAY)
    for question in slow:
        crowd.add(1, [question], stay=STAY, pause=(20.0, 40.0))

    async def watched() -> None:
        while True:
            memory.append((time.monotonic() - began, served.rss()))
            await asyncio.sleep(EVERY)

    watching, rows, left = asyncio.create_task(watched()), [], 60.0 * args.day
    while left > 0:
        name = f"{(time.monotonic() - began) / 60:.0f} min"
        rows.append(await step(served, crowd, name, min(left, 300.0), 0))
        left = 60 * args.day - (time.monotonic() - began)
    watching.cancel()
    await crowd.end()
    await asyncio.sleep(REST)
    await alone_now(crowd, keys[0])
    return {"before": before, "after": served.held(), "memory": memory, "rows": rows}


def machine() -> str:
    """The machine, in words."""
    cores = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError, IndexError):
        info = Path("/proc/cpuinfo").read_text()
        flags = info.split("flags", 1)[1].split("\n", 1)[0].split()
        name = info.split("model name", 1)[1].split("\n", 1)[0].strip("\t :")
        fast = [f for f in ("amx_bf16", "avx512_bf16") if f in flags]
        kind = f"{name}, {', '.join(fast) or 'no bf16'}"
        return f"{cores} cores of {kind}, Python {platform.python_version()}"
    return f"{cores} cores of {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--door", nargs="+", choices=("page", "program"), default=["page", "program"]
    )
    parser.add_argument("--steps", type=int, nargs="+", default=USERS, metavar="USERS")
    parser.add_argument("--warm", type=float, default=WARM)
    parser.add_argument("--window", type=float, default=WINDOW, help="seconds of a step")
    parser.add_argument("--flood", type=int, default=FLOOD, help="users of the last step; 0: none")
    parser.add_argument("--flood-seconds", type=float, default=FLOOD_SECONDS)
    parser.add_argument("--mixed", type=int, metavar="USERS", help="0: no mixed run")
    parser.add_argument("--mixed-seconds", type=float, default=MIXED_SECONDS)
    parser.add_argument("--day", type=float, metavar="MINUTES")
    parser.add_argument(
        "--users", type=int, default=50, help="of --day: half of those that break it"
    )
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # the app is ended, too
    command = " ".join(["python -m benchmarks.breaking_point", *sys.argv[1:]])
    when = f"{datetime.now(UTC):%d %B %Y}. `{command}`"
    load = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        if args.day:
            served = stack.enter_context(serving())
            more_files()
            out, text = (
                "long_day.md",
                day_page(asyncio.run(day(served, args)), args.users, FLAT_AFTER),
            )
        else:
            curves, beside = [], None
            for door in args.door:
                with serving() as served:
                    more_files()
                    curves.append(asyncio.run(curve(served, door, args)))
                    if door == "page" and args.mixed != 0:
                        users = args.mixed or (curves[-1]["breaks"] or args.steps[-1]) // 2
                        beside = asyncio.run(mixed(served, users, args))
            out, text = "breaking_point.md", curves_page(curves, beside)
    head = f"{when} on {machine()}; load of the machine before: {load:.1f}."
    text = text.replace("WHEN", head, 1)
    print(text)
    if args.write:
        (RESULTS / out).write_text(text, encoding="utf-8")


def more_files() -> None:
    """Let this client, not the app, open as many files as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
