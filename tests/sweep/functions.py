"""Functions as models of a sweep: what the runner gives for them is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smsim.scenario import Scenario
from smsim.sweep.design import Design
from smsim.sweep.execute import complete
from smsim.sweep.point import RunRow
from smsim.sweep.problem import Factor
from smsim.sweep.study import RUNS, Sweep, begin

# A village so small that a run takes a millisecond or two.
TINY = {
    "world": {"households": 200, "households_per_community": 100},
    "behaviours": {"soap": {"kind": "repeated"}},
    "campaign": {"weeks": 8, "training_cost": 0, "pretest_cost": 0, "assessment_cost": 0},
    "run": {"burn_in_weeks": 4, "follow_up_weeks": 4},
}
SWEPT = ("world.median_distance_km", "behaviours.soap.taboo", "behaviours.soap.aware_share")


def tiny(**more: Any) -> Scenario:
    return Scenario.from_mapping(TINY | more, "tiny")


@dataclass(frozen=True)
class Functions:
    """One outcome, ``f/value``, of each function of the factors' values; `strategies` are their names."""

    functions: dict[str, Callable[[np.ndarray], float]]
    factors: tuple[Factor, ...]
    replicates: int = 1

    @property
    def strategies(self) -> tuple[str, ...]:
        return tuple(self.functions)

    def columns(self) -> tuple[str, ...]:
        return ("f/value",)

    def series(self) -> tuple[str, ...]:
        return ()

    def runs(self, points: np.ndarray) -> Iterator[RunRow]:
        for p, point in enumerate(points):
            values = np.array([f.value(u) for f, u in zip(self.factors, point, strict=True)], object)
            for r in range(self.replicates):
                for name, function in self.functions.items():
                    try:
                        found = {"f/value": float(function(values))}
                    except Exception as error:  # noqa: BLE001  # as the runner asks of a model
                        yield RunRow(p, r, name, r, {}, {}, "run", str(error))
                    else:
                        yield RunRow(p, r, name, r, found, {})


def numbers(count: int, low: float = 0.0, high: float = 1.0) -> tuple[Factor, ...]:
    return tuple(Factor(f"x{k}", low, high, label=f"x{k}") for k in range(count))


def study_of(folder: Path, model: Functions, design: Design, **how: Any) -> Sweep:
    """The functions swept through the runner: design, store, threads, and all."""
    store = begin(folder / RUNS, model, model.factors, design)
    complete(store, model, **({"threads": 1} | how))
    return Sweep(store, model, model.factors, design)


def ishigami(x: np.ndarray) -> float:
    """Ishigami & Homma 1990, a = 7, b = 0.1."""
    return math.sin(x[0]) + 7 * math.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * math.sin(x[0])


# The analytical indices: Saltelli et al. 2008, Global Sensitivity Analysis: The Primer, section 4.6.
_V1, _V2, _V13 = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2, 7**2 / 8, 0.1**2 * math.pi**8 * (1 / 18 - 1 / 50)
_V = _V1 + _V2 + _V13
ISHIGAMI_S1 = (_V1 / _V, _V2 / _V, 0.0)
ISHIGAMI_ST = ((_V1 + _V13) / _V, _V2 / _V, _V13 / _V)

G = (0.0, 1.0, 4.5, 9.0)


def sobol_g(x: np.ndarray) -> float:
    """Sobol's G of four factors."""
    return math.prod((abs(4 * v - 2) + a) / (1 + a) for v, a in zip(x, G, strict=True))


def sobol_g_indices() -> tuple[Sequence[float], Sequence[float]]:
    """First-order and total indices of `sobol_g`: V_i = 1 / (3 (1 + a_i)^2), V = prod(1 + V_i) - 1."""
    parts = [1 / (3 * (1 + a) ** 2) for a in G]
    whole = math.prod(1 + v for v in parts) - 1
    totals = [v * math.prod(1 + w for j, w in enumerate(parts) if j != i) / whole for i, v in enumerate(parts)]
    return [v / whole for v in parts], totals
