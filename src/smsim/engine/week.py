"""What households do in a week: hear, weigh, decide, speak, seek the service, keep it up or lapse (steps 2-10)."""

from __future__ import annotations

import numpy as np
from numba import njit

from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    BY_DIALOGUE,
    BY_MEDIA,
    BY_PEER,
    BY_VISIT,
    CONTACT_DIALOGUE,
    CONTACT_MEDIA,
    CONTACT_VISIT,
    DEBUNKED,
    EVENT,
    HOME,
    INCENTIVE,
    LAPSED,
    MAINTAINED,
    NEVER,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    PERMANENT,
    ROUND,
    SERVICE,
    SPREADS_RUMOUR,
    SUPPORTS,
    SUSCEPTIBLE,
    TALKS,
    UNAWARE,
    VOICES,
    WILLING,
)
from smsim.engine.draws import (
    ATTEMPT,
    BEHAVIOUR_STRIDE,
    DEBUNK,
    DECIDE,
    EVENTS,
    GIVE_UP,
    LAPSE,
    MATURE,
    RATION,
    RUMOUR_END,
    RUMOUR_HEAR,
    RUMOUR_SHOCK,
    TALK,
    TURNOVER,
    chance_to_hazard,
    exp,
    exponential,
    trials,
    uniform,
)
from smsim.engine.push import push
from smsim.engine.rules import convincer, endorsements, rationed, supports, trust

# Arrays are taken out of the state once per week and behaviour: reading a field of a wide tuple, or handing the tuple
# to a function, for every household costs more than the household's whole week.


@njit(nogil=True, cache=True)
def move(stage, stage_count, cell, i, new):  # type: ignore[no-untyped-def]
    """Put household i into stage `new`, and the counts of its cell with it."""
    stage_count[cell, stage[i]] -= 1
    stage_count[cell, new] += 1
    stage[i] = new


@njit(nogil=True, cache=True)
def persuade(credit, i, touched, media, visit, dialogue):  # type: ignore[no-untyped-def]
    """Step 2, second half: this week's contacts persuade, each with what the one before left to win."""
    # p <- p + psi q (1 - p), for visits and dialogues psi T q
    if touched & CONTACT_MEDIA:
        p = (credit[0, i] + credit[1, i]) + credit[2, i]
        credit[0, i] = credit[0, i] + media * (1 - p)
    if touched & CONTACT_VISIT:
        p = (credit[0, i] + credit[1, i]) + credit[2, i]
        credit[1, i] = credit[1, i] + visit * (1 - p)
    if touched & CONTACT_DIALOGUE:
        p = (credit[0, i] + credit[1, i]) + credit[2, i]
        credit[2, i] = credit[2, i] + dialogue * (1 - p)


@njit(nogil=True, cache=True)
def enter_rumour(rumour, rumour_week, rumour_spells, i, new, chance, seed, stream, t, identity):  # type: ignore[no-untyped-def]
    """The household believes (or is debunked) until a week drawn now, from the weekly chance that it ends."""
    rumour[i] = new
    rumour_spells[i] += 1
    rumour_week[i] = t + trials(uniform(seed, stream, rumour_spells[i], identity), chance)


@njit(nogil=True, cache=True)
def leave_rumour(rumour, rumour_spells, resist_rumour, i, seed, stream, identity):  # type: ignore[no-untyped-def]
    """Susceptible again, with a fresh resistance."""
    rumour[i] = SUSCEPTIBLE
    rumour_spells[i] += 1
    resist_rumour[i] = exponential(uniform(seed, stream, rumour_spells[i], identity))


@njit(nogil=True, cache=True)
def new_decision(decisions, decision_wait, i, rate, seed, stream, identity):  # type: ignore[no-untyped-def]
    """How many favourable weeks the next change of mind will take."""
    decisions[i] += 1
    decision_wait[i] = trials(uniform(seed, stream, decisions[i], identity), rate)


@njit(nogil=True, cache=True)
def decide(state, record, households, places, plan, behaviour, context, b, seed, t, volume, seekers):  # type: ignore[no-untyped-def]
    """Steps 2-6 and the seeking of step 7 for behaviour b; fills `seekers` and returns their number."""
    kind = behaviour.kind
    norm_weight = behaviour.norm_weight
    leader_weight = behaviour.leader_weight
    persuasion_weight = behaviour.persuasion_weight
    incentive_weight = behaviour.incentive_weight
    link = behaviour.link
    link_weight = behaviour.link_weight
    rumour_threshold = behaviour.rumour_threshold
    rumour_passing = behaviour.rumour_passing
    rumour_arrival = behaviour.rumour_arrival
    rumour_forgetting = behaviour.rumour_forgetting
    decision_rate = behaviour.decision_rate
    event_rate = behaviour.event_rate
    taboo = behaviour.taboo
    peer_information = behaviour.peer_information
    silent_information = behaviour.silent_information
    transport = behaviour.ownership_transport
    at_home = behaviour.place == HOME
    counts_events = kind == EVENT or kind == ROUND
    share = behaviour.message_share
    keep = 1 - behaviour.persuasion_decay
    scale = behaviour.distance_scale_km * plan.distance_factor[t]
    campaign_week = t - plan.first_week
    shock = campaign_week >= 0 and campaign_week == behaviour.rumour_shock_week
    shock_share = behaviour.rumour_shock_share
    staff_week = min(max(campaign_week, 0), plan.resident.shape[0] - 1)
    round_week = kind == ROUND and t % behaviour.round_interval_weeks == behaviour.round_interval_weeks // 2
    stride = BEHAVIOUR_STRIDE * b

    draw_id, cells, minorities, female = households.draw_id, households.cell, households.minority, households.female
    hesitant, child, distance_km = households.hesitant, households.child, households.distance_km
    membership, fear = households.membership, households.fear
    threshold, reference = households.threshold[b], households.reference[b]
    stage, stage_count, source = state.stage[b], state.stage_count[b], state.source[b]
    shown_link = state.shown[max(link, 0)]
    pending, contact, norm_memory = state.pending[b], state.contact, state.norm_memory
    credit = state.persuasion[b]
    media_credit, visit_credit, dialogue_credit = credit[0], credit[1], credit[2]
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    aware_week, resist_talk = state.aware_week[b], state.resist_talk[b]
    rumour, rumour_week, rumour_spells = state.rumour[b], state.rumour_week[b], state.rumour_spells[b]
    resist_rumour = state.resist_rumour[b]
    decisions, decision_wait = state.decisions[b], state.decision_wait[b]
    events, event_week = state.events[b], state.event_week[b]
    endorsement = state.endorsement
    informed_by, eligible_cells = record.informed_by[t, b], record.eligible[t, b]

    led = np.empty(16)
    found = 0
    for c in range(places.treated.shape[0]):
        start = np.uintp(places.community_start[c])
        stop = np.uintp(places.community_start[c + 1])
        # omega_c: private support at the start of the week
        omega = state.supporters[b, c] / (places.community_start[c + 1] - places.community_start[c])
        endorsements(endorsement, c, leader_weight, led)
        incentive = incentive_weight * min(1.0, volume[INCENTIVE, c] / max(state.demand[b, c], 1))
        reach = 1 - transport * state.ownership[c]
        sought = found
        asked = 0
        for i in range(start, stop):
            identity = draw_id[i]
            p = (media_credit[i] + visit_credit[i]) + dialogue_credit[i]
            if p > 0:
                media_credit[i] = media_credit[i] * keep
                visit_credit[i] = visit_credit[i] * keep
                dialogue_credit[i] = dialogue_credit[i] * keep
            touched = contact[i]
            if touched:
                minority = minorities[i]
                household_trust = trust(
                    context,
                    plan.resident[staff_week, c],
                    plan.language[staff_week, c],
                    plan.women[staff_week, c],
                    plan.training[staff_week, c],
                    minority,
                    female[i],
                )
                quality = context.material_quality * (1 - minority * (1 - context.material_language))
                if stage[i] == UNAWARE:
                    move(stage, stage_count, cells[i], i, AWARE)
                    aware_week[i] = t
                    by = BY_MEDIA
                    if touched & CONTACT_DIALOGUE:
                        by = BY_DIALOGUE
                    if touched & CONTACT_VISIT:
                        by = BY_VISIT
                    informed_by[by] += 1
                persuade(
                    credit,
                    i,
                    touched,
                    context.media_gain * share * quality,
                    context.visit_gain * share * household_trust * quality,
                    context.dialogue_gain * share * household_trust * quality,
                )
                if touched & CONTACT_DIALOGUE:
                    norm_memory[i] = 1.0
                if rumour[i] == BELIEVES and touched & (CONTACT_VISIT | CONTACT_DIALOGUE):
                    if uniform(seed, DEBUNK + stride, t, identity) < context.debunking * household_trust:
                        enter_rumour(
                            rumour, rumour_week, rumour_spells, i, DEBUNKED, behaviour.debunk_waning,
                            seed, RUMOUR_END + stride, t, identity,
                        )  # fmt: skip
            if stage[i] == UNAWARE:
                # U -> A with hazard beta (n_V + eta n_T)
                hazard = peer_information * (voicing[i] + silent_information * talking[i])
                if hazard > 0:
                    resist_talk[i] -= hazard
                    if resist_talk[i] < 0:
                        move(stage, stage_count, cells[i], i, AWARE)
                        aware_week[i] = t
                        informed_by[BY_PEER] += 1

            if rumour[i] == SUSCEPTIBLE:
                believes = False
                if shock:
                    believes = uniform(seed, RUMOUR_SHOCK + stride, t, identity) < shock_share
                if not believes:
                    # 0 -> 1 with hazard (beta_r n_B + iota_r) (1 + hes)
                    hazard = (rumour_passing * rumouring[i] + rumour_arrival) * (1 + hesitant[i])
                    if hazard > 0:
                        resist_rumour[i] -= hazard
                        believes = resist_rumour[i] < 0
                if believes:
                    enter_rumour(
                        rumour, rumour_week, rumour_spells, i, BELIEVES, rumour_forgetting,
                        seed, RUMOUR_END + stride, t, identity,
                    )  # fmt: skip
            elif t >= rumour_week[i]:
                leave_rumour(rumour, rumour_spells, resist_rumour, i, seed, RUMOUR_HEAR + stride, identity)

            # The service is for this household this week, whatever it thinks of it.
            eligible = kind != EVENT and kind != ROUND
            if kind == EVENT and t >= event_week[i]:
                eligible = True
                events[i] += 1
                event_week[i] = t + trials(uniform(seed, EVENTS, events[i], identity), event_rate)
            elif kind == ROUND:
                eligible = round_week and child[i] == 1
            if eligible and counts_events:
                asked += 1
                eligible_cells[cells[i]] += 1
            # Who has not heard has nothing to decide.
            if stage[i] == UNAWARE:
                pending[i] = 0
                continue

            # f = (1 - g) n_V / k + g omega_c
            visible = voicing[i] / reference[i] if voicing[i] > 0 else 0.0
            g = norm_memory[i]
            norm = (1 - g) * visible + g * omega
            leader = led[membership[i]]
            p = (media_credit[i] + visit_credit[i]) + dialogue_credit[i]
            linked = link_weight if link >= 0 and (shown_link[i] & SUPPORTS) != 0 else 0.0
            # S = alpha_N f + alpha_I I + alpha_P p + alpha_inc inc + link
            support = norm_weight * norm + leader + persuasion_weight * p + incentive + linked
            needed = threshold[i] + rumour_threshold if rumour[i] == BELIEVES else threshold[i]
            ok = support >= needed
            now = stage[i]
            if (ok and (now == AWARE or now == LAPSED)) or (not ok and now == WILLING):
                decision_wait[i] -= 1
                if decision_wait[i] <= 0:
                    if ok:
                        move(stage, stage_count, cells[i], i, WILLING)
                        source[i] = OWN
                        if needed > 0:
                            source[i] = convincer(
                                norm_weight * norm,
                                leader,
                                persuasion_weight * media_credit[i],
                                persuasion_weight * visit_credit[i],
                                persuasion_weight * dialogue_credit[i],
                                incentive,
                                linked,
                            )
                    else:
                        move(stage, stage_count, cells[i], i, AWARE)
                    new_decision(decisions, decision_wait, i, decision_rate, seed, DECIDE + stride, identity)
            # V = 1 if it supports and tau = 0 or f + alpha_I I >= tau v
            ready = taboo <= 0 or norm + leader >= taboo * fear[i]
            pending[i] = (PENDING_OK if ok else 0) | (PENDING_VOICE if ready else 0)

            eligible = eligible and (supports(stage[i]) if counts_events else stage[i] == WILLING)
            if eligible:
                # attempt with probability e^(-d (1 - chi_O O) / d0)
                way = distance_km[i] * reach / scale
                if at_home or exponential(uniform(seed, ATTEMPT + stride, t, identity)) > way:
                    seekers[found] = i
                    found += 1
        state.demand[b, c] = found - sought
        record.community_eligible[t, b, c] = asked
    return found


@njit(nogil=True, cache=True)
def serve(state, record, households, places, behaviour, context, facility_district, b, seed, t, volume, seekers, found):  # type: ignore[no-untyped-def]
    """Step 7: each facility serves up to its capacity; who is turned away loses heart."""
    facilities = state.facility_up.shape[0]
    queue = facility_queue(places.facility, households.community, seekers, found, facilities)
    capacity = facility_capacity(state, places, behaviour, context, facility_district, volume)
    position = np.zeros(facilities, np.int64)
    stride = BEHAVIOUR_STRIDE * b
    counts_events = behaviour.kind == EVENT or behaviour.kind == ROUND
    stage, stage_count, source = state.stage[b], state.stage_count[b], state.source[b]
    credit, adoptions, resist_lapse = state.persuasion[b], state.adoptions[b], state.resist_lapse[b]
    mature_week = state.mature_week[b]
    draw_id, cells, community, facility = households.draw_id, households.cell, households.community, places.facility
    served_cells, served_community = record.served[t, b], record.community[t, b]
    convinced_by = record.convinced_by[t, b]
    turned_away = 0
    for n in range(found):
        i = seekers[n]
        identity = draw_id[i]
        f = facility[community[i]]
        served = capacity[f] >= queue[f]
        if not served:
            offset = uniform(seed, RATION + stride, t, f)
            served = rationed(position[f], queue[f], capacity[f], offset)
        position[f] += 1
        if served:
            if counts_events:
                served_cells[cells[i]] += 1
                served_community[community[i]] += 1
            if stage[i] == WILLING:
                move(stage, stage_count, cells[i], i, ADOPTED)
                convinced_by[source[i]] += 1
                adoptions[i] += 1
                resist_lapse[i] = exponential(uniform(seed, LAPSE + stride, adoptions[i], identity))
                u = uniform(seed, MATURE + stride, adoptions[i], identity)
                mature_week[i] = t + trials(u, behaviour.maturation_rate)
        else:
            turned_away += 1
            for k in range(3):
                credit[k, i] = credit[k, i] * 0.5
            if uniform(seed, GIVE_UP + stride, t, identity) < behaviour.give_up:
                move(stage, stage_count, cells[i], i, AWARE if stage[i] == WILLING else LAPSED)
    record.sought[t, b] = found
    record.turned_away[t, b] = turned_away


@njit(nogil=True, cache=True)
def facility_queue(facility, community, seekers, found, facilities):  # type: ignore[no-untyped-def]
    """Number of seekers at each facility, int64 (F,)."""
    queue = np.zeros(facilities, np.int64)
    for n in range(found):
        queue[facility[community[seekers[n]]]] += 1
    return queue


@njit(nogil=True, cache=True, inline="always")
def facility_capacity(state, places, behaviour, context, facility_district, volume):  # type: ignore[no-untyped-def]
    """Slots of each facility this week, float64 (F,): C N_f (1 + c_Y Y) if up, and what the campaign bought."""
    capacity = np.zeros(state.facility_up.shape[0])
    for f in range(capacity.shape[0]):
        if behaviour.place == HOME or state.facility_up[f] == 1:
            capacity[f] = (
                behaviour.service_capacity
                * places.facility_households[f]
                * (1 + context.response_capacity * state.response[facility_district[f]])
            )
    bought = np.zeros(state.facility_up.shape[0])
    for c in range(places.facility.shape[0]):
        bought[places.facility[c]] += volume[SERVICE, c]
    return capacity + behaviour.slot_share * bought


@njit(nogil=True, cache=True)
def settle(state, record, households, places, behaviour, b, seed, t, lapse_hazard):  # type: ignore[no-untyped-def]
    """Steps 8-10 for behaviour b: maintenance, turnover, and what the household shows from now on.

    lapse_hazard: float64 (4,) scratch, by maintained (0, 1) x unsupported (0, 2).
    """
    kind = behaviour.kind
    talk_weeks = behaviour.talk_weeks
    decision_rate = behaviour.decision_rate
    fearless = 1 - behaviour.taboo
    stride = BEHAVIOUR_STRIDE * b
    draw_id, cells, fear = households.draw_id, households.cell, households.fear
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    stage, stage_count, source = state.stage[b], state.stage_count[b], state.source[b]
    shown, pending, credit = state.shown[b], state.pending[b], state.persuasion[b]
    media_credit, visit_credit, dialogue_credit = credit[0], credit[1], credit[2]
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    aware_week, resist_talk, resist_lapse = state.aware_week[b], state.resist_talk[b], state.resist_lapse[b]
    rumour, rumour_spells, resist_rumour = state.rumour[b], state.rumour_spells[b], state.resist_rumour[b]
    decisions, decision_wait, mature_week = state.decisions[b], state.decision_wait[b], state.mature_week[b]
    turnover_week, lives = state.turnover_week, state.lives
    refused = record.refused[t, b]
    voiced = 0
    believing = 0
    persuasion = 0.0
    for c in range(places.treated.shape[0]):
        lapse_hazards(lapse_hazard, behaviour, state.ownership[c])
        supporters = 0
        adopters = 0
        for i in range(np.uintp(places.community_start[c]), np.uintp(places.community_start[c + 1])):
            before = shown[i]
            if before == 0 and stage[i] == UNAWARE and rumour[i] != BELIEVES and t < turnover_week[i]:
                continue  # nothing to keep up, nothing to show, and no credit
            if before & ADOPTS and (stage[i] == ADOPTED or stage[i] == MAINTAINED):
                if kind != PERMANENT:
                    which = (1 if stage[i] == MAINTAINED else 0) + (0 if pending[i] & PENDING_OK else 2)
                    if lapse_hazard[which] > 0:
                        resist_lapse[i] -= lapse_hazard[which]
                        if resist_lapse[i] < 0:
                            move(stage, stage_count, cells[i], i, LAPSED)
                if stage[i] == ADOPTED and t >= mature_week[i]:
                    move(stage, stage_count, cells[i], i, MAINTAINED)
            if t >= turnover_week[i]:
                # A new caregiver moves in, who knows nothing of this behaviour.
                identity = draw_id[i]
                move(stage, stage_count, cells[i], i, UNAWARE)
                aware_week[i] = NEVER
                source[i] = OWN
                media_credit[i] = 0.0
                visit_credit[i] = 0.0
                dialogue_credit[i] = 0.0
                if rumour[i] != SUSCEPTIBLE:
                    leave_rumour(rumour, rumour_spells, resist_rumour, i, seed, RUMOUR_HEAR + stride, identity)
                resist_talk[i] = exponential(uniform(seed, TALK + stride, lives[i] + 1, identity))
                new_decision(decisions, decision_wait, i, decision_rate, seed, DECIDE + stride, identity)

            now = stage[i]
            after = 0
            if supports(now):
                after = SUPPORTS
                supporters += 1
                if pending[i] & PENDING_VOICE:
                    after |= VOICES
                    voiced += 1
                if now != WILLING:
                    after |= ADOPTS
                    adopters += 1
            if now != UNAWARE and not (after & VOICES):
                if t + 1 - aware_week[i] <= talk_weeks and fear[i] <= fearless:
                    after |= TALKS
            if rumour[i] == BELIEVES:
                after |= SPREADS_RUMOUR
                believing += 1
                if now == AWARE or now == LAPSED:
                    refused[cells[i]] += 1
            if after != before:
                shown[i] = after
                if (after ^ before) & (VOICES | TALKS | SPREADS_RUMOUR):
                    push(
                        indptr, neighbor, weight, voicing, talking, rumouring, i,
                        bit(after, VOICES) - bit(before, VOICES),
                        bit(after, TALKS) - bit(before, TALKS),
                        bit(after, SPREADS_RUMOUR) - bit(before, SPREADS_RUMOUR),
                    )  # fmt: skip
            persuasion = persuasion + ((media_credit[i] + visit_credit[i]) + dialogue_credit[i])
        state.supporters[b, c] = supporters
        state.adopters[b, c] = adopters
        if kind != EVENT and kind != ROUND:
            record.community[t, b, c] = adopters
            record.community_eligible[t, b, c] = places.community_start[c + 1] - places.community_start[c]
    record.voiced[t, b] = voiced
    record.believing[t, b] = believing
    record.persuasion[t, b] = persuasion / stage.shape[0]
    record.stage[t, b] = stage_count


@njit(nogil=True, cache=True)
def lapse_hazards(lapse_hazard, behaviour, ownership):  # type: ignore[no-untyped-def]
    """Weekly lapse hazards of one community: lambda e^(-kappa_O O) (m_M if maintained) (kappa_S if unsupported)."""
    base = behaviour.lapse_rate * exp(-behaviour.ownership_protection * ownership)
    lapse_hazard[0] = chance_to_hazard(base)
    lapse_hazard[1] = chance_to_hazard(base * behaviour.maintained_lapse_ratio)
    lapse_hazard[2] = chance_to_hazard(base * behaviour.unsupported_lapse_ratio)
    lapse_hazard[3] = chance_to_hazard(base * behaviour.maintained_lapse_ratio * behaviour.unsupported_lapse_ratio)


@njit(nogil=True, cache=True, inline="always")
def bit(flags, which):  # type: ignore[no-untyped-def]
    """1 if the bit is set, else 0."""
    return 1 if flags & which else 0


@njit(nogil=True, cache=True, inline="always")
def close(state, households, places, context, seed, t):  # type: ignore[no-untyped-def]
    """End of the week for the household as a whole: turnover of its clock, and who is in need or voices."""
    shown, turnover_week, lives, norm_memory = state.shown, state.turnover_week, state.lives, state.norm_memory
    draw_id = households.draw_id
    turnover = context.turnover
    for c in range(places.treated.shape[0]):
        in_need = 0
        voices = 0
        for i in range(np.uintp(places.community_start[c]), np.uintp(places.community_start[c + 1])):
            if t >= turnover_week[i]:
                lives[i] += 1
                norm_memory[i] = 0.0
                turnover_week[i] = t + trials(uniform(seed, TURNOVER, lives[i], draw_id[i]), turnover)
            need = 0
            voice = 0
            for b in range(shown.shape[0]):
                if (shown[b, i] & SUPPORTS) == 0:
                    need = 1
                if (shown[b, i] & VOICES) != 0:
                    voice = 1
            in_need += need
            voices += voice
        state.in_need[c] = in_need
        state.voices[c] = voices
