"""HTML of the strip over the tabs: one stop for every step of a text. Computes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ulmfit_demo.models.calibration import NEGATIVE, POSITIVE, UNSURE
from ulmfit_demo.pipeline.results.journey import Journey
from ulmfit_demo.tabs.shared.signs import named, seen, visible
from ulmfit_demo.tabs.shared.templates import macro

# stop → the tab that it opens
STOPS = {
    "characters": "tokenizers",
    "tokens": "tokenizers",
    "ids": "vocabulary",
    "batch row": "batches",
    "state": "inside",
    "next word": "generation",
    "verdict": "sentiment",
}
SHOWN = 6  # tokens, ids and numbers that a stop shows at most
WAITING = "…"


def strip(values: Sequence[tuple[str, str]]) -> str:
    """One button a stop. `values`: (count, sample) for every stop of `STOPS`, in its order."""
    stops = [
        {
            "tab": tab,
            "title": _title(count, sample, tab),
            "name": name,
            "count": count,
            "sample": sample,
        }
        for (name, tab), (count, sample) in zip(STOPS.items(), values, strict=True)
    ]
    return macro("journey/strip.html", "strip", stops=stops)


def _title(count: str, sample: str, tab: str) -> str:
    return f"{count} {sample}".strip() + f" · open {tab.capitalize()} with this text"


def begun(n_characters: int, text: str) -> str:
    """The strip before anything was computed."""
    return strip([(f"{n_characters:,}", seen(text[:24])), *[("", WAITING)] * (len(STOPS) - 1)])


def without(n_characters: int, text: str, why: str) -> str:
    """The strip of a text that is not followed, and why."""
    return strip([(f"{n_characters:,}", seen(text[:24])), ("", why), *[("", "–")] * 5])


def followed(text: str, j: Journey) -> str:
    """The strip of a text with words."""
    tokens = [seen(t) for t in j["tokens"]]
    verdict, share = _verdict(j)
    likeliest = j["next_words"][0]
    return strip(
        [
            (f"{j['n_characters']:,}", seen(text[:24])),
            (f"{len(tokens):,}", " ".join(tokens[:SHOWN])),
            ("", " ".join(map(str, j["ids"][:SHOWN]))),
            (_rows(j), " ".join(seen(t) for t in j["row"] or ())),
            (f"{len(j['state'])} numbers", "  ".join(map(_signed, j["state"][:3]))),
            ("", f"{_word(likeliest['word'])} {likeliest['probability']:.0%}"),
            ("", f"{verdict} {share}".strip()),
        ]
    )


def _signed(number: float) -> str:
    """With a sign as wide as a plus, and no zero below zero."""
    return f"{round(number, 2) + 0.0:+.2f}".replace("-", "−")


def _rows(j: Journey) -> str:
    return f"1 of {j['bs']}"


def _word(word: str) -> str:
    """A next word in the strip; a marker says what it means."""
    return {"xxbos": "end of the text", "xxmaj": "a capital", "xxup": "capitals"}.get(
        word, f"“{visible(named(word))}”"
    )


def _verdict(j: Journey) -> tuple[str, str]:
    if j["label"] is None or j["score"] is None:
        return "–", ""
    if j["unsure"]:
        return UNSURE, ""
    return (POSITIVE if j["label"] == "pos" else NEGATIVE), f"{j['score']:.0%}"
