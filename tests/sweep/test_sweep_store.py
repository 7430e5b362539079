"""The store: whole parts or none, resumed after a kill, never mixed, shared by processes, same bytes whoever ran it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from functions import SWEPT, Functions, numbers, study_of, tiny

from smsim.errors import RunError, ScenarioError
from smsim.sweep import execute as execute_module
from smsim.sweep import load_sweep, sweep
from smsim.sweep import study as study_module
from smsim.sweep.command import Options, merge, refuse_other_request
from smsim.sweep.design import Design
from smsim.sweep.point import Campaigns
from smsim.sweep.problem import make_factors
from smsim.sweep.store import Store

HOW = {"method": "morris", "n": 6, "replicates": 2, "seed": 3, "factors": SWEPT}


def runs(folder: Path) -> dict[str, bytes]:
    """Every file of a store."""
    return {path.name: path.read_bytes() for path in (folder / "runs").iterdir()}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute_module, "RUNS_PER_CHUNK", 16)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep on one thread, finished and sealed."""
    folder = tmp_path_factory.mktemp("reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute_module, "RUNS_PER_CHUNK", 16)
        sweep(tiny(), out=folder, threads=1, **HOW).store.seal()
    return folder


def sealed(folder: Path) -> dict[str, bytes]:
    load_sweep(folder).store.seal()
    return runs(folder)


def test_two_threads_write_the_bytes_of_one(reference: Path, tmp_path: Path) -> None:
    sweep(tiny(), out=tmp_path, threads=2, **HOW)
    assert sealed(tmp_path) == runs(reference)
    assert len(runs(reference)) > 10


def test_shards_in_folders_of_their_own_merge_to_the_same_bytes(reference: Path, tmp_path: Path) -> None:
    for i in (1, 2, 3):
        part = sweep(tiny(), out=tmp_path / f"part{i}", threads=1, shard=(i, 3), **HOW)
        assert not part.finished
    with pytest.raises(RunError, match="chunks are missing"):
        merge(tmp_path / "two", [str(tmp_path / "part1"), str(tmp_path / "part2")])
    merge(tmp_path / "all", [str(tmp_path / f"part{i}") for i in (3, 1, 2)])
    assert sealed(tmp_path / "all") == runs(reference)


def test_shards_in_one_folder_need_no_gathering(reference: Path, tmp_path: Path) -> None:
    for i in (2, 1):
        sweep(tiny(), out=tmp_path, threads=1, shard=(i, 2), **HOW)
    merge(tmp_path, [])
    assert sealed(tmp_path) == runs(reference)


def test_two_processes_on_one_store_end_with_the_same_bytes(reference: Path, tmp_path: Path) -> None:
    others = [subprocess.Popen(_command(tmp_path), stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    assert sealed(tmp_path) == runs(reference)


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_three_kills_at_random_moments_and_a_resume_end_with_the_same_bytes(reference: Path, tmp_path: Path) -> None:
    chance = random.Random(1)
    for _ in range(3):
        with subprocess.Popen(_command(tmp_path), stdout=subprocess.PIPE) as other:
            for _ in range(chance.randint(1, 4)):  # so many signs of progress, then the kill
                assert other.stdout
                assert other.stdout.readline()
            other.send_signal(signal.SIGKILL)
    assert not load_sweep(tmp_path).finished
    sweep(tiny(), out=tmp_path, threads=2, **HOW)
    assert sealed(tmp_path) == runs(reference)


def _command(folder: Path) -> list[str]:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from functions import tiny
from smsim.sweep import execute, sweep
execute.RUNS_PER_CHUNK = 16
sweep(tiny(), out={str(folder)!r}, threads=1, progress=lambda *done: print(done, flush=True), **{HOW!r})
"""
    return [sys.executable, "-c", code]


def test_a_damaged_part_is_seen_and_computed_again(reference: Path, tmp_path: Path) -> None:
    sweep(tiny(), out=tmp_path, threads=1, **HOW)
    part = next((tmp_path / "runs").glob("part-00003-*"))
    part.write_bytes(part.read_bytes()[:-20])
    store = Store.open(tmp_path / "runs")
    assert store.damaged() == [3]
    assert store.status().damaged == 1
    with pytest.raises(RunError, match="1 damaged"):
        store.seal()
    sweep(tiny(), out=tmp_path, threads=1, **HOW)
    assert sealed(tmp_path) == runs(reference)


def test_what_is_there_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(tiny(), out=tmp_path, threads=1, **HOW)
    monkeypatch.setattr(execute_module, "part_table", lambda *_: pytest.fail("it was run again"))
    sweep(tiny(), out=tmp_path, threads=1, **HOW)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": 7}, r"otherwise: -n differs \(there 6, here 7\)"),
        ({"seed": 4}, r"seed differs \(there 3, here 4\)"),
        ({"replicates": 3}, "replicates"),
        ({"method": "sobol", "n": 8}, "method"),
        ({"factors": SWEPT[:2]}, "the choice of factors"),
        ({"strategies": ["hybrid"]}, "strategies"),
    ],
)
def test_another_sweep_is_refused_not_mixed(reference: Path, change: dict[str, object], words: str) -> None:
    before = runs(reference)
    with pytest.raises(ScenarioError, match=words):
        sweep(tiny(), out=reference, threads=1, **(HOW | change))
    assert runs(reference) == before


def test_a_changed_scenario_is_refused(reference: Path) -> None:
    with pytest.raises(ScenarioError, match="the scenario differs"):
        sweep(tiny().replace(world={"mean_ties": 11}), out=reference, **HOW)


@pytest.mark.parametrize(("name", "words"), [("package_version", "version of smsim"), ("code_digest", "the program")])
def test_another_version_is_refused(reference: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setattr(study_module, name, lambda: "9.9.9")
    with pytest.raises(ScenarioError, match=words):
        sweep(tiny(), out=reference, **HOW)


def test_two_results_for_one_chunk_are_reported(tmp_path: Path) -> None:
    sweep(tiny(), out=tmp_path, threads=1, **HOW)
    part = next((tmp_path / "runs").glob("part-00003-*"))
    (tmp_path / "runs" / "part-00003-0000000000000000.parquet").write_bytes(part.read_bytes())
    with pytest.raises(RunError, match="different results for chunk 3"):
        load_sweep(tmp_path).store.missing()


@pytest.mark.parametrize("text", ["{}", "[1]", "[1", "null"])
def test_a_folder_that_does_not_say_what_was_asked_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match="cannot be read"):
        Store.open(tmp_path)


def test_what_a_begun_sweep_runs_is_not_asked_otherwise() -> None:
    refuse_other_request(Path("begun"), Options(threads=2, decide="coverage_end"))
    with pytest.raises(ScenarioError, match="leave out --method, --seed"):
        refuse_other_request(Path("begun"), Options(method="morris", seed=9))


def test_a_folder_without_a_sweep_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no sweep here"):
        load_sweep(tmp_path)


def test_of_two_processes_that_begin_different_sweeps_one_is_refused(tmp_path: Path) -> None:
    refused: list[str] = []
    start = threading.Barrier(2)

    def begin(seed: int) -> None:
        start.wait()
        try:
            sweep(tiny(), out=tmp_path, threads=1, **(HOW | {"seed": seed}))
        except ScenarioError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=begin, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert load_sweep(tmp_path).finished


def test_a_run_is_the_one_that_compare_and_simulate_give(reference: Path) -> None:
    import smsim
    from smsim.runner import replicate_seed
    from smsim.sweep.problem import values_at

    study = load_sweep(reference)
    point = 5
    scenario = tiny().vary(values_at(study.factors, study.x[point]))
    run = smsim.simulate(scenario, "activist", seed=replicate_seed(3, 1))
    expected = run.outcomes().query("group == 'all' and outcome == 'coverage_end'")["value"].iloc[0]
    s = study.strategies.index("activist")
    assert study.cube("soap", "coverage_end")[point, 1, s] == expected
    shares = run.coverage().query("group == 'all' and stage == 'coverage'")["share"].to_numpy()
    part = pq.read_table(study.store.parts()[point // study.store.chunk]).to_pandas()
    row = part.query(f"point == {point} and replicate == 1 and strategy == 'activist'").iloc[0]
    assert np.array_equal(row["soap/weekly"], shares.astype(np.float32))


def test_a_poisoned_run_is_a_row_and_in_no_index(tmp_path: Path) -> None:
    def poisoned(x: np.ndarray) -> float:
        return 1.0 / 0.0 if 0.5 < x[0] < 0.52 else x[0] + x[1]

    model = Functions({"good": lambda x: x[0] + x[1], "bad": poisoned}, numbers(2))
    study = study_of(tmp_path, model, Design("sobol", 64, 1, second_order=False))
    failures = study.failures()
    assert set(failures["strategy"]) == {"bad"}
    assert set(failures["message"]) == {"float division by zero"}
    quality = study.quality(["value"]).set_index(["strategy", "versus"])
    assert quality.loc[("good", ""), "dropped"] == 0
    bad = quality.loc[("bad", "")]
    assert bad["lost"] == len(failures)
    assert bad["dropped"] % 4 == 0  # whole blocks
    assert bad["dropped"] >= len(failures)
    table = study.indices(["value"])
    assert np.isfinite(table["value"]).all()
    first = table.query("strategy == 'bad' and index == 'S1' and versus == ''")["value"]
    assert first.to_numpy() == pytest.approx([0.5, 0.5], abs=0.1)  # the plane's, without the poisoned blocks


def test_an_error_in_one_strategy_of_the_simulator_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smsim.sweep import point as point_module

    together, single = point_module.simulate_together, point_module.simulate

    def broken_together(scenario, strategies, seed, world):
        if scenario.behaviours["soap"]["taboo"] > 0.9:
            raise ZeroDivisionError("the well is dry")
        return together(scenario, strategies, seed, world)

    def broken(scenario, strategy, seed, world):
        if strategy == "activist":
            raise ZeroDivisionError("the well is dry")
        return single(scenario, strategy, seed, world)

    monkeypatch.setattr(point_module, "simulate_together", broken_together)
    monkeypatch.setattr(point_module, "simulate", broken)
    study = sweep(tiny(), out=tmp_path, threads=2, **HOW)
    failures = study.failures()
    assert len(failures)
    assert set(failures["strategy"]) == {"activist"}
    assert failures["message"].iloc[0] == "ZeroDivisionError: the well is dry"
    taboo = study.points().loc[failures["point"], "behaviours.soap.taboo"]
    assert (taboo > 0.9).all()
    assert np.isfinite(study.cube("soap", "coverage_end")[..., study.strategies.index("hybrid")]).all()
    quality = study.quality().set_index(["strategy", "versus", "outcome"])
    assert quality.loc[("hybrid", "", "coverage_end"), "dropped"] == 0
    assert quality.loc[("activist", "", "coverage_end"), "dropped"] > 0
    assert np.isfinite(study.indices()["value"]).all()
    assert any("runs failed" in line for line in study.summary())


@pytest.mark.parametrize(
    ("function", "stage"),
    [("check_size", "scenario"), ("dress", "world"), ("simulate", "run"), ("outcomes_of_all", "outcomes")],
)
@pytest.mark.parametrize("error", [KeyError("well"), AssertionError(), StopIteration(), RuntimeError("two\nlines")])
def test_whatever_is_raised_at_any_stage_is_a_row_with_seed_stage_and_message(
    function: str, stage: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, points = poisoned(function, error, monkeypatch)
    rows = list(model.runs(points))
    assert [row.stage for row in rows] == [stage] * 3 + [""] * 3  # of the first point; the second is spared
    for row in rows[:3]:
        assert row.seed == rows[3].seed
        assert row.message.startswith(type(error).__name__)
        assert "\n" not in row.message
        assert not row.values
        assert not row.series


def test_want_of_memory_is_the_machines_and_stops_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in ("check_size", "dress", "simulate", "outcomes_of_all"):
        with monkeypatch.context() as patch:
            model, points = poisoned(function, MemoryError(), patch)
            with pytest.raises(MemoryError):
                list(model.runs(points))


def poisoned(function: str, error: Exception, patch: pytest.MonkeyPatch) -> tuple[Campaigns, np.ndarray]:
    """A model of two points, at the first of which a function of the runner raises an error."""
    from smsim.sweep import point as point_module

    factors, _ = make_factors(tiny(), SWEPT)
    model = Campaigns(tiny(), factors, ("none", "activist", "hybrid"), 1, 3)
    true = getattr(point_module, function)

    def broken(first, *rest, **more):
        if first.behaviours["soap"]["taboo"] > 0.5:
            raise error
        return true(first, *rest, **more)

    patch.setattr(point_module, function, broken)
    if function == "simulate":
        patch.setattr(point_module, "simulate_together", broken)  # what is found wrong together is looked for alone
    return model, np.array([[0.5, 0.9, 0.5], [0.5, 0.1, 0.5]])


def test_points_that_cannot_be_set_up_are_failures_with_their_reason(tmp_path: Path) -> None:
    poor = tiny(campaign={"weeks": 8, "pretest_cost": 2000})
    how = HOW | {"factors": ("campaign.budget_per_household=5:60", "behaviours.soap.taboo")}
    failures = sweep(poor, out=tmp_path, threads=1, **how).failures()
    assert len(failures)
    assert failures["message"].str.contains("must cover the set-up").all()


def test_the_status_counts_runs_and_failures(reference: Path, tmp_path: Path) -> None:
    state = load_sweep(reference).store.status()
    assert (state.done, state.runs_done, state.failed, state.damaged) == (state.chunks, state.runs, 0, 0)
    assert state.runs == 24 * 2 * 4
    sweep(tiny(), out=tmp_path, threads=1, shard=(1, 4), **HOW)
    assert 0 < load_sweep(tmp_path).store.status().done < state.chunks


def test_the_manifest_lists_every_part_with_its_checksum(reference: Path) -> None:
    import hashlib

    manifest = json.loads((reference / "runs" / "manifest.json").read_text(encoding="utf-8"))
    parts = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (reference / "runs").glob("part-*")}
    assert manifest["parts"] == parts


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ([1, 4, 7, 10, 13], "those of shard 2/3"),
        ([0, 2, 3, 5, 6, 8, 9, 11, 12, 14], "those of shard 1/3 and 3/3"),
        ([4, 5], "the first is 4"),
    ],
)
def test_missing_shards_are_named(missing: list[int], words: str) -> None:
    from smsim.sweep.command import _whose

    assert _whose(missing, 15) == words


def test_a_full_disk_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from smsim.sweep.store import _place

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        _place(tmp_path, "part", b"some")
    assert list(tmp_path.iterdir()) == []
