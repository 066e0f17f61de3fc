"""Sixteen visitors teach at once through the running app: each gets what it gets alone, and no other's."""

import json
import re
import threading

import pytest

from tests.page import Page

N = 16


def visit(url: str, i: int) -> list[str]:
    """The boards that visitor `i` gets, without their milliseconds."""
    page = Page(url, verbose=False, download_files=False)
    lines = [f"song{i}\tthe song, number {i}", f"sea{i}\ta wave, number {i}"]
    lines += [f"line {j} of visitor {i}" for j in range(12)]
    given = ("\n".join(lines), f"song{i}, sea{i}", None, None, None, "lm", "")
    about, log, *_ = page.predict(*given, api_name="/teach_own")
    assert "14 lines" in about
    log, boards = json.loads(log), []
    for j in range(3):
        log["marks"].append([2 + j, (i + j) % 2])
        board = page.predict(json.dumps(log), api_name="/teach")
        boards.append(re.sub(r" · \d+ ms", "", board))
    return boards


@pytest.mark.timeout(600)
def test_sixteen_visitors_at_once(url):
    alone = [visit(url, i) for i in range(N)]
    together: list = [None] * N

    def work(i):
        together[i] = visit(url, i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(N)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
    for i, boards in enumerate(alone):
        assert "5 labelled" in boards[-1]
        assert {int(n) for n in re.findall(r"of visitor (\d+)", boards[-1])} == {i}
