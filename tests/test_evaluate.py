"""The evaluation that a programme would run, beside what is true in its worlds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from smsim.cli import app
from smsim.errors import ScenarioError
from smsim.evaluate import Evaluation, draw, evaluate
from smsim.outcomes import ALL, Key, outcomes_of
from smsim.runner import replicate_seed
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.truth import coverage_of, expected_change, observe

PERFECT = {f"survey_{k}": 1.0 for k in ("response_adopters", "response_others", "sensitivity", "specificity")}
SMALL: dict[str, Any] = {
    "world": {"households": 1600, "households_per_community": 50},
    "behaviours": {"soap": {"threshold_mean": 0.3}},
    "campaign": {"weeks": 30, "pretest_cost": 0, "treated_share": 0.5} | PERFECT,
    "run": {"burn_in_weeks": 20, "follow_up_weeks": 0, "replicates": 8},
}


def small(**changes: Any) -> Scenario:
    return Scenario.from_mapping(SMALL).replace(**changes)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(small(), replicates=8, seed=3)


def row(evaluation: Evaluation, quantity: str) -> Any:
    return evaluation.table().set_index("quantity").loc[quantity]


@pytest.mark.parametrize("kind", ["repeated", "event", "round"])
def test_what_the_survey_could_find_is_the_coverage_of_the_run(kind: str) -> None:
    scenario = small(behaviours={"soap": {"kind": kind}}, campaign={"treated_share": 1.0})
    seed = replicate_seed(1, 0)
    run = simulate(scenario, "hybrid", seed)
    outcomes = outcomes_of(scenario, run.ledger, run.record)
    world = observe(scenario, "hybrid", "soap", seed)
    assert coverage_of(world.treated.before) == outcomes[Key("soap", ALL, "coverage_baseline")]
    assert coverage_of(world.treated.after) == outcomes[Key("soap", ALL, "coverage_end")]


def test_a_perfect_survey_is_right_on_average(evaluation: Evaluation) -> None:
    found = row(evaluation, "change")
    draws = np.concatenate([s.change for s in evaluation.surveyed])
    sure = 4 * float(np.mean([s.change.std() for s in evaluation.surveyed])) / math.sqrt(len(draws))
    # Systematic clusters of equal communities: the ratio's bias is of order 1 / interviews, below that bound.
    assert found["reported"] == pytest.approx(found["true"], abs=sure)


def test_who_asks_everybody_reports_the_truth_of_each_world(evaluation: Evaluation) -> None:
    everybody = evaluation.design._replace(clusters=16, per_cluster=50)
    for world, surveys in zip(evaluation.worlds, evaluation.survey(everybody, 3), strict=True):
        assert surveys.after == pytest.approx([coverage_of(world.treated.after)] * 3)
        assert surveys.change == pytest.approx([expected_change(world)] * 3)


def test_faults_of_the_interviews_shift_what_is_reported_as_an_endless_survey_says() -> None:
    faulty = {"survey_response_others": 0.7, "survey_sensitivity": 0.8, "survey_specificity": 0.9}
    found = evaluate(small(campaign=faulty), replicates=8, seed=3)
    after, draws = row(found, "coverage after"), np.concatenate([s.after for s in found.surveyed])
    sure = 4 * float(np.mean([s.after.std() for s in found.surveyed])) / math.sqrt(len(draws))
    assert after["reported"] == pytest.approx(found.bias()["recall"], abs=sure)
    assert abs(after["reported"] - after["true"]) > 0.03


def test_of_a_taboo_people_admit_less_than_they_do_and_a_list_experiment_finds_the_rest() -> None:
    taboo = small(behaviours={"soap": {"taboo": 0.6, "threshold_mean": 0.1}})
    direct = evaluate(taboo, replicates=8, seed=3)
    listed = direct.asked_by_list()
    true = row(direct, "coverage after")["true"]
    assert row(direct, "coverage after")["reported"] < true - 0.1
    draws = np.concatenate([s.after for s in listed.surveyed])
    assert draws.mean() == pytest.approx(true, abs=4 * draws.std() / math.sqrt(len(draws)))
    assert row(listed, "half width")["reported"] > 2 * row(direct, "half width")["reported"]
    assert any("taboo" in sentence for sentence in direct.summary())


def test_an_effect_that_is_not_there_is_found_no_more_often_than_the_test_allows() -> None:
    deaf = {"persuasion_weight": 0, "leader_weight": 0, "norm_weight": 0, "aware_share": 1.0, "taboo": 0.0}
    found = evaluate(small(behaviours={"soap": deaf}), replicates=12, seed=3)
    assert row(found, "effect on the treated")["true"] == pytest.approx(0, abs=0.01)
    # One side of 5%; conditional on a world the two arms differ by their own luck, which widens it.
    assert found.power()[0] < 0.06
    assert found.smallest is None


def test_the_smallest_survey_finds_the_effect_and_a_smaller_one_does_not() -> None:
    found = evaluate(small(behaviours={"soap": {"persuasion_weight": 0.8}}), control=0.0, replicates=4, seed=3)
    assert found.smallest is not None
    design, power = found.smallest
    assert power >= 0.8
    assert found.power(design._replace(clusters=design.clusters - 1))[0] < 0.8


def test_power_is_what_the_formula_of_the_t_test_says(evaluation: Evaluation) -> None:
    assert evaluation.power()[0] == pytest.approx(evaluation.power_on_paper(), abs=0.06)


def test_the_same_seed_gives_the_same_surveys_whatever_the_threads(evaluation: Evaluation) -> None:
    again = evaluate(small(), replicates=8, seed=3, threads=1)
    assert again.table().equals(evaluation.table())
    world = evaluation.worlds[0]
    assert np.array_equal(draw(small(), evaluation.design, world).change, evaluation.surveyed[0].change)


def test_lots_are_classified(evaluation: Evaluation) -> None:
    found = evaluate(small(run={"target_coverage": 0.4}), lqas=True, replicates=4, seed=3)
    assert found.design.per_cluster == 19
    assert found.interviews == 2 * 19 * sum(
        len(np.unique(a.lot)) for a in (found.worlds[0].treated, found.worlds[0].control) if a
    )
    assert any("Decision rule: a lot passes with 5 or more of 19" in s for s in found.summary())


def test_without_control_arm_the_change_is_all_there_is() -> None:
    found = evaluate(small(), control=0.0, replicates=2, seed=3)
    assert not found.controlled
    assert any("no control arm" in sentence for sentence in found.summary())
    assert found.interviews == 2 * 30 * 7


def test_what_begins_with_the_campaign_has_no_baseline_and_is_compared_between_the_arms() -> None:
    # Rounds every 13 weeks, in the seventh week of each: five weeks of burn-in hold none.
    rounds = {"soap": {"kind": "round"}}
    found = evaluate(small(behaviours=rounds, run={"burn_in_weeks": 5}), replicates=4, seed=3)
    world = found.worlds[0]
    assert not world.has_baseline
    assert world.control is not None
    assert expected_change(world) == coverage_of(world.treated.after) - coverage_of(world.control.after)
    everybody = found.design._replace(clusters=16, per_cluster=1000)
    assert found.survey(everybody, 2)[0].change == pytest.approx([expected_change(world)] * 2)
    assert any("there is no baseline" in sentence for sentence in found.summary())


def test_more_clusters_than_communities_are_said(evaluation: Evaluation) -> None:
    assert any("an arm has only 16 communities" in sentence for sentence in evaluation.summary())
    assert not any("communities:" in sentence for sentence in evaluate(small(), clusters=16, replicates=2).summary())


@pytest.mark.parametrize(("clusters", "said"), [(16, False), (17, True)])
def test_a_recommendation_of_more_clusters_than_communities_says_so(
    evaluation: Evaluation, clusters: int, said: bool
) -> None:
    enough = replace(evaluation)
    enough.__dict__["smallest"] = (evaluation.design._replace(clusters=clusters), 0.81)  # as if the search found it
    words = "more clusters than an arm has communities (16): some would lie in the same one. Simulate an area with 17"
    assert any(words in sentence for sentence in enough.summary()) == said


def test_events_that_never_come_are_reported_as_missing() -> None:
    births = {"soap": {"kind": "event", "event_rate": 0.0}}
    found = evaluate(small(behaviours=births), clusters=3, replicates=2, seed=3)
    assert math.isnan(row(found, "coverage after")["true"])
    assert found.power()[0] == 0
    assert found.summary()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"strategy": "none"}, "nothing to evaluate without a campaign"),
        ({"lqas": True, "clusters": 30}, "takes no number of clusters"),
        ({"strategy": "hybird"}, "did you mean 'hybrid'"),
        ({"behaviour": "tea"}, "no behaviour 'tea'"),
        ({"clusters": 1}, "clusters must be in"),
        ({"per_cluster": 0}, "per_cluster must be in"),
        ({"per_cluster": 10_000}, "at most the households of a community"),
        ({"per_cluster": 10_000, "lqas": True}, "at most the households of a lot"),
        ({"control": 1.0}, "the control arm must be a share"),
        ({"question": "polite"}, "question must be one of direct, list"),
        ({"question": "list", "lqas": True}, "LQAS classifies"),
        ({"replicates": 1}, "replicates must be 2 or more"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        evaluate(small(), **asked)


def test_a_survey_that_nobody_answers_is_refused() -> None:
    silent = {"survey_response_adopters": 0.0, "survey_response_others": 0.0}
    with pytest.raises(ScenarioError, match="nobody would answer"):
        evaluate(small(campaign=silent), replicates=2)


def test_the_command_writes_tables_and_picture_and_says_what_it_found(tmp_path: Path) -> None:
    file = tmp_path / "soap.yaml"
    file.write_text(small().to_yaml(), encoding="utf-8")
    asked = [
        "evaluate",
        str(file),
        "--clusters",
        "10",
        "--per-cluster",
        "5",
        "--replicates",
        "2",
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "10 clusters of 5 households in each arm" in done.output
    assert {f.name for f in (tmp_path / "out").iterdir()} == {
        "evaluation.csv", "power.csv", "evaluation.png", "evaluation.svg", "manifest.json",
    }  # fmt: skip
    rows = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert {"coverage after", "power", "design effect"} <= {entry["quantity"] for entry in rows}
    assert CliRunner().invoke(app, [*asked, "--question", "maybe"]).exit_code == 2


def test_the_legend_of_a_survey_that_finds_nothing_leaves_its_curve_free(monkeypatch: pytest.MonkeyPatch) -> None:
    from smsim.plots.evaluation import evaluation_figure

    found = evaluate(small(), control=0.5, replicates=2, seed=3)
    low = found.curve().assign(power=0.06, lower=0.0, upper=0.12)
    monkeypatch.setattr(type(found), "curve", lambda _: low)
    figure = evaluation_figure(found)
    figure.draw_without_rendering()
    axes = figure.axes[1]
    assert axes.transData.inverted().transform(axes.get_legend().get_window_extent().p0)[1] > 0.12


@pytest.mark.validation
def test_the_expected_difference_in_differences_is_the_effect_less_what_spilled_over() -> None:
    # E[DiD] = ATT - spill when communities are drawn by lot (model specification, M12).
    scenario = small(world={"cross_community_ties": 0.3}, behaviours={"soap": {"norm_weight": 1.0}})
    worlds = evaluate(scenario, replicates=200, seed=5).worlds
    gaps = np.array([expected_change(w) - (w.effect - w.spill) for w in worlds])
    assert np.mean([w.spill for w in worlds]) > 0.005
    assert abs(gaps.mean()) < 3 * gaps.std(ddof=1) / math.sqrt(len(gaps))
