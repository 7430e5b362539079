"""Mobilizers: caseloads, profiles, leaving and replacement."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsim.engine.arrays import Places
from smsim.parameters import defaults
from smsim.staff import Staff, dismiss, hire, staff_week, staff_weeks


def places_of(sizes: list[int], per_district: int = 8, treated: list[int] | None = None) -> Places:
    c = len(sizes)
    district = np.arange(c, dtype=np.int32) // per_district
    return Places(
        community_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        facility=district,
        district=district,
        leader_response=np.ones(c),
        treated=np.array(treated or [1] * c, np.uint8),
        joiners=np.ones(c),
        facility_households=np.bincount(district, sizes),
        district_households=np.bincount(district, sizes),
        district_communities=np.bincount(district).astype(float),
        cells=80,
    )


def staff_of(places: Places, seed: int = 1, **campaign: Any) -> Staff:
    return hire({**defaults("campaign"), **campaign}, places, seed)


def test_every_community_of_one_caseload_has_its_own_mobilizer() -> None:
    staff = staff_of(places_of([250] * 16), mobilizer_attrition=0.0)
    assert staff.posts == 16
    assert list(staff.pair_community) == list(staff.pair_post) == list(range(16))
    assert (staff_weeks(staff, 0, 52).visit_capacity == 60).all()


def test_small_communities_share_a_mobilizer_and_her_visits() -> None:
    staff = staff_of(places_of([100, 50, 50]), households_per_mobilizer=200, mobilizer_attrition=0.0)
    assert staff.posts == 1
    np.testing.assert_allclose(staff_week(staff, 0).visit_capacity, [[30, 15, 15]])


def test_a_large_community_has_several_mobilizers() -> None:
    staff = staff_of(places_of([1000]), households_per_mobilizer=250, mobilizer_attrition=0.0)
    assert list(staff.caseload) == [250] * 4
    assert staff_week(staff, 0).visit_capacity[0, 0] == 240


def test_a_mobilizer_who_serves_two_communities_is_split_by_households() -> None:
    # 400 households over 2 mobilizers of 200: the second community's 100 households lie on both caseloads
    staff = staff_of(places_of([150, 100, 150]), households_per_mobilizer=200, mobilizer_attrition=0.0)
    assert list(staff.pair_post) == [0, 0, 1, 1]
    assert list(staff.pair_community) == [0, 1, 1, 2]
    assert list(staff.pair_households) == [150, 50, 50, 150]
    np.testing.assert_allclose(staff_week(staff, 0).visit_capacity, [[45, 30, 45]])


@settings(max_examples=50, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 60), min_size=1, max_size=12),
    per_district=st.integers(1, 5),
    caseload=st.integers(1, 200),
    data=st.data(),
)
def test_every_treated_household_has_one_mobilizer_of_its_district(
    sizes: list[int], per_district: int, caseload: int, data: st.DataObject
) -> None:
    treated = data.draw(st.lists(st.integers(0, 1), min_size=len(sizes), max_size=len(sizes)))
    places = places_of(sizes, per_district, treated)
    staff = staff_of(places, households_per_mobilizer=caseload, mobilizer_attrition=0.0)
    covered = np.bincount(staff.pair_community, staff.pair_households, len(sizes))
    assert list(covered) == [n * t for n, t in zip(sizes, treated, strict=True)]
    assert list(np.bincount(staff.pair_post, staff.pair_households, staff.posts)) == list(staff.caseload)
    assert (staff.district[staff.pair_post] == places.district[staff.pair_community]).all()
    for district in range(places.district_communities.size):
        households = sum(n for n, t, d in zip(sizes, treated, places.district, strict=True) if t and d == district)
        loads = staff.caseload[staff.district == district]
        assert loads.size == (max(1, int(households / caseload + 0.5)) if households else 0)
        assert loads.sum() == households
        assert loads.size == 0 or loads.max() - loads.min() <= 1
    np.testing.assert_allclose(staff_week(staff, 0).visit_capacity.sum(), 60 * staff.posts)


def test_weeks_asked_for_together_or_alone_are_the_same_to_the_bit() -> None:
    staff = staff_of(places_of([70] * 30), households_per_mobilizer=90, mobilizer_attrition=0.1)
    together = staff_weeks(staff, 0, 52)
    for week in range(52):
        for rows, row in zip(together, staff_week(staff, week), strict=True):
            assert rows[week].tobytes() == row[0].tobytes()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6, 1.0])
def test_the_staff_of_a_small_campaign_is_as_mixed_as_asked(share: float) -> None:
    for seed in range(5):
        staff = staff_of(places_of([250] * 16), seed, women_share=share, mobilizer_attrition=0.0)
        assert abs(staff.traits[2, 0].sum() - 16 * share) < 1


def test_each_post_has_an_attribute_as_often_as_the_share_says() -> None:
    # 500 seeds, share 0.6: three standard errors are 0.066; each post and trait is one of 12
    women = np.mean([staff_of(places_of([250] * 4), s).traits[2, 0] for s in range(500)], axis=0)
    assert (abs(women - 0.6) < 0.08).all()


def test_a_larger_share_only_adds() -> None:
    few = staff_of(places_of([250] * 16), 3, resident_share=0.3, mobilizer_attrition=0.02)
    many = staff_of(places_of([250] * 16), 3, resident_share=0.5, mobilizer_attrition=0.02)
    assert (many.traits[0] >= few.traits[0]).all()
    assert many.traits[0].sum() > few.traits[0].sum()


def test_mobilizers_leave_at_the_rate_that_pay_implies() -> None:
    places = places_of([10] * 2000)
    for paid, chance in ((1.0, 0.02), (0.0, 0.06), (0.5, 0.04)):
        staff = staff_of(places, households_per_mobilizer=10, mobilizer_attrition=0.02, mobilizer_paid=paid, weeks=1)
        left = np.mean([m.stop == 1 for m in staff.roster])
        # three standard errors of a share of 2,000
        assert abs(left - chance) < 3 * np.sqrt(chance * (1 - chance) / 2000)


def test_a_post_is_vacant_for_as_long_as_said_and_then_filled_by_a_trained_successor() -> None:
    staff = staff_of(places_of([250] * 16), mobilizer_attrition=0.05, vacancy_weeks=6)
    for post in range(16):
        line = [m for m in staff.roster if m.post == post]
        assert [m.number for m in line] == list(range(len(line)))
        assert line[0].start == 0
        for before, after in itertools.pairwise(line):
            assert after.start == before.stop + 6
        for week in range(52):
            assert staff.active[week, post] == (staff.holder(post, week) is not None)
    assert staff.trained == len(staff.roster) > 16


def test_a_vacant_community_gets_no_visits_and_the_plain_profile() -> None:
    staff = staff_of(places_of([250]), mobilizer_attrition=1.0, vacancy_weeks=3, women_share=0.6)
    rows = staff_weeks(staff, 0, 5)
    assert list(rows.visit_capacity[:, 0]) == [60, 0, 0, 0, 60]
    assert list(rows.women[1:4, 0]) == [0.6] * 3
    assert rows.women[0, 0] in (0.0, 1.0)
    np.testing.assert_allclose(rows.training[:, 0], 0.8)


def test_untreated_communities_have_no_staff() -> None:
    staff = staff_of(places_of([250] * 4, treated=[1, 0, 0, 1]), mobilizer_attrition=0.0)
    assert list(staff_week(staff, 0).visit_capacity[0]) == [60, 0, 0, 60]
    nobody = staff_of(places_of([250] * 2, treated=[0, 0]))
    assert nobody.posts == 0
    assert not staff_weeks(nobody, 0, 3).visit_capacity.any()


def test_a_supervisor_has_ten_mobilizers_of_one_district() -> None:
    staff = staff_of(places_of([250] * 30, per_district=15))
    assert list(np.bincount(staff.supervisor)) == [10, 5, 10, 5]


def test_who_is_dismissed_is_followed_by_the_next_in_line_and_nobody_else_changes() -> None:
    staff = staff_of(places_of([250] * 8), mobilizer_attrition=0.02)
    post = 3
    person = staff.holder(post, 10)
    assert person is not None
    changed = dismiss(staff, post, 10)
    others = [m for m in range(8) if m != post]
    np.testing.assert_array_equal(changed.active[:, others], staff.active[:, others])
    np.testing.assert_array_equal(changed.active[:10], staff.active[:10])
    assert list(changed.active[8:16, post]) == [True, True, False, False, False, False, True, True]
    successor = changed.holder(post, 14)
    assert successor is not None
    assert (successor.number, successor.start) == (person.number + 1, 14)
    assert dismiss(changed, post, 11) is changed
    assert staff.holder(post, 10) == person


def test_who_leaves_in_her_first_week_was_hired_and_trained_all_the_same() -> None:
    staff = staff_of(places_of([250]), mobilizer_attrition=0.0, vacancy_weeks=0)
    twice = dismiss(dismiss(staff, 0, 5), 0, 5)
    assert [(m.number, m.start, m.stop) for m in twice.roster[:2]] == [(0, 0, 5), (1, 5, 5)]
    assert twice.trained == 3


@pytest.mark.parametrize(("first", "stop"), [(-1, 1), (0, 53), (52, 53), (3, 2)])
def test_the_staff_is_asked_for_weeks_of_the_campaign_alone(first: int, stop: int) -> None:
    with pytest.raises(ValueError, match=r"works in campaign weeks 0 \.\.\. 51; asked for"):
        staff_weeks(staff_of(places_of([250] * 4), 1), first, stop)
