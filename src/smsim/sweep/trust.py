"""Whether indices can be trusted: how they change with N, in other worlds, and a sentence on both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from smsim.engine.arrays import Array
from smsim.sweep.design import Design
from smsim.sweep.indices import FEWEST_BLOCKS, FEWEST_ROWS, MAIN, Estimate, Refusal, estimate
from smsim.sweep.problem import Factor

WIDE = 0.1  # an interval, or a move since half of N, beyond this is too much: of 1, or of the largest for Morris
LEADING = 5  # factors whose order is looked at


class Step(NamedTuple):
    """The ranking index of every factor with the first n of a design."""

    n: int
    estimates: list[Estimate]


class Verdict(NamedTuple):
    """Whether N was enough, and why, in a sentence."""

    enough: bool
    words: str


class Repeat(NamedTuple):
    """The ranking index from one half of the worlds and from the other."""

    first: list[Estimate]
    second: list[Estimate]
    correlation: float  # Spearman's, of all factors
    same_leaders: int  # of the `leading` first of one half, how many are so in the other


def leading(factors: int) -> int:
    """How many leading factors are compared between worlds: of few factors no more than half, or it says nothing."""
    return min(LEADING, (factors + 1) // 2)


def main_of(method: str, estimates: Sequence[Estimate]) -> list[Estimate]:
    """The estimates of the index that ranks factors."""
    return [e for e in estimates if e.index == MAIN[method] and not e.factor2]


def ranked(method: str, estimates: Sequence[Estimate]) -> list[Estimate]:
    """Factors by their ranking index, the strongest first; equal ones in the order of the design."""
    return sorted(main_of(method, estimates), key=lambda e: -e.value)


def sizes(design: Design, blocks: int) -> list[int]:
    """Some n up to all blocks; halves of each other, so that a Sobol design stays balanced. FAST cannot be cut."""
    if design.method in ("fast", "grid", "latin"):
        return []
    least = {"sobol": FEWEST_BLOCKS, "morris": 2}.get(design.method, FEWEST_ROWS)
    found: list[int] = []
    n = blocks
    most = 2 if design.method == "delta" else 7  # its density estimates take seconds
    while n >= least and len(found) < most:
        found.append(n)
        n //= 2
    return found[::-1]


def convergence(design: Design, factors: Sequence[Factor], x: Array, y: Array, rows: Array) -> list[Step]:
    """The ranking index against N, from the usable rows of a design."""
    block = design.block(factors)
    x, y = x[rows], y[rows]
    steps = []
    for n in sizes(design, len(y) // block):
        found = estimate(design, factors, x[: n * block], y[: n * block], pairs=False)
        if not isinstance(found, Refusal):
            steps.append(Step(n, main_of(design.method, found)))
    return steps


def repeat(design: Design, factors: Sequence[Factor], x: Array, worlds: Array, rows: Array) -> Repeat | None:
    """The same indices from each half of the worlds (points, replicates); None with fewer than two worlds."""
    half = worlds.shape[1] // 2
    if not half or design.method not in MAIN:
        return None
    sides = []
    for part in (worlds[:, :half], worlds[:, half : 2 * half]):
        found = estimate(design, factors, x[rows], part.mean(axis=1)[rows], resamples=2, pairs=False)
        if isinstance(found, Refusal):
            return None
        sides.append(main_of(design.method, found))
    first, second = ([e.value for e in side] for side in sides)
    alike = np.ptp(first) == 0 or np.ptp(second) == 0
    correlation = np.nan if alike else float(spearmanr(first, second).statistic)
    leaders = [{e.factor for e in ranked(design.method, side)[: leading(len(first))]} for side in sides]
    return Repeat(sides[0], sides[1], correlation, len(leaders[0] & leaders[1]))


def verdict(design: Design, steps: Sequence[Step], labels: dict[str, str]) -> Verdict:
    """Whether N was enough: intervals and the move since half of N are small, of 1 or of the largest index."""
    if design.method == "fast":
        words = "FAST gives no intervals, and its curve cannot be cut: run it again with twice n to see what moves"
        return Verdict(False, words)
    if len(steps) < 2:
        return Verdict(False, "there are too few points to see whether the indices settle: take a larger n")
    last, before = steps[-1], {e.factor: e.value for e in steps[-2].estimates}
    unit = max(e.value for e in last.estimates) if design.method == "morris" else 1.0
    unit = unit if unit > 0 else 1.0
    leaders = ranked(design.method, last.estimates)[:LEADING]
    widest = max(leaders, key=lambda e: np.nan_to_num(e.half_width, nan=-1.0))
    moved = max(leaders, key=lambda e: abs(e.value - before[e.factor]))
    width, move = widest.half_width / unit, abs(moved.value - before[moved.factor]) / unit
    name = MAIN[design.method]
    of = " of the largest" if design.method == "morris" else ""
    intervals = "" if np.isnan(width) else f"intervals of {name} are at most ±{width:.2f}{of}, and "
    if not (width > WIDE or move > WIDE):
        words = f"N = {last.n} was enough: {intervals}no leading index moved by more than {move:.2f}{of} since N = "
        return Verdict(True, words + f"{steps[-2].n}")
    order = _order(ranked(design.method, last.estimates), labels)
    if width > WIDE:
        more = int(np.ceil((width / WIDE) ** 2))  # an interval narrows with the root of N
        more = 1 << (more - 1).bit_length() if design.method == "sobol" else more
        reason = f"the interval of {labels[widest.factor]} is still ±{width:.2f}{of}; about {more} times as many"
        return Verdict(False, f"N = {last.n} was not enough: {reason} would bring it to ±{WIDE}{order}")
    reason = f"{labels[moved.factor]} moved by {move:.2f}{of} since N = {steps[-2].n}"
    return Verdict(False, f"N = {last.n} was not enough: {reason}; take more{order}")


def _order(best_first: Sequence[Estimate], labels: dict[str, str]) -> str:
    """What the intervals say of the order: which of the first lie ahead of all others, however wide they are."""
    if any(np.isnan(e.half_width) for e in best_first):
        return ""
    low, high = ([e.value + sign * e.half_width for e in best_first] for sign in (-1, 1))
    ahead = [m for m in range(1, min(LEADING, len(low) - 1) + 1) if min(low[:m]) > max(high[m:])]
    if not ahead:
        return "; their order is not sure either"
    names = [labels[e.factor] for e in best_first]
    groups = [" and ".join(names[a:b]) for a, b in zip([0, *ahead], ahead, strict=False)]
    return (
        f"; yet ahead of all others, beyond the intervals, {'is' if ahead == [1] else 'are'} {', then '.join(groups)}"
    )
