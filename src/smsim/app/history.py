"""One world, household by household and week by week: who adopted, what moved it, what is missing, and what if not.

The engine keeps counts only. Here a run is stepped week by week and the state between two weeks is looked at; nothing
of the model is written a second time, except the sum of a household's support (`terms`), which docs/week.md gives
and a test holds against what the engine decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from smsim.app.compute import Started
from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    INCENTIVE,
    LAPSED,
    MAINTAINED,
    NEVER,
    SUPPORTS,
    UNAWARE,
    VOICES,
    WILLING,
    Array,
    Plan,
    Record,
    State,
)
from smsim.engine.run import copy_state
from smsim.scenario import Scenario
from smsim.simulate import Prepared, prepare
from smsim.staff import StaffWeeks, hire, staff_weeks

CHANNELS = ("media", "visit", "dialogue")  # columns of contacts and credits
TERMS = ("peer", "leader", *CHANNELS, "incentive", "link")
FARTHEST = 1e9  # a threshold that nothing reaches


class Terms(NamedTuple):
    """What made up a household's support when it decided in a week, in shares of neighbours; each (n,)."""

    support: Array  # float64 (n, 7): by `TERMS`
    needed: Array  # float64 (n,)
    turned_away: Array  # bool (n,): sought the service in vain; known of those with any credit only

    @property
    def reached(self) -> Array:
        """Whether the support is enough, bool (n,)."""
        enough: Array = self.support.sum(axis=-1) >= self.needed - 1e-12
        return enough


@dataclass(frozen=True)
class History:
    """What n households went through in T weeks, one behaviour. Households are those of one community."""

    scenario: Scenario
    behaviour: int
    community: int
    households: Array  # int64 (n,): index in the world
    stage: Array  # uint8 (T, n): at the end of the week
    voices: Array  # bool (T, n): shows it, as committed at the end of the week
    contacts: Array  # uint8 (T, n, 3): contacts of the week, by `CHANNELS`
    believes: Array  # bool (T, n): believes the rumour
    new_lives: Array  # bool (T, n): a new caregiver came this week
    turned_away: Array  # bool (T, n): sought the service in vain (see `Terms`)
    terms: Array  # float64 (T, n, 7): what the support was made of, by `TERMS`
    needed: Array  # float64 (T, n): support it needed
    facility_up: Array  # bool (T,)
    ties: Array  # int64 (m, 3): both ends as positions 0 ... n - 1, and the weight
    strangers: Array  # int64 (n,): ties to other communities
    coverage: Array  # float64 (T, C): share that does it, by community; missing where nobody could

    @property
    def first_week(self) -> int:
        """The campaign's first week."""
        return int(self.scenario.run["burn_in_weeks"])

    def neighbours(self, i: int) -> list[tuple[int, int]]:
        """Position and weight of every neighbour in the community, heaviest first."""
        found = [(int(b if a == i else a), int(w)) for a, b, w in self.ties if i in (a, b)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def carried(self) -> list[tuple[int, int, int]]:
        """Ties that carried an adoption: week, tie, and the end that was moved.

        A tie carries when the household makes up its mind in a week in which it would not have without the example of
        its neighbours, and the other end showed it at the start of that week.
        """
        found = []
        ends: list[list[tuple[int, int]]] = [[] for _ in range(len(self.households))]
        for tie, (a, b, _) in enumerate(self.ties):
            ends[a].append((tie, int(b)))
            ends[b].append((tie, int(a)))
        for t, i in zip(*np.nonzero(self.decided()), strict=True):
            rest = self.terms[t, i].sum() - self.terms[t, i, 0]
            if rest < self.needed[t, i] - 1e-12:
                found += [(int(t), tie, int(i)) for tie, other in ends[i] if t and self.voices[t - 1, other]]
        return found

    def decided(self) -> Array:
        """Whether a household made up its mind for it in a week, bool (T, n); those that start so are not counted."""
        supports = np.isin(self.stage, (WILLING, ADOPTED, MAINTAINED))
        before = np.vstack([supports[:1], supports[:-1]])
        # Who lapses and who is replaced in the same week does not pass through here; nobody does both in one.
        return supports & ~before

    def adopted_week(self, i: int) -> int | None:
        """Campaign week in which the household first did it; None if it never did."""
        weeks = np.flatnonzero(np.isin(self.stage[:, i], (ADOPTED, MAINTAINED)))
        return int(weeks[0]) - self.first_week if len(weeks) else None


def terms(prepared: Prepared, b: int, who: Array, before: State, after: State, week: int) -> Terms:
    """What the support of households was made of when they decided this week: step 5 of docs/week.md.

    Parameters
    ----------
    who : int64 (n,), index of the households
    before, after : the state at the end of last week and of this one, `week`
    """
    world, behaviour, context = prepared.world, prepared.behaviours[b], prepared.context[0]
    homes, places = world.households, world.places
    c = homes.community[who]
    # f = (1 - g) n_V / k + g omega_c; g as it stood when the household decided
    size = np.diff(places.community_start)[c]
    omega = before.supporters[b, c] / size
    g = np.where(
        after.contacts[2, who] > before.contacts[2, who],
        1.0,
        before.norm_memory[who] * before.norm_fade[0] * (1 - context.norm_memory_decay),
    )
    reference = homes.reference[b, who]
    visible = np.divide(before.voicing[b, who], reference, out=np.zeros(len(who)), where=reference > 0)
    norm = behaviour.norm_weight * ((1 - g) * visible + g * omega)
    follows = (homes.membership[who, None] >> np.arange(4)) & 1
    led = (follows * after.endorsement[c]).sum(axis=1) / np.maximum(follows.sum(axis=1), 1)
    credit = persuaded(prepared, b, who, before, after, week)
    # inc: of the incentives that last week's demand asked for, the share that this week's money pays
    w, asked = week - prepared.plan.first_week, np.maximum(before.demand[b, c], 1)
    spending = prepared.plan.spending[w, INCENTIVE] if 0 <= w < len(prepared.plan.spending) else 0.0
    bought = spending * before.budget_share[c] / prepared.plan.unit_cost[INCENTIVE]
    incentive = behaviour.incentive_weight * np.minimum(1.0, bought / asked)
    link = int(behaviour.link)
    linked = behaviour.link_weight * (before.shown[link, who] & SUPPORTS != 0) if link >= 0 else np.zeros(len(who))
    led, won = behaviour.leader_weight * led, behaviour.persuasion_weight * credit
    support = np.column_stack([norm, led, won, incentive, linked])
    believing = after.mind["rumour"][b, who] == BELIEVES
    needed = homes.threshold[b, who] + np.where(believing, behaviour.rumour_threshold, 0.0)
    # Who is turned away loses half of its credits after it has decided.
    left = after.persuasion[b, who].sum(axis=1) * after.fade[b]
    turned_away = (credit.sum(axis=1) > 0) & np.isclose(left, credit.sum(axis=1) / 2, rtol=1e-9, atol=0)
    return Terms(support, needed, turned_away)


def persuaded(prepared: Prepared, b: int, who: Array, before: State, after: State, week: int) -> Array:
    """Credits from media, visit and dialogue as they stood when households decided: step 2 of docs/week.md, (n, 3)."""
    homes, plan = prepared.world.households, prepared.plan
    behaviour, context = prepared.behaviours[b], prepared.context[0]
    c = homes.community[who]
    w = min(max(week - plan.first_week, 0), len(plan.resident) - 1)
    minority, female = homes.minority[who], homes.female[who]
    trust = (
        context.trust
        * (1 - context.outsider_penalty * (1 - plan.resident[w, c]))
        * (1 - context.language_penalty * minority * (1 - plan.language[w, c]))
        * (1 - context.gender_penalty * female * (1 - plan.women[w, c]))
        * (0.5 + 0.5 * plan.training[w, c])
    )
    quality = context.material_quality * (1 - minority * (1 - context.material_language))
    gains = (
        context.media_gain * behaviour.message_share * quality,
        context.visit_gain * behaviour.message_share * trust * quality,
        context.dialogue_gain * behaviour.message_share * trust * quality,
    )
    credit: Array = before.persuasion[b, who] * before.fade[b] * (1 - behaviour.persuasion_decay)
    touched = (after.contacts[:, who] > before.contacts[:, who]).T
    for channel, gain in enumerate(gains):  # each with what the one before left to win
        credit[:, channel] += np.where(touched[:, channel], gain * (1 - credit.sum(axis=1)), 0.0)
    return credit


def watch(
    scenario: Scenario,
    strategy: str,
    start: Started,
    community: int,
    behaviour: int = 0,
    seed: int = 0,
    most: int = 300,
    plan: Plan | None = None,
) -> History:
    """Step one run and note what the households of a community go through.

    Parameters
    ----------
    start : the world after its burn-in; `seed` is that of the run
    most : so many households of the community are watched, the first ones
    plan : instead of the strategy's own
    """
    prepared = prepare(scenario, strategy, seed, start.world)
    if plan is not None:
        prepared = replace(prepared, plan=plan)
    return _watch(prepared, start, community, behaviour, most)


def _watch(prepared: Prepared, start: Started, community: int, b: int, most: int) -> History:
    world = prepared.world
    first, stop = (int(x) for x in world.places.community_start[community : community + 2])
    who = np.arange(first, min(stop, first + most))
    n, weeks, burn_in = len(who), prepared.weeks, int(prepared.scenario.run["burn_in_weeks"])
    state, record = copy_state(start.state), Record(*(array.copy() for array in start.record))
    kept = {
        "stage": np.zeros((weeks, n), np.uint8),
        "voices": np.zeros((weeks, n), bool),
        "contacts": np.zeros((weeks, n, 3), np.uint8),
        "believes": np.zeros((weeks, n), bool),
        "new_lives": np.zeros((weeks, n), bool),
        "turned_away": np.zeros((weeks, n), bool),
        "terms": np.zeros((weeks, n, len(TERMS))),
        "needed": np.zeros((weeks, n)),
        "facility_up": np.ones(weeks, bool),
    }
    facility = int(world.places.facility[community])
    for t in range(burn_in, weeks):
        before = copy_state(state)
        prepared.advance(state, record, t, t + 1)
        found = terms(prepared, b, who, before, state, t)
        kept["stage"][t] = state.stage[b, who]
        kept["voices"][t] = state.shown[b, who] & VOICES != 0
        kept["contacts"][t] = (state.contacts[:, who] - before.contacts[:, who]).T
        kept["believes"][t] = state.mind["rumour"][b, who] == BELIEVES
        kept["new_lives"][t] = state.lives[who] > before.lives[who]
        kept["terms"][t], kept["needed"][t], kept["turned_away"][t] = found
        kept["facility_up"][t] = bool(state.facility_up[facility])
    # The burn-in is not watched: its last week stands for all of it, as what the campaign found.
    for name in ("stage", "voices", "believes"):
        source = {
            "stage": start.state.stage[b, who],
            "voices": start.state.shown[b, who] & VOICES != 0,
            "believes": start.state.mind["rumour"][b, who] == BELIEVES,
        }[name]
        kept[name][:burn_in] = source
    ties, strangers = _ties(world.households.indptr, world.households.neighbor, world.households.weight, who)
    done = record.community[:, b].astype(float)
    of = record.community_eligible[:, b].astype(float)
    if prepared.scenario.behaviours[list(prepared.scenario.behaviours)[b]]["kind"] in ("event", "round"):
        done, of = (np.array([x[max(0, t - 25) : t + 1].sum(axis=0) for t in range(weeks)]) for x in (done, of))
    coverage = np.divide(done, of, out=np.full(done.shape, np.nan), where=of > 0)
    return History(prepared.scenario, b, community, who, **kept, ties=ties, strangers=strangers, coverage=coverage)


def _ties(indptr: Array, neighbor: Array, weight: Array, who: Array) -> tuple[Array, Array]:
    first, stop = int(who[0]), int(who[-1]) + 1
    rows = np.repeat(who, np.diff(indptr[first : stop + 1]))
    ends = neighbor[indptr[first] : indptr[stop]].astype(np.int64)
    weights = weight[indptr[first] : indptr[stop]].astype(np.int64)
    inside = (ends >= first) & (ends < stop)
    once = inside & (rows < ends)
    ties = np.column_stack([rows[once] - first, ends[once] - first, weights[once]])
    return ties, np.bincount(rows[~inside] - first, minlength=len(who))


def without_household(start: Started, index: int, scenario: Scenario, seed: int) -> Started:
    """The same world and luck, in which one household had never been: no ties, and nothing that it could do.

    The burn-in is run again, for its neighbours would have been others without it.
    """
    world = start.world
    homes = world.households
    n = len(homes.draw_id)
    rows = np.repeat(np.arange(n), np.diff(homes.indptr))
    keep = (rows != index) & (homes.neighbor != index)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[keep], minlength=n))]).astype(homes.indptr.dtype)
    degree = np.bincount(rows[keep], homes.weight[keep], minlength=n)
    threshold, stage = homes.threshold.copy(), homes.initial_stage.copy()
    threshold[:, index], stage[:, index] = FARTHEST, UNAWARE
    fewer = homes._replace(
        indptr=indptr,
        neighbor=np.ascontiguousarray(homes.neighbor[keep]),
        weight=np.ascontiguousarray(homes.weight[keep]),
        reference=np.tile(degree, (len(threshold), 1)),
        threshold=threshold,
        initial_stage=stage,
    )
    changed = replace(world, households=fewer)
    prepared = prepare(scenario, "none", seed, changed)
    state, record = prepared.begin()
    prepared.advance(state, record, 0, int(scenario.run["burn_in_weeks"]))
    return Started(changed, state, record)


def without_post(scenario: Scenario, strategy: str, start: Started, post: int, seed: int) -> Plan:
    """The strategy's plan with one mobilizer's post never filled, wherever it serves; its money is unspent.

    The engine knows what a community's mobilizers can do together, not who visits whom: the others do no more than
    before, and their visits go to all households of the community.
    """
    prepared = prepare(scenario, strategy, seed, start.world)
    staff = hire(scenario.campaign, start.world.places, seed)
    empty = replace(staff, active=staff.active.copy(), traits=staff.traits.copy())
    empty.active[:, post] = False
    empty.traits[:, :, post] = 0.0
    rows: StaffWeeks = staff_weeks(empty, 0, staff.weeks)
    return prepared.plan._replace(**rows._asdict())


class Post(NamedTuple):
    """A mobilizer's post, seen from a community that it serves."""

    number: int  # in the staff
    first: int  # position of its first household in the community
    stop: int  # and of the first that is no longer its own
    elsewhere: int  # households that it has in other communities


def posts_of(scenario: Scenario, start: Started, community: int, seed: int) -> list[Post]:
    """The posts that serve a community, in the order of its households; none where there is no campaign."""
    staff = hire(scenario.campaign, start.world.places, seed)
    found: list[Post] = []
    for pair in np.flatnonzero(staff.pair_community == community):
        post, here = int(staff.pair_post[pair]), int(staff.pair_households[pair])
        first = found[-1].stop if found else 0
        found.append(Post(post, first, first + here, int(staff.caseload[post]) - here))
    return found


__all__ = [
    "ADOPTS",
    "AWARE",
    "CHANNELS",
    "LAPSED",
    "NEVER",
    "TERMS",
    "History",
    "Post",
    "Terms",
    "posts_of",
    "terms",
    "watch",
    "without_household",
    "without_post",
]
