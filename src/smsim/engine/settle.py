"""The end of a week: maintenance, turnover, and what households show from now on (steps 8-10).

Visited are the households that something stirred this week: a clock that struck, a change of stage, news that matters.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    BLOCK,
    EVENT,
    FOREVER,
    LAPSED,
    MAINTAINED,
    NEEDS,
    NEVER,
    NOT_KEEPING,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    PERMANENT,
    REFUSES,
    ROUND,
    SPEAKS,
    SPREADS_RUMOUR,
    SUPPORTS,
    SUSCEPTIBLE,
    TALKS,
    UNAWARE,
    VOICES,
    WILLING,
)
from smsim.engine.decide import move
from smsim.engine.draws import (
    BEHAVIOUR_STRIDE,
    DECIDE,
    RUMOUR_HEAR,
    TALK,
    TURNOVER,
    chance_to_hazard,
    chances_to_hazards,
    exponential,
    exponentials,
    exponentials_of_each,
    uniform,
    weeks_of_each,
)
from smsim.engine.lanes import prefetch
from smsim.engine.rules import supports


@inner
def bit(flag):  # type: ignore[no-untyped-def]
    """1 if this bit of some flags is set, else 0."""
    return 1 if flag else 0


@inner
def lapse_chances(behaviour, protection, chances, first):  # type: ignore[no-untyped-def]
    """Weekly chances of lapsing in one community: lambda e^(-kappa_O O) (m_M if maintained) (kappa_S if unsupported).

    Into chances[first : first + 4], by maintained (0, 1) x unsupported (0, 2). protection: e^(-kappa_O O).
    """
    base = behaviour.lapse_rate * protection
    chances[first] = base
    chances[first + 1] = base * behaviour.maintained_lapse_ratio
    chances[first + 2] = base * behaviour.unsupported_lapse_ratio
    chances[first + 3] = base * behaviour.maintained_lapse_ratio * behaviour.unsupported_lapse_ratio


@inner
def add_hazards(lapse_sum, behaviour, ownership, hazards, until, here, there):  # type: ignore[no-untyped-def]
    """Add this week's hazards of communities to lapse_sum; until: float64 (C, 4), what it was before.

    hazards: float64 (4 C,) scratch.
    """
    communities, owned = there - here, False
    for k in range(np.uintp(communities)):
        hazards[k] = -behaviour.ownership_protection * ownership[here + k]
        owned = owned or ownership[here + k] > 0
    if owned:
        exponentials(hazards, communities)
    else:
        hazards[:communities].fill(1.0)
    for k in range(communities - 1, -1, -1):  # backwards: four take the room of one
        lapse_chances(behaviour, hazards[k], hazards, 4 * k)
    chances_to_hazards(hazards, 4 * communities)
    for c in range(here, there):
        for k in range(4):
            until[c, k] = lapse_sum[c, k]
            lapse_sum[c, k] = lapse_sum[c, k] + hazards[4 * (c - here) + k]


@inner
def next_due(turnover_week, event_week, stage, mature_week, rumour_week, talk_end):  # type: ignore[no-untyped-def]
    """The first week in which one of a household's clocks strikes."""
    due = min(turnover_week, event_week, rumour_week, talk_end)
    if stage == ADOPTED:
        due = min(due, mature_week)
    return due


@inlined
def come_under(mind, lapse_class, i, which, sums, c):  # type: ignore[no-untyped-def]
    """Household i of community c comes under another hazard of lapsing, as of these sums of hazards."""
    left = mind.lapse_at
    if lapse_class[i] != NOT_KEEPING:
        left = left - sums[c, lapse_class[i]]
    lapse_class[i] = which
    mind.lapse_at = sums[c, which] + left


@inner
def lapse_due(resist, t, highest):  # type: ignore[no-untyped-def]
    """A week before which this resistance cannot be used up, after week t, at no more than `highest` a week."""
    if highest <= 0:
        return FOREVER
    weeks = resist / highest
    # One week early, since the sum of hazards is rounded; a visit too many is no error.
    return t + max(int(weeks) - 1, 1) if weeks < 1e8 else FOREVER


@inner
def settle(state, households, places, behaviours, room, b, seed, t, here, there, many, count):  # type: ignore[no-untyped-def]
    """Steps 8-10 for behaviour b: maintenance, turnover, and what the household shows from now on.

    For the communities here ... there - 1: the first `many` of the room's `stirred` are the households to visit. Its
    first `count` of `shifts` are households that `close` must look at; returns how many there are then. Those whose
    neighbours must be told are appended to `pushes[b]`.
    """
    # Arrays first, as in `decide`.
    behaviour = behaviours[b]
    stir, stirred, shifts, shifted = room.stir[b], room.stirred[b], room.shifts, room.shifted
    links, highest, until, hazards = room.links, room.highest, room.until, room.hazards
    pushes, pushed, leavers, identities = room.pushes[b], room.pushed[b], room.visit, room.identities
    numbers, decided, weeks, resistances = room.numbers, room.decided, room.weeks, room.resistances
    threshold, communities, cells = households.threshold[b], households.community, households.cell
    draw_id, fear, hesitant = households.draw_id, households.fear, households.hesitant
    stage, stage_count, minds = state.stage[b], state.stage_count[b], state.mind[b]
    shown, pending, hot, due, needed = state.shown[b], state.pending[b], state.hot[b], state.due[b], state.needed[b]
    credit, persuaded, wait = state.persuasion[b], state.persuaded[b], state.decision_wait[b]
    resist_talk, resist_rumour = state.resist_talk[b], state.resist_rumour[b]
    turnover_week, lives, event_week, all_hot = state.turnover_week, state.lives, state.event_week[b], state.hot
    supporters, adopters, refused = state.supporters[b], state.adopters[b], state.refused[b]
    persuaded_sum, ownership = state.persuaded_sum[b], state.ownership
    lapse_class, lapse_sum = state.lapse_class[b], state.lapse_sum[b]
    community_start = places.community_start

    kind = behaviour.kind
    is_event = kind == EVENT
    talk_weeks = behaviour.talk_weeks
    passing, arrival = behaviour.rumour_passing, behaviour.rumour_arrival
    peer_information = behaviour.peer_information
    peers = peer_information > 0
    fearless = 1 - behaviour.taboo
    lapsing = kind != PERMANENT and behaviour.lapse_rate > 0
    stride = BEHAVIOUR_STRIDE * b
    deciding = chance_to_hazard(behaviour.decision_rate)
    for other in range(links.shape[0]):
        links[other] = behaviours[other].link
    lapse_chances(behaviour, 1.0, highest, np.int64(0))
    chances_to_hazards(highest, np.int64(4))
    add_hazards(lapse_sum, behaviour, ownership, hazards, until, here, there)
    for first in range(0, many, BLOCK):
        last = min(first + BLOCK, many)
        gone = np.int64(0)  # not a literal 0, for which Numba compiles once more
        for n in range(np.uintp(first), np.uintp(last)):
            i = np.uintp(stirred[n])
            prefetch(minds, i)
            prefetch(turnover_week, i)
            prefetch(due, i)
            prefetch(communities, i)
            prefetch(cells, i)
        for n in range(np.uintp(first), np.uintp(last)):
            i = np.uintp(stirred[n])
            c = np.uintp(communities[i])
            before = shown[i]
            mind = minds[i]
            if before & ADOPTS and (stage[i] == ADOPTED or stage[i] == MAINTAINED):
                if lapsing:
                    which = (1 if stage[i] == MAINTAINED else 0) + (0 if pending[i] & PENDING_OK else 2)
                    if which != lapse_class[i]:
                        come_under(mind, lapse_class, i, which, until, c)
                    if lapse_sum[c, which] > mind.lapse_at:
                        move(stage, stage_count, cells[i], i, np.uint8(LAPSED))
                        hot[i] = 1
                if stage[i] == ADOPTED and t >= mind.mature_week:
                    move(stage, stage_count, cells[i], i, np.uint8(MAINTAINED))
            stir[i] = 0
            leaves = t >= turnover_week[i]
            shows = False
            if leaves:
                # A new caregiver moves in, who knows nothing of this behaviour.
                identity = draw_id[i]
                move(stage, stage_count, cells[i], i, np.uint8(UNAWARE))
                mind.aware_week = NEVER
                mind.source = OWN
                if persuaded[i] > 0:
                    credit[i, 0], credit[i, 1], credit[i, 2] = 0.0, 0.0, 0.0
                    persuaded[i] = 0.0
                    persuaded_sum[c] = -1.0
                if mind.rumour != SUSCEPTIBLE:
                    mind.rumour = SUSCEPTIBLE
                    mind.rumour_spells += 1
                    if passing > 0 or arrival > 0:
                        u = uniform(seed, RUMOUR_HEAR + stride, np.int64(mind.rumour_spells), identity)
                        resist_rumour[i] = exponential(u) / (1 + hesitant[i])
                    needed[i] = threshold[i]
                leavers[gone] = i
                identities[gone] = identity
                numbers[gone] = lives[i] + 1
                decided[gone] = mind.decisions + 1
                gone += 1
                mind.decisions += 1
                hot[i] = 1

            now = stage[i]
            after = 0
            if supports(now):
                after = SUPPORTS
                if pending[i] & PENDING_VOICE:
                    after |= VOICES
                if now != WILLING:
                    after |= ADOPTS
            if now != UNAWARE and not (after & VOICES):
                if t + 1 - mind.aware_week <= talk_weeks and (fearless >= 1 or fear[i] <= fearless):  # fear is below 1
                    after |= TALKS
            if mind.rumour == BELIEVES:
                after |= SPREADS_RUMOUR
                if now == AWARE or now == LAPSED:
                    after |= REFUSES
            changed = after ^ before
            if changed:
                shown[i] = after
                supporters[c] += bit(after & SUPPORTS) - bit(before & SUPPORTS)
                adopters[c] += bit(after & ADOPTS) - bit(before & ADOPTS)
                refused[cells[i]] += bit(after & REFUSES) - bit(before & REFUSES)
                if changed & (SUPPORTS | VOICES):
                    shows = True
                    if changed & SUPPORTS:
                        for other in range(links.shape[0]):
                            if links[other] == b:
                                all_hot[other, i] = 1
                for k in range(3):
                    which = 2 * k + (after >> k & 1)
                    pushes[which, pushed[which]] = i
                    pushed[which] += changed >> k & 1
            if (leaves or shows) and shifted[i] == 0:
                shifted[i] = 1
                shifts[count] = i
                count += 1
            which = NOT_KEEPING
            if after & ADOPTS and lapsing:
                which = (1 if now == MAINTAINED else 0) + (0 if pending[i] & PENDING_OK else 2)
                if which != lapse_class[i]:
                    come_under(mind, lapse_class, i, which, lapse_sum, c)
            lapse_class[i] = which
            # After a turnover `close` sets the clock.
            if not leaves:
                due[i] = next_due(
                    turnover_week[i], event_week[i] if is_event else FOREVER, now, mind.mature_week,
                    FOREVER if mind.rumour == SUSCEPTIBLE else mind.rumour_week,
                    mind.aware_week + talk_weeks if after & TALKS else FOREVER,
                )  # fmt: skip
                if which != NOT_KEEPING:
                    due[i] = min(due[i], lapse_due(mind.lapse_at - lapse_sum[c, which], t, highest[which]))
        # What those who moved in have drawn matters from next week on.
        weeks_of_each(seed, DECIDE + stride, decided, identities, gone, deciding, weeks)
        for n in range(gone):
            wait[np.uintp(leavers[n])] = weeks[n]
        if peers:
            exponentials_of_each(seed, TALK + stride, numbers, identities, gone, resistances)
            for n in range(gone):
                resist_talk[np.uintp(leavers[n])] = resistances[n] / peer_information
    for k in range(here, there):
        if persuaded_sum[k] < 0:
            persuaded_sum[k] = added(persuaded[community_start[k] : community_start[k + 1]])
    return count


@inner
def added(numbers):  # type: ignore[no-untyped-def]
    """The sum: of every eighth number from the first, from the second, ... on their own, and then of these eight.

    One after the other each would have to wait for the one before.
    """
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    whole = np.uintp(numbers.shape[0] // 8 * 8)
    for k in range(np.uintp(0), whole, np.uintp(8)):
        a, b, c, d = a + numbers[k], b + numbers[k + 1], c + numbers[k + 2], d + numbers[k + 3]
        e, f, g, h = e + numbers[k + 4], f + numbers[k + 5], g + numbers[k + 6], h + numbers[k + 7]
    sums = (a, b, c, d, e, f, g, h)
    total = 0.0
    for k in range(8):
        last = whole + np.uintp(k)
        total = total + (sums[k] + numbers[last] if last < numbers.shape[0] else sums[k])
    return total


@inner
def tally(state, record, behaviours, places, t):  # type: ignore[no-untyped-def]
    """The week's counts of every behaviour, into the record."""
    stage_counts, all_adopters, all_refused, persuaded_sums = (
        state.stage_count, state.adopters, state.refused, state.persuaded_sum,
    )  # fmt: skip
    all_stages, all_refusing, all_community, all_eligible = (
        record.stage[t], record.refused[t], record.community[t], record.community_eligible[t],
    )  # fmt: skip
    voiced, believing, fade, persuasion = state.voiced, state.believing, state.fade, record.persuasion[t]
    week_voiced, week_believing = record.voiced[t], record.believing[t]
    start, people = places.community_start, state.stage.shape[1]
    for b in range(behaviours.shape[0]):
        stage_count, stages, refused, refusing = stage_counts[b], all_stages[b], all_refused[b], all_refusing[b]
        adopters, persuaded_sum, community, eligible = (
            all_adopters[b], persuaded_sums[b], all_community[b], all_eligible[b],
        )  # fmt: skip
        counts_events = behaviours[b].kind == EVENT or behaviours[b].kind == ROUND
        week_voiced[b] = voiced[b]
        week_believing[b] = believing[b]
        total = 0.0
        for c in range(adopters.shape[0]):
            total = total + persuaded_sum[c]
            if not counts_events:
                community[c] = adopters[c]
                eligible[c] = start[c + 1] - start[c]
        persuasion[b] = total * fade[b] / people
        for cell in range(stage_count.shape[0]):
            for stage in range(6):
                stages[cell, stage] = stage_count[cell, stage]
        for cell in range(refused.shape[0]):
            refusing[cell] = refused[cell]  # Numba's own copy of one array into another takes a second to compile


@inner
def close(state, households, room, turnover, seed, t, count):  # type: ignore[no-untyped-def]
    """End of the week for the household as a whole: the clock of turnover, and who is in need or speaks.

    The first `count` of the room's `shifts` are households whose support, voice or people changed.
    """
    shifts, shifted = room.shifts, room.shifted
    draw_id, lives, turnover_week, norm_memory = households.draw_id, state.lives, state.turnover_week, state.norm_memory
    shown, standing, in_need, voices, due = state.shown, state.standing, state.in_need, state.voices, state.due
    event_week = state.event_week
    leavers, weeks, numbers, identities = room.visit, room.weeks, room.numbers, room.identities
    community, leaving = households.community, chance_to_hazard(turnover)
    for first in range(0, count, BLOCK):
        left = np.int64(0)
        for n in range(first, min(first + BLOCK, count)):
            i = np.uintp(shifts[n])
            shifted[i] = 0
            if t >= turnover_week[i]:
                lives[i] += 1
                norm_memory[i] = 0.0
                leavers[left] = i
                numbers[left] = lives[i]
                identities[left] = draw_id[i]
                left += 1
        weeks_of_each(seed, TURNOVER, numbers, identities, left, leaving, weeks)
        for n in range(left):
            i = np.uintp(leavers[n])
            turnover_week[i] = t + weeks[n]
            for b in range(due.shape[0]):
                # All other clocks stand still until it has heard something.
                happens = event_week[b, i] if event_week[b, i] != NEVER else FOREVER
                due[b, i] = min(turnover_week[i], happens)
    stand(shown, standing, in_need, voices, community, shifts, count)


@inner
def stand(shown, standing, in_need, voices, community, shifts, count):  # type: ignore[no-untyped-def]
    """Who of these is in need of some behaviour, or speaks for one, and the counts of communities."""
    for n in range(np.uintp(count)):
        i = np.uintp(shifts[n])
        c, before = np.uintp(community[i]), standing[i]
        after = 0
        for b in range(shown.shape[0]):
            if (shown[b, i] & SUPPORTS) == 0:
                after |= NEEDS
            if (shown[b, i] & VOICES) != 0:
                after |= SPEAKS
        standing[i] = after
        in_need[c] += bit(after & NEEDS) - bit(before & NEEDS)
        voices[c] += bit(after & SPEAKS) - bit(before & SPEAKS)
