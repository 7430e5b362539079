"""Who lives in the area: wealth, language, hesitancy, media, memberships, distance; what each asks of a behaviour."""

from __future__ import annotations

import numpy as np
from numba import njit

from smsim.engine.arrays import ADOPTED, AWARE, UNAWARE, Array
from smsim.engine.draws import exp, uniform
from smsim.world import samplers as on
from smsim.world.samplers import beta_share, normal

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
    seed, start, wealth, female, minority, hesitant, child, fear, membership, distance_km, female_share, minority_share,
    minority_icc, hesitant_share, hesitancy_icc, child_share, median_km,
):  # fmt: skip
    """Fill the traits that need no ranking, community by community; wealth is a standard normal score."""
    for c in range(start.shape[0] - 1):
        first, stop = start[c], start[c + 1]
        place = normal(seed, on.WEALTH_PLACE, 0, c)
        minority_here = beta_share(seed, on.MINORITY_PLACE, c, minority_share, minority_icc)
        hesitant_here = beta_share(seed, on.HESITANCY_PLACE, c, hesitant_share, hesitancy_icc)
        # d_c = d_med e^(.5 N_c - .3 z_c), d_i = d_c e^(.3 N_i)
        km_here = median_km * exp(0.5 * normal(seed, on.DISTANCE_PLACE, 0, c) - 0.3 * place)
        for i in range(first, stop):
            # z = sqrt(.3) z_c + sqrt(.7) e_i
            wealth[i] = 0.5477225575051661 * place + 0.8366600265340756 * normal(seed, on.WEALTH_HOME, 0, i)
            km = km_here * exp(0.3 * normal(seed, on.DISTANCE_HOME, 0, i))
            distance_km[i] = min(max(km, MIN_KM), MAX_KM)
        flag_below(seed, on.FEMALE, first, stop, female_share, 1, female)
        flag_below(seed, on.MINORITY_HOME, first, stop, minority_here, 1, minority)
        flag_below(seed, on.HESITANCY_HOME, first, stop, hesitant_here, 1, hesitant)
        flag_below(seed, on.CHILD, first, stop, child_share, 1, child)
        for k in range(4):
            flag_below(seed, on.MEMBERSHIP + (k << 8), first, stop, MEMBERSHIP_SHARES[k], 1 << k, membership)
        for i in range(first, stop):
            fear[i] = uniform(seed, on.FEAR, 0, i)


@njit(nogil=True, cache=True)
def flag_below(seed, stream, first, stop, share, bit, flags):  # type: ignore[no-untyped-def]
    """Set `bit` for a share of the households first ... stop - 1."""
    for i in range(first, stop):
        if uniform(seed, stream, 0, i) < share:
            flags[i] |= bit


@njit(nogil=True, cache=True)
def by_rank(seed, rank, membership, media, joiner, media_access, media_gradient, participation, gradient):  # type: ignore[no-untyped-def]
    """Traits that follow wealth rank in (0, 1): media access and joining groups."""
    for i in range(rank.shape[0]):
        # acc ~ B(logistic(.4 + 4 (r - .5)))
        odds = media_access + media_gradient * (rank[i] - 0.5)
        if uniform(seed, on.MEDIA_HOME, 0, i) < 1.0 / (1.0 + exp(-odds)):
            media[i] = 1
        # joiner: u < clip(pi (1 + kappa (1 - 2 m)) (1.3 if women's or youth member else .7), 0, 1), m = 1 - r
        chance = participation * (1.0 + gradient * (2.0 * rank[i] - 1.0)) * (1.3 if membership[i] & 12 else 0.7)
        if uniform(seed, on.JOINER, 0, i) < chance:
            joiner[i] = 1


def wealth_rank(score: Array) -> Array:
    """Rank of each household's wealth score over the area, float64 (N,) in (0, 1)."""
    rank = np.empty(len(score))
    rank[np.argsort(score, kind="stable")] = (np.arange(len(score)) + 0.5) / len(score)
    return rank


def cell_of(rank: Array, female: Array, minority: Array, hesitant: Array, distance_km: Array) -> Array:
    """Cell of each household, int32 (N,) in [0, 80): see `CELL_AXES`."""
    fifth = np.minimum((rank * 5).astype(np.int32), 4)
    cell = ((fifth * 2 + female) * 2 + minority) * 2 + hesitant
    return (cell * 2 + (distance_km > REMOTE_KM)).astype(np.int32)


@njit(nogil=True, cache=True)
def fill_behaviour(seed, b, start, hesitant, threshold, stage, mean, sd, icc, hesitancy, aware, aware_icc, adopters):  # type: ignore[no-untyped-def]
    """Thresholds and first stages of behaviour b.

    theta = mu + sigma (sqrt(icc) N_c + sqrt(1 - icc) N_i) + Delta hes: the variance is sigma^2 whatever the icc.
    """
    stride = 64 * b
    between = np.sqrt(icc)
    within = np.sqrt(1.0 - icc)
    for c in range(start.shape[0] - 1):
        place = normal(seed, on.THRESHOLD_PLACE + stride, 0, c) if icc > 0.0 else 0.0
        aware_here = beta_share(seed, on.AWARE_PLACE + stride, c, aware, aware_icc)
        for i in range(start[c], start[c + 1]):
            own = normal(seed, on.THRESHOLD_HOME + stride, 0, i)
            threshold[i] = mean + sd * (between * place + within * own) + hesitancy * hesitant[i]
            stage[i] = AWARE if uniform(seed, on.AWARE_HOME + stride, 0, i) < aware_here else UNAWARE
            if adopters > 0.0 and uniform(seed, on.ADOPTER_HOME + stride, 0, i) < adopters:
                stage[i] = ADOPTED
