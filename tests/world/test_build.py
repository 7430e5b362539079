"""A world is made by scenario and seed alone, to the bit; it never changes; what cannot fit is refused first."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import smsim
from smsim.errors import ScenarioError
from smsim.scenario import Scenario
from smsim.world import World, build_ground, build_world, dress, world_bytes, world_from_ties

TINY = {"households": 300, "households_per_community": 60}
TWO = {"world": TINY, "behaviours": {"a": {"initial_adopters": 0.1}, "b": {"threshold_icc": 0.3}}}


def arrays(world: World) -> dict[str, Any]:
    """Every array of a world by name."""
    named = world.households._asdict() | {f"places.{k}": v for k, v in world.places._asdict().items() if k != "cells"}
    return named | {"wealth_rank": world.wealth_rank}


def digest(world: World) -> str:
    total = hashlib.sha256()
    for array in arrays(world).values():
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def differing(one: World, other: World) -> set[str]:
    return {k for k, array in arrays(one).items() if not np.array_equal(array, arrays(other)[k])}


def test_the_same_seed_gives_the_same_world() -> None:
    scenario = Scenario.from_mapping({})
    assert not differing(build_world(scenario, 5), build_world(scenario, 5))


def test_other_seeds_give_other_worlds_down_to_the_high_bits_of_the_seed() -> None:
    scenario = Scenario.from_mapping(TWO)
    seeds = (0, 1, 2**32, 2**63 + 1, 2**64 - 1)
    assert len({digest(build_world(scenario, seed)) for seed in seeds}) == len(seeds)


@pytest.mark.parametrize("jit", ["0", "1"])
def test_another_process_makes_the_same_bytes_compiled_or_not(jit: str) -> None:
    here = Path(__file__).parent
    code = (
        "import warnings; warnings.simplefilter('ignore', RuntimeWarning)\n"  # products of Philox wrap
        "from test_build import TWO, digest; from smsim import build_world; from smsim.scenario import Scenario\n"
        "print(digest(build_world(Scenario.from_mapping(TWO), 9)))"
    )
    path = os.pathsep.join([str(here), str(Path(smsim.__file__).parents[1])])
    env = os.environ | {"NUMBA_DISABLE_JIT": "1" if jit == "0" else "0", "PYTHONPATH": path}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert out.strip() == digest(build_world(Scenario.from_mapping(TWO), 9))


def test_worlds_built_by_two_threads_at_once_are_those_built_alone() -> None:
    scenario = Scenario.from_mapping({})
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: digest(build_world(scenario, seed)), range(6)))
    assert together == [digest(build_world(scenario, seed)) for seed in range(6)]


def test_names_of_behaviours_and_what_follows_them_change_nothing() -> None:
    one, renamed, more = (
        build_world(Scenario.from_mapping({"world": TINY, "behaviours": b}), 1)
        for b in ({"wash": {}}, {"boil": {}}, {"wash": {}, "boil": {"threshold_mean": 0.2}})
    )
    assert not differing(one, renamed)
    assert differing(one, more) == {"reference", "threshold", "initial_stage"}
    assert np.array_equal(one.households.threshold[0], more.households.threshold[0])


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"behaviours": {"wash": {"threshold_mean": 0.2}}}, {"threshold"}),
        ({"behaviours": {"wash": {"aware_share": 0.9}}}, {"initial_stage"}),
        ({"campaign": {"treated_share": 0.5}}, {"places.treated"}),
        ({"campaign": {"invitation": "hub"}}, {"invite_weight"}),
        ({"world": {"availability": 0.5}}, set()),
        ({"world": {"child_share": 0.1}}, {"child"}),
        ({"world": {"opposed_share": 0.9}}, {"places.leader_response"}),
        ({"world": {"participation": 0.9}}, {"joiner", "places.joiners"}),
    ],
)
def test_a_parameter_touches_only_what_it_says(change: dict[str, Any], touched: set[str]) -> None:
    base = Scenario.from_mapping({"world": TINY, "behaviours": {"wash": {}}})
    assert differing(build_world(base, 3), build_world(base.replace(**change), 3)) == touched


def test_a_world_never_changes() -> None:
    for array in arrays(build_world(Scenario.from_mapping(TWO), 1)).values():
        assert not array.flags.writeable


def test_arrays_have_the_types_and_shapes_that_the_engine_states() -> None:
    w = build_world(Scenario.from_mapping(TWO), 1)
    types = {
        "draw_id": "u4", "community": "i4", "cell": "u1", "minority": "u1", "female": "u1", "hesitant": "u1",
        "media": "u1", "child": "u1", "joiner": "u1", "membership": "u1", "distance_km": "f8", "fear": "f8",
        "invite_id": "u4", "invite_weight": "f8", "indptr": "i8", "neighbor": "i4", "weight": "u1",
        "reference": "f8", "threshold": "f8", "initial_stage": "u1",
    }  # fmt: skip
    assert {k: a.dtype.str[1:] for k, a in w.households._asdict().items()} == types
    assert {k: a.shape for k, a in w.households._asdict().items() if a.shape != (300,)} == {
        "indptr": (301,),
        "neighbor": w.households.neighbor.shape,
        "weight": w.households.neighbor.shape,
        "reference": (2, 300),
        "threshold": (2, 300),
        "initial_stage": (2, 300),
    }
    assert np.array_equal(w.households.community, np.repeat(np.arange(5), 60))
    assert np.array_equal(w.households.draw_id, np.arange(300))


def test_the_memory_estimate_is_from_above() -> None:
    scenario = Scenario.from_mapping({"world": {"households": 20_000}})
    held = sum(array.nbytes for array in arrays(build_world(scenario, 1)).values())
    assert held < world_bytes(scenario) < 10 * held


def test_a_world_that_cannot_fit_is_refused_with_its_size_before_it_is_made() -> None:
    scenario = Scenario.from_mapping({"world": {"households": 5_000_000, "mean_ties": 200}})
    with pytest.raises(ScenarioError, match=r"5,000,000 households with 200 ties need about \d+ GiB; lower one"):
        build_world(scenario, 1)


def test_a_world_over_given_ties_keeps_them() -> None:
    indptr, neighbor, weight = np.array([0, 1, 3, 4]), np.array([1, 0, 2, 1]), np.array([1, 1, 3, 3])
    w = world_from_ties(Scenario.from_mapping({}), indptr, neighbor, weight, seed=1)
    assert w.households.neighbor.tolist() == [1, 0, 2, 1]
    assert w.households.weight.tolist() == [1, 1, 3, 3]
    assert w.households.reference.tolist() == [[1, 4, 3]]
    assert w.places.community_start.tolist() == [0, 3]
    assert indptr.flags.writeable


def test_given_ties_may_come_with_communities() -> None:
    start = np.array([0, 2, 5])
    none = np.array([], np.int32)
    w = world_from_ties(Scenario.from_mapping({}), np.zeros(6, np.int64), none, none, seed=1, start=start)
    assert w.households.community.tolist() == [0, 0, 1, 1, 1]
    assert w.households.reference.tolist() == [[0] * 5]
    start[1] = 3  # the caller's array is the caller's
    assert w.places.community_start.tolist() == [0, 2, 5]


def test_people_over_given_ties_are_those_of_the_built_world() -> None:
    scenario = Scenario.from_mapping({})
    one = build_world(scenario, 4)
    h = one.households
    other = world_from_ties(scenario, h.indptr, h.neighbor, h.weight, 4, one.places.community_start)
    assert not differing(one, other)


@pytest.mark.parametrize(
    ("ties", "sentence"),
    [
        (([0, 1, 1], [1], [1]), "symmetric"),
        (([0, 1, 2], [1, 2], [1, 1]), "households of the world; household 1 of 2 has neighbours .2. with weights .1."),
        (([0, 1, 2], [0, 1], [1, 1]), "itself"),
        (([0, 1, 2], [1, 0], [1, 2]), "symmetric"),
        (([0, 2, 4], [1, 1, 0, 0], [1, 1, 1, 1]), "ascend"),
        (([0, 1, 2], [1, 0], [300, 300]), "1 to 255"),
        (([0, 1, 2], [1, 0], [0, 0]), "1 to 255"),
        (([0, 1, 3], [1, 0], [1, 1]), "indptr"),
    ],
)
def test_given_ties_that_are_no_rows_are_refused(ties: tuple[list[int], ...], sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        world_from_ties(Scenario.from_mapping({}), *(np.array(part) for part in ties), seed=1)


def test_communities_that_do_not_divide_the_households_are_refused() -> None:
    none = np.array([], np.int32)
    for start in ([0, 2], [1, 3], [0, 2, 2, 3]):
        with pytest.raises(ScenarioError, match="start must ascend from 0 to the 3 households"):
            world_from_ties(Scenario.from_mapping({}), np.zeros(4, np.int64), none, none, 1, np.array(start))


def test_scenarios_that_differ_in_behaviour_and_campaign_share_a_ground() -> None:
    base = Scenario.from_mapping(TWO)
    ground = build_ground(base.world, 3)
    other = base.replace(
        behaviours={"a": {"threshold_mean": 0.1, "aware_share": 0.9}},
        campaign={"invitation": "hub", "treated_share": 0.5},
    )
    for scenario in (base, other, base):
        assert not differing(dress(scenario, ground), build_world(scenario, 3))


def test_a_world_is_itself_only() -> None:
    scenario = Scenario.from_mapping(TWO)
    one, other = build_world(scenario, 1), build_world(scenario, 1)
    assert one == one  # comparing arrays would raise
    assert one != other
    assert len({one, other}) == 2


def test_a_world_can_have_other_thresholds_and_first_stages_and_nothing_else_changes() -> None:
    world = build_world(Scenario.from_mapping(TWO), 1)
    one = np.arange(len(world.households.draw_id)) / 1000
    other = world.replace(threshold=one, initial_stage=2)
    assert differing(world, other) == {"threshold", "initial_stage"}
    assert np.array_equal(other.households.threshold, [one, one])
    assert (other.households.initial_stage == 2).all()


@pytest.mark.parametrize("field", [{"threshold": 0.5}, {"initial_stage": 3}, {"threshold": -1, "initial_stage": 1}])
def test_what_runs_ask_of_a_replaced_world_is_what_they_ask_of_one_made_so(field: dict[str, float]) -> None:
    world = build_world(Scenario.from_mapping(TWO), 1)
    assert world.facts  # known before
    other = world.replace(**field)
    fresh = World(other.households, other.places, other.wealth_rank, other.seed)
    assert other.facts[:3] == fresh.facts[:3]
    assert np.array_equal(other.facts.stage_count, fresh.facts.stage_count)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"threshold": np.zeros(3)}, r"threshold must be one number, or numbers of shape .*; got shape \(3,\)"),
        ({"threshold": [[1, 2], [3]]}, "threshold must be one number, or .*; got list that is no number"),
        ({"threshold": "high"}, "threshold must be one number, or .*; got str that is no number"),
        ({"threshold": float("nan")}, "threshold must be known of every household; that of household 0 is NaN"),
        ({"initial_stage": 6}, "initial_stage must be 0 to 5, for unaware, .*; got 6"),
        ({"initial_stage": -1}, "initial_stage must be 0 to 5, .*; got -1"),
        ({"initial_stage": 1.5}, "initial_stage must be 0 to 5, .*; got 1.5"),
    ],
)
def test_a_world_refuses_what_no_household_can_have(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        build_world(Scenario.from_mapping(TWO), 1).replace(**fields)


def test_a_missing_threshold_is_named_by_its_household() -> None:
    world = build_world(Scenario.from_mapping(TWO), 1)
    thresholds = np.zeros(len(world.households.draw_id))
    thresholds[7] = np.nan
    with pytest.raises(ScenarioError, match="household 7 is NaN"):
        world.replace(threshold=thresholds)


def test_a_world_says_what_it_is() -> None:
    assert repr(build_world(Scenario.from_mapping({}), 1)).startswith("World(4,000 households, 16 communities, 10.")


def test_building_a_world_imports_no_table_picture_or_model_library() -> None:
    code = (
        "import sys; from smsim.world import build_world\n"
        "print([m for m in ('pandas', 'matplotlib', 'mesa', 'SALib') if m in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": str(Path(smsim.__file__).parents[1])}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
