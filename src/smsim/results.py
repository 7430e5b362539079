"""What one run gives: weekly coverage by group, and the outcomes that a planner or a paper quotes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from smsim.costs import Ledger
from smsim.economics import erreygers
from smsim.engine.arrays import ACTIVITIES, SOURCES, STAGES, Array, Record, State
from smsim.scenario import Scenario
from smsim.world import CELL_AXES, World

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

EVENT_KINDS = ("event", "round")
COVERAGE_WEEKS = 26  # coverage of events and rounds: served among eligible over so many weeks

COVERAGE, HOUSEHOLDS, WEEKS, DOLLARS = "share", "households", "weeks", "US$"

Outcome = tuple[str, str, str, float, str]  # behaviour, group, outcome, value, unit


@dataclass(frozen=True)
class Run:
    """One strategy in one world: what happened, week by week, and the state at the end."""

    scenario: Scenario
    strategy: str
    seed: int
    world: World
    ledger: Ledger
    record: Record
    state: State

    @property
    def baseline_week(self) -> int:
        """Last week before the campaign; 0 when there is no burn-in."""
        return max(int(self.scenario.run["burn_in_weeks"]) - 1, 0)

    @property
    def end_week(self) -> int:
        """Last week of the campaign."""
        return int(self.scenario.run["burn_in_weeks"] + self.scenario.campaign["weeks"]) - 1

    @property
    def last_week(self) -> int:
        """Last week of the run."""
        return len(self.record.spent) - 1

    def adopters(self, behaviour: str) -> tuple[Array, Array]:
        """Adopters (events, rounds: served) and those they are a share of, float64 (T, 80) each, week by cell."""
        b = list(self.scenario.behaviours).index(behaviour)
        if self.scenario.behaviours[behaviour]["kind"] in EVENT_KINDS:
            served, eligible = (trailing(x[:, b].astype(float)) for x in (self.record.served, self.record.eligible))
            return served, eligible
        stages = self.record.stage[:, b].astype(float)
        return stages[:, :, 3] + stages[:, :, 4], stages.sum(axis=2)

    def weekly_coverage(self, behaviour: str, group: str = "all") -> Array:
        """Coverage of a behaviour in a group, float64 (T,) in [0, 1]; missing (nan) while nobody is eligible."""
        done, base = (x[:, cells_of(group)].sum(axis=1) for x in self.adopters(behaviour))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(done / base)

    def coverage(self) -> pd.DataFrame:
        """Tidy weekly frame: week, behaviour, group, level, stage, share.

        Weeks count from the start of the campaign. The extra stage "coverage" is the share that adopts (events and
        rounds: served among eligible over the last 26 weeks).
        """
        import pandas as pd

        weeks = np.arange(self.last_week + 1) - int(self.scenario.run["burn_in_weeks"])
        frames = []
        for b, behaviour in enumerate(self.scenario.behaviours):
            for group in GROUPS:
                axis, _, level = group.partition(":")
                counts = self.record.stage[:, b][:, cells_of(group)].sum(axis=1)
                size = max(int(counts[0].sum()), 1)
                shares = {stage: counts[:, s] / size for s, stage in enumerate(STAGES)}
                shares["coverage"] = self.weekly_coverage(behaviour, group)
                for stage, share in shares.items():
                    frames.append(
                        pd.DataFrame(
                            {
                                "week": weeks,
                                "behaviour": behaviour,
                                "group": axis,
                                "level": level or "all",
                                "stage": stage,
                                "share": share,
                            }
                        )
                    )
        return pd.concat(frames, ignore_index=True)

    def outcomes(self, without: Run | None = None) -> pd.DataFrame:
        """Outcomes of the run: behaviour, group, outcome, value, unit.

        Parameters
        ----------
        without : the run of "none" in the same world; with it, additional adopters and their cost are given too.
        """
        import pandas as pd

        columns = ["behaviour", "group", "outcome", "value", "unit"]
        return pd.DataFrame(list(outcomes(self, without)), columns=columns)

    def plot(self) -> Figure:
        """Coverage week by week."""
        from smsim.plots import run_curves

        return run_curves(self)

    def write(self, folder: str | os.PathLike[str], command: str = "") -> None:
        """Write weekly.parquet and manifest.json into a folder, whole or not at all."""
        from smsim.store import manifest, write_folder

        about = manifest(self.scenario, command, seed=self.seed, strategy=self.strategy)
        write_folder(folder, {"weekly.parquet": self.coverage(), "manifest.json": about})


def trailing(weekly: Array) -> Array:
    """Sums over the last 26 weeks, week by week, shape kept (T, ...)."""
    total = np.cumsum(weekly, axis=0)
    total[COVERAGE_WEEKS:] = total[COVERAGE_WEEKS:] - total[:-COVERAGE_WEEKS].copy()
    return np.asarray(total)


def _cells() -> dict[str, Array]:
    shape = tuple(len(levels) for _, levels in CELL_AXES)
    index = np.indices(shape).reshape(len(shape), -1)
    groups: dict[str, Array] = {"all": np.arange(index.shape[1])}
    for axis, (name, levels) in enumerate(CELL_AXES):
        for level, label in enumerate(levels):
            groups[f"{name}:{label}"] = np.flatnonzero(index[axis] == level)
    return groups


GROUPS = _cells()  # group -> its cells; "all", "wealth:poorest", "head:female", ...


def cells_of(group: str) -> Array:
    """Cells that make up a group, int64."""
    return GROUPS[group]


def outcomes(run: Run, without: Run | None) -> Iterator[Outcome]:
    """Every outcome of a run, in a fixed order; see `Run.outcomes`."""
    record, scenario = run.record, run.scenario
    households = float(record.stage[0, 0].sum())
    campaign = slice(run.baseline_week + 1 if scenario.run["burn_in_weeks"] else 0, run.end_week + 1)
    moments = (("baseline", run.baseline_week), ("end", run.end_week), ("follow_up", run.last_week))
    for b, behaviour in enumerate(scenario.behaviours):
        done, base = run.adopters(behaviour)
        for group, cells in GROUPS.items():
            for name, week in moments:
                yield behaviour, group, f"coverage_{name}", _ratio(done[week, cells].sum(), base[week, cells].sum()), COVERAGE
        overall = run.weekly_coverage(behaviour)
        yield behaviour, "all", "weeks_to_target", _weeks_to(overall[campaign.start :], scenario.run["target_coverage"]), WEEKS
        for when, week in moments[1:]:
            yield from _equity(behaviour, when, done[week], base[week])
        stages = record.stage[run.end_week, b].sum(axis=0)
        yield behaviour, "all", "aware_end", 1.0 - stages[0] / households, COVERAGE
        yield behaviour, "all", "private_support_end", stages[2:5].sum() / households, COVERAGE
        yield behaviour, "all", "voiced_end", record.voiced[run.end_week, b] / households, COVERAGE
        yield behaviour, "all", "believing_end", record.believing[run.end_week, b] / households, COVERAGE
        for group, cells in GROUPS.items():
            size = record.stage[0, b, cells].sum()
            yield behaviour, group, "refused_end", _ratio(record.refused[run.end_week, b, cells].sum(), size), COVERAGE
        sought = float(record.sought[campaign, b].sum())
        turned_away = float(record.turned_away[campaign, b].sum())
        yield behaviour, "all", "sought", sought, "requests"
        yield behaviour, "all", "turned_away", turned_away, "requests"
        yield behaviour, "all", "unmet_demand", turned_away / sought if sought else 0.0, COVERAGE
        convinced = record.convinced_by[campaign, b].sum(axis=0)
        informed = record.informed_by[campaign, b].sum(axis=0)
        for s, source in enumerate(SOURCES):
            yield behaviour, "all", f"adopted_by_{source}", _ratio(convinced[s], convinced.sum()), COVERAGE
        for s, source in enumerate(SOURCES):
            yield behaviour, "all", f"informed_by_{source}", _ratio(informed[s], informed.sum()), COVERAGE
        yield behaviour, "all", "adopters_end", _adopters(run, b, behaviour), HOUSEHOLDS
        if without is not None:
            yield from _against(run, without, b, behaviour)
    yield from _campaign(run, campaign, households)


def _campaign(run: Run, campaign: slice, households: float) -> Iterator[Outcome]:
    """Outcomes of the campaign as a whole, behaviour "all"."""
    record = run.record
    before = record.reached[campaign.start - 1] if campaign.start else 0
    for group, cells in GROUPS.items():
        reached = (record.reached[run.end_week] - before)[cells].sum()
        yield "all", group, "reach", _ratio(reached, record.stage[0, 0, cells].sum()), COVERAGE
    for k, channel in enumerate(("media", "visit", "dialogue")):
        contacts = float(record.contacts[campaign, k].sum())
        yield "all", "all", f"contacts_{channel}", contacts / households, "contacts per household"
    yield "all", "all", "action_participants", float(record.participants[campaign].sum()), "participations"
    yield "all", "all", "approved_end", float(record.approved[run.end_week]), "share of communities"
    yield "all", "all", "endorsement_end", float(record.endorsement[run.end_week]), COVERAGE
    yield "all", "all", "ownership_end", float(record.ownership[run.end_week]), COVERAGE
    yield "all", "all", "response_end", float(record.response[run.end_week].mean()), COVERAGE
    yield "all", "all", "response_follow_up", float(record.response[run.last_week].mean()), COVERAGE
    lines = run.ledger.settle(record)
    for line in lines:
        yield "all", "all", f"spent_{line.item.replace(' ', '_')}", line.spent, DOLLARS
    yield "all", "all", "spent", float(sum(line.spent for line in lines)), DOLLARS
    yield "all", "all", "unspent", float(sum(line.unspent for line in lines)), DOLLARS


def _adopters(run: Run, b: int, behaviour: str) -> float:
    """Adopters at the end of the campaign; of events and rounds, all served from its first week to the last of the run."""
    if run.scenario.behaviours[behaviour]["kind"] in EVENT_KINDS:
        return float(run.record.served[run.scenario.run["burn_in_weeks"] :, b].sum())
    return float(run.record.stage[run.end_week, b, :, 3:5].sum())


def _against(run: Run, without: Run, b: int, behaviour: str) -> Iterator[Outcome]:
    """What the campaign added to what happens without it, in the same world."""
    extra = _adopters(run, b, behaviour) - _adopters(without, b, behaviour)
    events = run.scenario.behaviours[behaviour]["kind"] in EVENT_KINDS
    yield behaviour, "all", "additional_adopters", extra, "events" if events else HOUSEHOLDS
    gains = []
    for name, week in (("end", run.end_week), ("follow_up", run.last_week)):
        gain = float(run.weekly_coverage(behaviour)[week] - without.weekly_coverage(behaviour)[week])
        gains.append(gain)
        yield behaviour, "all", f"gain_{name}", gain, COVERAGE
    # A ratio of a gain near zero says nothing.
    kept = gains[1] / gains[0] if gains[0] > 0.005 else float("nan")
    yield behaviour, "all", "gain_kept", kept, "ratio"


def _equity(behaviour: str, when: str, done: Array, base: Array) -> Iterator[Outcome]:
    """Gaps between groups, and Erreygers' index over wealth fifths."""
    pairs = {
        "wealth": ("wealth:richest", "wealth:poorest"),
        "language": ("language:majority", "language:minority"),
        "head": ("head:male", "head:female"),
        "distance": ("distance:near", "distance:remote"),
        "hesitancy": ("hesitancy:not hesitant", "hesitancy:hesitant"),
    }
    for name, (upper, lower) in pairs.items():
        above, below = (_ratio(done[cells_of(g)].sum(), base[cells_of(g)].sum()) for g in (upper, lower))
        yield behaviour, "all", f"gap_{name}_{when}", above - below, COVERAGE
    fifths = [cells_of(f"wealth:{level}") for level in CELL_AXES[0][1]]
    rates = np.array([_ratio(done[cells].sum(), base[cells].sum()) for cells in fifths])
    sizes = np.array([base[cells].sum() for cells in fifths])
    yield behaviour, "all", f"erreygers_wealth_{when}", erreygers(rates, sizes), "index"


def _ratio(part: Any, whole: Any) -> float:
    return float(part) / float(whole) if whole else float("nan")


def _weeks_to(coverage: Array, target: float) -> float:
    """Weeks from the start of the campaign until coverage first reaches the target; nan if it never does."""
    reached = np.flatnonzero(coverage >= target)
    return float(reached[0] + 1) if len(reached) else float("nan")


def activity_shares(scenario: Scenario, strategy: str) -> dict[str, float]:
    """Share of the field money of each activity, all eight in order; nothing for "none"."""
    if strategy not in scenario.strategies:
        return dict.fromkeys(ACTIVITIES, 0.0)
    shares = scenario.strategies[strategy].shares()
    return {k: float(shares.get(k, 0.0)) for k in ACTIVITIES}
