"""The logs of a run's stages as one, every line under its stage's own name, and back. Writes no file.

Each stage writes its own name into the log of the folder that it trains in: `lm`, `classifier`, `teach`,
`student`. The same names stand in the log of the direction that reads backwards and in that of the run
whose language model this one began with. A bundle's `training.jsonl` holds them all:

    wiki            the language model that `--init-from` named, trained on Wikipedia
    lm, classifier, teach, student
    …_backwards     the same, of reviews read from their end
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

WIKI = "wiki"
SUFFIX = "_backwards"
BACKWARDS = "backwards"  # the folder inside a run that holds what was trained on reversed texts


def merged(folder: Path, wiki: Path | None = None) -> list[str]:
    """The lines of the run `folder` in both directions, and of the run `wiki`, as the bundle has them.

    A direction whose language model began with random weights has no Wikipedia stage: nothing of `wiki`
    is taken for it.
    """
    found = []
    for place, suffix in ((folder, ""), (folder / BACKWARDS, SUFFIX)):
        own = lines(place / "log.jsonl")
        if wiki is not None and began_with_another(own):
            source = lines((wiki / BACKWARDS if suffix else wiki) / "log.jsonl")
            own = [line for line in own if stage_of(line) != WIKI]
            found += [renamed(x, WIKI + suffix) for x in source if stage_of(x) == "lm"]
        found += [renamed(x, stage_of(x) + suffix) for x in own]
    return found


def parted(training: Iterable[str]) -> tuple[list[str], list[str]]:
    """What `merged` gave → the lines of the run's own log, and of its direction that reads backwards."""
    own, turned = [], []
    for line in training:
        stage = stage_of(line)
        if stage.endswith(SUFFIX):
            turned.append(renamed(line, stage.removesuffix(SUFFIX)))
        else:
            own.append(line)
    return own, turned


def began_with_another(log: Iterable[str]) -> bool:
    """Whether the last language model that `log` tells of went on from another run's (`init`)."""
    told = [e.get("event") for e in map(json.loads, log) if e.get("stage") == "lm"]
    told = [e for e in told if e in ("init", "start")]
    return told[-2:] == ["init", "start"]  # `init` stands before the `start` that it belongs to


def lines(path: Path) -> list[str]:
    """The log's lines; [] where there is none. A line that was cut off by a kill is left out."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            found.append(line)
    return found


def stage_of(line: str) -> str:
    """The stage's name without the number of its unfreezing step: "classifier 1" is "classifier"."""
    return str(json.loads(line).get("stage", "")).partition(" ")[0]


def renamed(line: str, name: str) -> str:
    """The line under another stage's name, its number kept; the same text where the name is the same."""
    event = json.loads(line)
    before, space, number = str(event.get("stage", "")).partition(" ")
    return line if before == name else json.dumps({**event, "stage": f"{name}{space}{number}"})
