"""Room to work in, made once for all weeks of a run; nothing in it outlives a week but what is said to be kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import BLOCK, Array, Households, Places
from smsim.engine.draws import in_a_row
from smsim.engine.lanes import WIDTH
from smsim.engine.push import TIES

PART = 16384  # households, at least, that go through a week together: their arrays lie in the third cache


class Scratch(NamedTuple):
    """Scratch of a run. BLOCK is the length of whatever has no other."""

    volume: Array  # float64 (8, C): what this week's money buys
    words: Array  # uint32, 3 rows as long as the largest community and 128 more
    cuts: Array  # uint32, as long
    touch: Array  # uint8 (N,): how the campaign touches a household this week
    touched: Array  # int32 (3, N): whoever it touches of a part by media, visit or dialogue, by community
    touched_until: Array  # int64 (3, C + 1): on the list of channel k, where those of community c begin
    gives: Array  # uint8 (N,): 1 for whoever gives way to its neighbours this week
    stir: Array  # uint8 (B, N): 1 for whoever is among the stirred
    stirs: Array  # int64 (B,): how many of a part
    stirred: Array  # int32 (B, N + 1): households of a part that `settle` must look at
    seekers: Array  # int32 (N,): of a part
    later: Array  # int32 (5, N + 1): households of a part that have something to draw when `decide` has seen all of it
    shifts: Array  # int32 (N + 1,): households of a part that `close` must look at
    shifted: Array  # uint8 (N,): 1 for whoever is among them
    pushes: Array  # int32 (B, 6, N + 1): households whose neighbours are told that they cease or begin to show bit k
    pushed: Array  # int64 (B, 6): how many of each, 2 k + (0 or 1); 0 after the week
    ties: Array  # int32 (TIES,)
    weights: Array  # uint8 (TIES,)
    part: int  # households of a part, at least
    part_start: Array  # int64 (C + 1,), kept: part p is communities part_start[p] ... part_start[p + 1] - 1
    in_a_row: Array  # uint8 (C,), kept: whether `draw_id` ascends one by one
    invited_in_a_row: Array  # uint8 (C,), kept: the same of `invite_id`
    uneven: Array  # uint8 (C,), kept: whether some `invite_weight` is not 1
    facility_district: Array  # int64 (F,): kept
    queue: Array  # int64 (F,)
    position: Array  # int64 (F,)
    offset: Array  # float64 (F,)
    so_far: Array  # float64 (F,)
    capacity: Array  # float64 (F,)
    bought: Array  # float64 (F,)
    owned: Array  # float64 (D,)
    until: Array  # float64 (C, 4): `lapse_sum` before this week
    links: Array  # int64 (B,)
    act: Array  # uint64 (BLOCK / 64,): marks of the households of a block
    tries: Array  # uint64 (BLOCK / 64,): the same
    verdict: Array  # uint8: what the households of a block find
    lead: Array  # float64
    visit: Array  # int64 (BLOCK + 64,): households of a block
    losers: Array  # int64 (BLOCK + 64,): the same
    numbers: Array  # uint64 (BLOCK + 64,)
    decided: Array  # uint64
    identities: Array  # uint64 (BLOCK + 64,)
    weeks: Array  # int32 (BLOCK + 64,)
    resistances: Array  # float64
    led: Array  # float64 (16,)
    hazards: Array  # float64 (4 C,): of contacts, of lapsing or of leaders, and what they are worked out from
    highest: Array  # float64 (4,)
    trusts: Array  # float64 (4,)
    gains: Array  # float64 (3, 4)


def new_room(households: Households, places: Places) -> Scratch:
    """Room for a run over this world."""
    (b, n), block = households.threshold.shape, BLOCK + 64
    c, f, d = (len(of) for of in (places.treated, places.facility_households, places.district_households))
    district = np.zeros(f, np.int64)
    district[places.facility[::-1]] = places.district[::-1]  # of its first community
    largest = int(np.diff(places.community_start).max())
    return Scratch(
        volume=np.zeros((8, c)),
        words=np.empty((3, largest + 128), np.uint32),
        cuts=np.empty(largest + 128, np.uint32),
        touch=np.zeros(n, np.uint8),
        touched=np.empty((3, n), np.int32),
        touched_until=np.zeros((3, c + 1), np.int64),
        gives=np.empty(n, np.uint8),
        stir=np.zeros((b, n), np.uint8),
        stirs=np.zeros(b, np.int64),
        stirred=np.empty((b, n + 1), np.int32),
        seekers=np.empty(n, np.int32),
        later=np.empty((5, n + 1), np.int32),
        shifts=np.empty(n + 1, np.int32),
        shifted=np.zeros(n, np.uint8),
        pushes=np.empty((b, 6, n + 1), np.int32),
        pushed=np.zeros((b, 6), np.int64),
        ties=np.empty(TIES, np.int32),
        weights=np.empty(TIES, np.uint8),
        part=PART,
        part_start=np.empty(c + 1, np.int64),
        in_a_row=np.empty(c, np.uint8),
        invited_in_a_row=np.empty(c, np.uint8),
        uneven=np.empty(c, np.uint8),
        facility_district=district,
        queue=np.empty(f, np.int64),
        position=np.empty(f, np.int64),
        offset=np.empty(f),
        so_far=np.empty(f),
        capacity=np.empty(f),
        bought=np.empty(f),
        owned=np.empty(d),
        until=np.empty((c, 4)),
        links=np.empty(b, np.int64),
        act=np.zeros(BLOCK // WIDTH, np.uint64),
        tries=np.zeros(BLOCK // WIDTH, np.uint64),
        verdict=np.empty(BLOCK, np.uint8),
        lead=np.empty(BLOCK),
        visit=np.empty(block, np.int64),
        losers=np.empty(block, np.int64),
        numbers=np.zeros(block, np.uint64),  # draws go on beyond what is listed
        decided=np.zeros(block, np.uint64),
        identities=np.zeros(block, np.uint64),
        weeks=np.empty(block, np.int32),
        resistances=np.empty(block),
        led=np.empty(16),
        hazards=np.zeros(4 * c),
        highest=np.empty(4),
        trusts=np.empty(4),
        gains=np.empty((3, 4)),
    )


@inner
def divide(places, room):  # type: ignore[no-untyped-def]
    """Divide the communities into parts, into the room's `part_start`; returns how many, P.

    A part is communities in a row whose facilities serve no others. It ends as soon as it may and has enough
    households, or with the last community.
    """
    facility, community_start = places.facility, places.community_start
    last, part_start, communities = room.position, room.part_start, facility.shape[0]
    for c in range(communities):
        last[facility[c]] = c
    parts, first, until = np.int64(0), np.int64(0), np.int64(0)
    for c in range(communities):
        until = max(until, last[facility[c]])
        enough = community_start[c + 1] - community_start[first] >= room.part or c == communities - 1
        if until == c and enough:
            part_start[parts] = first
            parts, first = parts + 1, np.int64(c + 1)
    part_start[parts] = communities
    return parts


@inner
def look(households, places, room):  # type: ignore[no-untyped-def]
    """What contacts would find out about a community every week anew, into the room."""
    draw_id, invite_id, invite_weight = households.draw_id, households.invite_id, households.invite_weight
    row, invited_row, uneven, community_start = (
        room.in_a_row, room.invited_in_a_row, room.uneven, places.community_start,
    )  # fmt: skip
    for c in range(uneven.shape[0]):
        start, stop = community_start[c], community_start[c + 1]
        row[c], invited_row[c] = in_a_row(draw_id[start:stop]), in_a_row(invite_id[start:stop])
        others = 0
        for i in range(np.uintp(start), np.uintp(stop)):
            others += invite_weight[i] != 1.0
        uneven[c] = others > 0
