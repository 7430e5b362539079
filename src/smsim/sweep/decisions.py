"""Which strategy wins where: winners, what flips them, regret, and the worth of knowing a factor before choosing."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from smsim.economics import t_quantile
from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.outcomes import OUTCOMES
from smsim.simulate import NO_CAMPAIGN
from smsim.sweep.design import Design
from smsim.sweep.problem import Factor, group_names

TIE = "no clear winner"
BINS = 8  # of a factor's range, for the worth of knowing it
SHUFFLES = 20  # for what the estimate of that worth would be of a factor without any


class Winners(NamedTuple):
    """The best strategy at every usable design point, by the mean over worlds."""

    strategies: tuple[str, ...]  # the campaigns, in the scenario's order
    points: Array  # int64 (P,): numbers of the design points
    values: Array  # float64 (P, S): mean outcome, turned so that more is better
    winner: Array  # int64 (P,): position among the strategies
    clear: Array  # bool (P,): the worlds separate the winner from the second
    better: int  # 1 or -1: whether more of the outcome is better

    def names(self) -> Array:
        """Name of the winner at every point, object (P,); `TIE` where it is not clear."""
        return np.where(self.clear, np.array(self.strategies, object)[self.winner], TIE)


def better_of(outcome: str) -> int:
    """1 if more of an outcome is better, -1 if less is, 0 if neither; 1 for what is not in the table of outcomes."""
    return OUTCOMES[outcome].better if outcome in OUTCOMES else 1


def decision_of(columns: Sequence[str], text: str | None) -> tuple[str, str]:
    """Behaviour and outcome that a text names, ``outcome`` or ``behaviour/outcome``; the usual ones if None.

    Raises
    ------
    ScenarioError : no such outcome is kept, or more of it is neither better nor worse
    """
    if text is None:
        behaviour, outcome = next((c for c in columns if c.endswith("/coverage_end")), columns[0]).rsplit("/", 1)
        return behaviour, outcome
    behaviour, _, outcome = text.strip().rpartition("/")
    behaviour = behaviour or next((c.split("/")[0] for c in columns if c.endswith(f"/{outcome}")), "")
    if f"{behaviour}/{outcome}" not in columns:
        parts = list(zip(*(c.rsplit("/", 1) for c in columns), strict=True))
        behaviours, outcomes = (list(dict.fromkeys(part)) for part in parts)
        close = difflib.get_close_matches(outcome, outcomes, n=1)
        meant = f"; did you mean {close[0]!r}?" if close and close[0] != outcome else "."
        known = ", ".join(o for o in outcomes if better_of(o))
        raise ScenarioError(
            f"--decide {text}: no such outcome{meant} Write OUTCOME or BEHAVIOUR/OUTCOME, of {', '.join(behaviours)} "
            f"and {known}"
        )
    if not better_of(outcome):
        raise ScenarioError(f"--decide {text}: more of it is neither better nor worse, so that it decides nothing")
    return behaviour, outcome


def phase_of(factors: Sequence[Factor], names: Sequence[str] | None) -> tuple[str, str] | None:
    """The two factors of the phase diagram.

    Raises
    ------
    ScenarioError : not two, or not swept
    """
    if names is None:
        return None
    known = [f.path for f in factors]
    if len(set(names)) != 2 or len(names) != 2 or not set(names) <= set(known):
        few = (
            known if len(known) <= 12 else [*difflib.get_close_matches(names[0] if names else "", known, 5, 0.3), "..."]
        )
        raise ScenarioError(
            f"--phase: name two different swept factors, PATH,PATH; got {', '.join(names)}; swept are {', '.join(few)}"
        )
    return names[0], names[1]


def find_winners(cube: Array, strategies: Sequence[str], outcome: str) -> Winners:
    """Winners in one outcome (points, replicates, strategies). Points with a missing value are left out.

    A winner is clear if the 95% t-interval of the paired difference to the second leaves out zero; one world separates
    nothing.
    """
    campaigns = tuple(s for s in strategies if s != NO_CAMPAIGN)
    better = better_of(outcome) or 1
    own = better * cube[..., [strategies.index(s) for s in campaigns]]
    points = np.flatnonzero(np.isfinite(own).all(axis=(1, 2)))
    own = own[points]
    replicates = own.shape[1]
    means = own.mean(axis=1)
    order = np.argsort(-means, axis=1, kind="stable")
    rows = np.arange(len(points))
    first = order[:, 0]
    if len(campaigns) == 1:
        return Winners(campaigns, points, means, first, np.ones(len(points), bool), better)
    gap = own[rows, :, first] - own[rows, :, order[:, 1]]
    if replicates == 1:
        clear = np.zeros(len(points), bool)
    else:
        half = t_quantile(replicates - 1) * gap.std(axis=1, ddof=1) / np.sqrt(replicates)
        clear = gap.mean(axis=1) > half
    return Winners(campaigns, points, means, first, clear, better)


def flips(design: Design, factors: Sequence[Factor], winners: Winners) -> pd.DataFrame:
    """How often the winner changes when one factor alone moves, for designs that move one at a time.

    Sobol: between a base point and the same with this factor drawn anew. Morris: between two points of a trajectory.
    Columns: factor, pairs, flips, share, lower, upper (Wilson's 95% interval), clear_share (both winners clear).
    Empty for other designs.
    """
    names = group_names(factors, design.groups)
    rows = []
    for name, before, after in moved_alone(design, factors):
        place = {point: k for k, point in enumerate(winners.points)}
        both = np.array([(place[a], place[b]) for a, b in zip(before, after, strict=True) if a in place and b in place])
        pairs = len(both)
        if not pairs:
            continue
        a, b = both.T
        flipped = winners.winner[a] != winners.winner[b]
        clear = flipped & winners.clear[a] & winners.clear[b]
        rows.append((name, pairs, int(flipped.sum()), flipped.mean(), *wilson(int(flipped.sum()), pairs), clear.mean()))
    columns = ["factor", "pairs", "flips", "share", "lower", "upper", "clear_share"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["rank"] = [names.index(name) for name in frame["factor"]]
    frame = frame.sort_values(["clear_share", "share", "rank"], ascending=[False, False, True], kind="stable")
    return frame.drop(columns="rank").reset_index(drop=True)


def moved_alone(design: Design, factors: Sequence[Factor]) -> list[tuple[str, Array, Array]]:
    """Numbers of the points between which one factor (or group) alone moves: name, before, after."""
    names = group_names(factors, design.groups)
    block, width = design.block(factors), len(names)
    starts = np.arange(design.n) * block
    if design.method == "sobol":
        found = []
        for k, name in enumerate(names):
            before, after = starts, starts + 1 + k
            if design.second_order:  # B against B with this factor of A
                before = np.concatenate([before, starts + block - 1])
                after = np.concatenate([after, starts + 1 + width + k])
            found.append((name, before, after))
        return found
    if design.method != "morris":
        return []
    x = design.sample(factors).reshape(design.n, block, len(factors))
    moved = np.abs(np.diff(x, axis=1)) > 1e-9  # (n, width, K)
    member = np.array([[(f.group if design.groups else f.path) == name for f in factors] for name in names])
    which = (moved[..., None, :] & member).any(axis=-1)  # (n, width, names)
    found = []
    for k, name in enumerate(names):
        trajectory, step = np.nonzero(which[..., k])
        before = starts[trajectory] + step
        found.append((name, before, before + 1))
    return found


def wilson(hits: int, tries: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    z = 1.959963984540054
    centre = (hits + z * z / 2) / (tries + z * z)
    half = z / (tries + z * z) * float(np.sqrt(hits * (tries - hits) / tries + z * z / 4))
    return max(0.0, centre - half), min(1.0, centre + half)


def independent_points(design: Design, factors: Sequence[Factor]) -> Array:
    """Numbers of the points that are draws of their own: of a Sobol block its first and last, else all."""
    points = design.points(factors)
    if design.method != "sobol":
        return np.arange(points)
    block = design.block(factors)
    starts = np.arange(design.n) * block
    return np.sort(np.concatenate([starts, starts + block - 1]))


def worth_of_knowing(factors: Sequence[Factor], x: Array, winners: Winners, chosen: Array, seed: int) -> pd.DataFrame:
    """What knowing a factor before choosing would add to the outcome, on average over the futures (EVPPI).

    E[max_s E(outcome_s | factor)] - max_s E(outcome_s), the conditional means in `BINS` equal parts of the factor's
    range, less what a shuffled factor appears to be worth. Columns: factor, worth, of_perfect: as a share of what
    knowing everything would add.

    Parameters
    ----------
    x : the design (points, factors)
    chosen : numbers of the independent points
    """
    use = np.isin(winners.points, chosen)
    values, u = winners.values[use], x[winners.points[use]]
    columns = ["factor", "worth", "of_perfect"]
    if len(values) < 5 * BINS:
        return pd.DataFrame(columns=columns)
    best = values.mean(axis=0).max()
    perfect = float(values.max(axis=1).mean() - best)
    random = np.random.default_rng([seed, 7])
    shuffles = [random.permutation(len(values)) for _ in range(SHUFFLES)]
    rows = []
    for k, factor in enumerate(factors):
        bins = np.minimum((u[:, k] * BINS).astype(int), BINS - 1)
        found = _worth(bins, values)
        nothing = float(np.mean([_worth(bins[order], values) for order in shuffles]))
        worth = max(0.0, found - nothing)
        rows.append((factor.path, worth, worth / perfect if perfect > 0 else 0.0))
    return pd.DataFrame(rows, columns=columns).sort_values("worth", ascending=False, kind="stable", ignore_index=True)


def _worth(bins: Array, values: Array) -> float:
    counts = np.bincount(bins, minlength=BINS)
    sums = np.stack([np.bincount(bins, v, minlength=BINS) for v in values.T], axis=1)
    best = (sums.max(axis=1) / np.maximum(counts, 1) * counts).sum() / len(bins)
    return float(best - values.mean(axis=0).max())


def regret(winners: Winners, chosen: Array) -> pd.DataFrame:
    """What each strategy loses against the best one of every future, over the independent points.

    Columns: strategy, mean (of the outcome), wins (share of futures), clear_wins, regret_mean, regret_90 (its 90%
    quantile), regret_most; the smallest mean regret first.
    """
    use = np.isin(winners.points, chosen)
    values, winner, clear = winners.values[use], winners.winner[use], winners.clear[use]
    if not len(values):
        return pd.DataFrame(
            columns=["strategy", "mean", "wins", "clear_wins", "regret_mean", "regret_90", "regret_most"]
        )
    lost = values.max(axis=1, keepdims=True) - values
    frame = pd.DataFrame(
        {
            "strategy": winners.strategies,
            "mean": winners.better * values.mean(axis=0),
            "wins": [(winner == s).mean() for s in range(len(winners.strategies))],
            "clear_wins": [(clear & (winner == s)).mean() for s in range(len(winners.strategies))],
            "regret_mean": lost.mean(axis=0),
            "regret_90": np.quantile(lost, 0.9, axis=0),
            "regret_most": lost.max(axis=0),
        }
    )
    return frame.sort_values("regret_mean", kind="stable", ignore_index=True)
