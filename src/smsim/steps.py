"""The eight steps of mobilization as levers: what each is made of, what it costs, and a campaign without it.

A step is a group of parameters (`Parameter.step`) and of activities. To skip it is to leave its money in the budget:
set-up that is not paid for, and shares of the field money that no longer go to its activities, go back into the
field work, so that a campaign with and one without the step cost the same. What is left where a step is skipped is
never better than what was planned, and is an assumption of ours, said in `Step.without`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smsim.engine.arrays import ACTIVITIES
from smsim.errors import ScenarioError
from smsim.parameters import PARAMETERS
from smsim.strategy import SUM_TOLERANCE, Component, Strategy

UNTESTED = 0.6  # material quality without a pretest


@dataclass(frozen=True)
class Step:
    """One step of mobilization."""

    name: str  # as scenario files and `Parameter.step` write it
    number: str  # place among the eight
    title: str
    without: str  # what a campaign does that skips it
    activities: tuple[str, ...] = ()  # whose share of the field money it is

    @property
    def parameters(self) -> tuple[str, ...]:
        """Paths of the parameters that belong to it."""
        return tuple(p.path for p in PARAMETERS.values() if p.step == self.name)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "entry", "1", "community entry",
            "no sessions with leaders: they approve nowhere and endorse nothing", ("leader",),
        ),
        Step("needs", "2", "needs assessment", "visits go to anybody, whether they are in need or not"),
        Step(
            "design", "3", "strategy design",
            "the money goes evenly to the activities of the plan and evenly to its weeks (leaders and monitoring keep "
            "their share), and anybody is invited",
        ),
        Step(
            "partners", "4", "partner selection",
            "partners are taken as they come and not supervised: half of what is planned is delivered",
        ),
        Step(
            "materials", "5", "materials",
            "no pretest, one language only, and no situation that people know",
        ),
        Step(
            "mobilizers", "6", "mobilizer selection and training",
            "whoever is at hand is hired: outsiders without training, half of them women, few who speak the minority's "
            "language (as few as there are in the area)",
        ),
        Step(
            "monitoring", "7", "monitoring and rapid feedback",
            "no interviews during the campaign, and no money moved to where they find gaps", ("monitor",),
        ),
        Step(
            "evaluation", "8a", "evaluation",
            "no baseline and endline survey; the next campaign goes on with the same strategy",
        ),
        Step(
            "documentation", "8b", "documentation and dissemination",
            "nobody writes down how it was done; communities outside the campaign do not take it up",
        ),
    )
}  # fmt: skip


def check_step(name: str) -> Step:
    """The step of that name; a ScenarioError that lists the names otherwise."""
    if name not in STEPS:
        close = difflib.get_close_matches(name.lower(), STEPS, n=1)
        remedy = f"did you mean {close[0]!r}? " if close else ""
        raise ScenarioError(f"no step {name!r}; {remedy}the steps are {', '.join(STEPS)}")
    return STEPS[name]


def left_without(name: str, campaign: Mapping[str, Any], world: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign's parameters that skipping a step changes, with what is left of them.

    Parameters
    ----------
    campaign, world : every value of these sections of a scenario, as planned
    """
    least: dict[str, dict[str, Any]] = {
        "entry": {},
        "needs": {"needs_quality": 0.0, "assessment_cost": 0.0},
        "design": {"invitation": "random", "design_cost": 0.0},
        "partners": {"partner_capacity": 0.0, "supervision_share": 0.0, "partner_cost": 0.0},
        "materials": {
            "material_quality": UNTESTED,
            "material_language": 0.0,
            "material_realism": 0.0,
            "translation_cost": 0.0,
            "situations_cost": 0.0,
        },
        "mobilizers": {
            "resident_share": 0.0,
            "language_share": float(world["minority_share"]),
            "women_share": 0.5,
            "training": 0.0,
            "selection_cost": 0.0,
        },
        "monitoring": {"feedback": 0.0},
        "evaluation": {"survey_clusters": 0},
        "documentation": {"documentation_cost": 0.0},
    }
    left = least[check_step(name).name]
    found = {key: value if isinstance(value, str) else min(value, campaign[key]) for key, value in left.items()}
    return {key: value for key, value in found.items() if value != campaign[key]}


def taken(name: str, campaign: Mapping[str, Any], world: Mapping[str, Any], strategy: Strategy) -> bool:
    """Whether a plan takes the step at all, so that there is something to skip."""
    changed = left_without(name, campaign, world)
    return bool(changed) or strategy_without(name, strategy) != strategy


def without(
    names: Iterable[str], campaign: Mapping[str, Any], world: Mapping[str, Any], strategies: Mapping[str, Strategy]
) -> tuple[dict[str, Any], dict[str, Strategy]]:
    """Campaign and strategies without these steps.

    Raises
    ------
    ScenarioError : there is no such step, or nothing is left of a strategy
    """
    left, plans = dict(campaign), dict(strategies)
    for name in names:
        left |= left_without(name, left, world)
        plans = {key: strategy_without(name, plan) for key, plan in plans.items()}
    return left, plans


def strategy_without(name: str, strategy: Strategy) -> Strategy:
    """The strategy without a step: the money of its activities goes to its others, in their proportions.

    Raises
    ------
    ScenarioError : nothing is left
    """
    step = check_step(name)
    if step.name == "design":
        return _undesigned(strategy)
    if not any(strategy.shares()[k] > 0 for k in step.activities):
        return strategy
    parts = []
    for c in strategy.components:
        kept = {k: share for k, share in c.shares.items() if k not in step.activities}
        parts.append((c, kept, c.weight * math.fsum(kept.values())))
    total = math.fsum(weight for *_, weight in parts)
    if not total > SUM_TOLERANCE:
        raise ScenarioError(
            f"strategies.{strategy.name}: nothing is left without step {step.name!r}, for all money goes to "
            f"{' and '.join(step.activities)}; give it another activity"
        )
    components = []
    for c, kept, weight in parts:
        if weight > 0:
            own = math.fsum(kept.values())
            shares = {k: share / own for k, share in kept.items()}
            components.append(Component(weight / total, shares, c.timing, c.leader_share))
    return Strategy(strategy.name, tuple(components))


def _undesigned(strategy: Strategy) -> Strategy:
    """The same activities with even shares, all weeks alike; leaders and monitoring, steps of their own, stay."""
    own_steps = {k for step in STEPS.values() for k in step.activities}
    shares = {k: share for k, share in strategy.shares().items() if share > 0}
    fixed = {k: share for k, share in shares.items() if k in own_steps}
    chosen = [k for k in shares if k not in own_steps]
    if not chosen:
        return strategy
    even = (1 - math.fsum(fixed.values())) / len(chosen)
    spread = {k: fixed.get(k, even) for k in ACTIVITIES if k in shares}
    # Community entry comes when it was planned to come: that is the first step, not the third.
    timing = {k: t for c in strategy.components for k, t in c.timing.items() if k in fixed}
    leaders = strategy.leader_share()
    return Strategy(strategy.name, (Component(1.0, spread, timing, tuple(float(x) for x in leaders)),))  # type: ignore[arg-type]
