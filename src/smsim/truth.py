"""What is true in a simulated world where a survey would look: counts by community, and the effect of the campaign."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from smsim.engine.arrays import ADOPTS, VOICES, Array
from smsim.errors import ScenarioError
from smsim.outcomes import COUNTED_BY_CASE, WINDOW, Weeks
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN, prepare
from smsim.survey import Counts
from smsim.world import World, build_world


class Arm(NamedTuple):
    """Communities of one arm: the truth at the baseline and at the endline."""

    before: Counts
    after: Counts
    lot: Array  # int64 (C,): facility


class Observed(NamedTuple):
    """One world: both arms, and the effect that only a simulation can know."""

    treated: Arm
    control: Arm | None
    effect: float  # on the treated: coverage at the endline less that of the same world without a campaign
    spill: float  # the same of the untreated communities; missing if there are none
    seed: int

    @property
    def has_baseline(self) -> bool:
        """Whether anybody could be asked before the campaign: not where its rounds are the first ones."""
        return all(arm.before.possible.any() for arm in (self.treated, self.control) if arm)


def observe(scenario: Scenario, strategy: str, behaviour: str, seed: int) -> Observed:
    """The truth of one world, as a survey could find it, and the effect of the campaign."""
    world = build_world(scenario, seed)
    treated = world.places.treated == 1
    if not treated.any():
        raise ScenarioError("no community is left with a campaign; raise campaign.treated_share, or lower --control")
    with_it = count_at(scenario, strategy, behaviour, world, seed)
    alone = count_at(scenario, NO_CAMPAIGN, behaviour, world, seed)

    def coverage(counts: Counts, where: Array) -> float:
        return coverage_of(_part(counts, where))

    before, after = with_it
    arms = [Arm(_part(before, w), _part(after, w), world.places.facility[w]) for w in (treated, ~treated)]
    return Observed(
        arms[0],
        arms[1] if not treated.all() else None,
        coverage(with_it[1], treated) - coverage(alone[1], treated),
        coverage(with_it[1], ~treated) - coverage(alone[1], ~treated),
        seed,
    )


def count_at(scenario: Scenario, strategy: str, behaviour: str, world: World, seed: int) -> tuple[Counts, Counts]:
    """Counts of every community in the last week before the campaign and in its last week."""
    one = prepare(scenario, strategy, seed, world)
    state, record = one.begin()
    weeks, b = Weeks.of(scenario), list(scenario.behaviours).index(behaviour)
    if weeks.baseline < 0:
        raise ScenarioError("run.burn_in_weeks must be 1 or more: without weeks before the campaign is no baseline")
    start = world.places.community_start
    found, reached = [], 0
    for week in (weeks.baseline, weeks.end):
        one.advance(state, record, reached, week + 1)
        reached = week + 1
        span = slice(week, week + 1)
        if scenario.behaviours[behaviour]["kind"] in COUNTED_BY_CASE:
            span = slice(max(0, week + 1 - WINDOW), week + 1)
        covered = record.community[span, b].sum(axis=0, dtype=np.int64)
        possible = record.community_eligible[span, b].sum(axis=0, dtype=np.int64)
        shown = state.shown[b]
        adopts = np.add.reduceat((shown & ADOPTS) != 0, start[:-1], dtype=np.int64)
        voices = np.add.reduceat((shown & (ADOPTS | VOICES)) == (ADOPTS | VOICES), start[:-1], dtype=np.int64)
        # Of those served at an event, as many would say so as of the households that do it now.
        says = np.where(adopts > 0, voices / np.maximum(adopts, 1), 1.0)
        found.append(Counts(np.diff(start), possible, covered, np.rint(covered * says).astype(np.int64)))
    return found[0], found[1]


def expected_change(world: Observed) -> float:
    """What an evaluation without error would find in a world: its difference in differences, or its change.

    Without baseline it is the difference between the arms at the endline, or the coverage then.
    """
    found = coverage_of(world.treated.after)
    if world.control is not None:
        found -= coverage_of(world.control.after)
    if not world.has_baseline:
        return found
    found -= coverage_of(world.treated.before)
    return found if world.control is None else found + coverage_of(world.control.before)


def coverage_of(counts: Counts) -> float:
    """Covered of those who could be; missing if nobody could."""
    possible = int(counts.possible.sum())
    return float(counts.covered.sum() / possible) if possible else math.nan


def _part(counts: Counts, where: Array) -> Counts:
    return Counts(*(part[where] for part in counts))
