"""Stage `lm`: token ids → an AWD-LSTM language model, with fastai's learner. Tokenizes nothing."""

from __future__ import annotations

import json
import random
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastai.callback.progress import ProgressCallback
from fastai.callback.rnn import RNNRegularizer
from fastai.callback.training import GradientClip
from fastai.data.core import DataLoaders
from fastai.data.external import URLs, untar_data
from fastai.metrics import Perplexity, accuracy
from fastai.optimizer import OptimWrapper
from fastai.text.data import LMDataLoader, LMTensorText, TensorText
from fastai.text.learner import LMLearner, match_embeds
from fastai.text.models.awdlstm import AWD_LSTM, awd_lstm_lm_config, awd_lstm_lm_split
from fastai.text.models.core import get_language_model
from fastai.torch_core import default_device

from train import precision
from train.allocator import keep_pages
from train.checkpoint import save_atomically
from train.data import Corpus, Documents
from train.distributed import ALONE, AverageGradients, Group, same_weights
from train.errors import StageError
from train.logging import JsonLog
from train.recipe import LanguageModel
from train.regularization import FewPassRegularizer, RowDropout
from train.resumable_loaders import ResumableOrder
from train.sampled_softmax import SampledDecoder, SampledLoss, SampledSoftmax
from train.stages import Run, load_checkpoint, run


class StreamLoader(ResumableOrder, LMDataLoader):
    """fastai's `LMDataLoader`; a resumed run reads exactly the batches the killed one would have.

    With several processes the stream is cut into `bs` rows for each, and each reads its own.
    """

    def __init__(self, dataset, group: Group, **kwargs):
        self.group = group
        super().__init__(dataset, **kwargs)
        if group.world > 1:
            rows = self.bs * group.world
            self.bl = (sum(self.lens) - 1) // rows
            self.n_batches = -(-self.bl // self.seq_len)
            self.last_len = self.bl - (self.n_batches - 1) * self.seq_len
            self.n = self.n_batches * self.bs

    def create_batches(self, samps):
        """Cut each mini-batch out of the stream at once; fastai collates it from `bs` items."""
        stream = self.dataset.stream(self.items.idxs)
        rows = (np.arange(self.bs) + self.group.rank * self.bs) * self.bl
        for seq in islice(samps, 0, None, self.bs):
            batch = seq // self.bs
            length = self.last_len if batch == self.n_batches - 1 else self.seq_len
            start = rows[:, None] + batch * self.seq_len
            ids = torch.from_numpy(stream[start + np.arange(length + 1)].astype(np.int64))
            yield LMTensorText(ids[:, :-1].contiguous()), TensorText(ids[:, 1:].contiguous())

    def shuffled(self, idxs, rng):
        order = rng.permutation(len(self.items.idxs))
        self.items.idxs[:] = order.tolist()  # `lens` shares this list
        self.make_chunks()
        return idxs


def loaders(
    train: Documents,
    valid: Documents,
    settings: LanguageModel,
    device=None,
    group: Group = ALONE,
) -> DataLoaders:
    """The training stream (shuffled by document each epoch) and the validation stream."""
    common = dict(bs=settings.bs, seq_len=settings.seq_len, device=device)
    stream = StreamLoader(train, group, lens=train.lengths.tolist(), shuffle=True, **common)
    stream.seed = settings.seed
    dls = DataLoaders(
        stream,
        LMDataLoader(valid, lens=valid.lengths.tolist(), **common),
        device=device,
    )
    dls.vocab = train.corpus.vocab
    return dls


def sizes(settings: LanguageModel) -> dict:
    """What fastai's configurations of language model and classifier share."""
    return dict(emb_sz=settings.emb_sz, n_hid=settings.n_hid, n_layers=settings.n_layers)


def config(settings: LanguageModel) -> dict:
    """fastai's configuration of the language model at this recipe's sizes."""
    return {**awd_lstm_lm_config, **sizes(settings)}


def build_model(vocab_sz: int, settings: LanguageModel) -> Any:
    """fastai's `get_language_model` (a `SequentialRNN`), its decoder able to score some columns only."""
    model = get_language_model(AWD_LSTM, vocab_sz, config(settings), settings.drop_mult)
    # same parameters: only `forward` differs
    model[1].__class__ = SampledDecoder
    model[0].encoder_dp.__class__ = RowDropout
    return model


def adamw(mom: float, sqr_mom: float):
    """PyTorch's fused AdamW for a fastai learner: fastai's own makes ten passes over the weights."""
    return partial(OptimWrapper, opt=torch.optim.AdamW, betas=(mom, sqr_mom), eps=1e-7, fused=True)


def learner(
    corpus: Corpus, settings: LanguageModel, folder: Path, device=None, group: Group = ALONE
) -> LMLearner:
    """An `LMLearner` as `language_model_learner` makes it, on the cached ids."""
    device = device or default_device()
    dls = loaders(
        corpus.split("train", "unsup"),
        corpus.split("heldout").subset(settings.valid_documents),
        settings,
        device,
        group,
    )
    model = build_model(len(corpus.vocab), settings)
    learn = LMLearner(
        dls,
        model,
        alpha=settings.alpha,
        beta=settings.beta,
        moms=settings.moms,
        loss_func=SampledLoss(model[1]),
        splitter=awd_lstm_lm_split,
        opt_func=adamw(settings.moms[0], settings.sqr_mom),
        metrics=[accuracy, Perplexity()],
        path=folder,
        cbs=[GradientClip(settings.clip)] if settings.clip else [],
    )
    for regularizer in learn.cbs.filter(lambda cb: isinstance(cb, RNNRegularizer)):
        regularizer.__class__ = FewPassRegularizer
    if settings.sampled:
        counts = torch.from_numpy(corpus.token_counts())
        learn.add_cb(SampledSoftmax(counts, settings.sampled))
    if group.world > 1:
        learn.add_cb(AverageGradients(group))
    return learn


class InitError(StageError):
    """The weights to start from are missing or do not fit the recipe."""


def matched_weights(source: Path, vocab: list[str]) -> dict[str, torch.Tensor]:
    """The language model of the run folder `source`, its rows in the order of `vocab`.

    The rows of the embedding are matched by word, as fastai does (`match_embeds`): a word that the
    old vocabulary lacks gets the mean row. Raises InitError where `source` holds no model.
    """
    weights, words = source / "lm.pth", words_of(source)
    if not (weights.is_file() and words.is_file()):
        raise InitError(f"{source} holds no trained language model (lm.pth and data/vocab.json)")
    old = json.loads(words.read_text(encoding="utf-8"))
    state = torch.load(weights, map_location="cpu", weights_only=True)
    return state if old == vocab else match_embeds(state, old, vocab)


def words_of(run: Path) -> Path:
    """Where the vocabulary of a run folder stands; both directions share it."""
    return (run.parent if run.name == "backwards" else run) / "data" / "vocab.json"


def init_from(learn: LMLearner, source: Path, vocab: list[str]) -> int:
    """Start from the language model of the run folder `source`; returns how many words are new.

    Raises InitError where `source` holds no model, or one of other sizes.
    """
    state = matched_weights(source, vocab)
    own = learn.model.state_dict()
    odd = [k for k, t in own.items() if k not in state or state[k].shape != t.shape]
    if odd:
        raise InitError(f"the weights of {source} have other sizes than the recipe ({odd[0]})")
    learn.model.load_state_dict(state)
    old = json.loads(words_of(source).read_text(encoding="utf-8"))
    return len(set(vocab) - set(old))


def load_wikipedia(learn: LMLearner) -> bool:
    """fastai's WikiText-103 weights, vocabularies matched; False where they cannot be had.

    Only a model of fastai's own sizes (400/1152/3) fits them. Source: `language_model_learner`.
    """
    try:
        folder = untar_data(URLs.WT103_FWD)
        names = [next(folder.glob(f"*.{suffix}")) for suffix in ("pth", "pkl")]
        learn.load_pretrained(*names)
    except (OSError, StopIteration, RuntimeError) as e:
        print(f"no Wikipedia weights ({e}); starting from random ones")
        return False
    return True


def train(
    corpus: Corpus, settings: LanguageModel, where: Run, device=None, source: Path | None = None
) -> None:
    """Train and leave `lm.pth` in `where.folder`; `source`: a run folder to start from."""
    folder, group = where.folder, where.group
    folder.mkdir(parents=True, exist_ok=True)
    state = load_checkpoint(folder / "lm.checkpoint", where.resume, group)
    seed_everything(settings.seed)
    learn = learner(corpus, settings, folder, device, group)
    chosen = precision.apply(learn, settings.precision)
    log = JsonLog(folder / "log.jsonl" if group.first else None)
    if settings.pretrained and not state:
        log.write(stage="lm", event="pretrained", loaded=load_wikipedia(learn))
    if source and not state:
        new = init_from(learn, source, corpus.vocab)
        log.write(stage="lm", event="init", source=str(source), new_words=new)
    log.write(
        stage="lm",
        event="resume" if state else "start",
        precision=chosen,
        parameters=sum(p.numel() for p in learn.model.parameters()),
        batches=len(learn.dls.train),
        processes=group.world,
        batch=state["batch"] if state else 0,
        epoch=state["epoch"] if state else 0,
    )
    same_weights(learn.model, group)
    if group.world > 1:
        seed_everything(settings.seed + 1_000 * group.rank)  # each drops and draws its own
        if not group.first:
            learn.remove_cb(ProgressCallback)
    with keep_pages(learn.dls.device.type == "cpu"):
        run(learn, settings.all_stages(), settings, where, log, "lm", state)
    if group.first:
        save_result(learn.model.state_dict(), folder)
    group.wait()
    log.write(stage="lm", event="end")


def save_result(state: dict[str, torch.Tensor], folder: Path) -> None:
    """Write the language model, and its encoder as fastai's `save_encoder("finetuned")` does."""
    save_atomically(state, folder / "lm.pth")
    encoder = {name.removeprefix("0."): t for name, t in state.items() if name.startswith("0.")}
    (folder / "models").mkdir(exist_ok=True)
    save_atomically(encoder, folder / "models" / "finetuned.pth")


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
