"""Work in pieces, as the measures yield it, done without a page."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def finished(work: Generator[tuple[float, str], None, T]) -> tuple[T, list[tuple[float, str]]]:
    """(what it returns, what it said on the way)"""
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return end.value, said
