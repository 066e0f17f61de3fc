"""The bundle's README, from its own config and metrics. Measures nothing."""

from __future__ import annotations

import json

USE = """\
```python
from ulmfit_demo import load
m = load()                    # what ships; or a bundle's folder, or OWNER/NAME of the Hub
m("A warm and clever film.")  # {"label": "pos", "score": 0.99, "unsure": False}; for a list a list
m.tokens(text, "fastai"); m.read_along(text); m.explain(text); m.surprisal(text)
m.next_words(text, temperature=0.75); m.generate("I liked", n_words=40, seed=0); m.encode(texts)
```
"""  # the README of the repository has the same lines


def taught(config: dict) -> str:
    """A sentence on what the classifier learned from a teacher; "" where there was none."""
    student = config["recipe"].get("student", {})
    rounds = 2 if student.get("first") else 1
    n = rounds * student.get("unlabelled", 0)
    if not n:
        return ""
    when = ", in two rounds" if rounds == 2 else ""
    return (
        f"The classifier was then trained on with {n:,} reviews of unsup that nobody had labelled: it\n"
        f"and an NB-SVM gave them probabilities together{when} (train/README.md, a teacher and a\n"
        "student).\n"
    )


def earlier_states(config: dict) -> str:
    """A paragraph on the earlier states of the language model; "" where there are none."""
    names = "".join(
        f"\n- `{s['file']}`: {s['title']}"
        + (f" (its words: `{s['vocab']}`)" if "vocab" in s else "")
        for s in config.get("snapshots", ())
    )
    if not names:
        return ""
    return f"To show what training changes, the language model on the way:\n{names}\n\n"


def pretraining(config: dict) -> str:
    """A paragraph on the text that the language model read first; "" where there was none."""
    before = config.get("pretraining")
    if not before:
        return ""
    read = f"{before['documents']:,} documents of it, {before['tokens'] / 1e6:.0f} million tokens"
    source = f" Taken from {before['source']}." if before["source"] else ""
    licence = f" The text's licence: {before['licence']}." if before["licence"] else ""
    return (
        f"The language model first read {before['text']} ({read}), then the reviews.{source}{licence}\n"
        "The two vocabularies were matched word by word; a word that the first lacked began with\n"
        "the mean of its embedding's rows.\n"
    )


def more_rows(metrics: dict) -> str:
    """Rows of the table that only some bundles have: sentences, the twin, both together."""
    rows = ""
    if "short_texts" in metrics:
        m = metrics["short_texts"]
        where = f"{m['n']:,} sentences of {m['source']}"
        rows += f"\n| accuracy on sentences | {m['accuracy']:.4f} | {where} |"
    for key, name in (
        ("classifier_backwards", "accuracy of the classifier that reads backwards"),
        ("ensemble", "accuracy of the mean of both"),
    ):
        if key in metrics:
            m = metrics[key]
            rows += f"\n| {name} | {m['accuracy']:.4f} | {m['n']:,} test reviews |"
    return rows


def good_at(metrics: dict) -> str:
    """What the classifier is good at, in its own figures; "" where sentences were not measured."""
    if "short_texts" not in metrics:
        return ""
    whole, short = metrics["classifier"], metrics["short_texts"]
    return (
        f"Of whole reviews it judges {whole['accuracy']:.1%} as their writers did, of single sentences\n"
        f"{short['accuracy']:.1%}. No choice was made on those sentences.\n"
    )


def write(config: dict, metrics: dict, command: str) -> str:
    """The model card of the bundle with this `config`; `command` made it."""
    lm, clas = metrics["lm"], metrics["classifier"]
    recipe = json.dumps(config["recipe"], indent=1)
    return f"""---
license: apache-2.0
language: en
library_name: ulmfit-demo
datasets: [stanfordnlp/imdb]
tags: [ulmfit, awd-lstm, text-classification, text-generation]
---
# {config["name"]}

{USE}
{config["about"]}.

An AWD-LSTM language model and the sentiment classifier that was fine-tuned from its encoder (ULMFiT),
trained with fastai. {config["vocab_sz"]:,} words, embedding {config["emb_sz"]}, hidden
{config["n_hid"]}, {config["n_layers"]} layers. Weights in fp16, safetensors; nothing is pickled.
{pretraining(config)}{taught(config)}
| measured | value | on |
|---|---|---|
| accuracy | {clas["accuracy"]:.4f} | {clas["n"]:,} test reviews |{more_rows(metrics)}
| classifier loss | {clas["loss"]:.4f} | the same |
| perplexity | {lm["perplexity"]:.2f} | {lm["n_tokens"]:,} tokens of {lm["documents"]} |
| next-token accuracy | {lm["next_token_accuracy"]:.4f} | the same |
| bits per byte of raw text | {lm["bits_per_byte"]:.4f} | the same |
| share of unknown words | {lm["unk_share"]:.4f} | the same |

The language model saw the train and unsup reviews, never test. Choices were made on reviews held out
of train; test was read by `evaluate` alone.

Trained on IMDb film reviews: English, 2011 and before, and as one-sided as their writers. The
classifier knows praise and blame of films, nothing else; the language model repeats what reviewers
wrote, rude and wrong things included.
{good_at(metrics)}
{earlier_states(config)}Made with

    {command}

and this recipe:

```json
{recipe}
```
"""
