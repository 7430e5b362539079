"""The short way through a week in which nothing acts on households but their neighbours and their own minds.

No campaign that reaches anybody, no rumour, no taboo, no turnover, no lapsing, a service at home for everybody: what
remains of steps 2 to 10 is hearing, weighing and adopting, the textbook contagion. The outcome is that of `decide`,
`serve`, `settle` and `close`, to the bit; what those would look up for mechanisms at rest is left alone. A test runs
the same worlds both ways.

A household's clock is kept in a byte beside its week, so that a week looks at two bytes of whoever has nothing to do.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner, kernel
from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BLOCK,
    BY_PEER,
    DIALOGUE,
    FOREVER,
    HOME,
    INCENTIVE,
    LEADER,
    MAINTAINED,
    MEDIA,
    NEW_TALK,
    NEW_VOICES,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    PERMANENT,
    RECONSIDERS,
    SUPPORTS,
    TALKS,
    UNAWARE,
    VISIT,
    VOICES,
    WILLING,
    Array,
    Plan,
    State,
)
from smsim.engine.campaign import authorities, buy, contact, disseminate, environment, monitor, summarise
from smsim.engine.decide import move
from smsim.engine.draws import DECIDE, MATURE, chance_to_hazard, weeks_of_each, weeks_until
from smsim.engine.hear import fade_persuasion
from smsim.engine.push import push
from smsim.engine.rules import crossing_week, supports
from smsim.engine.settle import add_hazards, bit, carry, stand, tally
from smsim.engine.weigh import support

GROUP = 64  # households whose bytes are looked at together: passed over if none has anything to do
BEYOND = 255  # a clock byte that does not strike
LAST = 200  # weeks after which clock bytes are counted anew


def quiet_until(state: State, plan: Plan, behaviours: Array, context: Array, first_week: int, stop_week: int) -> int:
    """The first week, from first_week up to stop_week, in which more may act than neighbours and households' minds."""
    one = behaviours[0]
    only_spreads = (
        len(behaviours) == 1
        and one["kind"] == PERMANENT
        and one["link"] < 0
        and one["taboo"] <= 0
        and one["rumour_passing"] <= 0
        and one["rumour_arrival"] <= 0
        and one["rumour_initial"] <= 0
        and one["rumour_shock_share"] <= 0
        and one["place"] == HOME
        and one["service_capacity"] >= 1  # slots of a facility: at least its households
        and context[0]["turnover"] <= 0
    )
    if not only_spreads or state.warm.any() or (state.endorsement > 0).any():
        return first_week
    acts = plan.spending[:, (VISIT, DIALOGUE, LEADER, MEDIA, INCENTIVE)].any(axis=1)
    weeks = plan.first_week + np.flatnonzero(acts)
    return int(min([stop_week, *weeks[weeks >= first_week]]))


@kernel
def spread_weeks(  # type: ignore[no-untyped-def]
    state, record, households, places, plan, behaviours, context, room, seed, first_week, stop_week
):
    """Advance state and record, in place, through quiet weeks."""
    base = -1 - LAST  # no clock bytes yet
    for t in range(first_week, stop_week):
        buy(state, record, places, plan, t, room.volume)
        disseminate(state, places, plan, context, seed, t, room.volume)
        environment(state, places, plan, context, room.facility_district, seed, t, room.volume)
        if t > 0:
            carry(record.reached[t - 1], record.reached[t])
        contact(state, record, households, places, context, room, seed, t)
        if t - base > LAST:
            base = t
            set_clocks(state.due[0], base, room.clock)
        spread(state, record, households, places, behaviours, room, seed, t, base)
        authorities(state, record, places, context, room.owned, t)
        summarise(state, record, t)
        monitor(state, households, places, plan, context, seed, t)


@inlined
def clock_byte(due, base):  # type: ignore[no-untyped-def]
    """Weeks from `base` until a clock strikes, as a byte: 0 if it has struck, `BEYOND` if far."""
    return np.uint8(min(max(due - base, 0), BEYOND))


@inlined
def has_to_act(stage, hot, clock, now):  # type: ignore[no-untyped-def]
    """1 for whoever has a clock that strikes, or news and has not adopted."""
    adopter = np.uint8(stage == ADOPTED) | np.uint8(stage == MAINTAINED)
    return np.uint8(np.uint8(hot != 0) & (adopter ^ np.uint8(1))) | np.uint8(clock <= now)


@inner
def set_clocks(due, base, clock):  # type: ignore[no-untyped-def]
    """Fill clock, uint8 (N,), with the byte of every household."""
    for i in range(clock.shape[0]):
        clock[i] = clock_byte(due[i], base)


@inner
def spread(state, record, households, places, behaviours, room, seed, t, base):  # type: ignore[no-untyped-def]
    """A week of the only behaviour. The room's `clock` holds the `clock_byte` of every household, from `base` on."""
    clock, movers = room.clock, room.stirred[0]
    behaviour = behaviours[0]
    people = clock.shape[0]
    stage, shown, hot, due, pending = state.stage[0], state.shown[0], state.hot[0], state.due[0], state.pending[0]
    heard, minds, stage_count = state.heard[0], state.mind[0], state.stage_count[0]
    voicing, talking, needed = state.voicing[0], state.talking[0], state.needed[0]
    demand, reference, fear = state.demand[0], households.reference[0], households.fear
    draw_id, cells, communities = households.draw_id, households.cell, households.community
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    supporters, adopters = state.supporters[0], state.adopters[0]
    peers, silent_information = behaviour.peer_information > 0, behaviour.silent_information
    norm_weight, talk_weeks, fearless = behaviour.norm_weight, behaviour.talk_weeks, 1 - behaviour.taboo
    deciding, maturing = chance_to_hazard(behaviour.decision_rate), chance_to_hazard(behaviour.maturation_rate)
    fade_persuasion(
        state.persuasion[0], state.persuaded[0], state.persuaded_sum[0], state.fade, 0, 1 - behaviour.persuasion_decay
    )
    demand.fill(0)
    now = np.uint8(t - base)
    act, visit, minding, adopting = room.act, room.visit, room.minding, room.pushes
    numbers, identities, weeks = room.numbers, room.identities, room.weeks
    read, many, served, told = 0.0, 0, 0, 0
    low = np.uintp(0)
    while low < people:
        # Whose clock strikes, and to whom news may still matter: a block of them, or all that are left.
        found = 0
        while found <= BLOCK - GROUP and low < people:
            high = min(low + np.uintp(GROUP), np.uintp(people))
            anybody = np.uint8(0)
            for k in range(low, high):
                act[k - low] = has_to_act(stage[k], hot[k], clock[k], now)
                anybody = np.uint8(anybody | act[k - low])
            if anybody:
                for k in range(low, high):
                    visit[found] = k
                    found += act[k - low]
            low = high
        deciding_now = 0
        for n in range(found):
            i = np.uintp(visit[n])
            what = stage[i]
            if what == UNAWARE:
                one = heard[i]
                if hot[i] & (NEW_VOICES | NEW_TALK):
                    exposure = voicing[i] + silent_information * talking[i] if peers else 0.0
                    if exposure != one.exposure:
                        one.resist = one.resist - (t - one.since) * one.exposure
                        one.exposure = exposure
                        one.since = t
                        one.due = crossing_week(one.resist, t, exposure)
                hot[i] = 0
                if t < one.due:
                    due[i] = one.due
                    clock[i] = clock_byte(one.due, base)
                    continue
            elif what == ADOPTED or what == MAINTAINED:
                # Clocks that others have set may strike too early, as everybody's does in the first week of a run.
                if what == ADOPTED and t == base and t < minds[i].mature_week:
                    due[i] = minds[i].mature_week
                else:
                    if what == ADOPTED:
                        move(stage, stage_count, cells[i], i, np.uint8(MAINTAINED))
                    due[i] = FOREVER
                clock[i] = clock_byte(due[i], base)
                continue
            minding[deciding_now] = i
            deciding_now += 1
            read += minds[i].resist_rumour + needed[i] + reference[i]  # read ahead, as in `fetch`
        adopters_now = 0
        for n in range(deciding_now):
            i = np.uintp(minding[n])
            mind = minds[i]
            moves = clock[i] <= now
            if stage[i] == UNAWARE:
                move(stage, stage_count, cells[i], i, np.uint8(AWARE))
                mind.aware_week = t
                told += 1
                moves = True
            # S = alpha_N f, and f = n_V / k
            _, total = support(voicing[i], reference[i], 0.0, 0.0, 0.0, 0.0, norm_weight, 0.0, 0.0)
            ok = total >= needed[i]
            hot[i] = 0
            if ok != (stage[i] == WILLING):
                mind.decision_wait -= 1
                if mind.decision_wait <= 0:
                    if ok:
                        move(stage, stage_count, cells[i], i, np.uint8(WILLING))
                        mind.source = BY_PEER if needed[i] > 0 else OWN
                    else:
                        move(stage, stage_count, cells[i], i, np.uint8(AWARE))
                        moves = True
                    mind.decisions += 1
                    mind.decision_wait = weeks_until(seed, DECIDE, mind.decisions, draw_id[i], deciding)
                else:
                    hot[i] = RECONSIDERS
            if stage[i] == WILLING:
                # It seeks the service, which is for all.
                adopting[adopters_now] = i
                numbers[adopters_now] = mind.adoptions + 1
                identities[adopters_now] = draw_id[i]
                adopters_now += 1
                demand[communities[i]] += 1
                move(stage, stage_count, cells[i], i, np.uint8(ADOPTED))
                record.convinced_by[t, 0, mind.source] += 1
                mind.adoptions += 1
                pending[i] = PENDING_OK | PENDING_VOICE
                moves = True
            movers[many] = i
            many += moves
        weeks_of_each(seed, MATURE, numbers, identities, adopters_now, maturing, weeks)
        for n in range(adopters_now):
            minds[np.uintp(adopting[n])].mature_week = t + weeks[n]
        served += adopters_now
    last_tie = neighbor.shape[0] - 1
    for first in range(0, many, BLOCK):
        last = min(first + BLOCK, many)
        if last_tie >= 0:
            for n in range(first, last):
                tie = min(indptr[movers[n]], last_tie)
                read += neighbor[tie] + weight[tie]
        for n in range(first, last):
            i = np.uintp(movers[n])
            c, before, after = communities[i], shown[i], 0
            due[i] = FOREVER
            if supports(stage[i]):
                after = SUPPORTS | VOICES | ADOPTS
                due[i] = minds[i].mature_week
            elif t + 1 - minds[i].aware_week <= talk_weeks and fear[i] <= fearless:
                after = TALKS
                due[i] = minds[i].aware_week + talk_weeks
            clock[i] = clock_byte(due[i], base)
            shown[i] = after
            supporters[c] += bit(after, SUPPORTS) - bit(before, SUPPORTS)
            adopters[c] += bit(after, ADOPTS) - bit(before, ADOPTS)
            changed = after ^ before
            if changed & VOICES:
                change = np.int32(bit(after, VOICES) - bit(before, VOICES))
                state.voiced[0] += change
                push(indptr, neighbor, weight, voicing, hot, i, change, np.uint8(NEW_VOICES))
            if changed & TALKS:
                change = np.int32(bit(after, TALKS) - bit(before, TALKS))
                push(indptr, neighbor, weight, talking, hot, i, change, np.uint8(NEW_TALK))
        stand(state.shown, state.standing, state.in_need, state.voices, communities, movers[first:last], last - first)
    movers[people] = read >= 0  # what was read ahead goes somewhere, or the compiler would leave the reading out
    record.informed_by[t, 0, BY_PEER] += told
    record.sought[t, 0] = served
    add_hazards(state.lapse_sum[0], behaviour, state.ownership, room.hazard, room.until)
    tally(state, record, places, PERMANENT, 0, t)
