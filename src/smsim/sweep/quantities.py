"""What is analysed: an outcome under a strategy, or the paired difference of two, at every design point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from smsim.engine.arrays import Array
from smsim.outcomes import ALL, OUTCOMES
from smsim.simulate import NO_CAMPAIGN
from smsim.sweep.store import Store

# Outcomes analysed unless others are named: as they are, against no campaign, and between strategies.
CONTRASTED = ("coverage_end", "coverage_follow_up")
LEVELS_ONLY = ("erreygers_end",)


class Quantity(NamedTuple):
    """One number per design point: `outcome` under `strategy`, less that under `versus` unless it is ""."""

    strategy: str
    versus: str
    behaviour: str
    outcome: str

    @property
    def column(self) -> str:
        """Its column in the store."""
        return f"{self.behaviour}/{self.outcome}"

    def __str__(self) -> str:
        strategy = "no campaign" if self.strategy == NO_CAMPAIGN else self.strategy
        against = {"": "", NO_CAMPAIGN: " beyond no campaign"}.get(self.versus, f" less {self.versus}")
        return f"{say_outcome(self.behaviour, self.outcome)}, {strategy}{against}"


def say_outcome(behaviour: str, outcome: str) -> str:
    """An outcome as sentences name it: ``coverage at the end of the campaign (delivery)``."""
    label = OUTCOMES[outcome].label if outcome in OUTCOMES else outcome.replace("_", " ")
    return label if behaviour in (ALL, "behaviour") else f"{label} ({behaviour})"


def quantities(
    columns: Sequence[str],
    strategies: Sequence[str],
    outcomes: Sequence[str] | None = None,
    levels_only: Sequence[str] = LEVELS_ONLY,
) -> list[Quantity]:
    """What to analyse, of the columns of a store.

    Parameters
    ----------
    outcomes : names of outcomes instead of the usual ones
    levels_only : of these, the ones whose differences are not analysed
    """
    wanted = (*CONTRASTED, *LEVELS_ONLY) if outcomes is None else tuple(outcomes)
    campaigns = [s for s in strategies if s != NO_CAMPAIGN]
    found = []
    for behaviour, outcome in (column.rsplit("/", 1) for column in columns):
        if outcome not in wanted:
            continue
        found += [Quantity(s, "", behaviour, outcome) for s in strategies]
        if outcome in levels_only:
            continue
        if NO_CAMPAIGN in strategies:
            found += [Quantity(s, NO_CAMPAIGN, behaviour, outcome) for s in campaigns]
        found += [Quantity(b, a, behaviour, outcome) for i, a in enumerate(campaigns) for b in campaigns[i + 1 :]]
    return found


def read_cube(store: Store, column: str) -> Array:
    """One outcome of every run, float64 (points, replicates, strategies); NaN where it failed or is missing."""
    shape = int(store.spec["replicates"]), len(store.spec["strategies"])
    parts = [table.column(column).to_numpy() for table in store.read([column])]
    return np.concatenate(parts).reshape(-1, *shape)


def read_weekly(store: Store, column: str) -> Array:
    """A weekly series averaged over the replicates, float32 (points, strategies, weeks).

    As long as the shortest run of the sweep; NaN where a run failed or the series has no value.
    """
    shape = int(store.spec["replicates"]), len(store.spec["strategies"])
    parts: list[Array] = []
    for table in store.read([column]):
        lists = table.column(column).combine_chunks()
        offsets, flat = lists.offsets.to_numpy(), lists.values.to_numpy(zero_copy_only=False)
        lengths = np.diff(offsets)
        weeks = int(lengths[lengths > 0].min(initial=1 << 30)) if (lengths > 0).any() else 0
        padded = np.full((len(lengths), weeks), np.nan, np.float32)
        for row, (begin, length) in enumerate(zip(offsets[:-1], lengths, strict=True)):
            if length:
                padded[row] = flat[begin : begin + weeks]
        parts.append(padded.reshape(-1, *shape, weeks).mean(axis=1, dtype=np.float64).astype(np.float32))
    shortest = min((p.shape[-1] for p in parts if p.shape[-1]), default=0)
    whole = [p if p.shape[-1] else np.full((*p.shape[:2], shortest), np.nan, np.float32) for p in parts]
    return np.concatenate([p[..., :shortest] for p in whole])


def worlds_of(cube: Array, strategies: Sequence[str], quantity: Quantity) -> Array:
    """The quantity at every point and in every world, float64 (points, replicates)."""
    values = cube[..., strategies.index(quantity.strategy)]
    if quantity.versus:
        values = values - cube[..., strategies.index(quantity.versus)]
    return np.asarray(values)


class Noise(NamedTuple):
    """Where the variance of a quantity comes from; variances, missing with one replicate."""

    points: float  # of the means over worlds, between design points
    worlds: float  # between worlds, common to all points: it shifts every point alike
    residual: float  # of one run beyond both
    share: float  # residual / replicates, of the variance between points: what an index cannot explain


def noise_of(values: Array) -> Noise:
    """Two-way analysis of variance of complete rows, float64 (points, replicates), without interaction.

    The same worlds serve every point, so what they have in common does not enter an index; what is left over does,
    divided by the number of replicates.
    """
    points, replicates = values.shape
    means = values.mean(axis=1)
    between = float(means.var(ddof=1)) if points > 1 else np.nan
    if replicates < 2 or points < 2:
        return Noise(between, np.nan, np.nan, np.nan)
    worlds = values.mean(axis=0)
    left = values - means[:, None] - worlds[None, :] + values.mean()
    residual = float((left**2).sum() / ((points - 1) * (replicates - 1)))
    common = max(0.0, float(worlds.var(ddof=1)) - residual / points)
    share = residual / replicates / between if between > 0 else np.nan
    return Noise(between, common, residual, share)
