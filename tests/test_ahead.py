"""The first start on a machine: what the child compiles, and that nothing rests on it."""

from __future__ import annotations

import collections
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from smsim import ahead
from smsim.engine import cache_folder, draws
from smsim.scenario import load_scenario
from smsim.simulate import simulate

SCENARIO = Path(__file__).parent.parent / "scenarios" / "village.yaml"
A_CONTAGION = """
from smsim import Scenario, simulate
quiet = {"taboo": 0, "rumour_passing": 0, "rumour_arrival": 0, "rumour_initial": 0, "place": "home", "talk_weeks": 0}
simulate(Scenario.from_mapping({
    "world": {"households": 200, "turnover": 0},
    "behaviours": {"behaviour": {"kind": "permanent", "service_capacity": 1, **quiet}},
}), "none")
"""

compiles = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a first run, and the kernels that it and a contagion compiled."""
    folder = tmp_path_factory.mktemp("first")
    command = [sys.executable, "-m", "smsim", "run", str(SCENARIO), "--out", str(folder / "run")]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "kernels"), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (folder / "said").write_text(done.stderr, encoding="utf-8")
    subprocess.run([sys.executable, "-c", A_CONTAGION], env=environment, check=True)
    return folder


@compiles
def test_the_first_run_says_that_it_compiles_and_gives_what_every_other_gives(first_start, tmp_path):
    simulate(load_scenario(SCENARIO)).write(tmp_path / "run")
    name = Path("run") / "weekly.parquet"
    assert (first_start / name).read_bytes() == (tmp_path / name).read_bytes()
    assert "compiles the engine" in (first_start / "said").read_text(encoding="utf-8")


@compiles
def test_every_kernel_is_compiled_for_one_set_of_types(first_start):
    # Two processes that save the same function for different types at the same moment could mix up Numba's index.
    files = collections.Counter(file.name.split("-")[0] for file in (first_start / "kernels").rglob("*.nbc"))
    assert {name for name, many in files.items() if many > 1} == set()
    assert {"run._advance", "contagion.play"} <= set(files)


@compiles
def test_kernels_of_other_sources_lie_elsewhere_though_the_user_says_where_to_keep_them(first_start):
    assert [folder.name for folder in (first_start / "kernels").iterdir()] == [cache_folder().name]


@pytest.fixture
def afresh(monkeypatch):
    """As if nothing had been compiled or begun."""
    monkeypatch.setattr(ahead, "compiled", lambda: False)
    monkeypatch.setattr(ahead, "_once", threading.Lock())
    monkeypatch.setattr(ahead, "_children", [])
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_a_child_that_dies_is_not_waited_for(afresh, monkeypatch):
    monkeypatch.setattr(ahead, "WORK", "raise SystemExit(1)")
    ahead.begin()
    ahead.wait()
    assert [child.returncode for child in ahead._children] == [1]


def test_one_child_is_begun_and_no_second(afresh, monkeypatch):
    begun = []
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **named: begun.append(given))
    ahead.begin()
    ahead.begin()
    assert len(begun) == 1


@pytest.mark.parametrize("why", ["it is compiled", "a worker", "one core", "no Python to start"])
def test_no_child_is_begun_where_none_would_help(afresh, monkeypatch, why):
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **named: pytest.fail("a child was begun"))
    if why == "it is compiled":
        monkeypatch.setattr(ahead, "compiled", lambda: True)
    elif why == "a worker":
        monkeypatch.setattr(multiprocessing, "parent_process", object)
    elif why == "one core":
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
    else:
        monkeypatch.setattr(sys, "executable", "")
    ahead.begin()


def test_a_system_that_starts_no_process_does_without(afresh, monkeypatch):
    def refuse(*given, **named):
        raise OSError("not allowed")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    ahead.begin()
    ahead.wait()


@pytest.mark.parametrize(("child_has", "parent_does"), [("nothing", "cba"), ("decide", "cb"), ("decide and a", "c")])
def test_the_parent_compiles_from_the_last_on_until_it_meets_the_child(afresh, monkeypatch, child_has, parent_does):
    done = []

    class Kernel(str):
        def compile(self, types):
            done.append(self)

    class AtWork:
        def poll(self):
            return None

    of_the_child = {"nothing": [], "decide": [ahead.decide], "decide and a": [ahead.decide, "a"]}[child_has]
    monkeypatch.setattr(ahead, "_children", [AtWork()])
    monkeypatch.setattr(ahead, "compiled", lambda kernel: kernel in of_the_child or kernel in done)
    ahead.help_out(lambda: [(Kernel(name), ()) for name in "abc"])
    assert "".join(done) == parent_does


@compiles
def test_where_no_kernel_can_be_kept_each_process_compiles_its_own():
    # As on a disk that is read-only: Numba finds no folder, and would refuse at the first import.
    nowhere = "from numba.core import caching; caching.CompileResultCacheImpl._locator_classes = []; "
    draw = "import numpy as np; from smsim import ahead; from smsim.engine.draws import uniform; "
    say = "print(ahead.compiled(), uniform(np.uint64(1), np.int64(1), np.int64(0), np.uint32(0)))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", nowhere + draw + say]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    here = draws.uniform(np.uint64(1), np.int64(1), np.int64(0), np.uint32(0))
    assert done.stdout.split() == ["False", str(here)]


@compiles
def test_uncompiled_kernels_are_plain_python_for_a_while():
    before = draws.uniform
    with ahead.uncompiled():
        assert draws.uniform is before.py_func
    assert draws.uniform is before
