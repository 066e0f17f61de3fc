"""The pages of figures of `benchmarks.breaking_point`. Measures nothing."""

from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

from benchmarks.load import BAR, share
from benchmarks.virtual_users import BESIDE_NAMES, Counts

FLAT = 0.05  # of the median: how far memory may be from it
HEAD = (
    "| users | answers a second | median s | 95 % s | 99 % s | slowest endpoint, 95 % s | wrong "
    "| errors | busy | app, cores | client, cores | app, CPU ms an answer | RSS MB |\n"
    + "|---" * 13
    + "|"
)


def row_of(users: str, counts: Counts, seconds: float, cores: list[float], rss: int) -> dict:
    """One step's figures; waits are those of keystrokes."""
    keys = {name: v for name, v in counts.waits.items() if name not in BESIDE_NAMES and v}
    every = [w for v in keys.values() for w in v] or [float("nan")]
    return {
        "users": users,
        "rate": sum(map(len, keys.values())) / seconds,
        "median": statistics.median(every),
        "p95": share(every, 95),
        "p99": share(every, 99),
        "slowest": max((share(v, 95) for v in keys.values()), default=float("nan")),
        "wrong": len(counts.wrong),
        "errors": len(counts.errors),
        "busy": sum(counts.busy.values()),
        "limit": sum(counts.limit.values()),
        "app": cores[0],
        "client": cores[1],
        "each": 1_000 * cores[0] * seconds / len(every),
        "rss": rss,
        "odd": Counter(counts.wrong[:8]) + Counter(counts.errors),
        "endpoints": {name: _endpoint(name, counts) for name in counts.waits if counts.waits[name]},
        "receipt": _mean(counts.receipts, keys),
        "queued": _mean(counts.queued, keys),
        "worked": _mean(counts.worked, keys),
        "messages": sum(counts.messages[name] for name in keys) / max(1, len(every)),
    }


def _mean(values: dict[str, list[float]], names) -> float:
    found = [v for name in names for v in values.get(name, ())]
    return statistics.fmean(found) if found else float("nan")


def _endpoint(name: str, counts: Counts) -> dict:
    waits = counts.waits[name]
    parts = (counts.receipts, counts.queued, counts.worked)
    return {
        "n": len(waits),
        "median": statistics.median(waits),
        "p95": share(waits, 95),
        "most": max(waits),
        "parts": [statistics.fmean(p[name]) if p.get(name) else None for p in parts],
    }


def shown(row: dict) -> str:
    """A step as one line, while the load goes on."""
    return (
        f"{row['users']:>12} users {row['rate']:6.1f}/s  median {row['median']:.3f}  "
        f"95 % {row['p95']:.3f}  99 % {row['p99']:.3f} s  wrong {row['wrong']}  errors {row['errors']}  "
        f"busy {row['busy']}  app {row['app']:.2f}  client {row['client']:.2f} cores  "
        f"{row['each']:.1f} ms an answer  {row['rss']} MB  "
        f"taken {row['receipt']:.3f}  queue {row['queued']:.3f}  work {row['worked']:.3f} s  "
        f"{row['messages']:.1f} messages"
    )


def _line(row: dict) -> str:
    times = " | ".join(f"{row[k]:.2f}" for k in ("median", "p95", "p99", "slowest"))
    counts = " | ".join(f"{row[k]:,}" for k in ("wrong", "errors", "busy"))
    return (
        f"| {row['users']} | {row['rate']:.1f} | {times} | {counts} | {row['app']:.2f} | "
        f"{row['client']:.2f} | {row['each']:.1f} | {row['rss']:,} |"
    )


def endpoints_table(row: dict) -> list[str]:
    """What each endpoint took in one step; a part that the client cannot see is left out."""
    lines = [
        "| endpoint | answers | median s | 95 % s | most s | taken s | in the queue s | at work s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, e in sorted(row["endpoints"].items(), key=lambda item: -item[1]["p95"]):
        parts = " | ".join("" if p is None else f"{p:.3f}" for p in e["parts"])
        lines.append(
            f"| `{name}` | {e['n']} | {e['median']:.3f} | {e['p95']:.3f} | {e['most']:.2f} | {parts} |"
        )
    return lines


def gave_first(found: dict) -> str:
    """What a keystroke's time went to at the first step over the bar."""
    rows = found["rows"]
    row = next((r for r in rows if r["p95"] > BAR or r["errors"] or r["wrong"]), None)
    if row is None:
        return "Nothing gave: no step passed the bar."
    if row["wrong"] or row["errors"]:
        return f"At {row['users']} users: {row['wrong']} wrong answers and {row['errors']} errors."
    cores = f"the app used {row['app']:.2f} cores, the client {row['client']:.2f}"
    if row["queued"] != row["queued"]:  # a program sees no turn
        return (
            f"At {row['users']} users a question was taken after {row['receipt']:.2f} s and answered "
            f"{max(0.0, row['median'] - row['receipt']):.2f} s later; {cores}."
        )
    parts = {k: row[k] for k in ("receipt", "queued", "worked")}
    names = {"receipt": "until it was taken", "queued": "in the queue", "worked": "at work"}
    told = ", ".join(f"{v:.2f} s {names[k]}" for k, v in parts.items())
    first = names[max(parts, key=lambda k: parts[k])]
    return (
        f"At {row['users']} users most of a keystroke's time was spent {first}: in the mean {told}; "
        f"{cores}; {row['messages']:.1f} messages of the stream for an answer."
    )


def curves_page(curves: list[dict], beside: dict | None) -> str:
    """The page of both curves and the mixed run."""
    lines = ["# Load to the breaking point", "", "WHEN", ""]
    lines += [
        "Users who type: a question, its answer, a pause of 0.5 to 1.5 s. One asyncio client with plain "
        "sockets, on the same cores as the app. Each answer is compared with the answer alone, but for "
        "its milliseconds and for how much of a text was read anew. Who is told “busy” asks again after "
        f"a pause. The bar: keystrokes at the 95th percentile within {BAR:.0f} s.",
    ]
    for found in curves:
        title = "page's events" if found["door"] == "page" else "data endpoints"
        lines += ["", f"## The {title}", "", HEAD, *map(_line, found["rows"]), ""]
        good, after = found["good"], found["recovery"]
        breaks = f"Breaks at {found['breaks']} users. " if found["breaks"] else ""
        lines += [breaks + gave_first(found), ""]
        seconds = "never" if after["seconds"] is None else f"{after['seconds']:.1f} s"
        lines += [
            f"Recovery after the last step: {seconds} until a keystroke took at most twice what it "
            f"takes alone ({1_000 * after['alone']:.0f} ms); the first one after the load took "
            f"{after['first_wait']:.2f} s.",
        ]
        if good:
            lines += ["", f"By endpoint, at {good['users']} users:", "", *endpoints_table(good)]
    if beside:
        lines += [
            "",
            "## Mixed",
            "",
            "Users who type, beside 16 who teach at once, live training, generation and many reviews.",
            "",
            HEAD,
            _line(beside),
            "",
            f"Ended at a limit, and said so: {beside['limit']}. Processes left: {len(beside['left'])}.",
            "",
            *endpoints_table(beside),
        ]
    rows = [r for found in curves for r in found["rows"]] + ([beside] if beside else [])
    lines += odd_lines(rows)
    return "\n".join(lines) + "\n"


def odd_lines(rows: list[dict]) -> list[str]:
    """What was wrong or failed, in the words of the client."""
    odd = [(r["users"], what, n) for r in rows for what, n in list(r["odd"].items())[:4]]
    if not odd:
        return []
    told = [f"- {users} users, {n} × `{what.replace('`', '')}`" for users, what, n in odd[:24]]
    return ["", "## Wrong or failed", "", *told]


def is_flat(memory: list[tuple[float, int]], after: float) -> tuple[bool, int, int, int]:
    """(flat?, lowest, median, highest) of what was measured later than `after` seconds.

    >>> is_flat([(0, 50), (10, 100), (20, 102), (30, 99)], 5)
    (True, 99, 100, 102)
    >>> is_flat([(10, 100), (20, 110), (30, 90)], 5)
    (False, 90, 100, 110)
    """
    found = [mb for second, mb in memory if second > after] or [mb for _, mb in memory]
    middle = int(statistics.median(found))
    flat = max(found) <= middle * (1 + FLAT) and min(found) >= middle * (1 - FLAT)
    return flat, min(found), middle, max(found)


def day_page(found: dict[str, Any], users: int, after: float) -> str:
    """The page of the long day."""
    flat, low, middle, high = is_flat(found["memory"], after)
    every = found["memory"][:: max(1, len(found["memory"]) // 24)]
    lines = ["# A long day", "", "WHEN", ""]
    lines += [
        f"{users} users who type and stay for five minutes, one each who generates, trains and sends "
        "many reviews; each answer compared with the answer alone.",
        "",
        f"Memory after the first {after / 60:.0f} minutes: {low:,} to {high:,} MB, median {middle:,} "
        f"({'flat' if flat else 'not flat'}: within {100 * FLAT:.0f} %).",
        "",
        "RSS, MB: " + " → ".join(f"{mb:,}" for _, mb in every),
        "",
        "| held | before | after the load and 30 s of rest |",
        "|---|---|---|",
        *(f"| {name} | {n} | {found['after'][name]} |" for name, n in found["before"].items()),
        "",
        HEAD.replace("users", "from", 1),
        *map(_line, found["rows"]),
    ]
    lines += odd_lines(found["rows"])
    return "\n".join(lines) + "\n"
