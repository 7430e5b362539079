"""Mobilizers: who visits whom, in which weeks, and what kind of person it is.

A district with treated communities has posts, one per `households_per_mobilizer` treated households (at least one).
Its households, in the order of their index, are split evenly over its posts, so a post may cover part of a community
or several. A post is held by one mobilizer at a time; when she leaves it is vacant for `vacancy_weeks`, then somebody
else is hired and trained. `Staff` is arrays; `smsim.costs` and the Mesa face read the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from smsim.engine.arrays import Array, Places, frozen_array
from smsim.engine.draws import chance_to_hazard, fill_uniforms, fill_weeks, uniform
from smsim.engine.posts import add_up, hold

# Streams of a run, beyond those of the engine. Identity: the post; n: how many held it before.
STAFF_LEAVES, STAFF_RESIDENT, STAFF_LANGUAGE, STAFF_WOMAN = range(2000, 2004)

SUPERVISED = 10  # mobilizers per supervisor
GOLDEN = 0.6180339887498949  # successive holders of a post spread evenly over (0, 1)


class Tenure(NamedTuple):
    """One person in one post."""

    post: int
    number: int  # 0 for the first holder of the post, then 1, 2, ...
    start: int  # first campaign week in the post
    stop: int  # first campaign week no longer in it (may lie beyond the campaign)
    resident: bool  # lives in the community
    language: bool  # speaks the minority's language
    woman: bool
    training: float  # in [0, 1]


class StaffWeeks(NamedTuple):
    """What the staff of every community can do and who they are, as `Plan` wants it: float64 (weeks, C) each."""

    visit_capacity: Array  # visits per week
    resident: Array  # of these and the next: mean over the active mobilizers, by caseload
    language: Array
    women: Array
    training: Array


@dataclass(frozen=True)
class Staff:
    """Posts, their caseloads and their holders, for W campaign weeks, M posts and C communities."""

    seed: int
    visits_per_week: float
    leave_chance: float  # per week
    vacancy_weeks: int
    profile: tuple[float, float, float, float]  # resident, language, women, training: what the parameters ask for
    communities: int
    district: Array  # int64 (M,)
    supervisor: Array  # int64 (M,)
    caseload: Array  # int64 (M,): households
    # Which part of a caseload lies in which community, in order of households; K pairs.
    pair_post: Array  # int64 (K,)
    pair_community: Array  # int64 (K,)
    pair_households: Array  # int64 (K,)
    position: Array  # float64 (3, M): where a post stands in (0, 1) for residence, language, gender
    roster: tuple[Tenure, ...]  # by post, then by start
    active: Array  # bool (W, M): somebody holds the post
    traits: Array  # float64 (4, W, M): resident, language, woman (0 or 1), training; 0 where vacant

    @property
    def weeks(self) -> int:
        """Weeks of the campaign."""
        return int(self.active.shape[0])

    @property
    def posts(self) -> int:
        """Number of posts, M."""
        return int(self.active.shape[1])

    @property
    def trained(self) -> int:
        """How many people were hired and trained within the campaign, replacements included."""
        return len(self.roster)

    def holder(self, post: int, week: int) -> Tenure | None:
        """Who holds the post in a campaign week; None if it is vacant."""
        return next((m for m in self.roster if m.post == post and m.start <= week < m.stop), None)


def hire(campaign: Mapping[str, Any], places: Places, seed: int) -> Staff:
    """The staff of a campaign, a function of its parameters, the places and the seed of the run only.

    Who has an attribute is drawn systematically: posts are shuffled by keyed draws and spread evenly over (0, 1), and
    those below the share have it. Small campaigns thus stay near the share, and a larger share only adds.
    """
    size = np.diff(places.community_start)
    # Treated communities, by district; then one long line of their households.
    treated = np.flatnonzero(places.treated)
    treated = treated[np.argsort(places.district[treated], kind="stable")]
    household_edge = np.concatenate([[0], np.cumsum(size[treated])])
    districts, first = np.unique(places.district[treated], return_index=True)
    district_edge = household_edge[np.concatenate([first, [treated.size]])]
    households = np.diff(district_edge)
    posts = np.maximum(1, np.floor(households / campaign["households_per_mobilizer"] + 0.5).astype(np.int64))
    local = np.arange(posts.sum()) - np.repeat(np.cumsum(posts) - posts, posts)
    supervisors = -(-posts // SUPERVISED)
    post_edge = np.repeat(district_edge[:-1], posts) + local * np.repeat(households, posts) // np.repeat(posts, posts)
    # Every stretch of that line between two edges belongs to one post and one community.
    edges = np.union1d(household_edge, post_edge)
    pair_post = np.searchsorted(post_edge, edges[:-1], side="right") - 1
    pair_community = treated[np.searchsorted(household_edge, edges[:-1], side="right") - 1]
    total = int(posts.sum())
    weeks = int(campaign["weeks"])
    # Unpaid mobilizers leave more often.
    unpaid = 1 + (campaign["unpaid_attrition_ratio"] - 1) * (1 - campaign["mobilizer_paid"])
    staff = Staff(
        seed=seed,
        visits_per_week=float(campaign["visits_per_mobilizer_week"]),
        leave_chance=min(1.0, campaign["mobilizer_attrition"] * unpaid),
        vacancy_weeks=int(campaign["vacancy_weeks"]),
        profile=tuple(float(campaign[k]) for k in ("resident_share", "language_share", "women_share", "training")),  # type: ignore[arg-type]
        communities=int(places.treated.shape[0]),
        district=np.repeat(districts, posts),
        supervisor=np.repeat(np.cumsum(supervisors) - supervisors, posts) + local // SUPERVISED,
        caseload=np.diff(np.concatenate([post_edge, household_edge[-1:]])),
        pair_post=pair_post,
        pair_community=pair_community,
        pair_households=np.diff(edges),
        position=np.array([_positions(seed, s, total) for s in (STAFF_RESIDENT, STAFF_LANGUAGE, STAFF_WOMAN)]),
        roster=(),
        active=np.zeros((weeks, total), bool),
        traits=np.zeros((4, weeks, total)),
    )
    roster = _enter(staff, np.arange(total), 0, np.zeros(total, np.int64))
    return replace(staff, roster=tuple(roster))


def dismiss(staff: Staff, post: int, week: int) -> Staff:
    """The staff if whoever holds the post leaves at the start of a campaign week; the same staff if it is vacant.

    The vacancy is filled as any other, by the next holder in line.
    """
    person = staff.holder(post, week)
    if person is None:
        return staff
    changed = replace(staff, active=staff.active.copy(), traits=staff.traits.copy())
    changed.active[week:, post] = False
    changed.traits[:, week:, post] = 0.0
    refilled = week + staff.vacancy_weeks
    gap = np.array([post] if refilled < staff.weeks else [], np.int64)
    successors = _enter(changed, gap, person.number + 1, np.full(gap.size, refilled))
    stays = [m for m in staff.roster if m.post != post or m.start < person.start]
    roster = sorted([*stays, person._replace(stop=week), *successors])
    return replace(changed, roster=tuple(roster))


def staff_weeks(staff: Staff, first: int, stop: int) -> StaffWeeks:
    """Capacity and profile of the staff in campaign weeks first ... stop - 1, by community.

    A week's numbers do not depend on which weeks are asked for together. Where nobody is active, capacity is 0 and
    the profile is the one that the parameters ask for.
    """
    if not 0 <= first <= stop <= staff.weeks:
        raise ValueError(f"the staff works in campaign weeks 0 ... {staff.weeks - 1}; asked for {first} ... {stop - 1}")
    visits = staff.visits_per_week * (staff.pair_households / staff.caseload[staff.pair_post])
    rows, scratch = np.zeros((5, stop - first, staff.communities)), np.empty(staff.communities)
    parts = staff.pair_post, staff.pair_community, staff.pair_households
    add_up(staff.active, staff.traits, first, *parts, visits, np.array(staff.profile), scratch, rows)
    return StaffWeeks(*rows)


def staff_week(staff: Staff, week: int) -> StaffWeeks:
    """Capacity and profile of the staff in one campaign week: (1, C) arrays, see `staff_weeks`."""
    return staff_weeks(staff, week, week + 1)


def nobody(weeks: int, communities: int, profile: tuple[float, ...]) -> StaffWeeks:
    """The staff of no campaign: no capacity, and the profile that the parameters ask for."""
    return StaffWeeks(*(np.full((weeks, communities), float(value)) for value in (0.0, *profile)))


def _positions(seed: int, stream: int, posts: int) -> Array:
    """Posts in a random order, evenly over (0, 1): ``(rank + u) / M``."""
    key = np.uint64(seed)
    drawn, rank = np.empty(posts), np.empty(posts)
    fill_uniforms(key, stream, 0, frozen_array(np.arange(posts, dtype=np.uint32)), 0, posts, drawn)
    rank[np.argsort(drawn, kind="stable")] = np.arange(posts)
    shift = uniform(key, stream, np.int64(1), np.uint32(0))  # of the types that the world calls it with
    position: Array = (rank + shift) / max(posts, 1)
    return position


def _enter(staff: Staff, posts: Array, number: int, start: Array) -> list[Tenure]:
    """Fill these posts from campaign weeks `start` on with one holder after the other, the next being the `number`-th.

    Writes them into the weekly arrays of a staff that is still being made; returns them by post, then by start.
    """
    found: list[Tenure] = []
    leaving = chance_to_hazard(staff.leave_chance)
    while posts.size:
        identities = posts.astype(np.uint32)
        identities.setflags(write=False)
        words, stays = np.empty(posts.size, np.uint32), np.empty(posts.size, np.int32)
        fill_weeks(np.uint64(staff.seed), STAFF_LEAVES, number, identities, 0, posts.size, leaving, words, stays)
        stop = start + stays
        has = (staff.position[:, posts] + number * GOLDEN) % 1.0 < np.array(staff.profile[:3])[:, None]
        hold(staff.active, staff.traits, posts, start, stop, np.ascontiguousarray(has), staff.profile[3])
        found += map(
            Tenure, posts.tolist(), [number] * posts.size, start.tolist(), stop.tolist(), *has.tolist(),
            [staff.profile[3]] * posts.size,
        )  # fmt: skip
        follow = stop + staff.vacancy_weeks < staff.weeks
        posts, start, number = posts[follow], (stop + staff.vacancy_weeks)[follow], number + 1
    return sorted(found)
