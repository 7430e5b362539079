"""Strategies are data: shares, timings, blends, and clear refusals."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from smsim.engine.arrays import ACTION, ACTIVITIES, LEADER, MEDIA, VISIT
from smsim.errors import ScenarioError
from smsim.strategy import ACTIVIST, BUILT_IN, HYBRID, PRAGMATIC, Component, Strategy, blend, read_strategies

ONLY_VISITS = {"shares": {"visit": 1.0}}


@pytest.mark.parametrize("strategy", BUILT_IN.values(), ids=list(BUILT_IN))
@pytest.mark.parametrize("weeks", [1, 3, 4, 5, 8, 26, 52, 78, 104])
def test_a_schedule_spends_everything_as_the_shares_say(strategy: Strategy, weeks: int) -> None:
    schedule = strategy.schedule(weeks)
    assert schedule.shape == (weeks, 8)
    assert (schedule >= 0).all()
    np.testing.assert_allclose(schedule.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(schedule.sum(axis=0), list(strategy.shares().values()), atol=1e-12)


def test_the_built_in_shares_are_those_of_the_model_document() -> None:
    columns = ("visit", "dialogue", "leader", "media", "action", "service", "monitor")
    assert [PRAGMATIC.shares()[k] for k in columns] == [0.50, 0.05, 0.10, 0.20, 0.0, 0.10, 0.05]
    assert [ACTIVIST.shares()[k] for k in columns] == [0.05, 0.50, 0.10, 0.05, 0.25, 0.0, 0.05]
    halves = [(p + a) / 2 for p, a in zip(PRAGMATIC.shares().values(), ACTIVIST.shares().values(), strict=True)]
    assert list(HYBRID.shares().values()) == pytest.approx(halves, abs=1e-15)


def test_pulses_are_four_weeks_from_week_four_of_every_quarter() -> None:
    visits = PRAGMATIC.schedule(40)[:, VISIT]
    assert list(np.flatnonzero(visits)) == [4, 5, 6, 7, 17, 18, 19, 20, 30, 31, 32, 33]
    assert len(set(visits[visits > 0])) == 1


def test_a_campaign_without_a_pulse_week_is_flat() -> None:
    np.testing.assert_allclose(PRAGMATIC.schedule(4)[:, VISIT], 0.5 / 4)


def test_front_loading_puts_forty_percent_into_the_first_four_weeks() -> None:
    leaders = PRAGMATIC.schedule(52)[:, LEADER]
    assert leaders[:4] == pytest.approx([0.1 * 0.4 / 4] * 4)
    assert leaders[4:] == pytest.approx([0.1 * 0.6 / 48] * 48)
    assert PRAGMATIC.schedule(4)[:, LEADER] == pytest.approx([0.1 / 4] * 4)


def test_only_the_pragmatic_component_of_a_blend_is_pulsed() -> None:
    schedule = HYBRID.schedule(52)
    np.testing.assert_allclose(schedule[0, MEDIA], 0.5 * 0.05 / 52)
    np.testing.assert_allclose(schedule[4, MEDIA], 0.5 * 0.05 / 52 + 0.5 * 0.2 / 16)
    assert len(set(schedule[:, ACTION])) == 1


def test_a_blend_of_one_part_is_that_part_under_another_name() -> None:
    same = blend("same", [(PRAGMATIC, 1.0), (ACTIVIST, 0.0)])
    assert same.components == PRAGMATIC.components
    np.testing.assert_array_equal(same.schedule(52), PRAGMATIC.schedule(52))


def test_a_blend_weighs_leader_types_by_the_leader_money_of_its_parts() -> None:
    religious = Strategy("r", (Component(1.0, {"leader": 0.3, "visit": 0.7}, {}, (1, 0, 0, 0)),))
    women = Strategy("w", (Component(1.0, {"leader": 0.1, "visit": 0.9}, {}, (0, 0, 1, 0)),))
    mixed = blend("m", [(religious, 0.5), (women, 0.5)]).leader_share()
    np.testing.assert_allclose(mixed, [0.75, 0, 0.25, 0])
    no_leaders = Strategy("v", (Component(1.0, {"visit": 1.0}),))
    np.testing.assert_array_equal(no_leaders.leader_share(), [0.25] * 4)


def test_a_strategy_travels_to_another_process_unchanged() -> None:
    assert pickle.loads(pickle.dumps(HYBRID)) == HYBRID


def test_a_file_without_strategies_gets_the_three() -> None:
    assert list(read_strategies(None)) == ["pragmatic", "activist", "hybrid"]


def test_a_file_may_blend_its_own_and_the_built_in_strategies_in_any_order() -> None:
    read = read_strategies({"mixed": {"blend": {"doors": 0.25, "activist": 0.75}}, "doors": ONLY_VISITS})
    assert list(read) == ["mixed", "doors"]
    assert read["mixed"].shares()["visit"] == pytest.approx(0.25 + 0.75 * 0.05)


def test_leader_shares_may_be_given_by_name() -> None:
    read = read_strategies({"imams": {**ONLY_VISITS, "leader_share": {"religious": 1.0}}})
    assert read["imams"].components[0].leader_share == (1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "at least one strategy"),
        ({"a": {"shares": {"visit": 0.5}}}, r"strategies\.a\.shares must sum to 1; they sum to 0\.5"),
        ({"a": {"shares": {"vist": 1.0}}}, r"strategies\.a\.shares: unknown key 'vist'; did you mean 'visit'\?"),
        ({"a": {"shares": {"visit": float("nan")}}}, r"shares\.visit must be a share in \[0, 1\]; got nan"),
        ({"a": {"shares": {"visit": 1.5, "media": -0.5}}}, r"shares\.visit must be a share in \[0, 1\]; got 1\.5"),
        ({"a": {"shares": {"visit": True}}}, "got True"),
        ({"a": {"shares": {"visit": "1"}}}, "got '1'"),
        ({"a": {"shares": [1.0]}}, r"strategies\.a\.shares must be a mapping"),
        ({"a": {**ONLY_VISITS, "timing": {"visit": "puled"}}}, "must be one of flat, pulsed, front; got 'puled'"),
        ({"a": {**ONLY_VISITS, "leader_share": [0.5, 0.5]}}, "leader_share must hold 4 numbers"),
        ({"a": {**ONLY_VISITS, "leader_share": [0.5, 0.5, 0.5, 0]}}, "leader_share must sum to 1; they sum to 1.5"),
        ({"a": {**ONLY_VISITS, "timng": {}}}, "unknown key 'timng'; did you mean 'timing'"),
        ({"a": {}}, "either 'shares' or 'blend'; got neither"),
        ({"a": {**ONLY_VISITS, "blend": {"pragmatic": 1.0}}}, "either 'shares' or 'blend'; got shares, blend"),
        ({"a": {"blend": {"pragmatic": 0.5}}}, "weights of a blend must sum to 1; they sum to 0.5"),
        ({"a": {"blend": {"pragmatc": 1.0}}}, "unknown strategy 'pragmatc'; did you mean 'pragmatic'"),
        ({"a": {"blend": {"pragmatic": float("inf")}}}, "must be a share in"),
        ({"a": {"blend": {"b": 1.0}}, "b": {"blend": {"a": 1.0}}}, r"blends itself \(a -> b -> a\)"),
        ({"none": ONLY_VISITS}, "'none' is reserved"),
        ({"a": 3}, "must be a mapping with 'shares' or 'blend'; got 3"),
    ],
)
def test_a_wrong_strategy_is_refused_in_a_sentence(given: dict, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        read_strategies(given)


def test_every_activity_of_the_engine_can_be_bought() -> None:
    for k, activity in enumerate(ACTIVITIES):
        schedule = Strategy("one", (Component(1.0, {activity: 1.0}),)).schedule(5)
        np.testing.assert_allclose(schedule.sum(axis=0), np.eye(8)[k])
