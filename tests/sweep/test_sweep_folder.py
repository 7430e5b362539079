"""What a sweep leaves behind: tables, pictures, summary; and the command."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from functions import SWEPT, TINY
from typer.testing import CliRunner

from smsim.cli import app
from smsim.scenario import Scenario
from smsim.sweep import load_sweep

SWEEP = ["--method", "sobol", "-n", "8", "--replicates", "2", "--seed", "0", "--strategies", "pragmatic,activist"]
FACTORS = [word for path in SWEPT for word in ("--factor", path)]


def says(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "tiny.yaml"
    path.write_text(Scenario.from_mapping(TINY).to_yaml(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(file: Path) -> tuple[Path, str]:
    """The folder of a finished sweep, and what the command printed."""
    folder = file.parent / "done"
    code, said, _ = says("sweep", file, *SWEEP, *FACTORS, "--threads", "1", "--out", folder)
    assert code == 0
    return folder, said


def tables(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name != "manifest.json"}


def test_the_folder_holds_tables_pictures_and_the_store(done: tuple[Path, str]) -> None:
    names = {p.name for p in done[0].iterdir()}
    assert {
        "design.csv", "indices.csv", "failures.csv", "quality.csv", "convergence.csv", "repeat.csv", "flips.csv",
        "indices_by_week.csv", "regret.csv", "winners.csv", "boxes.csv", "worth_of_knowing.csv", "outcomes.parquet",
        "summary.txt", "manifest.json", "runs", "ranking.png", "heatmap.png", "tornado.png", "convergence.png",
        "by-week.png", "phase.png", "ce-plane.png", "pairs-1-pragmatic.png",
    } <= names  # fmt: skip
    manifest = json.loads((done[0] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sweep"]["method"] == "sobol"
    assert manifest["command"].startswith("smsim")


def test_the_tables_are_tidy_and_agree_with_the_notebook(done: tuple[Path, str]) -> None:
    study = load_sweep(done[0])
    indices = pd.read_csv(done[0] / "indices.csv", keep_default_na=False, na_values=["nan"])
    assert list(indices.columns) == list(study.indices().columns)
    assert {"S1", "ST", "S2"} == set(indices["index"])
    assert {"pragmatic", "activist", "none"} == set(indices["strategy"])
    outcomes = pd.read_parquet(done[0] / "outcomes.parquet")
    one = outcomes.query("outcome == 'coverage_end' and strategy == 'activist' and point == 3")["value"]
    assert list(one) == list(study.cube("soap", "coverage_end")[3, :, study.strategies.index("activist")])
    design = pd.read_csv(done[0] / "design.csv")
    assert list(design.columns) == ["point", *SWEPT]
    assert len(design) == 8 * 8
    weeks = pd.read_csv(done[0] / "indices_by_week.csv")
    assert set(weeks["week"]) == {3, 7, 11}


def test_the_summary_is_printed_and_kept(done: tuple[Path, str]) -> None:
    kept = (done[0] / "summary.txt").read_text(encoding="utf-8")
    assert kept.rstrip() in done[1]
    assert "512" not in kept.split(":")[0] or kept.startswith("384 runs")
    assert "64 design points (sobol, n = 8) of 3 factors, 2 paired worlds, 3 strategies" in kept
    assert "was not enough" in kept or "was enough" in kept


def test_a_finished_sweep_analysed_again_writes_the_same_bytes(done: tuple[Path, str]) -> None:
    before = tables(done[0])
    assert says("sweep", done[0], "--threads", "2")[0] == 0  # the folder knows what was asked
    assert tables(done[0]) == before


def test_shards_and_merge_on_the_command_line(file: Path, done: tuple[Path, str], tmp_path: Path) -> None:
    for i in (1, 2):
        code, said, _ = says("sweep", file, *SWEEP, *FACTORS, "--shard", f"{i}/2", "--out", tmp_path / f"{i}")
        assert code == 0
    code, said, _ = says("sweep", tmp_path / "1", "--status")
    assert code == 0
    assert "252 of 384 runs done (66%; 1 of 2 chunks)" in said
    code, _, complained = says("sweep", file, "--merge", tmp_path / "1", "--out", tmp_path / "half")
    assert code == 1
    assert "are missing" in complained
    assert says("sweep", file, "--merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "all")[0] == 0
    assert tables(tmp_path / "all") == tables(done[0])


def test_the_status_says_how_far_it_is(file: Path, done: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, _ = says("sweep", done[0], "--status")
    assert code == 0
    assert "384 of 384 runs done (100%" in said
    assert says("sweep", file, "--status", "--out", done[0])[1] == said
    monkeypatch.chdir(file.parent)
    assert "No sweeps" in says("sweep", "--status")[1]


def test_a_failed_run_is_listed_and_the_exit_code_is_1(file: Path, tmp_path: Path) -> None:
    poor = tmp_path / "poor.yaml"
    poor.write_text(file.read_text(encoding="utf-8").replace("pretest_cost: 0", "pretest_cost: 200"), encoding="utf-8")
    how = ["--method", "morris", "-n", "8", "--replicates", "1", "--factor", "campaign.budget_per_household=0.5:4"]
    code, said, _ = says("sweep", poor, *how, "--factor", SWEPT[1], "--out", tmp_path / "out")
    assert code == 1
    assert "runs failed" in said
    assert "Nothing was filled in" in said
    failures = pd.read_csv(tmp_path / "out" / "failures.csv")
    assert len(failures)
    assert failures["message"].str.contains("set-up").all()
    quality = pd.read_csv(tmp_path / "out" / "quality.csv")
    assert quality["lost"].max() > 0


def test_a_grid_gives_a_phase_diagram(file: Path, tmp_path: Path) -> None:
    how = ["--method", "grid", "-n", "3", "--replicates", "2", "--factor", SWEPT[1], "--factor", SWEPT[2]]
    code, said, _ = says("sweep", file, *how, "--phase", f"{SWEPT[1]},{SWEPT[2]}", "--out", tmp_path)
    assert code == 0
    assert (tmp_path / "phase.png").is_file()
    assert "9 design points (grid, n = 3)" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a scenario file"),
        (("nope.yaml",), "there is no such file"),
        (("FILE", "--method", "sobool"), "--method must be one of"),
        (("FILE", "-n", "100"), "power of two"),
        (("FILE", "--seed", "-1"), "seed"),
        (("FILE", "--factor", "world.mean_tis"), "did you mean"),
        (("FILE", "--strategies", "hybird"), "did you mean 'hybrid'"),
        (("FILE", "--strategies", ""), "at least one strategy"),
        (("FILE", "--shard", "3/2"), "write i/n"),
        (("FILE", "--shard", "1/2", "--cluster", "local"), "give one"),
        (("FILE", "--group", "network"), "NAME=PATH"),
        (("FILE", "--merge"), "--merge needs --out"),
        (("FILE", "--status", "--out", "nothing-here"), "no sweep here"),
    ],
)
def test_bad_options_get_a_sentence_and_exit_code_2(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given = [str(file) if a == "FILE" else a for a in arguments]
    code, _, complained = says("sweep", *given)
    assert code == 2
    assert words in complained
    assert "Traceback" not in complained


@pytest.mark.skipif(sys.platform == "win32", reason="no such name there")
def test_the_folder_may_be_named_like_an_address(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, _ = says("sweep", file, "--method", "morris", "-n", 2, "--replicates", 2, *FACTORS, "--out", "may:2")
    assert code == 0
    assert len(pd.read_parquet(tmp_path / "may:2" / "outcomes.parquet")) > 0


def test_another_outcome_can_decide(file: Path, done: tuple[Path, str]) -> None:
    study = load_sweep(done[0])
    study.decide_by("unmet_demand")
    assert study.decision == ("soap", "unmet_demand")
    assert study.winners().better == -1
    code, _, complained = says("sweep", done[0], "--decide", "coverge_end")
    assert code == 2
    assert "did you mean 'coverage_end'?" in complained


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--decide", "coverge_end"), "of soap, all and coverage_baseline"),
        (("--decide", "tea/coverage_end"), "no such outcome"),
        (("--decide", "administrative_end"), "neither better nor worse"),
        (("--phase", "world.mean_ties"), "two different swept factors"),
        (("--phase", f"{SWEPT[1]},{SWEPT[1]}"), "two different swept factors"),
        (("--phase", f"{SWEPT[1]},world.mean_ties"), f"swept are {', '.join(SWEPT)}"),
    ],
)
def test_what_findings_are_to_be_about_is_checked_before_anything_runs(
    file: Path, tmp_path: Path, arguments: tuple[str, str], words: str
) -> None:
    factors = [word for path in SWEPT for word in ("--factor", path)]
    code, _, complained = says("sweep", file, "-n", "8", *factors, *arguments, "--out", tmp_path / "new")
    assert code == 2
    assert words in complained
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def bundle(done: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a copy of the finished sweep, decided by something else than usual."""
    folder = tmp_path_factory.mktemp("bundled") / "sweep"
    shutil.copytree(done[0], folder)
    decided = ["--decide", "unmet_demand", "--phase", f"{SWEPT[1]},{SWEPT[2]}"]
    code, said, _ = says("sweep", folder, "--bundle", *decided)
    assert code == 0
    assert "bundle.zip" in said
    return folder / "bundle.zip"


def test_a_bundle_reruns_with_one_command_to_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    code, said, _ = says("sweep", bundle, "--out", tmp_path / "again", "--threads", "2")
    assert code == 0, said
    assert said.startswith("The same to the byte: all ")
    assert tables(tmp_path / "again") == {k: v for k, v in tables(bundle.parent).items() if k != "bundle.zip"}


def test_a_bundle_is_an_ro_crate_that_lists_every_file_with_its_checksum(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        crate = json.loads(archive.read("ro-crate-metadata.json"))
        sums = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = entities["./"]
    assert {"name", "description", "datePublished", "license"} <= set(root)
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == set(sums) - {"ro-crate-metadata.json"}
    assert {name: entities[name]["sha256"] for name in parts} == {name: sums[name] for name in parts}
    action = entities["#sweep"]
    assert {e["@id"] for e in action["object"]} >= {"scenario.yaml", "runs/sweep.json"}
    assert {e["@id"] for e in action["result"]} >= {"indices.csv", "outcomes.parquet", "summary.txt"}


def test_a_bundle_of_another_version_or_a_damaged_one_is_refused(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "open")
    spec = tmp_path / "open" / "runs" / "sweep.json"
    other = json.loads(spec.read_text(encoding="utf-8")) | {"smsim": "9.9.9"}
    spec.write_text(json.dumps(other), encoding="utf-8")
    code, _, complained = says("sweep", tmp_path / "open", "--out", tmp_path / "again")
    assert code == 2
    assert "was made by smsim 9.9.9" in complained
    spec.unlink()
    code, _, complained = says("sweep", tmp_path / "open", "--out", tmp_path / "again")
    assert code == 1
    assert "the bundle is damaged" in complained
