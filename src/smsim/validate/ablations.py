"""Ablations: each mechanism switched off, in the same worlds with the same luck; what moves, and by how much.

This is a report, not a test of truth: it fails only where switching a mechanism off changes nothing at all, anywhere.
What never moves coverage by a point in any context is said to be inert there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.stats import qmc

from smsim.outcomes import ALL, outcomes_of
from smsim.paired import paired_difference
from smsim.parameters import PARAMETERS
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.validate.check import Finding, judged, study

DEAR = 1e6  # the price of what is not to be had: the money is gone all the same
SMALL = 0.01  # of coverage: one point

# Mechanism: what switches it off, by section.
MECHANISMS: dict[str, dict[str, dict[str, Any]]] = {
    "peers (neighbours neither persuade nor inform)": {"behaviour": {"norm_weight": 0.0, "peer_information": 0.0}},
    "home visits": {"activities": {"visit_cost": DEAR}},
    "group dialogues": {"activities": {"dialogue_cost": DEAR}},
    "media": {"activities": {"media_cost": DEAR}},
    "leader sessions": {"activities": {"leader_cost": DEAR}},
    "collective action": {"activities": {"action_cost": DEAR}},
    "bought service slots": {"activities": {"service_cost": DEAR}},
    "voice (no taboo: all supporters show it)": {"behaviour": {"taboo": 0.0}},
    "speaking out (taboo 1: the fearful keep silent)": {"behaviour": {"taboo": 1.0}},
    "monitoring feedback": {"campaign": {"feedback": 0.0}},
    "needs assessment (its money goes to the field)": {"campaign": {"needs_quality": 0.0}},
    "rumour": {"behaviour": {"rumour_passing": 0.0, "rumour_arrival": 0.0, "rumour_initial": 0.0}},
    "ownership": {"world": {"ownership_gain": 0.0}},
    "authorities": {"world": {"responsiveness": 0.0}},
    "stock-outs": {"world": {"availability": 1.0}},
    "distance": {"world": {"median_distance_km": 0.1}},
    "turning away (clients do not give up)": {"behaviour": {"give_up": 0.0}},
    "lapse": {"behaviour": {"lapse_rate": 0.0}},
    "turnover": {"world": {"turnover": 0.0}},
}
READ = ("coverage_end", "coverage_follow_up", "gap_wealth_end", "voiced_end", "believing_end", "unmet_demand",
        "ownership_end", "response_end", "reach")  # fmt: skip
WORDS = {"coverage_end": "coverage at the end", "coverage_follow_up": "a year later"}


def without(scenario: Scenario, changes: Mapping[str, dict[str, Any]]) -> Scenario:
    """The scenario with a mechanism switched off."""
    sections: dict[str, Any] = {section: values for section, values in changes.items() if section != "behaviour"}
    if "behaviour" in changes:
        sections["behaviours"] = dict.fromkeys(scenario.behaviours, changes["behaviour"])
    return scenario.replace(**sections)


def outcomes(scenario: Scenario, seed: int) -> dict[str, float]:
    """The outcomes that are read, of one hybrid campaign."""
    run = simulate(scenario, "hybrid", seed)
    values = outcomes_of(scenario, run.ledger, run.record)
    return {key.outcome: value for key, value in values.items() if key.group == ALL and key.outcome in READ}


def contexts(count: int, seed: int) -> list[Scenario]:
    """Contexts from the plausible ranges of all swept parameters, by a Latin hypercube; every other without a taboo."""
    swept = [p for p in PARAMETERS.values() if p.sweep and p.section != "run"]
    points = qmc.LatinHypercube(len(swept), rng=np.random.default_rng(seed)).random(count)
    found = []
    for k, point in enumerate(points):
        given: dict[str, Any] = {"world": {}, "behaviour": {}, "activities": {}, "campaign": {}}
        for p, u in zip(swept, point.tolist(), strict=True):
            assert p.sweep is not None
            low, high = p.sweep.low, p.sweep.high
            value = low * (high / low) ** u if p.sweep.scale == "log" else low + (high - low) * u
            given[p.section][p.name] = round(value) if p.sweep.scale == "integer" else value
        given["world"]["households"] = 1000
        given["campaign"] |= {"pretest_cost": 0.0, "assessment_cost": 0.0, "training_cost": 0.0}
        if k % 2:
            given["behaviour"]["taboo"] = 0.0
        found.append(Scenario.from_mapping(given, f"context {k}"))
    return found


@study()
def switched_off() -> Iterator[Finding]:
    """Every mechanism off, in the default context and over contexts from the plausible ranges."""
    default = Scenario.from_mapping({"world": {"households": 2000}, "campaign": {"pretest_cost": 0.0}}, "default")
    worlds, few, many = range(1, 13), range(1, 4), 16
    base = [outcomes(default, seed) for seed in worlds]
    others = [(context, [outcomes(context, seed) for seed in few]) for context in contexts(many, 3)]
    for name, changes in MECHANISMS.items():
        off = [outcomes(without(default, changes), seed) for seed in worlds]
        said, moved, any_effect, most = [], 0.0, False, ("", 0.0)
        for outcome in READ:
            d = paired_difference([x[outcome] for x in off], [x[outcome] for x in base], 0)
            if math.isnan(d.mean):
                continue
            any_effect = any_effect or d.mean != 0
            if outcome in WORDS:
                moved = max(moved, abs(d.mean))
                said.append(f"{WORDS[outcome]} {100 * d.mean:+.1f} ({100 * d.lower:+.1f} to {100 * d.upper:+.1f})")
            elif d.separated and abs(d.mean) > abs(most[1]):
                most = (outcome, d.mean)
        if most[0]:
            said.append(f"most of the rest: {most[0]} {100 * most[1]:+.1f}")
        effects = []
        for context, with_it in others:
            without_it = [outcomes(without(context, changes), seed) for seed in few]
            gaps = [[b[o] - a[o] for o in READ if not math.isnan(b[o] - a[o])]
                    for a, b in zip(with_it, without_it, strict=True)]  # fmt: skip
            any_effect = any_effect or any(any(gap) for gap in gaps)
            effects.append(max((float(np.mean([b[o] - a[o] for a, b in zip(with_it, without_it, strict=True)]))
                                for o in WORDS), key=abs))  # fmt: skip
        size = np.abs(effects)
        yield judged(
            f"off: {name}", "paired worlds, hybrid strategy, points of coverage", "moves something somewhere",
            "default context: " + ", ".join(said),
            f"{many} contexts: {100 * min(effects):+.1f} to {100 * max(effects):+.1f} points of coverage, a point or "
            f"more in {int((size >= SMALL).sum())}", any_effect,
            "" if size.max() >= SMALL or moved >= SMALL else "inert: never a point of coverage in these contexts",
        )  # fmt: skip
