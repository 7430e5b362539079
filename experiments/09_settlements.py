"""What a kind of settlement changes: the same people, campaign and money in a village, a city, scattered, in a camp.

    python experiments/09_settlements.py [--full]

First what the world builder makes of each: ties, who meets whom, how far the clinic is. Then what a campaign does
there, and whose leaders move most. Last, each single feature of the scattered homesteads and of the camp put into the
village, to see which of them it is. Everything is invented; the values of a settlement are in docs/parameters.md.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import points, run, scenario, table
from scipy.sparse import csr_array

from smsim.outcomes import Key, outcomes_of
from smsim.paired import paired_difference
from smsim.parameters import SETTLEMENTS
from smsim.runner import replicate_seed, run_all
from smsim.scenario import Scenario
from smsim.simulate import simulate_all
from smsim.world import World, build_world

SMALL = {"worlds": 10, "households": 4800}
FULL = {"worlds": 60, "households": 4800}
PLANS = ("elders", "mosques", "womens-groups")
END = Key("third-dose", "all", "coverage_end")
# Features that belong together: half of a market without neighbours to meet there would be none.
FEATURES = {
    "small communities": ("households_per_community", "communities_per_facility", "communities_per_district"),
    "large communities": ("households_per_community", "communities_per_facility"),
    "far": ("median_distance_km",),
    "near": ("median_distance_km",),
    "kin": ("kin_households", "rewiring"),
    "market and neighbouring communities": ("cross_community_ties", "market_share"),
    "school": ("school_share",),
    "mixed by origin": ("homophily",),
    "like communities side by side": ("place_clustering",),
    "fewer follow elders": ("traditional_following",),
    "fewer media": ("media_access_log_odds",),
    "people come and go": ("turnover",),
}
SETS = {
    "scattered": ("small communities", "far", "kin", "market and neighbouring communities",
                  "like communities side by side", "fewer media"),
    "camp": ("large communities", "near", "kin", "market and neighbouring communities", "school", "mixed by origin",
             "like communities side by side", "fewer follow elders", "people come and go"),
}  # fmt: skip


def main(worlds: int = 10, households: int = 4800, out: Path | None = None) -> None:
    """Print the three tables."""
    seeds = [replicate_seed(90, r) for r in range(worlds)]
    base = scenario("pastoralists", households)
    places = {kind: settled(base, settlement=kind) for kind in SETTLEMENTS}

    print("## What is built\n")
    found = {kind: np.mean(run_all(partial(statistics, place), seeds), axis=0) for kind, place in places.items()}
    names = (
        ("ties per household", "{:.1f}"), ("two of one's ties are tied to each other", "{:.0%}"),
        ("ties to another community", "{:.0%}"), ("of these, within the catchment of one's clinic", "{:.0%}"),
        ("ties to one's own language", "{:.0%}"), ("likeness of communities side by side (correlation)", "{:.2f}"),
        ("km to the clinic, median", "{:.1f}"), ("follow religious leaders", "{:.0%}"),
        ("follow traditional leaders", "{:.0%}"),
    )  # fmt: skip
    table(("", *places), [(name, *(form.format(v[k]) for v in found.values())) for k, (name, form) in enumerate(names)])

    print("## What the campaign does there\n")
    columns = ("", "before", "no campaign", *PLANS, "gain with elders", "elders less mosques")
    rows = []
    for kind, place in places.items():
        before, none, *ends = np.array(run_all(partial(levels, place, PLANS), seeds)).T
        gain, whose = (paired_difference(ends[0], other, 1) for other in (none, ends[1]))
        rows.append((kind, *(f"{100 * x.mean():.1f}%" for x in (before, none, *ends)), interval(gain), interval(whose)))
    table(columns, rows)

    print("## Which of its features it is\n")
    columns = ("in a village", "before", "gain with elders", "gain less that in a village")
    plain = np.array(run_all(partial(levels, places["village"], ("elders",)), seeds)).T
    rows = [("(as it is)", f"{100 * plain[0].mean():.1f}%", interval(paired_difference(plain[2], plain[1], 1)), "")]
    for kind, features in SETS.items():
        for feature in (*features, "all of them"):
            keys = [k for f in (features if feature == "all of them" else (feature,)) for k in FEATURES[f]]
            place = settled(base, settlement="village", **{k: SETTLEMENTS[kind][k] for k in keys})
            x = np.array(run_all(partial(levels, place, ("elders",)), seeds)).T
            more = paired_difference(x[2] - x[1], plain[2] - plain[1], 1)
            gain = paired_difference(x[2], x[1], 1)
            rows.append((f"{kind}: {feature}", f"{100 * x[0].mean():.1f}%", interval(gain), interval(more)))
    table(columns, rows)


def settled(base: Scenario, **world: Any) -> Scenario:
    """The scenario in another kind of settlement, whose usual values count wherever the file gives none."""
    return base.replace(world=world)


def statistics(place: Scenario, seed: int) -> list[float]:
    """The rows of the first table, of one world."""
    world: World = build_world(place, seed)
    h, n = world.households, len(world.households.draw_id)
    i, j = np.repeat(np.arange(n), np.diff(h.indptr)), h.neighbor
    ties = csr_array((np.ones(len(j)), j, h.indptr), shape=(n, n))
    paths = np.diff(h.indptr) * (np.diff(h.indptr) - 1.0)
    closed = (ties @ ties).multiply(ties).sum()
    across = h.community[i] != h.community[j]
    near = world.places.facility[h.community[i]] == world.places.facility[h.community[j]]
    share = np.bincount(h.community, h.minority) / np.bincount(h.community)
    following = [float(np.mean((h.membership >> bit) & 1)) for bit in (0, 1)]
    return [
        len(j) / n, float(closed / paths.sum()), float(across.mean()), float(near[across].mean()),
        float(np.mean(h.minority[i] == h.minority[j])), float(np.corrcoef(share[1:], share[:-1])[0, 1]),
        float(np.median(h.distance_km)), *following,
    ]  # fmt: skip


def levels(place: Scenario, plans: tuple[str, ...], seed: int) -> list[float]:
    """Coverage before, at the end without a campaign, and at the end of each plan, of one world."""
    runs = simulate_all(place, ("none", *plans), seed)
    found = {name: outcomes_of(place, r.ledger, r.record) for name, r in runs.items()}
    before = found["none"][Key("third-dose", "all", "coverage_baseline")]
    return [float(before), *(float(one[END]) for one in found.values())]


def interval(x: Any) -> str:
    """A paired difference with its 95% interval, in points."""
    return f"{points(x.mean)} ({points(x.lower)} to {points(x.upper)})"


if __name__ == "__main__":
    run(main, __doc__, SMALL, FULL)
