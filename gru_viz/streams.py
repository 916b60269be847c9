"""NumPy's random streams by seed and name, those of many names set up at once.

``default_rng([seed, crc32(name)])`` takes 8 µs, nearly all of it to make 256 bits of these numbers: for the 150 streams
of three cells more than the cells' runs. Here the numbers of all names go through the same steps side by side. NumPy
promises that the steps never change (NEP 19); they are those of its ``SeedSequence`` and its ``PCG64``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import numpy as np

# Of SeedSequence: how many words of 32 bits it holds, and half of such a word; the factors of two words that are mixed;
# of the constants with which words are hashed, and with which they are given out, the first one and their ratio.
POOL, HALF = 4, np.uint32(16)
OWN, OTHER = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
HASHED, GIVEN = (0x43B0D7E5, 0x931E8875), (0x8B51F9DD, 0x58F38DED)
FACTOR = 0x2360ED051FC65DA44385DF649FCCF645  # of a step of PCG64


def streams(seed: int, names: Sequence[str]) -> Callable[[str], np.random.Generator]:
    """A function that gives each of the names its generator, at its beginning; good until it is called again."""
    keys = [crc32(name.encode(errors="surrogatepass")) for name in names]
    states = dict(zip(names, map(_state, _hashed(seed, keys).tolist()), strict=True))
    bits = np.random.PCG64(0)
    generator = np.random.Generator(bits)

    def stream(name: str) -> np.random.Generator:
        bits.state = states[name]
        return generator

    return stream


def _state(words: Sequence[int]) -> Any:
    """Of PCG64, from four words of 64 bits."""
    step = ((words[2] << 64 | words[3]) << 1 | 1) % 2**128
    start = step + (words[0] << 64 | words[1])
    state = {"state": (start * FACTOR + step) % 2**128, "inc": step}
    return {"bit_generator": "PCG64", "state": state, "has_uint32": 0, "uinteger": 0}


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
