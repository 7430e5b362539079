"""A week goes part by part, and nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smsim import load_scenario, simulate
from smsim.engine import room
from smsim.world import build_world

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def parts(facility: list[int], least: int) -> list[int]:
    """Where parts begin and the last ends, of communities of 100 households that are served by these facilities."""
    world = build_world(load_scenario(SCENARIOS / "village.yaml").replace(world={"households": 500}), 1)
    places = world.places._replace(
        community_start=np.arange(len(facility) + 1) * 100,
        facility=np.array(facility, np.int32),
        facility_households=np.zeros(max(facility) + 1),
    )
    places = places._replace(treated=np.ones(len(facility), np.uint8), district=np.zeros(len(facility), np.int32))
    here = room.new_room(world.households, places)._replace(part=least)
    found = getattr(room.divide, "py_func", room.divide)(places, here)
    return here.part_start[: found + 1].tolist()


def test_a_part_ends_where_no_facility_goes_on():
    assert parts([0, 0, 1, 2, 2], least=1) == [0, 2, 3, 5]


def test_facilities_that_take_turns_are_in_one_part():
    assert parts([1, 0, 1, 0, 2], least=1) == [0, 4, 5]


def test_a_part_has_as_many_households_as_asked_but_for_the_last():
    assert parts([0, 1, 2, 3, 4, 5, 6], least=250) == [0, 3, 6, 7]


@pytest.mark.parametrize("name", ["s0-default", "s2-silenced-majority", "ethiopia-smdc", "india-smnet-polio"])
@pytest.mark.parametrize("strategy", ["hybrid", "activist"])
def test_the_record_is_the_same_in_one_part_and_in_many(monkeypatch, name, strategy):
    scenario = load_scenario(SCENARIOS / f"{name}.yaml").replace(
        world={"households": 2000, "households_per_community": 50, "communities_per_facility": 3},
        campaign={"pretest_cost": 0, "design_cost": 0},
    )
    world = build_world(scenario, 4)
    whole = simulate(scenario, strategy, 4, world)
    monkeypatch.setattr(room, "PART", 1)
    parted = simulate(scenario, strategy, 4, world)
    for name, one, other in zip(whole.record._fields, whole.record, parted.record, strict=True):
        assert np.array_equal(one, other), name
