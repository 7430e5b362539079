"""A run: start it, advance it. The whole of a run is State and Record; copy both and it goes on from there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from smsim.engine import inner, lean
from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    AWARE,
    BELIEVES,
    BLOCK,
    EVENT,
    FOREVER,
    LAPSED,
    LINE,
    MAINTAINED,
    MIND,
    NEVER,
    NOT_KEEPING,
    PERMANENT,
    REFUSES,
    SPREADS_RUMOUR,
    SUPPORTS,
    UNAWARE,
    VOICES,
    Array,
    Households,
    Layout,
    Places,
    Plan,
    Record,
    State,
    frozen,
    frozen_array,
    lay_out,
    zeros,
)
from smsim.engine.campaign import authorities, buy, contact, disseminate, environment, monitor, summarise
from smsim.engine.decide import decide
from smsim.engine.draws import (
    BEHAVIOUR_STRIDE,
    DECIDE,
    EVENTS,
    INITIAL_RUMOUR,
    LAPSE,
    MATURE,
    RUMOUR_END,
    RUMOUR_HEAR,
    TALK,
    TURNOVER,
    chance_to_hazard,
    draw_weeks,
    exponential,
    fill_exponentials,
    fill_weeks,
    fill_words,
    uniform,
    weeks_until,
)
from smsim.engine.hear import fade_all
from smsim.engine.push import push, tell_all
from smsim.engine.room import divide, look, new_room
from smsim.engine.rules import supports
from smsim.engine.serve import serve
from smsim.engine.settle import close, settle, stand, tally


def new_record(
    weeks: int, behaviours: int, cells: int, communities: int, districts: int, runs: tuple[int, ...] = ()
) -> Record:
    """An empty record of a run of `weeks` weeks, or of several, with `runs` in front of every shape; see `Record`."""
    return Record(**zeros(_record_layout(runs, weeks, behaviours, cells, communities, districts)))


@lru_cache(64)  # a sweep may vary how many communities there are
def _record_layout(r: tuple[int, ...], t: int, b: int, g: int, c: int, d: int) -> Layout:
    count, number = np.int32, np.float64
    return lay_out(
        stage=((*r, t, b, g, 6), count),
        refused=((*r, t, b, g), count),
        eligible=((*r, t, b, g), count),
        served=((*r, t, b, g), count),
        voiced=((*r, t, b), count),
        believing=((*r, t, b), count),
        sought=((*r, t, b), count),
        turned_away=((*r, t, b), count),
        informed_by=((*r, t, b, 8), count),
        convinced_by=((*r, t, b, 8), count),
        contacts=((*r, t, 3), count),
        reached=((*r, t, g), count),
        delivered=((*r, t, 8), number),
        spent=((*r, t, 8), number),
        unspent=((*r, t, 8), number),
        participants=((*r, t), number),
        community=((*r, t, b, c), count),
        community_eligible=((*r, t, b, c), count),
        persuasion=((*r, t, b), number),
        endorsement=((*r, t), number),
        approved=((*r, t), number),
        ownership=((*r, t), number),
        response=((*r, t, d), number),
        pressure=((*r, t, d), number),
    )


def start(households: Households, places: Places, behaviours: Array, context: Array, seed: int) -> State:
    """State before the first week.

    Parameters
    ----------
    behaviours : recarray (B,) of `BEHAVIOUR`
    context : recarray (1,) of `CONTEXT`
    seed : int in [0, 2**64)
    """
    state, people = _new_state(households, places), len(households.draw_id)
    everybody = np.arange(people, dtype=np.int32)
    of_everybody = np.empty(people, np.uint8), np.empty(people, np.int32)
    of_a_block = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.int32), *np.zeros((2, BLOCK), np.uint64)
    _begin(
        state, frozen(households), frozen_array(behaviours), context[0], np.uint64(seed), everybody, *of_everybody,
        *of_a_block,
    )  # fmt: skip
    return state


def _new_state(households: Households, places: Places) -> State:
    """Everybody in the first stage, and nothing counted yet."""
    b, n = households.threshold.shape
    c = places.treated.shape[0]
    f = places.facility_households.shape[0]
    d = places.district_households.shape[0]
    treated = places.treated.astype(np.float64)
    return State(
        stage=households.initial_stage.copy(),
        shown=np.zeros((b, n), np.uint8),
        persuasion=np.zeros((b, n, 3)),
        fade=np.ones(b),
        norm_memory=np.zeros(n),
        norm_fade=np.ones(1),
        mind=_lines((b, n), MIND),  # this and the next three are filled by `_begin`, which comes by everybody anyway
        resist_talk=np.empty((b, n)),
        resist_rumour=np.empty((b, n)),
        decision_wait=np.empty((b, n), np.int32),
        event_week=np.full((b, n), NEVER, np.int32),
        events=np.zeros((b, n), np.uint16),
        lapse_class=np.full((b, n), NOT_KEEPING, np.uint8),
        lapse_sum=np.zeros((b, c, 4)),
        voicing=np.zeros((b, n), np.int32),
        talking=np.zeros((b, n), np.int32),
        rumouring=np.zeros((b, n), np.int32),
        turnover_week=np.zeros(n, np.int32),
        lives=np.zeros(n, np.uint16),
        contacts=np.zeros((3, n), np.uint16),
        endorsement=np.zeros((c, 4)),
        approved=np.zeros(c, np.uint8),
        ownership=np.zeros(c),
        started_alone=np.zeros(c, np.uint8),
        budget_share=treated / max(treated.sum(), 1.0),
        interviews=np.zeros(c),
        estimate=np.full(c, -1.0),
        demand=np.zeros((b, c), np.int64),
        facility_up=np.ones(f, np.uint8),
        response=np.zeros(d),
        stage_count=np.zeros((b, places.cells, 6), np.int64),
        refused=np.zeros((b, places.cells), np.int64),
        supporters=np.zeros((b, c), np.int64),
        adopters=np.zeros((b, c), np.int64),
        voiced=np.zeros(b, np.int64),
        believing=np.zeros(b, np.int64),
        in_need=np.zeros(c, np.int64),
        voices=np.zeros(c, np.int64),
        pending=np.zeros((b, n), np.uint8),
        hot=np.zeros((b, n), np.uint8),
        due=np.full((b, n), FOREVER, np.int32),
        persuaded=np.zeros((b, n)),
        needed=households.threshold.copy(),
        standing=np.zeros(n, np.uint8),
        warm=np.zeros(c, np.uint8),
        moving=np.ones((b, c), np.uint8),
        persuaded_sum=np.zeros((b, c)),
    )


def _lines(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    # Records of 32 bytes, each in one line of the cache rather than across two; zeros also between their fields.
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(size + LINE, np.uint8)
    skip = -raw.ctypes.data % LINE
    return raw[skip : skip + size].view(dtype).reshape(shape).view(np.recarray)


def copy_state(state: State) -> State:
    """An independent copy: advancing it leaves the original alone."""
    return State(*(_copy_lines(a) if a.dtype.names else a.copy() for a in state))


def _copy_lines(records: Array) -> Array:
    copied = _lines(records.shape, records.dtype)
    # As bytes: NumPy copies records field by field, thirty times as slowly.
    copied.view(np.ndarray).view(np.uint8)[:] = records.view(np.ndarray).view(np.uint8)
    return copied


def advance(
    state: State,
    record: Record,
    households: Households,
    places: Places,
    plan: Plan,
    behaviours: Array,
    context: Array,
    seed: int,
    first_week: int,
    stop_week: int,
) -> None:
    """Advance state and record, in place, through the weeks first_week ... stop_week - 1 of the run.

    The record's rows of these weeks must be zeros.
    """
    shared = _shared(households, places, plan, behaviours, context, seed)
    _advance(state, record, *shared, first_week, stop_week)


def last_kernels(
    households: Households, places: Places, plan: Plan, behaviours: Array, context: Array
) -> list[tuple[Any, tuple[Any, ...]]]:
    """Kernels as a week calls them after `decide`, with arguments of the types that it gives them."""
    people, there, its_plan, them, its, room, key = _shared(households, places, plan, behaviours, context, 0)
    state, record = _new_state(households, places), new_record(0, len(behaviours), places.cells, 0, 0)
    return [
        (serve, (state, record, people, there, its_plan, them[0], its, room, 0, key, 0, 0, 0, 0, 0)),
        (settle, (state, people, there, them, room, 0, key, 0, 0, 0, 0, 0)),
        (close, (state, people, room, its.turnover, key, 0, 0)),
        (tell_all, (state, people, room)),
        (tally, (state, record, them, there, 0)),
        (authorities, (state, record, there, its, room.owned, 0)),
        (summarise, (state, record, 0)),
        (monitor, (state, people, there, its_plan, its, key, 0)),
    ]


def _shared(
    households: Households, places: Places, plan: Plan, behaviours: Array, context: Array, seed: int
) -> tuple[Any, ...]:
    """What all weeks read, and room to work in."""
    room = new_room(households, places)
    inputs = frozen(households), frozen(places), frozen(plan), frozen_array(behaviours)
    return *inputs, context[0], room, np.uint64(seed)


@lean
def _begin(  # type: ignore[no-untyped-def]
    state, households, behaviours, context, seed, everybody, rumoured, believers, words, weeks, numbers, identities
):
    _draw_turnover(state, households, context.turnover, seed, words, weeks)
    for b in range(behaviours.shape[0]):
        _begin_behaviour(
            state, households, behaviours[b], b, seed, rumoured, believers, words, weeks, numbers, identities
        )  # fmt: skip
    stand(
        state.shown, state.standing, state.in_need, state.voices, households.community, everybody,
        households.draw_id.shape[0],
    )  # fmt: skip


@inner
def _draw_turnover(state, households, turnover, seed, words, weeks):  # type: ignore[no-untyped-def]
    """When everybody's first life ends."""
    draw_id, turnover_week, hazard = households.draw_id, state.turnover_week, chance_to_hazard(turnover)
    first, people = np.int64(0), households.draw_id.shape[0]  # first life
    for low in range(0, people, BLOCK):
        high = min(low + BLOCK, people)
        fill_weeks(seed, TURNOVER, first, draw_id, low, high, hazard, words, weeks)
        for k in range(high - low):
            turnover_week[low + k] = weeks[k] - 1


@inner
def _begin_behaviour(  # type: ignore[no-untyped-def]
    state, households, behaviour, b, seed, rumoured, believers, words, weeks, numbers, identities
):
    """Everybody's state in behaviour b."""
    draw_id, community, cells, hesitant = households.draw_id, households.community, households.cell, households.hesitant
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    turnover_week, people = state.turnover_week, households.draw_id.shape[0]
    first = np.int64(0)  # first spell, first decision, ...
    stride = BEHAVIOUR_STRIDE * b
    kind, silent = behaviour.kind, behaviour.taboo > 0
    passing, arrival, initial = behaviour.rumour_passing, behaviour.rumour_arrival, behaviour.rumour_initial
    peer_information = behaviour.peer_information
    rumours, peers = passing > 0 or arrival > 0, peer_information > 0
    deciding, maturing = chance_to_hazard(behaviour.decision_rate), chance_to_hazard(behaviour.maturation_rate)
    forgetting, happening = chance_to_hazard(behaviour.rumour_forgetting), chance_to_hazard(behaviour.event_rate)
    stage, shown, needed = state.stage[b], state.shown[b], state.needed[b]
    voicing, rumouring, event_week = state.voicing[b], state.rumouring[b], state.event_week[b]
    minds, due, wait = state.mind[b], state.due[b], state.decision_wait[b]
    resist_talk, resist_rumour = state.resist_talk[b], state.resist_rumour[b]
    stage_count, supporters, adopters, refused = (
        state.stage_count[b], state.supporters[b], state.adopters[b], state.refused[b],
    )  # fmt: skip
    for low in range(0, people, BLOCK):
        high = min(low + BLOCK, people)
        fill_weeks(seed, DECIDE + stride, first, draw_id, low, high, deciding, words, wait[low:high])
        for k in range(low, high):
            mind = minds[k]
            mind.lapse_at, mind.rumour_week, mind.mature_week, mind.aware_week = 0.0, NEVER, NEVER, NEVER
            mind.rumour_spells, mind.decisions, mind.adoptions, mind.rumour, mind.source = 0, 0, 0, 0, 0
        resistances = resist_rumour[low:high]
        if rumours:
            fill_exponentials(seed, RUMOUR_HEAR + stride, first, draw_id, low, high, words, resistances)
            for k in range(high - low):
                resistances[k] = resistances[k] / (1 + hesitant[low + k])
        else:
            resistances.fill(np.inf)
        resistances = resist_talk[low:high]
        if peers:
            fill_exponentials(seed, TALK + stride, first, draw_id, low, high, words, resistances)
            for k in range(high - low):
                resistances[k] = resistances[k] / peer_information if stage[low + k] == UNAWARE else np.inf
        else:
            resistances.fill(np.inf)
        if initial > 0:
            fill_words(seed, INITIAL_RUMOUR + stride, first, draw_id, low, high, words)
            for k in range(high - low):
                rumoured[low + k] = (float(words[k]) + 0.5) * 2.0**-32 < initial
        if kind == EVENT:
            fill_weeks(seed, EVENTS, first, draw_id, low, high, happening, words, weeks)
            for k in range(high - low):
                event_week[low + k] = behaviour.event_lag_weeks - 1 + weeks[k]
    believe = np.int64(0)
    for i in range(people):
        now = stage[i]
        stage_count[cells[i], now] += 1
        believes = initial > 0 and rumoured[i] == 1
        mind = minds[i]
        due[i] = min(turnover_week[i], event_week[i]) if kind == EVENT else turnover_week[i]
        if not believes and not supports(now):
            continue
        flags = 0
        c = community[i]
        if supports(now):
            flags |= SUPPORTS
            supporters[c] += 1
            if not silent:
                flags |= VOICES
                state.voiced[b] += 1
                push(indptr, neighbor, weight, voicing, i)
        if now == ADOPTED or now == MAINTAINED:
            flags |= ADOPTS
            adopters[c] += 1
            due[i] = 0  # to come under a hazard of lapsing, and to mature
            if kind != PERMANENT:
                mind.lapse_at = exponential(uniform(seed, LAPSE + stride, first, draw_id[i]))
            if now == ADOPTED:
                mind.mature_week = -1 + weeks_until(seed, MATURE + stride, first, draw_id[i], maturing)
        if believes:
            mind.rumour = BELIEVES
            resist_rumour[i] = np.inf
            needed[i] = needed[i] + behaviour.rumour_threshold
            believers[believe] = i
            believe += 1
            flags |= SPREADS_RUMOUR
            state.believing[b] += 1
            push(indptr, neighbor, weight, rumouring, i)
            if now == AWARE or now == LAPSED:
                flags |= REFUSES
                refused[cells[i]] += 1
        shown[i] = flags
    draw_weeks(
        believers, believe, minds.rumour_spells, draw_id, seed, RUMOUR_END + stride, forgetting, np.int64(-1),
        minds.rumour_week, numbers, identities, weeks,
    )  # fmt: skip
    for n in range(np.uintp(believe)):
        home = np.uintp(believers[n])
        due[home] = min(due[home], minds[home].rumour_week)


@lean
def _advance(state, record, households, places, plan, behaviours, context, room, seed, first_week, stop_week):  # type: ignore[no-untyped-def]
    layers, volume, part_start = behaviours.shape[0], room.volume, room.part_start
    stirs, parts = room.stirs, divide(places, room)
    look(households, places, room)
    for t in range(first_week, stop_week):
        buy(state, record, places, plan, t, volume)
        disseminate(state, places, plan, context, seed, t, volume)
        environment(state, places, plan, context, room, seed, t)
        if t > 0:
            for cell in range(record.reached.shape[1]):
                record.reached[t, cell] = record.reached[t - 1, cell]
        fade_all(
            state.norm_memory, state.norm_fade, state.persuasion, state.persuaded, state.persuaded_sum, state.fade,
            behaviours, context,
        )  # fmt: skip
        for part in range(parts):
            here, there = part_start[part], part_start[part + 1]
            touches = contact(state, record, households, places, context, room, seed, t, here, there)
            for b in range(layers):
                found, many = decide(
                    state, record, households, places, plan, behaviours[b], context, room, b, seed, t, here, there,
                    touches,
                )  # fmt: skip
                stirs[b] = serve(
                    state, record, households, places, plan, behaviours[b], context, room, b, seed, t, here, there,
                    many, found,
                )  # fmt: skip
            if touches:
                room.touch[places.community_start[here] : places.community_start[there]].fill(0)
            count = np.int64(0)
            for b in range(layers):
                count = settle(state, households, places, behaviours, room, b, seed, t, here, there, stirs[b], count)
            close(state, households, room, context.turnover, seed, t, count)
        tell_all(state, households, room)
        tally(state, record, behaviours, places, t)
        authorities(state, record, places, context, room.owned, t)
        summarise(state, record, t)
        monitor(state, households, places, plan, context, seed, t)
