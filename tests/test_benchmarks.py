"""The benchmarks still run, and what they compare is the same rule. Nothing here looks at a time."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks import cascade, contagion, plain, variance
from benchmarks.bare import SLOWEST
from benchmarks.goals import goals
from benchmarks.graph import BETA, watts_strogatz
from benchmarks.measure import Row, Spread, fresh
from benchmarks.peers import PEERS, installed
from benchmarks.sizes import Sizes

ROOT = Path(__file__).resolve().parent.parent
RUNS = 24


def moments(values: list[int]) -> tuple[float, float]:
    """Mean and the square of its standard error."""
    mean = sum(values) / len(values)
    return mean, sum((x - mean) ** 2 for x in values) / (len(values) - 1) / len(values)


def same_mean(a: list[int], b: list[int]) -> bool:
    """Whether two means differ by less than four standard errors: a false alarm in 16,000."""
    (x, u), (y, v) = moments(a), moments(b)
    return abs(x - y) < 4 * math.sqrt(u + v)


def runs(one: contagion.Contestant) -> list[int]:
    return [one.run(one.fresh(seed)) for seed in range(RUNS)]


def test_a_plain_contagion_of_ours_has_the_adopters_of_the_dense_loops() -> None:
    graph = watts_strogatz(1500)
    ours = runs(contagion.contestant("smsim", graph))
    assert same_mean(ours, runs(PEERS["dense Numba"].build(graph, BETA, 52)))


@pytest.mark.parametrize("model", cascade.MODELS)
def test_a_cascade_of_ours_reaches_as_many_as_cynetdiffs(model: str) -> None:
    if not installed("cynetdiff"):
        pytest.skip("needs the extra `peers`")
    graph = watts_strogatz(1500)
    ours, theirs = (runs(cascade.contestant(who, model, graph)) for who in ("smsim", "CyNetDiff"))
    assert same_mean(ours, theirs)


def test_the_plain_model_written_once_more_covers_as_many_as_ours() -> None:
    ours, theirs = (variance.coverages(model, worlds=RUNS, households=600) for model in ("plain", variance.WEEKLY))
    apart = {name: [round(1e6 * (a - b)) for a, b in zip(ours[name], theirs[name], strict=True)] for name in ours}
    assert [name for name, differences in apart.items() if not same_mean(differences, [0] * RUNS)] == []


def test_every_other_simulator_comes_with_smsim_or_with_its_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["peers"]]
    brought = {re.split(r"[^\w-]", name)[0].lower() for name in named}
    assert {peer.package for peer in PEERS.values()} | {"cynetdiff"} <= brought


def test_nobody_adopts_without_a_neighbour_who_has() -> None:
    graph = watts_strogatz(200)._replace(first=watts_strogatz(200).first[:0])
    scenario = plain.susceptible_infected()
    assert plain.adopters(plain.run_of(scenario, plain.world_of(scenario, graph), 1)) == 0


def test_a_goal_tells_what_the_memory_floor_would_give() -> None:
    theirs = Row("", "", "", "Mesa agents", Spread.of([3.0]), ratio=Spread.of([500.0]))
    floor = Row("", "", "", "floor", Spread.of([0.002]))
    rows = {"contagion/Mesa agents/100000": theirs, "floor/run/floor/100000": floor}
    goal = goals(rows, Sizes())[0]
    assert (goal.measured, goal.met, goal.floor) == ("500x", False, "1,500x")


def test_a_goal_of_the_full_model_tells_what_its_floor_would_give() -> None:
    seen = Row("", "", "", "smsim", Spread.of([3.6]), ratio=Spread.of([45.0]))
    bare = Row("", "", "", "smsim", Spread.of([3.0]), ratio=Spread.of([3.0]))
    rows = {"full/large/52": seen, "bare/large": bare}
    found = {goal.work: goal.floor for goal in goals(rows, Sizes())}
    assert found["full model, 1M households x 156 weeks, CPU"] == "1.2 s"
    assert found["the same, against plain contagion over 52 weeks"] == "15x"


@pytest.mark.parametrize(("other", "floor"), [(0.05, "0.02 s"), (0.07, "")])
def test_the_floor_of_the_slowest_preset_is_told_if_it_is_the_slowest(other: float, floor: str) -> None:
    keys = {f"full/small/{SLOWEST}": 0.06, "full/small/s0-default": other}
    rows = {key: Row("", "", "", "", Spread.of([seconds])) for key, seconds in keys.items()}
    rows["bare/slowest"] = Row("", "", "", "", Spread.of([0.05]), ratio=Spread.of([3.0]))
    found = {goal.work: goal.floor for goal in goals(rows, Sizes())}
    assert found["full model, 20k households, one run, slowest preset"] == floor


def test_the_goal_of_pairing_tells_what_would_be_gained_if_doses_need_not_nest() -> None:
    rules = {"plain": 13.0, "one clock per household": 34.0}
    rows = {
        f"pairing/{rule}/a/b": Row("", "", "", "", None, None, Spread.of([gained])) for rule, gained in rules.items()
    }
    found = {goal.work: goal for goal in goals(rows, Sizes())}
    goal = found["paired against independent worlds, plain model, least pair"]
    assert (goal.measured, goal.met, goal.floor) == ("13x", False, "34x")


def test_a_goal_of_two_threads_tells_what_they_gain_with_arithmetic() -> None:
    runs, sums = (Row("", "", "", "", Spread.of([1.0]), ratio=Spread.of([gain])) for gain in (1.5, 1.6))
    found = {goal.work: goal for goal in goals({"threads/plain": runs, "threads/plain/most": sums}, Sizes())}
    goal = found["two threads over runs, 100k, plain"]
    assert (goal.measured, goal.met, goal.floor) == ("1.5x", False, "1.6x")


def test_an_answer_comes_back_from_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "graph.npz"
    watts_strogatz(200).save(path)
    answer = fresh(contagion.alone, who="scipy sparse", graph=str(path), repeats=1)
    assert 0 < answer["adopters"] <= 1


def test_a_failure_there_is_told_here() -> None:
    with pytest.raises(RuntimeError, match="No such file"):
        fresh(contagion.alone, who="scipy sparse", graph="absent.npz", repeats=1)


@pytest.mark.slow
def test_every_family_runs_at_small_sizes(tmp_path: Path) -> None:
    out = tmp_path / "results.md"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    families = ("Plain contagion", "Cascades", "Memory floor", "Full model", "Floor of the full model", "Threads")
    others = ("Sweep", "Pairing", "Growth", "Worlds", "Start")
    assert [name for name in (*families, *others) if f"## {name}" not in text] == []
