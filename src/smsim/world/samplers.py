"""Keyed variates that the world is made of, on the engine's draws and its own logarithm."""

from __future__ import annotations

import math

from numba import njit

from smsim.engine.draws import exp, fill_uniforms, log, uniform

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
) = range(1000, 1022)
# Streams that differ by behaviour b: stream + 64 b.
THRESHOLD_PLACE, THRESHOLD_HOME, AWARE_PLACE, AWARE_HOME, ADOPTER_HOME = range(2000, 2005)
_GAMMA_NORMAL, _SECOND_GAMMA = 10_000, 20_000  # offsets of the streams inside one Beta variate


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def fill_normals(seed, stream, identities, start, stop, y, out):  # type: ignore[no-untyped-def]
    """Normals of the households start ... stop - 1 into out[0 ...], each equal to `normal` of its identity.

    y: a buffer as long as `out`. Neighbours share Philox blocks, as in `fill_uniforms`.
    """
    fill_uniforms(seed, stream, 0, identities, start, stop, out)
    fill_uniforms(seed, stream, 1, identities, start, stop, y)
    for i in range(stop - start):
        v = 2.0 * out[i] - 1.0
        w = 2.0 * y[i] - 1.0
        s = v * v + w * w
        out[i] = v * math.sqrt(-2.0 * log(s) / s) if 0.0 < s < 1.0 else normal(seed, stream, 2, identities[start + i])


@njit(nogil=True, cache=True)
def log_gamma(seed, stream, identity, shape):  # type: ignore[no-untyped-def]
    """Logarithm of one Gamma(shape, 1) variate, shape > 0 (Marsaglia & Tsang 2000, doi:10.1145/358407.358414).

    The logarithm, because at small shapes most variates are too small for a float.
    """
    boost = 0.0
    if shape < 1.0:
        # Gamma(a) = Gamma(a + 1) U^(1 / a)
        boost = log(uniform(seed, stream, 0, identity)) / shape
        shape = shape + 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = 1
    while True:
        x = normal(seed, stream + _GAMMA_NORMAL, 64 * attempt, identity)
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if log(uniform(seed, stream, attempt, identity)) < 0.5 * x * x + d - d * v + d * log(v):
                return boost + log(d * v)
        attempt += 1


@njit(nogil=True, cache=True)
def beta_share(seed, stream, identity, mean, icc):  # type: ignore[no-untyped-def]
    """A community's share: Beta with this mean and intraclass correlation, a + b = (1 - icc) / icc."""
    if icc <= 0.0 or mean <= 0.0 or mean >= 1.0:
        return mean
    total = (1.0 - icc) / icc
    a = log_gamma(seed, stream, identity, mean * total)
    b = log_gamma(seed, stream + _SECOND_GAMMA, identity, (1.0 - mean) * total)
    # of two gamma variates, the share of the first
    return 1.0 / (1.0 + exp(b - a))
