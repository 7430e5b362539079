"""What is seen in the data before any model: neighbours alike, leaders ahead, channels that go with adoption."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smsim.engine.arrays import Array
from smsim.networks.data import Networks, numbers

if TYPE_CHECKING:
    import pandas as pd

SHUFFLES = 999


def tie_correlation(data: Networks, value: Array, known: Array) -> Array:
    """Ego-alter correlation along the ties inside each village, float64 (V, S), of S sets of values (N, S).

    Pairs of which one is not known (bool (N,)) do not count; 0 where a village has no pair or all are alike.
    """
    product, pairs, variance = _along_ties(data, value, known)
    denominator = pairs[:, None] * variance
    return np.asarray(np.where(denominator > 1e-12, product / np.where(denominator > 1e-12, denominator, 1.0), 0.0))


def _along_ties(data: Networks, value: Array, known: Array) -> tuple[Array, Array, Array]:
    """Sum of products of neighbours' deviations from their village's mean, weight of the pairs, and variance."""
    from scipy.sparse import coo_array, diags_array

    villages = len(data.villages)
    everyone = np.arange(len(data.ids))
    member = coo_array((known.astype(np.float64), (data.village, everyone)), shape=(villages, len(everyone))).tocsr()
    count = np.maximum(np.asarray(member.sum(axis=1)).ravel(), 1.0)
    off = (value - (member @ value / count[:, None])[data.village]) * known[:, None]
    ties = data.ties.tocoo()
    same = (data.village[ties.row] == data.village[ties.col]) & known[ties.row] & known[ties.col]
    inside = coo_array((ties.data[same], (ties.row[same], ties.col[same])), shape=ties.shape).tocsr()
    pairs = np.bincount(data.village[ties.row[same]], ties.data[same], minlength=villages)
    mask = diags_array(known.astype(np.float64))
    return member @ (off * (inside @ (mask @ off))), pairs, member @ off**2 / count[:, None]


def shuffle_rows(data: Networks, rng: np.random.Generator) -> Array:
    """An order of the households that stays within their villages, int64 (N,)."""
    order = np.arange(len(data.ids))
    for v in range(len(data.villages)):
        mine = np.flatnonzero(data.village == v)
        order[mine] = rng.permutation(mine)
    return order


def shuffled(data: Networks, seed: int) -> Networks:
    """The same villages, each household with the outcome of another of its village: nothing is left to its ties."""
    order = shuffle_rows(data, np.random.Generator(np.random.Philox(key=[seed, 3])))
    return replace(
        data,
        time=None if data.time is None else data.time[order],
        adopted=None if data.adopted is None else data.adopted[order],
    )


@dataclass(frozen=True)
class EgoAlter:
    """Correlation of adoption (its time, where known) between neighbours, against shuffles within villages."""

    correlation: float
    shuffles: Array  # float64 (SHUFFLES,)

    @property
    def p_value(self) -> float:
        """Share of shuffles at least as high, the data counted among them."""
        return float((1 + (self.shuffles >= self.correlation).sum()) / (1 + len(self.shuffles)))


def ego_alter(data: Networks, seed: int = 1) -> EgoAlter:
    """Correlation over all ties within villages, each household taken from its village's mean."""
    assert data.adopted is not None
    known = data.adopted >= 0 if data.time is None else data.time >= 0
    value = (data.adopted if data.time is None else data.time).astype(np.float64)
    rng = np.random.Generator(np.random.Philox(key=[seed, 4]))
    # Only known outcomes change places, so that the same pairs count every time.
    columns = [value]
    for _ in range(SHUFFLES):
        moved = value.copy()
        for v in range(len(data.villages)):
            mine = np.flatnonzero((data.village == v) & known)
            moved[mine] = value[rng.permutation(mine)]
        columns.append(moved)
    product, pairs, variance = _along_ties(data, np.column_stack(columns), known)
    scale = (pairs[:, None] * variance).sum(axis=0)
    correlation = product.sum(axis=0) / np.where(scale > 0, scale, np.inf)
    return EgoAlter(float(correlation[0]), correlation[1:])


def leader_rows(data: Networks, adopted: Array) -> tuple[float, float]:
    """Share adopted of the non-leaders tied to an adopting leader, and of those tied to others only; NaN if none."""
    assert data.leader is not None
    other = ~data.leader if data.adopted is None else ~data.leader & (data.adopted >= 0)
    joined = data.ties + data.ties.T
    near = joined @ (data.leader & adopted).astype(np.float64) > 0
    any_leader = joined @ data.leader.astype(np.float64) > 0
    groups = (other & near, other & any_leader & ~near)
    first, second = (float(adopted[g].mean()) if g.any() else float("nan") for g in groups)
    return first, second


def patterns(data: Networks, seed: int = 1) -> pd.DataFrame:
    """Tidy table: pattern, value, low, high, households. Intervals are of 90%.

    Differences are within villages (each village weighs by the smaller of its two groups' information, as in
    Mantel and Haenszel 1959), with the binomial standard error.
    """
    import pandas as pd

    assert data.adopted is not None
    known = data.adopted >= 0
    rows: list[tuple[object, ...]] = []
    alike = ego_alter(data, seed)
    what = "adoption time" if data.time is not None else "adoption"
    rows.append((f"ego-alter correlation of {what}", alike.correlation, np.nan, np.nan, int(known.sum())))
    low, high = np.quantile(alike.shuffles, [0.05, 0.95])
    rows.append(("the same, shuffled within villages", float(alike.shuffles.mean()), low, high, int(known.sum())))
    for name in data.mapping.exposures:
        values = numbers(data.columns[name], Path(data.mapping.nodes), name)
        reached = np.nan_to_num(values) > 0
        rows.append((f"adopted, reached less not reached by {name}", *_difference(data, reached, known)))
    if data.leader is not None and data.leader.any():
        rows.append(("adopted, leaders less others", *_difference(data, data.leader, known)))
        joined = data.ties + data.ties.T
        near = joined @ (data.leader & (data.adopted == 1)).astype(np.float64) > 0
        any_leader = joined @ data.leader.astype(np.float64) > 0
        some = known & ~data.leader & any_leader
        rows.append(("adopted, near adopting leaders less near others only", *_difference(data, near, some)))
    return pd.DataFrame(rows, columns=["pattern", "value", "low", "high", "households"]).round(6)


def _difference(data: Networks, group: Array, among: Array) -> tuple[float, float, float, int]:
    """Share adopted in the group less that of the others, within villages, with 90% interval."""
    assert data.adopted is not None
    total = weight = variance = 0.0
    for v in range(len(data.villages)):
        here = among & (data.village == v)
        a, b = data.adopted[here & group], data.adopted[here & ~group]
        if len(a) and len(b):
            w = len(a) * len(b) / (len(a) + len(b))
            total += w * (a.mean() - b.mean())
            # Agresti and Caffo's (2000) two successes and failures keep small groups from looking certain.
            p, q = (a.sum() + 1) / (len(a) + 2), (b.sum() + 1) / (len(b) + 2)
            variance += w**2 * (p * (1 - p) / len(a) + q * (1 - q) / len(b))
            weight += w
    if weight == 0:
        return float("nan"), float("nan"), float("nan"), int(among.sum())
    value, error = total / weight, variance**0.5 / weight
    return float(value), float(value - 1.645 * error), float(value + 1.645 * error), int(among.sum())
