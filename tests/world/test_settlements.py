"""Places of other kinds: kin, schools, markets, neighbouring communities and followings are as the scenario says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smsim.parameters import SETTLEMENTS, section
from smsim.scenario import Scenario
from smsim.world import World, build_world


def built(seed: int = 1, **world: Any) -> World:
    size = {"households": 24_000, "households_per_community": 60}
    return build_world(Scenario.from_mapping({"world": size | world}), seed)


def ends(world: World) -> tuple[Any, Any]:
    h = world.households
    return np.repeat(np.arange(len(h.draw_id)), np.diff(h.indptr)), h.neighbor


def minority_by_community(world: World) -> Any:
    return world.households.minority.reshape(-1, 60).mean(axis=1)


def alike_next_door(values: Any) -> float:
    """Correlation of each community with the next."""
    return float(np.corrcoef(values[1:], values[:-1])[0, 1])


@pytest.mark.parametrize("settlement", SETTLEMENTS)
def test_what_is_usual_in_a_settlement_is_valid_and_gives_way_to_the_file(settlement: str) -> None:
    table = section("world")
    for name, value in SETTLEMENTS[settlement].items():
        assert table[name].low <= value <= table[name].high
        assert isinstance(value, int) == table[name].integer
    world = Scenario.from_mapping({"world": {"settlement": settlement, "rewiring": 0.5}}).world
    assert dict(world) == {k: p.default for k, p in table.items()} | SETTLEMENTS[settlement] | {
        "settlement": settlement,
        "rewiring": 0.5,
    }


def test_the_settlements_of_the_table_are_those_with_usual_values() -> None:
    assert section("world")["settlement"].choices == tuple(SETTLEMENTS)


@pytest.mark.parametrize("settlement", SETTLEMENTS)
def test_every_settlement_has_the_ties_asked_for(settlement: str) -> None:
    scenario = Scenario.from_mapping({"world": {"settlement": settlement, "households": 24_000}})
    assert len(build_world(scenario, 1).households.neighbor) / 24_000 == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 12])
def test_kin_are_cliques_of_the_size_asked_for(size: int) -> None:
    world = {"households": 24_000, "households_per_community": 60, "kin_households": size, "mean_ties": 14}
    w = build_world(Scenario.from_mapping({"world": world, "campaign": {"invitation": "kin"}}), 1)
    assert np.count_nonzero(w.households.weight == 2) == 24_000 * (size - 1)
    assert len(w.households.neighbor) / 24_000 == pytest.approx(14, rel=0.05)
    i, j = ends(w)
    kin = w.households.weight == 2
    assert np.array_equal(w.households.invite_id[i[kin]], w.households.invite_id[j[kin]])  # and are invited together


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_school_ties_households_with_children(share: float) -> None:
    without, w = (built(school_share=s, mean_ties=12, child_share=0.5) for s in (0.0, share))
    more = [float(np.mean(x.households.child[ends(x)[0]] & x.households.child[ends(x)[1]])) for x in (without, w)]
    assert more[0] == pytest.approx(0.25, abs=0.01)
    # A path through half of the households adds one tie to a household's 12, all between parents, where a quarter was;
    # one of seven falls on a tie that there is already, with about nine of the 60 households.
    assert more[1] - more[0] == pytest.approx(share * 0.75 * (1 - 9 / 60) / 12, abs=0.01)
    assert len(w.households.neighbor) / 24_000 == pytest.approx(12, rel=0.05)


def test_market_days_keep_cross_community_ties_among_those_that_share_a_facility() -> None:
    def at_market(share: float) -> float:
        w = built(market_share=share, cross_community_ties=0.2, communities_per_facility=4, communities_per_district=16)
        i, j = (w.households.community[end] for end in ends(w))
        assert np.array_equal(w.places.district[i], w.places.district[j])
        across = i != j
        assert across.sum() / (~across).sum() == pytest.approx(0.2, rel=0.1)
        return float(np.mean(w.places.facility[i[across]] == w.places.facility[j[across]]))

    # Anywhere in the district, three of the fifteen other communities share the facility.
    for share in (0.0, 0.5, 1.0):
        assert at_market(share) == pytest.approx(share + (1 - share) * 3 / 15, abs=0.02)


def test_a_market_of_one_community_leaves_the_district() -> None:
    w = built(market_share=1.0, communities_per_facility=1)
    i, j = (w.households.community[end] for end in ends(w))
    assert np.mean(i != j) == pytest.approx(0.05 / 1.05, rel=0.1)


def test_communities_of_the_minority_lie_side_by_side_and_keep_their_shares() -> None:
    chance, some, sorted_ = (
        minority_by_community(built(place_clustering=c, minority_icc=0.5)) for c in (0.0, 0.6, 1.0)
    )
    assert abs(alike_next_door(chance)) < 4 / np.sqrt(400)
    assert alike_next_door(chance) < alike_next_door(some) < alike_next_door(sorted_)
    assert alike_next_door(sorted_) > 0.9
    # The same shares are only moved: what differs is who of a community is drawn.
    assert np.sort(some).mean() == pytest.approx(chance.mean(), abs=0.01)
    assert np.sort(some).std() == pytest.approx(chance.std(), abs=0.01)


def test_the_places_of_the_minority_are_not_by_construction_those_of_the_hesitant() -> None:
    found = []
    for seed in range(12):
        w = built(seed, place_clustering=1.0, minority_icc=0.5, hesitancy_icc=0.5)
        hesitant = w.households.hesitant.reshape(-1, 60).mean(axis=1)
        found.append(np.corrcoef(minority_by_community(w), hesitant)[0, 1])
    assert min(found) < 0 < max(found)


def test_leaders_of_each_kind_have_the_following_asked_for() -> None:
    shares = {"religious_following": 0.5, "traditional_following": 0.3, "womens_following": 0.1, "youth_following": 0.6}
    w = built(**shares)
    for bit, share in enumerate(shares.values()):
        has = (w.households.membership >> bit) & 1
        assert abs(has.mean() - share) < 4 * np.sqrt(share * (1 - share) / has.size)
    assert len(w.households.neighbor) / 24_000 == pytest.approx(10, rel=0.05)
