"""What households do in a week before anybody is served: hear, weigh, decide, seek (steps 2-7 for one behaviour).

Nothing here is done for everybody. Households are looked at in blocks; a block first marks who has something to do (a
contact, a clock that strikes, a change among the neighbours), byte by byte, and only those are visited. Where support
moves for all of a community at once, because leaders speak there or persuasion fades, its households are weighed
together in one loop without branches, and those are visited whom the verdict moves.

Arrays are taken out of the state once per week and behaviour: handing the state to a function for every household
costs more than the household's whole week.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import (
    ADOPTED,
    AWARE,
    BELIEVES,
    BLOCK,
    BY_DIALOGUE,
    BY_MEDIA,
    BY_PEER,
    BY_VISIT,
    CONTACT_DIALOGUE,
    CONTACT_MEDIA,
    CONTACT_VISIT,
    DEBUNKED,
    EVENT,
    FADED,
    HOME,
    INCENTIVE,
    LAPSED,
    MAINTAINED,
    NEW_RUMOUR,
    NEW_TALK,
    NEW_VOICES,
    OWN,
    PENDING_OK,
    PENDING_VOICE,
    PERMANENT,
    RECONSIDERS,
    ROUND,
    SUPPORTS,
    SUSCEPTIBLE,
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
    RUMOUR_END,
    RUMOUR_HEAR,
    RUMOUR_SHOCK,
    exponential,
    uniform,
    weeks_until,
)
from smsim.engine.rules import convincer, crossing_week, endorsements, hazard_of_rumour, supports, trust

EVERY_BIT = 255


@inner
def move(stage, stage_count, cell, i, new):  # type: ignore[no-untyped-def]
    """Put household i into stage `new`, and the counts of its cell with it."""
    stage_count[cell, stage[i]] -= 1
    stage_count[cell, new] += 1
    stage[i] = new


@inner
def fade_persuasion(credit, persuaded, fade, b, keep):  # type: ignore[no-untyped-def]
    """p <- (1 - delta_p) p, for everybody at once; units worth too little are made anew."""
    fade[b] = fade[b] * keep
    if fade[b] < FADED:
        for i in range(persuaded.shape[0]):
            for k in range(3):
                credit[k, i] = credit[k, i] * fade[b]
            persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
        fade[b] = 1.0


@inner
def persuade(credit, persuaded, fade, i, touched, media, visit, dialogue):  # type: ignore[no-untyped-def]
    """Step 2, second half: this week's contacts persuade, each with what the one before left to win."""
    # p <- p + psi q (1 - p), for visits and dialogues psi T q
    if touched & CONTACT_MEDIA:
        credit[0, i] = credit[0, i] + media * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
    if touched & CONTACT_VISIT:
        credit[1, i] = credit[1, i] + visit * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
    if touched & CONTACT_DIALOGUE:
        credit[2, i] = credit[2, i] + dialogue * (1 - persuaded[i] * fade) / fade
        persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]


@inner
def rouse(stage, hot, due, touch, t, others, act):  # type: ignore[no-untyped-def]
    """Mark who has something to do: act is the block's bytes, 0 beyond its end.

    others: bits of news that matter to who has heard already; whoever has not minds all.
    """
    for k in range(hot.shape[0]):
        act[k] = (hot[k] & (others if stage[k] != UNAWARE else EVERY_BIT)) | touch[k] | np.uint8(due[k] <= t)
    for k in range(hot.shape[0], act.shape[0]):
        act[k] = 0


@inner
def support(voicing, reference, g, omega, leader, p, norm_weight, persuasion_weight, incentive):  # type: ignore[no-untyped-def]
    """f and S (without a link) of one household.

    f = (1 - g) n_V / k + g omega_c; S = alpha_N f + alpha_I I + alpha_P p + alpha_inc inc
    """
    visible = voicing / (reference if reference > 0.0 else 1.0)
    norm = (1 - g) * visible + g * omega
    return norm, ((norm_weight * norm + leader) + persuasion_weight * p) + incentive


@inner
def weigh(  # type: ignore[no-untyped-def]
    voicing, reference, norm_memory, persuaded, needed, membership, fear, shown_link, led, norm_fade, fade, omega,
    norm_weight, persuasion_weight, incentive, link_weight, taboo, verdict,
):  # fmt: skip
    """Every household of a block weighs the behaviour, into verdict: bits PENDING_OK and PENDING_VOICE."""
    for k in range(verdict.shape[0]):
        _, total = support(
            voicing[k], reference[k], norm_memory[k] * norm_fade, omega, led[membership[k]], persuaded[k] * fade,
            norm_weight, persuasion_weight, incentive,
        )  # fmt: skip
        verdict[k] = PENDING_VOICE + (total >= needed[k])
    if link_weight > 0:
        for k in range(verdict.shape[0]):
            if shown_link[k] & SUPPORTS:
                _, total = support(
                    voicing[k], reference[k], norm_memory[k] * norm_fade, omega, led[membership[k]],
                    persuaded[k] * fade, norm_weight, persuasion_weight, incentive,
                )  # fmt: skip
                verdict[k] = PENDING_VOICE + (total + link_weight >= needed[k])
    if taboo > 0:
        for k in range(verdict.shape[0]):
            # V = 1 if it supports and f + alpha_I I >= tau v
            visible = voicing[k] / (reference[k] if reference[k] > 0.0 else 1.0)
            g = norm_memory[k] * norm_fade
            norm = (1 - g) * visible + g * omega
            if norm + led[membership[k]] < taboo * fear[k]:
                verdict[k] = verdict[k] & PENDING_OK


@inner
def wake(stage, shown, verdict, waiting, taboo, act, stir):  # type: ignore[no-untyped-def]
    """Mark whom a verdict moves: who may change its mind, who seeks the service, who falls silent or speaks up."""
    for k in range(verdict.shape[0]):
        s = stage[k]
        ok = verdict[k] & PENDING_OK
        undecided = np.uint8(s == AWARE) | np.uint8(s == LAPSED)
        willing = np.uint8(s == WILLING)
        act[k] |= (undecided & ok) | (willing & (waiting | (ok ^ PENDING_OK)))
    if taboo > 0:
        for k in range(verdict.shape[0]):
            ready = verdict[k] & PENDING_VOICE
            voices = shown[k] & VOICES
            if supports(stage[k]) and (ready > 0) != (voices > 0):
                stir[k] = 1


@inner
def decide(  # type: ignore[no-untyped-def]
    state, record, households, places, plan, behaviour, context, b, seed, t, volume, touch, stir, seekers
):
    """Steps 2-6 and the seeking of step 7 for behaviour b; fills `seekers` and returns their number.

    touch: uint8 (N,), contacts of this week; stir: uint8 (N,), households that `settle` must look at.
    """
    kind = behaviour.kind
    norm_weight, leader_weight = behaviour.norm_weight, behaviour.leader_weight
    persuasion_weight, incentive_weight = behaviour.persuasion_weight, behaviour.incentive_weight
    link = behaviour.link
    link_weight = behaviour.link_weight if link >= 0 else 0.0
    rumour_threshold = behaviour.rumour_threshold
    passing, arrival, forgetting = behaviour.rumour_passing, behaviour.rumour_arrival, behaviour.rumour_forgetting
    decision_rate, event_rate, taboo = behaviour.decision_rate, behaviour.event_rate, behaviour.taboo
    peer_information, silent_information = behaviour.peer_information, behaviour.silent_information
    at_home = behaviour.place == HOME
    counts_events = kind == EVENT or kind == ROUND
    share = behaviour.message_share
    scale = behaviour.distance_scale_km * plan.distance_factor[t]
    campaign_week = t - plan.first_week
    shock_share = behaviour.rumour_shock_share
    shock = campaign_week >= 0 and campaign_week == behaviour.rumour_shock_week and shock_share > 0
    # Nobody is visited outside the campaign, and of a plan of no weeks no profile is asked.
    staff_week = max(min(max(campaign_week, 0), plan.resident.shape[0] - 1), 0)
    round_week = kind == ROUND and t % behaviour.round_interval_weeks == behaviour.round_interval_weeks // 2
    everybody = shock or round_week
    keeps_up = kind != PERMANENT or taboo > 0  # an adopter's support still matters
    waiting = np.uint8(0 if counts_events else 1)
    stride = BEHAVIOUR_STRIDE * b

    draw_id, cells, membership, fear = households.draw_id, households.cell, households.membership, households.fear
    minorities, female, hesitant = households.minority, households.female, households.hesitant
    child, distance_km = households.child, households.distance_km
    threshold, reference = households.threshold[b], households.reference[b]
    stage, stage_count, source = state.stage[b], state.stage_count[b], state.source[b]
    shown, shown_link = state.shown[b], state.shown[max(link, 0)]
    pending, hot, due, needed = state.pending[b], state.hot[b], state.due[b], state.needed[b]
    credit, persuaded = state.persuasion[b], state.persuaded[b]
    norm_memory = state.norm_memory
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    aware_week, resist_talk = state.aware_week[b], state.resist_talk[b]
    rumour, rumour_week, rumour_spells = state.rumour[b], state.rumour_week[b], state.rumour_spells[b]
    talk_hazard, talk_since = state.talk_hazard[b], state.talk_since[b]
    resist_rumour, rumour_hazard, rumour_since = state.resist_rumour[b], state.rumour_hazard[b], state.rumour_since[b]
    decisions, decision_wait = state.decisions[b], state.decision_wait[b]
    events, event_week = state.events[b], state.event_week[b]
    informed_by, eligible_cells = record.informed_by[t, b], record.eligible[t, b]
    community_start, community_eligible = places.community_start, record.community_eligible[t, b]
    supporters, demand, persuaded_sum = state.supporters[b], state.demand[b], state.persuaded_sum[b]
    endorsement, ownership, warm, moving = state.endorsement, state.ownership, state.warm, state.moving[b]
    residents, speakers = plan.resident[staff_week], plan.language[staff_week]
    women, training = plan.women[staff_week], plan.training[staff_week]
    incentives = volume[INCENTIVE]

    fade_persuasion(credit, persuaded, state.fade, b, 1 - behaviour.persuasion_decay)
    fade, norm_fade = state.fade[b], state.norm_fade[0]
    led = np.empty(16)
    act = np.zeros(BLOCK, np.uint8)
    words = act.view(np.uint64)
    found = 0
    for c in range(demand.shape[0]):
        start, stop = community_start[c], community_start[c + 1]
        # omega_c: private support at the start of the week
        omega = supporters[c] / (stop - start)
        endorsements(endorsement, c, leader_weight, led)
        incentive = incentive_weight * min(1.0, incentives[c] / max(demand[c], 1))
        reach = 1 - behaviour.ownership_transport * ownership[c]
        moves = warm[c] == 1 or incentive > 0
        for k in range(16):
            moves = moves or led[k] > 0
        together = moves or moving[c] == 1
        moving[c] = moves
        others = NEW_RUMOUR if together else NEW_VOICES | NEW_RUMOUR | RECONSIDERS
        sought, asked = found, 0
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            rouse(stage[low:high], hot[low:high], due[low:high], touch[low:high], t, others, act)
            if everybody:
                act[: high - low] = 1
            # Steps 2-4: who is touched, told or reached by the rumour.
            for word in range(words.shape[0]):
                if words[word] == 0:
                    continue
                for k in range(8 * word, 8 * word + 8):
                    if act[k] == 0:
                        continue
                    i = np.uintp(low + k)
                    identity = draw_id[i]
                    touched = touch[i]
                    if touched:
                        minority = minorities[i]
                        its_trust = trust(
                            context, residents[c], speakers[c], women[c], training[c], minority, female[i]
                        )  # fmt: skip
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
                            stir[i] = 1
                        persuade(
                            credit, persuaded, fade, i, touched,
                            context.media_gain * share * quality,
                            context.visit_gain * share * its_trust * quality,
                            context.dialogue_gain * share * its_trust * quality,
                        )  # fmt: skip
                        persuaded_sum[c] = -1.0  # to be added up again
                        if touched & CONTACT_DIALOGUE:
                            norm_memory[i] = 1.0 / norm_fade
                        if rumour[i] == BELIEVES and touched & (CONTACT_VISIT | CONTACT_DIALOGUE):
                            if uniform(seed, DEBUNK + stride, t, identity) < context.debunking * its_trust:
                                rumour[i] = DEBUNKED
                                rumour_spells[i] += 1
                                rumour_week[i] = t + weeks_until(
                                    seed, RUMOUR_END + stride, rumour_spells[i], identity, behaviour.debunk_waning
                                )
                                needed[i] = threshold[i]
                                stir[i] = 1
                    strikes = t >= due[i]
                    if stage[i] == UNAWARE:
                        # U -> A with hazard beta (n_V + eta n_T)
                        if hot[i] & (NEW_VOICES | NEW_TALK):
                            hazard = peer_information * (voicing[i] + silent_information * talking[i])
                            if hazard != talk_hazard[i]:
                                resist_talk[i] = resist_talk[i] - (t - talk_since[i]) * talk_hazard[i]
                                talk_hazard[i] = hazard
                                talk_since[i] = t
                                due[i] = min(due[i], crossing_week(resist_talk[i], t, hazard))
                                strikes = t >= due[i]
                        if strikes and resist_talk[i] - (t - talk_since[i] + 1) * talk_hazard[i] < 0:
                            move(stage, stage_count, cells[i], i, AWARE)
                            aware_week[i] = t
                            informed_by[BY_PEER] += 1
                            stir[i] = 1
                    if hot[i] & NEW_RUMOUR and rumour[i] == SUSCEPTIBLE:
                        hazard = hazard_of_rumour(passing, arrival, rumouring[i], hesitant[i])
                        if hazard != rumour_hazard[i]:
                            resist_rumour[i] = resist_rumour[i] - (t - rumour_since[i]) * rumour_hazard[i]
                            rumour_hazard[i] = hazard
                            rumour_since[i] = t
                            due[i] = min(due[i], crossing_week(resist_rumour[i], t, hazard))
                            strikes = t >= due[i]
                    hot[i] &= NEW_VOICES | RECONSIDERS
                    if strikes or shock:
                        if rumour[i] == SUSCEPTIBLE:
                            believes = False
                            if shock:
                                believes = uniform(seed, RUMOUR_SHOCK + stride, t, identity) < shock_share
                            if not believes:
                                # 0 -> 1 with hazard (beta_r n_B + iota_r) (1 + hes)
                                believes = resist_rumour[i] - (t - rumour_since[i] + 1) * rumour_hazard[i] < 0
                            if believes:
                                rumour[i] = BELIEVES
                                rumour_spells[i] += 1
                                rumour_week[i] = t + weeks_until(
                                    seed, RUMOUR_END + stride, rumour_spells[i], identity, forgetting
                                )
                                needed[i] = threshold[i] + rumour_threshold
                                hot[i] |= RECONSIDERS
                                stir[i] = 1
                        elif t >= rumour_week[i]:
                            rumour[i] = SUSCEPTIBLE
                            rumour_spells[i] += 1
                            rumour_since[i] = t + 1
                            rumour_hazard[i] = hazard_of_rumour(passing, arrival, rumouring[i], hesitant[i])
                            if passing > 0 or arrival > 0:
                                resist_rumour[i] = exponential(
                                    uniform(seed, RUMOUR_HEAR + stride, rumour_spells[i], identity)
                                )
                            needed[i] = threshold[i]
                            hot[i] |= RECONSIDERS
                            stir[i] = 1
            if together:
                weigh(
                    voicing[low:high], reference[low:high], norm_memory[low:high], persuaded[low:high],
                    needed[low:high], membership[low:high], fear[low:high], shown_link[low:high], led, norm_fade, fade,
                    omega, norm_weight, persuasion_weight, incentive, link_weight, taboo, pending[low:high],
                )  # fmt: skip
                wake(stage[low:high], shown[low:high], pending[low:high], waiting, taboo, act, stir[low:high])
            elif waiting:
                for k in range(high - low):
                    act[k] |= np.uint8(stage[low + k] == WILLING)
            # Steps 5-7: who decides, and who goes.
            for word in range(words.shape[0]):
                if words[word] == 0:
                    continue
                for k in range(8 * word, 8 * word + 8):
                    if act[k] == 0:
                        continue
                    i = np.uintp(low + k)
                    identity = draw_id[i]
                    # The service is for this household this week, whatever it thinks of it.
                    eligible = not counts_events
                    if kind == EVENT and t >= event_week[i]:
                        eligible = True
                        events[i] += 1
                        event_week[i] = t + weeks_until(seed, EVENTS, events[i], identity, event_rate)
                        stir[i] = 1
                    elif kind == ROUND:
                        eligible = round_week and child[i] == 1
                    if eligible and counts_events:
                        asked += 1
                        eligible_cells[cells[i]] += 1
                    if t >= due[i]:
                        stir[i] = 1
                    # Who has not heard has nothing to decide.
                    now = stage[i]
                    if now == UNAWARE:
                        hot[i] = 0
                        continue
                    adopter = now == ADOPTED or now == MAINTAINED
                    if adopter and not keeps_up:
                        hot[i] = 0
                    else:
                        leader = led[membership[i]]
                        norm, total = support(
                            voicing[i], reference[i], norm_memory[i] * norm_fade, omega, leader, persuaded[i] * fade,
                            norm_weight, persuasion_weight, incentive,
                        )  # fmt: skip
                        linked = link_weight if link_weight > 0 and (shown_link[i] & SUPPORTS) != 0 else 0.0
                        ok = total + linked >= needed[i]
                        # V = 1 if it supports and tau = 0 or f + alpha_I I >= tau v
                        ready = taboo <= 0 or norm + leader >= taboo * fear[i]
                        pending[i] = (PENDING_OK if ok else 0) | (PENDING_VOICE if ready else 0)
                        if supports(now) and ready != ((shown[i] & VOICES) != 0):
                            stir[i] = 1
                        hot[i] = 0
                        if not adopter and ok != (now == WILLING):
                            # Its mind is about to change: it counts the weeks.
                            hot[i] = RECONSIDERS
                            decision_wait[i] -= 1
                            if decision_wait[i] <= 0:
                                if ok:
                                    move(stage, stage_count, cells[i], i, WILLING)
                                    source[i] = OWN
                                    if needed[i] > 0:
                                        source[i] = convincer(
                                            norm_weight * norm,
                                            leader,
                                            persuasion_weight * (credit[0, i] * fade),
                                            persuasion_weight * (credit[1, i] * fade),
                                            persuasion_weight * (credit[2, i] * fade),
                                            incentive,
                                            linked,
                                        )
                                else:
                                    move(stage, stage_count, cells[i], i, AWARE)
                                decisions[i] += 1
                                decision_wait[i] = weeks_until(
                                    seed, DECIDE + stride, decisions[i], identity, decision_rate
                                )
                                stir[i] = 1
                    if eligible and (supports(stage[i]) if counts_events else stage[i] == WILLING):
                        # attempt with probability e^(-d (1 - chi_O O) / d0)
                        way = distance_km[i] * reach / scale
                        if at_home or exponential(uniform(seed, ATTEMPT + stride, t, identity)) > way:
                            seekers[found] = i
                            found += 1
        demand[c] = found - sought
        community_eligible[c] = asked
    return found
