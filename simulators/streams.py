"""The one source of chance: streams of draws, each derived from hash(seed, purpose, index).

Rules kept here:

- A stream depends on nothing but its three parts, so person 173,204 is the same alone or in a year,
  on one worker or forty.
- Draws are whole numbers made by BLAKE2b (RFC 7693), and no draw uses a mathematical library
  function, so every machine agrees.
- A new kind of draw takes a purpose of its own; it then changes nothing that other purposes give.

>>> Stream(5, "person", 173_204).below(100) == Stream(5, "person", 173_204).below(100)
True
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import gcd
from struct import Struct
from typing import Generic, Self, TypeVar

_RANGE = 1 << 32
_WORDS = Struct("<16I")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Values with their shares, ready to be drawn by `Stream.weighted`."""

    values: tuple[T, ...]
    bounds: tuple[int, ...]

    @classmethod
    def of(cls, shares: Mapping[T, float]) -> Self:
        """Takes weights of any sum; a value of weight 0 is never drawn. Raises ValueError when all
        are 0 or one is negative.
        """
        total = sum(shares.values())
        if total <= 0 or min(shares.values()) < 0:
            raise ValueError("weights must not be negative, and one must be positive")
        bounds: list[int] = []
        so_far = 0.0
        for share in shares.values():
            so_far += share
            bounds.append(int(so_far / total * _RANGE))
        bounds[-1] = _RANGE
        return cls(tuple(shares), tuple(bounds))


class Stream:
    """An endless sequence of draws for one purpose and one index."""

    __slots__ = ("_block", "_key", "_words")

    def __init__(self, seed: int, purpose: str, index: int) -> None:
        self._key = f"{seed}/{purpose}/{index}"
        self._block = 0
        self._words: list[int] = []

    def _more(self) -> list[int]:
        told = f"{self._key}/{self._block}".encode()
        self._block += 1
        self._words.extend(_WORDS.unpack(blake2b(told).digest()))
        return self._words

    # Each kind of draw takes its word itself: a call less, and there are some ninety draws in an applicant.

    def word(self) -> int:
        """A whole number of 32 bits."""
        return (self._words or self._more()).pop()

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1; `limit` at most 2**32."""
        return (self._words or self._more()).pop() * limit >> 32

    def between(self, first: int, last: int) -> int:
        """A whole number from `first` to `last`, both included."""
        return first + ((self._words or self._more()).pop() * (last - first + 1) >> 32)

    def chance(self, percent: float) -> bool:
        """True in `percent` of a hundred draws."""
        return (self._words or self._more()).pop() < percent / 100 * _RANGE

    def pick(self, values: Sequence[T]) -> T:
        """One of `values`, each as likely as the others."""
        return values[(self._words or self._more()).pop() * len(values) >> 32]

    def weighted(self, table: Weighted[T]) -> T:
        """One of the table's values by its share."""
        return table.values[bisect_right(table.bounds, (self._words or self._more()).pop())]

    def quantile(self, table: Sequence[int]) -> int:
        """A draw from a distribution given by its quantiles at equal steps, straight lines between
        them.
        """
        place = self.word() * (len(table) - 1)
        step, rest = place >> 32, place & (_RANGE - 1)
        return table[step] + ((table[step + 1] - table[step]) * rest >> 32)


@lru_cache(maxsize=256)
def _shuffle_of(seed: int, purpose: str, size: int) -> tuple[int, int]:
    stream = Stream(seed, purpose, size)
    factor = stream.below(size) | 1
    while gcd(factor, size) != 1:
        factor += 2
    return factor, stream.below(size)


def shuffled(seed: int, purpose: str, index: int, size: int) -> int:
    """The place of `index` in a shuffle of 0 .. `size` - 1: no two indexes below `size` share one.

    This is how a number is unique in a run without a memory of those given before. An index from
    `size` on starts again.
    """
    factor, offset = _shuffle_of(seed, purpose, size)
    return (index * factor + offset) % size
