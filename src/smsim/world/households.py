"""Who lives in the area: wealth, language, hesitancy, media, memberships, distance; what each asks of a behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from smsim.engine.arrays import ADOPTED, AWARE, UNAWARE, Array
from smsim.world import samplers as on
from smsim.world.samplers import beta_shares, exp_of, normals, sort_within, uniforms

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
# Who follows which leader, by bit of `membership`: parameters of the section `world`.
FOLLOWINGS = ("religious_following", "traditional_following", "womens_following", "youth_following")
MIN_KM, MAX_KM = 0.1, 40.0


def settle_people(seed: np.uint64, ids: Array, community: Array, world: Mapping[str, Any]) -> dict[str, Array]:
    """Traits of the households, by name: the fields of `Households` of that name, and `wealth_rank`.

    ids: uint32 (N,) and community: int32 (N,), both read-only; world: the section of a scenario.
    """
    places = ids[: community[-1] + 1]

    def below(stream: int, share: Any) -> Array:
        """A flag for a share of the households, uint8 (N,)."""
        flag: Array = uniforms(seed, stream, ids) < share
        return flag.view(np.uint8)

    def clustered(place: int, home: int, share: float, icc: float) -> Array:
        shares = beta_shares(seed, place, places, share, icc)
        return below(home, side_by_side(seed, place, places, shares, world["place_clustering"])[community])

    place = normals(seed, on.WEALTH_PLACE, places)
    # z = sqrt(.3) z_c + sqrt(.7) e_i
    rank = wealth_rank(0.5477225575051661 * place[community] + 0.8366600265340756 * normals(seed, on.WEALTH_HOME, ids))
    # d_c = d_med e^(.5 N_c - .3 z_c), d_i = d_c e^(.3 N_i)
    km_here = world["median_distance_km"] * exp_of(0.5 * normals(seed, on.DISTANCE_PLACE, places) - 0.3 * place)
    km = km_here[community] * exp_of(0.3 * normals(seed, on.DISTANCE_HOME, ids))
    membership = np.zeros(len(ids), np.uint8)
    for k, following in enumerate(FOLLOWINGS):
        membership |= below(on.MEMBERSHIP + (k << 8), world[following]) << k
    # acc ~ B(logistic(.4 + 4 (r - .5)))
    odds = world["media_access_log_odds"] + world["media_wealth_gradient"] * (rank - 0.5)
    # u < clip(pi (1 + kappa (1 - 2 m)) (1.3 if women's or youth member else .7), 0, 1), m = 1 - r
    by_wealth = world["participation"] * (1.0 + world["participation_gradient"] * (2.0 * rank - 1.0))
    return {
        "minority": clustered(on.MINORITY_PLACE, on.MINORITY_HOME, world["minority_share"], world["minority_icc"]),
        "hesitant": clustered(on.HESITANCY_PLACE, on.HESITANCY_HOME, world["hesitant_share"], world["hesitancy_icc"]),
        "female": below(on.FEMALE, world["female_headed_share"]),
        "child": below(on.CHILD, world["child_share"]),
        "media": below(on.MEDIA_HOME, 1.0 / (1.0 + exp_of(-odds))),
        "joiner": below(on.JOINER, by_wealth * np.where(membership & 12, 1.3, 0.7)),
        "membership": membership,
        "distance_km": np.clip(km, MIN_KM, MAX_KM),
        "fear": uniforms(seed, on.FEAR, ids),
        "wealth_rank": rank,
    }


def side_by_side(seed: np.uint64, stream: int, places: Array, shares: Array, clustering: float) -> Array:
    """The shares of the communities, moved so that like ones lie together (clustering 1) or as they were drawn (0).

    Sorted by c rank + (1 - c) C U, from a community of the area that differs by seed and stream.
    """
    if clustering == 0.0:
        return shares
    n = len(shares)
    rank = np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    noise = uniforms(seed, on.SIDE_BY_SIDE, places, stream)
    order = np.argsort(clustering * rank + (1.0 - clustering) * n * noise, kind="stable")
    first = int(n * uniforms(seed, on.SIDE_BY_SIDE_FIRST, places[:1], stream)[0])
    return shares[np.roll(order, first)]


def wealth_rank(score: Array) -> Array:
    """Rank of each household's wealth score over the area, float64 (N,) in (0, 1); ties by household."""
    n = len(score)
    rank = np.empty(n)
    rank[sort_within(np.array([0, n]), score)] = (np.arange(n) + 0.5) / n
    return rank


def cell_of(rank: Array, female: Array, minority: Array, hesitant: Array, distance_km: Array) -> Array:
    """Cell of each household, uint8 (N,) in [0, 80): see `CELL_AXES`."""
    cell = np.minimum((rank * 5).astype(np.uint8), 4)
    for half in (female, minority, hesitant, distance_km > REMOTE_KM):
        cell = cell * np.uint8(2) + half
    return cell


def at_the_start(
    seed: np.uint64, b: int, ids: Array, community: Array, hesitant: Array, behaviour: Mapping[str, Any]
) -> tuple[Array, Array]:
    """Threshold, float64 (N,), and first stage, uint8 (N,), of each household for behaviour b.

    theta = mu + sigma (sqrt(icc) N_c + sqrt(1 - icc) N_i) + Delta hes: the variance is sigma^2 whatever the icc.
    """
    places = ids[: community[-1] + 1]
    stride = 64 * b
    icc = behaviour["threshold_icc"]
    own = np.sqrt(1.0 - icc) * normals(seed, on.THRESHOLD_HOME + stride, ids)
    if icc > 0.0:
        own += (np.sqrt(icc) * normals(seed, on.THRESHOLD_PLACE + stride, places))[community]
    threshold = behaviour["threshold_mean"] + behaviour["threshold_sd"] * own + behaviour["hesitancy"] * hesitant
    aware = beta_shares(seed, on.AWARE_PLACE + stride, places, behaviour["aware_share"], behaviour["aware_icc"])
    hears = uniforms(seed, on.AWARE_HOME + stride, ids) < aware[community]
    stage = np.where(hears, np.uint8(AWARE), np.uint8(UNAWARE))
    if behaviour["initial_adopters"] > 0.0:
        stage[uniforms(seed, on.ADOPTER_HOME + stride, ids) < behaviour["initial_adopters"]] = ADOPTED
    return threshold, stage
