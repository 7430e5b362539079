"""Designs: SALib's samplers, in the unit cube, reproducible from a seed, in blocks that belong together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.sweep.problem import Factor, group_names, salib_problem

METHODS = ("sobol", "morris", "fast", "rbd_fast", "pawn", "delta", "latin", "grid")
GROUPED = ("sobol", "morris")  # what can move factors in groups
LEVELS = 4  # of Morris' grid
HARMONICS = 4  # of FAST: the interference factor M
FEWEST_FAST = 4 * HARMONICS**2 + 1
MOST_POINTS = 10_000_000
# What n counts, for messages and --help.
COUNTED = {
    "sobol": "base points (a power of two)",
    "morris": "trajectories",
    "fast": "points per factor",
    "grid": "values per factor",
}


@dataclass(frozen=True)
class Design:
    """How design points are chosen: method, size and seed.

    Parameters
    ----------
    n : base points (sobol), trajectories (morris), points per factor (fast), values per factor (grid), else points
    second_order : whether Sobol points for second-order indices are added
    groups : whether factors of a group move together (sobol, morris)
    """

    method: str
    n: int
    seed: int
    second_order: bool = True
    groups: bool = False

    def check(self, factors: Sequence[Factor]) -> None:
        """Refuse what an estimator would get wrong.

        Raises
        ------
        ScenarioError : unknown method, a size it cannot use, groups where there are none, too many points
        """
        if self.method not in METHODS:
            raise ScenarioError(f"--method must be one of {', '.join(METHODS)}; got {self.method!r}")
        least = {"sobol": 4, "morris": 2, "fast": FEWEST_FAST, "grid": 2}.get(self.method, 32)
        if not self.n >= least:
            counted = COUNTED.get(self.method, "points")
            raise ScenarioError(f"{self.method} needs {least} {counted} or more; got -n {self.n}")
        if self.method == "sobol" and self.n & (self.n - 1):
            below = 1 << (self.n.bit_length() - 1)
            raise ScenarioError(
                f"sobol needs a power of two base points, or its balance is lost; got {self.n}, "
                f"take {below} or {2 * below}"
            )
        if self.groups and self.method not in GROUPED:
            raise ScenarioError(f"groups work with {' and '.join(GROUPED)}; the method is {self.method}")
        points = self.points(factors)
        if not points <= MOST_POINTS:
            raise ScenarioError(f"{points:,} design points are more than {MOST_POINTS:,}; lower n or sweep less")

    def block(self, factors: Sequence[Factor]) -> int:
        """Rows that an estimator needs together: a Sobol block, a trajectory, a FAST curve; 1 where rows are free."""
        width = len(group_names(factors, self.groups))
        if self.method == "sobol":
            return 2 * width + 2 if self.second_order else width + 2
        return {"morris": width + 1, "fast": self.n}.get(self.method, 1)

    def points(self, factors: Sequence[Factor]) -> int:
        """Rows of the design."""
        if self.method == "grid":
            return math.prod(grid_levels(f, self.n) for f in factors)
        blocks = len(factors) if self.method == "fast" else self.n
        return blocks * self.block(factors)

    def sample(self, factors: Sequence[Factor]) -> Array:
        """The design, float64 (points, factors) in [0, 1]; a pure function of factors, method, size and seed."""
        self.check(factors)
        if self.method == "grid":
            return _grid(factors, self.n)
        problem = salib_problem(factors, self.groups)
        seed = salib_seed(self.seed)
        # Imported here: SALib takes a second.
        from SALib.sample import fast_sampler, latin, morris, sobol

        if self.method == "sobol":
            points = sobol.sample(problem, self.n, calc_second_order=self.second_order, seed=seed)
        elif self.method == "morris":
            points = morris.sample(problem, self.n, num_levels=LEVELS, seed=seed)
        elif self.method == "fast":
            points = fast_sampler.sample(problem, self.n, M=HARMONICS, seed=seed)
        else:
            points = latin.sample(problem, self.n, seed=seed)
        points = np.ascontiguousarray(points, np.float64)
        if points.shape != (self.points(factors), len(factors)) or not (points.min() >= 0 and points.max() <= 1):
            raise AssertionError(f"SALib's {self.method} sample has shape {points.shape}, or leaves the unit cube")
        return points


def salib_seed(seed: int, salt: int = 0) -> int:
    """A seed for SALib, in [1, 2**31): it takes 0 for no seed at all."""
    return 1 + int(np.random.SeedSequence([seed, salt]).generate_state(1)[0]) % (2**31 - 1)


def grid_levels(factor: Factor, n: int) -> int:
    """Values of a factor on a grid: n, or all there are of a choice or a short range of integers."""
    if factor.scale == "choice":
        return len(factor.choices)
    return min(n, int(factor.high - factor.low) + 1) if factor.scale == "integer" else n


def _grid(factors: Sequence[Factor], n: int) -> Array:
    """Every combination of evenly spaced values, ends included; the last factor moves fastest."""
    axes = []
    for factor in factors:
        levels = grid_levels(factor, n)
        if factor.scale in ("choice", "integer"):
            total = len(factor.choices) or int(factor.high - factor.low) + 1
            steps = np.round(np.linspace(0, total - 1, levels))
            axes.append((steps + 0.5) / total)
        else:
            axes.append(np.linspace(0.5 if factor.scale == "half" else 0, 1, levels))
    return np.stack([axis.reshape(-1) for axis in np.meshgrid(*axes, indexing="ij")], axis=-1)
