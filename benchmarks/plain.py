"""The three textbook contagions as scenarios of the shipped engine, all other mechanisms at rest.

Susceptible-infected: an unaware household hears from each neighbour who has adopted with the weekly hazard beta, and
whoever has heard adopts in the same week: nobody needs support (threshold -10), decisions wait for nothing, the
service is at home and ample, and nobody turns from adopted to maintained. No turnover, no rumour, no taboo, no
campaign, no burn-in.

Independent cascade: the same, but nobody who hears adopts (threshold 10). Whoever has heard talks for one week, with
the hazard of a voice, and the first adopters lapse at the end of week 0: everyone passes it on exactly once, with
chance 1 - exp(-beta) per tie.

Linear threshold: everybody is aware, and adopts when the share of neighbours who have adopted reaches its threshold,
uniform in (0, 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.graph import BETA, WEEKS, Graph
from smsim import Scenario, simulate
from smsim.engine.arrays import ADOPTED, AWARE, UNAWARE
from smsim.engine.draws import fill_uniforms
from smsim.results import Run
from smsim.world import World, world_from_ties

THRESHOLDS = 4000  # a stream that neither worlds nor runs draw from
AT_REST = {
    "aware_share": 0,
    "silent_information": 0,
    "talk_weeks": 0,
    "threshold_mean": -10,
    "threshold_sd": 0,
    "hesitancy": 0,
    "decision_rate": 1,
    "rumour_passing": 0,
    "rumour_arrival": 0,
    "rumour_initial": 0,
    "place": "home",
    "service_capacity": 10,
    "kind": "permanent",
    "maturation_rate": 0,
}


def susceptible_infected(weeks: int = WEEKS, beta: float = BETA, campaign: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of plain contagion; `campaign` adds to its sections."""
    return _scenario({"peer_information": beta}, weeks, campaign)


def independent_cascade(weeks: int, chance: float) -> Scenario:
    """The scenario of a one-shot cascade in which each tie passes it on with this chance."""
    passing = {"peer_information": -float(np.log1p(-chance)), "silent_information": 1, "talk_weeks": 1}
    once = {"kind": "repeated", "lapse_rate": 1, "threshold_mean": 10}
    return _scenario(passing | once, weeks)


def linear_threshold(weeks: int) -> Scenario:
    """The scenario of threshold contagion; the thresholds themselves are set by `thresholds`."""
    return _scenario({"peer_information": 0, "aware_share": 1, "norm_weight": 1}, weeks)


def _scenario(behaviour: Mapping[str, Any], weeks: int, more: Mapping[str, Any] | None = None) -> Scenario:
    mapping: dict[str, Any] = {
        "about": {"title": "Plain contagion", "what": "a benchmark"},
        "illustrative": "a benchmark, no place",
        "world": {"households": 4000, "turnover": 0},
        "behaviours": {"behaviour": AT_REST | dict(behaviour)},
        "campaign": {"weeks": weeks, "budget_per_household": 0},
        "run": {"burn_in_weeks": 0, "follow_up_weeks": 0},
    }
    for section, values in (more or {}).items():
        mapping[section] = {**mapping.get(section, {}), **values}
    return Scenario.from_mapping(mapping, "plain")


def world_of(scenario: Scenario, graph: Graph, seed: int = 1) -> World:
    """The world of a graph, all in one community, its first adopters as given."""
    weight = np.ones(len(graph.neighbor), np.uint8)
    world = world_from_ties(scenario, graph.indptr, graph.neighbor, weight, seed)
    aware = scenario.behaviours["behaviour"]["aware_share"] == 1
    stage = np.full((1, graph.households), AWARE if aware else UNAWARE, np.uint8)
    stage[0, graph.first] = ADOPTED
    return world.replace(initial_stage=stage)


def thresholds(world: World, seed: int) -> World:
    """The same world with fresh thresholds, uniform in (0, 1)."""
    ids = world.households.draw_id
    drawn = np.empty((1, len(ids)))
    fill_uniforms(np.uint64(seed), THRESHOLDS, 0, ids, 0, len(ids), drawn[0])
    return world.replace(threshold=drawn)


def adopters(run: Run) -> int:
    """Households that have adopted in the last week."""
    return int(run.record.community[-1, 0].sum())


def ever_reached(run: Run) -> int:
    """Households that a cascade has reached: all but the unaware."""
    return int(run.record.stage[-1, 0, :, 1:].sum())


def run_of(scenario: Scenario, world: World, seed: int) -> Run:
    """One run without a campaign."""
    return simulate(scenario, "none", seed, world)
