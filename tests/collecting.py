"""No garbage is looked for where there is hardly any.

What stays is made while the tests are collected: PyTorch alone brings a million objects. To walk
them again and again, then and in all that follows, takes each process seconds.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect the tests with the garbage collector off, and keep it from what was imported."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
