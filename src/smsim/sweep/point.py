"""Design points run: all strategies in the same paired worlds at every point; a row per run, failed ones included."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from smsim.costs import find_strategy
from smsim.engine.arrays import Array, Record
from smsim.errors import RunError, ScenarioError
from smsim.outcomes import (
    AGAINST_NONE,
    ALL,
    OUTCOMES,
    Key,
    against_none,
    kinds_of,
    outcomes_of_all,
    weekly_coverage,
)
from smsim.results import Run
from smsim.runner import abandoned, replicate_seed
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN, simulate, simulate_together
from smsim.sweep.problem import Factor, values_at
from smsim.world import Ground, build_ground, check_size, dress

# What is kept of the campaign as a whole; every other outcome belongs to a behaviour. Spending by item is not kept:
# it follows from the strategy's shares.
OF_CAMPAIGN = (
    "reach",
    "ownership_end",
    "endorsement_end",
    "approved_end",
    "response_end",
    "spent",
    "unspent",
    "budget",
)
GROUNDS = 3  # kept at a time: points of a block differ in one factor, and most leave the ground as it is


class Model(Protocol):
    """What the runner runs: anything that turns design points into rows. Must survive pickling."""

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of what is compared, in the order of the rows."""

    @property
    def replicates(self) -> int:
        """Runs of each at every design point."""

    def columns(self) -> tuple[str, ...]:
        """Names of the outcomes of a run, ``behaviour/outcome``."""

    def series(self) -> tuple[str, ...]:
        """Names of the weekly series of a run."""

    def runs(self, points: Array) -> Iterator[RunRow]:
        """Every run of these points (P, K) of the unit cube: by point, replicate and strategy, in this order.

        An error of one run, whatever it is, is a row with its stage and message.

        Raises
        ------
        MemoryError : the machine's trouble, not the point's: nothing is written down for it
        """


class RunRow(NamedTuple):
    """One run: where it belongs, what came out, or at which stage it failed and why."""

    point: int  # position among the points asked for
    replicate: int
    strategy: str
    seed: int
    values: Mapping[str, float]  # by column; what is missing is NaN
    series: Mapping[str, Array]  # by name
    stage: str = ""  # scenario, world, run or outcomes, where it failed
    message: str = ""


@dataclass(frozen=True)
class Campaigns:
    """The simulator as the model of a sweep.

    Parameters
    ----------
    strategies : "none" first
    replicates, seed : the same worlds for every design point
    """

    scenario: Scenario
    factors: tuple[Factor, ...]
    strategies: tuple[str, ...]
    replicates: int
    seed: int

    def __post_init__(self) -> None:
        for name in self.strategies:
            find_strategy(self.scenario, name)
        if self.strategies[0] != NO_CAMPAIGN or len(self.strategies) < 2:
            raise ScenarioError(f"name at least one strategy; this scenario has {', '.join(self.scenario.strategies)}")
        if not self.replicates >= 1:
            raise ScenarioError(f"replicates must be 1 or more; got {self.replicates}")

    @cached_property
    def _keys(self) -> dict[str, Key]:
        of_behaviour = [o for o in OUTCOMES if o not in OF_CAMPAIGN and not o.startswith(("spent_", "unspent_"))]
        keys = [Key(b, ALL, o) for b in self.scenario.behaviours for o in of_behaviour]
        keys += [Key(ALL, ALL, o) for o in OF_CAMPAIGN]
        return {f"{key.behaviour}/{key.outcome}": key for key in keys}

    @cached_property
    def _against(self) -> set[Key]:
        return {key for key in self._keys.values() if key.outcome in AGAINST_NONE}

    def columns(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def series(self) -> tuple[str, ...]:
        return tuple(f"{name}/weekly" for name in self.scenario.behaviours)

    def runs(self, points: Array) -> Iterator[RunRow]:
        varied = [self._scenario(point) for point in points]
        rows: dict[tuple[int, int], list[RunRow]] = {}
        for r in range(self.replicates):  # worlds outside: grounds of one world are shared by points, then dropped
            seed = replicate_seed(self.seed, r)
            grounds = Grounds(seed)
            for p, scenario in enumerate(varied):
                if abandoned():  # after Ctrl-C, say: a chunk may take minutes
                    raise RunError("the sweep was interrupted")
                rows[p, r] = self._world(p, r, seed, scenario, grounds)
        for place in sorted(rows):
            yield from rows[place]

    def _scenario(self, point: Array) -> Scenario | str:
        """The scenario of a point, or why there is none."""
        try:
            scenario = self.scenario.vary(values_at(self.factors, point))
            check_size(scenario)
            return scenario
        except Exception as error:  # noqa: BLE001  # any failure of one point becomes a row; the others go on
            return _words(error)

    def _world(self, point: int, replicate: int, seed: int, scenario: Scenario | str, grounds: Grounds) -> list[RunRow]:
        """All strategies in one world of one point. Whatever fails is a row that says so, and spoils no other."""

        def failed(strategy: str, stage: str, message: str) -> RunRow:
            return RunRow(point, replicate, strategy, seed, {}, {}, stage, message)

        if isinstance(scenario, str):
            return [failed(s, "scenario", scenario) for s in self.strategies]
        try:
            world = dress(scenario, grounds.of(scenario))
        except Exception as error:  # noqa: BLE001  # as above
            return [failed(s, "world", _words(error)) for s in self.strategies]
        try:
            done = reduced(scenario, *simulate_together(scenario, self.strategies, seed, world))
        except Exception:  # noqa: BLE001  # found again below, strategy by strategy
            done = {}
        rows = []
        none: dict[Key, float] | None = None
        for name in self.strategies:
            stage = "run"
            try:
                if name not in done:
                    run = simulate(scenario, name, seed, world)
                    stage = "outcomes"
                    done |= reduced(scenario, {name: run}, Record(*(array[None] for array in run.record)))
                found, weekly = done[name]
                none = found if name == NO_CAMPAIGN else none
                if none is not None:
                    found |= against_none(found, none, scenario)
                values = {column: found[key] for column, key in self._keys.items() if none or key not in self._against}
                rows.append(RunRow(point, replicate, name, seed, values, dict(zip(self.series(), weekly, strict=True))))
            except Exception as error:  # noqa: BLE001  # as above
                rows.append(failed(name, stage, _words(error)))
        return rows


def reduced(scenario: Scenario, runs: Mapping[str, Run], records: Record) -> dict[str, tuple[dict[Key, float], Array]]:
    """What is kept of runs over one world: by strategy its outcomes, and coverage by week as float32 (B, T).

    Parameters
    ----------
    records : of these runs, in their order: see `simulate_together`
    """
    weekly = weekly_coverage(records, kinds_of(scenario))
    outcomes = outcomes_of_all(scenario, [run.ledger for run in runs.values()], records, weekly, whole=True)
    series = np.ascontiguousarray(weekly.swapaxes(1, 2), np.float32)
    return dict(zip(runs, zip(outcomes, series, strict=True), strict=True))


class Grounds:
    """The last few grounds of one world, by the numbers that made them: most factors of a sweep leave it as it is."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._read: set[str] = set()
        self._kept: dict[tuple[Any, ...], Ground] = {}

    def of(self, scenario: Scenario) -> Ground:
        """The ground of a scenario, built if none of those kept is the same."""
        key = tuple((name, scenario.world[name]) for name in sorted(self._read))
        if key not in self._kept or not key:
            watched = Watched(scenario.world)
            ground = build_ground(watched, self.seed)
            if watched.read != self._read:  # the first; or another branch reads more, and nothing kept can be trusted
                self._read |= watched.read
                self._kept.clear()
                key = tuple((name, scenario.world[name]) for name in sorted(self._read))
            while len(self._kept) >= GROUNDS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = ground
        self._kept[key] = self._kept.pop(key)  # the last used goes last
        return self._kept[key]


class Watched(Mapping[str, Any]):
    """A mapping that notes which of its keys were read."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._mapping = mapping
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self._mapping[key]

    def __iter__(self) -> Iterator[str]:
        self.read |= set(self._mapping)
        return iter(self._mapping)

    def __len__(self) -> int:
        return len(self._mapping)


def part_table(model: Model, first: int, points: Array) -> pa.Table:
    """The runs of a chunk of points as a table, sorted by point, replicate and strategy.

    Parameters
    ----------
    first : number of the first of these points in the design
    """
    rows = list(model.runs(points))
    columns: dict[str, Any] = {
        "point": pa.array([first + row.point for row in rows], pa.int32()),
        "replicate": pa.array([row.replicate for row in rows], pa.int32()),
        "strategy": pa.array([row.strategy for row in rows], pa.string()),
        "seed": pa.array([row.seed for row in rows], pa.int64()),
        "failed": pa.array([bool(row.stage) for row in rows], pa.bool_()),
        "stage": pa.array([row.stage for row in rows], pa.string()),
        "message": pa.array([row.message for row in rows], pa.string()),
    }
    for name in model.columns():
        columns[name] = pa.array([float(row.values.get(name, math.nan)) for row in rows], pa.float64())
    for name in model.series():
        columns[name] = pa.array([row.series.get(name, ()) for row in rows], pa.list_(pa.float32()))
    return pa.table(columns)


def _words(error: Exception) -> str:
    """The error in one line."""
    if isinstance(error, MemoryError):
        raise error  # the machine's trouble, not the point's: it must not be written down as a result
    text = " ".join(str(error).split())
    return text if isinstance(error, ScenarioError) and text else f"{type(error).__name__}: {text}".removesuffix(": ")
