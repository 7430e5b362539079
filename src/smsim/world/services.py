"""Places: which communities share a facility and an authority, where leaders oppose, and who gets the campaign."""

from __future__ import annotations

import numpy as np

from smsim.engine.arrays import Array, Places
from smsim.world import samplers as on
from smsim.world.households import CELLS
from smsim.world.samplers import identities, uniforms


def community_starts(households: int, per_community: int) -> Array:
    """First household of each community and the total, int64 (C + 1,); sizes differ by one at most."""
    communities = max(1, round(households / per_community))
    small, larger = divmod(households, communities)
    sizes = np.full(communities, small, np.int64)
    sizes[:larger] += 1
    return np.concatenate([[0], np.cumsum(sizes)])


def lay_out(
    start: Array, joiner: Array, seed: np.uint64, per_facility: int, per_district: int, opposed: float, response: float
) -> Places:
    """The places of an area whose communities start at `start`, each with the campaign.

    opposed: share of communities whose leaders oppose; response: what leader sessions achieve there.
    """
    communities = len(start) - 1
    sizes = np.diff(start).astype(np.float64)
    number = np.arange(communities)
    facility = (number // per_facility).astype(np.int32)
    district = (number // per_district).astype(np.int32)
    return Places(
        community_start=start,
        facility=facility,
        district=district,
        leader_response=np.where(uniforms(seed, on.OPPOSED, identities(communities)) < opposed, response, 1.0),
        treated=np.ones(communities, np.uint8),
        joiners=np.maximum(np.add.reduceat(joiner, start[:-1], dtype=np.float64), 1.0),
        facility_households=np.bincount(facility, sizes),
        district_households=np.bincount(district, sizes),
        district_communities=np.bincount(district).astype(np.float64),
        cells=CELLS,
    )


def treated_communities(communities: int, share: float, seed: np.uint64) -> Array:
    """Which communities get the campaign, uint8 (C,): exactly the share, rounded, by a lottery that nests."""
    treated = np.zeros(communities, np.uint8)
    lottery = np.argsort(uniforms(seed, on.TREATED, identities(communities)), kind="stable")
    treated[lottery[: round(share * communities)]] = 1
    return treated
