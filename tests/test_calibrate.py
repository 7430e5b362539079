"""Calibration finds a value that is known, and the shipped fit holds on seeds that it never saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smsim.calibrate import _before, beyond, calibrate, parameter_at, reproduce, with_values
from smsim.errors import ScenarioError
from smsim.runner import replicate_seed
from smsim.scenario import Scenario, load_scenario

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def scenario(**more) -> Scenario:
    base = {
        "world": {"households": 1000},
        "behaviours": {"it": {"threshold_mean": 0.3, "aware_share": 0.9}},
        "run": {"burn_in_weeks": 30, "follow_up_weeks": 0},
        "campaign": {"weeks": 4, "pretest_cost": 0},
        "targets": [
            {
                "behaviour": "it",
                "strategy": "none",
                "when": "baseline",
                "value": 0.5,
                "tolerance": 0.02,
                "source": "made",
            }
        ],
        "fitted": [{"path": "behaviours.it.threshold_mean", "to": "baseline", "by": "this test"}],
    }
    return Scenario.from_mapping({**base, **more})


def test_a_known_value_is_found_again():
    seeds = [replicate_seed(7, r) for r in range(4)]
    truth = with_values(scenario(), {"behaviours.it.threshold_mean": 0.2})
    target = {**scenario().to_mapping()["targets"][0], "value": float(reproduce(truth, seeds)[0])}
    fit = calibrate(scenario(targets=[target]), replicates=4, seed=7)
    assert fit.values["behaviours.it.threshold_mean"] == pytest.approx(0.2, abs=0.01)
    assert fit.reproduced[0] == pytest.approx(target["value"], abs=0.01)


def test_a_value_fitted_to_the_baseline_does_not_see_what_the_campaign_did():
    target = {"behaviour": "it", "strategy": "hybrid", "when": "end", "tolerance": 0.01, "source": "made"}
    entry = {"path": "behaviours.it.threshold_mean", "to": "baseline", "when": "baseline", "by": "this test"}
    before = scenario().to_mapping()["targets"][0]
    found = [
        calibrate(scenario(targets=[before, {**target, "value": end}], fitted=[entry]), replicates=3).values
        for end in (0.1, 0.9)
    ]
    assert found[0] == found[1] == calibrate(scenario(fitted=[entry]), replicates=3).values


def test_what_has_no_time_of_its_own_is_fitted_to_the_targets_that_are_left():
    seeds = [replicate_seed(1000, r) for r in range(3)]
    paths = {"behaviours.it.threshold_mean": 0.2, "behaviours.it.persuasion_weight": 0.35}
    ends = {"behaviour": "it", "strategy": "hybrid", "when": "end", "tolerance": 0.01, "source": "made"}
    before = scenario().to_mapping()["targets"][0]
    fitted = [
        {"path": path, "to": "x", "by": "this test"} | ({"when": "baseline"} if "threshold" in path else {})
        for path in paths
    ]
    campaign = {"weeks": 26, "pretest_cost": 0}
    truth = with_values(scenario(targets=[before, {**ends, "value": 0.5}], campaign=campaign), paths)
    level, end = (float(x) for x in reproduce(truth, seeds))
    targets = [{**before, "value": level}, {**ends, "value": end}]
    found = calibrate(scenario(targets=targets, fitted=fitted, campaign=campaign), replicates=3).values
    assert found == pytest.approx(paths, abs=0.03)


def test_more_values_for_a_time_than_it_has_targets_are_refused():
    fitted = [
        {"path": f"behaviours.it.{name}", "to": "x", "when": "baseline", "by": "x"}
        for name in ("threshold_mean", "norm_weight")
    ]
    with pytest.raises(ScenarioError, match=r"of `when: baseline`; got 2 values and 1 target$"):
        calibrate(scenario(fitted=fitted))


def test_more_values_than_targets_are_refused():
    fitted = [{"path": f"behaviours.it.{name}", "to": "x", "by": "x"} for name in ("threshold_mean", "norm_weight")]
    with pytest.raises(ScenarioError, match=r"2 values and 1 target$"):
        calibrate(scenario(fitted=fitted))


def test_a_scenario_without_targets_is_refused():
    with pytest.raises(ScenarioError, match="targets"):
        calibrate(load_scenario(SCENARIOS / "s0-default.yaml"))


def test_a_value_without_a_sweep_range_can_be_fitted_from_zero():
    fitted = [{"path": "behaviours.it.initial_adopters", "to": "baseline", "by": "this test"}]
    assert calibrate(scenario(fitted=fitted), replicates=2).values["behaviours.it.initial_adopters"] >= 0


def test_a_budget_is_fitted_although_the_walk_meets_some_that_cannot_pay_the_set_up():
    target = {"behaviour": "it", "strategy": "hybrid", "when": "end", "value": 0.0, "tolerance": 0.02, "source": "made"}
    fitted = [{"path": "campaign.budget_per_household", "to": "the end", "by": "this test"}]
    poor = scenario(
        targets=[target], fitted=fitted, campaign={"weeks": 4, "pretest_cost": 0, "budget_per_household": 2}
    )
    fit = calibrate(poor, replicates=2)  # no budget reaches 0, so that it falls until the set-up is all there is
    assert 0 < fit.values["campaign.budget_per_household"] < 2


def test_the_fit_is_written_with_its_seeds(tmp_path):
    calibrate(scenario(), replicates=2).write(tmp_path, "smsim calibrate")
    written = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert set(written["values"]) == {"behaviours.it.threshold_mean"}
    assert len(written["seeds"]) == 2


def test_a_path_leads_to_its_entry_of_the_table():
    assert parameter_at("behaviours.it.threshold_mean").symbol == "mu"


@pytest.mark.validation
def test_errer_woreda_is_reproduced_on_seeds_that_were_not_fitted():
    errer = load_scenario(SCENARIOS / "ethiopia-smdc.yaml")
    simulated = reproduce(errer, [replicate_seed(20_260, r) for r in range(50)])
    for target, value in zip(errer.targets, simulated, strict=True):
        assert value == pytest.approx(target.value, abs=0.015), target


def test_the_baseline_is_the_same_whatever_campaign_follows():
    end = scenario().to_mapping()["targets"][0] | {"strategy": "hybrid"}
    full = scenario(targets=[end], fitted=[], campaign={"weeks": 30, "pretest_cost": 0})
    seeds = [replicate_seed(2, r) for r in range(3)]
    assert list(reproduce(full, seeds)) == list(reproduce(_before(full), seeds))


def test_a_value_outside_its_plausible_range_is_remarked():
    assert beyond("behaviours.it.persuasion_weight", 1.58) == " (outside the 0.1 to 0.5 that is thought plausible)"
    assert beyond("behaviours.it.persuasion_weight", 0.5) == beyond("activities.service_cost", 4) == ""
