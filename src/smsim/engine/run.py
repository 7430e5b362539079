"""A run: start it, advance it. The whole of a run is State and Record; copy both and it goes on from there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from numba import njit

from smsim.engine.arrays import (
    ADOPTED,
    ADOPTS,
    BELIEVES,
    EVENT,
    MAINTAINED,
    NEVER,
    SPREADS_RUMOUR,
    SUPPORTS,
    VOICES,
    Array,
    Households,
    Places,
    Plan,
    Record,
    State,
)
from smsim.engine.campaign import authorities, buy, contact, disseminate, environment, monitor
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
    exponential,
    trials,
    uniform,
)
from smsim.engine.push import push
from smsim.engine.rules import supports
from smsim.engine.week import bit, close, decide, serve, settle

Inputs = TypeVar("Inputs", Households, Places, Plan)


def new_record(weeks: int, behaviours: int, cells: int, communities: int, districts: int) -> Record:
    """An empty record of a run of `weeks` weeks; see `Record` for the shapes."""
    t, b, g, c, d = weeks, behaviours, cells, communities, districts
    counts: dict[str, Any] = {"dtype": np.int32}
    return Record(
        stage=np.zeros((t, b, g, 6), **counts),
        refused=np.zeros((t, b, g), **counts),
        eligible=np.zeros((t, b, g), **counts),
        served=np.zeros((t, b, g), **counts),
        voiced=np.zeros((t, b), **counts),
        believing=np.zeros((t, b), **counts),
        sought=np.zeros((t, b), **counts),
        turned_away=np.zeros((t, b), **counts),
        informed_by=np.zeros((t, b, 8), **counts),
        convinced_by=np.zeros((t, b, 8), **counts),
        contacts=np.zeros((t, 3), **counts),
        reached=np.zeros((t, g), **counts),
        delivered=np.zeros((t, 8)),
        spent=np.zeros((t, 8)),
        unspent=np.zeros((t, 8)),
        participants=np.zeros(t),
        community=np.zeros((t, b, c), **counts),
        community_eligible=np.zeros((t, b, c), **counts),
        persuasion=np.zeros((t, b)),
        endorsement=np.zeros(t),
        approved=np.zeros(t),
        ownership=np.zeros(t),
        response=np.zeros((t, d)),
        pressure=np.zeros((t, d)),
    )


def start(households: Households, places: Places, behaviours: Array, context: Array, seed: int) -> State:
    """State before the first week.

    Parameters
    ----------
    behaviours : recarray (B,) of `BEHAVIOUR`
    context : recarray (1,) of `CONTEXT`
    seed : int in [0, 2**64)
    """
    b, n = households.threshold.shape
    c = places.treated.shape[0]
    f = places.facility_households.shape[0]
    d = places.district_households.shape[0]
    treated = places.treated.astype(np.float64)
    state = State(
        stage=households.initial_stage.copy(),
        shown=np.zeros((b, n), np.uint8),
        pending=np.zeros((b, n), np.uint8),
        contact=np.zeros(n, np.uint8),
        persuasion=np.zeros((b, 3, n)),
        norm_memory=np.zeros(n),
        rumour=np.zeros((b, n), np.uint8),
        aware_week=np.full((b, n), NEVER, np.int32),
        source=np.zeros((b, n), np.uint8),
        voicing=np.zeros((b, n), np.int32),
        talking=np.zeros((b, n), np.int32),
        rumouring=np.zeros((b, n), np.int32),
        resist_talk=np.zeros((b, n)),
        resist_rumour=np.zeros((b, n)),
        resist_lapse=np.zeros((b, n)),
        rumour_week=np.full((b, n), NEVER, np.int32),
        decision_wait=np.zeros((b, n), np.int32),
        mature_week=np.full((b, n), NEVER, np.int32),
        event_week=np.full((b, n), NEVER, np.int32),
        turnover_week=np.zeros(n, np.int32),
        lives=np.zeros(n, np.uint16),
        rumour_spells=np.zeros((b, n), np.uint16),
        decisions=np.zeros((b, n), np.uint16),
        adoptions=np.zeros((b, n), np.uint16),
        events=np.zeros((b, n), np.uint16),
        contacts=np.zeros((n, 3), np.uint16),
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
        supporters=np.zeros((b, c), np.int64),
        adopters=np.zeros((b, c), np.int64),
        in_need=np.zeros(c, np.int64),
        voices=np.zeros(c, np.int64),
    )
    _begin(state, _frozen(households), _frozen_array(behaviours), context[0], np.uint64(seed))
    return state


def copy_state(state: State) -> State:
    """An independent copy: advancing it leaves the original alone."""
    return State(*(array.copy() for array in state))


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
    """Advance state and record, in place, through the weeks first_week ... stop_week - 1 of the run."""
    _advance(
        state,
        record,
        _frozen(households),
        _frozen(places),
        _frozen(plan),
        _frozen_array(behaviours),
        context[0],
        np.uint64(seed),
        first_week,
        stop_week,
    )


def _frozen(inputs: Inputs) -> Inputs:
    # One compiled signature whether the caller's arrays are read-only (a shared world) or not.
    frozen: Iterable[Any] = (_frozen_array(value) if isinstance(value, np.ndarray) else value for value in inputs)
    return type(inputs)(*frozen)


def _frozen_array(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


@njit(nogil=True, cache=True)
def _begin(state, households, behaviours, context, seed):  # type: ignore[no-untyped-def]
    n_households = households.draw_id.shape[0]
    for i in range(n_households):
        u = uniform(seed, TURNOVER, 0, households.draw_id[i])
        state.turnover_week[i] = -1 + trials(u, context.turnover)
    for b in range(behaviours.shape[0]):
        behaviour = behaviours[b]
        stride = BEHAVIOUR_STRIDE * b
        for i in range(n_households):
            identity = households.draw_id[i]
            if uniform(seed, INITIAL_RUMOUR + stride, 0, identity) < behaviour.rumour_initial:
                state.rumour[b, i] = BELIEVES
                u = uniform(seed, RUMOUR_END + stride, 0, identity)
                state.rumour_week[b, i] = -1 + trials(u, behaviour.rumour_forgetting)
            state.resist_rumour[b, i] = exponential(uniform(seed, RUMOUR_HEAR + stride, 0, identity))
            state.resist_talk[b, i] = exponential(uniform(seed, TALK + stride, 0, identity))
            state.resist_lapse[b, i] = exponential(uniform(seed, LAPSE + stride, 0, identity))
            state.decision_wait[b, i] = trials(uniform(seed, DECIDE + stride, 0, identity), behaviour.decision_rate)
            if state.stage[b, i] == ADOPTED:
                u = uniform(seed, MATURE + stride, 0, identity)
                state.mature_week[b, i] = -1 + trials(u, behaviour.maturation_rate)
            if behaviour.kind == EVENT:
                u = uniform(seed, EVENTS, 0, identity)
                state.event_week[b, i] = behaviour.event_lag_weeks - 1 + trials(u, behaviour.event_rate)
            shown = 0
            if supports(state.stage[b, i]):
                shown |= SUPPORTS
                if behaviour.taboo <= 0:
                    shown |= VOICES
            if state.stage[b, i] == ADOPTED or state.stage[b, i] == MAINTAINED:
                shown |= ADOPTS
            if state.rumour[b, i] == BELIEVES:
                shown |= SPREADS_RUMOUR
            state.shown[b, i] = shown
            c = households.community[i]
            state.stage_count[b, households.cell[i], state.stage[b, i]] += 1
            state.supporters[b, c] += bit(shown, SUPPORTS)
            state.adopters[b, c] += bit(shown, ADOPTS)
            if shown & (VOICES | SPREADS_RUMOUR):
                push(
                    households.indptr,
                    households.neighbor,
                    households.weight,
                    state.voicing[b],
                    state.talking[b],
                    state.rumouring[b],
                    i,
                    bit(shown, VOICES),
                    0,
                    bit(shown, SPREADS_RUMOUR),
                )
    for i in range(n_households):
        need = 0
        voice = 0
        for b in range(behaviours.shape[0]):
            if (state.shown[b, i] & SUPPORTS) == 0:
                need = 1
            if (state.shown[b, i] & VOICES) != 0:
                voice = 1
        state.in_need[households.community[i]] += need
        state.voices[households.community[i]] += voice


@njit(nogil=True, cache=True)
def _advance(state, record, households, places, plan, behaviours, context, seed, first_week, stop_week):  # type: ignore[no-untyped-def]
    n = households.draw_id.shape[0]
    communities = places.treated.shape[0]
    volume = np.zeros((8, communities))
    seekers = np.empty(n, np.int32)
    draws = np.empty(n)
    lapse_hazard = np.zeros(4)
    facility_district = np.zeros(places.facility_households.shape[0], np.int64)
    for c in range(communities - 1, -1, -1):
        facility_district[places.facility[c]] = places.district[c]
    for t in range(first_week, stop_week):
        buy(state, record, places, plan, t, volume)
        disseminate(state, places, plan, context, seed, t, volume)
        environment(state, places, plan, context, facility_district, seed, t, volume)
        if t > 0:
            record.reached[t] = record.reached[t - 1]
        contact(state, record, households, places, context, seed, t, volume, draws)
        for b in range(behaviours.shape[0]):
            behaviour = behaviours[b]
            found = decide(state, record, households, places, plan, behaviour, context, b, seed, t, volume, seekers)
            serve(
                state, record, households, places, behaviour, context, facility_district, b, seed, t, volume, seekers,
                found,
            )  # fmt: skip
        for b in range(behaviours.shape[0]):
            settle(state, record, households, places, behaviours[b], b, seed, t, lapse_hazard)
        close(state, households, places, context, seed, t)
        authorities(state, record, places, context, t)
        summarise(state, record, t)
        monitor(state, households, places, plan, context, seed, t)


@njit(nogil=True, cache=True, inline="always")
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
