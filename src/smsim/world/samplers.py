"""Keyed variates that the world is made of, on the engine's draws and its own logarithm; and sorting by them.

Python calls those that fill a whole array, and NumPy does the rest: what is not compiled needs no time to compile.
Identities are read-only everywhere: to Numba a writable array is another type, for which it would compile again.
"""

from __future__ import annotations

import math

import numpy as np

from smsim.engine import inlined, inner, kernel
from smsim.engine.arrays import BLOCK, Array
from smsim.engine.draws import eights, exp, fill_uniforms, fill_words, log, uniform, word_of

# Streams of a world; those below 1000 belong to runs. One stream has room for two words per attempt.
(
    WEALTH_PLACE,
    WEALTH_HOME,
    FEMALE,
    MINORITY_PLACE,
    MINORITY_HOME,
    HESITANCY_PLACE,
    HESITANCY_HOME,
    MEDIA_HOME,
    CHILD,
    FEAR,
    JOINER,
    MEMBERSHIP,
    DISTANCE_PLACE,
    DISTANCE_HOME,
    OPPOSED,
    TREATED,
    TIE_ORDER,
    TIE_KIN,
    TIE_RING,
    TIE_PATH,
    TIE_KEEP,
    TIE_CROSS,
    TIE_SCHOOL,
    TIE_MARKET,
    SIDE_BY_SIDE,
    SIDE_BY_SIDE_FIRST,
) = range(1000, 1026)
# Streams that differ by behaviour b: stream + 64 b.
THRESHOLD_PLACE, THRESHOLD_HOME, AWARE_PLACE, AWARE_HOME, ADOPTER_HOME = range(2000, 2005)
# Not plain int: for each of those that is an argument Numba would compile anew.
_FIRST, _SECOND, _THIRD = map(np.int64, range(3))
_GAMMA_NORMAL, _SECOND_GAMMA = 10_000, 20_000  # offsets of the streams inside one Beta variate


def identities(n: int) -> Array:
    """The identities 0 ... n - 1, uint32 (n,), read-only."""
    ids = np.arange(n, dtype=np.uint32)
    ids.setflags(write=False)
    return ids


def uniforms(seed: np.uint64, stream: int, ids: Array, n: int = 0) -> Array:
    """Draw n of each identity, uniform in (0, 1), float64 (len(ids),)."""
    out = np.empty(len(ids))
    fill_uniforms(seed, stream, n, ids, 0, len(ids), out)
    return out


def normals(seed: np.uint64, stream: int, ids: Array) -> Array:
    """One standard normal variate of each identity, float64 (len(ids),)."""
    out = np.empty(len(ids))
    fill_normals(seed, stream, ids, out)
    return out


def beta_shares(seed: np.uint64, stream: int, places: Array, mean: float, icc: float) -> Array:
    """Each place's share, float64 (C,): Beta with this mean and intraclass correlation, a + b = (1 - icc) / icc."""
    out = np.full(len(places), float(mean))
    if icc > 0.0 and 0.0 < mean < 1.0:
        total = (1.0 - icc) / icc
        fill_betas(seed, stream, places, mean * total, (1.0 - mean) * total, out)
    return out


def exp_of(x: Array) -> Array:
    """Exponentials of an array that is overwritten, float64."""
    exp_all(x)
    return x


def sort_within(start: Array, key: Array) -> Array:
    """Households of each group, from the lowest key to the highest, equal ones as they stood, int32 (N,).

    start: int64 (groups + 1,), first household of each group and the total.
    """
    order = np.empty(len(key), np.int32)
    fill_order(start, key, np.empty(np.diff(start).max() + 1, np.int32), order)
    return order


@inner
def normal(seed, stream, n, identity):  # type: ignore[no-untyped-def]
    """One standard normal variate, by Marsaglia's polar method: only a logarithm and a root are needed."""
    attempt = 0
    while True:
        x = 2.0 * uniform(seed, stream, n + 2 * attempt, identity) - 1.0
        y = 2.0 * uniform(seed, stream, n + 2 * attempt + 1, identity) - 1.0
        s = x * x + y * y
        if 0.0 < s < 1.0:
            return x * math.sqrt(-2.0 * log(s) / s)
        attempt += 1


@inlined
def polar(a, b):  # type: ignore[no-untyped-def]
    """What two words make of `normal`, and the s that tells whether it counts: between 0 and 1."""
    x = 2.0 * ((float(a) + 0.5) * 2.0**-32) - 1.0
    y = 2.0 * ((float(b) + 0.5) * 2.0**-32) - 1.0
    s = x * x + y * y
    some = s if 0.0 < s < 1.0 else 0.5
    return x * math.sqrt(-2.0 * log(some) / some), s


@kernel
def fill_normals(seed, stream, ids, out):  # type: ignore[no-untyped-def]
    """One standard normal variate of each identity into out, each equal to `normal`, and computed side by side.

    One in five has drawn a point outside the circle; those of a block are gathered and try again.
    """
    one, other = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    value, square, again = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK, np.int64)
    identity, stream64 = np.zeros(BLOCK, np.uint64), np.uint64(stream)
    low_key, high_key = np.uint64(seed) & np.uint64(0xFFFFFFFF), np.uint64(seed) >> np.uint64(32)
    for low in range(0, ids.shape[0], BLOCK):
        high = min(low + BLOCK, ids.shape[0])
        fill_words(seed, stream, _FIRST, ids, low, high, one)
        fill_words(seed, stream, _SECOND, ids, low, high, other)
        for k in range(high - low):
            value[k], square[k] = polar(np.uint64(one[k]), np.uint64(other[k]))
        left, n = np.int64(0), np.uint64(_THIRD)
        for k in range(high - low):
            out[low + k] = value[k]
            again[left] = low + k
            left += not 0.0 < square[k] < 1.0
        while left > 0:
            for k in range(left):
                identity[k] = ids[again[k]]
            for k in range(eights(left, identity.shape[0])):
                a = word_of(identity[k], n, stream64, low_key, high_key)
                b = word_of(identity[k], n + np.uint64(1), stream64, low_key, high_key)
                value[k], square[k] = polar(a, b)
            tried, left, n = left, np.int64(0), n + np.uint64(2)
            for k in range(tried):
                i = again[k]
                out[i] = value[k]
                again[left] = i
                left += not 0.0 < square[k] < 1.0


@inner
def log_gamma(seed, stream, identity, shape):  # type: ignore[no-untyped-def]
    """Logarithm of one Gamma(shape, 1) variate, shape > 0 (Marsaglia & Tsang 2000, doi:10.1145/358407.358414).

    The logarithm, because at small shapes most variates are too small for a float.
    """
    boost = 0.0
    if shape < 1.0:
        # Gamma(a) = Gamma(a + 1) U^(1 / a)
        boost = log(uniform(seed, stream, _FIRST, identity)) / shape
        shape = shape + 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = np.int64(1)
    while True:
        x = normal(seed, stream + _GAMMA_NORMAL, 64 * attempt, identity)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if log(uniform(seed, stream, attempt, identity)) < 0.5 * x * x + d - d * v + d * log(v):
                return boost + log(d * v)
        attempt += 1


@kernel
def fill_betas(seed, stream, ids, a, b, out):  # type: ignore[no-untyped-def]
    """Beta(a, b) variates of these identities into out: of two gamma variates, the share of the first."""
    for i in range(ids.shape[0]):
        first = log_gamma(seed, stream, ids[i], a)
        second = log_gamma(seed, stream + _SECOND_GAMMA, ids[i], b)
        out[i] = 1.0 / (1.0 + exp(second - first))


@kernel
def exp_all(x):  # type: ignore[no-untyped-def]
    """The exponential of every entry, in its place."""
    for i in range(x.shape[0]):
        x[i] = exp(x[i])


@kernel
def fill_order(start, key, stop, order):  # type: ignore[no-untyped-def]
    """Sort each group by key into order: see `sort_within`. stop: a buffer, one longer than the largest group.

    A counting sort into as many slices of the range of keys as the group has households, and an insertion sort over
    the whole: keys are spread so that a slice holds a handful.
    """
    for g in range(start.shape[0] - 1):
        first = start[g]
        n = start[g + 1] - first
        low = high = key[first]
        for i in range(first, first + n):
            low = min(low, key[i])
            high = max(high, key[i])
        scale = (n - 1) / (high - low) if high > low else 0.0
        for k in range(n + 1):
            stop[k] = 0
        for i in range(first, first + n):
            stop[int((key[i] - low) * scale) + 1] += 1
        for k in range(n):
            stop[k + 1] += stop[k]
        for i in range(first, first + n):
            k = int((key[i] - low) * scale)
            order[first + stop[k]] = i
            stop[k] += 1
        for x in range(first + 1, first + n):
            i = order[x]
            y = x
            while y > first and key[order[y - 1]] > key[i]:
                order[y] = order[y - 1]
                y -= 1
            order[y] = i
