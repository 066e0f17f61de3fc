"""What both batch views share: the stepper, colours of documents, cells of tokens. Draws no batch."""

from __future__ import annotations

import gradio as gr

from ulmfit_demo.tabs.shared import signs
from ulmfit_demo.tabs.shared.templates import macro
from ulmfit_demo.tokens import Token

N_HUES = 8  # classes doc-0 to doc-7 in assets/style/batches.css, one a document, in turn
KIND_LETTERS = {"special": "s", "rule": "r", "unknown": "u"}  # short: one letter a token travels


def hue(document: int) -> str:
    """The CSS class of a document's colour. Its number stands beside it wherever it is used."""
    return f"doc-{document % N_HUES}"


def shown(token: Token, as_ids: bool) -> str:
    """A token or its id as one sees it in a cell (not escaped)."""
    return str(token.id) if as_ids and token.id is not None else signs.visible(token.text)


def kind_letter(token: Token) -> str:
    """One letter a kind of token, `w` for an ordinary word; the CSS class is `k-<letter>`."""
    return KIND_LETTERS.get(token.kind, "w")


def size(*shape: int) -> str:
    """A shape as PyTorch prints it."""
    return f"torch.Size([{', '.join(map(str, shape))}])"


# `js_on_load` of a drawn batch and of its stepper: they follow each other (assets/script/batches.js).
WATCH = "window.stepBatches.watch(element)"


def tell(step: gr.Number) -> None:
    """Let the stepper follow `step`, which a link or a lesson may set."""
    js = f"(k) => window.stepBatches.told('#{step.elem_id}', k)"
    step.change(None, [step], None, js=js, api_visibility="private")


def stepper(view: str, number: str, n: int, where: str, play: bool) -> str:
    """Buttons and a slider that step through mini-batches 1 to n.

    `view` and `number` are CSS selectors: of the drawn batch, and of the hidden gr.Number that the
    server reads. `where`: the sentence at the start. assets/script/batches.js does the rest.
    """
    return macro(
        "batches/batch.html", "stepper", view=view, number=number, n=n, where=where, play=play
    )
