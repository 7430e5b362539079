"""Dask: a real scheduler and two real worker processes on loopback, one of which is killed in mid-sweep."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from functions import SWEPT, tiny

from smsim.errors import RunError, ScenarioError
from smsim.sweep import execute, load_sweep, sweep

if importlib.util.find_spec("distributed") is None:
    pytest.skip("needs the extra `cluster`", allow_module_level=True)

HOW = {"method": "morris", "n": 6, "replicates": 2, "seed": 3, "factors": SWEPT}


def start_cluster(folder: Path, workers: int) -> tuple[Path, list[subprocess.Popen[bytes]]]:
    """A scheduler and its workers, processes of their own; the scheduler first."""
    file = folder / "scheduler.json"
    programs = [
        ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        *[["dask_worker", "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1"]] * workers,
    ]
    return file, [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *options, "--scheduler-file", str(file)],
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        for name, *options in programs
    ]


def stop(running: list[subprocess.Popen[bytes]]) -> None:
    for program in reversed(running):
        program.kill()
        program.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize(("lost", "words"), [(1, "has had no worker for 6 s"), (0, "lost its scheduler|no worker for")])
def test_a_cluster_that_is_lost_wholly_is_a_sentence_and_the_sweep_goes_on_elsewhere(
    lost: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smsim import cluster

    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)
    scheduler_file, running = start_cluster(tmp_path, workers=1)
    out = tmp_path / "cluster"

    def kill(done: int, total: int) -> None:
        if done:
            monkeypatch.setattr(cluster, "PATIENCE", 6)
            running[lost].kill()

    try:
        with pytest.raises(RunError, match=words):
            sweep(tiny(), out=out, cluster=str(scheduler_file), progress=kill, **HOW)
    finally:
        stop(running)
    assert not load_sweep(out).finished
    assert load_sweep(out).store.status().done > 0
    assert sweep(tiny(), out=out, threads=1, **HOW).finished


@pytest.mark.slow
def test_a_sweep_survives_the_loss_of_a_worker_and_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)  # 24 chunks
    scheduler_file, running = start_cluster(tmp_path, workers=2)
    killed = []

    def kill_one(done: int, total: int) -> None:
        if done >= total // 4 and not killed:
            running[2].kill()
            killed.append(done)

    try:
        out = tmp_path / "cluster"
        sweep(tiny(), out=out, cluster=str(scheduler_file), progress=kill_one, **HOW)
    finally:
        stop(running)
    assert killed
    assert killed[0] < 24
    sweep(tiny(), out=tmp_path / "threads", threads=1, **HOW)
    parts = [{p.name: p.read_bytes() for p in (tmp_path / name / "runs").iterdir()} for name in ("cluster", "threads")]
    assert parts[0] == parts[1]
    assert load_sweep(out).finished


@pytest.mark.parametrize("where", ["nowhere", "scheduler.json", "", "tcp://", "tcp://host"])
def test_a_cluster_that_is_nothing_is_refused(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smsim import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 0)
    with pytest.raises(ScenarioError, match="neither an address"):
        sweep(tiny(), out=tmp_path / "new", cluster=where, **HOW)
    assert not (tmp_path / "new").exists()


def test_a_scheduler_that_does_not_answer_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smsim import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(RunError, match="no scheduler with a worker answers"):
        sweep(tiny(), out=tmp_path / "new", cluster="tcp://127.0.0.1:9", **HOW)
    assert not (tmp_path / "new").exists()
