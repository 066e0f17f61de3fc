"""The command line: JSON lines that equal the Python call, files, refusals, exit codes, a closed pipe."""

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ulmfit_demo
from ulmfit_demo import cli
from ulmfit_demo.pipeline import to_json

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ["A warm and clever film.", "", "Dull, loud; two hours\x0b too long."]


@pytest.fixture
def said(shipped, monkeypatch, capsys):
    """`said(arguments…)`: (exit code, the JSON lines, what stands in stderr)."""
    monkeypatch.setattr(ulmfit_demo, "load", lambda source=None: shipped)

    def run(*arguments):
        code = cli.main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_classify_gives_a_line_a_text(said, shipped, tmp_path, monkeypatch):
    expected = [{"text": t, **v} for t, v in zip(TEXTS, shipped(TEXTS), strict=True)]
    assert said("classify", *TEXTS)[:2] == (0, expected)
    file = tmp_path / "reviews.txt"
    file.write_bytes("\ufeff".encode() + "\r\n".join(TEXTS).encode() + b"\r\n")
    assert said("classify", "--file", file) == (0, expected, "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(TEXTS).encode())))
    assert said("classify")[:2] == (0, expected)


def test_many_lines_are_classified_in_chunks(said, shipped, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "CHUNK", 3)
    file = tmp_path / "reviews.txt"
    lines = [
        f"A {'dull and boring' if i % 2 else 'warm and clever'} film, seen {i} times."
        for i in range(8)
    ]
    file.write_text("\n".join(lines))
    code, found, _ = said("classify", "-f", file, "-f", file)
    assert code == 0
    assert [f["text"] for f in found] == lines * 2
    assert [f["label"] for f in found] == ["pos", "neg"] * 8


def test_the_other_commands_take_the_settings_of_their_methods(said, shipped):
    for arguments, expected in (
        (["tokens", "A film", "--tokenizer", "spacy"], shipped.tokens("A film", "spacy")),
        (
            ["tokens", "A film", "--rules", "lowercase"],
            shipped.tokens("A film", rules=["lowercase"]),
        ),
        (["surprisal", "A film"], shipped.surprisal("A film")),
        (
            ["generate", "I liked", "--n-words", "6", "--seed", "3", "--temperature", "1.1"],
            shipped.generate("I liked", n_words=6, seed=3, temperature=1.1),
        ),
    ):
        code, (line,), _ = said(*arguments)
        assert code == 0
        assert line.items() >= json.loads(to_json(expected)).items()


def test_a_refusal_is_a_line_and_an_exit_code(said):
    code, lines, _ = said("generate", "The film", "--temperature", "3")
    assert code == 1
    assert lines == [
        {"text": "The film", "error": "The temperature must be from 0.0 to 2.0, not 3."}
    ]


def test_wrong_arguments_and_missing_files(said, tmp_path, capsys):
    code, lines, err = said("classify", "--file", tmp_path / "nothing.txt")
    assert (code, lines) == (2, [])
    assert err == f"{tmp_path}/nothing.txt cannot be read: No such file or directory\n"
    for arguments in ([], ["cook"], ["generate", "a", "--n-words", "many"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 2
        assert "usage: ulmfit-demo" in capsys.readouterr().err


def test_without_a_model_there_is_one_sentence(tmp_path, capsys):
    assert cli.main(["classify", "a", "--model", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("No model could be loaded")
    assert "Traceback" not in err


def test_the_help_names_every_setting(capsys):
    with pytest.raises(SystemExit):
        cli.main(["generate", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "--repetition-penalty REPETITION_PENALTY" in out
    assert "draw from so many words; 0 is off (0)" in out


def test_a_bar_is_drawn_on_a_terminal_alone(said, shipped, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert said("classify", *TEXTS)[2] == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert cli.main(["classify", *TEXTS]) == 0
    assert "3/3" in terminal.getvalue().rstrip().split("\r")[-1]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_interrupt_is_an_exit_code(said, monkeypatch):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run", interrupted)
    assert said("classify", "a") == (130, [], "")


def test_the_page_that_cannot_be_served_is_one_sentence(said, monkeypatch):
    class Page:
        def launch(self, server_port, **settings):
            raise OSError(f"Cannot find empty port in range: {server_port}-{server_port}.")

    from ulmfit_demo import page

    monkeypatch.setattr(page, "build", Page)
    monkeypatch.setenv("ULMFIT_BUNDLE", "")  # what `--model` sets is taken back
    monkeypatch.delenv(page.MCP, raising=False)
    code, _, err = said("app", "--port", "7999", "--model", "a/folder")
    assert (code, err) == (1, "Cannot find empty port in range: 7999-7999.\n")
    assert os.environ["ULMFIT_BUNDLE"] == "a/folder"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert said("app", "--mcp") == (1, [], f"{cli.NO_MCP}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_sentence():
    command = [sys.executable, "-W", "ignore", "-m", "ulmfit_demo", "tokens", "a film"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "[Errno 28] No space left on device\n")


def test_a_pipe_closed_early_is_no_traceback(tmp_path):
    """`head` takes one line and goes; the rest is far more than a pipe holds."""
    file = tmp_path / "lines.txt"
    file.write_text("The boat left the harbour.\n" * 2_000)
    command = [sys.executable, "-W", "ignore", "-m", "ulmfit_demo", "tokens", "-f", str(file)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    assert json.loads(line)["tokens"][0]["text"] == "xxbos"
    assert process.wait(120) == cli.CLOSED
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
