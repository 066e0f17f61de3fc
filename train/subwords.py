"""Stage `subwords`: the ladder of SentencePiece models that ships. Reads reviews, keeps no text."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path

from fastai.data.transforms import get_text_files
from fastai.text.core import SubwordTokenizer

from train.data import CorpusError, find_corpus
from train.logging import progress
from train.recipe import Subwords


def first_reviews(corpus: Path, n: int) -> list[str]:
    """The first `n` reviews, unsup first and by file name, so that every machine takes the same ones.

    The notebook takes the first of `get_text_files`: its author's disk gave unsup first as well.
    """
    files = get_text_files(corpus, folders=["train", "unsup"])
    files = sorted(files, key=lambda f: (f.parent.name != "unsup", f.name))[:n]
    if not files:
        raise CorpusError(f"no review below {corpus}")
    return [f.read_text(encoding="utf-8") for f in files]


def train(corpus: Path | None, out: Path, settings: Subwords) -> None:
    """Write `<model type>-<size>.model` to `out` for every type and size, with fastai's settings.

    A model that is there is kept: SentencePiece writes the name of its temporary file into a model,
    so the same pieces in a new file would be other bytes. Delete a file to train it again.
    """
    wanted = [(t, s) for t in settings.model_types for s in settings.sizes]
    missing = [(t, s) for t, s in wanted if not (out / f"{t}-{s}.model").is_file()]
    if not missing:
        return
    texts = first_reviews(find_corpus(corpus), settings.reviews)
    out.mkdir(parents=True, exist_ok=True)
    for model_type, size in progress(missing, "subwords", len(missing)):
        with tempfile.TemporaryDirectory() as cache, contextlib.redirect_stdout(io.StringIO()):
            tokenizer = SubwordTokenizer(vocab_sz=size, model_type=model_type, cache_dir=cache)
            model = tokenizer.setup(texts)["sp_model"]
            (out / f"{model_type}-{size}.model").write_bytes(Path(model).read_bytes())
