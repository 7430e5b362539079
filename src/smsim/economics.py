"""Equity and cost-effectiveness: concentration indices, frontiers of strategies, acceptability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smsim.engine.arrays import Array


def concentration_index(rates: Array, sizes: Array) -> float:
    """Concentration index C of a rate over groups ordered from poorest to richest.

    C = (2 / mu) sum_k f_k y_k R_k - 1, R_k = sum_{j<k} f_j + f_k / 2 (Kakwani, Wagstaff & van Doorslaer 1997,
    doi:10.1016/S0304-4076(96)01807-6). Missing (nan) when nobody has it.

    Parameters
    ----------
    rates : (K,) share of each group that has it
    sizes : (K,) people or households of each group
    """
    keep = sizes > 0
    rates, sizes = rates[keep], sizes[keep]
    if not len(rates):
        return float("nan")
    share = sizes / sizes.sum()
    mean = float(share @ rates)
    if not mean > 0:
        return float("nan")
    rank = np.cumsum(share) - share / 2
    return float(2 / mean * (share * rates) @ rank - 1)


def erreygers(rates: Array, sizes: Array) -> float:
    """Erreygers' index of a bounded outcome, 4 mu C in [-1, 1] (doi:10.1016/j.jhealeco.2008.02.003); 0 if nobody has it."""
    keep = sizes > 0
    if not keep.any():
        return float("nan")
    mean = float(np.average(rates[keep], weights=sizes[keep]))
    return 4 * mean * concentration_index(rates, sizes) if mean > 0 else 0.0


def wagstaff_bounds(mean: float) -> tuple[float, float]:
    """Smallest and largest concentration index of a binary outcome: -(1 - mu), 1 - mu (doi:10.1002/hec.953)."""
    return -(1 - mean), 1 - mean


def cost_per_additional(costs: Array, effects: Array) -> tuple[float, float, float]:
    """Cost per additional adopter and its 95% interval, by Fieller's theorem over paired worlds.

    The ratio of means, not the mean of ratios. When the effect is not separated from zero the interval is open:
    its upper end is infinite; when the mean effect is not positive the ratio is missing (nan).

    Parameters
    ----------
    costs, effects : (R,) dollars and additional adopters in each world
    """
    from scipy.stats import t

    n = len(costs)
    cost, effect = float(np.mean(costs)), float(np.mean(effects))
    if not effect > 0:
        return float("nan"), float("nan"), float("inf")
    if n < 2:
        return cost / effect, float("nan"), float("nan")
    covariance = np.cov(costs, effects) / n
    critical = float(t.ppf(0.975, n - 1)) ** 2
    # Roots r of (cost - r effect)^2 = t^2 (v_cc - 2 r v_ce + r^2 v_ee)
    a = effect**2 - critical * covariance[1, 1]
    b = cost * effect - critical * covariance[0, 1]
    c = cost**2 - critical * covariance[0, 0]
    if not a > 0:
        return cost / effect, 0.0, float("inf")
    root = np.sqrt(max(b * b - a * c, 0.0))
    return cost / effect, float((b - root) / a), float((b + root) / a)


def frontier(costs: Sequence[float], effects: Sequence[float]) -> list[tuple[int, float]]:
    """Strategies that are not dominated, cheapest first, each with its cost per extra unit over the one before.

    Strong dominance: another costs no more and achieves no less; extended dominance: the incremental ratio of a
    costlier one is lower (Drummond et al., Methods for the Economic Evaluation of Health Care Programmes).
    The first has no predecessor: its ratio is nan.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -effects[i]))
    kept: list[int] = []
    for i in order:
        if kept and effects[i] <= effects[kept[-1]]:
            continue
        while len(kept) >= 2 and _ratio(costs, effects, kept[-1], i) <= _ratio(costs, effects, kept[-2], kept[-1]):
            kept.pop()
        kept.append(i)
    first = [(kept[0], float("nan"))] if kept else []
    return first + [(i, _ratio(costs, effects, j, i)) for j, i in zip(kept, kept[1:], strict=False)]


def net_benefit(costs: Array, effects: Array, willingness: float) -> Array:
    """Net monetary benefit of each strategy and world, lambda E - C, in dollars; same shape as the inputs."""
    return np.asarray(willingness * effects - costs)


def acceptability(costs: Array, effects: Array, willingness: Sequence[float]) -> Array:
    """Share of worlds in which each strategy has the highest net benefit, (W, S) for costs and effects (S, R).

    The cost-effectiveness acceptability curve; ties are shared.
    """
    curves = []
    for value in willingness:
        benefit = net_benefit(costs, effects, value)
        best = benefit == benefit.max(axis=0)
        curves.append((best / best.sum(axis=0)).mean(axis=1))
    return np.array(curves)


def _ratio(costs: Sequence[float], effects: Sequence[float], a: int, b: int) -> float:
    gain = effects[b] - effects[a]
    return (costs[b] - costs[a]) / gain if gain else float("inf")
