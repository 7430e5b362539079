"""The short way through a quiet week gives what the long way gives, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from smsim import Scenario
from smsim.engine.arrays import DERIVED, Record, State
from smsim.simulate import prepare
from smsim.world import World, build_world

QUIET = {
    "kind": "permanent",
    "taboo": 0,
    "rumour_passing": 0,
    "rumour_arrival": 0,
    "rumour_initial": 0,
    "place": "home",
    "service_capacity": 1,
}
# A shock of the rumour that never comes: it changes nothing, but the engine goes the long way.
LONG = {"rumour_shock_share": 0.5, "rumour_shock_week": 300}


def scenario(behaviour: dict[str, object], **campaign: object) -> Scenario:
    return Scenario.from_mapping(
        {
            "world": {"households": 700, "households_per_community": 120, "turnover": 0},
            "behaviours": {"behaviour": QUIET | behaviour},
            "campaign": {"weeks": 20, "budget_per_household": 0} | campaign,
            "run": {"burn_in_weeks": 10, "follow_up_weeks": 10},
        },
        name="quiet",
    )


def mixed(world: World, seed: int) -> World:
    """The same world with households in every stage at the start."""
    stage = np.random.default_rng(seed).choice(
        6, world.households.initial_stage.shape, p=[0.6, 0.2, 0.05, 0.05, 0.05, 0.05]
    )
    return World(
        world.households._replace(initial_stage=stage.astype(np.uint8)), world.places, world.wealth_rank, world.seed
    )


def outcome(one: Scenario, world: World, strategy: str, steps: list[int]) -> tuple[State, Record]:
    prepared = prepare(one, strategy, 3, world)
    state, record = prepared.begin()
    for first, stop in zip([0, *steps], [*steps, prepared.weeks], strict=True):
        prepared.advance(state, record, first, stop)
    return state, record


def assert_same(short: tuple[State, Record], long: tuple[State, Record]) -> None:
    for found, expected in zip(short, long, strict=True):
        for name in expected._fields:
            if name in DERIVED:
                continue
            a, b = getattr(found, name), getattr(expected, name)
            for part in a.dtype.names or ("",):
                if part not in DERIVED:
                    np.testing.assert_array_equal(a[part] if part else a, b[part] if part else b, f"{name} {part}")


BEHAVIOURS = [
    {"peer_information": 0.2, "threshold_mean": -10, "threshold_sd": 0, "decision_rate": 1, "talk_weeks": 0},
    {"peer_information": 0.1, "silent_information": 0.4, "talk_weeks": 3, "threshold_mean": 0.2, "threshold_sd": 0.2},
    {"peer_information": 0, "aware_share": 1, "threshold_mean": 0.25, "threshold_sd": 0.1, "norm_weight": 1},
    {"peer_information": 0.3, "maturation_rate": 0.2, "decision_rate": 0.3, "hesitancy": 0.3, "threshold_mean": 0.1},
    {"peer_information": 0.05, "maturation_rate": 0, "threshold_mean": 0.05, "aware_share": 0.3},
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_both_ways_through_a_quiet_run_are_the_same_to_the_bit(behaviour):
    short, long = scenario(behaviour), scenario(behaviour | LONG)
    for seed in (1, 2):
        world = mixed(build_world(short, seed), seed)
        results = [outcome(one, world, "none", []) for one in (short, long)]
        assert results[1][1].community[-1].sum() > results[1][1].community[0].sum(), "something must spread"
        assert_same(*results)


def test_it_does_not_matter_where_a_run_is_interrupted():
    short = scenario(BEHAVIOURS[1])
    world = mixed(build_world(short, 1), 5)
    assert_same(outcome(short, world, "none", [1, 2, 7, 25]), outcome(short, world, "none", []))


def test_a_run_leaves_the_short_way_when_its_campaign_begins():
    money = {"budget_per_household": 8, "training_cost": 0, "pretest_cost": 0, "assessment_cost": 0}
    behaviour = BEHAVIOURS[1] | {"aware_share": 0.1}
    short, long = scenario(behaviour, **money), scenario(behaviour | LONG, **money)
    world = mixed(build_world(short, 4), 4)
    results = [outcome(one, world, "hybrid", []) for one in (short, long)]
    assert results[0][1].contacts.sum() > 0
    assert_same(*results)


def test_a_run_longer_than_the_clock_byte_counts_on():
    behaviour = BEHAVIOURS[4] | {"peer_information": 0.004}
    short, long = (scenario(behaviour | more).replace(run={"follow_up_weeks": 270}) for more in ({}, LONG))
    world = build_world(short, 6)
    results = [outcome(one, world, "none", []) for one in (short, long)]
    assert results[0][1].informed_by[-100:].sum() > 0, "households still hear after the byte has run out"
    assert_same(*results)
