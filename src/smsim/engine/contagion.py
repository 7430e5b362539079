"""A run in which nothing acts on households but their neighbours and their own minds: the textbook contagion.

One behaviour that is kept for good, or for a week only; no money spent, no rumour, no taboo, no turnover, a service at
home for everybody. What remains of a week is hearing, weighing and adopting, and two whole numbers per household say
when: how much more exposure an unaware household needs, and how many voices are enough for one that knows. Both are
compared with what its neighbours show, 64 households at once, in a byte each (two where somebody has very many ties);
only households for which it is enough are visited, and only an adoption goes out to the neighbours. The record is that
of `run.advance`, to the bit, as `tests/engine/test_contagion.py` holds; there is no state to go on from.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from smsim.engine import inlined, inner, lean
from smsim.engine.arrays import (
    ADOPTED,
    AWARE,
    BEHAVIOUR,
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
    Facts,
    Households,
    Layout,
    Places,
    Plan,
    Record,
    frozen,
    frozen_array,
    lay_out,
    zeros,
)
from smsim.engine.draws import (
    CERTAIN,
    DECIDE,
    MATURE,
    TALK,
    chance_to_hazard,
    fill_exponentials,
    fill_weeks,
    weeks_of_each,
    weeks_until,
)
from smsim.engine.lanes import WIDTH, bits, lanes, lowest, put, where
from smsim.engine.push import ASLEEP, ASTIR, TIES, tell
from smsim.engine.rules import inside

NOBODY = 255  # a stage that no household is in
HEAVIEST = 65534  # of the weight of a household's ties, so that one number more is left in two bytes
LIMIT = 2e9  # exposure that no run comes to
SURE = 1e-6  # of a voice: far more than is lost in rounding 65,535 of them
NONE, MORE, LESS = map(np.int64, (0, 1, -1))  # plain numbers would make Numba compile `tell` once for each


def is_contagion(plan: Plan, behaviours: Array, context: Array, facts: Facts) -> bool:
    """Whether a run is a contagion and nothing else."""
    one = dict(zip(BEHAVIOUR.names or (), behaviours[0].item(), strict=True))  # a field of a record is slow to read
    start = facts.stage_count[0].T
    kept = one["kind"] == PERMANENT or (one["kind"] == REPEATED and one["lapse_rate"] <= 0)
    for_a_week = (
        one["kind"] == REPEATED
        and min(one["lapse_rate"], one["lapse_rate"] * one["unsupported_lapse_ratio"], one["decision_rate"]) >= 1
        and one["talk_weeks"] <= 1  # who has lapsed has nothing to tell any more
        and not np.count_nonzero(start[MAINTAINED])  # who lapse at a rate of their own
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
        and facts.heaviest <= HEAVIEST
        and not 0 < one["norm_weight"] < 1e-300  # its products have too few digits for the quotient of `wait_for`
        and not np.count_nonzero(plan.spending)
        and not np.count_nonzero(start[WILLING])
    )


def spread(
    record: Record,
    households: Households,
    places: Places,
    behaviours: Array,
    seed: int,
    facts: Facts,
) -> None:
    """Fill the record, of zeros before, with every week of a run that `is_contagion`.

    Parameters
    ----------
    behaviours : recarray (1,) of `BEHAVIOUR`
    seed : int in [0, 2**64)
    """
    room, starts = new_room(households, record, facts), frozen_array(places.community_start)
    behaviour, key = frozen_array(behaviours)[0], np.uint64(seed)
    play(record, frozen(households), starts, behaviour, room, facts.heaviest, facts.even, facts.asks, key)
    record.community_eligible[:, 0] = np.diff(places.community_start)


def new_room(households: Households, record: Record, facts: Facts) -> Contagion:
    """Room for a run."""
    people = len(households.draw_id)
    weeks, _, cells, _ = record.stage.shape
    padded = -(-people // WIDTH) * WIDTH
    small, most = (np.uint8, 0xFF) if facts.heaviest < 0xFF else (np.uint16, 0xFFFF)
    room = Contagion(
        stage=np.empty(padded, np.uint8),
        left=np.empty(padded, small),
        ask=np.empty(people, small),
        further=np.empty(people, np.int64),
        wait=np.empty(people, np.int32),
        told=np.empty(people + 1, np.int32),
        some=np.empty(people + 4, np.int32),
        stages=np.empty(people + 1, np.uint8),
        adopted=np.empty((2, people + 1), np.int32),
        stage_count=facts.stage_count[0].copy(),
        once=np.ones(BLOCK, np.uint64),
        times=np.empty(BLOCK, np.int32),
        words=np.empty(BLOCK, np.uint32),
        resistances=np.empty(BLOCK),
        ties=np.empty(TIES, np.int32),
        weights=np.empty(TIES, np.uint8),
        **zeros(_layout(padded, weeks, cells, record.community.shape[2], small)),
    )
    room.stage[people:], room.left[people:] = MAINTAINED, most
    return room


@lru_cache(64)
def _layout(padded: int, weeks: int, cells: int, communities: int, small: type[np.integer[Any]]) -> Layout:
    """Of what begins as zeros."""
    return lay_out(
        voices=((padded,), small),
        talks=((padded,), small),
        talker=((padded,), np.uint8),
        groups=((padded // WIDTH,), np.uint8),  # ASTIR
        far=((padded // WIDTH,), np.uint8),
        told_until=((weeks + 1,), np.int64),
        matures=((weeks + 1, cells), np.int32),
        adopters=((communities,), np.int64),
        identities=((BLOCK,), np.uint64),
    )


@lean
def play(record, households, community_start, behaviour, room, heaviest, even, asks, seed):  # type: ignore[no-untyped-def]
    """What everybody waits for before the first week, who has adopted by then, and all weeks of the record.

    heaviest: no household's ties weigh more together. even: all ties weigh 1. asks: somebody needs support.
    """
    wait_for(households, behaviour, room, heaviest, asks, seed)
    adopting = start(households, community_start, behaviour, room, even, seed)
    for t in range(record.stage.shape[0]):
        adopting = week(record, households, community_start, behaviour, room, even, seed, t, adopting)


@inner
def wait_for(households, behaviour, room, heaviest, asks, seed):  # type: ignore[no-untyped-def]
    """Everybody's first stage, and what it waits for: exposure, voices, weeks."""
    stage, left, ask, wait, further = room.stage, room.left, room.ask, room.wait, room.further
    words, resistances, times = room.words, room.resistances, room.times
    draw_id, threshold, reference = households.draw_id, households.threshold[0], households.reference[0]
    first_stage = households.initial_stage[0]
    norm_weight, peer_information = behaviour.norm_weight, behaviour.peer_information
    never = np.int32((1 << 8 * left.itemsize) - 1)  # more than any household's ties weigh
    cap = np.int32(never - (peer_information > 0))  # exposure that `left` can hold
    weighs, per = norm_weight > 0, 1.0 / norm_weight if norm_weight > 0 else 1.0
    deciding, first = chance_to_hazard(behaviour.decision_rate), np.int64(0)  # first life, first decision
    people = draw_id.shape[0]
    for low in range(0, people, BLOCK):
        high = min(low + BLOCK, people)
        for i in range(np.uintp(low), np.uintp(high)):
            stage[i] = first_stage[i]
        if asks:
            unsure = False
            for i in range(np.uintp(low), np.uintp(high)):
                # alpha_N n_V / k reaches what is asked at a whole number n_V, and then at every larger one: the next
                # one, where what is asked lies between two by more than is lost in rounding.
                k, asked = reference[i] if reference[i] > 0.0 else 1.0, threshold[i]
                wanted = min(max(asked * k * per, 0.0), never) if weighs or asked <= 0 else np.float64(never)
                n = np.float64(np.int32(wanted))
                # Beyond the heaviest it is never enough, whatever it is.
                near = (wanted - n < SURE) | (wanted - n > 1.0 - SURE)
                unsure |= near & (asked > 0) & (wanted < heaviest + 1)
                n = min(n + np.float64(asked > 0), np.float64(never))
                ask[i] = np.int32(n)
            for i in range(np.uintp(low), np.uintp(high if unsure else low)):
                k, asked = reference[i] if reference[i] > 0.0 else 1.0, threshold[i]
                # The quotient is rounded, and the rule is the product's: it holds there, or one or two further.
                n = np.float64(np.int32(min(max(asked * k * per, 0.0), never)))
                n += np.float64(norm_weight * (n / k) < asked)
                n += np.float64(norm_weight * (n / k) < asked)
                n = min(n, np.float64(never)) if weighs or asked <= 0 else np.float64(never)
                ask[i] = np.int32(n)
        else:
            ask[low:high].fill(0)
        if deciding < CERTAIN:
            fill_weeks(seed, DECIDE, first, draw_id, low, high, deciding, words, times)
            for k in range(high - low):
                wait[low + k] = times[k]
        here = np.uintp(low)
        if not peer_information > 0:
            for k in range(np.uintp(high - low)):
                left[here + k] = cap if stage[here + k] == UNAWARE else np.int32(ask[here + k])
            continue
        fill_exponentials(seed, TALK, first, draw_id, low, high, words, resistances)
        most = np.int32(0)
        for k in range(np.uintp(high - low)):
            # the first whole exposure n with R / beta - n < 0
            needed = np.int32(min(resistances[k] / peer_information, LIMIT)) + np.int32(1)
            unaware = stage[here + k] == UNAWARE
            left[here + k] = min(needed, cap) if unaware else np.int32(ask[here + k])
            most = max(most, needed)
        if most > cap:
            for k in range(high - low):
                further[low + k] = max(int(min(resistances[k] / peer_information, LIMIT)) + 1 - cap, 0)
                room.far[(low + k) // WIDTH] |= np.uint8(further[low + k] > 0)


@inner
def start(households, community_start, behaviour, room, even, seed):  # type: ignore[no-untyped-def]
    """Who has adopted before the first week, and what the others hear of it; returns how many."""
    stage, adopted, cells = room.stage, room.adopted[1], households.cell
    maturing, never = chance_to_hazard(behaviour.maturation_rate), room.matures.shape[0] - 1
    never_enough = (1 << 8 * room.left.itemsize) - 1
    adopting, first, c = np.int64(0), np.int64(0), 0  # first adoption
    for low in range(0, stage.shape[0], WIDTH):
        stages = lanes(stage, low)
        those = bits(stages == np.uint8(ADOPTED)) | bits(stages == np.uint8(MAINTAINED))
        while those != np.uint64(0):
            i = low + lowest(those)
            those &= those - np.uint64(1)
            if i >= households.draw_id.shape[0]:
                break
            while i >= community_start[c + 1]:
                c += 1
            room.left[i] = never_enough
            room.adopters[c] += 1
            adopted[adopting] = i
            adopting += 1
            if stage[i] == ADOPTED and maturing > 0:
                # in week -1 + K, K from 1 on
                matures = weeks_until(seed, MATURE, first, households.draw_id[i], maturing) - 1
                room.matures[min(matures, never), cells[i]] += 1
    tell(households, room.voices, room.groups, adopted, NONE, adopting, MORE, even, room.ties, room.weights)
    return adopting


@inlined
def compare(room, low, unaware, with_talk, forgets):  # type: ignore[no-untyped-def]
    """A week of the group from household `low` on: counts down; the words of those for whom it is enough, and of those
    who are nearer to it.

    forgets: talk lasts a week: what was heard is forgotten here, and nobody need take it back.
    """
    hears = bits(lanes(room.stage, low) == unaware)
    left, exposure = lanes(room.left, low), lanes(room.voices, low)
    if with_talk:
        exposure = exposure + where(hears, lanes(room.talks, low), 0)
        if forgets:
            put(room.talks, low, 0)
    counts = where(hears, exposure, 0)
    put(room.left, low, left - counts)  # of those for whom it is enough it is set anew
    return bits(exposure >= left), bits(counts != 0)


@inner
def week(record, households, community_start, behaviour, room, even, seed, t, before):  # type: ignore[no-untyped-def]
    """Week t; before: how many adopted in the week before it. Returns how many adopt in this one."""
    stage, left, voices, groups, ask = room.stage, room.left, room.voices, room.groups, room.ask
    further, wait, told, stage_count = room.further, room.wait, room.told, room.stage_count
    adopted, visit, talk_weeks = room.adopted[t & 1], room.some, behaviour.talk_weeks
    cells, stages, maturing = households.cell, room.stages, chance_to_hazard(behaviour.maturation_rate)
    with_talk, waits = talk_weeks > 0 and behaviour.silent_information > 0, behaviour.decision_rate < 1
    unaware = np.uint8(UNAWARE if behaviour.peer_information > 0 else NOBODY)
    never = (1 << 8 * left.itemsize) - 1
    far, forgets = room.far, talk_weeks == 1
    lapses = behaviour.kind == REPEATED and behaviour.lapse_rate > 0
    telling, informed, adopting, on_their_own = room.told_until[t], np.int64(0), np.int64(0), np.int64(0)
    found, c = 0, 0
    for first in range(0, groups.shape[0], WIDTH):
        awake = inside(groups.shape[0] - first) & bits(lanes(groups, first) != np.uint8(ASLEEP))
        while awake != np.uint64(0):
            g = first + lowest(awake)
            awake &= awake - np.uint64(1)
            enough, nearer = compare(room, WIDTH * g, unaware, with_talk, forgets)
            groups[g] = np.uint8(ASTIR if (enough | nearer) != np.uint64(0) else ASLEEP)
            # Four of them without a branch: how many they are cannot be foreseen.
            for _ in range(4):
                visit[found] = WIDTH * g + lowest(enough)
                found += int(enough != np.uint64(0))
                enough &= enough - np.uint64(1)
            while enough != np.uint64(0):
                visit[found] = WIDTH * g + lowest(enough)
                found += 1
                enough &= enough - np.uint64(1)
    moved = 0
    for n in range(found):
        i = np.uintp(visit[n])
        was, now = stage[i], stage[i]
        if now == UNAWARE:
            if far[i // np.uintp(WIDTH)] != 0 and further[i] > 0:
                # `left` has gone round: it lacks what it was told beyond what was left
                rest = further[i] - ((never + 1 - int(left[i])) & never)
                if rest > 0:
                    left[i] = min(rest, never - 1)
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
                left[i] = never
                on_their_own += ask[i] == 0
                adopted[adopting] = i
                adopting += 1
                while i >= np.uintp(community_start[c + 1]):
                    c += 1
                room.adopters[c] += 1
        stage[i] = now
        visit[moved], stages[moved] = i, was | now << np.uint8(4)
        moved += now != was
    for n in range(np.uintp(moved)):
        cell, now = cells[np.uintp(visit[n])], stages[n]
        stage_count[cell, now & np.uint8(15)] -= 1
        stage_count[cell, now >> np.uint8(4)] += 1
    room.told_until[t + 1] = telling
    # What they show is seen next week.
    tell(households, voices, groups, adopted, NONE, adopting, MORE, even, room.ties, room.weights)
    if with_talk:
        if not forgets:
            hush(households, room, t, adopting, talk_weeks, even)
        talk(households, room, t, even)
    if lapses:
        lapse(households, community_start, room, room.adopted[(t + 1) & 1], before, even)
    elif maturing > 0:
        mature(households, room, maturing, seed, t, adopting)
    write(record, room, t, informed, adopting, on_their_own)
    return adopting


@inner
def mature(households, room, maturing, seed, t, adopting):  # type: ignore[no-untyped-def]
    """Those whose week it is are maintained from now on; when will be the week of those who adopt in this one?"""
    adopted, identities, times, matures = room.adopted[t & 1], room.identities, room.times, room.matures
    draw_id, cells, never = households.draw_id, households.cell, matures.shape[0] - 1
    for first in range(0, adopting, BLOCK):
        few = min(BLOCK, adopting - first)
        for n in range(few):
            identities[n] = draw_id[np.uintp(adopted[first + n])]
        # The first adoption in the run; it matures in week t + K, K from 1 on.
        weeks_of_each(seed, MATURE, room.once, identities, few, maturing, times)
        for n in range(few):
            matures[min(t + times[n], never), cells[np.uintp(adopted[first + n])]] += 1
    for cell in range(room.stage_count.shape[0]):
        room.stage_count[cell, ADOPTED] -= matures[t, cell]
        room.stage_count[cell, MAINTAINED] += matures[t, cell]


@inner
def lapse(households, community_start, room, adopted, before, even):  # type: ignore[no-untyped-def]
    """Those who adopted last week have had their week."""
    c = 0
    for n in range(before):
        i = np.uintp(adopted[n])
        while i >= np.uintp(community_start[c + 1]):
            c += 1
        room.adopters[c] -= 1
        room.stage_count[households.cell[i], ADOPTED] -= 1
        room.stage_count[households.cell[i], LAPSED] += 1
        room.stage[i] = LAPSED
        room.left[i] = room.ask[i]
        room.groups[i // np.uintp(WIDTH)] = ASTIR
    tell(households, room.voices, room.groups, adopted, NONE, before, LESS, even, room.ties, room.weights)


@inner
def hush(households, room, t, adopting, talk_weeks, even):  # type: ignore[no-untyped-def]
    """This week's adopters no longer talk, nor those told `talk_weeks` ago."""
    talker, told, until, some, adopted = room.talker, room.told, room.told_until, room.some, room.adopted[t & 1]
    count = np.int64(0)
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
    tell(households, room.talks, room.groups, some, NONE, count, LESS, even, room.ties, room.weights)


@inner
def talk(households, room, t, even):  # type: ignore[no-untyped-def]
    """Those told this week talk from now on."""
    stage, talker, told, until, some = room.stage, room.talker, room.told, room.told_until, room.some
    count = np.int64(0)
    for n in range(until[t], until[t + 1]):
        i = told[n]
        if stage[i] == AWARE:
            talker[i] = 1
            some[count] = i
            count += 1
    tell(households, room.talks, room.groups, some, NONE, count, MORE, even, room.ties, room.weights)


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
