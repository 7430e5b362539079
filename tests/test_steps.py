"""The steps of mobilization are levers: each can be skipped, and what it cost goes back into the field work."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

import pytest

from smsim.costs import make_plan
from smsim.errors import ScenarioError
from smsim.parameters import PARAMETERS, Step, defaults
from smsim.scenario import Scenario, load_scenario
from smsim.simulate import pack_context
from smsim.steps import STEPS, left_without, strategy_without, taken
from smsim.strategy import BUILT_IN, PRAGMATIC, Component, Strategy
from test_costs import world_of

PRICED = {
    "design_cost": 500.0,
    "partner_cost": 300.0,
    "selection_cost": 20.0,
    "translation_cost": 200.0,
    "situations_cost": 150.0,
    "survey_clusters": 10,
    "documentation_cost": 5.0,
    "invitation": "nominated",
    "mobilizer_attrition": 0.0,
}
WORLD = world_of([250] * 16)
each = pytest.mark.parametrize("step", STEPS)


def priced(**campaign: Any) -> Scenario:
    return Scenario.from_mapping({"campaign": PRICED | campaign})


def test_the_steps_are_those_that_parameters_may_name() -> None:
    assert tuple(STEPS) == get_args(Step)[1:]
    assert {step.number[0] for step in STEPS.values()} == set("12345678")


@each
def test_a_step_has_parameters_and_a_price_among_them(step: str) -> None:
    assert any("cost" in path or "supervision" in path for path in STEPS[step].parameters)


@each
@pytest.mark.parametrize("strategy", BUILT_IN)
def test_a_campaign_without_a_step_costs_the_same_and_has_more_for_the_rest(step: str, strategy: str) -> None:
    whole, less = priced(), priced().replace(skip=[step])
    ledgers = [make_plan(scenario, strategy, WORLD, 1)[1] for scenario in (whole, less)]
    assert ledgers[1].total == pytest.approx(ledgers[0].total, rel=1e-12) == 24000
    others = [k for k in ledgers[0].activities if k not in STEPS[step].activities]
    full, rest = (math.fsum(ledger.activities[k] for k in others) for ledger in ledgers)
    assert rest > full


@each
def test_what_is_left_without_a_step_is_no_better_than_the_plan(step: str) -> None:
    poor = {p.name: p.low for p in PARAMETERS.values() if p.section == "campaign" and not p.choices}
    campaign = defaults("campaign") | poor
    assert left_without(step, campaign, defaults("world")) == {}


@each
def test_skipping_twice_is_skipping_once(step: str) -> None:
    once = priced().replace(skip=[step])
    assert left_without(step, once.campaign, once.world) == {}
    assert once.strategies == priced().replace(skip=[step, step]).strategies


def test_without_community_entry_the_money_of_leaders_goes_to_the_rest_in_proportion() -> None:
    less = strategy_without("entry", PRAGMATIC)
    expected = {k: share / 0.9 for k, share in PRAGMATIC.shares().items() if k != "leader"}
    assert less.shares() == pytest.approx(expected | {"leader": 0.0})
    assert less.components[0].timing["visit"] == "pulsed"


def test_a_part_of_a_blend_that_does_nothing_else_gives_its_money_to_the_other_part() -> None:
    parts = (Component(0.25, {"leader": 1.0}), Component(0.75, {"visit": 0.5, "media": 0.5}))
    less = strategy_without("entry", Strategy("plan", parts))
    assert less.shares()["visit"] == less.shares()["media"] == pytest.approx(0.5)


def test_without_design_the_money_is_even_over_the_plans_activities_and_weeks() -> None:
    less = strategy_without("design", PRAGMATIC)
    shares = less.shares()
    assert [shares[k] for k in ("visit", "dialogue", "media", "service")] == pytest.approx([0.85 / 4] * 4)
    assert (shares["leader"], shares["monitor"], shares["action"]) == pytest.approx((0.1, 0.05, 0.0))
    assert less.components[0].timing == {"leader": "front"}


def test_unpretested_material_in_one_language_about_nothing_known_is_what_the_engine_gets() -> None:
    context = pack_context(priced().replace(skip=["materials"]))
    assert context["material_quality"][0] == pytest.approx(0.6 * 0.85)
    assert context["material_language"][0] == 0


@pytest.mark.parametrize(("error", "left"), [(0.0, 0.8), (0.1, 0.64), (0.5, 0.0)])
def test_an_assessment_is_worth_what_its_errors_leave(error: float, left: float) -> None:
    # With half in need, a list with error e sends a share (1 - e) of its visits to them, as (1 - 2 e) of a right list
    # and 2 e of visits to anybody do.
    context = pack_context(priced(needs_quality=0.8, needs_error=error))
    assert context["needs_quality"][0] == pytest.approx(left)


def test_a_step_that_the_plan_does_not_take_cannot_be_missed() -> None:
    scenario = Scenario.from_mapping({})
    plan = scenario.strategies["hybrid"]
    missing = [step for step in STEPS if not taken(step, scenario.campaign, scenario.world, plan)]
    assert missing == ["evaluation", "documentation"]


# ---- in scenario files


def test_a_file_that_skips_says_where_its_values_come_from(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("skip: [mobilizers]\ncampaign: {women_share: 0.3}\n", encoding="utf-8")
    scenario = load_scenario(tmp_path / "a.yaml")
    assert scenario.skip == ("mobilizers",)
    assert (scenario.campaign["training"], scenario.campaign["women_share"]) == (0, 0.3)
    assert scenario.sources["campaign.training"] == "left when a step is skipped (mobilizers)"
    assert scenario.sources["campaign.women_share"] == "assumed (scenario)"
    assert "without mobilizers" in repr(scenario)


def test_a_scenario_that_skips_survives_writing_and_reading() -> None:
    from ruamel.yaml import YAML

    scenario = priced().replace(skip=["materials", "entry"])
    again = Scenario.from_mapping(YAML(typ="safe").load(scenario.to_yaml()))
    assert (again.skip, again.digest) == (scenario.skip, scenario.digest)
    assert scenario.replace(skip=[]).digest == priced().digest


def test_an_unknown_step_is_named_with_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("skip:\n  - material\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"skip\[1\] must be one of entry, .*did you mean 'materials'"):
        load_scenario(tmp_path / "a.yaml")


def test_a_strategy_of_which_nothing_is_left_is_refused_with_its_line(tmp_path: Path) -> None:
    text = "strategies:\n  talk:\n    shares: {leader: 0.5, monitor: 0.5}\nskip: [entry, monitoring]\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"line 4.*strategies\.talk: nothing is left without step 'monitoring'"):
        load_scenario(tmp_path / "a.yaml")


def test_a_budget_too_small_for_a_step_is_enough_without_it(tmp_path: Path) -> None:
    text = "world: {households: 2000}\ncampaign: {budget_per_household: 2, pretest_cost: 9000}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="must cover the set-up"):
        load_scenario(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text(text + "skip: [materials]\n", encoding="utf-8")
    load_scenario(tmp_path / "a.yaml")
