"""Factors: from the table, from texts, from the unit cube to values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from functions import TINY, tiny

from smsim.errors import ScenarioError
from smsim.parameters import PARAMETERS
from smsim.scenario import Scenario
from smsim.simulate import prepare
from smsim.sweep.problem import Factor, make_factors, salib_problem, values_at, with_groups


def test_every_swept_parameter_of_the_table_becomes_a_factor() -> None:
    factors, _ = make_factors(tiny(behaviours={"soap": {}, "birth": {"kind": "event"}}, campaign={"weeks": 52}))
    swept = [p for p in PARAMETERS.values() if p.sweep]
    own = sum(p.section == "behaviour" for p in swept)
    assert len(factors) == len(swept) + own  # those of behaviours once for each of the two
    assert {f.group for f in factors} == {"world", "soap", "birth", "activities", "campaign"}


@pytest.mark.parametrize("u", [0.0, 0.3, 1.0])
def test_values_follow_the_distribution(u: float) -> None:
    assert Factor("a", 2, 4).value(u) == pytest.approx(2 + 2 * u)
    assert Factor("a", 1, 100, "log").value(u) == pytest.approx(100**u)


def test_ends_of_a_range_are_hit_exactly() -> None:
    for factor in (Factor("a", 0.1, 0.55), Factor("a", 0.003, 0.05, "log"), Factor("a", 4, 52, "integer")):
        assert (factor.value(0), factor.value(1)) == (factor.low, factor.high)


@pytest.mark.parametrize(
    "factor", [Factor("a", 3, 7, "integer"), Factor("a", 0, 4, "choice", ("a", "b", "c", "d", "e"))]
)
def test_every_integer_and_category_has_the_same_chance(factor: Factor) -> None:
    counts = Counter(factor.value(u) for u in (np.arange(1000) + 0.5) / 1000)
    assert set(counts.values()) == {200}
    assert all(isinstance(v, int | str) for v in counts)


def test_a_grid_of_thirds_gives_categories_that_rounding_does_not_move() -> None:
    factor = Factor("a", 0, 2, "choice", ("a", "b", "c"))
    below, above = np.nextafter(2 / 3, 0), np.nextafter(2 / 3, 1)
    assert factor.value(below) == factor.value(above) == "c"


def test_a_salib_problem_is_new_every_time_and_has_no_groups_unless_asked() -> None:
    factors = (Factor("a.weeks_raw", 0, 1, group="one"), Factor("b", 0, 1, group="two"))
    assert salib_problem(factors) is not salib_problem(factors)
    assert "groups" not in salib_problem(factors)
    assert salib_problem(factors, groups=True)["groups"] == ["one", "two"]
    assert salib_problem(factors)["names"] == ["x0", "x1"]  # `_raw` would be refused by SALib's delta


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_every_parameter_with_a_plausible_range_runs_at_both_of_its_ends(end: float) -> None:
    rich = tiny(behaviours={"soap": {}, "birth": {"kind": "event"}}, campaign=TINY["campaign"] | {"weeks": 30})
    factors, notes = make_factors(rich)
    assert not any("not swept" in note for note in notes)
    for factor in factors:
        prepare(rich.vary({factor.path: factor.value(end)}), "hybrid", seed=3)


def test_half_of_the_chance_lies_at_the_low_end_and_the_rest_is_uniform() -> None:
    factor = next(f for f in make_factors(tiny())[0] if f.path == "behaviours.soap.taboo")
    values = np.array([factor.value(u) for u in (np.arange(1000) + 0.5) / 1000])
    assert (values == 0).sum() == 500
    assert np.quantile(values[values > 0], [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=2e-3)


def nested_of(values: Mapping[str, object]) -> dict[str, Any]:
    """Values by path as mappings in mappings."""
    nested: dict[str, Any] = {}
    for path, value in values.items():
        *sections, key = path.split(".")
        inner = nested
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value
    return nested


@pytest.mark.parametrize("point", [np.full(90, 0.0), np.full(90, 1.0), np.linspace(0.1, 0.9, 90)])
def test_a_scenario_varied_is_the_one_replaced(point: np.ndarray) -> None:
    base = tiny(behaviours={"soap": {"kind": "repeated"}, "birth": {"kind": "event"}}, campaign={"weeks": 30})
    factors, _ = make_factors(
        base, ["world.*", "behaviours.*", "activities.*", "campaign.*", "world.households=100:300"]
    )
    values = values_at(factors, point[: len(factors)])
    nested = nested_of(values)
    varied, replaced = base.vary(values), base.replace(**nested)
    assert varied == replaced
    assert varied.digest == replaced.digest
    assert varied.to_mapping() == replaced.to_mapping()


@pytest.mark.parametrize(
    "values",
    [
        {"world.mean_ties": -3.0},
        {"campaign.weeks": 2.5},
        {"campaign.invitation": "everybody"},
        {"behaviours.soap.taboo": float("nan")},
        {"world.mean_tis": 3.0},
        {"campaign.weeks": 2000, "run.burn_in_weeks": 2000, "run.follow_up_weeks": 2000},
        {"behaviours.soap.link": "tea"},
        {"world.mean_ties": 900, "campaign.weeks": 0},
    ],
)
def test_what_is_wrong_is_said_by_vary_as_by_replace(values: dict[str, object]) -> None:
    nested = nested_of(values)
    with pytest.raises(ScenarioError) as varied:
        tiny().vary(values)
    with pytest.raises(ScenarioError) as replaced:
        tiny().replace(**nested)
    assert str(varied.value) == str(replaced.value)


def test_a_settlement_changes_what_is_usual_there_and_a_skipped_step_stays_skipped() -> None:
    assert tiny().vary({"world.settlement": "urban"}) == tiny().replace(world={"settlement": "urban"})
    skipping = tiny(skip=["materials"])
    assert skipping.vary({"campaign.material_quality": 0.9}) == skipping.replace(campaign={"material_quality": 0.9})


def test_values_make_a_scenario_that_is_checked() -> None:
    factors, _ = make_factors(tiny(), ["behaviours.soap.taboo", "campaign.weeks", "campaign.invitation"])
    values = values_at(factors, np.array([0.75, 1.0, 0.99]))
    scenario = tiny().vary(values)
    assert scenario.behaviours["soap"]["taboo"] == 0.5
    assert scenario.campaign["weeks"] == 104
    assert scenario.campaign["invitation"] == "kin"
    with pytest.raises(ScenarioError, match=r"world\.mean_ties must be in"):
        tiny().vary({"world.mean_ties": -3.0})


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["world.mean_tis", "world.homophily"], "did you mean 'world.mean_ties'"),
        (["mean_ties", "world.homophily"], "did you mean 'world.mean_ties'"),
        (["world.mean_ties=0:5", "world.homophily"], r"must lie in \[1, 200\]"),
        (["world.mean_ties=9:5", "world.homophily"], "from a low to a higher number"),
        (["world.mean_ties=nine", "world.homophily"], "LOW:HIGH"),
        (["world.mean_ties=nan:5", "world.homophily"], "from a low to a higher number"),
        (["campaign.weeks=26:52:log", "world.homophily"], "scale must be integer"),
        (["campaign.weeks=26.5:52", "world.homophily"], "whole numbers"),
        (["campaign.invitation=random,everybody", "world.homophily"], "everybody"),
        (["world.homophily=0:1:log", "world.mean_ties"], "above 0"),
        (["world.households", "world.homophily"], "give one"),
        (["world.homophily", "world.homophily"], "twice"),
        (["world.homophily"], "two factors or more"),
        (["behaviours.soap.taboo=0:1:cubic", "world.homophily"], "a scale is one of"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_a_sentence(texts: list[str], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        make_factors(tiny(), texts)


def test_a_value_outside_its_plausible_range_is_left_out_and_said() -> None:
    factors, notes = make_factors(tiny(behaviours={"soap": {"threshold_mean": -0.12}}))
    assert "behaviours.soap.threshold_mean" not in {f.path for f in factors}
    assert any("threshold_mean is not swept" in note for note in notes)


def test_the_budget_is_swept_only_where_it_pays_the_set_up() -> None:
    rich = Scenario.from_mapping({"world": {"households": 1000}, "campaign": {"budget_per_household": 9}})
    factors, notes = make_factors(rich)
    budget = next(f for f in factors if f.path == "campaign.budget_per_household")
    assert budget.low > 3  # a pretest of US$ 3,200 for 1,000 households, and more
    assert any("the set-up alone" in note for note in notes)
    dearest = {"training": 1.0, "material_quality": 1.0, "needs_quality": 1.0, "households_per_mobilizer": 100}
    at_low = rich.replace(campaign={**dearest, "weeks": 104, "budget_per_household": budget.low})
    prepare(at_low, "hybrid", seed=3)  # would say that the set-up is too dear


def test_labels_are_short_and_never_the_same() -> None:
    one, _ = make_factors(tiny(), ["behaviours.*.taboo", "campaign.weeks"])
    assert [f.label for f in one] == ["taboo", "campaign weeks"]
    two, _ = make_factors(tiny(behaviours={"soap": {}, "net": {}}), ["behaviours.*.taboo", "world.mean_ties"])
    assert [f.label for f in two] == ["taboo (soap)", "taboo (net)", "mean ties"]


def test_groups_are_checked() -> None:
    factors, _ = make_factors(tiny(), ["world.mean_ties", "world.homophily", "campaign.weeks"])
    grouped = with_groups(factors, {"network": ["world.*"]})
    assert [f.group for f in grouped] == ["network", "network", "campaign"]
    for groups, words in (
        ({"a": ["nothing.*"]}, "none of its patterns"),
        ({"a": ["world.*"], "b": ["world.mean_ties"]}, "groups a and b"),
        ({"a": ["*"]}, "two or more"),
    ):
        with pytest.raises(ScenarioError, match=words):
            with_groups(factors, groups)
