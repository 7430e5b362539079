"""Strategies compared at equal budget, over replicates in paired worlds."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from smsim.costs import SETUP, SUPERVISION, find_strategy
from smsim.economics import Ratio, ratio_of_means
from smsim.engine.arrays import ACTIVITIES, SOURCES, Array
from smsim.errors import RunError, ScenarioError, SmsimError
from smsim.findings import TargetCheck, summary_of, targets_of
from smsim.folder import MANIFEST, whole_folder, write_csv, write_manifest
from smsim.i18n import SOURCE, Words
from smsim.outcomes import ALL, GROUPS, OUTCOMES, Key, Weeks, against_none, outcomes_of, spent_on, unit_of, unspent_on
from smsim.paired import Difference, cost_difference, paired_difference
from smsim.results import series_of, sort_keys, weekly_columns, write_parquet
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN, simulate_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COST = "cost_per_additional_adopter"
BAND = (0.05, 0.95)  # of the worlds, in weekly tables and pictures
# Columns of `Comparison.table` and the outcomes they hold; those of the whole campaign are the same for each behaviour.
TABLE = {
    "coverage_baseline": "coverage_baseline",
    "coverage_end": "coverage_end",
    "coverage_follow_up": "coverage_follow_up",
    "reach": "reach",
    "weeks_to_target": "weeks_to_target",
    "gap_wealth": "gap_wealth_end",
    "erreygers_wealth": "erreygers_end",
    "refused": "refused_end",
    "unmet_demand": "unmet_demand",
    "sustainability": "sustainability",
    "spent": "spent",
    "unspent": "unspent",
    "additional_adopters": "additional_adopters",
    COST: COST,
}


class Replicate(NamedTuple):
    """What is kept of one world: per strategy the outcomes, and the series of every week, float32 (T, B, 14, 9)."""

    outcomes: dict[str, dict[Key, float]]
    series: dict[str, Array]


def compare(
    scenario: Scenario,
    replicates: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    strategies: Sequence[str] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Comparison:
    """Compare strategies over replicates; each replicate is one world, the same for every strategy.

    Parameters
    ----------
    replicates, seed : the scenario's own if None
    threads : replicates at once; SMSIM_THREADS or the number of cores if None. Results do not depend on it.
    strategies : those to compare, besides no campaign; all of the scenario if None
    progress : called with (replicates done, replicates)

    Raises
    ------
    ScenarioError : fewer than two replicates, no or unknown strategies, set-up dearer than the budget
    RunError : a replicate failed; says which, and its seed
    """
    count = int(scenario.run["replicates"]) if replicates is None else replicates
    first = int(scenario.run["seed"]) if seed is None else seed
    names = list(scenario.strategies if strategies is None else dict.fromkeys(strategies))
    if not count >= 2:
        raise ScenarioError(f"replicates must be 2 or more, for an interval needs two worlds; got {count}")
    if isinstance(strategies, str) or not [name for name in names if name != NO_CAMPAIGN]:
        raise ScenarioError(f"name at least one strategy in a list; this scenario has {', '.join(scenario.strategies)}")
    for name in names:
        find_strategy(scenario, name)
    chosen = (NO_CAMPAIGN, *(name for name in names if name != NO_CAMPAIGN))
    work = partial(run_replicate, scenario, chosen, first)
    return assemble(scenario, chosen, first, run_all(work, range(count), threads=threads, progress=progress))


def run_replicate(scenario: Scenario, strategies: tuple[str, ...], seed: int, replicate: int) -> Replicate:
    """All strategies in the world of one replicate, reduced to what a comparison keeps."""
    own = replicate_seed(seed, replicate)
    try:
        runs = simulate_all(scenario, strategies, own)
    except (SmsimError, MemoryError):
        raise
    except Exception as error:
        raise RunError(f"replicate {replicate} (seed {own}) failed: {type(error).__name__}: {error}") from error
    outcomes = {name: outcomes_of(scenario, run.ledger, run.record) for name, run in runs.items()}
    for name in outcomes:
        outcomes[name] |= against_none(outcomes[name], outcomes[NO_CAMPAIGN], scenario)
    series = {name: series_of(scenario, run.record).astype(np.float32) for name, run in runs.items()}
    return Replicate(outcomes, series)


def assemble(scenario: Scenario, strategies: tuple[str, ...], seed: int, parts: Sequence[Replicate]) -> Comparison:
    """A comparison of its replicates, in their order; "none" comes first among the strategies."""
    keys = sort_keys(scenario, parts[0].outcomes[strategies[0]])
    values = np.array([[[part.outcomes[s][key] for key in keys] for part in parts] for s in strategies])
    series = np.array([[part.series[s] for part in parts] for s in strategies])
    return Comparison(scenario, strategies, seed, tuple(keys), values, series)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Outcomes and weekly series of S strategies over R paired worlds; the first strategy is "none"."""

    scenario: Scenario
    strategies: tuple[str, ...]
    seed: int
    keys: tuple[Key, ...]
    values: Array  # float64 (S, R, K): outcome of every strategy, world and key
    series: Array  # float32 (S, R, T, B, 14, 9): see `smsim.results.series_of`

    @property
    def replicates(self) -> int:
        """Paired worlds, R."""
        return int(self.values.shape[1])

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The strategies other than no campaign."""
        return self.strategies[1:]

    @cached_property
    def _place(self) -> dict[Key, int]:
        return {key: k for k, key in enumerate(self.keys)}

    def worlds(self, strategy: str, outcome: str, behaviour: str = ALL, group: str = ALL) -> Array:
        """One outcome of one strategy in every world, float64 (R,); NaN where missing.

        Raises
        ------
        ScenarioError : there is no such strategy, outcome, behaviour or group here
        """
        if strategy not in self.strategies:
            raise ScenarioError(f"no strategy {strategy!r} in this comparison; it has {', '.join(self.strategies)}")
        key = Key(behaviour, group, outcome)
        if key not in self._place:
            known = ", ".join(dict.fromkeys(k.outcome for k in self.keys if (k.behaviour, k.group) == key[:2]))
            raise ScenarioError(
                f"no outcome {outcome!r} of behaviour {behaviour!r}, group {group!r}; there are: {known}"
            )
        values: Array = self.values[self.strategies.index(strategy), :, self._place[key]]
        return values

    def mean(self, strategy: str, outcome: str, behaviour: str = ALL, group: str = ALL) -> float:
        """Mean over the worlds that have a value, missing if none has; of costs per adopter the ratio of means."""
        if outcome == COST:
            return self.cost(strategy, behaviour).value
        values = self.worlds(strategy, outcome, behaviour, group)
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else math.nan

    def band(self, strategy: str, outcome: str, behaviour: str = ALL, group: str = ALL) -> tuple[float, float]:
        """Between these lies the outcome in 90% of the worlds that have a value."""
        values = self.worlds(strategy, outcome, behaviour, group)
        values = values[np.isfinite(values)]
        low, high = np.quantile(values, BAND) if len(values) else (math.nan, math.nan)
        return float(low), float(high)

    def cost(self, strategy: str, behaviour: str) -> Ratio:
        """US$ per additional adopter, mean spending over mean additional adopters, with its 95% interval (Fieller).

        Missing where additional adopters cannot be told from none.
        """
        if strategy == NO_CAMPAIGN:
            return Ratio(math.nan, math.nan, math.nan)
        return ratio_of_means(self.worlds(strategy, "spent"), self.worlds(strategy, "additional_adopters", behaviour))

    def outcomes(self) -> pd.DataFrame:
        """One row per strategy, replicate, behaviour, group and outcome: value and unit; missing values are NaN."""
        strategies, replicates, keys = self.values.shape
        kind = {name: str(one["kind"]) for name, one in self.scenario.behaviours.items()}
        units = [unit_of(key.outcome, kind.get(key.behaviour)) for key in self.keys]
        columns = {name: [key[k] for key in self.keys] for k, name in enumerate(Key._fields)}
        return pd.DataFrame(
            {
                "strategy": np.repeat(np.array(self.strategies, object), replicates * keys),
                "replicate": np.tile(np.repeat(np.arange(replicates), keys), strategies),
                **{
                    name: np.tile(np.array(column, object), strategies * replicates) for name, column in columns.items()
                },
                "value": self.values.reshape(-1),
                "unit": np.tile(np.array(units, object), strategies * replicates),
            }
        )

    def difference(self, a: str, b: str, outcome: str, behaviour: str = ALL, group: str = ALL) -> Difference:
        """Strategy a less strategy b in one outcome, worlds paired."""
        if outcome == COST:
            if NO_CAMPAIGN in (a, b):
                return Difference(math.nan, math.nan, math.nan, math.nan, False, 0, math.nan)
            sides = [(self.worlds(s, "spent"), self.worlds(s, "additional_adopters", behaviour)) for s in (a, b)]
            return cost_difference(*sides[0], *sides[1])
        x, y = (self.worlds(s, outcome, behaviour, group) for s in (a, b))
        return paired_difference(x, y, OUTCOMES[outcome].better)

    def contrast(self, a: str, b: str, outcome: str = "coverage_end", behaviour: str | None = None) -> pd.DataFrame:
        """Strategy a less strategy b in one outcome: one row per behaviour, columns as in contrasts.csv."""
        layers = [behaviour] if behaviour else [k.behaviour for k in self.keys if k[1:] == (ALL, outcome)]
        if not layers:
            self.worlds(a, outcome)  # says which outcomes there are
        return pd.DataFrame([self._contrast_row(a, b, outcome, layer) for layer in layers])

    def contrasts(self) -> pd.DataFrame:
        """Every pair of strategies in every outcome of all households: the later strategy less the earlier."""
        names = [key for key in self.keys if key.group == ALL]
        pairs = [(a, b) for b, a in combinations(self.strategies, 2)]
        return pd.DataFrame([self._contrast_row(a, b, key.outcome, key.behaviour) for key in names for a, b in pairs])

    def _contrast_row(self, a: str, b: str, outcome: str, behaviour: str) -> dict[str, Any]:
        found = self.difference(a, b, outcome, behaviour)
        kinds = self.scenario.behaviours
        return {
            "behaviour": behaviour,
            "outcome": outcome,
            "a": a,
            "b": b,
            "difference": found.mean,
            "lower": found.lower,
            "upper": found.upper,
            "share_a_beats_b": found.a_beats_b,
            "separated": found.separated,
            "replicates": found.replicates,
            "replicates_needed": found.replicates_needed,
            "unit": unit_of(outcome, str(kinds[behaviour]["kind"]) if behaviour in kinds else None),
        }

    def table(self) -> pd.DataFrame:
        """One row per strategy and behaviour: for each main outcome its mean, and `_lower` and `_upper`.

        Between these lie 90% of the worlds; of cost per additional adopter they are the 95% interval of the ratio of
        means. Missing values are left out of the means: weeks to the target are of worlds that reach it.
        """
        rows = []
        for s, behaviour in product(self.strategies, self.scenario.behaviours):
            row: dict[str, Any] = {"strategy": s, "behaviour": behaviour}
            for column, outcome in TABLE.items():
                layer = behaviour if Key(behaviour, ALL, outcome) in self._place else ALL
                limits = self.cost(s, behaviour)[1:] if outcome == COST else self.band(s, outcome, layer)
                row[column] = self.mean(s, outcome, layer)
                row[f"{column}_lower"], row[f"{column}_upper"] = limits
            rows.append(row)
        return pd.DataFrame(rows)

    def equity(self) -> pd.DataFrame:
        """Coverage at the end by group: strategy, behaviour, group, mean, lower, upper (90% of the worlds)."""
        rows = [
            (s, b, g, self.mean(s, "coverage_end", b, g), *self.band(s, "coverage_end", b, g))
            for s, b, g in product(self.strategies, self.scenario.behaviours, GROUPS)
        ]
        return pd.DataFrame(rows, columns=["strategy", "behaviour", "group", "mean", "lower", "upper"])

    def sources(self) -> pd.DataFrame:
        """What moved adopters during the campaign: strategy, behaviour, source, share (mean over worlds)."""
        rows = [
            (s, b, source, self.mean(s, f"adopted_through_{source}", b))
            for s, b, source in product(self.strategies, self.scenario.behaviours, SOURCES)
        ]
        return pd.DataFrame(rows, columns=["strategy", "behaviour", "source", "share"])

    def spending(self) -> pd.DataFrame:
        """US$ by campaign and item, means over worlds: strategy, item, kind, planned, spent, unspent."""
        kinds = {**dict.fromkeys(ACTIVITIES, "activity"), **dict.fromkeys(SETUP, "set-up"), SUPERVISION: "supervision"}
        rows = []
        for s, (item, kind) in product(self.campaigns, kinds.items()):
            spent = self.mean(s, spent_on(item))
            unspent = self.mean(s, unspent_on(item)) if kind == "activity" else 0.0
            rows.append((s, item, kind, spent + unspent, spent, unspent))
        return pd.DataFrame(rows, columns=["strategy", "item", "kind", "planned", "spent", "unspent"])

    def weekly(self) -> pd.DataFrame:
        """Every week's shares: strategy, week, behaviour, group, quantity, mean, lower, upper (90% of the worlds).

        Week 0 is the first of the campaign; those of the burn-in are below. `quantity` is coverage, a stage, refused
        or voiced.
        """
        first = -Weeks.of(self.scenario).first
        parts = []
        for s, strategy in enumerate(self.strategies):
            worlds = self.series[s].astype(float)
            stacked = np.stack([worlds.mean(axis=0), *np.quantile(worlds, BAND, axis=0)], axis=-1)
            names, quantities = list(self.scenario.behaviours), ("mean", "lower", "upper")
            frame = pd.DataFrame(weekly_columns(stacked, first, names, "quantity", *quantities))
            frame.insert(0, "strategy", strategy)
            parts.append(frame)
        return pd.concat(parts, ignore_index=True)

    def weekly_worlds(self) -> pd.DataFrame:
        """Coverage of all households, world by world: strategy, replicate, week, behaviour, group, quantity, mean."""
        strategies, replicates, weeks, layers = np.indices(self.series.shape[:4]).reshape(4, -1)
        columns = {
            "strategy": np.array(self.strategies, object)[strategies],
            "replicate": pd.array(replicates, dtype="Int32"),
            "week": (weeks - Weeks.of(self.scenario).first).astype(np.int32),
            "behaviour": np.array(list(self.scenario.behaviours), object)[layers],
            "group": ALL,
            "quantity": "coverage",
            "mean": self.series[..., 0, 0].reshape(-1).astype(float),
        }
        return pd.DataFrame(columns)

    def targets(self) -> pd.DataFrame:
        """The scenario's targets beside what was simulated: median, 90% of worlds, gap and verdict; a row each."""
        return pd.DataFrame(targets_of(self), columns=TargetCheck._fields)

    def summary(self, language: str = SOURCE) -> list[str]:
        """What was found, in plain sentences; every number is one of the tables'. Ranks only what is separated."""
        return summary_of(self, Words(language))

    def plot(self) -> Figure:
        """Coverage by week and strategy, with bands."""
        from smsim.plots import coverage_figure

        return coverage_figure(self)

    def write(
        self,
        folder: str | os.PathLike[str],
        command: str | None = None,
        language: str = SOURCE,
        progress: Callable[[int, int], Any] | None = None,
    ) -> None:
        """Write report, tables, pictures and manifest into a folder, all or none.

        Parameters
        ----------
        language : of report and pictures, a key of `smsim.i18n.LANGUAGES`; tables for programs are the same in all
        progress : called with (pictures drawn, pictures), which take longer than all else

        Raises
        ------
        ScenarioError : the folder cannot be written, or there is no such language
        RunError : writing failed on the way; the old results are as they were
        """
        from smsim.plots import comparison_figures, save
        from smsim.report import render

        words, tell = Words(language), progress or (lambda drawn, pictures: None)
        details = {
            "seed": self.seed,
            "replicates": self.replicates,
            "compared": list(self.strategies),
            "weeks": Weeks.of(self.scenario)._asdict(),
            "band": list(BAND),
        }
        with whole_folder(folder) as staging:
            write_csv(self.outcomes(), staging / "outcomes.csv", ("strategy", "behaviour"))
            write_csv(self.contrasts(), staging / "contrasts.csv", ("behaviour", "a", "b"))
            # Rows with a replicate are of that world; the others are over all of them.
            both = pd.concat([self.weekly(), self.weekly_worlds()], ignore_index=True)
            write_parquet(both, staging / "weekly.parquet")
            pictures = comparison_figures(self, words)
            tell(0, len(pictures))
            for drawn, (name, picture) in enumerate(pictures.items(), 1):
                save(picture.figure, staging / name)
                (staging / name).with_suffix(".svg").write_bytes(picture.svg)
                tell(drawn, len(pictures))
            (staging / "report.html").write_bytes(render(self, pictures, command, words).encode("utf-8"))
            write_manifest(staging / MANIFEST, self.scenario, command, details)

    def __repr__(self) -> str:
        means = self.table().set_index(["behaviour", "strategy"]).sort_index(level=0, sort_remaining=False)[list(TABLE)]
        return (
            f"Comparison({self.scenario.name!r}: {', '.join(self.strategies)}; {self.replicates} paired worlds, "
            f"seed {self.seed})\n{means.to_string(float_format='{:.3g}'.format, na_rep='-')}"
        )
