"""What households do in a week before anybody is served: hear, weigh, decide, seek (steps 2-7 for one behaviour).

What is cheapest in a row is done for everybody in a row: neighbours wear down resistances. For the rest, households
are looked at in blocks; a block first marks who has something to do (a contact, a clock that strikes, a resistance used
up), 64 at once, and only those are visited. Where support moves for all of a community at once, because leaders speak
there or persuasion fades, or many of a block have news, its households are weighed together in one loop without
branches.

Arrays are taken out of the state once per week and behaviour: handing the state to a function for every household
costs more than the household's whole week.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    AWARE,
    BELIEVES,
    BLOCK,
    BY_DIALOGUE,
    BY_MEDIA,
    BY_PEER,
    BY_VISIT,
    CONTACT_DIALOGUE,
    CONTACT_VISIT,
    DEBUNKED,
    EVENT,
    FOREVER,
    INCENTIVE,
    PENDING_OK,
    PERMANENT,
    ROUND,
    SUSCEPTIBLE,
    UNAWARE,
    WILLING,
)
from smsim.engine.draws import (
    BEHAVIOUR_STRIDE,
    DEBUNK,
    DECIDE,
    EVENTS,
    RUMOUR_END,
    RUMOUR_HEAR,
    RUMOUR_SHOCK,
    chance_to_hazard,
    draw_exponentials,
    draw_weeks,
    uniform,
)
from smsim.engine.hear import mark, mark_all, persuade, reconsider, rouse, seek, wear
from smsim.engine.lanes import WIDTH, count
from smsim.engine.rules import endorsements, marked, supports, trust, visits
from smsim.engine.weigh import attribute, keep, wake, weigh, weigh_some

CROWD = 12  # households of a block with news: weighing all of them costs less than visiting more than these


@inlined
def move(stage, stage_count, cell, i, new):  # type: ignore[no-untyped-def]
    """Put household i into stage `new`, and the counts of its cell with it."""
    stage_count[cell, stage[i]] -= 1
    stage_count[cell, new] += 1
    stage[i] = new


@inlined
def note(stir, stirred, many, i):  # type: ignore[no-untyped-def]
    """Put household i on the list of those who were stirred, once; returns how many there are."""
    stirred[many] = i
    many += 1 - np.int64(stir[i])  # a byte would count to 255 where nothing is compiled
    stir[i] = 1
    return many


@inlined
def crowded(marks):  # type: ignore[no-untyped-def]
    """Whether so many of a block weigh the behaviour that all of them together are weighed sooner."""
    many = np.int64(0)
    for g in range(marks.shape[0]):
        many += count(marks[g])
    return many > CROWD


@inner
def decide(  # type: ignore[no-untyped-def]
    state, record, households, places, plan, behaviour, context, room, b, seed, t, here, there, touches
):
    """Steps 2-6 and the seeking of step 7 for behaviour b; fills the room's `seekers` and `stirred`, returns how many.

    For the communities here ... there - 1. touches: whether the campaign touches anybody there this week.
    """
    # Arrays are taken out before anything branches: a tuple that more than one block of the code reads is kept in
    # memory, piece by piece, and the compiler needs a second to find out that it need not be.
    link = behaviour.link
    volume, touch, stir, stirred, seekers = room.volume, room.touch, room.stir[b], room.stirred[b], room.seekers
    led, trusts, gains = room.led, room.trusts, room.gains
    all_act, all_tries, verdicts, gives = room.act, room.tries, room.verdict, room.gives
    identities, efforts = room.identities, room.resistances
    deciders, believers, debunked, forgetful = room.later[0], room.later[1], room.later[2], room.later[3]
    eventful = room.later[4]
    numbers, weeks = room.numbers, room.weeks
    lead, visit = room.lead, room.visit
    touched, touched_until = room.touched, room.touched_until
    membership, fear, hesitant = households.membership, households.fear, households.hesitant
    minority, female, child = households.minority, households.female, households.child
    draw_id, cells = households.draw_id, households.cell
    threshold, reference = households.threshold[b], households.reference[b]
    stage, stage_count, minds = state.stage[b], state.stage_count[b], state.mind[b]
    shown, shown_link = state.shown[b], state.shown[max(link, 0)]
    pending, hot, due, needed = state.pending[b], state.hot[b], state.due[b], state.needed[b]
    credit, persuaded, fades = state.persuasion[b], state.persuaded[b], state.fade
    norm_memory, norm_fades, lapse_class, wait = (
        state.norm_memory, state.norm_fade, state.lapse_class[b], state.decision_wait[b],
    )  # fmt: skip
    resist_talk, resist_rumour = state.resist_talk[b], state.resist_rumour[b]
    event_week, events = state.event_week[b], state.events[b]
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    informed_by, eligible_cells = record.informed_by[t, b], record.eligible[t, b]
    community_start, community_eligible = places.community_start, record.community_eligible[t, b]
    supporters, demand, persuaded_sum = state.supporters[b], state.demand[b], state.persuaded_sum[b]
    endorsement, warm, moving, believing = state.endorsement, state.warm, state.moving[b], state.believing[b]
    incentives = volume[INCENTIVE]
    resident, language, women, training = plan.resident, plan.language, plan.women, plan.training
    campaign_week = t - plan.first_week

    kind = behaviour.kind
    norm_weight, leader_weight = behaviour.norm_weight, behaviour.leader_weight
    persuasion_weight, incentive_weight = behaviour.persuasion_weight, behaviour.incentive_weight
    link_weight = behaviour.link_weight if link >= 0 else 0.0
    rumour_threshold = behaviour.rumour_threshold
    passing, arrival = behaviour.rumour_passing, behaviour.rumour_arrival
    decision_rate, event_rate, taboo = behaviour.decision_rate, behaviour.event_rate, behaviour.taboo
    peers, silent_information = behaviour.peer_information > 0, behaviour.silent_information
    counts_events = kind == EVENT or kind == ROUND
    share = behaviour.message_share
    shock_share = behaviour.rumour_shock_share
    shock = campaign_week >= 0 and campaign_week == behaviour.rumour_shock_week and shock_share > 0
    staff_week = min(max(campaign_week, 0), resident.shape[0] - 1)
    round_week = kind == ROUND and t % behaviour.round_interval_weeks == behaviour.round_interval_weeks // 2
    deciding, happening = chance_to_hazard(decision_rate), chance_to_hazard(event_rate)
    forgetting, waning = chance_to_hazard(behaviour.rumour_forgetting), chance_to_hazard(behaviour.debunk_waning)
    keeps_up = kind != PERMANENT or taboo > 0  # an adopter's support still matters
    lapsing = kind != PERMANENT and behaviour.lapse_rate > 0
    happens = kind == EVENT
    stride = BEHAVIOUR_STRIDE * b

    fade, norm_fade = fades[b], norm_fades[0]
    lead.fill(0.0)
    people = stage.shape[0]
    found, many, led_before = np.int64(0), np.int64(0), False
    decided, believe, told, forget, happened = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    unaware = 0
    for cell in range(stage_count.shape[0]):
        unaware += stage_count[cell, UNAWARE]
    rumours = arrival > 0 or (passing > 0 and believing > 0)  # without, all would take off nothing
    wear(
        stage, voicing, talking, rumouring, resist_talk, resist_rumour, peers, unaware / people, silent_information,
        rumours, passing, arrival, community_start[here], community_start[there], gives,
    )  # fmt: skip
    for c in range(here, there):
        start, stop = community_start[c], community_start[c + 1]
        # omega_c: private support at the start of the week
        omega = supporters[c] / (stop - start)
        leads = endorsements(endorsement, c, leader_weight, led)
        incentive = incentive_weight * min(1.0, incentives[c] / max(demand[c], 1))
        moves = leads or warm[c] == 1 or incentive > 0
        together = moves or moving[c] == 1
        moving[c] = moves
        if touches and staff_week >= 0:
            for kind_of in range(4):
                other = kind_of >> 1
                trusts[kind_of] = trust(
                    context, resident[staff_week, c], language[staff_week, c], women[staff_week, c],
                    training[staff_week, c], other, kind_of & 1,
                )  # fmt: skip
                quality = context.material_quality * (1 - other * (1 - context.material_language))
                gains[0, kind_of] = context.media_gain * share * quality
                gains[1, kind_of] = context.visit_gain * share * trusts[kind_of] * quality
                gains[2, kind_of] = context.dialogue_gain * share * trusts[kind_of] * quality
            if persuade(
                touched, touched_until, c, minority, female, gains, credit, persuaded, norm_memory, fade, norm_fade
            ):
                persuaded_sum[c] = -1.0  # to be added up again
        asked = np.int64(0)
        if round_week:
            for home in range(np.uintp(start), np.uintp(stop)):
                asked += child[home]
                eligible_cells[cells[home]] += child[home]
        if led_before and not leads:
            lead.fill(0.0)
        led_before = leads
        for low in range(start, stop, BLOCK):
            high = min(low + BLOCK, stop)
            groups = (high - low + WIDTH - 1) // WIDTH
            act, tries, verdict = all_act[:groups], all_tries[:groups], verdicts[: WIDTH * groups]
            rouse(stage, shown, due, touch, gives, low, high, t, act)
            if shock:
                mark_all(act, high - low)
            # Steps 2-4: who is told, and who begins or ceases to believe the rumour.
            for n in range(np.uintp(visits(act, low, minds, visit))):
                i = np.uintp(visit[n])
                mind, identity = minds[i], draw_id[i]
                contact, moved = touch[i], False
                if contact and stage[i] == UNAWARE:
                    by = BY_MEDIA
                    if contact & CONTACT_DIALOGUE:
                        by = BY_DIALOGUE
                    if contact & CONTACT_VISIT:
                        by = BY_VISIT
                    informed_by[by] += 1
                    moved = True
                elif resist_talk[i] < 0:
                    informed_by[BY_PEER] += 1
                    moved = True
                if moved:
                    move(stage, stage_count, cells[i], i, np.uint8(AWARE))
                    mind.aware_week = t
                    resist_talk[i] = np.inf
                    hot[i] = 1
                if contact & (CONTACT_VISIT | CONTACT_DIALOGUE) and mind.rumour == BELIEVES:
                    its_trust = trusts[2 * minority[i] + female[i]]
                    if uniform(seed, DEBUNK + stride, t, identity) < context.debunking * its_trust:
                        mind.rumour = DEBUNKED
                        mind.rumour_spells += 1
                        mind.rumour_week = FOREVER  # until it is drawn
                        debunked[told] = i
                        told += 1
                        needed[i] = threshold[i]
                        moved = True
                if mind.rumour == SUSCEPTIBLE:
                    believes = resist_rumour[i] < 0
                    if shock and not believes:
                        believes = uniform(seed, RUMOUR_SHOCK + stride, t, identity) < shock_share
                    if believes:
                        mind.rumour = BELIEVES
                        mind.rumour_spells += 1
                        resist_rumour[i] = np.inf
                        believers[believe] = i
                        believe += 1
                        needed[i] = threshold[i] + rumour_threshold
                        hot[i] = 1
                        moved = True
                elif t >= mind.rumour_week:
                    mind.rumour = SUSCEPTIBLE
                    mind.rumour_spells += 1
                    forgetful[forget] = i
                    forget += 1
                    needed[i] = threshold[i]
                    hot[i] = 1
                    moved = True
                if moved or t >= due[i]:
                    many = note(stir, stirred, many, i)
            tries.fill(np.uint64(0))
            if not together:
                reconsider(stage, hot, touch, low, high, keeps_up, act)
            if together or crowded(act):
                # Loops of floats go on to the next multiple of 64, also into the next community: their last steps would
                # be done singly, and cost as much as all before.
                wide = min(low + WIDTH * groups, people)
                if leads:
                    for k in range(np.uintp(wide - low)):
                        lead[k] = led[membership[np.uintp(low) + k]]
                weigh(
                    voicing, reference, norm_memory, persuaded, needed, lead, fear, shown_link, low, wide,
                    norm_fade, fade, omega, norm_weight, persuasion_weight, incentive, link_weight, taboo, verdict,
                )  # fmt: skip
                keep(verdict, pending, hot, low, high)
            else:
                weigh_some(
                    visit, marked(act, low, visit, 0), voicing, reference, norm_memory, persuaded, needed, led,
                    membership, fear, shown_link, norm_fade, fade, omega, norm_weight, persuasion_weight, incentive,
                    link_weight, taboo, pending, hot,
                )  # fmt: skip
            wake(stage, shown, pending, wait, lapse_class, due, low, high, t, lapsing, happens, taboo, act)
            if round_week or not counts_events:
                seek(stage, child, low, high, round_week, act, tries)
            # Steps 5-7: who decides, and who goes.
            first = decided
            for n in range(np.uintp(visits(act, low, minds, visit))):
                i = np.uintp(visit[n])
                # The service is for this household this week, whatever it thinks of it.
                eligible = not counts_events
                if kind == EVENT and t >= event_week[i]:
                    eligible = True
                    events[i] += 1
                    event_week[i] = FOREVER  # until it is drawn
                    eventful[happened] = i
                    happened += 1
                    asked += 1
                    eligible_cells[cells[i]] += 1
                elif kind == ROUND:
                    eligible = round_week and child[i] == 1
                if wait[i] <= 0:
                    ok = (pending[i] & PENDING_OK) != 0
                    move(stage, stage_count, cells[i], i, np.uint8(WILLING if ok else AWARE))
                    minds[i].decisions += 1
                    deciders[decided] = i
                    decided += 1
                seeks = eligible and (supports(stage[i]) if counts_events else stage[i] == WILLING)
                mark(tries, i - np.uintp(low), seeks)
                many = note(stir, stirred, many, i)
            attribute(
                deciders, first, decided, stage, minds, voicing, reference, norm_memory, credit, needed, led,
                membership, shown_link, norm_fade, fade, omega, norm_weight, persuasion_weight, incentive, link_weight,
            )  # fmt: skip
            trying = np.uintp(marked(tries, low, visit, 0))
            for n in range(trying):
                seekers[np.uintp(found) + n] = visit[n]
            found += np.int64(trying)
        community_eligible[c] = asked
    # What is drawn matters from the end of the week on: few in a block, but many in a part draw side by side.
    scratch = numbers, identities, weeks
    # With a step of one they are of a record field's type: whole arrays would have `draw_weeks` compiled once more.
    draw_weeks(
        deciders, decided, minds.decisions, draw_id, seed, DECIDE + stride, deciding, np.int64(0), wait[::1], *scratch
    )
    draw_weeks(
        eventful, happened, events[::1], draw_id, seed, EVENTS, happening, t, event_week[::1], *scratch
    )  # fmt: skip
    for those, some, hazard in ((believers, believe, forgetting), (debunked, told, waning)):
        draw_weeks(
            those, some, minds.rumour_spells, draw_id, seed, RUMOUR_END + stride, hazard, t, minds.rumour_week, *scratch
        )
    if passing > 0 or arrival > 0:
        draw_exponentials(
            forgetful, forget, minds.rumour_spells, draw_id, seed, RUMOUR_HEAR + stride, resist_rumour, numbers,
            identities, efforts,
        )  # fmt: skip
        for n in range(np.uintp(forget)):
            i = np.uintp(forgetful[n])
            resist_rumour[i] = resist_rumour[i] / (1 + hesitant[i])
    return found, many
