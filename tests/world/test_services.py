"""Places: communities of equal size, shared facilities and authorities, opposed leaders, a lottery for the campaign."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smsim.scenario import Scenario
from smsim.world import World, build_world
from smsim.world.services import community_starts


def built(seed: int = 1, invitation: str = "random", treated_share: float = 1.0, **world: Any) -> World:
    campaign = {"invitation": invitation, "treated_share": treated_share}
    return build_world(Scenario.from_mapping({"world": world, "campaign": campaign}), seed)


@pytest.mark.parametrize(("households", "per_community"), [(4000, 250), (4001, 250), (999, 100), (2, 250), (7, 2)])
def test_communities_differ_by_one_household_at_most(households: int, per_community: int) -> None:
    sizes = np.diff(community_starts(households, per_community))
    assert sizes.sum() == households
    assert len(sizes) == max(1, round(households / per_community))
    assert sizes.max() - sizes.min() <= 1


def test_facilities_and_districts_group_communities_in_order() -> None:
    places = built(households=2500, communities_per_facility=4, communities_per_district=8).places
    assert places.facility.tolist() == [0] * 4 + [1] * 4 + [2] * 2
    assert places.district.tolist() == [0] * 8 + [1] * 2
    assert places.facility_households.tolist() == [1000, 1000, 500]
    assert places.district_households.tolist() == [2000, 500]
    assert places.district_communities.tolist() == [8, 2]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_exactly_the_treated_share_of_communities_gets_the_campaign(share: float) -> None:
    treated = built(treated_share=share, households=5000).places.treated
    assert treated.sum() == round(share * 20)


def test_which_communities_are_treated_is_a_lottery_that_nests() -> None:
    few, many, other = (
        built(seed, treated_share=share, households=5000).places.treated
        for seed, share in ((1, 0.3), (1, 0.6), (2, 0.3))
    )
    assert np.all(many >= few)
    assert not np.array_equal(few, other)


def test_leaders_oppose_in_the_share_of_communities_asked_for() -> None:
    response = built(
        households=40_000, households_per_community=40, opposed_share=0.3, opposed_response=0.2
    ).places.leader_response
    assert set(np.unique(response)) == {0.2, 1.0}
    assert abs(np.mean(response == 0.2) - 0.3) < 4 * np.sqrt(0.21 / 1000)


def test_joiners_are_counted_by_community_and_never_below_one() -> None:
    w = built(participation=0.3)
    assert np.array_equal(w.places.joiners, w.households.joiner.reshape(16, 250).sum(axis=1))
    assert np.array_equal(built(participation=0).places.joiners, np.ones(16))


@pytest.mark.parametrize("invitation", ["random", "nominated", "hub", "kin"])
def test_invitation_weights_have_mean_one_among_the_joiners_of_a_community(invitation: str) -> None:
    w = built(invitation=invitation)
    joiner = w.households.joiner.reshape(16, 250)
    weights = w.households.invite_weight.reshape(16, 250)
    np.testing.assert_allclose((weights * joiner).sum(axis=1) / joiner.sum(axis=1), 1, rtol=1e-12)


def test_random_invitations_treat_all_alike_and_each_on_its_own() -> None:
    w = built(invitation="random")
    assert np.all(w.households.invite_weight == 1)
    assert np.array_equal(w.households.invite_id, w.households.draw_id)


def test_hub_invitations_follow_weighted_degree() -> None:
    w = built(invitation="hub")
    ratio = (w.households.invite_weight / w.households.reference[0]).reshape(16, 250)
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-12)


def test_nominations_are_the_names_that_neighbours_give() -> None:
    h = built(invitation="nominated").households
    named = np.zeros(4000)
    for j in range(4000):  # every household names one neighbour, in proportion to the tie
        row = slice(h.indptr[j], h.indptr[j + 1])
        named[h.neighbor[row]] += h.weight[row] / h.weight[row].sum()
    ratio = (h.invite_weight / named).reshape(16, 250)
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-12)


def test_kin_invitations_call_whole_kin_blocks_together() -> None:
    h = built(invitation="kin", cross_community_ties=0).households
    assert np.all(h.invite_weight == 1)
    rows = np.repeat(np.arange(4000), np.diff(h.indptr))
    kin = h.weight == 2
    assert np.array_equal(h.invite_id[rows[kin]], h.invite_id[h.neighbor[kin]])
    assert np.array_equal(np.bincount(np.bincount(h.invite_id)[np.unique(h.invite_id)]), [0, 0, 16, 0, 16 * 62])
