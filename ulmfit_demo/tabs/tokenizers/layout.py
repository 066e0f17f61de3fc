"""Tab: one text under several tokenizers side by side, fastai's rules one by one, ids and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from ulmfit_demo import lessons, limits, tokens
from ulmfit_demo.inference.loading import LoadedModels
from ulmfit_demo.pipeline.tokenizing import chosen_rules
from ulmfit_demo.resources import named
from ulmfit_demo.tabs.shared import code_panel, events, examples, guard, lesson
from ulmfit_demo.tabs.shared.controls import Controls
from ulmfit_demo.tabs.shared.save_bar import save_bar
from ulmfit_demo.tabs.tokenizers import columns_html as view
from ulmfit_demo.tokens import RULE_NAMES, Tokenized
from ulmfit_demo.workers.uploaded_tokenizer import UploadedTokenizers, UploadError

NOTHING = "—"
COLUMNS = 4
DEFAULT = ("fastai", "spacy", "unigram-1000", "characters")
OWN_SECONDS = 1_800
VOCAB = named("models/imdb/vocab.json")


def build(loaded: LoadedModels) -> Controls:
    """Lay out the tab and wire it to `loaded`; its controls for links and lessons."""
    names = tokens.catalogue(loaded.ladder)
    own_tokenizers = UploadedTokenizers(seconds=OWN_SECONDS)

    def tokenized(text: str, keys: list[str], rules: list[str], own: str | None):
        return {
            key: tokens.tokenize(
                text,
                key,
                loaded.ladder,
                loaded.vocab,
                rules,
                partial(own_tokenizers.tokenize, own),
            )
            for key in dict.fromkeys(keys)
        }

    @guard.guarded("", "", "", refusals=(UploadError,))
    def show(text, settings):
        text = limits.text(text)
        keys, rules, own = settings["columns"], settings["rules"], settings["own"]
        results = tokenized(text, keys, rules, own)
        fastai = results.get("fastai")
        if fastai is None and (settings["why"] or settings["nums"]):
            fastai = tokens.fastai_words(text, rules, loaded.vocab)
        return (
            view.columns([results[key] for key in keys], settings["ids"]),
            why(text, rules, fastai) if settings["why"] else "",
            numericalized(loaded, fastai) if settings["nums"] else "",
            code(keys, text, rules, own_tokenizers.name(own)) if settings["code"] else "",
        )

    card = lesson.Card("tokenizers")
    with gr.Row():
        text = examples.field("tokenizers", "Your text", "tokenizers-text", 2, 5)
        with gr.Column(scale=1, min_width=200):
            examples.menu("tokenizers", text)
            upload = gr.UploadButton(
                "Use my own tokenizer",
                file_types=[".model", ".json"],
                size="sm",
                elem_id="tokenizers-upload",
            )
    own_note = gr.HTML(elem_id="tokenizers-own")
    with gr.Row(elem_id="tokenizers-slots"):
        slots = [slot(number, names) for number in range(COLUMNS)]
    result = gr.HTML(
        html_template=view.STAGE,
        js_on_load=view.ON_LOAD,
        words=view.words(),
        elem_id="tokenizers-result",
    )
    save_bar("tokenizers-result", "json", what="the tokens")
    show_ids = gr.Checkbox(False, label="Show ids instead of tokens", elem_id="tokenizers-ids")
    with gr.Accordion(
        "Why this token: fastai's rules, one after another",
        open=False,
        elem_id="tokenizers-why-panel",
    ) as why_panel:
        rules = gr.CheckboxGroup(
            [(f"{n} {name}", name) for n, name in enumerate(RULE_NAMES, 1)],
            value=list(RULE_NAMES),
            label="Rules that are on, in the order in which they run",
            elem_id="tokenizers-rules",
        )
        why_shown = gr.HTML(elem_id="tokenizers-why")
    with gr.Accordion("Ids and back: numericalize", open=False) as nums_panel:
        nums = gr.HTML(elem_id="tokenizers-nums")
    code_shown = code_panel.panel()

    own = gr.State(None, time_to_live=OWN_SECONDS, delete_callback=own_tokenizers.forget)
    start = {
        "columns": [menu.value for menu in slots],
        "rules": list(RULE_NAMES),
        "ids": False,
        "own": None,
        **dict.fromkeys(("why", "nums", "code"), False),
    }
    # gradio's page works on every input, output and trigger of an event, several times a key. So a
    # key press has two inputs of the visitor's; what is chosen comes in one of them.
    settings = gr.State(start)
    # Choices are taken one at a time: of two that read the same settings one would be lost.
    quiet: dict[str, Any] = dict(
        api_visibility="private", concurrency_id="settings", concurrency_limit=1
    )
    outputs = [result, why_shown, nums, code_shown]
    events.live(
        [text, settings],
        show,
        [text, settings],
        outputs,
        None,
        show_progress_on=result,
    )
    choices = [*slots, rules, show_ids, own]
    events.live(choices, choose(names), [settings, *choices], [settings], None, **quiet)
    # What a closed panel would show is neither computed nor sent.
    panels = {"why": why_panel, "nums": nums_panel, "code": code_shown.parent}
    for name, panel in panels.items():
        for event, is_open in ((panel.expand, True), (panel.collapse, False)):
            event(opened(name, is_open), settings, settings, show_progress="hidden", **quiet)
    upload.upload(
        take_over(own_tokenizers),
        [upload, own, *slots],
        [own_note, own, slots[-1]],
        api_visibility="private",
        show_progress="minimal",
        concurrency_id="own",
        concurrency_limit=1,
    )
    result.value = show(text.value, start)[0]
    columns = {f"column{number}": menu for number, menu in enumerate(slots, 1)}
    items = {"text": text, **columns, "rules": rules, "ids": show_ids, "lesson": card.number}

    def lines(values):
        keys = chosen([values[name] for name in columns], names)
        return code(keys, values["text"], chosen_rules(values["rules"]), None)

    return Controls("tokenizers", items, card=card, code=lines)


def choose(names: dict[str, str]):
    """The function that gathers what is chosen into the settings of a session."""

    def gather(now, *choices):
        *slots, rules, ids, own = choices
        return {
            **now,
            "columns": chosen(slots, names),
            "rules": chosen_rules(rules),
            "ids": bool(ids),
            "own": own,
        }

    return gather


def opened(name: str, is_open: bool):
    """The function that writes into the settings of a session whether a panel is open."""
    return lambda now: {**now, name: is_open}


def slot(number: int, names: dict[str, str]) -> gr.Dropdown:
    """The menu of one column; the last two may be empty."""
    choices = [(name, key) for key, name in names.items()]
    if number >= 2:
        choices.append((NOTHING, NOTHING))
    value = DEFAULT[number] if DEFAULT[number] in names else "whitespace"
    return gr.Dropdown(
        choices,
        value=value,
        label=f"Column {number + 1}",
        show_label=False,
        container=False,
        filterable=False,
        min_width=140,
        elem_id=f"tokenizers-column-{number + 1}",
    )


def chosen(columns: Sequence[str | None], names: dict[str, str]) -> list[str]:
    """The keys of the columns that are in use. Raises `Refused`."""
    columns = limits.several(columns, "The columns")
    keys = [key for key in columns if key not in (None, "", NOTHING)]
    if not 1 <= len(keys) <= COLUMNS:
        raise limits.Refused(f"Choose one to {COLUMNS} columns.")
    return [limits.choice(key, names, "A column") for key in keys]


def why(text: str, rules: list[str], fastai: Tokenized) -> str:
    """The panel of fastai's rules."""
    return view.why(fastai.source, tokens.trace(text, rules), rules, fastai)


def numericalized(loaded: LoadedModels, fastai: Tokenized) -> str:
    """The panel of ids. Raises `Refused` without a vocabulary."""
    if loaded.vocab is None:
        raise limits.Refused(loaded.missing)
    ids = loaded.vocab.numericalize(fastai.texts)
    return view.numericalized(fastai.texts, ids, loaded.vocab.decode(ids), limits.IDS)


def code(keys: list[str], text: str, rules: list[str], own: str | None) -> str:
    """The lines of fastai that give the same columns, rules and ids."""
    every = len(rules) == len(RULE_NAMES)
    values = {"text": tokens.clean(text), "rules": rules, "vocab": VOCAB}
    parts = [lessons.code("tokenizers_head", **values)]
    for key in dict.fromkeys([*keys, "fastai"]):
        kind, _, size = key.partition("-")
        if key == "fastai":
            name = "fastai" if every else "rules"
        elif key == "own":
            name = "own_json" if (own or "").endswith(".json") else "own_model"
            values["path"] = own or "my.model"
        elif size:
            name = "pieces"
            values["path"] = named(f"subwords/{kind}-{size}.model")
        else:
            name = key
        parts.append(lessons.code(f"tokenizers_{name}", **values))
    parts.append(lessons.code("tokenizers_trace" if every else "tokenizers_trace_rules", **values))
    parts.append(lessons.code("tokenizers_numericalize", **values))
    return "".join(parts)


def take_over(own_tokenizers: UploadedTokenizers):
    """The function that reads an uploaded tokenizer, for this visitor, and deletes the file."""

    @guard.guarded(gr.skip(), gr.skip(), refusals=(UploadError,))
    def take(path, before, *slots):
        path = Path(limits.text(path))
        try:
            if path.stat().st_size > limits.OWN_TOKENIZER_BYTES:
                raise limits.Refused(
                    f"The file has more than {limits.OWN_TOKENIZER_BYTES / 1e6:.0f} MB, "
                    "which is the most for a tokenizer here."
                )
            data = path.read_bytes()
        finally:
            path.unlink(missing_ok=True)
        key, size = own_tokenizers.add(data, path.name)
        own_tokenizers.forget(before)
        note = view.notice_of(own_tokenizers.name(key), size)
        return note, key, gr.skip() if tokens.OWN in slots else tokens.OWN

    return take
