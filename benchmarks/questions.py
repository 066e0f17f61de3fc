"""What the users of `benchmarks.breaking_point` ask, by both doors, and what is the right answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.load import CALLS, LONG, TEXTS, plain

STEPS = (3, 8, 100)  # a text is typed: its first words, more of them, the whole
FOLLOWS = ("change", "input")  # of a field, of a result that a script asks
EVENT = "the event's data"  # where the text goes that is no field's
KEPT = 8  # right answers of a question, as they came
# (event, how often, the text's field, other fields by number); `@field`: the event without a name
# that follows this field or result
PAGE: list[tuple[str, float, str, dict[int, Any]]] = [
    ("@tokenizers-text", 8, "tokenizers-text", {}),
    ("@journey", 8, EVENT, {}),  # the strip over the tabs follows every text
    ("page_sentiment", 8, "sentiment-text", {}),
    ("page_vocabulary", 4, "vocabulary-text", {}),
    ("page_word_vocabulary", 4, "words-text", {}),
    ("page_next_word", 4, "generation-prompt", {}),
    ("page_surprise", 3, "surprise-text", {}),
    ("page_other_models", 3, "sentiment-text", {1: True}),
    ("page_lm_batches", 3, "batches-text", {}),
    ("page_classifier_batches", 3, "classifier-batches-text", {}),
    ("page_training_stages", 2, "stages-prompt", {}),
    ("page_inside_unit", 3, "inside-text", {}),
]
BESIDE: dict[str, dict[int, Any]] = {  # what is slow, in the mixed run
    "page_generate": {0: TEXTS[0][:20], 6: 20, 7: 2, 8: 7},
    "page_sentiment_lines": {0: LONG[:6_000]},
    "page_train_live": {0: "ours", 1: "", 2: "The film", 3: 6, 4: "small"},
}


@dataclass
class Question:
    """One question: what is sent, and the answer alone."""

    name: str
    often: float
    body: bytes  # a request without the end of its `data`
    numbered: bool = False  # the page's number is the last input
    alone: str = ""
    kept: set[bytes] = field(default_factory=set)

    def is_right(self, data: object) -> bool:
        """Whether `data` is the answer alone, but for what `plain` leaves out."""
        raw = orjson.dumps(data)
        if raw in self.kept:
            return True
        right = plain(data) == self.alone
        if right and len(self.kept) < KEPT:
            self.kept.add(raw)
        return right


def typed(text: str) -> list[str]:
    """`text` while it is typed.

    >>> typed("a b c d e f g h i")
    ['a b c', 'a b c d e f g h', 'a b c d e f g h i']
    """
    words = text.split(" ")
    return list(dict.fromkeys(" ".join(words[:n]) for n in STEPS))


def event(config: dict, name: str) -> dict:
    """The page's event `name`, or the numbered one that follows the field `@name`."""
    ids = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
    for one in config["dependencies"]:
        about = [[ids[name[1:]], kind] for kind in FOLLOWS] if name[0] == "@" else []
        followed = any(target in about for target in one["targets"])
        if one["api_name"] == name or (followed and "ulmfitAsk" in (one["js"] or "")):
            return one
    raise SystemExit(f"The page has no event {name}.")


def of_page(config: dict, name: str, often: float, values: dict[int | str, Any]) -> Question:
    """The page's question: fields by number or by element id, all others as they stand."""
    found = event(config, name)
    known = {c["id"]: c for c in config["components"]}
    fields = [known[i] for i in found["inputs"]]
    numbered = "ulmfitAsk" in (found["js"] or "")
    data = []
    for number, one in enumerate(fields[:-1] if numbered else fields):
        props = one["props"]
        stands = None if one["type"] == "state" else props.get("value")
        data.append(values.get(number, values.get(props.get("elem_id"), stands)))
    here = [i for i, e in found["targets"] if e in (*FOLLOWS, "click") and i is not None]
    told = {"value": values[EVENT]} if EVENT in values else None
    head = {"fn_index": found["id"], "trigger_id": here[0] if here else None, "event_data": told}
    body = orjson.dumps(head)[:-1] + b',"data":' + orjson.dumps(data)[:-1]
    return Question(name, often, body, numbered)


def page(config: dict) -> list[Question]:
    """The keystrokes of every tab, as the page sends them."""
    found = []
    for name, often, text_field, others in PAGE:
        for text in TEXTS:
            if "lm_batches" in name:
                texts = [LONG[: n * 100 + len(text)] for n in STEPS[:2]]
            elif "classifier_batches" in name:
                texts = ["\n\n".join(typed(text)), "\n\n".join((*TEXTS, text))]
            elif name in ("page_next_word", "page_training_stages"):
                texts = typed(text)[:2]
            else:
                texts = typed(text)
            for one in texts:
                values = {text_field: one, **others}
                found.append(of_page(config, name, often / len(texts), values))
    return found


def programs(info: dict) -> list[Question]:
    """The data endpoints that answer keystrokes, as programs call them."""
    found = []
    for name, often, keystroke, arguments in CALLS:
        if not keystroke:
            continue
        whole = next(
            (k for k in ("text", "texts") if k in arguments and len(arguments[k]) < 200), ""
        )
        texts = typed(arguments[whole]) if whole else [""]
        for text in texts:
            given = {**arguments, **({whole: text} if whole else {})}
            parameters = info["named_endpoints"][name]["parameters"]
            data = [given.get(p["parameter_name"], p.get("parameter_default")) for p in parameters]
            body = b'{"data":' + orjson.dumps(data)[:-1]
            found.append(Question(name, often / len(texts), body))
    return found


def beside(config: dict) -> list[Question]:
    """Generation, many reviews, live training, as the page asks for them."""
    return [of_page(config, name, 1, dict(values)) for name, values in BESIDE.items()]
