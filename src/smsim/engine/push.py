"""What a household shows reaches its neighbours' counters; nothing ever scans the ties."""

from __future__ import annotations

import numpy as np

from smsim.engine import inner


@inner
def push(indptr, neighbor, weight, counter, hot, i, change, news):  # type: ignore[no-untyped-def]
    """Add change (-1 or 1) times tie weight to the counter of household i's neighbours, and leave them a bit of news.

    Integer counters make the order of pushes irrelevant. counter: int32 (N,), hot: uint8 (N,).
    """
    for e in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
        j = neighbor[e]
        counter[j] += change * np.int32(weight[e])
        hot[j] |= news
