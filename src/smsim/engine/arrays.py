"""The arrays that go into and come out of the engine: read-only inputs, one mutable state, one record.

N households, C communities, F facilities, D districts, B behaviours, T weeks, G cells
(a cell is one combination of wealth fifth, female headship, language, hesitancy and remoteness).
Households are sorted by community: those of community ``c`` are
``community_start[c] .. community_start[c + 1] - 1``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Stages of a household for one behaviour.
UNAWARE, AWARE, WILLING, ADOPTED, MAINTAINED, LAPSED = 0, 1, 2, 3, 4, 5
STAGES = ("unaware", "aware", "willing", "adopted", "maintained", "lapsed")

# Kinds of behaviour.
PERMANENT, REPEATED, EVENT, ROUND = 0, 1, 2, 3
KINDS = ("permanent", "repeated", "event", "round")

# Where a behaviour's service is given.
FACILITY, HOME = 0, 1
PLACES = ("facility", "home")

# Activities, in the order of every array that has an activity axis.
VISIT, DIALOGUE, LEADER, MEDIA, ACTION, SERVICE, INCENTIVE, MONITOR = range(8)
ACTIVITIES = ("visit", "dialogue", "leader", "media", "action", "service", "incentive", "monitor")

# Rumour states.
SUSCEPTIBLE, BELIEVES, DEBUNKED = 0, 1, 2

# Where a household first heard, and what moved it from aware to willing.
SOURCES = ("own", "peer", "leader", "media", "visit", "dialogue", "incentive", "link")
OWN, BY_PEER, BY_LEADER, BY_MEDIA, BY_VISIT, BY_DIALOGUE, BY_INCENTIVE, BY_LINK = range(8)

# Bits of `State.shown`: what a household shows at the start of the week.
VOICES, TALKS, SPREADS_RUMOUR, SUPPORTS, ADOPTS, REFUSES = 1, 2, 4, 8, 16, 32
NOT_KEEPING = 255  # `State.lapse_class` of whoever has nothing to lapse from
# Bits of `State.standing`.
NEEDS, SPEAKS = 1, 2
# Bits of `State.pending`.
PENDING_OK, PENDING_VOICE = 1, 2
# How the campaign touched a household this week.
CONTACT_MEDIA, CONTACT_VISIT, CONTACT_DIALOGUE = 1, 2, 4

NEVER = -32000  # "week" of something that has not happened: far before any burn-in
FOREVER = 2_000_000_000  # week of a clock that never strikes

FADED = 1e-6  # a unit of persuasion or norm memory worth less is made anew
LINE = 64  # bytes of a line of the cache
BLOCK = 256  # households that are looked at together: their bytes lie in the first cache


def _record(fields: list[tuple[str, str]], align: bool = False) -> np.dtype[Any]:
    # Already what a recarray makes of it: made anew for every array, Numba would have to look at it anew.
    return np.dtype((np.record, np.dtype(fields, align=align)))


# Scalars of one behaviour; names are those of `smsim.parameters` (a test holds them together).
BEHAVIOUR = _record(
    [
        ("kind", "i8"),
        ("peer_information", "f8"),
        ("silent_information", "f8"),
        ("talk_weeks", "i8"),
        ("decision_rate", "f8"),
        ("norm_weight", "f8"),
        ("leader_weight", "f8"),
        ("persuasion_weight", "f8"),
        ("incentive_weight", "f8"),
        ("taboo", "f8"),
        ("persuasion_decay", "f8"),
        ("message_share", "f8"),
        ("rumour_passing", "f8"),
        ("rumour_arrival", "f8"),
        ("rumour_forgetting", "f8"),
        ("rumour_initial", "f8"),
        ("rumour_threshold", "f8"),
        ("rumour_shock_week", "i8"),
        ("rumour_shock_share", "f8"),
        ("debunk_waning", "f8"),
        ("service_capacity", "f8"),
        ("slot_share", "f8"),
        ("distance_scale_km", "f8"),
        ("give_up", "f8"),
        ("event_rate", "f8"),
        ("event_lag_weeks", "i8"),
        ("round_interval_weeks", "i8"),
        ("lapse_rate", "f8"),
        ("maintained_lapse_ratio", "f8"),
        ("unsupported_lapse_ratio", "f8"),
        ("maturation_rate", "f8"),
        ("ownership_protection", "f8"),
        ("ownership_transport", "f8"),
        ("link", "i8"),  # index of the behaviour whose private support helps this one; -1: none
        ("link_weight", "f8"),
        ("place", "i8"),  # index into PLACES
    ]
)

# Scalars shared by all behaviours.
CONTEXT = _record(
    [
        ("turnover", "f8"),
        ("acceptance_unapproved", "f8"),
        ("endorsement_gain", "f8"),
        ("endorsement_decay", "f8"),
        ("availability", "f8"),
        ("stockout_weeks", "f8"),
        ("responsiveness", "f8"),
        ("pressure_half", "f8"),
        ("response_delay_weeks", "i8"),
        ("response_weeks", "f8"),
        ("response_decay", "f8"),
        ("response_capacity", "f8"),
        ("ownership_gain", "f8"),
        ("ownership_decay", "f8"),
        ("action_participants", "f8"),
        ("visit_gain", "f8"),
        ("dialogue_gain", "f8"),
        ("media_gain", "f8"),
        ("norm_memory_decay", "f8"),
        ("debunking", "f8"),
        ("trust", "f8"),
        ("outsider_penalty", "f8"),
        ("language_penalty", "f8"),
        ("gender_penalty", "f8"),
        ("material_quality", "f8"),
        ("material_language", "f8"),
        ("fidelity", "f8"),
        ("needs_quality", "f8"),
        ("feedback", "f8"),
        ("monitor_weeks", "i8"),
        ("monitor_sensitivity", "f8"),
        ("monitor_specificity", "f8"),
        ("dissemination", "f8"),  # documentation spending per community x hazard per dollar
    ]
)


# One household's mind on one behaviour: what only a visit to it needs lies together, two in a line of the cache.
MIND = _record(
    [
        ("lapse_at", "f8"),  # value of its `lapse_sum` beyond which it lapses; its resistance until it has a class
        ("rumour_week", "i4"),  # week in which a believer forgets, or a debunked household wanes
        ("mature_week", "i4"),  # week in which adopted becomes maintained
        ("aware_week", "i4"),
        ("rumour_spells", "u2"),
        ("decisions", "u2"),
        ("adoptions", "u2"),
        ("rumour", "u1"),  # SUSCEPTIBLE, BELIEVES or DEBUNKED
        ("source", "u1"),  # what moved it to willing, index into SOURCES
    ],
    align=True,
)


class Households(NamedTuple):
    """Who the households are and whom they are tied to. Read-only, shared by every run over one world."""

    draw_id: Array  # uint32 (N,): identity of the household in every draw
    community: Array  # int32 (N,)
    cell: Array  # uint8 (N,)
    minority: Array  # uint8 (N,): minority language
    female: Array  # uint8 (N,): female-headed
    hesitant: Array  # uint8 (N,)
    media: Array  # uint8 (N,): has any media channel
    child: Array  # uint8 (N,): eligible in rounds (a child under five)
    joiner: Array  # uint8 (N,): ever attends groups
    membership: Array  # uint8 (N,): bits religious 1, traditional 2, women's 4, youth 8
    distance_km: Array  # float64 (N,)
    fear: Array  # float64 (N,): speaking-fear rank v in (0, 1)
    invite_id: Array  # uint32 (N,): households that share it are invited together
    invite_weight: Array  # float64 (N,): relative chance of an invitation, mean 1 over a community's joiners
    indptr: Array  # int64 (N + 1,)
    neighbor: Array  # int32 (nnz,)
    weight: Array  # uint8 (nnz,)
    reference: Array  # float64 (B, N): what visible neighbours are divided by (weighted degree, or 1 for counts)
    threshold: Array  # float64 (B, N)
    initial_stage: Array  # uint8 (B, N)


class Places(NamedTuple):
    """Communities, facilities and districts. Read-only."""

    community_start: Array  # int64 (C + 1,)
    facility: Array  # int32 (C,)
    district: Array  # int32 (C,)
    leader_response: Array  # float64 (C,): s_c, 1, or less where leaders oppose
    treated: Array  # uint8 (C,)
    joiners: Array  # float64 (C,): number of joiners, at least 1
    facility_households: Array  # float64 (F,)
    district_households: Array  # float64 (D,)
    district_communities: Array  # float64 (D,)
    cells: int  # G


class Plan(NamedTuple):
    """A strategy as the engine sees it: dollars, prices and staff. Read-only.

    Week 0 of a plan is the first week of the campaign; outside it nothing is spent.
    """

    first_week: int  # of the campaign, counted from the start of the run
    spending: Array  # float64 (W, 8): dollars per campaign week and activity, whole area
    unit_cost: Array  # float64 (8,)
    leader_share: Array  # float64 (4,): leader budget by membership type, sums to 1
    visit_capacity: Array  # float64 (W, C): visits that the staff can make
    resident: Array  # float64 (W, C): share of active mobilizers who live there
    language: Array  # float64 (W, C): share who speak the minority's language
    women: Array  # float64 (W, C)
    training: Array  # float64 (W, C): mean training level, 0 to 1
    distance_factor: Array  # float64 (T,): seasonal factor of the distance scale, every week of the run


class State(NamedTuple):
    """Everything that changes. Copy it and a run can go on from there, to the bit.

    Persuasion and norm memory fade every week for everybody. They are kept in units that fade with them, so that a
    household without a contact costs nothing: p = persuaded * fade.
    """

    stage: Array  # uint8 (B, N)
    shown: Array  # uint8 (B, N): bits VOICES ... REFUSES as committed at the end of last week
    persuasion: Array  # float64 (B, N, 3): credit from media, visit, dialogue, in units of `fade`
    fade: Array  # float64 (B,): what a unit of persuasion is worth this week
    norm_memory: Array  # float64 (N,): g in units of `norm_fade`
    norm_fade: Array  # float64 (1,)
    mind: Array  # recarray (B, N) of `MIND`
    resist_talk: Array  # float64 (B, N): n_V + eta n_T still to come before peers inform it; inf if they cannot
    resist_rumour: Array  # float64 (B, N): beta_r n_B + iota_r still to come before it believes; inf if it cannot now
    decision_wait: Array  # int32 (B, N): favourable weeks still needed before it moves
    event_week: Array  # int32 (B, N): week of the next event
    events: Array  # uint16 (B, N): events so far
    lapse_class: Array  # uint8 (B, N): hazard of lapsing it is under, maintained 1 + unsupported 2; or NOT_KEEPING
    lapse_sum: Array  # float64 (B, C, 4): these hazards of a community, added up over the weeks
    voicing: Array  # int32 (B, N): n_V, tie weight of neighbours who voice
    talking: Array  # int32 (B, N): n_T
    rumouring: Array  # int32 (B, N): n_B
    turnover_week: Array  # int32 (N,)
    lives: Array  # uint16 (N,): turnovers so far
    contacts: Array  # uint16 (3, N): media, visit, dialogue contacts so far
    endorsement: Array  # float64 (C, 4): E
    approved: Array  # uint8 (C,)
    ownership: Array  # float64 (C,): O
    started_alone: Array  # uint8 (C,): an untreated community that began by itself
    budget_share: Array  # float64 (C,): w, sums to 1 over treated communities
    interviews: Array  # float64 (C,): bought since the last round of monitoring
    estimate: Array  # float64 (C,): last estimate of coverage; below 0: none yet
    demand: Array  # int64 (B, C): households that sought the service last week
    facility_up: Array  # uint8 (F,)
    response: Array  # float64 (D,): Y
    stage_count: Array  # int64 (B, G, 6)
    refused: Array  # int64 (B, G): households that show REFUSES
    supporters: Array  # int64 (B, C): private support at the start of the week
    adopters: Array  # int64 (B, C)
    voiced: Array  # int64 (B,): households that voice
    believing: Array  # int64 (B,): households that spread the rumour
    in_need: Array  # int64 (C,): households with some behaviour they do not yet support
    voices: Array  # int64 (C,): households that voice some behaviour
    # What the week need not work out again; it follows from the rest.
    pending: Array  # uint8 (B, N): bits PENDING_OK, PENDING_VOICE: what it last found when it weighed the behaviour
    hot: Array  # uint8 (B, N): 1 if what it weighs has changed since it last did
    due: Array  # int32 (B, N): no clock of the household strikes before this week
    persuaded: Array  # float64 (B, N): sum of its credits
    needed: Array  # float64 (B, N): support that it asks for: its threshold, and more while it believes the rumour
    standing: Array  # uint8 (N,): bits NEEDS, SPEAKS, over all behaviours
    warm: Array  # uint8 (C,): some contact was made: persuasion fades, and with it support
    moving: Array  # uint8 (B, C): all of its households weighed the behaviour last week
    persuaded_sum: Array  # float64 (B, C): of `persuaded`


class Facts(NamedTuple):
    """What is known of a world before any run, and would be found out anew by each."""

    heaviest: int  # no household's ties weigh more together
    even: bool  # all ties weigh 1
    asks: bool  # somebody needs support for the first behaviour
    stage_count: Array  # int64 (B, G, 6): households of each cell in each stage at the start


class Contagion(NamedTuple):
    """What a contagion keeps of its households, in groups of 64; the last is filled up with some that have adopted."""

    stage: Array  # uint8 (N,)
    left: Array  # uint8 or uint16 (N,): exposure that an unaware household still needs; of others, as `ask`
    voices: Array  # the same: n_V
    talks: Array  # the same: n_T, where talk counts
    groups: Array  # uint8 (N / 64,): ASLEEP or ASTIR
    ask: Array  # as `left`: voices that are enough
    further: Array  # int64 (N,): exposure needed beyond what `left` holds; nothing where `far` is 0
    far: Array  # uint8 (N / 64,): whether anybody in the group needs that
    wait: Array  # int32 (N,): favourable weeks still needed before it moves
    talker: Array  # uint8 (N,)
    told: Array  # int32 (N + 1,): households in the order in which they are told
    told_until: Array  # int64 (T + 1,): those of week t are told[told_until[t] : told_until[t + 1]]
    some: Array  # int32 (N + 1,): a list of the moment
    stages: Array  # uint8 (N + 1,): of those on it, before in the lower half and now in the upper one
    adopted: Array  # int32 (2, N + 1): adopters of even and of odd weeks: this week's and last week's
    matures: Array  # int32 (T + 1, G): adopters by the week in which they become maintained; the last is never
    stage_count: Array  # int64 (G, 6)
    adopters: Array  # int64 (C,)
    once: Array  # uint64 (BLOCK,): ones, which number the first adoptions of households
    identities: Array  # uint64 (BLOCK,)
    times: Array  # int32 (BLOCK,)
    words: Array  # uint32 (BLOCK,)
    resistances: Array  # float64 (BLOCK,)
    ties: Array  # int32 (TIES,)
    weights: Array  # uint8 (TIES,)


# Fields of `State` and of its records that follow from the others: two equal runs may differ in them.
DERIVED = ("pending", "hot", "due", "warm", "moving")


class Record(NamedTuple):
    """What a run leaves behind, week by week. Counts are of households."""

    stage: Array  # int32 (T, B, G, 6)
    refused: Array  # int32 (T, B, G): aware or lapsed, and believing the rumour
    eligible: Array  # int32 (T, B, G): events or round-eligible households this week
    served: Array  # int32 (T, B, G): of those, served
    voiced: Array  # int32 (T, B)
    believing: Array  # int32 (T, B)
    sought: Array  # int32 (T, B): households that sought the service
    turned_away: Array  # int32 (T, B)
    informed_by: Array  # int32 (T, B, 8): became aware, by source
    convinced_by: Array  # int32 (T, B, 8): adopted for the first time in this spell, by source
    contacts: Array  # int32 (T, 3): media, visit, dialogue contacts
    reached: Array  # int32 (T, G): households ever touched by a visit, dialogue or broadcast, so far
    delivered: Array  # float64 (T, 8): volume bought per activity, in its unit
    spent: Array  # float64 (T, 8): dollars
    unspent: Array  # float64 (T, 8): dollars planned that staff could not deliver
    participants: Array  # float64 (T,): participants in collective actions
    community: Array  # int32 (T, B, C): adopted or maintained (events, rounds: served this week)
    community_eligible: Array  # int32 (T, B, C): households (events, rounds: eligible this week)
    persuasion: Array  # float64 (T, B): mean p
    endorsement: Array  # float64 (T,): mean E over communities and leader types
    approved: Array  # float64 (T,): share of communities approved
    ownership: Array  # float64 (T,)
    response: Array  # float64 (T, D): Y
    pressure: Array  # float64 (T, D): H, participants per household


class Layout(NamedTuple):
    """Where each of several arrays lies in one piece of memory."""

    size: int  # bytes
    arrays: tuple[tuple[str, tuple[int, ...], np.dtype[Any], int], ...]  # name, shape, type, byte where it begins


def lay_out(**arrays: tuple[tuple[int, ...], Any]) -> Layout:
    """Arrays of these shapes and types one after the other, each whole lines of the cache behind the first."""
    begin, placed = 0, []
    for name, (shape, kind) in arrays.items():
        dtype = np.dtype(kind)
        placed.append((name, shape, dtype, begin))
        begin += -(-math.prod(shape) * dtype.itemsize // LINE) * LINE
    return Layout(begin, tuple(placed))


def zeros(layout: Layout) -> dict[str, Array]:
    """Arrays of zeros by name, all in one piece.

    NumPy lets go of Python's lock whenever it makes a kilobyte of zeros or more; threads with short runs would hand it
    to and fro for every array.
    """
    piece = np.zeros(layout.size, np.uint8)
    return {name: np.ndarray(shape, dtype, piece, begin) for name, shape, dtype, begin in layout.arrays}


Inputs = TypeVar("Inputs", Households, Places, Plan)


def frozen(inputs: Inputs) -> Inputs:
    """The same, read-only: one compiled signature whether the caller's arrays are so (a shared world) or not."""
    values: Iterable[Any] = (frozen_array(value) if isinstance(value, np.ndarray) else value for value in inputs)
    return type(inputs)(*values)


def frozen_array(array: Array) -> Array:
    """A read-only view, or the array itself if it is read-only already."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view
