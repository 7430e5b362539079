"""Equal budgets, to the cent: set-up off the top, field money by schedule, a ledger that adds up."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smsim.costs import SETUP, make_plan, season
from smsim.engine.arrays import ACTIVITIES, VISIT
from smsim.engine.run import new_record
from smsim.errors import ScenarioError
from smsim.parameters import defaults
from smsim.strategy import BUILT_IN, PRAGMATIC, Strategy
from test_staff import places_of


def scenario_of(strategies: dict[str, Strategy] | None = None, **changes: Any) -> Any:
    sections = {k: dict(defaults(k)) for k in ("world", "activities", "campaign", "run")}
    for name, value in changes.items():
        section = next(s for s in sections.values() if name in s)
        section[name] = value
    return SimpleNamespace(**sections, strategies=strategies or dict(BUILT_IN))


def world_of(*args: Any, **kwargs: Any) -> Any:
    return SimpleNamespace(places=places_of(*args, **kwargs))


WORLD = world_of([250] * 16)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("budget", [3.0, 6.0, 7.77, 1234.56])
def test_the_ledger_adds_up_to_the_budget(name: str, budget: float) -> None:
    scenario = scenario_of(budget_per_household=budget, mobilizer_attrition=0.01, supervision_share=0.17)
    plan, ledger = make_plan(scenario, name, WORLD, 4)
    assert ledger.budget == budget * 4000
    assert ledger.total == pytest.approx(budget * 4000, rel=1e-12)
    assert round(ledger.total, 2) == round(budget * 4000, 2)
    # F (1 + s) + set-up = B N_T
    field_money = math.fsum(plan.spending.ravel())
    assert field_money * 1.17 + math.fsum(ledger.setup.values()) == pytest.approx(ledger.budget, rel=1e-12)
    assert ledger.field_money == pytest.approx(field_money, rel=1e-12)
    assert ledger.supervision == pytest.approx(0.17 * field_money, rel=1e-9)


def test_set_up_supervision_and_field_money_are_the_same_for_every_strategy() -> None:
    ledgers = [make_plan(scenario_of(mobilizer_attrition=0.02), name, WORLD, 2)[1] for name in BUILT_IN]
    assert ledgers[0].setup == ledgers[1].setup == ledgers[2].setup
    assert len({ledger.supervision for ledger in ledgers}) == 1
    assert len({round(ledger.field_money, 6) for ledger in ledgers}) == 1


def test_set_up_is_priced_as_the_parameters_say() -> None:
    # 16 mobilizers trained to .8 at $60; 2 districts pretested once; 16 communities assessed rapidly, documented at $7
    scenario = scenario_of(mobilizer_attrition=0.0, documentation_cost=7.0)
    _, ledger = make_plan(scenario, "hybrid", WORLD, 1)
    assert list(ledger.setup) == list(SETUP)
    assert list(ledger.setup.values()) == pytest.approx([768.0, 4000.0, 1600.0, 112.0] + [0.0] * 6)


def test_material_that_is_not_pretested_costs_nothing() -> None:
    for quality in (0.3, 0.6):
        _, ledger = make_plan(scenario_of(material_quality=quality), "hybrid", WORLD, 1)
        assert ledger.setup["pretest"] == 0


def test_replacements_are_trained_at_a_cost() -> None:
    scenario = scenario_of(mobilizer_attrition=1.0, vacancy_weeks=12, weeks=26)
    _, ledger = make_plan(scenario, "hybrid", WORLD, 1)
    assert ledger.setup["training"] == pytest.approx(60 * 0.8 * 16 * 2)


def test_only_treated_communities_count_for_the_budget_and_the_set_up() -> None:
    world = world_of([250] * 16, treated=[1] * 8 + [0] * 8)
    _, ledger = make_plan(scenario_of(mobilizer_attrition=0.0), "hybrid", world, 1)
    assert ledger.budget == 6 * 2000
    assert list(ledger.setup.values()) == pytest.approx([384.0, 2000.0, 800.0, 0.0] + [0.0] * 6)


def test_spending_follows_the_schedule() -> None:
    plan, ledger = make_plan(scenario_of(), "pragmatic", WORLD, 1)
    np.testing.assert_allclose(plan.spending, ledger.field_money * PRAGMATIC.schedule(52), rtol=1e-12)
    np.testing.assert_array_equal(plan.unit_cost, [2.0, 1.6, 30.0, 0.03, 150.0, 4.0, 2.0, 1.5])


def test_prices_and_budget_doubled_buy_the_same() -> None:
    dear = {k: 2 * v for k, v in defaults("activities").items() if k.endswith("_cost")}
    dear |= {k: 2 * v for k, v in defaults("campaign").items() if k.endswith("_cost")}
    one, _ = make_plan(scenario_of(), "hybrid", WORLD, 1)
    two, _ = make_plan(scenario_of(**dear, budget_per_household=12.0), "hybrid", WORLD, 1)
    np.testing.assert_array_equal(one.spending / one.unit_cost, two.spending / two.unit_cost)


def test_the_name_of_a_strategy_does_not_matter() -> None:
    one, _ = make_plan(scenario_of(), "pragmatic", WORLD, 1)
    renamed = scenario_of({"activist": Strategy("activist", PRAGMATIC.components)})
    two, _ = make_plan(renamed, "activist", WORLD, 1)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "changes", "treated"),
    [("none", {}, None), ("hybrid", {"budget_per_household": 0.0}, None), ("hybrid", {}, [0] * 16)],
)
def test_without_strategy_budget_or_treated_communities_there_is_no_campaign(
    name: str, changes: dict[str, float], treated: list[int] | None
) -> None:
    plan, ledger = make_plan(scenario_of(**changes), name, world_of([250] * 16, treated=treated), 1)
    assert not plan.spending.any()
    assert not plan.visit_capacity.any()
    assert plan.visit_capacity.shape == plan.women.shape == (52, 16)
    assert ledger.total == ledger.budget == 0
    assert {dollars for _, dollars in ledger.lines} == {0.0}


def test_a_budget_below_the_set_up_is_refused_with_the_numbers() -> None:
    words = r"set-up, which costs US\$\s6,\d{3} \(training .* pretest 4,000, needs .*got 1, US\$\s4,000 in all. Raise"
    with pytest.raises(ScenarioError, match=words):
        make_plan(scenario_of(budget_per_household=1.0), "hybrid", WORLD, 1)


def test_the_budget_that_the_refusal_names_is_enough() -> None:
    scenario = scenario_of(budget_per_household=1.0, mobilizer_attrition=0.0)
    with pytest.raises(ScenarioError, match=r"Raise it above 1\.59"):  # 6,368 / 4,000
        make_plan(scenario, "hybrid", WORLD, 1)
    _, ledger = make_plan(scenario_of(budget_per_household=1.6, mobilizer_attrition=0.0), "hybrid", WORLD, 1)
    assert ledger.field_money > 0


def test_an_unknown_strategy_is_refused_with_the_names() -> None:
    words = "no strategy 'hybird'; did you mean 'hybrid'.* pragmatic, activist, hybrid and none"
    with pytest.raises(ScenarioError, match=words):
        make_plan(scenario_of(), "hybird", WORLD, 1)


def test_a_settled_ledger_says_what_was_spent_and_what_was_left() -> None:
    plan, ledger = make_plan(scenario_of(), "hybrid", WORLD, 1)
    record = new_record(156, 1, 80, 16, 2)
    record.spent[52:104] = plan.spending
    record.spent[52:104, VISIT] *= 0.75
    record.unspent[52:104, VISIT] = plan.spending[:, VISIT] * 0.25
    lines = ledger.settle(record)
    assert [line.item for line in lines] == [*ACTIVITIES, *SETUP, "supervision"]
    for line in lines:
        assert line.spent + line.unspent == pytest.approx(line.planned, rel=1e-12)
    assert lines[VISIT].unspent == pytest.approx(lines[VISIT].planned / 4)
    assert math.fsum(line.planned for line in lines) == pytest.approx(ledger.budget, rel=1e-12)


def test_the_season_is_best_in_its_peak_week_and_worst_half_a_year_later() -> None:
    factor = season(scenario_of(season_amplitude=0.4, season_peak_week=10), 104)
    assert factor[10] == factor[62] == 1.4
    assert factor[36] == 0.6
    assert (season(scenario_of(), 104) == 1).all()


def test_a_plan_covers_the_whole_run() -> None:
    plan, _ = make_plan(scenario_of(burn_in_weeks=5, weeks=10, follow_up_weeks=7), "hybrid", WORLD, 1)
    assert plan.first_week == 5
    assert plan.distance_factor.shape == (22,)
    assert plan.spending.shape == (10, 8)
    for array in (plan.visit_capacity, plan.resident, plan.language, plan.women, plan.training):
        assert array.shape == (10, 16)
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
