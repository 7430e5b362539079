"""Predictions for villages of which no outcome is used, and how well such predictions do on villages left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import DataError
from smsim.networks.blas import one_thread
from smsim.networks.data import Networks
from smsim.networks.design import learn_design
from smsim.networks.fit import NetworkFit, Progress, without
from smsim.networks.patterns import leader_rows
from smsim.networks.spread import simulate_spread
from smsim.runner import replicate_seed, run_all

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = 0.9  # share of the simulated villages between low and high
MOST_NUMBERS, FEWEST_DRAWS = 20_000_000, 200  # households times simulations: a few hundred MB
LEFT_OUT_DRAWS = 1000
FEWEST_VILLAGES = 4  # to leave one out and learn from the others how much villages differ
ALL = "all"


@dataclass(frozen=True)
class Future:
    """Simulated villages, one per draw from the posterior."""

    data: Networks
    periods: tuple[str, ...]  # empty without times
    rounds: int
    period: Array  # int64 (N, S): period or round of adoption, `rounds` = not by the end

    def rates(self, by: int | None = None, among: Array | None = None) -> Array:
        """Share adopted by the end of a period (the last), float64 (V, S); NaN where a village has no such household.

        Parameters
        ----------
        among : bool (N,), only these households
        """
        adopted = self.period <= (self.rounds - 1 if by is None else by)
        rows = np.arange(len(self.data.ids)) if among is None else np.flatnonzero(among)
        member = np.zeros((len(self.data.villages), len(self.data.ids)))
        member[self.data.village[rows], rows] = 1.0
        count = member.sum(axis=1, keepdims=True)
        return np.asarray(np.where(count > 0, member @ adopted / np.maximum(count, 1.0), np.nan))


def named_alike(fit: NetworkFit, data: Networks) -> Networks:
    """The data with the names that the fit has for the same columns: exposures and covariates, each in their order.

    Raises
    ------
    DataError : the two mappings do not name as many exposures and covariates
    """
    learned, own = fit.mapping, data.mapping
    names: dict[str, str] = {}
    for what in ("exposures", "covariates"):
        there, here = getattr(learned, what), getattr(own, what)
        if len(there) != len(here):
            raise DataError(
                f"{data.name}: the fit has {len(there)} {what} ({', '.join(there) or 'none'}), and the mapping names "
                f"{len(here)} ({', '.join(here) or 'none'}); name as many, in the same order"
            )
        names |= dict(zip(here, there, strict=True))
    return replace(data, columns=data.columns.rename(columns=names))


def simulate_future(fit: NetworkFit, data: Networks, seed: int) -> Future:
    """One simulation per draw of the fit; villages have effects of their own, drawn anew."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 2]))
    data = named_alike(fit, data)
    # Their order is random, so the first are as good as any; ten thousands of households do with fewer.
    draws = fit.draws.iloc[: max(FEWEST_DRAWS, MOST_NUMBERS // len(data.ids))]
    x, z = fit.design.matrix(data), fit.design.village_matrix(data)
    own = rng.standard_normal((len(data.villages), len(draws))) * draws["village spread"].to_numpy()
    names = [c.name for c in fit.design.households]
    base = x @ draws[names].to_numpy().T
    base += (z @ draws[list(fit.design.villages)].to_numpy().T + own)[data.village]
    drift = x @ draws[[f"{name}: drift" for name in names]].to_numpy().T if fit.periods else None
    times = draws[[c for c in draws.columns if c.startswith("period ")]].to_numpy().T
    resistance = rng.exponential(size=base.shape)
    period = simulate_spread(
        data, base, drift, times, draws["peers"].to_numpy(), draws["norm"].to_numpy(), resistance
    ).period
    return Future(data, fit.periods, len(times), period)


@one_thread
def predict(fit: NetworkFit, data: Networks, seed: int = 1) -> pd.DataFrame:
    """Median and 90% interval of what each village, and all together, will do: one row per unit and quantity.

    Quantities are shares of households: `rate` (in the end), `rate_by_PERIOD`, and where leaders are known
    `rate_leaders`, `rate_others`, and for unit "all" `rate_near_adopting_leaders` and `rate_near_other_leaders`
    (non-leaders with ties to a leader that adopted, and to leaders of which none did).
    """
    import pandas as pd

    future = simulate_future(fit, data, seed)
    rows = []
    for unit, quantity, values in _quantities(future):
        known = values[~np.isnan(values)]
        if len(known):
            rows.append((unit, quantity, *_middle(known)[:3]))
    found = pd.DataFrame(rows, columns=["unit", "quantity", "median", "low", "high"])
    # Six digits: far beyond what is known, and free of what the last bits of a machine's linear algebra do.
    return found.round(6)


def _quantities(future: Future) -> list[tuple[str, str, Array]]:
    data = future.data
    groups: dict[str, Array | None] = {"rate": None}
    if data.leader is not None and data.leader.any():
        groups |= {"rate_leaders": data.leader, "rate_others": ~data.leader}
    tables = {name: future.rates(among=among) for name, among in groups.items()}
    tables |= {f"rate_by_{name}": future.rates(by=t) for t, name in enumerate(future.periods)}
    found = [(village, name, table[v]) for v, village in enumerate(data.villages) for name, table in tables.items()]
    for name, among in groups.items():
        chosen = future.period if among is None else future.period[among]
        found.append((ALL, name, (chosen < future.rounds).mean(axis=0)))
    found += [(ALL, f"rate_by_{n}", (future.period <= t).mean(axis=0)) for t, n in enumerate(future.periods)]
    if data.leader is not None and data.leader.any():
        adopted = future.period < future.rounds
        near, far = np.array([leader_rows(data, adopted[:, s]) for s in range(adopted.shape[1])]).T
        found += [(ALL, "rate_near_adopting_leaders", near), (ALL, "rate_near_other_leaders", far)]
    return found


def observed(data: Networks) -> dict[tuple[str, str], float]:
    """What the data say of the quantities of `predict`, by unit and quantity; empty without outcomes."""
    if data.adopted is None:
        return {}
    known = data.adopted >= 0
    groups: dict[str, Array] = {"rate": known}
    if data.leader is not None and data.leader.any():
        groups |= {"rate_leaders": known & data.leader, "rate_others": known & ~data.leader}
    found = {}
    for name, rows in groups.items():
        for v, village in enumerate(data.villages):
            mine = rows & (data.village == v)
            if mine.any():
                found[village, name] = float(data.adopted[mine].mean())
        if rows.any():
            found[ALL, name] = float(data.adopted[rows].mean())
    if data.time is not None:
        curves = data.curves()
        dated = data.time[data.time >= 0]
        for t, period in enumerate(data.periods):
            found |= {(village, f"rate_by_{period}"): float(curves[v, t]) for v, village in enumerate(data.villages)}
            found[ALL, f"rate_by_{period}"] = float((dated <= t).mean())
    if data.leader is not None and data.leader.any():
        near, far = leader_rows(data, data.adopted == 1)
        found |= {(ALL, "rate_near_adopting_leaders"): near, (ALL, "rate_near_other_leaders"): far}
    return {key: value for key, value in found.items() if np.isfinite(value)}


@dataclass(frozen=True)
class Validation:
    """Each village predicted from the others.

    `villages`: village, households, observed, median, mean, low, high, naive, regression, regression_ties;
    `curves`: village, period, observed, median, low, high (empty without times).
    """

    villages: pd.DataFrame
    curves: pd.DataFrame

    def summary(self) -> dict[str, float]:
        """Root mean squared errors of the final rate, the floor that sampling sets, and coverage of the intervals."""
        v = self.villages
        floor = (v["observed"] * (1 - v["observed"]) / v["households"]).mean() ** 0.5
        found = {f"rmse_{name}": _rmse(v[name], v["observed"]) for name in ("median", *RIVALS)}
        found |= {"noise_floor": float(floor), "coverage": _covered(v)}
        if len(self.curves):
            found |= {"rmse_curve": _rmse(self.curves["median"], self.curves["observed"]),
                      "rmse_curve_naive": _rmse(self.curves["naive"], self.curves["observed"]),
                      "coverage_curve": _covered(self.curves)}  # fmt: skip
        return {key: round(float(value), 6) for key, value in found.items()}


RIVALS = ("naive", "regression", "regression_ties")


def _rmse(predicted: pd.Series, seen: pd.Series) -> float:
    return float(((predicted - seen) ** 2).mean() ** 0.5)


def _covered(table: pd.DataFrame) -> float:
    return float(((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).mean())


@one_thread
def cross_validate(
    fit: NetworkFit, seed: int = 1000, threads: int | None = None, progress: Progress | None = None
) -> Validation | None:
    """Leave out one village at a time, fit the others, predict it; None with fewer than `FEWEST_VILLAGES` villages.

    Beside it stand the mean rate of the other villages, and a logistic regression of adoption on the same columns of
    the households, without and with their numbers of ties.
    """
    import pandas as pd

    data = fit.data
    assert data is not None
    count = len(data.villages)
    rates = data.rates()
    usable = [v for v in range(count) if np.isfinite(rates[v])]
    if len(usable) < FEWEST_VILLAGES:
        return None
    curves = data.curves() if data.time is not None else np.zeros((count, 0))

    def one(v: int) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
        key = replicate_seed(seed, v)
        left = without(fit, v, key, LEFT_OUT_DRAWS)
        alone = data.only([v])
        future = simulate_future(left, alone, key)
        middle, low, high, mean = _middle(future.rates()[0])
        assert left.data is not None
        plain, tied = (logistic_rate(left.data, alone, ties=ties) for ties in (False, True))
        others = [u for u in usable if u != v]
        assert data.adopted is not None
        known = int((data.adopted[data.village == v] >= 0).sum())
        row = (data.villages[v], known, rates[v], middle, mean, low, high, rates[others].mean(), plain, tied)
        steps: list[tuple[object, ...]] = []
        for t, name in enumerate(data.periods):
            middle, low, high, _ = _middle(future.rates(by=t)[0])
            steps.append((data.villages[v], name, curves[v, t], middle, low, high, np.nanmean(curves[others, t])))
        return row, steps

    results = run_all(one, usable, threads=threads, progress=progress)
    villages = pd.DataFrame(
        [row for row, _ in results],
        columns=["village", "households", "observed", "median", "mean", "low", "high", *RIVALS],
    )
    steps = pd.DataFrame(
        [step for _, more in results for step in more],
        columns=["village", "period", "observed", "median", "low", "high", "naive"],
    )
    return Validation(villages.round(6), steps.round(6))


def _middle(values: Array) -> tuple[float, float, float, float]:
    """Median, low and high of the interval, mean."""
    low, high = np.quantile(values, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    # A small village has few possible shares; the median is interpolated between them (mid-distribution function).
    shares, counts = np.unique(values, return_counts=True)
    middle = np.interp(0.5, (np.cumsum(counts) - counts / 2) / len(values), shares)
    return float(np.clip(middle, low, high)), float(low), float(high), float(values.mean())


def logistic_rate(training: Networks, other: Networks, ties: bool) -> float:
    """Mean predicted adoption in `other`, by a logistic regression on the households of `training` (scipy)."""
    from scipy.optimize import minimize
    from scipy.special import expit

    assert training.adopted is not None
    design = learn_design(training)
    chosen = [k for k, c in enumerate(design.households) if ties or c.kind != "count"]
    known = training.adopted >= 0
    x = np.column_stack([np.ones(known.sum()), design.matrix(training)[known][:, chosen]])
    y = training.adopted[known].astype(np.float64)

    def loss(w: Array) -> tuple[float, Array]:
        eta = x @ w
        # A trace of a penalty, so that a column which separates the households has an end.
        value = np.logaddexp(0.0, eta).sum() - y @ eta + 0.01 * (w[1:] ** 2).sum()
        return float(value), x.T @ (expit(eta) - y) + 0.02 * np.concatenate([[0.0], w[1:]])

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-6}).x
    new = np.column_stack([np.ones(len(other.ids)), design.matrix(other)[:, chosen]])
    return float(expit(new @ found).mean())
