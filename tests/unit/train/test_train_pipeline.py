"""The training on a tiny corpus made here: every stage, and resuming after a kill."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from fastai.callback.core import Callback
from fastai.text.core import Tokenizer, WordTokenizer
from fastai.text.data import Numericalize

from tests.tiny_training import CLASSIFIER, LM, RECIPE
from train import (
    checkpoint,
    data,
    evaluate,
    export,
    labels,
    language_model,
    recipe,
)
from train import classifier as classifier_stage
from train.errors import StageError
from train.sampled_softmax import SampledDecoder, log_inclusion
from train.stages import OutOfTimeError, Run


def test_cached_ids_equal_fastai(corpus, corpus_folder):
    tokenizer = Tokenizer(WordTokenizer())
    tokens = [tokenizer((corpus_folder / d["file"]).read_text()) for d in corpus.documents]
    seen = [
        t for t, d in zip(tokens, corpus.documents, strict=True) if d["split"] in ("train", "unsup")
    ]
    num = Numericalize(min_freq=1, max_vocab=30_000)
    num.setup(seen)
    assert corpus.vocab == list(num.vocab)
    everything = corpus.split(*data.SPLITS)
    assert [everything[i].tolist() for i in range(len(everything))] == [
        num(t).tolist() for t in tokens
    ]


def test_held_out_reviews_are_balanced_and_leave_train(corpus):
    held = corpus.split("heldout")
    assert len(held) == 8
    assert held.labels.sum() == 4
    assert len(corpus.split("train")) == 72
    assert len(corpus.split("test")) == 30


def test_sampled_softmax_is_exact_when_every_column_is_scored():
    torch.manual_seed(0)
    settings = dataclasses.replace(LM, drop_mult=0.0)
    model = language_model.build_model(40, settings).eval()
    assert isinstance(model[1], SampledDecoder)
    ids = torch.randint(2, 40, (3, 5))
    model.reset()
    full = torch.nn.functional.cross_entropy(model(ids)[0].flatten(0, 1), ids.flatten())
    model.reset()
    model[1].columns, model[1].correction = torch.arange(40), torch.zeros(40)
    sampled = model[1].sampled_loss(model(ids)[0], ids)
    assert float(sampled) == pytest.approx(float(full), abs=1e-6)


def test_inclusion_probability_against_simulation():
    counts = torch.tensor([50, 30, 15, 5, 0])
    rng = np.random.default_rng(0)
    hits = np.zeros(5)
    for _ in range(20_000):
        drawn = set(rng.choice(5, 3, p=counts.numpy() / 100)) | set(rng.permutation(5)[:2])
        hits[list(drawn)] += 1
    assert log_inclusion(counts, 3, 2).exp().numpy() == pytest.approx(hits / 20_000, abs=0.015)


class KilledError(BaseException):
    """Stands for the kill: no handler of fastai's catches it."""


class KillAt(Callback):
    order = 90
    run_valid = False

    def __init__(self, losses: list, at: int | None):
        self.losses, self.at = losses, at

    def after_batch(self):
        self.losses.append(float(self.learn.loss))
        if self.at is not None and len(self.losses) == self.at:
            raise KilledError


def run_stage(monkeypatch, module, start, at=None):
    """Run a stage with a recorder of its losses; with `at`, end it after that many batches."""
    losses: list[float] = []
    make = module.learner

    def recorded(*args, **kwargs):
        learn = make(*args, **kwargs)
        learn.add_cb(KillAt(losses, at))
        return learn

    with monkeypatch.context() as patch:
        patch.setattr(module, "learner", recorded)
        try:
            start()
        except KilledError:
            assert at is not None
    return losses


@pytest.mark.parametrize("at", [7, 22, 37])
def test_language_model_resumes_where_it_was_killed(monkeypatch, corpus, tmp_path, at):
    def start(folder, resume):
        return lambda: language_model.train(corpus, LM, Run(folder, resume), torch.device("cpu"))

    whole = run_stage(monkeypatch, language_model, start(tmp_path / "a", False))
    first = run_stage(monkeypatch, language_model, start(tmp_path / "b", False), at)
    rest = run_stage(monkeypatch, language_model, start(tmp_path / "b", True))
    assert first == pytest.approx(whole[:at], abs=1e-5)
    assert rest == pytest.approx(whole[at:], abs=1e-3)


def test_classifier_resumes_where_it_was_killed(monkeypatch, corpus, trained, tmp_path):
    def start(name, resume):
        folder = tmp_path / name
        (folder / "models").mkdir(parents=True, exist_ok=True)
        encoder = (trained / "models" / "finetuned.pth").read_bytes()
        (folder / "models" / "finetuned.pth").write_bytes(encoder)
        return lambda: classifier_stage.train(
            corpus, LM, CLASSIFIER, Run(folder, resume), torch.device("cpu")
        )

    whole = run_stage(monkeypatch, classifier_stage, start("a", False))
    first = run_stage(monkeypatch, classifier_stage, start("b", False), 13)
    rest = run_stage(monkeypatch, classifier_stage, start("b", True))
    assert first == pytest.approx(whole[:13], abs=1e-5)
    assert rest == pytest.approx(whole[13:], abs=1e-3)


def unigram_perplexity(corpus) -> float:
    counts = corpus.token_counts() + 1
    held = corpus.split("heldout")
    ids = np.concatenate([held[i].numpy() for i in range(len(held))])
    return float(np.exp(-np.log(counts[ids] / counts.sum()).mean()))


def test_the_whole_way_to_a_measured_bundle(corpus, trained, tmp_path):
    # long enough for the running statistics of the batch norms to settle
    stages = (recipe.Stage(groups=1, epochs=3, lr=3e-2), recipe.Stage(groups=0, epochs=10, lr=2e-2))
    settings = dataclasses.replace(CLASSIFIER, stages=stages, checkpoint_seconds=60.0)
    classifier_stage.train(corpus, LM, settings, Run(trained), torch.device("cpu"))
    out = tmp_path / "models" / "tiny"
    export.export(RECIPE, corpus, trained, out)
    metrics = evaluate.evaluate(out, corpus, "the command")
    assert metrics["classifier"]["n"] == 30
    assert metrics["classifier"]["accuracy"] > 0.8  # the words give the label away
    # better than knowing how often each word stands in train: it learned where words stand
    assert metrics["lm"]["perplexity"] < unigram_perplexity(corpus)
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert f"{metrics['classifier']['accuracy']:.4f}" in (out / "README.md").read_text()
    names = {p.suffix for p in out.iterdir()}
    assert names == {".json", ".safetensors", ".md", ".jsonl"}


def test_an_average_of_the_weights_is_part_of_the_checkpoint(
    monkeypatch, corpus, trained, tmp_path
):
    settings = dataclasses.replace(CLASSIFIER, ema=0.9)
    ends = {}
    for name, at in (("whole", None), ("killed", 13)):
        folder = tmp_path / name
        shutil.copytree(trained / "models", folder / "models")

        def start(resume, folder=folder):
            return lambda: classifier_stage.train(
                corpus, LM, settings, Run(folder, resume), torch.device("cpu")
            )

        run_stage(monkeypatch, classifier_stage, start(False), at)
        if at:
            run_stage(monkeypatch, classifier_stage, start(True))
        lines = (folder / "log.jsonl").read_text().splitlines()
        ends[name] = next(r for r in map(json.loads, lines) if r.get("event") == "average")
    assert ends["killed"]["averaged_accuracy"] == ends["whole"]["averaged_accuracy"]


def test_a_piece_ends_in_time_and_goes_on(monkeypatch, corpus, tmp_path):
    cpu = torch.device("cpu")
    settings = dataclasses.replace(LM, checkpoint_seconds=60.0)
    whole = run_stage(
        monkeypatch,
        language_model,
        lambda: language_model.train(corpus, settings, Run(tmp_path / "a"), cpu),
    )
    pieces: list[float] = []
    for _ in range(len(whole) + 1):
        losses: list[float] = []

        def piece(losses=losses):
            where = Run(tmp_path / "b", resume=True, minutes=0.0)
            with pytest.raises(OutOfTimeError):
                language_model.train(corpus, settings, where, cpu)

        before = len(pieces)
        pieces += run_stage(monkeypatch, language_model, piece)
        if len(pieces) - before == 0 or len(pieces) >= 5:
            break
    assert pieces == pytest.approx(whole[: len(pieces)], abs=1e-3)
    assert len(pieces) == 5  # one batch a piece


def test_a_model_goes_on_from_another_one_word_by_word(corpus, trained, tmp_path):
    """`--init-from`: a word keeps its row whatever its id; a new one gets the mean row."""
    (trained / "data").mkdir(exist_ok=True)
    (trained / "data" / "vocab.json").write_text(json.dumps(corpus.vocab))
    vocab = [*corpus.vocab[:9], "unheard-of", *reversed(corpus.vocab[9:-1])]
    learn = language_model.learner(corpus, LM, tmp_path, torch.device("cpu"))
    assert language_model.init_from(learn, trained, vocab) == 1
    old = torch.load(trained / "lm.pth")["0.encoder.weight"]
    new = learn.model[0].encoder.weight
    for word in ("film", "boat", "xxbos"):
        assert torch.equal(new[vocab.index(word)], old[corpus.vocab.index(word)])
    assert torch.allclose(new[9], old.mean(0))
    with pytest.raises(language_model.InitError, match="no trained language model"):
        language_model.init_from(learn, tmp_path, vocab)
    wider = language_model.learner(
        corpus, dataclasses.replace(LM, n_hid=25), tmp_path, torch.device("cpu")
    )
    with pytest.raises(language_model.InitError, match="other sizes"):
        language_model.init_from(wider, trained, corpus.vocab)


def test_backwards_reads_every_review_from_its_end(corpus):
    turned = data.Corpus(corpus.folder, backwards=True).split("test")
    plain = corpus.split("test")
    assert [turned[i].tolist() for i in range(30)] == [plain[i].flip(0).tolist() for i in range(30)]


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(trained, tmp_path):
    """The size of a file is limited instead of the disk's: the same error to the writer."""
    import resource
    import signal

    path = tmp_path / "lm.pth"
    checkpoint.save_atomically({"old": torch.zeros(4)}, path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        with pytest.raises(StageError, match="cannot be written"):
            checkpoint.save_atomically({"new": torch.zeros(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    assert list(torch.load(path)) == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["lm.pth"]


def test_few_labels_and_many(corpus, trained, tmp_path):
    few = recipe.Labels(numbers=(16, 1_000), draws=(2, 1), epochs=(1, 1), updates=6, cut=30, bs=8)
    tiny = dataclasses.replace(RECIPE, labels=few)
    found = labels.curve(tiny, corpus, trained, wikipedia(trained, tmp_path), torch.device("cpu"))
    assert [(p["labels"], p["start"], p["draw"]) for p in found] == [
        *[(16, start, draw) for draw in (0, 1) for start in ("lm", "wiki", "random")],
        *[(72, start, 0) for start in ("lm", "wiki", "random")],
    ]
    assert all(0 <= p["accuracy"] <= 1 for p in found)
    again = labels.curve(tiny, corpus, trained, tmp_path / "wiki", torch.device("cpu"))
    assert again == found  # what is measured stays
    chosen = labels.choose(corpus.split("train"), 16)
    assert chosen.labels.sum() == 8
    other = labels.choose(corpus.split("train"), 16, seed=1)
    assert chosen.which.tolist() != other.which.tolist()


def wikipedia(trained, tmp_path) -> Path:
    """A run folder with the words of the corpus in another order, and a model of its own."""
    folder = tmp_path / "wiki"
    (folder / "data").mkdir(parents=True)
    state = torch.load(trained / "lm.pth")
    shutil.copy(trained / "lm.pth", folder / "lm.pth")
    words = [f"word{i}" for i in range(len(state["0.encoder.weight"]))]
    (folder / "data" / "vocab.json").write_text(json.dumps(words))
    return folder


def test_a_start_from_wikipedia_has_its_rows_by_word(corpus, trained, tmp_path):
    """A word that Wikipedia lacks begins with the mean row; the layers are Wikipedia's."""
    folder = wikipedia(trained, tmp_path)
    found = labels.encoder_weights("wiki", trained, folder, corpus.vocab)
    state = torch.load(folder / "lm.pth")
    mean = state["0.encoder.weight"].mean(0)
    assert torch.allclose(found["encoder.weight"], mean.expand_as(found["encoder.weight"]))
    assert torch.equal(found["rnns.0.weight_hh_l0_raw"], state["0.rnns.0.weight_hh_l0_raw"])
