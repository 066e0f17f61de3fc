"""The users of `benchmarks.breaking_point`: who types, who teaches, who asks for what is slow."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import count

from benchmarks.doors import Answer, Busy, Page, Program
from benchmarks.load import BROKEN, BUSY, LIMIT, Tally, plain
from benchmarks.questions import BESIDE, Question, of_page

BESIDE_NAMES = {*BESIDE, "page_teach_own", "page_teach"}  # no keystrokes of who types
PATIENCE = 180  # seconds: an answer that takes longer is an error
PAUSE = (0.5, 1.5)  # of who types or teaches
SLOW_PAUSE = (1.0, 3.0)  # of who asks for what is slow
TEACHERS, TAUGHT_LINES, TEACH_CLICKS = 16, 100, 6
WORDS = (
    "warm",
    "clever",
    "dull",
    "loud",
    "boat",
    "harbour",
    "score",
    "plot",
    "scene",
    "song",
    "cold",
)
Door = Page | Program
NAMES = count(1)


class Counts(Tally):
    """What came back in one step of the load; times only while `counting`."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = False
        self.receipts: dict[str, list[float]] = defaultdict(list)
        self.queued: dict[str, list[float]] = defaultdict(list)
        self.worked: dict[str, list[float]] = defaultdict(list)
        self.messages: Counter = Counter()

    def came(self, question: Question, answer: Answer) -> None:
        name = question.name
        if question.is_right(answer.data):
            if self.counting:
                self.waits[name].append(answer.done)
        else:
            self.add(name, answer.done, plain(answer.data), question.alone)
        if self.counting:
            self.messages[name] += answer.messages
            self.receipts[name].append(answer.receipt)
            if answer.begun is not None:
                self.queued[name].append(answer.begun - answer.receipt)
                self.worked[name].append(answer.done - answer.begun)


class Crowd:
    """All users of a load, and the step that their answers are counted in."""

    def __init__(self, make: Callable[[str], Door]) -> None:
        self.make, self.counts, self.asking = make, Counts(), True
        self.tasks: list[asyncio.Task] = []

    def step(self) -> Counts:
        """Count anew from now."""
        self.counts = Counts()
        return self.counts

    async def one(self, door: Door, question: Question) -> Answer | None:
        """Ask, compare and count; None for an error."""
        began = time.monotonic()
        try:
            answer = await asyncio.wait_for(door.ask(question), PATIENCE)
        except Busy:
            self.counts.busy[question.name] += 1
            return None
        except Exception as error:
            self.counts.failed(question.name, time.monotonic() - began, error)
            return None
        self.counts.came(question, answer)
        return answer

    async def types(self, questions: Sequence[Question], seed: int, stay: float, pause) -> None:
        """One visitor who types; after `stay` seconds (0: never) a new one comes in their place."""
        rng, weights = random.Random(seed), [q.often for q in questions]
        door, left = await self.opened(), time.monotonic() + stay * rng.random()
        try:
            await asyncio.sleep(rng.uniform(0, PAUSE[1]))
            while self.asking:
                (question,) = rng.choices(questions, weights)
                if await self.one(door, question) is None and isinstance(door, Program):
                    door.close()  # what the connection holds is not known
                if stay and time.monotonic() > left:
                    door.close()
                    door, left = await self.opened(), time.monotonic() + stay
                await asyncio.sleep(rng.uniform(*pause))
        finally:
            door.close()

    async def teaches(self, config: dict, seed: int, alone: dict[int, list[str]]) -> None:
        """One visitor who teaches the same lines again and again, each time as a new session."""
        rng = random.Random(seed)
        while self.asking:
            door = await self.opened()
            try:
                await taught(config, seed, door, self, alone)
            finally:
                door.close()
            await asyncio.sleep(rng.uniform(*PAUSE))

    async def opened(self) -> Door:
        door = self.make(f"load{next(NAMES)}")
        await door.open()
        return door

    def add(self, n: int, questions: Sequence[Question], stay: float = 0, pause=PAUSE) -> None:
        """`n` more who type."""
        for _ in range(n):
            user = self.types(questions, len(self.tasks), stay, pause)
            self.tasks.append(asyncio.create_task(user))

    async def end(self) -> None:
        """Nobody asks any more: all close their pages, also those who wait for an answer."""
        self.asking = False
        for task in self.tasks:
            task.cancel()
        failed = await asyncio.gather(*self.tasks, return_exceptions=True)
        for error in failed:
            if isinstance(error, Exception):
                self.counts.errors.append(f"a user: {type(error).__name__}: {error}")


def lines_of(seed: int) -> str:
    """Lines of one who teaches, the first six with labels of their own."""
    rng, found = random.Random(seed), []
    for n in range(TAUGHT_LINES):
        line = " ".join([f"visitor {seed} line {n}", *rng.choices(WORDS, k=24)])
        found.append(f"label{seed}{'abc'[n % 3]}\t{line}" if n < 6 else line)
    return "\n".join(found)


async def taught(config: dict, seed: int, door: Door, crowd: Crowd, alone: dict) -> None:
    """A task of one's own and its clicks: each board is the one that this visitor gets alone."""
    names = ", ".join(f"label{seed}{a}" for a in "abc")
    begin = of_page(config, "page_teach_own", 1, {0: lines_of(seed), 1: names})
    known = alone.get(seed, [])
    begin.alone = known[0] if known else ""
    first = await crowd.one(door, begin)
    log = {} if first is None else next((read for read in map(_log, first.data) if read), {})
    if not log:
        return
    boards, rng = [plain(first.data)] if first else [], random.Random(seed)
    for n in range(1, TEACH_CLICKS + 1):
        log["marks"].append([rng.randrange(6, TAUGHT_LINES), rng.randrange(3)])
        click = of_page(config, "page_teach", 1, {0: json.dumps(log)})
        click.alone = known[n] if known else ""
        await asyncio.sleep(random.uniform(*PAUSE) if known else 0)  # not of `rng`
        answer = await crowd.one(door, click)
        if answer is None:
            return
        boards.append(plain(answer.data))
    if not all("te-card" in board for board in boards[1:]):
        crowd.counts.errors.append(f"a board without cards: {boards[-1][:200]}")
    alone.setdefault(seed, boards)


def _log(value: object) -> dict | None:
    """What a page keeps of a lesson, where `value` is that."""
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "marks" in found else None


async def ask_alone(crowd: Crowd, questions: Sequence[Question]) -> dict[str, float]:
    """Write into each question its answer alone, in a session of its own; seconds by name."""
    took: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        if question.alone:
            continue
        for _ in range(
            1 if question.name in BESIDE_NAMES else 2
        ):  # the first may load what is loaded once
            door = await crowd.opened()
            answer = await asyncio.wait_for(door.ask(question), PATIENCE)
            door.close()
        question.alone = plain(answer.data)
        if any(sign in question.alone for sign in (BROKEN, *BUSY, *LIMIT)):
            raise SystemExit(f"{question.name} alone: {question.alone[:300]}")
        took[question.name].append(answer.done)
    return {name: sorted(v)[len(v) // 2] for name, v in took.items()}
