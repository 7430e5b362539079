"""One budget over several activities: whatever is moved, it stays one budget."""

from __future__ import annotations

from collections.abc import Mapping

from smsim.engine.arrays import ACTIVITIES
from smsim.strategy import Strategy

WHOLE = 1000  # a budget in thousandths, so that every share is a whole number and the sum is exact
STEP = 5  # of the sliders, in thousandths: half a per cent
TRAINER_ORDER = ("visit", "dialogue", "leader", "media", "action", "service", "incentive", "monitor")


def thousandths(strategy: Strategy) -> dict[str, int]:
    """Shares of a strategy in whole thousandths that sum to `WHOLE`, by activity."""
    return _rounded({k: share * WHOLE for k, share in strategy.shares().items()}, WHOLE)


def rebalance(parts: Mapping[str, int], moved: str, to: int) -> dict[str, int]:
    """The split after one part has been moved: the others give or take in proportion to what they have.

    Parameters
    ----------
    parts : thousandths by activity, summing to `WHOLE`
    to : new thousandths of `moved`; cut to 0 ... `WHOLE`

    Returns
    -------
    dict : in the same order, summing to `WHOLE`; where the others have nothing, they take the rest in equal parts
    """
    to = min(max(int(to), 0), WHOLE)
    others = {k: v for k, v in parts.items() if k != moved}
    have, rest = sum(others.values()), WHOLE - to
    wanted = {k: rest * v / have if have else rest / len(others) for k, v in others.items()}
    unit = STEP if rest % STEP == 0 else 1  # so that sliders can stand where the parts are
    rounded = {k: unit * v for k, v in _rounded({k: v / unit for k, v in wanted.items()}, rest // unit).items()}
    return {k: to if k == moved else rounded[k] for k in parts}


def _rounded(wanted: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers nearest to `wanted` that sum to `total`: the largest remainders are rounded up."""
    floors = {k: int(v + 1e-9) for k, v in wanted.items()}
    left = total - sum(floors.values())
    by_remainder = sorted(wanted, key=lambda k: floors[k] - wanted[k])
    for k in by_remainder[:left]:
        floors[k] += 1
    return floors


def as_entry(parts: Mapping[str, int], like: Strategy) -> dict[str, dict[str, float | str]]:
    """The split as a strategy of a scenario file; each activity timed as most of its money was in `like`."""
    timing: dict[str, float | str] = {}
    for activity in ACTIVITIES:
        weights: dict[str, float] = {}
        for component in like.components:
            when = component.timing.get(activity, "flat")
            weights[when] = weights.get(when, 0.0) + component.weight * max(component.shares.get(activity, 0.0), 1e-9)
        most = max(weights, key=lambda when: weights[when])
        if most != "flat":
            timing[activity] = most
    return {"shares": {k: v / WHOLE for k, v in parts.items() if v}, "timing": timing}
