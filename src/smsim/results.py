"""A run: one scenario, strategy and seed, with everything that happened week by week."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from smsim.costs import Ledger
from smsim.engine.arrays import STAGES, Array, Record, State
from smsim.folder import MANIFEST, whole_folder, write_manifest
from smsim.outcomes import (
    ALL,
    GROUPS,
    OUTCOMES,
    Key,
    Weeks,
    by_group,
    coverage_counts,
    kinds_of,
    outcomes_of,
    share,
    unit_of,
)

# pandas is imported where a frame is asked for: `smsim run` asks for none, and half its start would be that import.
if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from smsim.scenario import Scenario
    from smsim.world import World

SERIES = ("coverage", *STAGES, "refused", "voiced")  # shares kept of every week, behaviour and group


@dataclass(frozen=True, repr=False)
class Run:
    """What `simulate` gives: the inputs, the record of every week, and the state after the last."""

    scenario: Scenario
    strategy: str
    seed: int
    world: World
    ledger: Ledger
    record: Record
    last: State | Callable[[], State]  # or how to work it out

    @cached_property
    def state(self) -> State:
        """State after the last week; a contagion on its own is run again for it, week by week."""
        return self.last() if callable(self.last) else self.last

    def coverage(self) -> pd.DataFrame:
        """Shares of households, tidy: week, behaviour, group, level, stage, share.

        `group` is "all" or an axis such as "wealth", `level` its value. `stage` is a stage, "refused", "voiced" (says
        so in public; known of all households only) or "coverage": of permanent and repeated behaviours adopted and
        maintained together, of events and rounds served over eligible in the last 26 weeks. Week 0 is the first
        of the campaign; the burn-in has negative weeks.
        """
        import pandas as pd

        return pd.DataFrame(self._coverage())

    def _coverage(self) -> dict[str, Array]:
        first = -int(self.scenario.run["burn_in_weeks"])
        series = series_of(self.scenario, self.record)
        columns = weekly_columns(series, first, list(self.scenario.behaviours), "stage", "share")
        parts = {name: name.partition(":") for name in GROUPS}
        group, level = ({name: part[k] or ALL for name, part in parts.items()} for k in (0, 2))
        of = columns["group"]
        columns["group"] = np.array([group[name] for name in of], object)
        level_of = np.array([level[name] for name in of], object)
        order = ("week", "behaviour", "group", "level", "stage", "share")
        return {name: level_of if name == "level" else columns[name] for name in order}

    def outcomes(self) -> pd.DataFrame:
        """One row per outcome: strategy, seed, behaviour, group, outcome, value, unit.

        Outcomes against no campaign (additional adopters and their cost) need a second run: see `compare`.
        """
        values = outcomes_of(self.scenario, self.ledger, self.record)
        frame = outcome_frame(self.scenario, values)
        frame.insert(0, "strategy", self.strategy)
        frame.insert(1, "seed", self.seed)
        return frame

    def plot(self) -> Figure:
        """Coverage by week, one line per behaviour, and the stages below it."""
        from smsim.plots import run_figure

        return run_figure(self)

    def write(self, folder: str | os.PathLike[str], command: str | None = None) -> None:
        """Write weekly.parquet (the frame of `coverage`) and manifest.json into a folder, both or neither.

        Raises
        ------
        ScenarioError : the folder cannot be written
        RunError : writing failed on the way
        """
        details = {"strategy": self.strategy, "seed": self.seed, "weeks": Weeks.of(self.scenario)._asdict()}
        with whole_folder(folder) as staging:
            _write_columns(self._coverage(), staging / "weekly.parquet")
            write_manifest(staging / MANIFEST, self.scenario, command, details)

    def __repr__(self) -> str:
        end = Weeks.of(self.scenario).end
        covered, possible = coverage_counts(self.record, kinds_of(self.scenario))
        shares = share(covered[end, :, 0], possible[end, :, 0])
        reached = ", ".join(f"{n} {x:.1%}" for n, x in zip(self.scenario.behaviours, shares, strict=True))
        return (
            f"Run({self.scenario.name!r}, {self.strategy}, seed {self.seed}; coverage at the campaign's end: {reached})"
        )


def series_of(scenario: Scenario, record: Record) -> Array:
    """Coverage, stages, refusals and voices as shares, float64 (T, B, 14, 9): by week, behaviour, `GROUPS`, `SERIES`.

    Voiced support is known of all households only, and missing in the other groups.
    """
    covered, possible = coverage_counts(record, kinds_of(scenario))
    stages = np.moveaxis(by_group(np.moveaxis(record.stage, -1, -2)), -1, -2)  # (T, B, 14, 6)
    households = stages.sum(axis=-1, keepdims=True)
    refused = by_group(record.refused)[..., None]
    voiced = np.full(refused.shape, np.nan)
    voiced[:, :, 0, 0] = record.voiced / households[:, :, 0, 0]
    shares = (share(covered, possible)[..., None], share(stages, households), share(refused, households), voiced)
    return np.concatenate(shares, axis=-1)


def weekly_columns(
    series: Array, first_week: int, behaviours: list[str], quantity: str, *names: str
) -> dict[str, Array]:
    """Series (T, B, 14, 9, len(names)) as rows: week (the first is `first_week`), behaviour, group, quantity, names."""
    index = np.indices(series.shape[:4]).reshape(4, -1)
    known = (index[2] == 0) | (index[3] != SERIES.index("voiced"))
    week, layer, group, kind = index[:, known]
    columns: dict[str, Any] = {
        "week": (week + first_week).astype(np.int32),
        "behaviour": np.array(behaviours, dtype=object)[layer],
        "group": np.array(GROUPS, dtype=object)[group],
        quantity: np.array(SERIES, dtype=object)[kind],
    }
    values = series.reshape(-1, len(names))[known]
    return columns | {name: values[:, k] for k, name in enumerate(names)}


def outcome_frame(scenario: Scenario, values: dict[Key, float]) -> pd.DataFrame:
    """Rows behaviour, group, outcome, value, unit; in the order of behaviours, groups and `OUTCOMES`."""
    import pandas as pd

    keys = sort_keys(scenario, values)
    kind = {name: str(one["kind"]) for name, one in scenario.behaviours.items()}
    return pd.DataFrame(
        {
            "behaviour": [key.behaviour for key in keys],
            "group": [key.group for key in keys],
            "outcome": [key.outcome for key in keys],
            "value": [values[key] for key in keys],
            "unit": [unit_of(key.outcome, kind.get(key.behaviour)) for key in keys],
        }
    )


def sort_keys(scenario: Scenario, keys: Any) -> list[Key]:
    """Keys of outcomes in the order of every table: behaviours, groups, outcomes; those of the campaign last."""
    behaviours = [*scenario.behaviours]
    rank = {name: k for k, name in enumerate(OUTCOMES)}

    def place(key: Key) -> tuple[int, int, int]:
        layer = behaviours.index(key.behaviour) if key.behaviour in behaviours else len(behaviours)
        return layer, GROUPS.index(key.group), rank[key.outcome]

    return sorted(keys, key=place)


def write_parquet(frame: pd.DataFrame, path: os.PathLike[str]) -> None:
    """A Parquet file; names are stored once each."""
    names = [c for c in frame.columns if frame[c].dtype == object or str(frame[c].dtype) in ("str", "string")]
    with open(path, "wb") as file:  # by its name alone, pyarrow takes "may:2/weekly.parquet" for an address
        frame.astype(dict.fromkeys(names, "category")).to_parquet(file, index=False)


def _write_columns(columns: dict[str, Array], path: os.PathLike[str]) -> None:
    # What `write_parquet` would write of a frame of them. From buffers, since `pyarrow.array` imports pandas.
    import pyarrow as pa
    import pyarrow.parquet

    def numbers(values: Array) -> Any:
        known = values == values  # what is missing is null in the file; a NaN would be a number to all but pandas
        valid = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [valid, pa.py_buffer(values)])

    def names(values: Array) -> Any:
        distinct, codes = np.unique(values, return_inverse=True)
        letters = [name.encode() for name in distinct]
        ends = np.cumsum([0, *map(len, letters)], dtype=np.int32)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(letters))]
        dictionary = pa.Array.from_buffers(pa.string(), len(letters), buffers)
        return pa.DictionaryArray.from_arrays(numbers(codes.astype(np.int32)), dictionary)

    arrays = {
        name: names(values) if values.dtype == object else numbers(np.ascontiguousarray(values))
        for name, values in columns.items()
    }
    with open(path, "wb") as file:
        pyarrow.parquet.write_table(pa.table(arrays), file)
