"""What the campaign does in a week: volumes, leaders, contacts, ownership, authorities, monitoring (steps 0-2, 11)."""

from __future__ import annotations

import math

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ACTION,
    ADOPTS,
    DIALOGUE,
    LEADER,
    MEDIA,
    MONITOR,
    NEEDS,
    VISIT,
)
from smsim.engine.draws import (
    APPROVE,
    DIALOGUE_ACCEPT,
    DIALOGUE_CONTACT,
    DISSEMINATE,
    MEDIA_CONTACT,
    STOCK,
    SURVEY_ERROR,
    SURVEY_WHO,
    VISIT_ACCEPT,
    VISIT_CONTACT,
    cut,
    exponentials,
    strikes,
    uniform,
    word_of,
    words_below,
    words_into,
)
from smsim.engine.lanes import WIDTH, bits, count, lanes, lowest, put, where
from smsim.engine.rules import inside, policy_step

MAX_INTERVIEWS = 4096  # per community and round: the survey's draws are numbered c * 4096 + j


@inner
def buy(state, record, places, plan, t, volume):  # type: ignore[no-untyped-def]
    """Step 0: fill volume (8, C) with what this week's money buys; visits are bounded by staff."""
    w = t - plan.first_week
    volume.fill(0.0)
    if w < 0 or w >= plan.spending.shape[0]:
        return
    for c in range(volume.shape[1]):
        if places.treated[c] == 0:
            continue
        for k in range(8):
            dollars = plan.spending[w, k] * state.budget_share[c]
            if dollars == 0.0:
                continue
            bought = dollars / plan.unit_cost[k]
            if k == VISIT and bought > plan.visit_capacity[w, c]:
                bought = plan.visit_capacity[w, c]
                unspent = dollars - bought * plan.unit_cost[k]
                record.unspent[t, k] += unspent
                record.spent[t, k] += dollars - unspent
            else:
                record.spent[t, k] += dollars
            volume[k, c] = bought
            record.delivered[t, k] += bought
        state.interviews[c] += volume[MONITOR, c]


@inner
def disseminate(state, places, plan, context, seed, t, volume):  # type: ignore[no-untyped-def]
    """Untreated communities that hear of a success start dialogues of their own, at no cost to the campaign."""
    if context.dissemination <= 0 or t < plan.first_week:
        return
    households = 0
    adopters = 0
    dialogues = 0.0
    joiners = 0.0
    for c in range(volume.shape[1]):
        if places.treated[c] == 1:
            households += places.community_start[c + 1] - places.community_start[c]
            adopters += state.adopters[0, c]
            dialogues = dialogues + volume[DIALOGUE, c]
            joiners = joiners + places.joiners[c]
    if households == 0:
        return
    for c in range(volume.shape[1]):
        if places.treated[c] == 1:
            continue
        if state.started_alone[c] == 0:
            n = places.community_start[c + 1] - places.community_start[c]
            gap = adopters / households - state.adopters[0, c] / n
            if gap > 0 and strikes(uniform(seed, DISSEMINATE, t, np.uint32(c)), context.dissemination * gap):
                state.started_alone[c] = 1
        if state.started_alone[c] == 1:
            volume[DIALOGUE, c] = 0.5 * (dialogues / joiners) * places.joiners[c]


@inner
def environment(state, places, plan, context, room, seed, t):  # type: ignore[no-untyped-def]
    """Step 1: stock-outs, leaders' endorsement and approval."""
    facility_up, response, facility_district = state.facility_up, state.response, room.facility_district
    volume, unheard = room.volume, room.hazards
    endorsement, approved, leader_response, leader_share = (
        state.endorsement, state.approved, places.leader_response, plan.leader_share,
    )  # fmt: skip
    for f in range(facility_up.shape[0]):
        # A_f = A0 + (1 - A0) Y; up -> down with probability (1 / D_so) (1 - A) / A, down -> up with 1 / D_so
        available = context.availability + (1 - context.availability) * response[facility_district[f]]
        if facility_up[f] == 1:
            if available <= 0:
                facility_up[f] = 0
            elif available < 1:
                if uniform(seed, STOCK, t, np.uint32(f)) < (1 / context.stockout_weeks) * (1 - available) / available:
                    facility_up[f] = 0
        elif available > 0 and uniform(seed, STOCK, t, np.uint32(f)) < 1 / context.stockout_weeks:
            facility_up[f] = 1
    communities, spoken = volume.shape[1], False
    for c in range(communities):
        spoken = spoken or volume[LEADER, c] > 0
        for k in range(4):
            unheard[4 * c + k] = -context.endorsement_gain * (4 * leader_share[k] * volume[LEADER, c])
    if spoken:
        exponentials(unheard, 4 * communities)
    else:
        unheard[: 4 * communities].fill(1.0)
    for c in range(communities):
        sessions, s = volume[LEADER, c], leader_response[c]
        for k in range(4):
            # E <- E + (1 - E) (1 - e^(-eps_L L)) s_c - delta_E E
            e = endorsement[c, k]
            endorsement[c, k] = e + (1 - e) * ((1 - unheard[4 * c + k]) * s) - context.endorsement_decay * e
        if approved[c] == 0 and sessions > 0 and strikes(uniform(seed, APPROVE, t, np.uint32(c)), sessions * s):
            approved[c] = 1


@inner
def contact(state, record, households, places, context, room, seed, t, here, there):  # type: ignore[no-untyped-def]
    """Step 2, first half: whom the campaign touches; then actions, pressure and ownership. Returns how many contacts.

    For the communities here ... there - 1. Fills the room's `touch`, all 0 before, `touched` and `touched_until`. The
    record's `pressure` is participants until `authorities` divides it.
    """
    volume, touch, touched, touched_until = room.volume, room.touch, room.touched, room.touched_until
    words, cuts, in_a_row, invited_in_a_row, uneven = (
        room.words, room.cuts, room.in_a_row, room.invited_in_a_row, room.uneven,
    )  # fmt: skip
    draw_id, invite_id, invite_weight = households.draw_id, households.invite_id, households.invite_weight
    has_media, joiner, standing = households.media, households.joiner, state.standing
    cell, contacts, contact_counts, reached = households.cell, state.contacts, record.contacts[t], record.reached[t]
    community_start, joiners, district = places.community_start, places.joiners, places.district
    approved, started_alone, in_need, voices = state.approved, state.started_alone, state.in_need, state.voices
    ownership, warm, pressure = state.ownership, state.warm, record.pressure[t]
    participants = record.participants
    survival = room.hazards
    survive(volume, community_start, joiners, in_need, context, here, there, survival)
    touched_until[:, here].fill(0)
    for c in range(here, there):
        start, stop = community_start[c], community_start[c + 1]
        n, found = stop - start, touched_until[:, c + 1]
        for channel in range(3):
            found[channel] = touched_until[channel, c]
        accept = 1.0 if approved[c] == 1 or started_alone[c] == 1 else context.acceptance_unapproved
        of = 4 * (c - here)
        media, other, needy, dialogue = survival[of], survival[of + 1], survival[of + 2], survival[of + 3]
        if media < 1 or needy < 1 or dialogue < 1:
            people, row = draw_id[start:stop], in_a_row[c] == 1
            media_words, visit_words, dialogue_words = words[0], words[1], words[2]
            if media < 1:
                media_words = media_words[words_into(seed, MEDIA_CONTACT, t, people, row, media_words) :]
            if needy < 1:
                visit_words = visit_words[words_into(seed, VISIT_CONTACT, t, people, row, visit_words) :]
            if dialogue < 1:
                people, row = invite_id[start:stop], invited_in_a_row[c] == 1
                dialogue_words = dialogue_words[words_into(seed, DIALOGUE_CONTACT, t, people, row, dialogue_words) :]
                if uneven[c]:
                    hazard = dialogue_hazard(volume, joiners, context, c)
                    for k in range(np.uintp(n)):
                        home = np.uintp(start) + k
                        cuts[k] = words_below(hazard * invite_weight[home]) if joiner[home] == 1 else 0
                else:
                    cuts[:n].fill(np.uint32(cut(dialogue)))
            for low in range(0, n, WIDTH):
                at, there_are = start + low, inside(n - low)
                heard, visited, met = np.uint64(0), np.uint64(0), np.uint64(0)
                if media < 1:
                    listens, drawn = lanes(has_media, at), lanes(media_words, low)
                    heard = there_are & bits((listens != 0) & (drawn < cut(media)))
                if needy < 1:
                    need, drawn = lanes(standing, at) & NEEDS, lanes(visit_words, low)
                    struck = (need != 0) & (drawn < cut(needy)) | (need == 0) & (drawn < cut(other))
                    visited = there_are & bits(struck)
                if dialogue < 1:
                    joins, drawn, below = lanes(joiner, at), lanes(dialogue_words, low), lanes(cuts, low)
                    met = there_are & bits((joins != 0) & (drawn < below))
                if accept < 1:
                    visited = admitted(visited, accept, seed, VISIT_ACCEPT, t, draw_id, at)
                    met = admitted(met, accept, seed, DIALOGUE_ACCEPT, t, draw_id, at)
                if heard | visited | met != np.uint64(0):
                    note_contacts((heard, visited, met), at, touch, cell, contacts, reached, touched, found)
                    warm[c] = 1
        for channel in range(3):
            contact_counts[channel] += found[channel] - touched_until[channel, c]
        attendances = found[2] - touched_until[2, c]  # at dialogues
        # part_c = min(participants x actions, #V_c)
        part = min(context.action_participants * volume[ACTION, c], float(voices[c]))
        participants[t] += part
        pressure[district[c]] += part
        # O <- O + min(1, eps_O (attendances + part) / n_c) (1 - O) - delta_O O
        o = ownership[c]
        gained = min(context.ownership_gain * ((attendances + part) / n), 1.0)
        ownership[c] = o + gained * (1 - o) - context.ownership_decay * o
    return touched_until[0, there] + touched_until[1, there] + touched_until[2, there]


@inlined
def dialogue_hazard(volume, joiners, context, c):  # type: ignore[no-untyped-def]
    """Hazard of a dialogue this week for a joiner of weight 1."""
    return (volume[DIALOGUE, c] / joiners[c]) * context.fidelity


@inner
def survive(volume, community_start, joiners, in_need, context, here, there, survival):  # type: ignore[no-untyped-def]
    """e**-h of this week's contacts with a household of communities here ... there - 1, four for each.

    The hazards of media, of visits to others and to those in need, and of dialogues at weight 1; survival: float64, 4
    times as long as there are communities.
    """
    busy = False
    for c in range(here, there):
        busy = busy or volume[MEDIA, c] > 0 or volume[VISIT, c] > 0 or volume[DIALOGUE, c] > 0
    if not busy:
        survival[: 4 * (there - here)].fill(1.0)
        return
    others = 1 - context.needs_quality
    for c in range(here, there):
        n, at = community_start[c + 1] - community_start[c], 4 * (c - here)
        visit = (volume[VISIT, c] / n) * context.fidelity
        # z = (1 - N_q) + N_q need n_c / #need
        needy = others + context.needs_quality * n / max(in_need[c], 1)
        survival[at], survival[at + 1], survival[at + 2], survival[at + 3] = (
            -(volume[MEDIA, c] / n), -(visit * others), -(visit * needy), -dialogue_hazard(volume, joiners, context, c),
        )  # fmt: skip
    exponentials(survival, 4 * (there - here))


@inlined
def admitted(struck, accept, seed, stream, t, draw_id, at):  # type: ignore[no-untyped-def]
    """Of the 64 households from `at` on whose bits are set, those that let the campaign in, each with chance accept."""
    let_in = struck
    while struck != np.uint64(0):
        k = lowest(struck)
        if uniform(seed, stream, t, draw_id[at + k]) >= accept:
            let_in ^= np.uint64(1) << np.uint64(k)
        struck &= struck - np.uint64(1)
    return let_in


@inner
def note_contacts(came, at, touch, cells, contacts, reached, touched, found):  # type: ignore[no-untyped-def]
    """Note the contacts of 64 households from `at` on, and append these to the lists of each channel.

    came: a word for each channel. found: int64 (3,), how many there are on the lists.
    """
    new, kind = came[0] | came[1] | came[2], lanes(touch, at)
    for channel in range(3):
        word = came[channel]
        so_far = lanes(contacts[channel], at)
        new &= bits(so_far == 0)
        put(contacts[channel], at, where(word & bits(so_far < 65535), so_far + 1, so_far))
        kind = where(word, kind | np.uint8(1 << channel), kind)
        those, n = touched[channel], np.uintp(found[channel])
        found[channel] += count(word)
        while word != np.uint64(0):
            those[n] = at + lowest(word)
            n += np.uintp(1)
            word &= word - np.uint64(1)
    put(touch, at, kind)
    while new != np.uint64(0):
        reached[cells[at + lowest(new)]] += 1
        new &= new - np.uint64(1)


@inner
def authorities(state, record, places, context, owned, t):  # type: ignore[no-untyped-def]
    """Step 11: public pressure, after its delay, becomes a service response; ownership holds it.

    owned: float64 (D,) scratch.
    """
    last = t - context.response_delay_weeks
    # H_d = sum part / N_d
    for d in range(state.response.shape[0]):
        record.pressure[t, d] = record.pressure[t, d] / places.district_households[d]
    owned.fill(0.0)
    for c in range(places.district.shape[0]):
        owned[places.district[c]] = owned[places.district[c]] + state.ownership[c]
    for d in range(state.response.shape[0]):
        target = 0.0
        if last >= 0:
            total = 0.0
            first = max(0, last - 12)
            for s in range(first, last + 1):
                total = total + record.pressure[s, d]
            mean = total / (last + 1 - first)
            if mean > 0:
                # Y* = r_gov H^2 / (H^2 + H50^2)
                target = context.responsiveness * mean**2 / (mean**2 + context.pressure_half**2)
        ownership = owned[d] / places.district_communities[d]
        state.response[d] = policy_step(state.response[d], target, context, ownership)
        record.response[t, d] = state.response[d]


@inner
def summarise(state, record, t):  # type: ignore[no-untyped-def]
    """Means over communities, in their order: endorsement, approval, ownership."""
    communities = state.ownership.shape[0]
    endorsement = 0.0
    approved = 0
    ownership = 0.0
    for c in range(communities):
        for k in range(4):
            endorsement = endorsement + state.endorsement[c, k]
        approved += state.approved[c]
        ownership = ownership + state.ownership[c]
    record.endorsement[t] = endorsement / (4 * communities)
    record.approved[t] = approved / communities
    record.ownership[t] = ownership / communities


@inlined
def numbered(seed, stream, n, number):  # type: ignore[no-untyped-def]
    """`uniform` of a draw with a number of its own; `uniform` is compiled for those of households and places alone."""
    word = word_of(
        np.uint64(number), np.uint64(n), np.uint64(stream), seed & np.uint64(0xFFFFFFFF), seed >> np.uint64(32)
    )
    return (float(word) + 0.5) * 2.0**-32


@inner
def monitor(state, households, places, plan, context, seed, t):  # type: ignore[no-untyped-def]
    """Step 11: interviews that were paid for; their estimates move the money, one round later."""
    w = t - plan.first_week
    if w < 0 or w >= plan.spending.shape[0] or w % context.monitor_weeks != 0:
        return
    communities = places.treated.shape[0]
    if context.feedback > 0:
        reallocate(state, places, context)
    for c in range(communities):
        if places.treated[c] == 0:
            continue
        start = places.community_start[c]
        n = places.community_start[c + 1] - start
        asked = min(int(math.floor(state.interviews[c])), n, MAX_INTERVIEWS)
        if asked == 0:
            continue
        state.interviews[c] = state.interviews[c] - asked
        yes = 0
        for j in range(asked):
            i = start + int(math.floor(numbered(seed, SURVEY_WHO, t, c * MAX_INTERVIEWS + j) * n))
            adopter = (state.shown[0, i] & ADOPTS) != 0
            chance = context.monitor_sensitivity if adopter else 1 - context.monitor_specificity
            if numbered(seed, SURVEY_ERROR, t, c * MAX_INTERVIEWS + j) < chance:
                yes += 1
        state.estimate[c] = yes / asked


@inner
def reallocate(state, places, context):  # type: ignore[no-untyped-def]
    """Budget shares from the estimates that lie on the table: w = (1 - phi) / C_T + phi gap / sum gap."""
    communities = places.treated.shape[0]
    treated = 0
    known = 0
    known_gap = 0.0
    for c in range(communities):
        if places.treated[c] == 1:
            treated += 1
            if state.estimate[c] >= 0:
                known += 1
                known_gap = known_gap + max(0.95 - state.estimate[c], 0.02)
    if known == 0:
        return
    mean_gap = known_gap / known
    total = 0.0
    for c in range(communities):
        if places.treated[c] == 1:
            total = total + (max(0.95 - state.estimate[c], 0.02) if state.estimate[c] >= 0 else mean_gap)
    for c in range(communities):
        if places.treated[c] == 1:
            gap = max(0.95 - state.estimate[c], 0.02) if state.estimate[c] >= 0 else mean_gap
            state.budget_share[c] = (1 - context.feedback) / treated + context.feedback * gap / total
