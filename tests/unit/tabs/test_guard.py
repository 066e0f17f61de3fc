"""The guard around functions of events: an error is a sentence in the first output, of a generator too."""

from __future__ import annotations

import inspect

import pytest

from ulmfit_demo import limits
from ulmfit_demo.tabs.shared import guard, html


class TooBig(Exception):
    """A sentence of a module that knows no `limits`."""


def fails_with(error: Exception):
    @guard.guarded("second", refusals=(TooBig,))
    def function(n):
        raise error

    @guard.guarded("second", refusals=(TooBig,))
    def generator(n):
        yield n, "a part"
        raise error

    return function, generator


@pytest.mark.parametrize("error", [limits.Refused("Type <less>."), TooBig("Type <less>.")])
def test_a_refusal_is_a_notice_in_the_first_output(error, caplog):
    function, generator = fails_with(error)
    shown = html.notice("Type <less>."), "second"
    assert function(1) == shown
    assert list(generator(1)) == [(1, "a part"), shown]
    assert not caplog.records


def test_any_other_error_is_logged_and_tells_the_visitor_nothing_of_it(caplog):
    function, generator = fails_with(RuntimeError("inner"))
    shown = html.notice(guard.BROKEN), "second"
    assert function(1) == shown
    assert list(generator(1)) == [(1, "a part"), shown]
    assert [r.exc_info[1].args for r in caplog.records] == [("inner",)] * 2
    assert "test_guard.function failed" in caplog.text
    assert "test_guard.generator failed" in caplog.text


def test_one_output_and_an_answer_that_is_made_anew():
    @guard.guarded()
    def one():
        raise limits.Refused("No.")

    @guard.guarded(list)
    def two():
        raise limits.Refused("No.")

    assert one() == html.notice("No.")
    (_, first), (_, second) = two(), two()
    assert first == second == []
    assert first is not second


def test_gradio_sees_the_parameters_and_that_it_is_a_generator():
    function, generator = fails_with(TooBig())
    assert list(inspect.signature(function).parameters) == ["n"]
    assert list(inspect.signature(generator).parameters) == ["n"]
    assert inspect.isgeneratorfunction(generator)
    assert not inspect.isgeneratorfunction(function)


def test_a_client_that_goes_away_closes_the_generator_inside():
    closed = []

    @guard.guarded()
    def steps():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    running = steps()
    assert next(running) == 1
    running.close()
    assert closed == [True]
