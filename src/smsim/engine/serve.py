"""Who is served: facilities, their queues and their capacity, and what being turned away does (step 7)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import (
    ADOPTED,
    AWARE,
    BLOCK,
    EVENT,
    HOME,
    LAPSED,
    PERMANENT,
    ROUND,
    SERVICE,
    WILLING,
)
from smsim.engine.decide import move, note
from smsim.engine.draws import (
    ATTEMPT,
    BEHAVIOUR_STRIDE,
    GIVE_UP,
    LAPSE,
    MATURE,
    RATION,
    chance_to_hazard,
    exponentials_of_each,
    uniform,
    uniforms_of_each,
    weeks_of_each,
)
from smsim.engine.rules import rationed


@inner
def attempt(  # type: ignore[no-untyped-def]
    seekers, found, community, distance_km, draw_id, ownership, transport, scale, seed, stream, t, numbers, identities,
    efforts,
):  # fmt: skip
    """Of the first `found` seekers, keep those who set out in spite of the distance; returns how many."""
    kept = np.uintp(0)
    for first in range(0, found, BLOCK):
        few = min(BLOCK, found - first)
        for n in range(np.uintp(few)):
            numbers[n], identities[n] = t, draw_id[np.uintp(seekers[np.uintp(first) + n])]
        exponentials_of_each(seed, stream, numbers, identities, few, efforts)
        for n in range(np.uintp(few)):
            i = np.uintp(seekers[np.uintp(first) + n])
            seekers[kept] = i
            # attempt with probability e^(-d (1 - chi_O O) / d0)
            reach = 1 - transport * ownership[np.uintp(community[i])]
            kept += np.uintp(efforts[n] > distance_km[i] * reach / scale)
    return np.int64(kept)


@inner
def serve(  # type: ignore[no-untyped-def]
    state, record, households, places, plan, behaviour, context, room, b, seed, t, here, there, many, found
):
    """Step 7: who sets out; each facility serves up to its capacity; who is turned away loses heart. Returns how many
    are stirred.

    The first `found` of the room's `seekers`, and facilities, are those of the communities here ... there - 1; what is
    worked out for facilities between theirs is not used.
    """
    # Arrays first, as in `decide`.
    queue, capacity, bought = room.queue, room.capacity, room.bought
    position, offset, so_far = room.position, room.offset, room.so_far
    adopters, numbers, identities, losers, of_losers = (
        room.visit, room.numbers, room.identities, room.losers, room.decided,
    )  # fmt: skip
    weeks, draws = room.weeks, room.resistances
    facility_district, volume = room.facility_district, room.volume
    seekers, stir, stirred = room.seekers, room.stir[b], room.stirred[b]
    stage, stage_count, minds = state.stage[b], state.stage_count[b], state.mind[b]
    credit, persuaded, persuaded_sum = state.persuasion[b], state.persuaded[b], state.persuaded_sum[b]
    hot, facility_up, response = state.hot[b], state.facility_up, state.response
    draw_id, cells, community = households.draw_id, households.cell, households.community
    facility, facility_households = places.facility, places.facility_households
    distance_km, ownership, farther = households.distance_km, state.ownership, plan.distance_factor[t]
    served_cells, served_community = record.served[t, b], record.community[t, b]
    convinced_by, sought, all_turned_away = record.convinced_by[t, b], record.sought[t], record.turned_away[t]

    demand = state.demand[b]
    if behaviour.place != HOME:
        found = attempt(
            seekers, found, community, distance_km, draw_id, ownership, behaviour.ownership_transport,
            behaviour.distance_scale_km * farther, seed, ATTEMPT + BEHAVIOUR_STRIDE * b, t, numbers, identities, draws,
        )  # fmt: skip
    demand[here:there].fill(0)
    first_facility, last_facility = facility[here], facility[here]
    for c in range(here, there):
        first_facility, last_facility = min(first_facility, facility[c]), max(last_facility, facility[c])
    for f in range(first_facility, last_facility + 1):
        queue[f], position[f], so_far[f], bought[f] = 0, 0, 0.0, 0.0
    for n in range(np.uintp(found)):
        its = np.uintp(community[np.uintp(seekers[n])])
        demand[its] += 1
        queue[np.uintp(facility[its])] += 1
    for c in range(here, there):
        bought[facility[c]] += volume[SERVICE, c]
    stride = BEHAVIOUR_STRIDE * b
    for f in range(first_facility, last_facility + 1):
        # Slots of this week: C N_f (1 + c_Y Y) if up, and what the campaign bought.
        slots = 0.0
        if behaviour.place == HOME or facility_up[f] == 1:
            more = 1 + context.response_capacity * response[facility_district[f]]
            slots = behaviour.service_capacity * facility_households[f] * more
        capacity[f] = slots + behaviour.slot_share * bought[f]
        if capacity[f] < queue[f]:
            offset[f] = uniform(seed, RATION + stride, t, np.uint32(f))
    counts_events = behaviour.kind == EVENT or behaviour.kind == ROUND
    may_lapse, maturing = behaviour.kind != PERMANENT, chance_to_hazard(behaviour.maturation_rate)
    turned_away = np.int64(0)
    for first in range(0, found, BLOCK):
        new, away = np.int64(0), np.int64(0)
        for n in range(np.uintp(first), np.uintp(min(first + BLOCK, found))):
            i = np.uintp(seekers[n])
            its = np.uintp(facility[np.uintp(community[i])])
            served = True
            if capacity[its] < queue[its]:
                before = so_far[its]
                position[its] += 1
                so_far[its] = rationed(position[its], queue[its], capacity[its], offset[its])
                served = so_far[its] - before >= 1
            if served:
                if counts_events:
                    served_cells[cells[i]] += 1
                    served_community[community[i]] += 1
                if stage[i] == WILLING:
                    mind = minds[i]
                    move(stage, stage_count, cells[i], i, np.uint8(ADOPTED))
                    convinced_by[mind.source] += 1
                    mind.adoptions += 1
                    adopters[new] = i
                    numbers[new] = mind.adoptions
                    identities[new] = draw_id[i]
                    new += 1
                    many = note(stir, stirred, many, i)
            else:
                losers[away] = i
                of_losers[away] = draw_id[i]
                away += 1
        if may_lapse:
            exponentials_of_each(seed, LAPSE + stride, numbers, identities, new, draws)
            for n in range(new):
                minds[np.uintp(adopters[n])].lapse_at = draws[n]
        weeks_of_each(seed, MATURE + stride, numbers, identities, new, maturing, weeks)
        for n in range(new):
            minds[np.uintp(adopters[n])].mature_week = t + weeks[n]
        uniforms_of_each(seed, GIVE_UP + stride, t, of_losers, away, draws)
        turned_away += away
        for n in range(away):
            i = np.uintp(losers[n])
            if persuaded[i] > 0:
                for k in range(3):
                    credit[i, k] = credit[i, k] * 0.5
                persuaded[i] = (credit[i, 0] + credit[i, 1]) + credit[i, 2]
                persuaded_sum[community[i]] = -1.0
            if draws[n] < behaviour.give_up:
                move(stage, stage_count, cells[i], i, np.uint8(AWARE if stage[i] == WILLING else LAPSED))
                hot[i] = 1
                many = note(stir, stirred, many, i)
    sought[b] += found
    all_turned_away[b] += turned_away
    return many
