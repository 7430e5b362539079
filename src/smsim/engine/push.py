"""What a household shows reaches its neighbours' counters; nothing ever scans the ties."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def push(indptr, neighbor, weight, voicing, talking, rumouring, i, voice, talk, rumour):  # type: ignore[no-untyped-def]
    """Add the change (-1, 0 or 1) of household i's three bits, times tie weight, to its neighbours' counters.

    Integer counters make the order of pushes irrelevant. voicing, talking, rumouring: int32 (N,).
    """
    for e in range(indptr[i], indptr[i + 1]):
        j = neighbor[e]
        w = int(weight[e])
        if voice != 0:
            voicing[j] += voice * w
        if talk != 0:
            talking[j] += talk * w
        if rumour != 0:
            rumouring[j] += rumour * w
