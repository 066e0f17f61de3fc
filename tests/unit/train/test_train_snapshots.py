"""An earlier state of the language model keeps its own words: export, bundle, view, unpack."""

import json

import pytest
import torch

from train import export, recipe, unpack
from train.state_dicts import fastai_lm, lm_weights
from train.unpack import fastai_classifier
from ulmfit_demo import limits, theme
from ulmfit_demo.inference import loading, stages
from ulmfit_demo.models import bundle
from ulmfit_demo.tabs.generation import texts_html as view
from ulmfit_demo.tokens import fastai_words

SPECIALS = ["xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "xxrep", "xxwrep", "xxup", "xxmaj"]
SHARED = ["the", "a", "river", "was", "of", "and"]
REVIEWS = [*SPECIALS, *SHARED, "film", "actor", "plot", "boring"]
ARTICLES = [*SPECIALS, "basin", "county", *reversed(SHARED), "treaty", "born"]
RECIPE = recipe.Recipe(
    "tiny",
    lm=recipe.LanguageModel(emb_sz=8, n_hid=12),
    classifier=recipe.Classifier(bptt=10, max_len=40, lin_ftrs=6),
)
PROMPT = "The film was a river of treaty"


class Cache:
    """What `export` and `unpack` ask of a run's corpus."""

    def __init__(self, vocab):
        self.vocab = list(vocab)


def random_lm(words, seed) -> dict:
    """fastai's state dict of a language model of `words`."""
    torch.manual_seed(seed)
    config = export.make_config(RECIPE, len(words))
    model, _ = bundle.build(config)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return fastai_lm({k: v.half().float() for k, v in model.state_dict().items()})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs, of articles and of reviews: as many words, others."""
    assert len(REVIEWS) == len(ARTICLES)
    assert set(REVIEWS) != set(ARTICLES)
    root = tmp_path_factory.mktemp("runs")
    for name, words, seed in (("wiki", ARTICLES, 1), ("imdb", REVIEWS, 2)):
        (root / name / "data").mkdir(parents=True)
        (root / name / "data" / "vocab.json").write_text(json.dumps(words))
        torch.save(random_lm(words, seed), root / name / "lm.pth")
    loaded = type("Loaded", (), {"config": export.make_config(RECIPE, len(REVIEWS))})
    loaded.vocab = REVIEWS
    model = fastai_classifier(loaded, bundle.build(loaded.config)[1])
    torch.save(model.state_dict(), root / "imdb" / "classifier.pth")
    return root


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    earlier = {"Wiki<pedia>": runs / "wiki" / "lm.pth", "the same": runs / "imdb" / "lm.pth"}
    export.export(RECIPE, Cache(REVIEWS), runs / "imdb", out, earlier)
    return out


def expected(state: dict, words: list[str], prompt: str, n: int) -> list[tuple[str, float]]:
    """The likeliest next words, from the weights of a run and its own words."""
    model, _ = bundle.build(export.make_config(RECIPE, len(words)))
    model.load_state_dict(lm_weights(state))
    ids = [words.index(t) if t in words else 0 for t in prompt]
    with torch.inference_mode():
        features, _ = model.body(torch.tensor([ids]), model.body.zero_state(1))
        probs = model.decode(features[0, -1:])[0].softmax(-1)
    drawn = [i for i, w in enumerate(words) if w not in ("xxunk", "xxpad", "xxfld", "xxeos")]
    total = sum(float(probs[i]) for i in drawn)
    best = sorted(drawn, key=lambda i: -float(probs[i]))[:n]
    return [(words[i], float(probs[i]) / total) for i in best]


@pytest.fixture
def app(exported, monkeypatch, own_bundles):
    monkeypatch.setenv("ULMFIT_BUNDLE", str(exported))
    return loading.load(theme.ASSETS)


def test_each_state_reads_and_says_its_own_words(app, runs):
    found = stages.before_and_after(app, PROMPT, n=5)
    read = [t.text for t in fastai_words(PROMPT).tokens]
    for stage, run, words in ((found[0], "wiki", ARTICLES), (found[1], "imdb", REVIEWS)):
        wanted = expected(torch.load(runs / run / "lm.pth"), words, read, 5)
        assert [w for w, _ in stage.words] == [w for w, _ in wanted]
        assert [p for _, p in stage.words] == pytest.approx([p for _, p in wanted], abs=1e-4)
    assert found[2].words == found[1].words  # the last state is the second snapshot's
    assert [s.unknown for s in found] == [("film",), ("treaty",), ("treaty",), ("treaty",)]
    assert (found[0].n_vocab, found[0].n_shared) == (len(ARTICLES), len(SPECIALS) + len(SHARED))
    assert found[2].title == "Wiki<pedia>, then the reviews"


def test_the_page_says_what_the_states_are(app):
    shown = view.stages(stages.before_and_after(app, PROMPT))
    assert shown.count('class="col"') == 4
    assert "<pedia>" not in shown
    assert (
        f"knows {len(ARTICLES)} words, 15 of them among the {len(REVIEWS)} of the reviews" in shown
    )
    assert "does not know “film”" in shown
    assert view.stages_title(["Wikipedia"]) == "What training changes: Wikipedia, then the reviews"
    assert "stage by stage" in view.stages_title([])
    one = [stages.StageWords("end", (("a", 1.0),), 9, 9)]
    assert "vocabulary" not in view.stages(one)


def test_only_other_words_are_stored_and_read_when_asked_for(exported):
    config = json.loads((exported / "config.json").read_text())
    assert config["snapshots"] == [
        {"title": "Wiki<pedia>", "file": "lm-0.safetensors", "vocab": "lm-0.vocab.json"},
        {"title": "the same", "file": "lm-1.safetensors"},
    ]
    assert not (exported / "lm-1.vocab.json").exists()
    loaded = bundle.load(exported)
    for snapshot in loaded.snapshots:
        assert not {"model", "vocab"} & set(vars(snapshot))
    assert loaded.snapshots[0].vocab == ARTICLES
    assert loaded.snapshots[1].vocab is loaded.vocab


def test_unpack_and_export_give_the_same_bundle_again(exported, runs, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    unpack.unpack(exported, Cache(REVIEWS), RECIPE.lm, run)
    earlier = {"Wiki<pedia>": run / "lm-0.pth", "the same": run / "lm-1.pth"}
    export.export(RECIPE, Cache(REVIEWS), run, tmp_path / "again", earlier)
    names = sorted(p.name for p in exported.iterdir())
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == names
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (exported / name).read_bytes(), name


def test_words_that_nobody_knows_are_an_error(runs, tmp_path):
    lost = tmp_path / "lm.pth"
    lost.write_bytes((runs / "wiki" / "lm.pth").read_bytes())
    arguments = (RECIPE, Cache(REVIEWS), runs / "imdb", tmp_path / "out")
    with pytest.raises(export.ExportError, match="which words"):
        export.export(*arguments, {"lost": lost})
    (tmp_path / "lm.vocab.json").write_text(json.dumps(ARTICLES[:-1]))
    with pytest.raises(export.ExportError, match="19 rows for its 18 words"):
        export.export(*arguments, {"lost": lost})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", ["[]", "{}", "[1, 2]", "[", json.dumps(ARTICLES[:-1])])
def test_a_broken_vocabulary_is_a_sentence_in_its_panel(app, exported, words):
    path = exported / "lm-0.vocab.json"
    before = path.read_text()
    path.write_text(words)
    try:
        with pytest.raises(limits.Refused, match="cannot be read"):
            stages.before_and_after(app, PROMPT)
    finally:
        path.write_text(before)


def test_a_vocabulary_without_xxunk_first_is_refused(app, exported):
    path = exported / "lm-0.vocab.json"
    before = path.read_text()
    path.write_text(json.dumps(ARTICLES[::-1]))
    try:
        with pytest.raises(limits.Refused, match="cannot be read"):
            stages.before_and_after(app, PROMPT)
    finally:
        path.write_text(before)


def test_a_missing_vocabulary_is_named_at_the_start(exported, tmp_path):
    import shutil

    shutil.copytree(exported, tmp_path / "b")
    (tmp_path / "b" / "lm-0.vocab.json").unlink()
    with pytest.raises(bundle.BundleError, match=r"lm-0\.vocab\.json is missing"):
        bundle.load(tmp_path / "b")


def test_a_bundle_of_the_format_before_is_read(exported, tmp_path):
    import shutil

    shutil.copytree(exported, tmp_path / "b")
    config = json.loads((tmp_path / "b" / "config.json").read_text())
    config["snapshots"] = config["snapshots"][1:]
    (tmp_path / "b" / "config.json").write_text(json.dumps({**config, "format": 1}))
    loaded = bundle.load(tmp_path / "b")
    assert [s.vocab_path for s in loaded.snapshots] == [None]
