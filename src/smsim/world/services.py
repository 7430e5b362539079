"""Places: which communities share a facility and an authority, where leaders oppose, and who gets the campaign."""

from __future__ import annotations

import numpy as np

from smsim.engine.arrays import Array, Places
from smsim.engine.draws import uniform
from smsim.world import samplers as on
from smsim.world.households import CELLS


def community_starts(households: int, per_community: int) -> Array:
    """First household of each community and the total, int64 (C + 1,); sizes differ by one at most."""
    communities = max(1, round(households / per_community))
    small, larger = divmod(households, communities)
    sizes = np.full(communities, small, np.int64)
    sizes[:larger] += 1
    return np.concatenate([[0], np.cumsum(sizes)])


def lay_out(
    start: Array,
    joiner: Array,
    seed: int,
    per_facility: int,
    per_district: int,
    opposed_share: float,
    opposed_response: float,
    treated_share: float,
) -> Places:
    """The places of an area whose communities start at `start`."""
    communities = len(start) - 1
    sizes = np.diff(start).astype(np.float64)
    number = np.arange(communities)
    facility = (number // per_facility).astype(np.int32)
    district = (number // per_district).astype(np.int32)
    key = np.uint64(seed)
    opposed = np.array([uniform(key, on.OPPOSED, 0, c) < opposed_share for c in number])
    lottery = np.array([uniform(key, on.TREATED, 0, c) for c in number])
    treated = np.zeros(communities, np.uint8)
    treated[np.argsort(lottery, kind="stable")[: round(treated_share * communities)]] = 1
    return Places(
        community_start=start,
        facility=facility,
        district=district,
        leader_response=np.where(opposed, opposed_response, 1.0),
        treated=treated,
        joiners=np.maximum(np.add.reduceat(joiner, start[:-1], dtype=np.float64), 1.0),
        facility_households=np.bincount(facility, sizes),
        district_households=np.bincount(district, sizes),
        district_communities=np.bincount(district).astype(np.float64),
        cells=CELLS,
    )
