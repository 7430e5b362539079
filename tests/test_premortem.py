"""Skipping each step in turn, at the same budget and in the same worlds."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from smsim.cli import app
from smsim.compare import compare
from smsim.errors import ScenarioError
from smsim.paired import Difference
from smsim.premortem import Loss, Premortem, premortem
from smsim.scenario import Scenario, load_scenario
from smsim.steps import STEPS

SCENARIOS = Path(__file__).parents[1] / "scenarios"
SMALL: dict[str, Any] = {
    "world": {"households": 800, "households_per_community": 100},
    "behaviours": {"soap": {"threshold_mean": 0.3}, "births": {"kind": "event"}},
    "campaign": {
        "weeks": 20, "pretest_cost": 100, "treated_share": 0.5, "survey_clusters": 4, "documentation_cost": 20,
    },
    "run": {"burn_in_weeks": 10, "follow_up_weeks": 10, "replicates": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Premortem:
    return premortem(Scenario.from_mapping(SMALL, "small"), replicates=3, seed=2)


def test_every_step_that_the_plan_takes_is_skipped_once(found: Premortem) -> None:
    assert found.steps == tuple(STEPS)
    assert len(found.table()) == len(STEPS) * 2 * 2  # two behaviours, two moments


def test_the_plan_and_the_plan_without_a_step_are_those_that_compare_gives(found: Premortem) -> None:
    scenario = found.scenario
    whole = compare(scenario, replicates=3, seed=2, strategies=["hybrid"])
    for step in ("entry", "materials", "design"):
        less = compare(scenario.replace(skip=[step]), replicates=3, seed=2, strategies=["hybrid"])
        for behaviour in scenario.behaviours:
            for when in ("end", "follow_up"):
                loss = found.loss(step, when, behaviour)
                key = ("hybrid", f"coverage_{when}", behaviour)
                assert loss.planned == pytest.approx(whole.mean(*key), nan_ok=True)
                assert loss.skipped == pytest.approx(less.mean(*key), nan_ok=True)


def test_the_evaluation_is_judged_in_worlds_of_its_own(found: Premortem) -> None:
    assert found.loss("evaluation").skipped != found.loss("entry").planned
    assert found.loss("entry").planned == found.loss("materials").planned


def test_results_do_not_depend_on_threads_or_on_which_steps_are_asked_for(found: Premortem) -> None:
    alone = premortem(found.scenario, steps=["materials"], replicates=3, seed=2, threads=1)
    s = found.steps.index("materials")
    assert np.array_equal(alone.values[:, 0], found.values[:, s], equal_nan=True)
    assert alone.moved[0] == found.moved[s]


def test_what_moves_is_what_the_step_would_have_cost(found: Premortem) -> None:
    campaign = found.scenario.campaign
    # Two arms, two rounds, 4 clusters of 7 at $5; a field dollar carries 12% of supervision with it.
    assert found.loss("evaluation").moved == pytest.approx(2 * 2 * 4 * 7 * 5 / (1 + campaign["supervision_share"]))
    assert found.loss("documentation").moved == pytest.approx(20 * 4 / (1 + campaign["supervision_share"]))


@pytest.mark.parametrize(
    ("lower", "mean", "upper", "verdict"),
    [
        (0.02, 0.03, 0.04, "loses"),
        (-0.04, -0.03, -0.02, "gains"),
        (0.002, 0.004, 0.006, "hardly matters"),
        (-0.01, 0.0, 0.01, "hardly matters"),
        (-0.02, 0.01, 0.04, "cannot be told"),
    ],
)
def test_verdicts_follow_the_interval(lower: float, mean: float, upper: float, verdict: str) -> None:
    difference = Difference(mean, lower, upper, 0.5, lower > 0 or upper < 0, 10, 10)
    assert Loss("materials", "soap", "end", 0.5, 0.5 - mean, difference, 0.0).verdict == verdict


def test_a_step_that_the_plan_does_not_take_is_said_to_be_left_out() -> None:
    scenario = Scenario.from_mapping(SMALL).replace(campaign={"survey_clusters": 0})
    result = premortem(scenario, steps=["materials", "evaluation"], replicates=2, seed=2)
    assert result.steps == ("materials",)
    assert "evaluation" in result.summary()[-1]


def test_a_strategy_that_is_only_one_step_stops_neither_the_others_nor_its_own_premortem() -> None:
    scenario = Scenario.from_mapping(SMALL | {"strategies": {"talk": {"shares": {"leader": 1.0}}}})
    assert premortem(scenario, "hybrid", ["entry"], replicates=2, seed=2).steps == ("entry",)
    result = premortem(scenario, "talk", ["entry", "materials"], replicates=2, seed=2)
    assert result.steps == ("materials",)
    assert "community entry" in result.summary()[-1]


def test_a_behaviour_that_never_comes_up_has_no_loss() -> None:
    births = {"births": {"kind": "event", "event_rate": 0.0}}
    result = premortem(Scenario.from_mapping(SMALL | {"behaviours": births}), steps=["materials"], replicates=2, seed=2)
    assert "no value" in result.summary()[1]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"strategy": "none"}, "a premortem needs a strategy with steps to skip"),
        ({"steps": ["material"]}, "no step 'material'; did you mean 'materials'?"),
        ({"steps": []}, "name at least one step"),
        ({"replicates": 1}, "replicates must be 2 or more"),
    ],
)
def test_what_cannot_be_skipped_is_refused_in_a_sentence(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        premortem(Scenario.from_mapping(SMALL), **asked)


def test_the_command_writes_table_and_pictures_and_says_what_it_found(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(Scenario.from_mapping(SMALL).to_yaml(), encoding="utf-8")
    asked = ["premortem", str(file), "--steps", "entry,materials", "--replicates", "2", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "5 materials: skipping it" in done.output
    assert {f.name for f in (tmp_path / "out").iterdir()} == {
        "premortem.csv", "premortem-1-soap.png", "premortem-1-soap.svg", "premortem-2-births.png",
        "premortem-2-births.svg", "manifest.json",
    }  # fmt: skip
    rows = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert {row["step"] for row in rows} == {"entry", "materials"}
    assert CliRunner().invoke(app, [*asked, "--strategy", "none"]).exit_code == 2


@pytest.mark.validation
def test_each_step_costs_a_separated_loss_where_people_must_be_won() -> None:
    result = premortem(load_scenario(SCENARIOS / "steps-persuasion.yaml"))
    for step in STEPS:
        loss = result.loss(step).loss
        assert loss.separated, step
        assert loss.mean > 0.01, step


@pytest.mark.validation
def test_each_step_hardly_matters_where_the_clinic_is_the_bottleneck() -> None:
    result = premortem(load_scenario(SCENARIOS / "steps-queue.yaml"))
    assert {step: result.loss(step).verdict for step in STEPS} == dict.fromkeys(STEPS, "hardly matters")


@pytest.mark.validation
def test_the_study_of_the_steps_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(SCENARIOS.parent / "experiments"))
    importlib.import_module("08_eight_steps").main(2)
    assert "| 8b documentation and dissemination | " in capsys.readouterr().out
