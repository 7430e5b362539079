"""Real networks: what is seen in them, and whether the rule fitted to some villages predicts the others.

The folder holds data sets (nodes.csv and edges.csv each), or is one. Here the oracle is what people did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from smsim.errors import DataError
from smsim.networks import NetworkFit, Networks, Validation, cross_validate, fit_networks, read_networks
from smsim.networks.patterns import ego_alter, patterns, shuffled
from smsim.validate.check import Check, Finding, Line, Picture, judged, say, skipped

SEED = 1000
SHUFFLES = 10
SOURCES = {
    "korea_family_planning": "Rogers and Kincaid 1981; Valente 1995",
    "india_microfinance": "Banerjee et al. 2013, doi:10.1126/science.1236498",
}
ONE_SIDED = 1.645


def checks(folder: Path) -> Iterator[Finding]:
    """Checks and pictures of every data set in the folder.

    Raises
    ------
    DataError : no data set there
    """
    found = [folder] if (folder / "nodes.csv").is_file() else sorted(p.parent for p in folder.glob("*/nodes.csv"))
    if not found:
        raise DataError(f"{folder}: no nodes.csv here, nor in a folder below; name the folder of the network data")
    for place in found:
        yield from data_checks(read_networks(place), SOURCES.get(place.resolve().name, place.resolve().name))


def data_checks(data: Networks, source: str) -> Iterator[Finding]:
    """Checks and pictures of one data set."""
    if data.adopted is None:
        yield skipped(f"{data.name}: real villages", source, "the data hold no outcome")
        return
    yield from _seen(data, source)
    fit = fit_networks(data, SEED)
    if data.time is not None:
        yield _negative_control(data, source)
    validation = cross_validate(fit, SEED, threads=1)
    if validation is None:
        yield skipped(f"{data.name}: villages left out are predicted", source, "too few villages to leave one out")
        return
    yield from _predictions(data, validation, source)
    yield from _pictures(data, validation, fit)


def _seen(data: Networks, source: str) -> Iterator[Finding]:
    alike = ego_alter(data, SEED)
    what = "adoption time" if data.time is not None else "adoption"
    yield judged(
        f"{data.name}: neighbours are alike in {what}, beyond their village", source,
        f"above 95% of {len(alike.shuffles)} shuffles within villages ({say(np.quantile(alike.shuffles, 0.95), 3)})",
        f"correlation {say(alike.correlation, 3)}", f"p = {say(alike.p_value, 2)}", alike.p_value < 0.05,
    )  # fmt: skip
    table = patterns(data, SEED).set_index("pattern")
    channels = {
        name: table.loc[f"adopted, reached less not reached by {name}"]
        for name in ("exp_home_visit", "club_member", "exp_neighbours", "exp_radio")
        if f"adopted, reached less not reached by {name}" in table.index
    }
    for name in ("exp_home_visit", "club_member", "exp_neighbours"):
        if name in channels and "exp_radio" in channels:
            own, radio = channels[name], channels["exp_radio"]
            yield judged(
                f"{data.name}: {name} goes with adoption more than radio does", source,
                f"above radio's {_between(radio)}", _between(own), "90% intervals; reached against not, same village",
                bool(own["value"] > radio["value"] and own["low"] > 0),
            )  # fmt: skip
    for pattern in ("adopted, leaders less others", "adopted, near adopting leaders less near others only"):
        if pattern in table.index:
            row = table.loc[pattern]
            yield judged(
                f"{data.name}: {pattern}", source, "above 0", _between(row), "90% interval", bool(row["low"] > 0)
            )


def _between(row: pd.Series) -> str:
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"


def _negative_control(data: Networks, source: str) -> Check:
    """The effect of neighbours in shuffled data: nothing is left to find."""
    covered, last = 0, (0.0, 0.0, 0.0)
    for k in range(SHUFFLES):
        last = fit_networks(shuffled(data, SEED + k), SEED + k).interval("peers")
        covered += last[1] <= 0 <= last[2]
    return judged(
        f"{data.name}: adoption times shuffled within villages show no effect of neighbours", source,
        f"the 90% interval covers 0 in about 9 of {SHUFFLES} shuffles",
        f"{covered} of {SHUFFLES}; the last {last[0]:.2f} [{last[1]:.2f}, {last[2]:.2f}]",
        "7 or more: fewer has a chance of 1% (binomial)", covered >= 7,
    )  # fmt: skip


def _predictions(data: Networks, validation: Validation, source: str) -> Iterator[Check]:
    s, table = validation.summary(), validation.villages
    floor = f"sampling noise alone {s['noise_floor']:.4f}"
    yield judged(
        f"{data.name}: villages left out are predicted better than by the mean of the others", source,
        f"RMSE below {s['rmse_naive']:.4f}", f"{s['rmse_median']:.4f}", floor, s["rmse_median"] < s["rmse_naive"],
    )  # fmt: skip
    own, other = ((table[name] - table["observed"]) ** 2 for name in ("median", "regression"))
    worse, error = float((own - other).mean()), float((own - other).std(ddof=1) / len(table) ** 0.5)
    word = "better" if s["rmse_median"] < s["rmse_regression"] else "worse"
    yield judged(
        f"{data.name}: nor worse than by a logistic regression of households on covariates", source,
        f"RMSE {s['rmse_regression']:.4f} or less, or no difference beyond noise", f"{s['rmse_median']:.4f}",
        f"difference of squares {worse:.5f}, standard error {error:.5f}", worse < ONE_SIDED * error,
        f"it is {word}; the regression with numbers of ties among its columns: {s['rmse_regression_ties']:.4f}",
    )  # fmt: skip
    for label, tables in (("final rates", table), ("curves", validation.curves)):
        if len(tables):
            inside = ((tables["low"] <= tables["observed"]) & (tables["observed"] <= tables["high"])).mean()
            # Points of one curve are nearly one observation: what counts is the number of villages.
            slack = 1.96 * (0.9 * 0.1 / len(table)) ** 0.5
            yield judged(
                f"{data.name}: 90% intervals of the {label} cover what villages left out did", source, "90%",
                f"{inside:.0%}", f"{slack:.0%}: two standard errors of {len(table)} villages",
                bool(abs(inside - 0.9) <= slack),
            )  # fmt: skip


def _pictures(data: Networks, validation: Validation, fit: NetworkFit) -> Iterator[Picture]:
    table = validation.villages.sort_values("median").reset_index(drop=True)
    at = np.arange(len(table), dtype=np.float64)
    middle = ((table["low"] + table["high"]) / 2).to_numpy()
    name = data.name.replace("_", "-")
    yield Picture(
        f"networks-{name}", f"{data.name}: each village predicted from the others",
        "villages, in the order of the prediction", "share of households that adopted",
        (
            Line("predicted, 90% interval", at, middle, True, ((table["high"] - table["low"]) / 2).to_numpy()),
            Line("predicted, median", at, table["median"].to_numpy()),
            Line("observed", at, table["observed"].to_numpy(), True),
        ),
    )  # fmt: skip
    if fit.periods:
        curve = validation.curves.groupby("period", sort=False)[["observed", "median"]].mean()
        years = np.arange(len(curve), dtype=np.float64)
        yield Picture(
            f"networks-{name}-curve", f"{data.name}: adoption curve, mean of the villages",
            f"period ({fit.periods[0]} to {fit.periods[-1]})", "share of households that adopted",
            (
                Line("predicted, each village from the others", years, curve["median"].to_numpy()),
                Line("observed", years, curve["observed"].to_numpy(), True),
            ),
        )  # fmt: skip
