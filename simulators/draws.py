"""Draws for many indexes at once: what `Stream` is for one, a column at a time.

Rules kept here:

- An index has its own words, made by Philox from the seed, the purpose and the index (Salmon and others, 2011,
  https://doi.org/10.1145/2063384.2063405). So whoever is drawn alone is the same as in a block, on any worker.
- Every index takes every draw, whether it has a use for it or not: what one is does not shift the draws of another.
- Only whole numbers, and products and quotients of floats, which IEEE 754 rounds alike on every machine.

>>> import numpy as np
>>> alone, block = (
...     Draws(5, "person", np.array(indexes), 8).below(100) for indexes in ([7], [6, 7, 8])
... )
>>> alone[0] == block[1]
np.True_
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulators.streams import Weighted

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Column = NDArray[Any]
"""Of values of any type, for numpy's `object`."""

_RANGE = 1 << 32
_COUNTERS = 1 << 256
_WORDS_OF_A_COUNTER = 8

T = TypeVar("T")


def column(values: Iterable[Any]) -> Column:
    """A column of values as they are."""
    return np.fromiter(values, dtype=object)


@lru_cache(maxsize=256)
def _key(seed: int, purpose: str) -> int:
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=16).digest(), "little")


class Tables(Generic[T]):
    """Weighted tables to be drawn from by a block in which each has the table of its kind: 0 is the first."""

    __slots__ = ("_bounds", "values")

    def __init__(self, *tables: Weighted[T]) -> None:
        self.values = column(value for table in tables for value in table.values)
        # End to end: the draws of kind k are from k * 2**32 on.
        bounds = [
            bound + kind * _RANGE for kind, table in enumerate(tables) for bound in table.bounds
        ]
        self._bounds = np.array(bounds, dtype=np.int64)

    def places(self, words: Ints, kinds: Ints | Bools | int = 0) -> Ints:
        """Where in `values` the words fall. Kinds that are false and true are 0 and 1."""
        return self._bounds.searchsorted(words + kinds * _RANGE, side="right")


class Quantiles:
    """Distributions given by their quantiles at equal steps, straight lines between them, as `Tables` are of shares."""

    __slots__ = ("_firsts", "_steps", "_values")

    def __init__(self, *tables: Sequence[int]) -> None:
        self._values = np.array([value for table in tables for value in table], dtype=np.int64)
        sizes = np.array([len(table) for table in tables], dtype=np.int64)
        self._firsts, self._steps = np.cumsum(sizes) - sizes, sizes - 1

    def at(self, words: Ints, kinds: Ints) -> Ints:
        """The values at the words."""
        places = words * self._steps[kinds]
        steps = self._firsts[kinds] + (places >> 32)
        low = self._values[steps]
        rest = (self._values[steps + 1] - low) * (places & (_RANGE - 1)) >> 32
        found: Ints = low + rest
        return found


class Draws:
    """The draws of a block, `words` of them for each of its indexes, which lie close together: what lies between is
    made as well. Each call gives a column in the order of the indexes; limits may be columns too.
    """

    __slots__ = ("_columns",)

    def __init__(self, seed: int, purpose: str, indexes: Ints, words: int) -> None:
        first = int(indexes.min())
        count = int(indexes.max()) - first + 1
        counters = -(-words // _WORDS_OF_A_COUNTER)
        philox = np.random.Philox(key=_key(seed, purpose), counter=first * counters % _COUNTERS)
        raw = philox.random_raw(count * counters * 4).astype("<u8", copy=False).view("<u4")
        rows = raw.reshape(count, counters * _WORDS_OF_A_COUNTER)[indexes - first, :words]
        self._columns = iter(rows.T.astype(np.int64, order="C"))

    def words(self) -> Ints:
        """Whole numbers of 32 bits."""
        return next(self._columns)

    def below(self, limit: Ints | int) -> Ints:
        """Whole numbers from 0 to `limit` - 1; `limit` is below 2**31."""
        found: Ints = next(self._columns) * limit >> 32
        return found

    def between(self, first: Ints | int, last: Ints | int) -> Ints:
        """Whole numbers from `first` to `last`, both included."""
        found: Ints = first + (next(self._columns) * (last - first + 1) >> 32)
        return found

    def chance(self, percent: NDArray[np.float64] | Ints | float) -> Bools:
        """True in `percent` of a hundred draws."""
        found: Bools = next(self._columns) < percent * (_RANGE / 100)
        return found

    def pick(self, values: Column) -> Column:
        """One of `values`, each as likely as the others."""
        found: Column = values[next(self._columns) * len(values) >> 32]
        return found

    def weighted(self, tables: Tables[Any], kinds: Ints | Bools | int = 0) -> Column:
        """One of the values of the table of its kind, by share."""
        return tables.values[tables.places(next(self._columns), kinds)]

    def quantile(self, quantiles: Quantiles, kinds: Ints) -> Ints:
        """From the distribution of its kind."""
        return quantiles.at(next(self._columns), kinds)
