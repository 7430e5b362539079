"""Scenario discovery: boxes of factors inside which a strategy wins, found by PRIM, said as a sentence.

The patient rule induction method (Friedman & Fisher 1999, doi:10.1023/A:1008894516817) as Bryant & Lempert 2010
(doi:10.1016/j.techfore.2009.08.002) use it: peel a thin slice at a time off a box of futures, always the one that
leaves the largest share of cases of interest inside; of the boxes on the way, keep the one that tells cases from others
best; then drop every limit that may be there by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from smsim.engine.arrays import Array
from smsim.saying import say_number
from smsim.sweep.problem import Factor

PEEL = 0.05  # share of the points that a slice may take
LEAST = 0.08  # of all points that a box must hold
ATOM = float(np.nextafter(0.5, 1))  # where the values above the low end begin, of a factor with half at that end
CHANCE = 0.05  # a limit stays only if what it adds is less likely than this by chance


@dataclass(frozen=True)
class Box:
    """Limits on some factors: ``low <= u <= high`` in the unit cube, or a set of choices by position.

    `density` is the share of cases inside, `coverage` the share of all cases that are inside, `support` the share of
    points inside; from points that were not used to find it. `base` is the share of cases among all of these.
    """

    ranges: dict[int, tuple[float, float]]
    choices: dict[int, tuple[int, ...]]
    density: float = np.nan
    coverage: float = np.nan
    support: float = np.nan
    base: float = np.nan

    def inside(self, factors: Sequence[Factor], x: Array) -> Array:
        """Which points (P, factors) of the unit cube it holds, bool (P,)."""
        held = np.ones(len(x), bool)
        for k, (low, high) in self.ranges.items():
            held &= (x[:, k] >= low) & (x[:, k] <= high)
        for k, kept in self.choices.items():
            held &= np.isin(_choice(factors[k], x[:, k]), kept)
        return held

    @property
    def limited(self) -> list[int]:
        """Positions of the factors that it limits."""
        return sorted([*self.ranges, *self.choices])

    def limits(self, factors: Sequence[Factor]) -> list[str]:
        """Each limit in words, with the factor's own numbers."""
        return [_limit(factors[k], self, k) for k in self.limited]


def find_boxes(
    factors: Sequence[Factor],
    x: Array,
    case: Array,
    boxes: int = 1,
    block: Array | None = None,
    own: Array | None = None,
) -> list[Box]:
    """Boxes in which `case` (P,) is frequent; each next one among the points that the ones before left.

    Every second point finds them, the others say how good they are, so that a box is not praised for its luck. A box
    that is not surely better there than all points together is left out.

    Parameters
    ----------
    block : int (P,), points with the same number share coordinates, as those of a Sobol block do: they are not parted
        into finders and judges
    own : bool (P,), points that are draws of their own: what chance can do is judged by these alone
    """
    finding = (np.arange(len(x)) if block is None else block) % 2 == 0
    own = np.ones(len(x), bool) if own is None else own
    judges = own & ~finding
    left = finding.copy()
    found: list[Box] = []
    for _ in range(boxes):
        if case[left & own].sum() < 10 or case[left].all() or not case[judges].any():
            break
        box = _peel(factors, x[left], case[left])
        box = _simplify(factors, box, x[left & own], case[left & own])
        held = box.inside(factors, x)
        inside, base = case[judges & held], float(case[judges].mean())
        if not box.limited or not len(inside):
            break
        if binomtest(int(inside.sum()), len(inside), base, alternative="greater").pvalue >= CHANCE:
            break
        support = len(inside) / int(judges.sum())
        coverage = float(inside.sum() / case[judges].sum())
        found.append(Box(box.ranges, box.choices, float(inside.mean()), coverage, support, base))
        left &= ~held
    return found


def sentence(box: Box, factors: Sequence[Factor], strategy: str, outcome: str) -> str:
    """The box as a sentence; every number is the box's own."""
    limits = box.limits(factors)
    where = limits[0] if len(limits) == 1 else f"{', '.join(limits[:-1])} and {limits[-1]}"
    return (
        f"{strategy} wins {outcome} where {where}: in {box.density:.0%} of these futures, against {box.base:.0%} of "
        f"all; {box.coverage:.0%} of its wins lie there."
    )


def _peel(factors: Sequence[Factor], x: Array, case: Array) -> Box:
    """Peel until no slice helps; the box on the way that tells cases from others best."""
    box = Box({}, {})
    inside = np.ones(len(x), bool)
    trajectory = [box]
    least = max(10, int(LEAST * len(x)))
    while True:
        best: tuple[float, Box, Array] | None = None
        for k, factor in enumerate(factors):
            for smaller in _slices(box, k, factor, x[inside, k]):
                kept = inside & smaller.inside(factors, x)
                count = int(kept.sum())
                if count < least or count == inside.sum():
                    continue
                density = float(case[kept].mean())
                if best is None or density > best[0]:
                    best = density, smaller, kept
        if best is None or best[0] <= case[inside].mean():
            break
        _, box, inside = best
        trajectory.append(box)
    return max(trajectory, key=lambda b: _merit(b.inside(factors, x), case))


def _merit(inside: Array, case: Array) -> float:
    """Share of cases inside less share of others inside: 0 for the whole cube, 1 for a box of cases only and all."""
    return float(inside[case].mean() - inside[~case].mean())


def _slices(box: Box, k: int, factor: Factor, u: Array) -> list[Box]:
    """The boxes that one slice of a factor leaves."""
    if factor.scale == "choice":
        kept = box.choices.get(k, tuple(range(len(factor.choices))))
        smaller = [tuple(c for c in kept if c != gone) for gone in kept] if len(kept) > 1 else []
        return [Box(box.ranges, box.choices | {k: rest}) for rest in smaller]
    low, high = box.ranges.get(k, (0.0, 1.0))
    above, below = np.quantile(u, [PEEL, 1 - PEEL])
    if factor.scale == "integer":  # whole values go
        above, below = _above(factor, above), _below(factor, below)
    if factor.scale == "half":  # its low end, u up to 1/2, goes as a whole or stays
        above, below = max(above, ATOM), max(below, 0.5)
    sides = [(above, high)] if low < above < high else []
    sides += [(low, below)] if low < below < high else []
    return [Box(box.ranges | {k: side}, box.choices) for side in sides]


def _above(factor: Factor, u: float) -> float:
    """The lower edge of the next whole value above that of u."""
    return (int(factor.value(u)) - int(factor.low) + 1) / (factor.high - factor.low + 1)


def _below(factor: Factor, u: float) -> float:
    """The upper edge of the whole value below that of u."""
    return float(np.nextafter((int(factor.value(u)) - int(factor.low)) / (factor.high - factor.low + 1), 0))


def _simplify(factors: Sequence[Factor], box: Box, x: Array, case: Array) -> Box:
    """The box without limits that may be there by chance, the weakest removed first (Bryant & Lempert's quasi-p)."""
    while box.limited:
        chances = {}
        held = box.inside(factors, x)
        if not held.any():
            return Box({}, {})
        for k in box.limited:
            wider = Box(
                {j: r for j, r in box.ranges.items() if j != k}, {j: c for j, c in box.choices.items() if j != k}
            )
            without = wider.inside(factors, x)
            chances[k] = binomtest(
                int(case[held].sum()), int(held.sum()), float(case[without].mean()), alternative="greater"
            ).pvalue
        weakest = max(chances, key=lambda k: chances[k])
        if chances[weakest] < CHANCE:
            break
        box = Box(
            {j: r for j, r in box.ranges.items() if j != weakest},
            {j: c for j, c in box.choices.items() if j != weakest},
        )
    return box


def _choice(factor: Factor, u: Array) -> Array:
    return np.array([factor.choices.index(str(factor.value(float(v)))) for v in u])


def _limit(factor: Factor, box: Box, k: int) -> str:
    if k in box.choices:
        return f"{factor.label} is {' or '.join(factor.choices[c] for c in box.choices[k])}"
    low, high = box.ranges[k]
    unit = "" if factor.unit in ("", "share", "weight", "ratio", "index") else f" {factor.unit}"
    a, b = (_short(factor.value(u)) for u in (low, high))
    if factor.scale == "half" and high <= 0.5:
        return f"{factor.label} is {a}{unit}"
    if factor.scale == "half" and low == ATOM and high >= 1:
        return f"{factor.label} is above {_short(factor.low)}{unit}"
    if low <= 0:
        return f"{factor.label} is at most {b}{unit}"
    if high >= 1:
        return f"{factor.label} is at least {a}{unit}"
    return f"{factor.label} is between {a} and {b}{unit}"


def _short(value: float | int | str) -> str:
    return say_number(float(f"{value:.3g}")) if isinstance(value, float) else str(value)
