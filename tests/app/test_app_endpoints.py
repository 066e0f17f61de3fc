"""The data endpoints over `gradio_client`: typed, equal to the Python call, refusals raised as sentences."""

import re

import pytest

import ulmfit_demo
from tests.calls import (
    CALLS,
    LEARN,
    SECONDS,
    TEXT,
    cases,
    close,
    completed,
    expected,
    is_of,
    markup,
)
from tests.page import program
from ulmfit_demo import limits
from ulmfit_demo.pipeline import to_json
from ulmfit_demo.pipeline.results.classifying import Verdict
from ulmfit_demo.pipeline.results.training import LiveTraining
from ulmfit_demo.web import endpoints


@pytest.fixture(scope="module")
def client(url):
    return program(url)


@pytest.fixture(scope="module")
def pipeline():
    return ulmfit_demo.load()


@pytest.fixture(scope="module")
def described(client):
    return client.view_api(return_format="dict", print_info=False)["named_endpoints"]


def test_the_public_endpoints_are_these(described):
    names = {f"/{e.name}" for e in endpoints.ENDPOINTS} | {
        "/model_card",
        "/model_vocabulary",
        "/lesson",
    }
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
    found = client.predict(**CALLS[name], api_name=f"/{name}")
    assert close(found, expected(pipeline, name))
    assert "__type__" not in to_json(found)
    assert not markup(found, CALLS[name])
    returned = endpoints.functions(pipeline)[name].__annotations__["return"]
    assert is_of(found, returned), returned


def test_every_endpoint_is_called_here():
    assert {*CALLS, SECONDS} == {e.name for e in endpoints.ENDPOINTS}


def test_what_an_answer_may_not_be():
    verdict = {"label": "pos", "score": 0.9, "unsure": False}
    assert is_of(verdict, Verdict)
    assert not is_of({**verdict, "more": 1}, Verdict)
    assert not is_of({**verdict, "score": "high"}, Verdict)
    assert not is_of({**verdict, "unsure": None}, Verdict)
    assert markup({"a": ["<b>x</b>", "1 < 2"]}, "</b>") == {"<b>"}


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
    assert is_of(found, LiveTraining)
    assert found["stage"] == "done"
    assert [e["epoch"] for e in found["epochs"]] == list(range(7))
    assert found["epochs"][-1]["held_out"] < found["epochs"][0]["held_out"] - 0.5
    assert found["epochs"][-1]["lines"][0]["text"]


def test_card_lessons_and_vocabulary_are_text(client, pipeline):
    assert client.predict(api_name="/model_card") == pipeline.model_card()
    assert client.predict(api_name="/model_vocabulary").split("\n") == list(pipeline.vocab)
    lesson = client.predict("batches", api_name="/lesson")
    assert lesson.startswith("# Batches\n")
    assert "Check yourself" in lesson


@pytest.mark.parametrize(("name", "arguments", "right"), cases(said=False))
def test_a_result_left_alone_is_of_its_type(client, pipeline, name, arguments, right):
    found = client.predict(**arguments, api_name=f"/{name}")
    assert is_of(found, endpoints.functions(pipeline)[name].__annotations__["return"]), right
    assert "__type__" not in to_json(found)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        *cases(said=True),
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
        ("what_if", {"word": 99}, "That word is no longer there."),
        ("train_vocabulary", {"text": LEARN, "size": 9_999}, "This text allows from"),
        ("train_live", {"epochs": 7, "source": "ours"}, "The number of epochs must be one of: 6"),
        ("lesson", {"tab": "cooking"}, "The tab must be one of: tokenizers"),
    ],
)
def test_a_refusal_is_raised_as_the_pages_sentence(client, name, arguments, sentence):
    with pytest.raises(Exception, match=re.escape(sentence)) as refused:
        client.predict(**completed(name, arguments), api_name=f"/{name}")
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
