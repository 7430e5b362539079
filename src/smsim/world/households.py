"""Who lives in the area: wealth, language, hesitancy, media, memberships, distance; what each asks of a behaviour."""

from __future__ import annotations

import numpy as np
from numba import njit

from smsim.engine.arrays import ADOPTED, AWARE, UNAWARE, Array
from smsim.engine.draws import exp, fill_uniforms
from smsim.world import samplers as on
from smsim.world.samplers import beta_share, fill_normals, normal

# A cell is one combination of these, the last axis running fastest.
CELL_AXES = (
    ("wealth", ("poorest", "poorer", "middle", "richer", "richest")),
    ("head", ("male", "female")),
    ("language", ("majority", "minority")),
    ("hesitancy", ("not hesitant", "hesitant")),
    ("distance", ("near", "remote")),
)
CELLS = 80
REMOTE_KM = 5.0  # Tegegne 2018: facility delivery differs most within and beyond 5 km
MEMBERSHIP_SHARES = (0.9, 0.8, 0.35, 0.25)  # religious, traditional, women's, youth groups; assumed
MIN_KM, MAX_KM = 0.1, 40.0


@njit(nogil=True, cache=True)
def settle_people(  # type: ignore[no-untyped-def]
    seed, start, ids, wealth, female, minority, hesitant, child, fear, membership, distance_km, female_share,
    minority_share, minority_icc, hesitant_share, hesitancy_icc, child_share, median_km,
):  # fmt: skip
    """Fill the traits that need no ranking, community by community; wealth is a standard normal score."""
    spare = np.empty(np.max(np.diff(start)))
    u = np.empty(spare.shape[0])
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        place = normal(seed, on.WEALTH_PLACE, 0, c)
        minority_here = beta_share(seed, on.MINORITY_PLACE, c, minority_share, minority_icc)
        hesitant_here = beta_share(seed, on.HESITANCY_PLACE, c, hesitant_share, hesitancy_icc)
        # z = sqrt(.3) z_c + sqrt(.7) e_i
        fill_normals(seed, on.WEALTH_HOME, ids, first, stop, spare, u)
        for i in range(first, stop):
            wealth[i] = 0.5477225575051661 * place + 0.8366600265340756 * u[i - first]
        # d_c = d_med e^(.5 N_c - .3 z_c), d_i = d_c e^(.3 N_i)
        km_here = median_km * exp(0.5 * normal(seed, on.DISTANCE_PLACE, 0, c) - 0.3 * place)
        fill_normals(seed, on.DISTANCE_HOME, ids, first, stop, spare, u)
        for i in range(first, stop):
            distance_km[i] = min(max(km_here * exp(0.3 * u[i - first]), MIN_KM), MAX_KM)
        flag_below(seed, on.FEMALE, ids, first, stop, female_share, 1, u, female)
        flag_below(seed, on.MINORITY_HOME, ids, first, stop, minority_here, 1, u, minority)
        flag_below(seed, on.HESITANCY_HOME, ids, first, stop, hesitant_here, 1, u, hesitant)
        flag_below(seed, on.CHILD, ids, first, stop, child_share, 1, u, child)
        for k in range(4):
            flag_below(seed, on.MEMBERSHIP + (k << 8), ids, first, stop, MEMBERSHIP_SHARES[k], 1 << k, u, membership)
        fill_uniforms(seed, on.FEAR, 0, ids, first, stop, fear[first:stop])


@njit(nogil=True, cache=True)
def flag_below(seed, stream, ids, first, stop, share, bit, u, flags):  # type: ignore[no-untyped-def]
    """Set `bit` for a share of the households first ... stop - 1; u is a buffer."""
    fill_uniforms(seed, stream, 0, ids, first, stop, u)
    for i in range(first, stop):
        if u[i - first] < share:
            flags[i] |= bit


@njit(nogil=True, cache=True)
def by_rank(  # type: ignore[no-untyped-def]
    seed, start, ids, rank, membership, media, joiner, media_access, media_gradient, participation, gradient
):
    """Traits that follow wealth rank in (0, 1): media access and joining groups."""
    u = np.empty(np.max(np.diff(start)))
    v = np.empty(u.shape[0])
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        fill_uniforms(seed, on.MEDIA_HOME, 0, ids, first, stop, u)
        fill_uniforms(seed, on.JOINER, 0, ids, first, stop, v)
        for i in range(first, stop):
            # acc ~ B(logistic(.4 + 4 (r - .5)))
            odds = media_access + media_gradient * (rank[i] - 0.5)
            if u[i - first] < 1.0 / (1.0 + exp(-odds)):
                media[i] = 1
            # u < clip(pi (1 + kappa (1 - 2 m)) (1.3 if women's or youth member else .7), 0, 1), m = 1 - r
            chance = participation * (1.0 + gradient * (2.0 * rank[i] - 1.0)) * (1.3 if membership[i] & 12 else 0.7)
            if v[i - first] < chance:
                joiner[i] = 1


@njit(nogil=True, cache=True)
def wealth_rank(score):  # type: ignore[no-untyped-def]
    """Rank of each household's wealth score over the area, float64 (N,) in (0, 1); ties by household.

    A counting sort into as many slices of the range as there are households, and an insertion sort inside each:
    scores are normal, so that a slice holds a handful.
    """
    n = score.shape[0]
    low, high = score.min(), score.max()
    scale = (n - 1) / (high - low) if high > low else 0.0
    stop = np.zeros(n + 1, np.int64)
    for i in range(n):
        stop[int((score[i] - low) * scale) + 1] += 1
    for k in range(n):
        stop[k + 1] += stop[k]
    order = np.empty(n, np.int64)
    for i in range(n):
        k = int((score[i] - low) * scale)
        order[stop[k]] = i
        stop[k] += 1
    for x in range(1, n):
        i = order[x]
        y = x
        while y > 0 and score[order[y - 1]] > score[i]:
            order[y] = order[y - 1]
            y -= 1
        order[y] = i
    rank = np.empty(n)
    for x in range(n):
        rank[order[x]] = (x + 0.5) / n
    return rank


def cell_of(rank: Array, female: Array, minority: Array, hesitant: Array, distance_km: Array) -> Array:
    """Cell of each household, int32 (N,) in [0, 80): see `CELL_AXES`."""
    fifth = np.minimum((rank * 5).astype(np.int32), 4)
    cell = ((fifth * 2 + female) * 2 + minority) * 2 + hesitant
    return (cell * 2 + (distance_km > REMOTE_KM)).astype(np.int32)


@njit(nogil=True, cache=True)
def fill_behaviour(  # type: ignore[no-untyped-def]
    seed, b, start, ids, hesitant, threshold, stage, mean, sd, icc, hesitancy, aware, aware_icc, adopters
):
    """Thresholds and first stages of behaviour b.

    theta = mu + sigma (sqrt(icc) N_c + sqrt(1 - icc) N_i) + Delta hes: the variance is sigma^2 whatever the icc.
    """
    stride = 64 * b
    between = np.sqrt(icc)
    within = np.sqrt(1.0 - icc)
    spare = np.empty(np.max(np.diff(start)))
    u = np.empty(spare.shape[0])
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        place = normal(seed, on.THRESHOLD_PLACE + stride, 0, c) if icc > 0.0 else 0.0
        aware_here = beta_share(seed, on.AWARE_PLACE + stride, c, aware, aware_icc)
        fill_normals(seed, on.THRESHOLD_HOME + stride, ids, first, stop, spare, u)
        for i in range(first, stop):
            threshold[i] = mean + sd * (between * place + within * u[i - first]) + hesitancy * hesitant[i]
        fill_uniforms(seed, on.AWARE_HOME + stride, 0, ids, first, stop, u)
        for i in range(first, stop):
            stage[i] = AWARE if u[i - first] < aware_here else UNAWARE
        if adopters > 0.0:
            fill_uniforms(seed, on.ADOPTER_HOME + stride, 0, ids, first, stop, u)
            for i in range(first, stop):
                if u[i - first] < adopters:
                    stage[i] = ADOPTED
