"""Who is served: facilities, their queues and their capacity, and what being turned away does (step 7)."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import ADOPTED, AWARE, EVENT, HOME, LAPSED, PERMANENT, RECONSIDERS, ROUND, SERVICE, WILLING
from smsim.engine.decide import move, note
from smsim.engine.draws import (
    BEHAVIOUR_STRIDE,
    GIVE_UP,
    LAPSE,
    MATURE,
    RATION,
    chance_to_hazard,
    exponential,
    uniform,
    weeks_until,
)
from smsim.engine.rules import rationed


@inner
def serve(state, record, households, places, behaviour, context, room, b, seed, t, many, found):  # type: ignore[no-untyped-def]
    """Step 7: each facility serves up to its capacity; who is turned away loses heart. Returns how many are stirred."""
    # Arrays first, as in `decide`.
    queue, capacity, position, offset, bought = room.queue, room.capacity, room.position, room.offset, room.bought
    facility_district, volume = room.facility_district, room.volume
    seekers, stir, stirred = room.seekers, room.stir[b], room.stirred[b]
    stage, stage_count, minds = state.stage[b], state.stage_count[b], state.mind[b]
    credit, persuaded, persuaded_sum = state.persuasion[b], state.persuaded[b], state.persuaded_sum[b]
    hot, facility_up, response = state.hot[b], state.facility_up, state.response
    draw_id, cells, community = households.draw_id, households.cell, households.community
    facility, facility_households = places.facility, places.facility_households
    served_cells, served_community = record.served[t, b], record.community[t, b]
    convinced_by, sought, all_turned_away = record.convinced_by[t, b], record.sought[t], record.turned_away[t]

    facility_queue(facility, community, seekers, found, queue)
    facility_capacity(
        facility_up, response, facility, facility_households, facility_district, behaviour, context, volume, bought,
        capacity,
    )  # fmt: skip
    position.fill(0)
    stride = BEHAVIOUR_STRIDE * b
    for f in range(queue.shape[0]):
        if capacity[f] < queue[f]:
            offset[f] = uniform(seed, RATION + stride, t, np.uint32(f))
    counts_events = behaviour.kind == EVENT or behaviour.kind == ROUND
    may_lapse, maturing = behaviour.kind != PERMANENT, chance_to_hazard(behaviour.maturation_rate)
    turned_away = 0
    for n in range(found):
        i = np.uintp(seekers[n])
        mind = minds[i]
        identity = draw_id[i]
        f = facility[community[i]]
        served = capacity[f] >= queue[f] or rationed(position[f], queue[f], capacity[f], offset[f])
        position[f] += 1
        if served:
            if counts_events:
                served_cells[cells[i]] += 1
                served_community[community[i]] += 1
            if stage[i] == WILLING:
                move(stage, stage_count, cells[i], i, np.uint8(ADOPTED))
                convinced_by[mind.source] += 1
                mind.adoptions += 1
                if may_lapse:
                    mind.resist_lapse = exponential(uniform(seed, LAPSE + stride, np.int64(mind.adoptions), identity))
                mind.mature_week = t + weeks_until(seed, MATURE + stride, np.int64(mind.adoptions), identity, maturing)
                many = note(stir, stirred, many, i)
        else:
            turned_away += 1
            if persuaded[i] > 0:
                for k in range(3):
                    credit[k, i] = credit[k, i] * 0.5
                persuaded[i] = (credit[0, i] + credit[1, i]) + credit[2, i]
                persuaded_sum[community[i]] = -1.0
            if uniform(seed, GIVE_UP + stride, t, identity) < behaviour.give_up:
                move(stage, stage_count, cells[i], i, np.uint8(AWARE if stage[i] == WILLING else LAPSED))
                hot[i] |= RECONSIDERS
                many = note(stir, stirred, many, i)
    sought[b] = found
    all_turned_away[b] = turned_away
    return many


@inner
def facility_queue(facility, community, seekers, found, queue):  # type: ignore[no-untyped-def]
    """Number of seekers at each facility, into queue, int64 (F,)."""
    queue.fill(0)
    for n in range(found):
        queue[facility[community[seekers[n]]]] += 1


@inner
def facility_capacity(  # type: ignore[no-untyped-def]
    facility_up, response, facility, facility_households, facility_district, behaviour, context, volume, bought,
    capacity,
):  # fmt: skip
    """Slots of each facility this week: C N_f (1 + c_Y Y) if up, and what the campaign bought.

    Fills capacity, float64 (F,); bought: float64 (F,) scratch.
    """
    for f in range(capacity.shape[0]):
        capacity[f] = 0.0
        if behaviour.place == HOME or facility_up[f] == 1:
            capacity[f] = (
                behaviour.service_capacity
                * facility_households[f]
                * (1 + context.response_capacity * response[facility_district[f]])
            )
    bought.fill(0.0)
    for c in range(facility.shape[0]):
        bought[facility[c]] += volume[SERVICE, c]
    for f in range(capacity.shape[0]):
        capacity[f] = capacity[f] + behaviour.slot_share * bought[f]
