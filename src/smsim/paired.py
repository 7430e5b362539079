"""Differences between two strategies in the same worlds: interval, share of worlds won, worlds needed."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from smsim.economics import difference_of_ratios, t_quantile

CONFIDENCE, POWER = 0.95, 0.8

FEWEST_ALIKE = 5  # worlds with exactly the same difference, before it counts as one


class Difference(NamedTuple):
    """A less b over matched worlds; missing values are NaN."""

    mean: float
    lower: float  # of the 95% t-interval of the mean paired difference
    upper: float
    a_beats_b: float  # share of worlds in which a is better, ties as half; missing where no direction is
    separated: bool  # the interval leaves out 0
    replicates: int  # worlds in which both have a value
    replicates_needed: float  # worlds that would separate a difference of this size with power 80%; missing if it is 0


def paired_difference(a: ArrayLike, b: ArrayLike, better: int) -> Difference:
    """The paired difference of an outcome, (R,) and (R,); worlds in which one is missing are left out.

    Parameters
    ----------
    better : 1 if more is better, -1 if less is, 0 if neither
    """
    x, y = np.asarray(a, float), np.asarray(b, float)
    both = np.isfinite(x) & np.isfinite(y)
    gap = x[both] - y[both]
    n = len(gap)
    won = _share_won(better * gap) if better and n else math.nan
    if n < 2:
        return Difference(float(gap[0]) if n else math.nan, math.nan, math.nan, won, False, n, math.nan)
    mean, spread = float(gap.mean()), float(gap.std(ddof=1))
    alike = spread == 0 and n < FEWEST_ALIKE  # two equal differences are an accident, not a certainty
    if alike and mean:  # an interval without width would leave out 0
        return Difference(mean, math.nan, math.nan, won, False, n, replicates_needed(mean, spread))
    half = t_quantile(n - 1) * spread / math.sqrt(n)
    lower, upper = mean - half, mean + half
    return Difference(mean, lower, upper, won, lower > 0 or upper < 0, n, replicates_needed(mean, spread))


def cost_difference(spent_a: ArrayLike, more_a: ArrayLike, spent_b: ArrayLike, more_b: ArrayLike) -> Difference:
    """Cost per additional adopter of a less that of b: ratios of means, jackknifed over worlds.

    Missing unless both have additional adopters for sure. In a world without any, the cost counts as unbounded.
    """
    xa, ya, xb, yb = (np.asarray(v, float) for v in (spent_a, more_a, spent_b, more_b))
    n = len(xa)
    value, lower, upper = difference_of_ratios(xa, ya, xb, yb)
    if math.isnan(value):
        return Difference(math.nan, math.nan, math.nan, math.nan, False, n, math.nan)
    spread = (upper - lower) / 2 / t_quantile(n - 1) * math.sqrt(n)
    # Cheaper: spent_a / more_a < spent_b / more_b, without dividing; none at all is dearest.
    cheaper = np.where((ya > 0) & (yb > 0), np.sign(xb * ya - xa * yb), np.sign((ya > 0) * 1.0 - (yb > 0)))
    return Difference(
        value, lower, upper, _share_won(cheaper), lower > 0 or upper < 0, n, replicates_needed(value, spread)
    )


def replicates_needed(mean: float, spread: float) -> float:
    """Worlds needed to separate a mean paired difference from 0 at 95% confidence with power 80%; missing if it is 0.

    n = ((z_.975 + z_.8) sd / mean)^2 + z_.975^2 / 2, the last term because the spread is estimated
    (Guenther 1981); at least 2.
    """
    if mean == 0 or not math.isfinite(mean):
        return math.nan
    z, power = NormalDist().inv_cdf((1 + CONFIDENCE) / 2), NormalDist().inv_cdf(POWER)
    if spread == 0:
        return 2.0
    return float(max(2, math.ceil(((z + power) * spread / mean) ** 2 + z * z / 2)))


def _share_won(gain: ArrayLike) -> float:
    g = np.asarray(gain)
    return float(((g > 0).sum() + 0.5 * (g == 0).sum()) / len(g))
