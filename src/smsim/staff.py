"""Mobilizers: who visits whom, in which weeks, and what kind of person it is.

A district with treated communities has posts, one per `households_per_mobilizer` treated households (at least one).
Its households, in the order of their index, are split evenly over its posts, so a post may cover part of a community
or several. A post is held by one mobilizer at a time; when she leaves it is vacant for `vacancy_weeks`, then somebody
else is hired and trained. `Staff` is arrays; `smsim.costs` and the Mesa face read the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from smsim.engine.arrays import Array, Places, frozen_array
from smsim.engine.draws import chance_to_hazard, fill_uniforms, uniform
from smsim.engine.posts import add_up, hold

# Streams of a run, beyond those of the engine. Identity: the post; n: how many held it before.
STAFF_LEAVES, STAFF_RESIDENT, STAFF_LANGUAGE, STAFF_WOMAN = range(2000, 2004)

SUPERVISED = 10  # mobilizers per supervisor


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


class Posts(NamedTuple):
    """Where the M posts of a campaign are, and whom they visit, whoever holds them. Read-only."""

    identity: Array  # uint32 (M,): 0, 1, ...
    district: Array  # int64 (M,)
    supervisor: Array  # int64 (M,)
    caseload: Array  # int64 (M,): households
    # Which part of a caseload lies in which community, in order of households; K pairs.
    pair_post: Array  # int64 (K,)
    pair_community: Array  # int64 (K,)
    pair_households: Array  # int64 (K,)


@dataclass(frozen=True)
class Staff:
    """Posts, their caseloads and their holders, for W campaign weeks, M posts and C communities."""

    seed: int
    visits_per_week: float
    leave_chance: float  # per week
    vacancy_weeks: int
    profile: tuple[float, float, float, float]  # resident, language, women, training: what the parameters ask for
    communities: int
    district: Array  # these as in `Posts`
    supervisor: Array
    caseload: Array
    pair_post: Array
    pair_community: Array
    pair_households: Array
    position: Array  # float64 (3, M): where a post stands in (0, 1) for residence, language, gender
    tenures: Array  # int64 (T, 7): the columns of `Tenure` but for the last, by post, then by number. Read-only.
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
        return len(self.tenures)

    @cached_property
    def roster(self) -> tuple[Tenure, ...]:
        """Everybody who was hired within the campaign, by post, then by number."""
        return tuple(
            Tenure(post, number, start, stop, bool(resident), bool(language), bool(woman), self.profile[3])
            for post, number, start, stop, resident, language, woman in self.tenures.tolist()
        )

    def holder(self, post: int, week: int) -> Tenure | None:
        """Who holds the post in a campaign week; None if it is vacant."""
        return next((m for m in self.roster if m.post == post and m.start <= week < m.stop), None)


def hire(campaign: Mapping[str, Any], places: Places, seed: int) -> Staff:
    """The staff of a campaign, a function of its parameters, the places and the seed of the run only.

    Who has an attribute is drawn systematically: posts are shuffled by keyed draws and spread evenly over (0, 1), and
    those below the share have it. Small campaigns thus stay near the share, and a larger share only adds.
    """
    where = (np.asarray(of, np.int64).tobytes() for of in (places.community_start, places.treated, places.district))
    posts = _posts(*where, campaign["households_per_mobilizer"])
    weeks, total = int(campaign["weeks"]), len(posts.identity)
    # Unpaid mobilizers leave more often.
    unpaid = 1 + (campaign["unpaid_attrition_ratio"] - 1) * (1 - campaign["mobilizer_paid"])
    staff = Staff(
        seed=seed,
        visits_per_week=float(campaign["visits_per_mobilizer_week"]),
        leave_chance=min(1.0, campaign["mobilizer_attrition"] * unpaid),
        vacancy_weeks=int(campaign["vacancy_weeks"]),
        profile=tuple(float(campaign[k]) for k in ("resident_share", "language_share", "women_share", "training")),  # type: ignore[arg-type]
        communities=int(places.treated.shape[0]),
        district=posts.district,
        supervisor=posts.supervisor,
        caseload=posts.caseload,
        pair_post=posts.pair_post,
        pair_community=posts.pair_community,
        pair_households=posts.pair_households,
        position=_positions(seed, posts.identity),
        tenures=np.empty((0, 7), np.int64),
        active=np.zeros((weeks, total), bool),
        traits=np.zeros((4, weeks, total)),
    )
    return replace(staff, tenures=_fill(staff, posts.identity, 0, 0))


@lru_cache(maxsize=64)  # the runs over a world have its posts in common, whoever they hire
def _posts(community_start: bytes, treated: bytes, district: bytes, households_per_mobilizer: float) -> Posts:
    """The posts of a campaign over places whose int64 arrays hold these bytes."""
    start, there, districts_of = (np.frombuffer(of, np.int64) for of in (community_start, treated, district))
    size = np.diff(start)
    # Treated communities, by district; then one long line of their households.
    communities = np.flatnonzero(there)
    communities = communities[np.argsort(districts_of[communities], kind="stable")]
    household_edge = np.concatenate([[0], np.cumsum(size[communities])])
    districts, first = np.unique(districts_of[communities], return_index=True)
    district_edge = household_edge[np.concatenate([first, [communities.size]])]
    households = np.diff(district_edge)
    posts = np.maximum(1, np.floor(households / households_per_mobilizer + 0.5).astype(np.int64))
    local = np.arange(posts.sum()) - np.repeat(np.cumsum(posts) - posts, posts)
    supervisors = -(-posts // SUPERVISED)
    post_edge = np.repeat(district_edge[:-1], posts) + local * np.repeat(households, posts) // np.repeat(posts, posts)
    # Every stretch of that line between two edges belongs to one post and one community.
    edges = np.union1d(household_edge, post_edge)
    found = Posts(
        identity=np.arange(posts.sum(), dtype=np.uint32),
        district=np.repeat(districts, posts),
        supervisor=np.repeat(np.cumsum(supervisors) - supervisors, posts) + local // SUPERVISED,
        caseload=np.diff(np.concatenate([post_edge, household_edge[-1:]])),
        pair_post=np.searchsorted(post_edge, edges[:-1], side="right") - 1,
        pair_community=communities[np.searchsorted(household_edge, edges[:-1], side="right") - 1],
        pair_households=np.diff(edges),
    )
    return Posts(*map(frozen_array, found))


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
    tenures = staff.tenures.copy()
    tenures[(tenures[:, 0] == post) & (tenures[:, 1] == person.number), 3] = week
    stays = tenures[(tenures[:, 0] != post) | (tenures[:, 1] <= person.number)]
    identity = frozen_array(np.array([post], np.uint32))
    successors = _fill(changed, identity, person.number + 1, week + staff.vacancy_weeks)
    tenures = np.concatenate([stays, successors])
    return replace(changed, tenures=frozen_array(tenures[np.lexsort((tenures[:, 1], tenures[:, 0]))]))


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
    rows = np.empty((5, weeks, communities))
    rows.T[:] = 0.0, *profile
    return StaffWeeks(*rows)


def _positions(seed: int, posts: Array) -> Array:
    """Posts in a random order, evenly over (0, 1), for each of the three traits: ``(rank + u) / M``."""
    key, total = np.uint64(seed), len(posts)
    streams = STAFF_RESIDENT, STAFF_LANGUAGE, STAFF_WOMAN
    drawn = np.empty((len(streams), total))
    for stream, draws in zip(streams, drawn, strict=True):
        fill_uniforms(key, stream, 0, posts, 0, total, draws)
    rank = np.argsort(np.argsort(drawn, axis=1, kind="stable"), axis=1)
    shift = [[uniform(key, stream, np.int64(1), np.uint32(0))] for stream in streams]  # of the world's types
    position: Array = (rank + shift) / max(total, 1)
    return position


def _fill(staff: Staff, posts: Array, number: int, week: int) -> Array:
    """Fill these posts from a campaign week on with one holder after the other, the next being the `number`-th.

    Writes them into the weekly arrays of a staff that is still being made; returns their rows of `Staff.tenures`.
    """
    most = max(0, staff.weeks - week) // (1 + staff.vacancy_weeks) + 1
    tenures = np.empty((len(posts) * most, 7), np.int64)
    key, leaving, profile = np.uint64(staff.seed), chance_to_hazard(staff.leave_chance), np.array(staff.profile)
    found = hold(
        key, STAFF_LEAVES, posts, number, week, leaving, staff.vacancy_weeks, staff.position, profile, staff.active,
        staff.traits, tenures,
    )  # fmt: skip
    return frozen_array(tenures[:found].copy())  # of room for far more
