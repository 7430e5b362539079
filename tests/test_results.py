"""A run and its tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

import smsim
from smsim.results import Run, write_parquet
from smsim.scenario import Scenario


@pytest.fixture(scope="module")
def run() -> Run:
    small = {
        "world": {"households": 300, "households_per_community": 100},
        "behaviours": {"soap": {"kind": "repeated"}, "birth": {"kind": "event", "event_rate": 0.05}},
        "campaign": {"weeks": 10, "training_cost": 0, "pretest_cost": 0, "assessment_cost": 0},
        "run": {"burn_in_weeks": 5, "follow_up_weeks": 5},
    }
    return smsim.simulate(Scenario.from_mapping(small, "small"), "hybrid", seed=3)


def test_stages_share_out_the_households_of_every_group(run: Run) -> None:
    frame = run.coverage()
    assert list(frame.columns) == ["week", "behaviour", "group", "level", "stage", "share"]
    stages = frame[frame["stage"].isin(["unaware", "aware", "willing", "adopted", "maintained", "lapsed"])]
    sums = stages.groupby(["week", "behaviour", "group", "level"])["share"].sum(min_count=6).dropna()
    assert sums.to_numpy() == pytest.approx(1)
    assert set(frame["group"]) == {"all", "wealth", "head", "language", "hesitancy", "distance"}


def test_coverage_of_a_repeated_behaviour_is_counted_in_the_state(run: Run) -> None:
    last = run.coverage().query("week == 14 and behaviour == 'soap' and group == 'all' and stage == 'coverage'")
    doing = (run.state.stage[0] == 3) | (run.state.stage[0] == 4)
    assert last["share"].item() == doing.mean()


def test_coverage_by_group_is_counted_in_the_households(run: Run) -> None:
    frame = run.coverage().query("week == 14 and behaviour == 'soap' and stage == 'coverage'")
    found = frame.set_index(["group", "level"])["share"]
    doing = (run.state.stage[0] == 3) | (run.state.stage[0] == 4)
    homes = run.world.households
    assert found["head", "female"] == doing[homes.female == 1].mean()
    assert found["language", "minority"] == doing[homes.minority == 1].mean()
    assert found["distance", "remote"] == doing[homes.distance_km > 5].mean()
    assert found["wealth", "poorest"] == doing[run.world.wealth_rank < 0.2].mean()


def test_outcomes_name_the_run(run: Run) -> None:
    frame = run.outcomes()
    assert list(frame.columns) == ["strategy", "seed", "behaviour", "group", "outcome", "value", "unit"]
    assert set(frame["strategy"]) == {"hybrid"}
    assert set(frame["seed"]) == {3}
    assert "hybrid" in repr(run)
    assert "soap" in repr(run)


def test_written_weeks_are_those_of_the_frame(run: Run, tmp_path: Path) -> None:
    run.write(tmp_path, command="smsim run small.yaml")
    assert {f.name for f in tmp_path.iterdir()} == {"weekly.parquet", "manifest.json"}
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "weekly.parquet"), run.coverage(), check_dtype=False, check_categorical=False
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["strategy"], manifest["seed"], manifest["weeks"]["end"]) == ("hybrid", 3, 14)


def test_a_share_of_nobody_is_missing_in_the_file_too(run: Run, tmp_path: Path) -> None:
    run.write(tmp_path)
    missing = run.coverage()["share"].isna().sum()
    assert missing > 0
    assert pyarrow.parquet.read_table(tmp_path / "weekly.parquet")["share"].null_count == missing


@pytest.mark.skipif(sys.platform == "win32", reason="no such name there")
def test_a_folder_may_be_named_like_an_address(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run.write("may:2")
    assert {f.name for f in Path("may:2").iterdir()} == {"weekly.parquet", "manifest.json"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such name there")
def test_a_frame_may_be_written_below_a_name_like_an_address(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file:x").mkdir()
    write_parquet(run.coverage(), Path("file:x") / "weekly.parquet")
    assert (tmp_path / "file:x" / "weekly.parquet").stat().st_size > 0
