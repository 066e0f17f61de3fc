"""The training pipeline on a tiny corpus made here: every stage, resume after a kill, clear errors."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch
from fastai.callback.core import Callback
from fastai.text.core import Tokenizer, WordTokenizer
from fastai.text.data import Numericalize

from train import (
    checkpoint,
    data,
    evaluate,
    export,
    generated,
    labels,
    language_model,
    recipe,
    unpack,
)
from train import classifier as classifier_stage
from train.__main__ import main
from train.errors import StageError
from train.sampled_softmax import SampledDecoder, log_inclusion
from train.stages import OutOfTimeError, Run
from ulmfit_demo.models import bundle

SIZES = {"train/neg": 40, "train/pos": 40, "test/neg": 15, "test/pos": 15, "unsup": 30}
REPO = Path(__file__).resolve().parents[3]
LM = recipe.LanguageModel(
    emb_sz=16, n_hid=24, bs=8, seq_len=10, epochs=2, sampled=16, lr=2e-2, checkpoint_seconds=0
)
STAGES = (
    recipe.Stage(groups=1, epochs=1, lr=3e-2),
    recipe.Stage(groups=0, epochs=2, lr=3e-2),
)
CLASSIFIER = recipe.Classifier(
    bs=8,
    bptt=10,
    max_len=40,
    cut=30,
    lin_ftrs=8,
    stages=STAGES,
    drop_mult=0.01,
    checkpoint_seconds=0,
)
RECIPE = recipe.Recipe(
    "tiny", data=recipe.Data(min_freq=1, heldout=8), lm=LM, classifier=CLASSIFIER
)


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    return generated.write(tmp_path_factory.mktemp("corpus") / "imdb", SIZES)


@pytest.fixture(scope="module")
def corpus(corpus_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "data"
    data.prepare(corpus_folder, out, RECIPE.data, workers=1)
    return data.Corpus(out)


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


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    settings = dataclasses.replace(LM, epochs=8, checkpoint_seconds=60.0)
    language_model.train(corpus, settings, Run(folder), device=torch.device("cpu"))
    return folder


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


@pytest.fixture(scope="module")
def exported(corpus, trained, tmp_path_factory):
    """A bundle with two earlier states of its language model."""
    if not (trained / "classifier.pth").is_file():
        classifier_stage.train(corpus, LM, CLASSIFIER, Run(trained), torch.device("cpu"))
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    earlier = {"after one pass": trained / "lm.pth", "on the way": trained / "lm.checkpoint"}
    export.export(RECIPE, corpus, trained, out, earlier)
    return out


def test_earlier_states_of_the_language_model_go_into_the_bundle(trained, exported):
    loaded = bundle.load(exported)
    assert [s.title for s in loaded.snapshots] == ["after one pass", "on the way"]
    assert torch.equal(loaded.snapshots[0].model.bias, loaded.lm.bias)
    state = torch.load(trained / "lm.checkpoint", weights_only=False)["model"]
    assert torch.equal(loaded.snapshots[1].model.bias, state["1.decoder.bias"])
    embedding = loaded.snapshots[1].model.body.encoder.weight
    assert torch.equal(embedding, state["0.encoder.weight"].half().float())


def test_a_bundle_is_enough_to_go_on_from(corpus, exported, tmp_path):
    """`unpack`: the very weights of the bundle, under the names that fastai loads."""
    unpack.unpack(exported, corpus, LM, tmp_path)
    ours = bundle.load(exported).lm
    learn = language_model.learner(corpus, LM, tmp_path, torch.device("cpu"))
    learn.model.load_state_dict(torch.load(tmp_path / "lm.pth"))
    x = torch.randint(9, len(corpus.vocab), (2, 7))  # [bs, seq_len]
    learn.model.eval()
    learn.model.reset()
    with torch.no_grad():
        assert torch.allclose(learn.model(x)[0], ours(x)[0], atol=1e-5)
    with pytest.raises(unpack.UnpackError, match="there already"):
        unpack.unpack(exported, corpus, LM, tmp_path)
    read = torch.load(tmp_path / "classifier.pth")
    assert torch.equal(read["1.layers.1.2.weight"], bundle.load(exported).classifier.linear2.weight)
    assert (tmp_path / "log.jsonl").read_text() == (exported / "training.jsonl").read_text()
    earlier = torch.load(tmp_path / "lm-1.pth")["1.decoder.bias"]
    assert torch.equal(earlier, bundle.load(exported).snapshots[1].model.bias)
    learn.load_encoder("finetuned")  # raises where a name is missing
    assert torch.equal(learn.model[0].encoder.weight, ours.body.encoder.weight)


def test_a_bundle_of_other_words_is_refused(corpus, exported, tmp_path):
    shutil.copytree(exported, tmp_path / "other")
    words = [*corpus.vocab[:-1], "unheard-of"]
    (tmp_path / "other" / "vocab.json").write_text(json.dumps(words), encoding="utf-8")
    with pytest.raises(unpack.UnpackError, match="differ"):
        unpack.unpack(tmp_path / "other", corpus, LM, tmp_path / "run")
    with pytest.raises(unpack.UnpackError, match="another n_hid"):
        unpack.unpack(exported, corpus, dataclasses.replace(LM, n_hid=25), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_failed_export_leaves_no_bundle(corpus, tmp_path):
    with pytest.raises(export.ExportError, match="missing"):
        export.export(RECIPE, corpus, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lm]\nleraning_rate = 1", "leraning_rate"),
        ("[lm]\nbs = 'many'", "must be of type int"),
        ("[lm", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(tmp_path, text, words):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(recipe.RecipeError, match=words):
        recipe.load(tmp_path / "r.toml")


def test_shipped_recipes_load():
    assert [recipe.load(p).name for p in sorted((REPO / "train/recipes").glob("*.toml"))]


def test_the_command_line_says_what_is_missing(here, tmp_path):
    common = ("--data", tmp_path, "--run", tmp_path / "run")
    done = here("data", "--recipe", "train/recipes/first.toml", *common)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("train data: no corpus at")
    assert "Traceback" not in done.stderr


@pytest.fixture
def here(capsys, monkeypatch):
    """A stage by its command line, in this process, which has imported fastai already."""
    monkeypatch.chdir(REPO)

    def here(*arguments):
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(returncode=status, stdout=out, stderr=err)

    return here


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "train", *map(str, arguments)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=1_000,
    )


@pytest.mark.timeout(1_200)  # a program that imports fastai
def test_smoke_recipe_runs_the_whole_pipeline(here, tmp_path):
    """Both directions, from a generated corpus to a measured bundle with an ensemble."""
    common = ("--recipe", "train/recipes/smoke.toml", "--run", tmp_path / "run")
    bundle = ("--bundle", tmp_path / "bundle")
    sentences = tmp_path / "sentences.tsv"
    sentences.write_text("label\ttext\npos\ta wonderful film\nneg\ta dull film\n")
    # what is done already is left out
    done = here("data", *common, *bundle)
    assert done.returncode == 0, done.stderr
    done = command("all", "--resume", "--sentences", sentences, *common, *bundle)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "bundle" / "metrics.json").read_text())
    assert metrics["short_texts"]["n"] == 2
    measured = {"lm", "classifier", "classifier_backwards", "ensemble", "short_texts"}
    rest = {"calibration", "calibration_backwards", "attribution", "mistakes", "corpus"}
    assert set(metrics) == measured | rest
    assert metrics["ensemble"]["n"] == 50
    assert min(metrics[k]["accuracy"] for k in measured - {"lm", "short_texts"}) > 0.75
    assert (tmp_path / "bundle" / "classifier_backwards.safetensors").is_file()
    log = (tmp_path / "bundle" / "training.jsonl").read_text().splitlines()
    ends = [e["stage"] for e in map(json.loads, log) if e.get("event") in ("teacher", "end")]
    stages = ["lm", "classifier", "teach", "student"]
    turned = [f"{name}_backwards" for name in stages if name != "teach"]  # one teacher for both
    assert ends == [*stages, *turned]
    student = torch.load(tmp_path / "run" / "student.pth")["1.layers.1.2.weight"]
    loaded = safetensors.torch.load_file(tmp_path / "bundle" / "classifier.safetensors")
    assert torch.equal(loaded["linear2.weight"], student)


@pytest.mark.timeout(1_200)
def test_any_folder_of_text_makes_a_model_that_another_goes_on_from(here, tmp_path):
    """`wiki.toml` at a tiny size: one folder → model → `--init-from` on reviews."""
    folder = generated.write(tmp_path / "articles", {"a": 20, "b/c": 20})
    small = (REPO / "train/recipes/smoke.toml").read_text().replace('"generated"', '"text"')
    (tmp_path / "text.toml").write_text(small)
    done = here("all", "--recipe", tmp_path / "text.toml", "--run", tmp_path / "wiki")
    assert "give it with --data" in done.stderr
    done = command(
        "all", "--recipe", tmp_path / "text.toml", "--run", tmp_path / "wiki", "--data", folder
    )
    assert done.returncode == 0, done.stderr
    common = ("--recipe", "train/recipes/smoke.toml", "--run", tmp_path / "run")
    assert here("data", *common).returncode == 0
    done = command("lm", *common, "--init-from", tmp_path / "wiki")
    assert done.returncode == 0, done.stderr
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert log[0]["event"] == "init"
    assert 0 <= log[0]["new_words"] < 10


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


def test_publish_lists_a_bundle_and_sends_nothing(here):
    common = ("publish", "--recipe", "train/recipes/compact.toml", "--dry-run")
    done = here(*common, "--repo", "someone/something")
    assert done.returncode == 0, done.stderr
    for name in ("lm.safetensors", "classifier.safetensors", "README.md", "config.json"):
        assert name in done.stdout
    assert "would go to someone/something" in done.stdout
    done = here(*common, "--repo", "no-owner")
    assert done.stderr.strip() == "train publish: --repo must be OWNER/NAME, not 'no-owner'"
