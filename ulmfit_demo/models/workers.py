"""Pieces of work side by side, one core each. Knows no model and computes nothing itself.

Two threads that share every product wait for each other after every step of an LSTM; two threads that
read a batch each do not.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """How many pieces are worth doing at once: as many as torch would split one product into."""
    return torch.get_num_threads() if _can_be_alone() else 1


def side_by_side(
    function: Callable[[Item], Result], items: Sequence[Item], n: int
) -> Iterator[Result]:
    """`function` of every item, in the order in which they are done; up to `n` at the same time.

    The threads belong to this call, so nobody waits for somebody else's items. They run ahead of the
    reader by `n` results at most. Closed early, it begins no further item and waits for none. An
    exception ends it and is raised here.
    """
    n = min(n, len(items))
    if n < 2:
        yield from map(function, items)
        return
    left = deque(items)
    done: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()
    room = threading.Semaphore(2 * n)
    ended = threading.Event()

    def work() -> None:
        compute_alone()
        while True:
            room.acquire()
            if ended.is_set():
                return
            try:
                item = left.popleft()
            except IndexError:
                return
            try:
                done.put((function(item), None))
            except BaseException as e:
                done.put((None, e))
                return

    try:
        for _ in range(n):
            threading.Thread(target=work, name="side by side").start()
        for _ in items:
            result, failed = done.get()
            if failed is not None:
                raise failed
            room.release()
            yield result  # type: ignore[misc]  # there is one where nothing failed
    finally:
        ended.set()
        room.release(n)  # those that wait for room see that it has ended


def compute_alone() -> bool:
    """From now on this thread's products are split over no other thread; False where torch is built so
    that this cannot be said.

    `torch.set_num_threads(1)` would do it too, but torch keeps the number for every thread that begins
    later: other visitors' requests. OpenMP and MKL keep theirs for the calling thread alone.
    """
    torch.get_num_threads()  # torch sets a thread up when it is first asked, and not again
    return _split_over(1, 1) is not None and torch.get_num_threads() == 1


@contextmanager
def single_threaded() -> Iterator[None]:
    """In this block the calling thread's products are split over no other thread, where torch allows.

    For products so small that the split costs more than it saves: two threads a request, with several
    requests on two cores, wait for each other.
    """
    before = torch.get_num_threads()
    mkl = _split_over(1, 1) if before > 1 else None
    try:
        yield
    finally:
        if mkl is not None:
            _split_over(before, mkl)


def _split_over(openmp: int, mkl: int) -> int | None:
    """Tell this thread's OpenMP and MKL their numbers of threads; the one that MKL had.

    None where torch is built so that this cannot be said.
    """
    library = _torch_library()
    if library is None:
        return None
    library.omp_set_num_threads(openmp)
    with suppress(AttributeError):  # a build without MKL
        return library.MKL_Set_Num_Threads_Local(mkl)
    return 0


@functools.cache
def _torch_library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).with_name("lib") / "libtorch_cpu.so"))
        library.omp_set_num_threads  # noqa: B018  (is it there?)
    except (OSError, AttributeError):
        return None
    return library


@functools.cache
def _can_be_alone() -> bool:
    said: list[bool] = []
    thread = threading.Thread(target=lambda: said.append(compute_alone()))
    thread.start()
    thread.join()
    return said == [True]
