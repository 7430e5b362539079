"""What a household shows reaches its neighbours' counters; nothing ever scans the ties."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.arrays import NEW_RUMOUR, NEW_TALK, NEW_VOICES, SPREADS_RUMOUR, TALKS, VOICES
from smsim.engine.lanes import SIXTEEN, WIDTH, copy_sixteen, prefetch

TIES = 1024  # that are laid side by side
FAR_AHEAD = 16  # households whose ties are fetched meanwhile
# 64 households of a contagion: nothing changes for them; something counts down, or for somebody it is enough.
ASTIR, ASLEEP = 0, 1


@inner
def push(indptr, neighbor, weight, counter, hot, i, change, news):  # type: ignore[no-untyped-def]
    """Add change (-1 or 1) times tie weight to the counter of household i's neighbours, and leave them a bit of news.

    Integer counters make the order of pushes irrelevant. counter: int32 (N,), hot: uint8 (N,).
    """
    for e in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
        j = neighbor[e]
        counter[j] += change * np.int32(weight[e])
        hot[j] |= news


@inner
def tell_all(state, households, room, b, pushed):  # type: ignore[no-untyped-def]
    """What the first `pushed` of the room's `pushes[b]` show otherwise than before reaches their neighbours."""
    pushes, was = room.pushes[b], room.was[b]
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    voicing, talking, rumouring = state.voicing[b], state.talking[b], state.rumouring[b]
    shown, hot, all_voiced, all_believing = state.shown[b], state.hot[b], state.voiced, state.believing
    last_tie = neighbor.shape[0] - 1
    voiced, believing = np.int32(0), np.int32(0)
    for n in range(pushed):
        if last_tie >= 0:
            tie = min(indptr[np.uintp(pushes[min(n + FAR_AHEAD, pushed - 1)])], last_tie)
            prefetch(neighbor, tie)
            prefetch(weight, tie)
        i = np.uintp(pushes[n])
        before, after = was[n], shown[i]
        changed = before ^ after
        if changed & VOICES:
            change = np.int32(1 if after & VOICES else -1)
            voiced += change
            push(indptr, neighbor, weight, voicing, hot, i, change, np.uint8(NEW_VOICES))
        if changed & TALKS:
            change = np.int32(1 if after & TALKS else -1)
            push(indptr, neighbor, weight, talking, hot, i, change, np.uint8(NEW_TALK))
        if changed & SPREADS_RUMOUR:
            change = np.int32(1 if after & SPREADS_RUMOUR else -1)
            believing += change
            push(indptr, neighbor, weight, rumouring, hot, i, change, np.uint8(NEW_RUMOUR))
    all_voiced[b] += voiced
    all_believing[b] += believing


@inner
def tell(households, counter, groups, those, first, last, change, even, ties, weights):  # type: ignore[no-untyped-def]
    """Add change (-1 or 1) times tie weight to the counter of the neighbours of those[first:last], and wake them.

    even: all ties weigh 1. ties: int32 (TIES,) scratch, weights: uint8, as long.
    """
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    whole = neighbor.shape[0] - SIXTEEN
    all_wake = last - first > groups.shape[0]  # more than that are hardly told one by one
    if all_wake:
        groups.fill(np.uint8(ASTIR))
    n, e, stop = first, np.int64(0), np.int64(0)
    many = 1
    while many > 0:
        # Rows of ties are laid side by side, whole sixteens at a time: where a row ends cannot be foreseen.
        many = 0
        while many <= ties.shape[0] - SIXTEEN:
            if e >= stop:
                if n == last:
                    break
                prefetch(neighbor, indptr[np.uintp(those[min(n + FAR_AHEAD, last - 1)])])
                i = np.uintp(those[n])
                e, stop = indptr[i], indptr[i + np.uintp(1)]
                n += 1
                if e == stop:
                    continue
            few = min(int(stop - e), SIXTEEN)
            if e <= whole:
                copy_sixteen(neighbor, e, ties, many)
                if not even:
                    copy_sixteen(weight, e, weights, many)
            else:
                for k in range(few):
                    ties[many + k] = neighbor[e + k]
                    weights[many + k] = weight[e + k]
            many += few
            e += SIXTEEN
        for k in range(np.uintp(many)):
            counter[np.uintp(ties[k])] += np.int64(change) * (1 if even else np.int64(weights[k]))
        for k in range(np.uintp(0 if all_wake else many)):
            groups[np.uintp(ties[k]) // np.uintp(WIDTH)] = np.uint8(ASTIR)
