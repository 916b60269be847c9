"""NumPy's random streams by seed and name, those of many names at once.

``default_rng([seed, crc32(name)])`` takes 8 µs, and what it draws 4 more: for the 150 streams of three cells more than
the cells' runs. Here the numbers of all names go through the same steps side by side. NumPy promises that the steps
never change (NEP 19); they are those of its ``SeedSequence``, its ``PCG64`` and its ``random``. What ``uniform`` makes
of a number is a product and a sum, each rounded: where a compiler has made one step of NumPy's, as it may on ARM, the
last bit can be another.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

# Of SeedSequence: how many words of 32 bits it holds, and half of such a word; the factors of two words that are mixed;
# of the constants with which words are hashed, and with which they are given out, the first one and their ratio.
POOL, HALF = 4, np.uint32(16)
OWN, OTHER = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
HASHED, GIVEN = (0x43B0D7E5, 0x931E8875), (0x8B51F9DD, 0x58F38DED)
FACTOR = 0x2360ED051FC65DA44385DF649FCCF645  # of a step of PCG64

Wide = tuple[np.ndarray, np.ndarray]  # whole numbers below 2**128: their upper and lower 64 bits
LOWER, HALF_WIDTH, TOP = np.uint64(2**32 - 1), np.uint64(32), np.uint64(58)
CACHED = 2**14  # so many numbers at once: what they are made of stays in the processor's cache


class Streams:
    """Each of the names has a stream of its own."""

    def __init__(self, seed: int, names: Sequence[str]) -> None:
        keys = [crc32(name.encode(errors="surrogatepass")) for name in names]
        first, second, third, fourth = _hashed(seed, keys).T  # 64 bits each
        self._bits = np.random.PCG64(0)
        self._generator = np.random.Generator(self._bits)
        self._places = {name: k for k, name in enumerate(names)}
        self._step = third << np.uint64(1) | fourth >> np.uint64(63), fourth << np.uint64(1) | np.uint64(1)
        self._start = _sum((first, second), self._step)

    def generator(self, name: str) -> np.random.Generator:
        """That of a name, at its beginning; good until this is called again."""
        k = self._places[name]
        start, step = (int(high[k]) << 64 | int(low[k]) for high, low in (self._start, self._step))
        state: Any = {"state": (start * FACTOR + step) % 2**128, "inc": step}
        self._bits.state = {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}
        return self._generator

    def uniform(self, names: Sequence[str], low: float, high: float, count: int) -> np.ndarray:
        """``generator(name).uniform(low, high, count)`` of each name: (names, count)"""
        powers, sums = _jumps(count)
        found, places = np.empty((len(names), count)), [self._places[name] for name in names]
        at_once = max(1, CACHED // count)
        for first in range(0, len(names), at_once):
            some = np.array(places[first : first + at_once])[:, None]
            start, step = ((upper[some], lower[some]) for upper, lower in (self._start, self._step))
            upper, lower = _sum(_product(powers, start), _product(sums, step))
            turn, mixed = upper >> TOP, upper ^ lower
            drawn = mixed >> turn | mixed << (-turn & np.uint64(63))
            found[first : first + at_once] = low + (high - low) * ((drawn >> np.uint64(11)) * 2.0**-53)
        return found


@functools.lru_cache(maxsize=8)
def _jumps(count: int) -> tuple[Wide, Wide]:
    """The state of PCG64 at each number that it draws is the first of these times where it began, and the second times
    its increment: the powers of FACTOR, and the sums of those below each, as one step more is taken at the beginning.
    """
    power, total, powers, sums = FACTOR, 1, [], []
    for _ in range(count):
        total, power = (total + power) % 2**128, power * FACTOR % 2**128
        powers.append(power)
        sums.append(total)
    return _wide(powers), _wide(sums)


def _wide(numbers: Sequence[int]) -> Wide:
    high, low = np.array([divmod(number, 2**64) for number in numbers], np.uint64).T
    return high, low


def _sum(one: Wide, other: Wide) -> Wide:
    low = one[1] + other[1]
    return one[0] + other[0] + (low < one[1]), low


def _product(one: Wide, other: Wide) -> Wide:
    """Below 2**128, as on paper with digits of 32 bits."""
    (high, low), (other_high, other_low) = one, other
    a, b, c, d = low >> HALF_WIDTH, low & LOWER, other_low >> HALF_WIDTH, other_low & LOWER
    middle = a * d + (b * d >> HALF_WIDTH)
    carried = b * c + (middle & LOWER)
    upper = a * c + (middle >> HALF_WIDTH) + (carried >> HALF_WIDTH) + high * other_low + low * other_high
    return upper, low * other_low


def _hashed(seed: int, keys: Sequence[int]) -> np.ndarray:
    """``SeedSequence([seed, key]).generate_state(4, np.uint64)`` of each key: (keys, 4)."""
    size = max(1, -(-seed.bit_length() // 32))  # in words
    words = np.zeros((max(POOL, size + 1), len(keys)), np.uint32)
    for k in range(size):
        words[k] = seed >> 32 * k & 0xFFFFFFFF
    words[size] = keys
    constants = _constants(*HASHED, POOL * len(words))
    pool, used = _scrambled(words[:POOL], constants[: POOL + 1]), POOL
    for source in range(len(words)):
        others = [place for place in range(POOL) if place != source]
        word = pool[source] if source < POOL else words[source]
        mixed: np.ndarray = OWN * pool[others] - OTHER * _scrambled(word, constants[used : used + len(others) + 1])
        pool[others] = mixed ^ (mixed >> HALF)
        used += len(others)
    found = _scrambled(np.concatenate([pool, pool]), _constants(*GIVEN, 2 * POOL))
    return found.T.astype("<u4", order="C").view("<u8")


def _scrambled(words: np.ndarray, constants: np.ndarray) -> np.ndarray:
    """A row of words, or the same row, for each constant but the last."""
    hashed: np.ndarray = (words ^ constants[:-1]) * constants[1:]
    return hashed ^ (hashed >> HALF)


@functools.lru_cache(maxsize=8)
def _constants(first: int, ratio: int, count: int) -> np.ndarray:
    """(count + 1, 1)"""
    return np.array([[first * ratio**k % 2**32] for k in range(count + 1)], np.uint32)
