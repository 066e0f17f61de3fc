"""The data endpoints over `gradio_client`: typed, equal to the Python call, refusals raised as sentences."""

import json
import re

import pytest
from gradio_client import Client

import ulmfit_demo
from ulmfit_demo import limits
from ulmfit_demo.pipeline import to_json
from ulmfit_demo.web.endpoints import ENDPOINTS

TEXT = "Oh, a WONDERFUL film & not bad < at all! No one is sure."
LEARN = "the boat and the harbour\n" * 40
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
CALLS = {
    "classify": dict(texts=[TEXT, "", "Dull, loud and two hours too long."]),
    "read_along": dict(text=TEXT),
    "explain": dict(text="A dull film"),
    "what_if": dict(text="A dull film", word=2),
    "other_models": dict(text=TEXT),
    "encode": dict(texts=["A dull film", TEXT]),
    "surprisal": dict(text=TEXT),
    "next_words": dict(prompt="I liked", temperature=1.2, top_k=5),
    "generate": dict(prompt="I liked", n_words=8, n_texts=2, seed=3),
    "stages": dict(prompt="The film"),
    "tokenize": dict(text=TEXT, rules=["lowercase"]),
    "numericalize": dict(text=TEXT),
    "vocabulary": dict(text="unhappiness", kind="bpe", size=500),
    "word_vocabulary": dict(text=TEXT, min_freq=40),
    "lm_batches": dict(text=TEXT, bs=2, seq_len=4, shuffle=True, seed=1),
    "classifier_batches": dict(text=f"{TEXT}\n\nA film", bs=2, padding="last"),
    "legal_sizes": dict(text=LEARN, kind="bpe"),
    "train_vocabulary": dict(text=LEARN, kind="bpe", size=22, sample="boat"),
    "training": {},
    "model_card": {},
}


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


@pytest.fixture(scope="module")
def pipeline():
    return ulmfit_demo.load()


@pytest.fixture(scope="module")
def described(client):
    return client.view_api(return_format="dict", print_info=False)["named_endpoints"]


def close(a: object, b: object) -> bool:
    """Equal; floats to the last digits, which another thread's order of sums may change."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-4, abs=1e-6)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return a == b


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    if isinstance(value, list):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


def test_the_public_endpoints_are_these(described):
    names = {f"/{e.name}" for e in ENDPOINTS} | {"/model_card", "/model_vocabulary", "/lesson"}
    assert set(described) == names


def test_every_result_and_parameter_has_a_type(described):
    for name, endpoint in described.items():
        (result,) = endpoint["returns"]
        assert result["python_type"]["type"] not in ("Any", ""), name
        for parameter in endpoint["parameters"]:
            assert parameter["python_type"]["type"] != "Any", (name, parameter["parameter_name"])
    assert described["/classify"]["returns"][0]["python_type"]["type"].startswith(
        "dict(label: None | str, score: None | float, unsure: bool)"
    )
    assert (
        "texts: list[dict(text: str" in described["/generate"]["returns"][0]["python_type"]["type"]
    )


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_the_python_calls_data_without_markup(client, pipeline, name):
    arguments = CALLS[name]
    found = client.predict(**arguments, api_name=f"/{name}")
    method = {"tokenize": "tokens"}.get(name, name)
    expected = getattr(pipeline, method)(**arguments)
    if name in ("legal_sizes", "train_vocabulary"):
        *_, expected = expected
    expected = json.loads(to_json(expected))
    assert close(found, expected)
    assert "__type__" not in to_json(found)
    if name != "model_card":  # Markdown, which may hold any
        allowed = set(TAG.findall(str(arguments)))
        assert {t for s in strings(found) for t in TAG.findall(s)} <= allowed


def test_every_endpoint_is_called_here(described):
    others = {"/train_live", "/model_vocabulary", "/lesson"}  # below
    assert set(described) == {f"/{name}" for name in CALLS} | others


def test_one_text_gives_one_verdict(client, pipeline):
    assert close(client.predict(TEXT, api_name="/classify"), pipeline(TEXT))
    assert client.predict("", api_name="/classify") == {
        "label": None,
        "score": None,
        "unsure": False,
    }


def test_generation_streams_growing_texts(client):
    job = client.submit("The film", n_words=120, n_texts=2, api_name="/generate")
    last = job.result()
    lengths = [len(step["texts"][0]["tokens"]) for step in job.outputs()]
    assert lengths == sorted(lengths)
    assert len(lengths) > 3
    assert lengths[-1] == len(last["texts"][0]["tokens"]) > 100


def test_a_live_training_gives_its_losses_and_lines(client):
    found = client.predict("ours", "", "The film", 6, "small", api_name="/train_live")
    assert found["stage"] == "done"
    assert [e["epoch"] for e in found["epochs"]] == list(range(7))
    assert found["epochs"][-1]["held_out"] < found["epochs"][0]["held_out"] - 0.5
    assert found["epochs"][-1]["lines"][0]["text"]


def test_lessons_and_vocabulary_are_text(client, pipeline):
    assert client.predict(api_name="/model_vocabulary").split("\n") == list(pipeline.vocab)
    lesson = client.predict("batches", api_name="/lesson")
    assert lesson.startswith("# Batches\n")
    assert "Check yourself" in lesson


# `api-out-of-range` and `api-update-dict`: numbers outside a slider, unknown choices, null or text for a
# number, many texts, a blank or short text
@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("generate", {"temperature": 2.1}, "The temperature must be from 0.0 to 2.0, not 2.1."),
        ("generate", {"n_words": 0}, "The number of words must be from 1 to 300, not 0."),
        ("generate", {"temperature": None}, "The temperature must be a number from 0.0 to 2.0."),
        ("generate", {"temperature": "warm"}, "The temperature must be a number from 0.0 to 2.0."),
        ("generate", {"seed": None}, "The seed must be a number from 0 to 2,147,483,647."),
        ("lm_batches", {"bs": 65}, "The batch size must be from 1 to 64, not 65."),
        ("lm_batches", {"cut": "bad"}, "The cut must be one of: fastai, notebook."),
        ("lm_batches", {"bs": 40}, "A stream of 7 items is too short for bs=40"),
        (
            "classifier_batches",
            {"padding": None},
            "The padding must be one of: chunk, first, last.",
        ),
        ("classifier_batches", {"text": "lengths: 3, x"}, "After “lengths:” stand whole numbers"),
        ("tokenize", {"tokenizer": "nothing"}, "The tokenizer must be one of: fastai, spacy"),
        ("vocabulary", {"size": 1_001}, "The vocabulary size must be one of: 200, 500"),
        ("word_vocabulary", {"max_vocab": 60_001}, "max_vocab must be from 100 to 60,000"),
        ("read_along", {"text": "x" * 20_001}, "The text has 20,001 characters"),
        ("classify", {"texts": ["a"] * (limits.ROWS + 1)}, "5,001 texts; this takes up to 5,000"),
        ("classify", {"texts": 3}, "The texts must be a list."),
        ("what_if", {"word": 99}, "That word is no longer there."),
        ("legal_sizes", {"text": " "}, "Paste a text or choose a file to learn from."),
        ("train_vocabulary", {"text": LEARN, "size": 9_999}, "This text allows from"),
        ("train_live", {"source": "own", "own": "short"}, "Your text has 5 characters."),
        (
            "train_live",
            {"source": "ours", "epochs": 7},
            "The number of epochs must be one of: 6, 12, 24.",
        ),
        ("lesson", {"tab": "cooking"}, "The tab must be one of: tokenizers"),
    ],
)
def test_a_refusal_is_raised_as_the_pages_sentence(client, name, arguments, sentence):
    first = {"generate": "prompt", "classify": "texts", "lesson": "tab", "train_live": "source"}
    given = {first.get(name, "text"): "A film about the old boat", **arguments}
    with pytest.raises(Exception, match=re.escape(sentence)) as refused:
        client.predict(**given, api_name=f"/{name}")
    assert str(refused.value).startswith(sentence)
    assert "Traceback" not in str(refused.value)
    assert "Error" not in str(refused.value)


def test_an_unforeseen_error_is_one_sentence_and_is_logged(caplog):
    import gradio as gr

    from ulmfit_demo.web import door

    def broken(text: str) -> str:
        """Fails."""
        raise KeyError("inner")

    with pytest.raises(gr.Error) as said:
        door.door(broken, {}, "broken")("a")
    assert said.value.message == door.BROKEN
    assert "inner" in caplog.text
