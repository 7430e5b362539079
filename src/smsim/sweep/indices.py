"""Sensitivity indices: SALib's estimators behind a guard.

What SALib does without a word is refused or avoided here: a NaN in Y gives indices of zero; seed 0 is no seed; a
problem gets keys added; the names of a problem may hit forbidden endings; a constant Y is divided by its spread; global
random state, and the way warnings are shown, are changed.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from smsim.engine.arrays import Array
from smsim.errors import RunError
from smsim.sweep.design import HARMONICS, LEVELS, Design, salib_seed
from smsim.sweep.problem import Factor, group_names, salib_problem

RESAMPLES = 100  # of the bootstrap behind each 95% interval
DELTA_RESAMPLES = 8  # the same for delta, whose density estimates take seconds each
SLICES = 10  # of PAWN
FEWEST_ROWS = 30  # of given-data methods
FEWEST_BLOCKS = 4  # of designs in blocks

# The index that ranks factors, by method.
MAIN = {"sobol": "ST", "morris": "mu_star", "fast": "ST", "rbd_fast": "S1", "pawn": "median", "delta": "delta"}
NEGLIGIBLE = {"sobol": 0.05, "fast": 0.05, "rbd_fast": 0.05, "pawn": 0.1, "delta": 0.05}

_global_state = threading.Lock()


@dataclass(frozen=True)
class Estimate:
    """One index of one factor (or pair); the interval is value +- half_width, missing where SALib gives none."""

    factor: str
    factor2: str
    index: str
    value: float
    half_width: float


class Refusal(NamedTuple):
    """Why there are no indices, as a sentence."""

    reason: str


class Usable(NamedTuple):
    """Rows of a design that can be analysed together."""

    rows: Array  # bool (points,)
    lost: int  # rows without a value
    dropped: int  # rows left out: these, and those that cannot be used without them


def usable_rows(design: Design, factors: Sequence[Factor], y: Array) -> Usable:
    """Which rows to keep when some y (points,) are missing: whole blocks go, never single rows of one."""
    there = np.isfinite(y)
    block = design.block(factors)
    if design.method == "fast":
        keep = np.full(len(y), bool(there.all()))  # a curve with a hole has no spectrum
    else:
        keep = np.repeat(there.reshape(-1, block).all(axis=1), block)
    return Usable(keep, int((~there).sum()), int((~keep).sum()))


def estimate(
    design: Design,
    factors: Sequence[Factor],
    x: Array,
    y: Array,
    resamples: int = RESAMPLES,
    pairs: bool = True,
) -> list[Estimate] | Refusal:
    """Indices of y (points,) over a design x (points, factors); every y must be there: see `usable_rows`.

    Parameters
    ----------
    resamples : of the bootstrap behind the intervals
    pairs : whether second-order indices are wanted, where the design has them

    Raises
    ------
    RunError : a y is missing
    """
    if not np.isfinite(y).all():
        raise RunError(f"{(~np.isfinite(y)).sum()} values are missing; an index of them would be wrong")
    block = design.block(factors)
    blocks = len(y) // block
    least = {"sobol": FEWEST_BLOCKS, "morris": 2, "fast": len(factors)}.get(design.method, FEWEST_ROWS)
    if blocks < least:
        return Refusal(f"only {blocks} of the {least} {'blocks' if block > 1 else 'points'} that it needs have values")
    spread, size = float(np.ptp(y)), float(np.abs(y).max())
    if spread <= 1e-12 * size:  # also 0 <= 0: what differs in its last digits only is constant
        return Refusal(f"the outcome is the same ({y[0]:g}) at every design point")
    names = group_names(factors, design.groups)
    problem = salib_problem(factors, design.groups)
    seed = salib_seed(design.seed, 1)
    with _guarded(seed), threadpool_limits(1):  # of BLAS: its threads cost more than such small matrices
        match design.method:
            case "sobol":
                return _sobol(problem, names, y, design.second_order, seed, resamples, pairs)
            case "morris":
                from SALib.analyze import morris

                found = morris.analyze(problem, x, y, num_resamples=resamples, num_levels=LEVELS, seed=seed)
                order = [list(found["names"]).index(k) for k in (_groups_of(problem) or found["names"])]
                confs = {"mu_star": "mu_star_conf"}
                return _rows(names, found, ("mu_star", "mu", "sigma"), confs, order)
            case "fast":
                from SALib.analyze import fast

                # Its intervals are from a bootstrap along the curve, which SALib itself calls unreliable: left out.
                found = fast.analyze(problem, y, M=HARMONICS, num_resamples=2, seed=seed)
                return _rows(names, found, ("S1", "ST"), {})
            case "rbd_fast":
                from SALib.analyze import rbd_fast

                found = rbd_fast.analyze(problem, x, y, M=10, num_resamples=resamples, seed=seed)
                return _rows(names, found, ("S1",), {"S1": "S1_conf"})
            case "pawn":
                from SALib.analyze import pawn

                found = pawn.analyze(problem, x, y, S=SLICES, seed=seed)
                return _rows(names, found, ("median", "mean", "maximum"), {})
            case "delta":
                from SALib.analyze import delta

                few = min(resamples, DELTA_RESAMPLES)
                found = delta.analyze(problem, x, y, num_resamples=few, seed=seed, method="delta")
                if not np.isfinite(found["delta_raw"]).all():  # it notes an error of its own and goes on
                    return Refusal(f"SALib could not estimate delta: {'; '.join(n for n in found['notes'] if n)}")
                named = {"delta": found["delta_raw"], "conf": found["delta_raw_conf"]}
                return _rows(names, named, ("delta",), {"delta": "conf"})
    return Refusal(f"a {design.method} design has no indices of its own")


def _sobol(
    problem: dict[str, object], names: list[str], y: Array, crossed: bool, seed: int, resamples: int, pairs: bool
) -> list[Estimate]:
    from SALib.analyze import sobol

    width = len(names)
    if crossed and not pairs:  # leave out the rows that only second order needs; it is most of the work
        rows = y.reshape(-1, 2 * width + 2)
        y = np.column_stack([rows[:, : width + 1], rows[:, -1]]).reshape(-1)
        crossed = False
    found = sobol.analyze(problem, y, calc_second_order=crossed, num_resamples=resamples, seed=seed)
    estimates = _rows(names, found, ("S1", "ST"), {"S1": "S1_conf", "ST": "ST_conf"})
    if crossed:
        estimates += [
            Estimate(names[i], names[j], "S2", float(found["S2"][i, j]), float(found["S2_conf"][i, j]))
            for i in range(width)
            for j in range(i + 1, width)
        ]
    return estimates


def _rows(
    names: Sequence[str],
    found: object,
    wanted: Sequence[str],
    half_widths: dict[str, str],
    order: Sequence[int] | None = None,
) -> list[Estimate]:
    places = range(len(names)) if order is None else order
    table = dict(found)  # type: ignore[call-overload]
    return [
        Estimate(
            name,
            "",
            index,
            float(table[index][place]),
            float(table[half_widths[index]][place]) if index in half_widths else np.nan,
        )
        for index in wanted
        for name, place in zip(names, places, strict=True)
    ]


def _groups_of(problem: dict[str, object]) -> list[str] | None:
    groups = problem.get("groups")
    return list(dict.fromkeys(groups)) if groups else None  # type: ignore[call-overload]


@contextmanager
def _guarded(seed: int) -> Iterator[None]:
    """SALib with its seed set and its traces removed: random state, warnings and how they are shown."""
    with _global_state, warnings.catch_warnings(record=True):  # recorded, for SALib resets the filters
        shown, state = warnings.formatwarning, np.random.get_state()  # noqa: NPY002  # SALib draws from it
        np.random.seed(seed)  # noqa: NPY002  # as above
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            warnings.formatwarning = shown
            np.random.set_state(state)  # noqa: NPY002  # as above
