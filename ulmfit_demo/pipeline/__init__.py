"""The model as one plain object: the page, the web API, MCP, the command line and Python call it.

    >>> from ulmfit_demo import load
    >>> m = load()
    >>> m("A warm and clever film.")["label"]
    'pos'

Every method takes plain values and returns the typed dictionaries of `results`. What is held is
read-only after `load`: one object serves many threads. A value that makes no sense raises `Refused`,
whose message is a sentence. Imports neither gradio nor plotly.
"""

from __future__ import annotations

from pathlib import Path
from typing import overload

from ulmfit_demo.inference import loading
from ulmfit_demo.models.bundle import BundleError
from ulmfit_demo.pipeline import results
from ulmfit_demo.pipeline.batching import Batching
from ulmfit_demo.pipeline.classifying import Classifying
from ulmfit_demo.pipeline.inside import Inspecting
from ulmfit_demo.pipeline.journey import Travelling
from ulmfit_demo.pipeline.results.as_json import to_json
from ulmfit_demo.pipeline.teaching import Teaching
from ulmfit_demo.pipeline.tokenizing import Tokenizing
from ulmfit_demo.pipeline.training import Training
from ulmfit_demo.pipeline.writing import Writing
from ulmfit_demo.resources import assets
from ulmfit_demo.teach import taught as taughts

__all__ = ["Pipeline", "load", "results", "to_json"]


class Pipeline(
    Classifying, Writing, Inspecting, Tokenizing, Batching, Training, Teaching, Travelling
):
    """Tokenizers, mini-batches, language model and classifier of one bundle."""

    @property
    def name(self) -> str:
        """The bundle's name. Raises `Refused` without a model."""
        return self.bundle.name

    @property
    def vocab(self) -> tuple[str, ...]:
        """The words of the models, in order of their ids. Raises `Refused` without a model."""
        return self.loaded.words().words

    def model_card(self) -> str:
        """The bundle's README: what it was trained on and what was measured; "" where it has none."""
        card = self.bundle.folder / "README.md"
        return card.read_text(encoding="utf-8") if card.is_file() else ""

    def __repr__(self) -> str:
        bundle = self.loaded.bundle
        if bundle is None:
            return "Pipeline(without a model)"
        sizes = ", ".join(f"{k}={bundle.config[k]}" for k in ("vocab_sz", "emb_sz", "n_hid"))
        return f"Pipeline({bundle.name}, {sizes})"


@overload
def load(source: None = None) -> Pipeline: ...
@overload
def load(source: str | Path) -> Pipeline | taughts.Taught: ...
def load(source: str | Path | None = None) -> Pipeline | taughts.Taught:
    """A `Pipeline` of the model that ships, of a bundle's folder, or of OWNER/NAME of the Hub.

    A folder that `Taught.save` wrote gives the taught classifier, on the model that ships.

    Raises:
        BundleError: there is no usable model; the message says why.
    """
    if source is not None and taughts.is_taught(source):
        return taughts.load(source, load().loaded)
    loaded = loading.load(assets(), None if source is None else str(source))
    if loaded.bundle is None:
        raise BundleError(loaded.missing)
    return Pipeline(loaded)
