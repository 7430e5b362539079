"""A week goes part by part, and nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smsim import load_scenario, simulate
from smsim.engine import room
from smsim.world import build_world

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def places(facility: list[int], households: int = 100):
    """Communities of so many households each, served by these facilities."""
    world = build_world(load_scenario(SCENARIOS / "village.yaml").replace(world={"households": 500}), 1)
    return world.places._replace(
        community_start=np.arange(len(facility) + 1) * households,
        facility=np.array(facility, np.int32),
        facility_households=np.zeros(max(facility) + 1),
    )


def test_a_part_ends_where_no_facility_goes_on(monkeypatch):
    monkeypatch.setattr(room, "PART", 1)
    assert room.part_starts(places([0, 0, 1, 2, 2])).tolist() == [0, 2, 3, 5]


def test_facilities_that_take_turns_are_in_one_part(monkeypatch):
    monkeypatch.setattr(room, "PART", 1)
    assert room.part_starts(places([1, 0, 1, 0, 2])).tolist() == [0, 4, 5]


def test_a_part_is_as_large_as_asked(monkeypatch):
    monkeypatch.setattr(room, "PART", 250)
    assert room.part_starts(places([0, 1, 2, 3, 4, 5])).tolist() == [0, 2, 4, 6]


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
    assert len(room.part_starts(world.places)) > 10
    parted = simulate(scenario, strategy, 4, world)
    for name, one, other in zip(whole.record._fields, whole.record, parted.record, strict=True):
        assert np.array_equal(one, other), name


def test_identities_in_a_row_are_told_by_community():
    ids = np.array([0, 1, 2, 9, 8, 7, 3, 4], np.uint32)
    assert room._in_a_row(ids, np.array([0, 3, 6, 7, 8])).tolist() == [1, 0, 1, 1]
