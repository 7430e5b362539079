"""Processes of this machine: the same bytes as threads, and none left behind."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from functions import SWEPT, tiny

from smsim.cluster import LOCAL, MANY, PROCESSES, open_cluster
from smsim.errors import RunError, ScenarioError
from smsim.runner import run_each
from smsim.sweep import execute, load_sweep, sweep
from smsim.sweep.command import Options

HOW = {"method": "morris", "n": 6, "replicates": 2, "seed": 3, "factors": SWEPT}


def test_many_runs_side_by_side_are_processes_and_few_are_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Options(threads=MANY).where, Options(threads=MANY - 1).where) == (PROCESSES, None)
    assert Options(threads=MANY, cluster=LOCAL).where == LOCAL
    monkeypatch.setenv("SMSIM_THREADS", str(MANY))
    assert Options().where == PROCESSES


def test_a_sweep_of_a_few_chunks_starts_no_process(tmp_path: Path) -> None:
    seen = []
    sweep(tiny(), out=tmp_path, threads=2, cluster=PROCESSES, progress=lambda *_: seen.append(active_children()), **HOW)
    assert seen
    assert not any(seen)


def test_no_processes_at_all_are_refused() -> None:
    with pytest.raises(ScenarioError, match="threads must be 1 or more; got 0"), open_cluster(PROCESSES, 0):
        pass


@pytest.mark.slow
def test_processes_give_the_bytes_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)  # 24 chunks
    for name, cluster in (("threads", None), ("processes", PROCESSES)):
        sweep(tiny(), out=tmp_path / name, threads=2, cluster=cluster, **HOW)
    parts = [{p.name: p.read_bytes() for p in (tmp_path / n / "runs").iterdir()} for n in ("threads", "processes")]
    assert parts[0] == parts[1]


@pytest.mark.slow
def test_a_lost_process_is_a_sentence_and_the_sweep_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)

    def kill(done: int, total: int) -> None:
        if done:
            for child in active_children():
                child.kill()

    with pytest.raises(RunError, match="a process was lost"):
        sweep(tiny(), out=tmp_path, threads=2, cluster=PROCESSES, progress=kill, **HOW)
    assert not load_sweep(tmp_path).finished
    assert sweep(tiny(), out=tmp_path, threads=1, **HOW).finished


@pytest.mark.slow
def test_a_process_hands_back_no_more_than_a_pipe_takes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who is killed in the middle of more would leave the other end waiting for the rest, for ever.
    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)
    handed_back = []

    def listen(*args: Any, **how: Any) -> Iterator[Any]:
        for item, result in run_each(*args, **how):
            handed_back.append(len(pickle.dumps(result)))
            yield item, result

    monkeypatch.setattr(execute, "run_each", listen)
    assert sweep(tiny(), out=tmp_path, threads=2, cluster=PROCESSES, **HOW).finished
    assert handed_back
    assert max(handed_back) < 512  # the least that POSIX lets a pipe take


@pytest.mark.slow
def test_who_gives_up_leaves_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "RUNS_PER_CHUNK", 8)

    def give_up(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(tiny(), out=tmp_path, threads=2, cluster=PROCESSES, progress=give_up, **HOW)
    assert active_children() == []


KILLED = """
from functions import SWEPT, tiny
from smsim.sweep import execute, sweep

execute.RUNS_PER_CHUNK = 8
if __name__ == "__main__":
    sweep(tiny(), method="morris", n=64, seed=3, factors=SWEPT, threads=2, cluster="processes", progress=print)
"""


@pytest.mark.slow
def test_who_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    command = [sys.executable, "-u", str(script)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        assert any(not line.startswith("0 ") for line in parent.stdout)  # the processes work
        parent.kill()
        parent.communicate(timeout=60)  # comes to an end when the last of those that could still print has ended


@pytest.mark.slow
def test_a_script_that_processes_cannot_read_is_told_so(tmp_path: Path) -> None:
    script = KILLED.replace('if __name__ == "__main__":', "if True:")
    (tmp_path / "unguarded.py").write_text(script, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, str(tmp_path / "unguarded.py")]
    done = subprocess.run(command, capture_output=True, env=environment, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert 'below `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]
