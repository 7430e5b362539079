"""Patterns that studies of campaigns report, at default values: diminishing returns, and the last who cost most."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from smsim.engine.arrays import MAINTAINED, Array
from smsim.outcomes import ALL, Key, outcomes_of
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, judged, study
from smsim.validate.lab import adopters, binomial_margin, mean_margin, quiet, settle, unconnected

WORLDS = range(1, 13)


@study(quick=True)
def slippage() -> Iterator[Finding]:
    """Of maintained adopters 14.5% slip in two years, at the default rate of lapse."""
    n, weeks = 20_000, 104
    values = Scenario.from_mapping({}).behaviours["behaviour"]
    rates = {name: values[name] for name in ("lapse_rate", "maintained_lapse_ratio", "unsupported_lapse_ratio")}
    scenario = quiet(weeks, {"kind": "repeated", "threshold_mean": -10.0, "decision_rate": 1e-6, **rates})
    run = simulate(scenario, "none", 1, settle(scenario, unconnected(n), 1, stage=MAINTAINED))
    lost = 1 - float(adopters(run)[-1]) / n
    yield close(
        "maintained adopters who have lapsed after two years, default rates",
        "Odagiri and others 2017: 14.5%",
        0.145,
        lost,
        binomial_margin(0.145, n) + 0.0005,
        f"binomial over {n} households, and the rounding of the published figure",
    )


def gains(scenario: Scenario) -> Array:
    """Coverage at the end, more than without a campaign in the same world: float64 (worlds,)."""
    found = []
    for seed in WORLDS:
        ends = []
        for strategy in ("hybrid", "none"):
            run = simulate(scenario, strategy, seed)
            ends.append(outcomes_of(scenario, run.ledger, run.record)[Key("behaviour", ALL, "coverage_end")])
        found.append(ends[0] - ends[1])
    return np.array(found)


def default(budget: float, threshold: float = 0.45) -> Scenario:
    """The default campaign without set-up costs, so that every dollar goes to the field."""
    return Scenario.from_mapping(
        {
            "world": {"households": 2000},
            "behaviours": {"behaviour": {"threshold_mean": threshold}},
            "campaign": {
                "budget_per_household": budget,
                "pretest_cost": 0.0,
                "assessment_cost": 0.0,
                "training_cost": 0.0,
                "visits_per_mobilizer_week": 1000.0,
            },
        },
        "pattern",
    )


@study()
def diminishing_returns() -> Iterator[Finding]:
    """Each further dollar buys less: gain per dollar falls as the budget is doubled and doubled again."""
    budgets = np.array([4.0, 8.0, 16.0, 32.0, 64.0])
    gained = np.array([gains(default(float(b))) for b in budgets])
    steps = np.diff(gained, axis=0) / np.diff(budgets)[:, None]
    falls = steps[:-1] - steps[1:]
    margin = mean_margin(steps[0] - steps[-1])
    yield judged(
        f"gain in coverage per further dollar and household, budgets {', '.join(f'{b:g}' for b in budgets)}",
        "diminishing returns: Ozawa and others 2018",
        "falls",
        ", ".join(f"{100 * s:.2f} points" for s in steps.mean(axis=1)),
        f"order; {100 * margin:.2f} on the whole fall: paired t-interval over {len(WORLDS)} worlds",
        bool((falls.mean(axis=1) > 0).all() and float((steps[0] - steps[-1]).mean()) > margin),
    )
    yield Picture(
        "validation-dose",
        "Dose and response, default context",
        "US$ per household",
        "gain in coverage",
        (Line("smsim", budgets, gained.mean(axis=1), True, np.array([mean_margin(g) for g in gained])),),
        (),
        f"means over {len(WORLDS)} worlds",
    )


@study()
def the_last_are_dear() -> Iterator[Finding]:
    """Where most already do it, one adopter more costs more."""
    thresholds = (0.25, 0.1, -0.1, -0.3)
    before, cost = [], []
    for threshold in thresholds:
        scenario = default(6.0, threshold)
        run = simulate(scenario, "none", 1)
        before.append(outcomes_of(scenario, run.ledger, run.record)[Key("behaviour", ALL, "coverage_baseline")])
        cost.append(6.0 / gains(scenario).mean())
    yield judged(
        "cost of one adopter more where coverage before the campaign is "
        + ", ".join(f"{100 * share:.0f}%" for share in before),
        "Ozawa and others 2018: marginal cost rises with coverage",
        "rises",
        ", ".join(f"US$ {c:.0f}" for c in cost),
        "order",
        all(a < b for a, b in pairwise(cost)),
    )
