"""Equity and economics: concentration indices, cost per additional adopter, frontier, net benefit, acceptability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smsim.errors import DataError

Numbers = NDArray[np.float64]

# ---- equity


def concentration_index(values: ArrayLike, sizes: ArrayLike | None = None) -> float:
    """Concentration index of grouped data, poorest group first: in [-1, 1], above 0 where the richer have more.

    C = (2 / mu) sum_t f_t mu_t R_t - 1, R_t the relative rank of the middle of group t (O'Donnell et al. 2008,
    Analyzing Health Equity, ch. 8). Groups of one household each give 2 cov(y, r) / mean(y). Missing when the
    mean is 0.

    Parameters
    ----------
    values : (G,) mean outcome of each group, from the poorest to the richest
    sizes : (G,) people in each group; equal if None
    """
    return mean_and_concentration(values, sizes)[1]


def erreygers_index(values: ArrayLike, sizes: ArrayLike | None = None) -> float:
    """Erreygers' corrected index of a share in [0, 1], E = 4 mu C: 1 when exactly the richer half has it all.

    Groups as for `concentration_index`; 0 when nobody has it.
    """
    return erreygers_of(*mean_and_concentration(values, sizes))


def erreygers_of(mean: float, concentration: float) -> float:
    """Erreygers' index of a mean and a concentration index."""
    return 0.0 if mean == 0 else 4 * mean * concentration


def wagstaff_bounds(mean: float) -> tuple[float, float]:
    """The least and the largest concentration index that a share with this mean can have: -(1 - mean), 1 - mean."""
    return -(1 - mean), 1 - mean


def achievement(values: ArrayLike, sizes: ArrayLike | None = None) -> float:
    """Wagstaff's achievement index, mean (1 - C): the mean, marked down where the richer have more."""
    mean, index = mean_and_concentration(values, sizes)
    return mean * (1 - index) if mean > 0 else mean


def mean_and_concentration(values: ArrayLike, sizes: ArrayLike | None) -> tuple[float, float]:
    """Mean and concentration index of grouped data; missing without groups, the index also where the mean is 0.

    Summed exactly: the bits of a product of matrices hang on the processor, and a sweep's must not.
    """
    means = np.asarray(values, float).tolist()
    people = [1.0] * len(means) if sizes is None else np.asarray(sizes, float).tolist()
    groups = [(y, n) for y, n in zip(means, people, strict=True) if n > 0]  # an empty group has no mean, and no say
    whole = math.fsum(n for _, n in groups)
    mean = math.fsum(y * n for y, n in groups) / whole if groups else math.nan
    if not mean > 0:
        return mean, math.nan
    ranked, below = [], 0.0
    for y, n in groups:
        ranked.append(y * n * (below + n / 2))
        below += n
    return mean, 2 / mean * math.fsum(ranked) / whole**2 - 1


# ---- cost per additional adopter


class Ratio(NamedTuple):
    """A ratio of two means with its 95% interval; all three missing where the divisor cannot be told from 0."""

    value: float
    lower: float
    upper: float


NO_RATIO = Ratio(math.nan, math.nan, math.nan)


def ratio_of_means(top: ArrayLike, bottom: ArrayLike) -> Ratio:
    """Mean cost over mean effect with Fieller's 95% interval; missing unless the mean effect is above 0 for sure.

    Parameters
    ----------
    top, bottom : (R,) cost and effect of each replicate, in the same order

    Notes
    -----
    A mean of ratios would let single worlds with hardly any effect decide; the interval of Fieller (1954) is the set of
    ratios that a paired t-test of top - ratio * bottom does not reject.
    """
    x, y = np.asarray(top, float), np.asarray(bottom, float)
    n = len(x)
    if n < 2 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return NO_RATIO
    mx, my = float(x.mean()), float(y.mean())
    t2 = t_quantile(n - 1) ** 2 / n
    vx, vy, cov = float(x.var(ddof=1)), float(y.var(ddof=1)), float(np.cov(x, y)[0, 1])
    # (my^2 - t2 vy) q^2 - 2 (mx my - t2 cov) q + (mx^2 - t2 vx) = 0
    a, b, c = my * my - t2 * vy, mx * my - t2 * cov, mx * mx - t2 * vx
    if not (my > 0 and a > 0):
        return NO_RATIO
    root = math.sqrt(max(b * b - a * c, 0.0))
    return Ratio(mx / my, (b - root) / a, (b + root) / a)


def difference_of_ratios(top_a: ArrayLike, bottom_a: ArrayLike, top_b: ArrayLike, bottom_b: ArrayLike) -> Ratio:
    """Ratio of means of a less that of b, replicates paired, with a jackknife 95% interval; missing where either is."""
    if math.isnan(ratio_of_means(top_a, bottom_a).value) or math.isnan(ratio_of_means(top_b, bottom_b).value):
        return NO_RATIO
    xa, ya, xb, yb = (np.asarray(v, float) for v in (top_a, bottom_a, top_b, bottom_b))
    n = len(xa)

    def without_one(v: Numbers) -> Numbers:
        left: Numbers = (v.sum() - v) / (n - 1)
        return left

    whole = float(xa.mean() / ya.mean() - xb.mean() / yb.mean())
    parts = without_one(xa) / without_one(ya) - without_one(xb) / without_one(yb)
    error = math.sqrt((n - 1) / n * float(((parts - parts.mean()) ** 2).sum()))
    half = t_quantile(n - 1) * error
    return Ratio(whole, whole - half, whole + half)


def t_quantile(freedom: int, probability: float = 0.975) -> float:
    """Quantile of Student's t; two-sided 95% unless said otherwise."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


# ---- choosing between strategies that differ in cost and effect

Status = Literal["frontier", "dominated", "extended dominated"]


class Choice(NamedTuple):
    """One option of a cost-effectiveness table."""

    name: str
    cost: float
    effect: float
    status: Status
    icer: float  # against the option before it on the frontier; missing for the first and for dominated ones


def frontier(options: Mapping[str, tuple[float, float]]) -> list[Choice]:
    """Incremental cost-effectiveness ratios along the frontier; the options in order of cost.

    Parameters
    ----------
    options : name -> (cost, effect)

    Notes
    -----
    Dominated: another costs no more and does no less. Extended dominated: a mix of two others is cheaper for the same
    effect, that is, its ratio would be above that of the next option.
    """
    order = sorted(options, key=lambda name: (options[name][0], -options[name][1]))
    kept: list[str] = []
    status: dict[str, Status] = {}
    for name in order:
        if kept and options[name][1] <= options[kept[-1]][1]:
            status[name] = "dominated"
        else:
            kept.append(name)

    def ratio(before: str, after: str) -> float:
        return (options[after][0] - options[before][0]) / (options[after][1] - options[before][1])

    hull: list[str] = []
    for name in kept:
        while len(hull) >= 2 and ratio(hull[-2], hull[-1]) >= ratio(hull[-1], name):
            status[hull.pop()] = "extended dominated"
        hull.append(name)
    icer = {after: ratio(before, after) for before, after in pairwise(hull)}
    return [Choice(n, *options[n], status.get(n, "frontier"), icer.get(n, math.nan)) for n in order]


def net_monetary_benefit(cost: ArrayLike, effect: ArrayLike, willingness: float) -> Numbers:
    """Worth of the effect less its cost, willingness * effect - cost, in money; any shape."""
    benefit: Numbers = willingness * np.asarray(effect, float) - np.asarray(cost, float)
    return benefit


def acceptability(cost: ArrayLike, effect: ArrayLike, willingness: Sequence[float]) -> Numbers:
    """Cost-effectiveness acceptability: how often each option has the largest net benefit; ties share.

    Parameters
    ----------
    cost, effect : (R, S) by replicate and option
    willingness : (L,) money per unit of effect

    Returns
    -------
    (L, S), every row sums to 1

    Raises
    ------
    DataError : cost and effect differ in shape, or hold no replicate
    """
    c, e = np.asarray(cost, float), np.asarray(effect, float)
    if c.shape != e.shape or c.ndim != 2 or not c.size:
        raise DataError(f"cost and effect must be tables of one shape, replicates by options; got {c.shape}, {e.shape}")
    curve = np.empty((len(willingness), c.shape[1]))
    for row, worth in enumerate(willingness):
        benefit = net_monetary_benefit(c, e, worth)
        best = benefit == benefit.max(axis=1, keepdims=True)
        curve[row] = (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
    return curve
