"""Makes glibc keep the memory that a training step frees. Allocates nothing itself.

PyTorch gives each large temporary back to malloc, and malloc gives it back to the system: the next step
faults every page in again, which was a fifth of a language model's step on a CPU. A language model's
shapes are the same in every step, so what is kept fits the next one. A classifier's batches change their
length: freed blocks seldom fit again, and kept pages grew to 20 GB in two minutes. So only the stage
`lm` keeps them.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

MIB = 1024 * 1024
# The numbers of `mallopt(3)` in glibc's malloc.h, and what glibc's own adaptation ends at: a block of
# 32 MiB is the largest that it stops mapping by itself, and then twice that is kept at the heap's end.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4
KEEP = {MMAP_MAX: 0, TRIM_THRESHOLD: -1, TOP_PAD: 512 * MIB}  # -1: never trim
ADAPTED = {
    MMAP_MAX: 65_536,
    MMAP_THRESHOLD: 32 * MIB,
    TRIM_THRESHOLD: 64 * MIB,
    TOP_PAD: 128 * 1024,
}


def _set(options: dict[int, int]) -> bool:
    """Call `mallopt` for each; False where the C library is not glibc."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all([mallopt(option, value) for option, value in options.items()])


@contextmanager
def keep_pages(wanted: bool = True) -> Iterator[bool]:
    """Inside the block freed memory stays with the process; afterwards glibc gives it back again.

    Yields whether it does: False where it is not `wanted` and without glibc (musl, macOS), where
    nothing is changed.
    """
    kept = wanted and _set(KEEP)
    try:
        yield kept
    finally:
        if kept:
            _set(ADAPTED)
            ctypes.CDLL(None).malloc_trim(0)
