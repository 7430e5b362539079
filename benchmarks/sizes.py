"""How large and how often: the sizes of a whole run, and those of `--quick`, which only shows that all of it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.graph import TIES, watts_strogatz
from benchmarks.measure import fresh


@dataclass(frozen=True)
class Sizes:
    """What every family of measurements takes its sizes from."""

    graphs: tuple[int, ...] = (100_000, 1_000_000)  # households of the comparisons with other simulators
    repeats: int = 5  # of quick works; slow ones are repeated 3 times, or once with a note
    large: int = 1_000_000  # households of the full model and of the world
    small: int = 20_000  # households of the run that answers at once
    threaded: int = 100_000  # households of the runs on two threads
    growth: tuple[int, ...] = (10_000, 30_000, 100_000, 300_000, 1_000_000)
    base: int = 100_000  # households where something else grows
    worlds: int = 200  # paired worlds of the variances
    village: int = 4000  # households of each
    sweep: int = 26_624  # runs of the sweep
    sample: int = 400  # of them measured
    sweep_households: int = 10_000
    slow: bool = False  # also NDlib at a million households: several minutes a run
    whole: bool = False  # the whole sweep, not a sample
    cold: bool = True  # also the first start of all, which compiles
    inline: bool = False  # no processes of their own: peak memory is then that of everything before, too
    folder: Path = Path()  # scratch

    def ask(self, function: Callable[..., Any], **arguments: Any) -> Any:
        """`function(**arguments)`, in a process of its own unless `inline`."""
        return function(**arguments) if self.inline else fresh(function, **arguments)

    def graph(self, households: int, ties: int = TIES) -> str:
        """Path of a graph of this size, made when first asked for."""
        path = self.folder / f"graph-{households}-{ties}.npz"
        if not path.exists():
            watts_strogatz(households, ties).save(path)
        return str(path)


QUICK: dict[str, Any] = {
    "graphs": (1000,),
    "repeats": 2,
    "large": 1000,
    "small": 500,
    "threaded": 1000,
    "growth": (500, 1000),
    "base": 1000,
    "worlds": 4,
    "village": 300,
    "sample": 8,
    "cold": False,
    "inline": True,
    "sweep_households": 1000,
}
