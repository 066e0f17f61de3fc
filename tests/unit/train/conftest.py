"""What every test of the training has in common: the format that it computes in."""

from collections.abc import Callable, Iterator

import pytest

from train import precision


@pytest.fixture(scope="session", autouse=True)
def multiplies_bf16() -> Iterator[Callable[[], bool]]:
    """`precision = "auto"` is fp32 on every machine; a test of the choice asks for the real function."""
    real = precision.multiplies_bf16
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "multiplies_bf16", lambda: False)
        yield real
