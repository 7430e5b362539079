"""The graph of the comparisons: Watts and Strogatz 1998 (doi:10.1038/30918), and who adopts first."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

TIES, REWIRING = 8, 0.1
FIRST_ADOPTERS = 0.01
WEEKS = 52
BETA = 0.031  # weekly hazard per adopting neighbour: about 93% of households adopt in 52 weeks


class Graph(NamedTuple):
    """Symmetric ties as compressed rows, ascending, without loops or doubles; and the first adopters."""

    indptr: Array  # int64 (N + 1,)
    neighbor: Array  # int32 (nnz,)
    first: Array  # int64, ascending: households that have adopted at the start

    @property
    def households(self) -> int:
        """N."""
        return len(self.indptr) - 1

    def save(self, path: Path) -> None:
        """Write it, so that another process can have it without the memory that making it takes."""
        np.savez(path, **self._asdict())

    @classmethod
    def load(cls, path: str) -> Graph:
        """The graph that `save` wrote."""
        with np.load(path) as file:
            return cls(**file)

    def ends(self) -> tuple[Array, Array]:
        """Each tie once: its lower and its upper end."""
        row = np.repeat(np.arange(self.households, dtype=np.int32), np.diff(self.indptr))
        once = row < self.neighbor
        return row[once], self.neighbor[once]


def watts_strogatz(households: int, ties: int = TIES, seed: int = 1) -> Graph:
    """A ring in which each household knows its `ties` nearest, a share of the ties rewired; 1% adopt first.

    A rewired tie that would be a loop or a double is left out: the mean is 7.9 ties rather than 8.
    """
    draw = np.random.default_rng(seed)
    half = ties // 2
    low = np.repeat(np.arange(households), half)
    high = (low + np.tile(np.arange(1, half + 1), households)) % households
    high = np.where(draw.random(len(low)) < REWIRING, draw.integers(0, households, len(low)), high)
    keep = low != high
    low, high = np.minimum(low, high)[keep], np.maximum(low, high)[keep]
    low, high = np.divmod(np.unique(low * households + high), households)
    both = np.concatenate([low * households + high, high * households + low])
    both.sort()
    row, neighbor = np.divmod(both, households)
    indptr = np.zeros(households + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=households), out=indptr[1:])
    first = np.flatnonzero(draw.random(households) < FIRST_ADOPTERS)
    return Graph(indptr, neighbor.astype(np.int32), first)
