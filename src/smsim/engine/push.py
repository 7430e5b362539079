"""What a household shows reaches its neighbours' counters; nothing ever scans the ties."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner
from smsim.engine.lanes import SIXTEEN, WIDTH, copy_sixteen, prefetch

TIES = 1024  # that are laid side by side
NEAR = 65536  # counters that lie in the second cache anyway
FAR_AHEAD = 16  # households whose ties are fetched meanwhile
# 64 households of a contagion: nothing changes for them; something counts down, or for somebody it is enough.
ASTIR, ASLEEP = 0, 1


@inner
def push(indptr, neighbor, weight, counter, i):  # type: ignore[no-untyped-def]
    """Add tie weight to the counter of household i's neighbours; counter: int32 (N,)."""
    for e in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
        counter[neighbor[e]] += np.int32(weight[e])


@inner
def tell_all(state, households, room):  # type: ignore[no-untyped-def]
    """What the households of the room's `pushes` show from now on, or no longer, reaches their neighbours.

    Integer counters make the order irrelevant.
    """
    all_pushes, all_pushed, ties, weights = room.pushes, room.pushed, room.ties, room.weights
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    all_hot, all_voicing, all_talking, all_rumouring = state.hot, state.voicing, state.talking, state.rumouring
    voiced, believing = state.voiced, state.believing
    even = all_pushes.shape[0] == 0  # it is not; for the literal False Numba would compile `lay` once more
    for b in range(all_pushes.shape[0]):
        pushes, pushed, hot = all_pushes[b], all_pushed[b], all_hot[b]
        voicing, talking, rumouring = all_voicing[b], all_talking[b], all_rumouring[b]
        voiced[b] += pushed[1] - pushed[0]
        believing[b] += pushed[5] - pushed[4]
        for which in range(6):
            those, last = pushes[which], pushed[which]
            counter = voicing if which < 2 else talking if which < 4 else rumouring
            change, weighs = np.int32(2 * (which & 1) - 1), which < 2
            n, e, stop, many = np.int64(0), np.int64(0), np.int64(0), np.int64(1)
            while many > 0:
                many, n, e, stop = lay(indptr, neighbor, weight, those, n, last, e, stop, even, ties, weights)
                for k in range(np.uintp(many if counter.shape[0] > NEAR else 0)):
                    prefetch(counter, np.uintp(ties[k]))
                for k in range(np.uintp(many)):
                    counter[np.uintp(ties[k])] += change * np.int32(weights[k])
                for k in range(np.uintp(many if weighs else 0)):
                    hot[np.uintp(ties[k])] = 1
            pushed[which] = 0


@inner
def tell(households, counter, groups, those, first, last, change, even, ties, weights):  # type: ignore[no-untyped-def]
    """Add change (-1 or 1) times tie weight to the counter of the neighbours of those[first:last], and wake them.

    even: all ties weigh 1. ties: int32 (TIES,) scratch, weights: uint8, as long.
    """
    indptr, neighbor, weight = households.indptr, households.neighbor, households.weight
    all_wake = last - first > groups.shape[0]  # more than that are hardly told one by one
    if all_wake:
        groups.fill(np.uint8(ASTIR))
    n, e, stop, many = first, np.int64(0), np.int64(0), np.int64(1)
    while many > 0:
        many, n, e, stop = lay(indptr, neighbor, weight, those, n, last, e, stop, even, ties, weights)
        for k in range(np.uintp(many)):
            counter[np.uintp(ties[k])] += np.int64(change) * (1 if even else np.int64(weights[k]))
        for k in range(np.uintp(0 if all_wake else many)):
            groups[np.uintp(ties[k]) // np.uintp(WIDTH)] = np.uint8(ASTIR)


@inner
def lay(indptr, neighbor, weight, those, n, last, e, stop, even, ties, weights):  # type: ignore[no-untyped-def]
    """Lay ties side by side, as many as there is room for: e ... stop - 1, and then the rows of those[n:last].

    Returns how many, and n, e and stop to go on with. even: all ties weigh 1, and weights are left as they are.
    """
    whole, many = neighbor.shape[0] - SIXTEEN, np.int64(0)
    # Whole sixteens at a time: where a row ends cannot be foreseen.
    while many <= ties.shape[0] - SIXTEEN:
        if e >= stop:
            if n == last:
                break
            prefetch(indptr, np.uintp(those[np.uintp(min(n + 2 * FAR_AHEAD, last - 1))]))
            ahead = indptr[np.uintp(those[np.uintp(min(n + FAR_AHEAD, last - 1))])]
            prefetch(neighbor, ahead)
            prefetch(neighbor, ahead + SIXTEEN - 1)  # sixteen seldom lie in one line
            i = np.uintp(those[np.uintp(n)])
            e, stop = indptr[i], indptr[i + np.uintp(1)]
            n += 1
            if e == stop:
                continue
        few = min(stop - e, SIXTEEN)
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
    return many, n, e, stop
