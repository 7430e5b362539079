"""The comparison: paired worlds, tables that agree with each other, the same bytes for any number of threads."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import smsim
from smsim.compare import Comparison, compare, run_replicate
from smsim.errors import RunError, ScenarioError
from smsim.folder import write_csv
from smsim.outcomes import ALL, GROUPS
from smsim.runner import replicate_seed
from smsim.scenario import Scenario

SMALL = {
    "world": {"households": 500, "households_per_community": 125},
    "behaviours": {"soap": {"kind": "repeated"}, "birth": {"kind": "event", "event_rate": 0.02}},
    "campaign": {"weeks": 12, "training_cost": 0, "pretest_cost": 0, "assessment_cost": 0},
    "run": {"burn_in_weeks": 8, "follow_up_weeks": 8, "replicates": 4},
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.from_mapping(SMALL, "small")


@pytest.fixture(scope="module")
def comparison(scenario: Scenario) -> Comparison:
    return compare(scenario, threads=1)


def test_no_campaign_comes_first_then_all_strategies_of_the_scenario(comparison: Comparison) -> None:
    assert comparison.strategies[0] == "none"
    assert set(comparison.campaigns) == {"pragmatic", "activist", "hybrid"}
    assert comparison.replicates == 4
    assert comparison.seed == 1


def test_two_threads_write_the_same_bytes_as_one(scenario: Scenario, comparison: Comparison, tmp_path: Path) -> None:
    other = compare(scenario, threads=2)
    for name, one in (("a.csv", comparison), ("b.csv", other)):
        write_csv(one.outcomes(), tmp_path / name, ("strategy", "behaviour"))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert np.array_equal(comparison.series, other.series, equal_nan=True)


def test_another_process_writes_the_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from smsim.compare import compare
from smsim.folder import write_csv
from smsim.scenario import Scenario
frame = compare(Scenario.from_mapping({SMALL!r}, "small"), threads=2).outcomes()
write_csv(frame, Path({str(tmp_path / "b.csv")!r}), ("strategy", "behaviour"))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    write_csv(comparison.outcomes(), tmp_path / "a.csv", ("strategy", "behaviour"))
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_more_replicates_begin_with_the_same_worlds(scenario: Scenario, comparison: Comparison) -> None:
    fewer = compare(scenario, replicates=2, threads=1)
    assert np.array_equal(fewer.values, comparison.values[:, :2], equal_nan=True)


def test_a_replicate_is_what_simulate_gives(scenario: Scenario, comparison: Comparison) -> None:
    run = smsim.simulate(scenario, "activist", seed=replicate_seed(1, 3))
    expected = run.outcomes().query("group == 'wealth:poorest' and behaviour == 'soap'").set_index("outcome")["value"]
    for outcome, value in expected.items():
        assert comparison.worlds("activist", str(outcome), "soap", "wealth:poorest")[3] == value


def test_worlds_are_paired_until_the_campaign_begins(comparison: Comparison) -> None:
    assert (comparison.values[0] == comparison.values)[:, :, 0].all()  # coverage_baseline of soap
    assert comparison.keys[0] == ("soap", ALL, "coverage_baseline")
    assert np.array_equal(comparison.series[0, :, :8], comparison.series[2, :, :8], equal_nan=True)


def test_names_of_strategies_change_nothing(scenario: Scenario, comparison: Comparison) -> None:
    other = scenario.replace(strategies={"other": {"blend": {"pragmatic": 1.0}}})
    renamed = compare(other, strategies=["other"], threads=1)
    for outcome in ("coverage_end", "additional_adopters", "unmet_demand"):
        assert np.array_equal(
            renamed.worlds("other", outcome, "soap"), comparison.worlds("pragmatic", outcome, "soap"), equal_nan=True
        )


def test_spending_is_the_budget_to_the_cent_with_what_is_left_unspent(comparison: Comparison) -> None:
    for s in comparison.campaigns:
        total = comparison.worlds(s, "spent") + comparison.worlds(s, "unspent")
        assert total == pytest.approx(comparison.worlds(s, "budget"), abs=0.005)
    table = comparison.spending()
    assert (table["planned"] == table["spent"] + table["unspent"]).all()
    assert table.groupby("strategy")["planned"].sum().to_numpy() == pytest.approx([3000] * 3)


def test_tables_hold_the_numbers_of_the_outcomes(comparison: Comparison) -> None:
    frame = comparison.outcomes()
    assert list(frame.columns) == ["strategy", "replicate", "behaviour", "group", "outcome", "value", "unit"]
    chosen = frame.query("outcome == 'coverage_end' and behaviour == 'soap' and group == 'all'")
    means = chosen.groupby("strategy")["value"].mean()
    table = comparison.table().query("behaviour == 'soap'").set_index("strategy")
    assert table["coverage_end"].to_dict() == pytest.approx(means.to_dict())
    assert (table["coverage_end_lower"] <= table["coverage_end"]).all()
    equity = comparison.equity()
    assert len(equity) == 4 * 2 * len(GROUPS)
    whole = equity.query("behaviour == 'soap' and group == 'all'").set_index("strategy")["mean"]
    assert whole.to_dict() == pytest.approx(means.to_dict())
    shares = comparison.sources().groupby(["strategy", "behaviour"])["share"].sum(min_count=1).dropna()
    assert shares.to_numpy() == pytest.approx(1)


def test_weekly_means_are_those_of_the_worlds(comparison: Comparison) -> None:
    weekly, worlds = comparison.weekly(), comparison.weekly_worlds()
    assert weekly["week"].min() == -8
    assert weekly["week"].max() == 19
    chosen = "strategy == 'hybrid' and behaviour == 'soap' and group == 'all' and quantity == 'coverage'"
    band, each = weekly.query(chosen), worlds.query(chosen)
    assert band["mean"].to_numpy() == pytest.approx(each.groupby("week")["mean"].mean().to_numpy(), rel=1e-6)
    end = band.set_index("week").loc[11]
    assert end["mean"] == pytest.approx(comparison.mean("hybrid", "coverage_end", "soap"), rel=1e-6)  # kept as float32
    assert end["lower"] <= end["mean"] <= end["upper"]
    stages = weekly.query("strategy == 'none' and behaviour == 'soap' and group == 'all' and week == 0")
    names = ["unaware", "aware", "willing", "adopted", "maintained", "lapsed"]
    assert stages[stages["quantity"].isin(names)]["mean"].sum() == pytest.approx(1, rel=1e-6)


def test_a_contrast_is_the_paired_difference_and_turns_sign_with_its_sides(comparison: Comparison) -> None:
    row = comparison.contrast("hybrid", "none", "coverage_end", "soap").iloc[0]
    gap = comparison.worlds("hybrid", "coverage_end", "soap") - comparison.worlds("none", "coverage_end", "soap")
    assert row["difference"] == pytest.approx(gap.mean())
    turned = comparison.contrast("none", "hybrid", "coverage_end", "soap").iloc[0]
    assert (turned["difference"], turned["lower"]) == pytest.approx((-row["difference"], -row["upper"]))
    assert turned["share_a_beats_b"] == 1 - row["share_a_beats_b"]
    assert list(comparison.contrast("hybrid", "none")["behaviour"]) == ["soap", "birth"]
    assert set(comparison.contrasts()["outcome"]) >= {"coverage_end", "cost_per_additional_adopter", "reach"}


def test_cost_per_additional_adopter_is_a_ratio_of_means(comparison: Comparison) -> None:
    spent, more = comparison.worlds("pragmatic", "spent"), comparison.worlds("pragmatic", "additional_adopters", "soap")
    cost = comparison.cost("pragmatic", "soap")
    assert cost.value == pytest.approx(spent.mean() / more.mean())
    assert math.isnan(comparison.cost("none", "soap").value)


def test_writing_says_how_many_of_the_pictures_are_drawn(comparison: Comparison, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    comparison.write(tmp_path, progress=lambda drawn, pictures: told.append((drawn, pictures)))
    pictures = len(list(tmp_path.glob("*.png")))
    assert told == [(drawn, pictures) for drawn in range(pictures + 1)]


def test_written_files_agree_with_the_frames(comparison: Comparison, tmp_path: Path) -> None:
    comparison.write(tmp_path, command="smsim compare small.yaml")
    names = {f.name for f in tmp_path.iterdir()}
    assert {"report.html", "outcomes.csv", "contrasts.csv", "weekly.parquet", "manifest.json"} <= names
    read = pd.read_csv(tmp_path / "outcomes.csv", keep_default_na=False, na_values=[""])
    assert np.array_equal(read["value"].to_numpy(), comparison.outcomes()["value"].to_numpy(), equal_nan=True)
    assert list(read["group"]) == list(comparison.outcomes()["group"])
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == comparison.scenario.digest
    assert manifest["command"] == "smsim compare small.yaml"
    assert manifest["compared"] == list(comparison.strategies)
    weekly = pd.read_parquet(tmp_path / "weekly.parquet")
    assert len(weekly) == len(comparison.weekly()) + len(comparison.weekly_worlds())


def test_what_cannot_be_compared_is_a_sentence(scenario: Scenario, comparison: Comparison) -> None:
    with pytest.raises(ScenarioError, match="replicates must be 2 or more"):
        compare(scenario, replicates=1)
    with pytest.raises(ScenarioError, match="name at least one strategy"):
        compare(scenario, strategies=[])
    with pytest.raises(ScenarioError, match="no strategy 'hybird'; did you mean 'hybrid'"):
        compare(scenario, strategies=["hybird"])
    with pytest.raises(ScenarioError, match="no strategy 'x' in this comparison"):
        comparison.contrast("x", "none")
    with pytest.raises(ScenarioError, match="no outcome 'covrage'"):
        comparison.contrast("hybrid", "none", "covrage")


def test_a_failed_replicate_says_which_and_its_seed(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(sys.modules["smsim.compare"], "simulate_all", fail)  # the name leads to the function
    with pytest.raises(
        RunError, match=rf"replicate 2 \(seed {replicate_seed(1, 2)}\) failed: ZeroDivisionError: broken"
    ):
        run_replicate(scenario, ("none", "hybrid"), 1, 2)
