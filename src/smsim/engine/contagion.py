"""A run in which nothing acts on households but their neighbours and their own minds: the textbook contagion.

One behaviour that is kept for good, or for a week only; no money spent, no rumour, no taboo, no turnover, a service at
home for everybody. What remains of a week is hearing, weighing and adopting, and two whole numbers per household say
when: how much more exposure an unaware household needs, and how many voices are enough for one that knows. Both are
compared with what its neighbours show, side by side, two bytes each; only households for which it is enough are
visited, and only an adoption goes out to the neighbours. The record is that of `run.advance`, to the bit, as
`tests/engine/test_contagion.py` holds; there is no state to go on from.
"""

from __future__ import annotations

import numpy as np

from smsim.engine import inlined, inner, kernel
from smsim.engine.arrays import (
    ADOPTED,
    AWARE,
    BLOCK,
    BY_PEER,
    HOME,
    LAPSED,
    MAINTAINED,
    OWN,
    PERMANENT,
    REPEATED,
    UNAWARE,
    WILLING,
    Array,
    Contagion,
    Households,
    Places,
    Plan,
    Record,
    frozen,
    frozen_array,
)
from smsim.engine.draws import (
    CERTAIN,
    DECIDE,
    MATURE,
    TALK,
    chance_to_hazard,
    fill_exponentials,
    fill_weeks,
    weeks_until,
)
from smsim.engine.rules import marked

ROWS = 64  # rows of ties that are read ahead
GROUP = 64  # households that are compared together; a group in which nothing changes sleeps
NOBODY = 255  # a stage that no household is in
NEVER_ENOUGH = 65535  # more than any household's ties weigh
FAR = NEVER_ENOUGH - 1  # exposure that `left` can hold
LIMIT = 2e9  # exposure that no run comes to
ASLEEP, ASTIR, STRUCK = 0, 1, 2  # a group: nothing changes, something counts down, for somebody it is enough


def is_contagion(households: Households, plan: Plan, behaviours: Array, context: Array, heaviest: int) -> bool:
    """Whether a run is a contagion and nothing else.

    heaviest : no household's ties weigh more together
    """
    one, start = behaviours[0], households.initial_stage
    kept = one["kind"] == PERMANENT or (one["kind"] == REPEATED and one["lapse_rate"] <= 0)
    for_a_week = (
        one["kind"] == REPEATED
        and min(one["lapse_rate"], one["lapse_rate"] * one["unsupported_lapse_ratio"], one["decision_rate"]) >= 1
        and one["talk_weeks"] <= 1  # who has lapsed has nothing to tell any more
        and not (start == MAINTAINED).any()  # who lapse at a rate of their own
    )
    return bool(
        len(behaviours) == 1
        and (kept or for_a_week)
        and one["link"] < 0
        and one["taboo"] <= 0
        and one["rumour_passing"] <= 0
        and one["rumour_arrival"] <= 0
        and one["rumour_initial"] <= 0
        and one["rumour_shock_share"] <= 0
        and one["place"] == HOME
        and one["service_capacity"] >= 1  # slots of a facility: at least its households
        and (one["talk_weeks"] == 0 or one["silent_information"] in (0, 1))  # exposure is a whole number
        and context[0]["turnover"] <= 0
        and heaviest < NEVER_ENOUGH
        and not 0 < one["norm_weight"] < 1e-300  # its products have too few digits for the quotient of `wait_for`
        and not plan.spending.any()
        and not (start == WILLING).any()
    )


def spread(record: Record, households: Households, places: Places, behaviours: Array, seed: int, even: bool) -> None:
    """Fill the record, of zeros before, with every week of a run that `is_contagion`.

    Parameters
    ----------
    behaviours : recarray (1,) of `BEHAVIOUR`
    seed : int in [0, 2**64)
    even : all ties weigh 1
    """
    room, starts = new_room(households, record), frozen_array(places.community_start)
    play(record, frozen(households), starts, frozen_array(behaviours)[0], room, even, np.uint64(seed))
    record.community_eligible[:, 0] = np.diff(places.community_start)


def new_room(households: Households, record: Record) -> Contagion:
    """Room for a run, with everybody's first stage."""
    people = len(households.draw_id)
    weeks, _, cells, stages = record.stage.shape
    groups = -(-people // GROUP)
    room = Contagion(
        stage=np.full(groups * GROUP, MAINTAINED, np.uint8),
        cell=households.cell.astype(np.uint16),
        left=np.full(groups * GROUP, NEVER_ENOUGH, np.uint16),
        voices=np.zeros(groups * GROUP, np.uint16),
        talks=np.zeros(groups * GROUP, np.uint16),
        groups=np.full(groups, ASTIR, np.uint8),
        ask=np.empty(people, np.uint16),
        further=np.zeros(people, np.int64),
        far=np.zeros(1, np.uint8),
        matures_in=np.empty(people, np.uint16),
        known=np.zeros(groups, np.uint8),
        wait=np.empty(people, np.int32),
        talker=np.zeros(people, np.uint8),
        told=np.empty(people + 1, np.int32),
        told_until=np.zeros(weeks + 1, np.int64),
        some=np.empty(people + 1, np.int32),
        adopted=np.empty((2, people + 1), np.int32),
        matures=np.zeros((weeks + 1, cells), np.int32),
        stage_count=np.zeros((cells, stages), np.int64),
        adopters=np.zeros(record.community.shape[2], np.int64),
        act=np.zeros(GROUP, np.uint8),
        visit=np.empty(BLOCK + GROUP + GROUP // 8, np.int64),
        times=np.empty(BLOCK, np.int32),
        words=np.empty(BLOCK, np.uint32),
        resistances=np.empty(BLOCK),
        rows=np.empty((2, ROWS), np.int64),
    )
    room.stage[:people] = households.initial_stage[0]
    return room


@kernel
def play(record, households, community_start, behaviour, room, even, seed):  # type: ignore[no-untyped-def]
    """What everybody waits for before the first week, who has adopted by then, and all weeks of the record.

    even: all ties weigh 1.
    """
    wait_for(households, behaviour, room, seed)
    adopting = start(households, community_start, behaviour, room, even, seed)
    for t in range(record.stage.shape[0]):
        adopting = week(record, households, community_start, behaviour, room, even, seed, t, adopting)


@inner
def wait_for(households, behaviour, room, seed):  # type: ignore[no-untyped-def]
    """What every household waits for: exposure, voices, weeks."""
    stage, left, ask, wait, further = room.stage, room.left, room.ask, room.wait, room.further
    words, resistances, times = room.words, room.resistances, room.times
    draw_id, threshold, reference = households.draw_id, households.threshold[0], households.reference[0]
    norm_weight, peer_information = behaviour.norm_weight, behaviour.peer_information
    cap = np.int32(FAR if peer_information > 0 else NEVER_ENOUGH)
    weighs, scale = norm_weight > 0, norm_weight if norm_weight > 0 else 1.0
    deciding, first = chance_to_hazard(behaviour.decision_rate), np.int64(0)  # first life, first decision
    people = draw_id.shape[0]
    for low in range(0, people, BLOCK):
        high = min(low + BLOCK, people)
        most_asked = -np.inf
        for i in range(np.uintp(low), np.uintp(high)):
            most_asked = max(most_asked, threshold[i])
            ask[i] = 0
        for i in range(np.uintp(low), np.uintp(high if most_asked > 0 else low)):
            # alpha_N n_V / k reaches what is asked at a whole number n_V, and then at every larger one
            k, asked = reference[i] if reference[i] > 0.0 else 1.0, threshold[i]
            # The quotient is rounded, and the rule is the product's: it holds there, or one or two further.
            n = np.float64(np.int32(min(max(asked * k / scale, 0.0), NEVER_ENOUGH)))
            n += np.float64(norm_weight * (n / k) < asked)
            n += np.float64(norm_weight * (n / k) < asked)
            n = min(n, np.float64(NEVER_ENOUGH)) if weighs or asked <= 0 else np.float64(NEVER_ENOUGH)
            ask[i] = np.uint16(np.int32(n))
        if deciding < CERTAIN:
            fill_weeks(seed, DECIDE, first, draw_id, low, high, deciding, words, times)
            for k in range(high - low):
                wait[low + k] = times[k]
        if peer_information > 0:
            fill_exponentials(seed, TALK, first, draw_id, low, high, words, resistances)
        else:
            resistances.fill(np.inf)
        most = np.int32(0)
        here = np.uintp(low)
        for k in range(np.uintp(high - low)):
            # the first whole exposure n with R / beta - n < 0
            needed = np.int32(min(resistances[k] / peer_information, LIMIT)) + np.int32(1)
            unaware = stage[here + k] == UNAWARE
            left[here + k] = np.uint16(min(needed, cap)) if unaware else ask[here + k]
            most = max(most, needed)
        if peer_information > 0 and most > FAR:
            room.far[0] = 1
            for k in range(high - low):
                further[low + k] = max(int(min(resistances[k] / peer_information, LIMIT)) + 1 - FAR, 0)


@inner
def start(households, community_start, behaviour, room, even, seed):  # type: ignore[no-untyped-def]
    """Who has adopted before the first week, and what the others hear of it; returns how many."""
    stage, cells, stage_count, adopted = room.stage, room.cell, room.stage_count, room.adopted[1]
    maturing, never = chance_to_hazard(behaviour.maturation_rate), room.matures.shape[0] - 1
    adopting, first = 0, np.int64(0)  # first adoption
    for c in range(room.adopters.shape[0]):
        for i in range(community_start[c], community_start[c + 1]):
            now = stage[i]
            stage_count[cells[i], now] += 1
            if now == ADOPTED or now == MAINTAINED:
                room.left[i] = NEVER_ENOUGH
                room.adopters[c] += 1
                adopted[adopting] = i
                adopting += 1
                if now == ADOPTED:
                    # in week -1 + K, K from 1 on
                    matures = weeks_until(seed, MATURE, first, households.draw_id[i], maturing) - 1
                    room.matures[min(matures, never), cells[i]] += 1
    tell(households, room.voices, room.groups, adopted, 0, adopting, 1, even, room.rows)
    return adopting


@inlined
def compare(stage, left, voices, talks, low, unaware, with_talk, kept, act):  # type: ignore[no-untyped-def]
    """A week of the group from household `low` on: marks for whom it is enough, counts down, returns how it goes on.

    kept: 0 where talk lasts a week: what was heard is forgotten here, and nobody need take it back; else 1.
    """
    strikes, stirs = np.uint16(0), np.uint16(0)
    for k in range(np.uintp(GROUP)):
        i = np.uintp(low) + k
        hears = np.uint16(stage[i] == unaware)
        exposure = voices[i]
        if with_talk:
            exposure = np.uint16(exposure + np.uint16(hears * talks[i]))
            talks[i] = np.uint16(talks[i] * kept)
        enough = np.uint16(exposure >= left[i])
        counts = np.uint16(hears * exposure)
        act[k] = np.uint8(enough)
        left[i] = np.uint16(left[i] - counts)  # of those for whom it is enough it is set anew
        strikes |= enough
        stirs |= counts
    if strikes:
        return STRUCK
    return ASTIR if stirs else ASLEEP


@inner
def tell(households, counter, groups, those, first, last, change, even, rows):  # type: ignore[no-untyped-def]
    """Add change (-1 or 1) times tie weight to the counter of the neighbours of those[first:last], and wake them.

    even: all ties weigh 1. rows: int64 (2, ROWS) scratch.
    """
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    start, stop = rows[0], rows[1]
    read = np.int64(0)
    for low in range(first, last, ROWS):
        many = min(ROWS, last - low)
        for n in range(many):
            i = np.uintp(those[low + n])
            start[n] = indptr[i]
            stop[n] = indptr[i + np.uintp(1)]
        # Rows are read one after the other, so that the processor fetches many at a time.
        for n in range(many):
            if start[n] < stop[n]:
                read += neighbor[start[n]] + neighbor[stop[n] - 1] + (0 if even else weight[start[n]])
        for n in range(many):
            for e in range(np.uintp(start[n]), np.uintp(stop[n])):
                j = np.uintp(neighbor[e])
                counter[j] = np.uint16(counter[j] + (change if even else change * np.int64(weight[e])))
                groups[j // np.uintp(GROUP)] = np.uint8(ASTIR)
    rows[0, 0] = read  # it goes somewhere, or the compiler would leave the reading out


@inner
def week(record, households, community_start, behaviour, room, even, seed, t, before):  # type: ignore[no-untyped-def]
    """Week t; before: how many adopted in the week before it. Returns how many adopt in this one."""
    stage, left, voices, talks, groups, ask = room.stage, room.left, room.voices, room.talks, room.groups, room.ask
    further, wait, told, cells, stage_count = room.further, room.wait, room.told, room.cell, room.stage_count
    adopted, act, visit, rows = room.adopted[t & 1], room.act, room.visit, room.rows
    marks, talk_weeks = act.view(np.uint64), behaviour.talk_weeks
    with_talk, waits = talk_weeks > 0 and behaviour.silent_information > 0, behaviour.decision_rate < 1
    unaware = np.uint8(UNAWARE if behaviour.peer_information > 0 else NOBODY)
    far = room.far[0] > 0
    forgets = talk_weeks == 1 and not far
    kept = np.uint16(0 if forgets else 1)
    telling, informed, adopting, on_their_own = room.told_until[t], 0, 0, 0
    lapses, clocks_set = behaviour.kind == REPEATED and behaviour.lapse_rate > 0, 0
    g, c = 0, 0
    while g < groups.shape[0]:
        found = 0
        while found <= BLOCK and g < groups.shape[0]:
            if groups[g] != ASLEEP:
                groups[g] = compare(stage, left, voices, talks, GROUP * g, unaware, with_talk, kept, act)
                if groups[g] == STRUCK:
                    found = marked(marks, GROUP * g, visit, found)
            g += 1
        for n in range(found):
            i = np.uintp(visit[n])
            was, now = stage[i], stage[i]
            if was == UNAWARE:
                if far and further[i] > 0:
                    exposure = voices[i] + (talks[i] if with_talk else 0)
                    rest = further[i] + np.uint16(left[i] + exposure) - exposure
                    if rest > 0:
                        left[i] = min(rest, FAR)
                        further[i] = rest - left[i]
                        continue
                informed += 1
                now = np.uint8(AWARE)
                left[i] = ask[i]
                told[telling] = i
                telling += with_talk
            if voices[i] >= ask[i]:
                if waits:
                    wait[i] -= 1
                if not waits or wait[i] <= 0:
                    # It is willing, seeks the service, which is for all, and adopts.
                    now = np.uint8(ADOPTED)
                    left[i] = NEVER_ENOUGH
                    on_their_own += ask[i] == 0
                    adopted[adopting] = i
                    adopting += 1
                    while i >= np.uintp(community_start[c + 1]):
                        c += 1
                    room.adopters[c] += 1
            if now != was:
                stage_count[cells[i], was] -= 1
                stage_count[cells[i], now] += 1
                stage[i] = now
        if not lapses:
            set_clocks(households, behaviour, room, seed, t, clocks_set, adopting)
            clocks_set = adopting
    room.told_until[t + 1] = telling
    # What they show is seen next week.
    tell(households, voices, groups, adopted, 0, adopting, 1, even, rows)
    if with_talk:
        if not forgets:
            hush(households, room, t, adopting, talk_weeks, even)
        talk(households, room, t, even)
    if lapses:
        lapse(households, community_start, room, room.adopted[(t + 1) & 1], before, even)
    else:
        mature(room, t)
    write(record, room, t, informed, adopting, on_their_own)
    return adopting


@inner
def set_clocks(households, behaviour, room, seed, t, before, adopting):  # type: ignore[no-untyped-def]
    """When those of this week's adopters from number `before` on will be maintained."""
    known, matures_in, matures, cells = room.known, room.matures_in, room.matures, room.cell
    draw_id, adopted, times, words = households.draw_id, room.adopted[t & 1], room.times, room.words
    maturing, never = chance_to_hazard(behaviour.maturation_rate), matures.shape[0] - 1
    first = np.int64(1)  # first adoption in the run
    for n in range(before, adopting):
        i = np.uintp(adopted[n])
        group = i // np.uintp(GROUP)
        if known[group] == 0:
            known[group] = 1
            low = np.int64(group) * GROUP
            high = min(low + GROUP, draw_id.shape[0])
            fill_weeks(seed, MATURE, first, draw_id, low, high, maturing, words, times)
            for k in range(high - low):
                matures_in[low + k] = min(times[k], NEVER_ENOUGH)
        matures[min(t + matures_in[i], never), cells[i]] += 1


@inner
def mature(room, t):  # type: ignore[no-untyped-def]
    """Those whose week it is are maintained from now on."""
    for cell in range(room.stage_count.shape[0]):
        room.stage_count[cell, ADOPTED] -= room.matures[t, cell]
        room.stage_count[cell, MAINTAINED] += room.matures[t, cell]


@inner
def lapse(households, community_start, room, adopted, before, even):  # type: ignore[no-untyped-def]
    """Those who adopted last week have had their week."""
    c = 0
    for n in range(before):
        i = np.uintp(adopted[n])
        while i >= np.uintp(community_start[c + 1]):
            c += 1
        room.adopters[c] -= 1
        room.stage_count[room.cell[i], ADOPTED] -= 1
        room.stage_count[room.cell[i], LAPSED] += 1
        room.stage[i] = LAPSED
        room.left[i] = room.ask[i]
        room.groups[i // np.uintp(GROUP)] = ASTIR
    tell(households, room.voices, room.groups, adopted, 0, before, -1, even, room.rows)


@inner
def hush(households, room, t, adopting, talk_weeks, even):  # type: ignore[no-untyped-def]
    """This week's adopters no longer talk, nor those told `talk_weeks` ago."""
    talker, told, until, some, adopted = room.talker, room.told, room.told_until, room.some, room.adopted[t & 1]
    count = 0
    for n in range(adopting):
        i = adopted[n]
        some[count] = i
        count += talker[i]
        talker[i] = 0
    for n in range(until[max(t - talk_weeks, 0)], until[max(t - talk_weeks + 1, 0)]):
        i = told[n]
        some[count] = i
        count += talker[i]
        talker[i] = 0
    tell(households, room.talks, room.groups, some, 0, count, -1, even, room.rows)


@inner
def talk(households, room, t, even):  # type: ignore[no-untyped-def]
    """Those told this week talk from now on."""
    stage, talker, told, until, some = room.stage, room.talker, room.told, room.told_until, room.some
    count = 0
    for n in range(until[t], until[t + 1]):
        i = told[n]
        if stage[i] == AWARE:
            talker[i] = 1
            some[count] = i
            count += 1
    tell(households, room.talks, room.groups, some, 0, count, 1, even, room.rows)


@inner
def write(record, room, t, informed, adopting, on_their_own):  # type: ignore[no-untyped-def]
    """The week's counts into the record."""
    stage_count, stages, voiced = room.stage_count, record.stage[t, 0], 0
    for cell in range(stage_count.shape[0]):
        for stage in range(stage_count.shape[1]):
            stages[cell, stage] = stage_count[cell, stage]
    for c in range(room.adopters.shape[0]):
        record.community[t, 0, c] = room.adopters[c]
        voiced += room.adopters[c]
    record.voiced[t, 0] = voiced
    record.informed_by[t, 0, BY_PEER] = informed
    record.sought[t, 0] = adopting
    record.convinced_by[t, 0, OWN] = on_their_own
    record.convinced_by[t, 0, BY_PEER] = adopting - on_their_own
