"""The kernel of contagions gives the record that the weeks of the whole model give, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from smsim import Run, Scenario, simulate
from smsim.engine.arrays import Record
from smsim.simulate import prepare, simulate_all
from smsim.world import World, build_world, world_from_ties

QUIET = {
    "kind": "permanent",
    "taboo": 0,
    "rumour_passing": 0,
    "rumour_arrival": 0,
    "rumour_initial": 0,
    "place": "home",
    "service_capacity": 1,
}


def scenario(behaviour: dict[str, object], **sections: dict[str, object]) -> Scenario:
    return Scenario.from_mapping(
        {
            "world": {"households": 700, "households_per_community": 120, "turnover": 0},
            "behaviours": {"behaviour": QUIET | behaviour},
            "campaign": {"weeks": 20, "budget_per_household": 0} | sections.get("campaign", {}),
            "run": {"burn_in_weeks": 10, "follow_up_weeks": 10} | sections.get("run", {}),
        },
        name="quiet",
    )


def mixed(world: World, seed: int, stages: tuple[int, ...] = (3, 4, 5)) -> World:
    """The same world with households in many stages at the start; in willing nobody stays."""
    shape = world.households.initial_stage.shape
    rest = [0.15 / len(stages)] * len(stages)
    stage = np.random.default_rng(seed).choice([0, 1, *stages], shape, p=[0.6, 0.25, *rest])
    return world.replace(initial_stage=stage)


def week_by_week(one: Scenario, strategy: str, world: World, seed: int) -> Record:
    prepared = prepare(one, strategy, seed, world)
    state, record = prepared.begin()
    prepared.advance(state, record, 0, prepared.weeks)
    return record


def kernel(one: Scenario, world: World, seed: int) -> Run:
    assert prepare(one, "none", seed, world).is_contagion
    return simulate(one, "none", seed, world)


def assert_same(found: Record, expected: Record) -> None:
    for name in expected._fields:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


def adopters(record: Record) -> NDArray[np.int64]:
    return record.community[:, 0].sum(axis=1)


BEHAVIOURS = {
    "whoever hears adopts": {"peer_information": 0.2, "threshold_mean": -10, "threshold_sd": 0, "decision_rate": 1},
    "talk counts as much as a voice": {
        "peer_information": 0.02,
        "silent_information": 1,
        "talk_weeks": 3,
        "threshold_mean": 0.2,
        "threshold_sd": 0.2,
    },
    "a week of talk": {"peer_information": 0.3, "silent_information": 1, "talk_weeks": 1, "threshold_mean": 0.6},
    "talk that nobody hears": {
        "peer_information": 0.1,
        "silent_information": 0,
        "talk_weeks": 5,
        "threshold_mean": 0.1,
    },
    "thresholds alone": {
        "peer_information": 0,
        "aware_share": 1,
        "threshold_mean": 0.25,
        "threshold_sd": 0.1,
        "norm_weight": 1,
    },
    "slow decisions": {"peer_information": 0.3, "decision_rate": 0.3, "hesitancy": 0.3, "threshold_mean": 0.1},
    "nobody matures": {"peer_information": 0.05, "maturation_rate": 0, "threshold_mean": 0.05, "talk_weeks": 0},
    "all mature at once": {"peer_information": 0.05, "maturation_rate": 1, "threshold_mean": 0.05, "talk_weeks": 0},
    "kept up though it could be repeated": {
        "kind": "repeated",
        "lapse_rate": 0,
        "peer_information": 0.1,
        "threshold_mean": 0.1,
    },
    "neighbours do not matter": {"norm_weight": 0, "threshold_mean": 0, "threshold_sd": 0.3, "talk_weeks": 0},
}


@pytest.mark.parametrize("name", BEHAVIOURS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_record_is_that_of_the_weeks_of_the_whole_model(name, seed):
    one = scenario({"talk_weeks": 0} | BEHAVIOURS[name])
    world = mixed(build_world(one, seed), seed)
    found, expected = kernel(one, world, 3).record, week_by_week(one, "none", world, 3)
    assert adopters(expected)[-1] > adopters(expected)[0], "something must spread"
    assert_same(found, expected)


FOR_A_WEEK = {"kind": "repeated", "lapse_rate": 1, "unsupported_lapse_ratio": 1, "decision_rate": 1}
ONE_SHOT = {
    "cascade": {"peer_information": 0.15, "silent_information": 1, "talk_weeks": 1, "threshold_mean": 10},
    "again and again": {"peer_information": 0.2, "threshold_mean": 0.15, "threshold_sd": 0.1, "talk_weeks": 0},
    "talk and voices": {"peer_information": 0.2, "silent_information": 1, "talk_weeks": 1, "threshold_mean": 0.1},
}


@pytest.mark.parametrize("name", ONE_SHOT)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_kept_for_a_week_only_passes_on_as_in_the_whole_model(name, seed):
    one = scenario(FOR_A_WEEK | ONE_SHOT[name])
    world = mixed(build_world(one, seed), seed, (3, 5))
    found, expected = kernel(one, world, 3).record, week_by_week(one, "none", world, 3)
    assert found.informed_by[3:].sum() > 0
    if name != "cascade":
        assert found.convinced_by.sum() > 700, "somebody must adopt twice"
    assert_same(found, expected)


@pytest.mark.parametrize("weight", [1, 3, 255])
@pytest.mark.parametrize("households", [1, 2, 64, 129])
def test_ties_of_any_weight_in_worlds_of_any_size(weight, households):
    one = scenario({"peer_information": 0.05 / weight, "threshold_mean": 0.1, "talk_weeks": 0, "aware_share": 0})
    apart = {min(abs(d) % households, households - abs(d) % households) for d in (1, 2, 5)} - {0}
    ends = np.array(
        sorted({(i, (i + d * way) % households) for i in range(households) for d in apart for way in (-1, 1)}), np.int64
    ).reshape(-1, 2)
    indptr = np.searchsorted(ends[:, 0], np.arange(households + 1))
    weights = np.where(ends.sum(axis=1) % 3, weight, 1).astype(np.uint8)
    world = mixed(world_from_ties(one, indptr, ends[:, 1].astype(np.int32), weights, 1), 4)
    assert_same(kernel(one, world, 3).record, week_by_week(one, "none", world, 3))


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # as in tests/test_twin.py
def test_small_subset_of_more_than_a_byte_of_households():
    """Few enough to run with the JIT off, too."""
    one = scenario(BEHAVIOURS["a week of talk"], campaign={"weeks": 2}, run={"burn_in_weeks": 1, "follow_up_weeks": 1})
    one = one.replace(world={"households": 260})
    world = mixed(build_world(one, 1), 1)
    assert_same(kernel(one, world, 3).record, week_by_week(one, "none", world, 3))


def test_exposure_is_counted_beyond_two_bytes():
    one = scenario({"peer_information": 3e-5, "threshold_mean": -1, "talk_weeks": 0, "aware_share": 0})
    n = 300
    others = np.array([sorted((i + d) % n for d in range(-20, 21) if d) for i in range(n)], np.int32)
    weights = np.full(others.size, 250, np.uint8)
    world = mixed(world_from_ties(one, np.arange(n + 1) * 40, others.ravel(), weights, 1), 4)
    found, expected = kernel(one, world, 3).record, week_by_week(one, "none", world, 3)
    assert_same(found, expected)
    # Exp(1) / 3e-5 is beyond 65535 for a seventh of all; some of these hear before the end.
    assert 40 * 250 * len(found.voiced) > 65535
    assert found.informed_by[8:].sum() > 0


def test_the_state_is_there_when_somebody_asks_for_it():
    one = scenario(BEHAVIOURS["slow decisions"] | {"talk_weeks": 0})
    world = mixed(build_world(one, 1), 1)
    run = kernel(one, world, 3)
    assert np.isin(run.state.stage[0], (3, 4)).sum() == adopters(run.record)[-1]


def test_runs_with_and_without_a_campaign_can_stand_side_by_side():
    money = {"campaign": {"budget_per_household": 8, "training_cost": 0, "pretest_cost": 0, "assessment_cost": 0}}
    one = scenario(BEHAVIOURS["slow decisions"] | {"talk_weeks": 0}, **money)
    world = mixed(build_world(one, 4), 4)
    together = simulate_all(one, ["hybrid", "none", "activist"], 3, world)
    assert list(together) == ["hybrid", "none", "activist"]
    for name, run in together.items():
        assert_same(run.record, week_by_week(one, name, world, 3))
    assert together["hybrid"].record.contacts.sum() > 0


@pytest.mark.parametrize(
    "behaviour",
    [
        {"silent_information": 0.4, "talk_weeks": 2},
        {"kind": "repeated"},
        {"kind": "repeated", "lapse_rate": 1, "unsupported_lapse_ratio": 1, "decision_rate": 0.5},
        {"taboo": 0.2},
        {"rumour_arrival": 0.01},
        {"rumour_shock_share": 0.5},
        {"service_capacity": 0.5},
        {"norm_weight": 5e-324},
        {"place": "facility"},
    ],
)
def test_what_is_more_than_a_contagion_goes_week_by_week(behaviour):
    assert not prepare(scenario({"talk_weeks": 0} | behaviour), "none", 1).is_contagion


def test_turnover_is_more_than_a_contagion():
    assert not prepare(scenario({"talk_weeks": 0}).replace(world={"turnover": 0.001}), "none", 1).is_contagion
