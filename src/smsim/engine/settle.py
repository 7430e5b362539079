"""The end of a week: maintenance, turnover, and what households show from now on (steps 8-10).

Visited are the households that something stirred this week, those whose clock strikes, and adopters who may lapse.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
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
    NEW_RUMOUR,
    NEW_TALK,
    NEW_VOICES,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    PERMANENT,
    RECONSIDERS,
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
    LAPSE,
    RUMOUR_HEAR,
    TALK,
    TURNOVER,
    chance_to_hazard,
    exp,
    exponential,
    uniform,
    weeks_until,
)
from smsim.engine.push import push
from smsim.engine.rules import crossing_week, hazard_of_rumour, supports


@inner
def bit(flags, which):  # type: ignore[no-untyped-def]
    """1 if the bit is set, else 0."""
    return 1 if flags & which else 0


@inner
def lapse_hazards(lapse_hazard, behaviour, ownership):  # type: ignore[no-untyped-def]
    """Weekly lapse hazards of one community: lambda e^(-kappa_O O) (m_M if maintained) (kappa_S if unsupported).

    lapse_hazard: float64 (4,), by maintained (0, 1) x unsupported (0, 2).
    """
    base = behaviour.lapse_rate * exp(-behaviour.ownership_protection * ownership)
    lapse_hazard[0] = chance_to_hazard(base)
    lapse_hazard[1] = chance_to_hazard(base * behaviour.maintained_lapse_ratio)
    lapse_hazard[2] = chance_to_hazard(base * behaviour.unsupported_lapse_ratio)
    lapse_hazard[3] = chance_to_hazard(base * behaviour.maintained_lapse_ratio * behaviour.unsupported_lapse_ratio)


@inner
def next_due(turnover_week, event, event_week, stage, mature_week, talk, rumour, talk_end):  # type: ignore[no-untyped-def]
    """The first week in which one of a household's clocks strikes."""
    due = min(min(turnover_week, talk), min(rumour, talk_end))
    if event:
        due = min(due, event_week)
    if stage == ADOPTED:
        due = min(due, mature_week)
    return due


@inner
def who_settles(stage, stir, due, t, lapsing, act):  # type: ignore[no-untyped-def]
    """Mark whom to visit: act is the block's bytes, 0 beyond its end. lapsing: uint8, adopters may lapse."""
    for k in range(stir.shape[0]):
        adopter = np.uint8(stage[k] == ADOPTED) | np.uint8(stage[k] == MAINTAINED)
        act[k] = stir[k] | np.uint8(due[k] <= t) | (adopter & lapsing)
    for k in range(stir.shape[0], act.shape[0]):
        act[k] = 0


@inner
def settle(state, record, households, places, behaviours, b, seed, t, stir, shifted):  # type: ignore[no-untyped-def]
    """Steps 8-10 for behaviour b: maintenance, turnover, and what the household shows from now on.

    stir: uint8 (N,), cleared here; shifted: uint8 (N,), households that `close` must look at.
    """
    behaviour = behaviours[b]
    kind = behaviour.kind
    is_event = kind == EVENT
    talk_weeks = behaviour.talk_weeks
    passing, arrival = behaviour.rumour_passing, behaviour.rumour_arrival
    peers = behaviour.peer_information > 0
    fearless = 1 - behaviour.taboo
    lapsing = np.uint8(kind != PERMANENT and behaviour.lapse_rate > 0)
    stride = BEHAVIOUR_STRIDE * b
    draw_id, cells, fear, hesitant = households.draw_id, households.cell, households.fear, households.hesitant
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    stage, stage_count, source = state.stage[b], state.stage_count[b], state.source[b]
    shown, pending, hot, due, needed = state.shown[b], state.pending[b], state.hot[b], state.due[b], state.needed[b]
    credit, persuaded = state.persuasion[b], state.persuaded[b]
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    aware_week, resist_talk, resist_lapse = state.aware_week[b], state.resist_talk[b], state.resist_lapse[b]
    rumour, rumour_spells, rumour_week = state.rumour[b], state.rumour_spells[b], state.rumour_week[b]
    talk_hazard, talk_since = state.talk_hazard[b], state.talk_since[b]
    resist_rumour, rumour_hazard, rumour_since = state.resist_rumour[b], state.rumour_hazard[b], state.rumour_since[b]
    decisions, decision_wait, mature_week = state.decisions[b], state.decision_wait[b], state.mature_week[b]
    turnover_week, lives, event_week = state.turnover_week, state.lives, state.event_week[b]
    threshold, community_start, all_hot = households.threshold[b], places.community_start, state.hot
    supporters, adopters, refused = state.supporters[b], state.adopters[b], state.refused[b]
    voiced, believing, persuaded_sum, ownership = state.voiced[b], state.believing[b], state.persuaded_sum[b], state.ownership
    community, community_eligible = record.community[t, b], record.community_eligible[t, b]
    decision_rate = behaviour.decision_rate
    links = np.empty(behaviours.shape[0], np.int64)
    for other in range(links.shape[0]):
        links[other] = behaviours[other].link
    lapse_hazard = np.zeros(4)
    act = np.zeros(BLOCK, np.uint8)
    words = act.view(np.uint64)
    persuasion = 0.0
    for c in range(supporters.shape[0]):
        start, stop = community_start[c], community_start[c + 1]
        lapse_hazards(lapse_hazard, behaviour, ownership[c])
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            who_settles(stage[low:high], stir[low:high], due[low:high], t, lapsing, act)
            for word in range(words.shape[0]):
                if words[word] == 0:
                    continue
                for k in range(8 * word, 8 * word + 8):
                    if act[k] == 0:
                        continue
                    i = np.uintp(low + k)
                    before = shown[i]
                    strikes = t >= due[i]
                    lapsed = False
                    if before & ADOPTS and (stage[i] == ADOPTED or stage[i] == MAINTAINED):
                        if lapsing:
                            which = (1 if stage[i] == MAINTAINED else 0) + (0 if pending[i] & PENDING_OK else 2)
                            left = resist_lapse[i] - lapse_hazard[which]
                            resist_lapse[i] = left
                            if left < 0 and lapse_hazard[which] > 0:
                                move(stage, stage_count, cells[i], i, LAPSED)
                                hot[i] |= RECONSIDERS
                                lapsed = True
                        if strikes and stage[i] == ADOPTED and t >= mature_week[i]:
                            move(stage, stage_count, cells[i], i, MAINTAINED)
                    if not (lapsed or strikes or stir[i]):
                        continue
                    stir[i] = 0
                    leaves = t >= turnover_week[i]
                    if leaves:
                        # A new caregiver moves in, who knows nothing of this behaviour.
                        identity = draw_id[i]
                        move(stage, stage_count, cells[i], i, UNAWARE)
                        aware_week[i] = NEVER
                        source[i] = OWN
                        if persuaded[i] > 0:
                            credit[0, i] = 0.0
                            credit[1, i] = 0.0
                            credit[2, i] = 0.0
                            persuaded[i] = 0.0
                            persuaded_sum[c] = -1.0
                        if rumour[i] != SUSCEPTIBLE:
                            rumour[i] = SUSCEPTIBLE
                            rumour_spells[i] += 1
                            rumour_since[i] = t + 1
                            rumour_hazard[i] = hazard_of_rumour(passing, arrival, rumouring[i], hesitant[i])
                            if passing > 0 or arrival > 0:
                                resist_rumour[i] = exponential(
                                    uniform(seed, RUMOUR_HEAR + stride, rumour_spells[i], identity)
                                )
                            needed[i] = threshold[i]
                        if peers:
                            resist_talk[i] = exponential(uniform(seed, TALK + stride, lives[i] + 1, identity))
                            talk_hazard[i] = 0.0
                            talk_since[i] = t + 1
                        decisions[i] += 1
                        decision_wait[i] = weeks_until(
                            seed, DECIDE + stride, decisions[i], identity, decision_rate
                        )
                        hot[i] = NEW_VOICES | NEW_RUMOUR | RECONSIDERS
                        shifted[i] = 1

                    now = stage[i]
                    after = 0
                    if supports(now):
                        after = SUPPORTS
                        if pending[i] & PENDING_VOICE:
                            after |= VOICES
                        if now != WILLING:
                            after |= ADOPTS
                    if now != UNAWARE and not (after & VOICES):
                        if t + 1 - aware_week[i] <= talk_weeks and fear[i] <= fearless:
                            after |= TALKS
                    if rumour[i] == BELIEVES:
                        after |= SPREADS_RUMOUR
                        if now == AWARE or now == LAPSED:
                            after |= REFUSES
                    changed = after ^ before
                    if changed:
                        shown[i] = after
                        supporters[c] += bit(after, SUPPORTS) - bit(before, SUPPORTS)
                        adopters[c] += bit(after, ADOPTS) - bit(before, ADOPTS)
                        refused[cells[i]] += bit(after, REFUSES) - bit(before, REFUSES)
                        if changed & (SUPPORTS | VOICES):
                            shifted[i] = 1
                            if changed & SUPPORTS:
                                for other in range(links.shape[0]):
                                    if links[other] == b:
                                        all_hot[other, i] |= RECONSIDERS
                        if changed & VOICES:
                            change = np.int32(bit(after, VOICES) - bit(before, VOICES))
                            voiced += change
                            push(indptr, neighbor, weight, voicing, hot, i, change, NEW_VOICES)
                        if changed & TALKS:
                            change = np.int32(bit(after, TALKS) - bit(before, TALKS))
                            push(indptr, neighbor, weight, talking, hot, i, change, NEW_TALK)
                        if changed & SPREADS_RUMOUR:
                            change = np.int32(bit(after, SPREADS_RUMOUR) - bit(before, SPREADS_RUMOUR))
                            believing += change
                            push(indptr, neighbor, weight, rumouring, hot, i, change, NEW_RUMOUR)
                    # After a turnover `close` sets the clock.
                    if not leaves:
                        due[i] = next_due(
                            turnover_week[i], is_event, event_week[i], now, mature_week[i],
                            crossing_week(resist_talk[i], talk_since[i], talk_hazard[i]) if now == UNAWARE else FOREVER,
                            crossing_week(resist_rumour[i], rumour_since[i], rumour_hazard[i])
                            if rumour[i] == SUSCEPTIBLE
                            else rumour_week[i],
                            aware_week[i] + talk_weeks if after & TALKS else FOREVER,
                        )  # fmt: skip
        if persuaded_sum[c] < 0:
            total = 0.0
            for i in range(start, stop):
                total = total + persuaded[i]
            persuaded_sum[c] = total
        persuasion = persuasion + persuaded_sum[c]
        if kind != EVENT and kind != ROUND:
            community[c] = adopters[c]
            community_eligible[c] = stop - start
    state.voiced[b] = voiced
    record.voiced[t, b] = voiced
    state.believing[b] = believing
    record.believing[t, b] = believing
    record.persuasion[t, b] = persuasion * state.fade[b] / stage.shape[0]
    record.stage[t, b] = stage_count
    record.refused[t, b] = refused


@inner
def close(state, households, places, behaviours, turnover, seed, t, shifted):  # type: ignore[no-untyped-def]
    """End of the week for the household as a whole: the clock of turnover, and who is in need or speaks.

    shifted: uint8 (N,), households whose support, voice or people changed; cleared here.
    """
    draw_id, lives, turnover_week, norm_memory = households.draw_id, state.lives, state.turnover_week, state.norm_memory
    community_start, due = places.community_start, state.due
    for c in range(community_start.shape[0] - 1):
        for i in range(np.uintp(community_start[c]), np.uintp(community_start[c + 1])):
            if shifted[i] and t >= turnover_week[i]:
                lives[i] += 1
                norm_memory[i] = 0.0
                turnover_week[i] = t + weeks_until(seed, TURNOVER, lives[i], draw_id[i], turnover)
                due[:, i] = t + 1  # all clocks start afresh; next week's visit sets them
    stand(state.shown, state.standing, state.in_need, state.voices, community_start, shifted)


@inner
def stand(shown, standing, in_need, voices, community_start, shifted):  # type: ignore[no-untyped-def]
    """Who of those shifted is in need of some behaviour, or speaks for one, and the counts of communities."""
    for c in range(community_start.shape[0] - 1):
        for i in range(np.uintp(community_start[c]), np.uintp(community_start[c + 1])):
            if shifted[i] == 0:
                continue
            shifted[i] = 0
            before = standing[i]
            after = 0
            for b in range(shown.shape[0]):
                if (shown[b, i] & SUPPORTS) == 0:
                    after |= NEEDS
                if (shown[b, i] & VOICES) != 0:
                    after |= SPEAKS
            standing[i] = after
            in_need[c] += bit(after, NEEDS) - bit(before, NEEDS)
            voices[c] += bit(after, SPEAKS) - bit(before, SPEAKS)
