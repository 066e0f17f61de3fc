"""The page's own events on the launched app: results, refusals, odd input, all as HTML."""

import re

import pytest

from tests.page import Page
from ulmfit_demo import limits

ODD = {
    "empty": "",
    "spaces": "  \n\t ",
    "emoji": "🎬👍🏽 great",
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "Chinese": "电影很好看，我喜欢。",
    "control": "a\x00b\x07c \u202e right to left",
    "surrogate": "half \ud800 a pair",
    "long": "word " * 20_000,
}


@pytest.fixture(scope="module")
def client(url):
    return Page(url, verbose=False)


def call(client, name, text):
    arguments = {
        "/vocabulary": (text, "unigram", 1_000),
        "/word_vocabulary": (text, 3, 60_000),
        "/legal_sizes": (text, "bpe", 20),
        "/train_vocabulary": (text, "bpe", 20, text[:100]),
        "/lm_batches": (text, 2, 5, 1, False, "fastai"),
        "/classifier_batches": (text, 2, "chunk", "sorted", 1, False),
        "/sentiment": (text,),
        "/sentiment_lines": (text, None),
        "/explain": (text,),
        "/other_models": (text, True),
        "/generate": (text, 0.75, 0, 1.0, 0.0, 1.0, 5, 2, 0, False),
        "/next_word": ("", text, 0.75, 0, 1.0, 0.0, 1.0),
        "/surprise": (text,),
        "/training_stages": (text,),
    }[name]
    result = client.predict(*arguments, api_name=name)
    return result[0] if isinstance(result, (tuple, list)) else result


EVENTS = [
    "/vocabulary",
    "/word_vocabulary",
    "/legal_sizes",
    "/train_vocabulary",
    "/lm_batches",
    "/classifier_batches",
    "/sentiment",
    "/sentiment_lines",
    "/explain",
    "/other_models",
    "/generate",
    "/next_word",
    "/surprise",
    "/training_stages",
]


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("kind", [k for k in ODD if k != "surrogate"])
def test_odd_input_gets_a_result_or_a_sentence(client, name, kind):
    html = call(client, name, ODD[kind])
    assert html
    assert "Traceback" not in html
    assert "Something went wrong" not in html
    assert "<script" not in html
    assert "<img" not in html
    if kind == "long" and name not in ("/legal_sizes", "/train_vocabulary"):  # these read 2 MB
        assert "u-notice" in html
        assert "100,000 characters" in html


def test_no_event_of_the_page_is_public(client):
    """What a program may call is in `test_app_endpoints.py`."""
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert not [name for name in named if name.startswith("/page_")]
    for dependency in client.config["dependencies"]:
        if dependency["targets"]:  # started by a component
            assert dependency["api_visibility"] == "private", dependency["api_name"]


def test_tokens_of_the_notebook(client):
    text = "The U.S. dollar $1 is $1.00."
    value = client.predict(text, "spacy", api_name="/tokenize")
    assert [t["text"] for t in value["tokens"]] == (
        ["The", "U.S.", "dollar", "$", "1", "is", "$", "1.00", "."]
    )


def test_batches_of_the_notebook(client):
    from ulmfit_demo.lessons import examples

    stream = examples()["batches"]["Notebook: 90 tokens"]
    html = client.predict(stream, 6, 5, 2, False, "notebook", api_name="/lm_batches")[0]
    assert "x, mini-batch 2 of 3" in html
    x, _, rows = (
        re.findall(r"<td[^>]*data-p[^>]*>([^<]*)</td>", table)
        for table in re.findall(r"<table.*?</table>", html)
    )
    assert " ".join(rows[:15]) == (
        "xxbos xxmaj in this chapter , we will go back over the example of classifying"
    )
    assert x[:5] == [",", "we", "will", "go", "back"]  # row 1 of the notebook's second table


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("/lm_batches", ("a b c", 40, 5, 1, False, "fastai"), "too short for bs=40"),
        ("/classifier_batches", ("lengths: 3, x", 2, "last", "sorted", 1, False), "not “x”"),
        ("/sentiment_lines", ("x\n" * 300, None), "300 lines"),
    ],
)
def test_refusals_are_sentences(client, name, arguments, words):
    result = client.predict(*arguments, api_name=name)
    assert words in (result[0] if isinstance(result, (tuple, list)) else result)


def test_no_endpoint_takes_more_than_its_limit(client):
    assert "u-notice" in call(client, "/generate", "x" * (limits.PROMPT_CHARACTERS + 1))


def test_praise_and_blame(client):
    good = call(client, "/sentiment", "A wonderful, warm and clever film. I loved every minute.")
    bad = call(client, "/sentiment", "Boring, stupid and far too long. The worst film of the year.")
    assert "POSITIVE" in good
    assert "NEGATIVE" in bad


def test_the_same_seed_writes_the_same_text_and_another_does_not(client):
    def texts(seed):
        html = client.predict(
            "I liked this movie because",
            *(0.75, 0, 1.0, 0.0, 1.0, 20, 2, seed, False),
            api_name="/generate",
        )
        articles = re.findall(r"<article.*?</article>", html)
        return [re.sub(r"<h4>.*?</h4>|<[^>]*>", "", a) for a in articles]

    assert texts(3) == texts(3)
    assert texts(3) != texts(4)
    assert len(set(texts(3))) == 2


def test_generation_streams_word_by_word(client):
    job = client.submit("The film", 0.75, 0, 1.0, 0.0, 1.0, 200, 8, 0, False, api_name="/generate")
    job.result()
    lengths = [len(re.sub("<[^>]*>", "", html)) for html in job.outputs()]
    assert len(lengths) >= 5
    assert lengths[:-1] == sorted(lengths[:-1])
