"""A comparison with invented numbers, made in no time: no engine, and differences of known size between strategies."""

from __future__ import annotations

from typing import Any

import numpy as np

from smsim.compare import Comparison, Replicate, assemble
from smsim.outcomes import ALL, GROUPS, OUTCOMES, Key, Weeks
from smsim.scenario import Scenario

STRATEGIES = ("none", "pragmatic", "activist", "hybrid")
# Mean coverage at the end of the campaign and of the follow-up; at the end, pragmatic and hybrid are not told apart.
END = {"none": 0.12, "pragmatic": 0.42, "activist": 0.33, "hybrid": 0.419}
LATER = {"none": 0.13, "pragmatic": 0.36, "activist": 0.37, "hybrid": 0.405}
SPENT = {"visit": 4000, "dialogue": 2000, "leader": 800, "media": 1000, "action": 500, "monitor": 400}
SETUP = {"training": 500, "pretest": 2000, "supervision": 960}
OF_CAMPAIGN = ("reach", "ownership_end", "endorsement_end", "approved_end", "response_end", "unspent", "budget")
BY_GROUP = ("coverage_baseline", "coverage_end", "coverage_follow_up", "refused_end")
SCENARIO: dict[str, Any] = {
    "about": {"title": "Latrines & soap <script>alert(1)</script>", "where": "$x_1$ and <b>$y$</b>", "when": "2026"},
    "evidence": [{"figure": "know <it>", "value": 0.5, "unit": "share", "grade": "measured", "source": "a < b & c"}],
    "targets": [
        {"behaviour": "soap", "strategy": "none", "when": "baseline", "value": 0.1, "tolerance": 0.03, "source": "us"}
    ],
    "world": {"households": 2000, "median_distance_km": 7.5, "homophily": 0.3},
    "behaviours": {"soap": {"kind": "repeated", "taboo": 0.2}, "birth": {"kind": "event"}},
    "campaign": {"weeks": 40},
    "run": {"burn_in_weeks": 20, "follow_up_weeks": 30},
    "sources": {"world.median_distance_km": "our <own> survey"},
    "fitted": [{"path": "behaviours.soap.taboo", "to": "baseline", "by": "hand"}],
}


def made_up(replicates: int = 12, **changes: Any) -> Comparison:
    """A comparison of two behaviours; `changes` replace keys of `SCENARIO`."""
    scenario = Scenario.from_mapping(SCENARIO | changes, "latrines")
    random = np.random.default_rng(1)
    parts = []
    for _ in range(replicates):
        luck = random.normal(0, 0.02)  # of the world, shared by all strategies
        outcomes = {s: _outcomes(scenario, s, luck + random.normal(0, 0.008)) for s in STRATEGIES}
        parts.append(Replicate(outcomes, {s: _series(scenario, s, luck) for s in STRATEGIES}))
    return assemble(scenario, STRATEGIES, 7, parts)


def _outcomes(scenario: Scenario, strategy: str, luck: float) -> dict[Key, float]:
    found: dict[Key, float] = {}
    money = _money(strategy)
    for b, behaviour in enumerate(scenario.behaviours):
        values = (0.1 + luck / 3, END[strategy] + luck, LATER[strategy] + luck, 0.03)
        for g, group in enumerate(GROUPS):
            for name, value in zip(BY_GROUP, values, strict=True):
                found[Key(behaviour, group, name)] = value * (1 - 0.5 * b) * (1 if g == 0 else 0.7 + 0.04 * g)
        for name in OUTCOMES:
            if name not in BY_GROUP and name not in OF_CAMPAIGN and not name.startswith("spent"):
                found[Key(behaviour, ALL, name)] = 0.125
        gain = (END[strategy] - END["none"] + luck) * (1 - 0.5 * b) * 2000
        found[Key(behaviour, ALL, "additional_adopters")] = gain if strategy != "none" else 0.0
        found[Key(behaviour, ALL, "weeks_to_target")] = np.nan
    found |= {Key(ALL, group, "reach"): 0.0 if strategy == "none" else 0.8 for group in GROUPS}
    for name in OUTCOMES:
        if name in OF_CAMPAIGN[1:5]:
            found[Key(ALL, ALL, name)] = 0.5
        elif name.startswith("spent_"):
            found[Key(ALL, ALL, name)] = money.get(name.removeprefix("spent_"), 0.0)
    totals = {"spent": sum(money.values()), "unspent": 0.1 * money.get("visit", 0.0), "budget": 12000.0}
    return found | {Key(ALL, ALL, name): value for name, value in totals.items()}


def _money(strategy: str) -> dict[str, float]:
    if strategy == "none":
        return {}
    return {k: v * (0.5 if strategy == "activist" and k == "visit" else 1.0) for k, v in (SPENT | SETUP).items()}


def _series(scenario: Scenario, strategy: str, luck: float) -> Any:
    """Coverage that starts at 10%, rises during the campaign and drifts after it; (T, B, 14, 8)."""
    weeks = Weeks.of(scenario)
    week = np.arange(weeks.follow_up + 1) - weeks.first
    rise = np.clip((week + 1) / 40, 0, 1) ** 1.5
    after = np.clip((week - 39) / 30, 0, 1)
    level = 0.1 + (END[strategy] + luck - 0.1) * rise + (LATER[strategy] - END[strategy]) * after
    series = np.zeros((len(week), len(scenario.behaviours), len(GROUPS), 8))
    series[..., 0] = level[:, None, None] * (1 - 0.5 * np.arange(len(scenario.behaviours)))[None, :, None]
    return series
