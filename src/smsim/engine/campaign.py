"""What the campaign does in a week: volumes, leaders, contacts, ownership, authorities, monitoring (steps 0-2, 11)."""

from __future__ import annotations

import math

import numpy as np

from smsim.engine import inlined, inner
from smsim.engine.arrays import (
    ACTION,
    ADOPTS,
    CONTACT_DIALOGUE,
    CONTACT_VISIT,
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
    exp,
    exponentials,
    strikes,
    uniform,
    word_of,
    words_below,
    words_into,
)
from smsim.engine.lanes import WIDTH, bits, count, lanes, lowest, mask, put, where
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
    volume, heard = room.volume, room.heard
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
    before = -1.0  # sessions in the community before; most have as many, and an exponential is dear
    for c in range(volume.shape[1]):
        sessions = volume[LEADER, c]
        s = leader_response[c]
        if sessions != before:
            for k in range(4):
                heard[k] = 1 - exp(-context.endorsement_gain * (4 * leader_share[k] * sessions))
            before = sessions
        for k in range(4):
            # E <- E + (1 - E) (1 - e^(-eps_L L)) s_c - delta_E E
            e = endorsement[c, k]
            endorsement[c, k] = e + (1 - e) * (heard[k] * s) - context.endorsement_decay * e
        if approved[c] == 0 and sessions > 0 and strikes(uniform(seed, APPROVE, t, np.uint32(c)), sessions * s):
            approved[c] = 1


@inner
def contact(state, record, households, places, context, room, seed, t, here, there):  # type: ignore[no-untyped-def]
    """Step 2, first half: whom the campaign touches; then actions, pressure and ownership. Returns how many it touches.

    For the communities here ... there - 1. Fills the room's `touch`, all 0 before, `touched` and `touched_until`. The
    record's `pressure` is participants until `authorities` divides it.
    """
    volume, touch, touched, touched_until = room.volume, room.touch, room.touched, room.touched_until
    words, struck, kinds, visitors = room.words, room.struck, room.contact, room.seekers
    in_a_row, invited_in_a_row, uneven = room.in_a_row, room.invited_in_a_row, room.uneven
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
        n = stop - start
        # On to the next multiple of 64, see `decide`.
        wide = min(start + (n + 63) // 64 * 64, touch.shape[0])
        attendances = 0
        accept = 1.0 if approved[c] == 1 or started_alone[c] == 1 else context.acceptance_unapproved
        at = 4 * (c - here)
        for channel in range(3):
            touched_until[channel, c + 1] = touched_until[channel, c]
        media, other, needy, dialogue = survival[at], survival[at + 1], survival[at + 2], survival[at + 3]
        if media < 1 or needy < 1 or dialogue < 1:
            kinds[: wide - start].fill(0)
            if media < 1:
                first = words_into(seed, MEDIA_CONTACT, t, draw_id[start:stop], in_a_row[c] == 1, words)
                by_media(has_media[start:wide], words[first:], np.uint32(cut(media)), kinds)
            if needy < 1:
                first = words_into(seed, VISIT_CONTACT, t, draw_id[start:stop], in_a_row[c] == 1, words)
                by_visit(standing[start:wide], words[first:], np.uint32(cut(other)), np.uint32(cut(needy)), struck)
                if accept < 1:
                    admit(struck, accept, seed, VISIT_ACCEPT, t, draw_id[start:stop], visitors)
                add_contacts(struck, np.uint8(CONTACT_VISIT), kinds[: wide - start])
            if dialogue < 1:
                first = words_into(seed, DIALOGUE_CONTACT, t, invite_id[start:stop], invited_in_a_row[c] == 1, words)
                by_dialogue(
                    joiner[start:wide], invite_weight[start:wide], uneven[c], words[first:], np.uint32(cut(dialogue)),
                    dialogue_hazard(volume, joiners, context, c), struck,
                )  # fmt: skip
                if accept < 1:
                    admit(struck, accept, seed, DIALOGUE_ACCEPT, t, draw_id[start:stop], visitors)
                add_contacts(struck, np.uint8(CONTACT_DIALOGUE), kinds[: wide - start])
            count_contacts(kinds, start, n, touch, cell, contacts, reached, touched, touched_until[:, c + 1])
            for channel in range(3):
                some = touched_until[channel, c + 1] - touched_until[channel, c]
                contact_counts[channel] += some
                if some > 0:
                    warm[c] = 1
                if 1 << channel == CONTACT_DIALOGUE:
                    attendances = some
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


@inner
def by_media(has_media, words, below, kinds):  # type: ignore[no-untyped-def]
    """Broadcasts reach whoever has a channel and draws a word below the cut."""
    for k in range(np.uintp(has_media.shape[0])):
        kinds[k] = has_media[k] & np.uint8(words[k] < below)


@inner
def by_visit(standing, words, other, needy, struck):  # type: ignore[no-untyped-def]
    """Visits find whoever draws a word below its cut, which depends on its need."""
    for k in range(np.uintp(standing.shape[0])):
        struck[k] = words[k] < (needy if standing[k] & NEEDS else other)


@inner
def by_dialogue(joiner, invite_weight, uneven, words, below, hazard, struck):  # type: ignore[no-untyped-def]
    """Dialogues find joiners, each by its weight among the invited. uneven: whether some weights are not 1.

    below: the cut of weight 1; hazard: what it is the cut of.
    """
    for k in range(np.uintp(joiner.shape[0])):
        struck[k] = joiner[k] & np.uint8(words[k] < below)
    if uneven:
        for k in range(np.uintp(joiner.shape[0])):
            struck[k] = joiner[k] == 1 and words[k] < words_below(hazard * invite_weight[k])


@inner
def admit(struck, accept, seed, stream, t, identities, visitors):  # type: ignore[no-untyped-def]
    """Of a community's households that are struck, leave those that let the campaign in, each with chance accept.

    visitors: a list of whoever is struck is written there.
    """
    for k in range(chosen(struck, identities.shape[0], np.int64(0), visitors, np.int64(0))):
        home = visitors[k]
        if uniform(seed, stream, t, identities[home]) >= accept:
            struck[home] = 0


@inner
def chosen(marks, people, start, into, found):  # type: ignore[no-untyped-def]
    """Append to into, of which `found` are filled, start + k for every mark k below `people` that is not 0.

    Returns how many there are then.
    """
    for low in range(0, people, WIDTH):
        word = inside(people - low) & bits(lanes(marks, low) != 0)
        while word != np.uint64(0):
            into[found] = start + low + lowest(word)
            found += 1
            word &= word - np.uint64(1)
    return found


@inner
def count_contacts(kinds, start, people, touch, cells, contacts, reached, touched, found):  # type: ignore[no-untyped-def]
    """Note the contacts of a community's households, and append them to the lists of each channel.

    kinds: how they are touched, by their place in the community, which begins at `start`. found: int64 (3,), how many
    there are on the lists.
    """
    for low in range(0, people, WIDTH):
        at, kind = start + low, lanes(kinds, low)
        some = inside(people - low) & bits(kind != 0)
        if some == np.uint64(0):
            continue
        put(touch, at, where(mask(some), kind, lanes(touch, at)))
        new = some
        for channel in range(3):
            came = some & bits((kind & np.uint8(1 << channel)) != 0)
            so_far = lanes(contacts[channel], at)
            new &= bits(so_far == 0)
            put(contacts[channel], at, where(mask(came) & (so_far < 65535), so_far + 1, so_far))
            those, n = touched[channel], np.uintp(found[channel])
            found[channel] += count(came)
            while came != np.uint64(0):
                those[n] = at + lowest(came)
                n += np.uintp(1)
                came &= came - np.uint64(1)
        while new != np.uint64(0):
            reached[cells[at + lowest(new)]] += 1
            new &= new - np.uint64(1)


@inner
def add_contacts(struck, kind, kinds):  # type: ignore[no-untyped-def]
    """Add this kind of contact to those of whoever is struck."""
    for k in range(np.uintp(kinds.shape[0])):
        kinds[k] |= struck[k] * kind


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
