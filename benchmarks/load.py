"""A hundred visitors at once: every endpoint, each answer held against the answer alone.

    python -m benchmarks.load [--users 100] [--seconds 300] [--out benchmarks/results/load.md]

Starts the app in a process of its own, asks every call of `CALLS` once while nobody else is there,
then lets the users ask at random, with pauses, and compares. Reports wrong answers, errors, waits,
memory and left processes. Knows the app only by its API.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psutil
from gradio_client import Client
from gradio_client.utils import QueueError

ROOT = Path(__file__).resolve().parents[1]
START = "import app; app.build().launch(server_port={}, quiet=True, **app.launch_settings())"
BAR = 1.0  # seconds: 95th percentile of a keystroke endpoint
BUSY = ("visitors are waiting to train already", "queue is full")
LIMIT = ("Ended at the limit", "the limit here", "The training was ended on the server")
BROKEN = "Something went wrong here"
TEXTS = (
    "A warm and clever film with a wonderful cast. I laughed, and I cried at the end.",
    "Dull, loud and two hours too long. Not even the score could save this one.",
    "It's FINE... the 2nd act drags, but the boat scene <br /> is lovely & odd!!!!",
)
LONG = "\n".join(f"{t} Once more, with number {i}: {t.lower()}" for i in range(30) for t in TEXTS)
GENERATE = dict(temperature=0.75, top_k=0, top_p=1.0, min_p=0.0, repetition_penalty=1.0)
# certificates are not read for every call (there are none): that would cost more than the answers
QUICK = {"download_files": False, "ssl_verify": False, "httpx_kwargs": {"timeout": 120}}
LIVE = dict(source="ours", own="", prompt="The film", epochs=6, size="small")

# (endpoint, how often, is it a keystroke's, arguments)
CALLS: list[tuple[str, float, bool, dict]] = []
for _text in TEXTS:
    CALLS += [
        ("/tokenize", 8, True, dict(text=_text, tokenizer="fastai", rules=["lowercase"])),
        ("/classify", 4, True, dict(texts=_text)),
        ("/read_along", 8, True, dict(text=_text)),
        ("/vocabulary", 4, True, dict(text=_text, kind="unigram", size=1_000)),
        ("/word_vocabulary", 4, True, dict(text=_text, min_freq=3, max_vocab=60_000)),
        ("/next_words", 4, True, dict(prompt=_text[:30], **GENERATE)),
        ("/surprisal", 3, True, dict(text=_text)),
        ("/other_models", 3, True, dict(text=_text)),
        (
            "/lm_batches",
            3,
            True,
            dict(
                text=LONG[: 900 + len(_text)], bs=4, seq_len=5, cut="fastai", shuffle=True, seed=3
            ),
        ),
        (
            "/classifier_batches",
            3,
            True,
            dict(
                text="\n\n".join(TEXTS) + _text,
                bs=2,
                padding="chunk",
                order="sorted",
                seq_len=72,
                seed=0,
            ),
        ),
        ("/stages", 2, True, dict(prompt=_text[:30])),
        ("/explain", 0.7, False, dict(text=_text)),
        ("/generate", 1, False, dict(prompt=_text[:20], n_words=20, n_texts=2, seed=7, **GENERATE)),
        ("/classify", 0.7, False, dict(texts=[*TEXTS, _text])),
    ]
CALLS += [
    ("/training", 1, False, {}),
    ("/legal_sizes", 1, False, dict(text=LONG, kind="bpe")),
    (
        "/train_vocabulary",
        1,
        False,
        dict(text=LONG, kind="unigram", size=120, sample=TEXTS[0]),
    ),
    ("/train_live", 0.3, False, LIVE),
]
KEYSTROKE = {name for name, _, keystroke, _ in CALLS if keystroke}


def plain(result: object) -> str:
    """A result without what may differ: times, rates, how much was kept from the last key, paths."""
    text = json.dumps(result, sort_keys=True, default=str, ensure_ascii=False)
    text = re.sub(r"[\d.,]+(</b>)?\s?(ms|s|seconds?|a second|tokens a second)\b", "", text)
    text = re.sub(r", the last [\d,]+ read now", "", text)
    return re.sub(r"[^\"]*/gradio/[^\"]*", "", text) if "/gradio/" in text else text


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def started(port: int, log: Path) -> psutil.Process:
    """The app, serving at `port`."""
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    with log.open("w") as f:
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(port)], cwd=ROOT, env=environment, stderr=f
        )
    for _ in range(1_200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return psutil.Process(process.pid)
        if process.poll() is not None:
            raise SystemExit(f"The app did not start; see {log}")
        time.sleep(0.1)
    raise SystemExit("The app did not start in two minutes.")


def workers(server: psutil.Process) -> list[str]:
    return [
        " ".join(p.cmdline())[-60:]
        for p in server.children(recursive=True)
        if p.status() != "zombie"
    ]


def quiet(server: psutil.Process, seconds: float = 30) -> list[str]:
    """The processes of the app that are left after at most `seconds`."""
    until = time.monotonic() + seconds
    while (left := workers(server)) and time.monotonic() < until:
        time.sleep(0.5)
    return left


class Tally:
    """What came back, counted by all users."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.busy: Counter = Counter()
        self.limit: Counter = Counter()
        self.wrong: list[str] = []
        self.errors: list[str] = []

    def add(self, name: str, seconds: float, result: str, expected: str) -> None:
        with self.lock:
            if any(sign in result for sign in BUSY):
                self.busy[name] += 1
            elif any(sign in result for sign in LIMIT):
                self.limit[name] += 1
            elif BROKEN in result:
                self.errors.append(f"{name}: {BROKEN}")
            else:
                self.waits[name].append(seconds)
                if result != expected:
                    place = next(
                        (
                            i
                            for i, (a, b) in enumerate(zip(result, expected, strict=False))
                            if a != b
                        ),
                        min(len(result), len(expected)),
                    )
                    cut = slice(max(0, place - 60), place + 60)
                    self.wrong.append(f"{name}: …{result[cut]}… not …{expected[cut]}…")

    def failed(self, name: str, seconds: float, error: Exception) -> None:
        with self.lock:
            if isinstance(error, QueueError) or "queue is full" in str(error).lower():
                self.busy[name] += 1
            else:
                self.errors.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
                self.waits[name].append(seconds)  # else the slowest would count least


def user(client: Client, seed: int, until: float, alone: list[str], tally: Tally, pause) -> None:
    """One visitor, until the time is over."""
    rng = random.Random(seed)
    weights = [often for _, often, _, _ in CALLS]
    time.sleep(rng.uniform(0, pause[1]))
    while time.monotonic() < until:
        (which,) = rng.choices(range(len(CALLS)), weights)
        name, _, _, arguments = CALLS[which]
        began = time.monotonic()
        try:
            result = client.submit(api_name=name, **arguments).result(timeout=300)
            tally.add(name, time.monotonic() - began, plain(result), alone[which])
        except Exception as e:
            tally.failed(name, time.monotonic() - began, e)
        time.sleep(rng.uniform(*pause))


def share(values: list[float], percent: int) -> float:
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def report(args, tally: Tally, seconds: float, facts: dict) -> str:
    """The page of figures."""
    worst = max(
        (share(v, 95) for name, v in tally.waits.items() if name in KEYSTROKE), default=float("nan")
    )
    n = sum(map(len, tally.waits.values()))
    command = f"python -m benchmarks.load --users {args.users} --seconds {args.seconds:g}"
    lines = [
        "# Load",
        "",
        f"{datetime.now(UTC):%d %B %Y}. `{command}` on {facts['machine']}.",
        f"{args.users} `gradio_client` users, one `Client` each in a thread of one process, pause of "
        f"{args.pause[0]:g} to {args.pause[1]:g} s between two calls; the users ran on the same "
        f"core{'s' if facts['cores'] > 1 else ''} as the app.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| answers compared | {n:,} in {seconds:.0f} s ({n / seconds:.1f} a second) |",
        f"| wrong answers | {len(tally.wrong)} |",
        f"| errors | {len(tally.errors)} |",
        f"| clean “busy” | {sum(tally.busy.values())} {dict(tally.busy) or ''} |",
        f"| ended at a limit, and said so | {sum(tally.limit.values())} {dict(tally.limit) or ''} |",
        f"| slowest keystroke endpoint, 95th percentile | {worst:.2f} s (bar: {BAR:.0f} s) |",
        f"| memory of the app (RSS) | {facts['rss_alone']} MB after each call alone, "
        f"{facts['rss_after']} MB after the load, {facts['rss_most']} MB at most |",
        f"| RSS at each quarter of the load | {facts['rss_quarters']} MB |",
        f"| share of a core: the app, the users | {facts['cpu'][0]:.2f}, {facts['cpu'][1]:.2f} |",
        f"| open files, threads | {facts['files']}, {facts['threads']} |",
        f"| workers left at the end | {len(facts['left'])} |",
        f"| load of the machine | {facts['load']} (1 min, before → after; {facts['all_cores']} cores) |",
        "",
        "| endpoint | keystroke | answers | median s | 95 % s | 99 % s | most s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in sorted(tally.waits, key=lambda name: (name not in KEYSTROKE, name)):
        v = tally.waits[name]
        lines.append(
            f"| `{name}` | {'yes' if name in KEYSTROKE else ''} | {len(v)} | "
            f"{statistics.median(v):.2f} | {share(v, 95):.2f} | {share(v, 99):.2f} | {max(v):.2f} |"
        )
    odd = Counter(tally.wrong[:8]) + Counter(tally.errors)
    if odd:
        lines += ["", "## Wrong or failed", ""]
        lines += [
            f"- {count} × `{what.replace('`', '')}`" for what, count in list(odd.items())[:16]
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--pause", type=float, nargs=2, default=(4.0, 12.0))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "load.md")
    args = parser.parse_args()
    port, log = free_port(), Path(f"/tmp/ulmfit-load-{os.getpid()}.log")
    server = started(port, log)
    try:
        url = f"http://127.0.0.1:{port}"
        began = time.monotonic()
        first = Client(url, verbose=False, **QUICK)
        print(f"one client opened in {time.monotonic() - began:.2f} s", flush=True)
        alone = []
        for name, _, _, arguments in CALLS:
            began = time.monotonic()
            alone.append(plain(first.submit(api_name=name, **arguments).result(timeout=300)))
            print(f"{name:22} alone {time.monotonic() - began:6.2f} s", flush=True)
            assert not any(sign in alone[-1] for sign in (BROKEN, *BUSY, *LIMIT)), name
        clients = [first]
        clients += [Client(url, verbose=False, **QUICK) for _ in range(args.users - 1)]
        cores = len(os.sched_getaffinity(0))
        facts = {
            "machine": f"{cores} core{'s' if cores > 1 else ''} of {platform.machine()}, "
            f"Python {platform.python_version()}",
            "cores": cores,
            "all_cores": os.cpu_count(),
            "rss_alone": server.memory_info().rss // 10**6,
        }
        files, threads, load = server.num_fds(), server.num_threads(), os.getloadavg()[0]
        tally, memory = Tally(), []
        cpu = [sum(p.cpu_times()[:2]) for p in (server, psutil.Process())]
        began = time.monotonic()
        until = began + args.seconds
        print(f"{args.users} clients open, RSS {facts['rss_alone']} MB; load begins", flush=True)
        with ThreadPoolExecutor(args.users) as pool:
            running = [
                pool.submit(user, client, seed, until, alone, tally, args.pause)
                for seed, client in enumerate(clients)
            ]
            while not all(r.done() for r in running):
                memory.append(server.memory_info().rss // 10**6)
                time.sleep(1)
        seconds = time.monotonic() - began
        facts |= {
            "left": quiet(server),
            "rss_after": server.memory_info().rss // 10**6,
            "rss_most": max(memory),
            "rss_quarters": " → ".join(str(memory[len(memory) * k // 4]) for k in range(4)),
            "cpu": [
                (sum(p.cpu_times()[:2]) - before) / seconds
                for p, before in zip((server, psutil.Process()), cpu, strict=True)
            ],
            "files": f"{files} → {server.num_fds()}",
            "threads": f"{threads} → {server.num_threads()}",
            "load": f"{load:.1f} → {os.getloadavg()[0]:.1f}",
        }
        text = report(args, tally, seconds, facts)
        print(text)
        args.out.parent.mkdir(exist_ok=True)
        args.out.write_text(text, encoding="utf-8")
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(15)
        except psutil.TimeoutExpired:
            server.kill()
    if "Traceback" in (said := log.read_text()):
        print("The app's log holds tracebacks:\n", said[-3_000:])


if __name__ == "__main__":
    main()
    os._exit(0)  # gradio_client's heartbeat threads would keep it
