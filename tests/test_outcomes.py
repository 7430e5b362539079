"""Outcomes of records made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from smsim.costs import SETUP, Ledger
from smsim.engine.arrays import ACTIVITIES, Record
from smsim.engine.run import new_record
from smsim.outcomes import (
    ALL,
    GROUPS,
    OUTCOMES,
    Key,
    against_none,
    by_group,
    coverage_counts,
    group_cells,
    kinds_of,
    last_weeks,
    outcomes_of,
    outcomes_of_all,
    share,
    unit_of,
    weekly_coverage,
)
from smsim.scenario import Scenario
from smsim.simulate import simulate, simulate_together

WEEKS = 10  # 3 of burn-in, 4 of campaign, 3 of follow-up
POOR_REMOTE, RICH_NEAR = (
    1,
    78,
)  # cells: poorest fifth, remote; richest, a minority and hesitant household headed by a woman


def scenario(kind: str = "repeated") -> Scenario:
    run = {"burn_in_weeks": 3, "follow_up_weeks": 3, "target_coverage": 0.5}
    return Scenario.from_mapping({"behaviour": {"kind": kind}, "campaign": {"weeks": 4}, "run": run})


def record(poor: Any, rich: Any) -> Record:
    """Of 100 households in each of two cells, so many adopters week by week; the others are aware."""
    made = new_record(WEEKS, 1, 80, 2, 1)
    for cell, adopters in ((POOR_REMOTE, poor), (RICH_NEAR, rich)):
        made.stage[:, 0, cell, 4] = adopters
        made.stage[:, 0, cell, 1] = 100 - np.asarray(adopters)
        made.community[:, 0, int(cell == RICH_NEAR)] = adopters
    made.community_eligible[:] = 100
    return made


def ledger(budget: float = 0.0) -> Ledger:
    return Ledger(budget, dict.fromkeys(ACTIVITIES, 0.0), dict.fromkeys(SETUP, 0.0), budget)


def values(made: Record, kind: str = "repeated", budget: float = 0.0) -> dict[Key, float]:
    return outcomes_of(scenario(kind), ledger(budget), made)


def of(found: dict[Key, float], outcome: str, group: str = ALL, behaviour: str = "behaviour") -> float:
    return found[Key(behaviour, group, outcome)]


def test_groups_of_an_axis_share_out_all_cells() -> None:
    table = group_cells()
    assert table.shape == (14, 80)
    assert table[0].all()
    for axis in ("wealth", "head", "language", "hesitancy", "distance"):
        rows = [g for g, group in enumerate(GROUPS) if group.startswith(axis)]
        assert (table[rows].sum(axis=0) == 1).all()


def test_cells_are_decoded_in_the_order_in_which_the_world_codes_them() -> None:
    # fifth 3 of 0-4, then female, minority, hesitant, remote: the order of the bits
    cell = (((3 * 2 + 1) * 2 + 0) * 2 + 1) * 2 + 0
    member = {GROUPS[g] for g in np.flatnonzero(group_cells()[:, cell])}
    assert member == {"all", "wealth:richer", "head:female", "language:majority", "hesitancy:hesitant", "distance:near"}
    assert by_group(np.eye(80, dtype=int)[cell]).sum() == 6


def test_coverage_at_its_three_dates_and_for_whom() -> None:
    found = values(record(poor=10, rich=[10, 10, 20, 30, 40, 50, 60, 50, 40, 30]))
    assert of(found, "coverage_baseline") == 0.15  # week 2, the last before the campaign
    assert of(found, "coverage_end") == 0.35  # week 6, its last
    assert of(found, "coverage_follow_up") == 0.2  # week 9
    assert of(found, "coverage_end", "wealth:richest") == 0.6
    assert of(found, "coverage_end", "distance:remote") == 0.1
    assert math.isnan(of(found, "coverage_end", "wealth:middle"))  # nobody lives there
    assert of(found, "gap_wealth_end") == pytest.approx(0.5)
    assert of(found, "gap_distance_end") == pytest.approx(0.5)
    assert of(found, "gap_head_end") == pytest.approx(-0.5)
    assert of(found, "erreygers_end") == pytest.approx(0.5)  # C = 5/14, times 4 x .35


def test_events_are_counted_over_the_last_26_weeks() -> None:
    weeks = np.arange(1, 41)
    assert last_weeks(weeks)[[0, 25, 26, 39]].tolist() == [1, sum(range(1, 27)), sum(range(2, 28)), sum(range(15, 41))]
    made = record(0, 0)
    made.eligible[:, 0, RICH_NEAR] = 4
    made.served[:, 0, RICH_NEAR] = [0, 0, 1, 2, 2, 3, 4, 4, 4, 4]
    covered, possible = coverage_counts(made, ("event",))
    assert covered[6, 0, 0] / possible[6, 0, 0] == 12 / 28
    found = values(made, "event")
    assert of(found, "coverage_end") == 12 / 28
    assert of(found, "adopters") == 23  # served in campaign and follow-up
    assert math.isnan(of(found, "coverage_end", "wealth:poorest"))


def test_weeks_to_the_target_count_from_the_first_of_the_campaign() -> None:
    rising = [0, 0, 0, 20, 40, 60, 80, 80, 80, 80]
    assert of(values(record(rising, rising)), "weeks_to_target") == 3
    assert of(values(record(60, 60)), "weeks_to_target") == 0
    assert math.isnan(of(values(record(10, 10)), "weeks_to_target"))


def test_sources_refusals_and_those_turned_away_are_of_the_campaign() -> None:
    made = record(10, 10)
    made.sought[:, 0], made.turned_away[:, 0] = 10, [9, 9, 9, 1, 2, 3, 4, 9, 9, 9]
    made.convinced_by[3:7, 0, 1], made.convinced_by[3:7, 0, 4] = 3, 1
    made.convinced_by[0, 0, 0] = 99
    made.refused[6, 0, POOR_REMOTE] = 30
    made.reached[9, RICH_NEAR] = 50
    found = values(made)
    assert of(found, "unmet_demand") == 10 / 40
    assert (of(found, "adopted_through_peer"), of(found, "adopted_through_visit")) == (0.75, 0.25)
    assert of(found, "adopted_through_own") == 0
    assert math.isnan(of(found, "heard_through_media"))  # nobody became aware
    assert (of(found, "refused_end"), of(found, "refused_end", "wealth:poorest")) == (0.15, 0.3)
    assert of(found, "reach", behaviour=ALL) == 0.25


@pytest.mark.parametrize("kind", ["repeated", "event", "round"])
def test_runs_reduced_together_are_the_runs_one_by_one(kind: str) -> None:
    small = Scenario.from_mapping(
        {
            "world": {"households": 300, "households_per_community": 60},
            "behaviours": {"it": {"kind": kind}, "soap": {"kind": "repeated"}},
            "campaign": {"weeks": 20, "pretest_cost": 0},
            "run": {"burn_in_weeks": 8, "follow_up_weeks": 30},
        }
    )
    runs, records = simulate_together(small, ("none", "hybrid"), 3)
    together = outcomes_of_all(small, [run.ledger for run in runs.values()], records)
    weekly = weekly_coverage(records, kinds_of(small))
    for found, by_week, run in zip(together, weekly, runs.values(), strict=True):
        np.testing.assert_equal(found, outcomes_of(small, run.ledger, simulate(small, run.strategy, 3).record))
        covered, possible = coverage_counts(run.record, kinds_of(small))
        np.testing.assert_array_equal(by_week, share(covered[..., 0], possible[..., 0]))
    whole = outcomes_of_all(small, [run.ledger for run in runs.values()], records, weekly, whole=True)[1]
    np.testing.assert_equal(whole, {key: together[1][key] for key in whole})
    assert {key.group for key in whole} == {ALL}


def test_against_none_in_the_same_world() -> None:
    none = values(record(10, 10))
    run = values(record(10, [10, 10, 10, 20, 30, 40, 50, 45, 40, 30]), budget=600.0)
    found = against_none(run, none, scenario())
    assert of(found, "additional_adopters") == 40
    assert of(found, "cost_per_additional_adopter") == 15
    assert of(found, "sustainability") == pytest.approx(0.5)  # 20 points won, 10 kept
    nothing = against_none(none, none, scenario())
    assert math.isnan(of(nothing, "cost_per_additional_adopter"))
    assert math.isnan(of(nothing, "sustainability"))


def test_every_outcome_found_is_described() -> None:
    found = values(record(10, 10))
    assert {key.outcome for key in found | against_none(found, found, scenario())} == set(OUTCOMES)
    assert unit_of("additional_adopters", "event") == "services"
    assert unit_of("cost_per_additional_adopter", "permanent") == "US$ per adopter"
    assert unit_of("spent", None) == "US$"
