"""What the runner of a sweep costs: time beyond the simulations, and memory against the number of runs.

    python benchmarks/sweep.py [RUNS...]

Prints the overhead for runs of about 5 ms and longer. Simulation is what makes a run: its world, its plan and staff,
and the weeks. All else is overhead: design points made and checked, outcomes, weekly series, tables, files, checksums,
manifest. Both are processor time of one and the same sweep, so that a busy machine slows both; the median of some
sweeps. Then for each number of runs the peak memory of a process of its own that runs the sweep and computes its
indices.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from smsim.scenario import Scenario, load_scenario
from smsim.sweep import sweep
from smsim.sweep.design import Design
from smsim.sweep.execute import complete
from smsim.sweep.point import Campaigns
from smsim.sweep.problem import make_factors
from smsim.sweep.study import begin

VILLAGE = Path(__file__).resolve().parents[1] / "scenarios" / "village.yaml"
SWEPT = ("world.median_distance_km", "behaviours.*.taboo", "behaviours.*.norm_weight", "behaviours.*.aware_share")
STRATEGIES = ("none", "pragmatic", "activist", "hybrid")
SIMULATES = ("build_ground", "dress", "simulate_together")  # of `smsim.sweep.point`
LENGTHS = (5.0, 7.0, 10.0)  # ms a run


def village(households: int) -> Scenario:
    """The template with other households, and no pretest, which a small place could not pay."""
    return load_scenario(VILLAGE).replace(world={"households": households}, campaign={"pretest_cost": 0})


@contextmanager
def simulating() -> Iterator[list[float]]:
    """Seconds of processor time spent in what simulates, in the first entry of a list, while the context lasts."""
    point, spent = import_module("smsim.sweep.point"), [0.0]

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*args)
            finally:
                spent[0] += time.thread_time() - began

        return call

    true = {name: getattr(point, name) for name in SIMULATES}
    for name, function in true.items():
        setattr(point, name, timed(function))
    try:
        yield spent
    finally:
        for name, function in true.items():
            setattr(point, name, function)


def overhead(households: int, tries: int = 5) -> tuple[float, float]:
    """Milliseconds of one run in a sweep on one thread, simulation and everything else: medians."""
    scenario = village(households)
    factors, _ = make_factors(scenario, SWEPT)
    design, model = Design("morris", 12, 1), Campaigns(scenario, factors, STRATEGIES, 2, 1)
    runs = design.points(factors) * 2 * len(STRATEGIES)
    found = []
    for _ in range(tries + 1):
        with tempfile.TemporaryDirectory() as folder, simulating() as spent:
            store = begin(Path(folder), model, factors, design)
            began = time.process_time()
            complete(store, model, threads=1)
            store.seal()
            found.append((1e3 * spent[0] / runs, 1e3 * (time.process_time() - began - spent[0]) / runs))
    simulated, beyond = zip(*found[1:], strict=True)  # the first may compile
    return median(simulated), median(beyond)


def peak(runs: int) -> str:
    """Peak memory of a sweep of so many runs and its analysis, as a process of its own says."""
    done = subprocess.run([sys.executable, __file__, "--one", str(runs)], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def one(runs: int) -> None:
    """Run a sweep of about so many runs, and print the peak memory of this process after running and analysing."""
    import resource  # not on Windows

    scenario = village(200)
    how: dict[str, Any] = {"replicates": 2, "factors": SWEPT, "strategies": STRATEGIES[1:], "threads": 1}
    study = sweep(scenario, "latin", n=runs // 8, **how)
    ran = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    study.winners()
    study.regret()
    analysed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{study.store.status().runs_done:,} runs: {ran:.0f} MiB after running, {analysed:.0f} MiB after analysing")


def main(sizes: list[int]) -> None:
    """Print both tables."""
    print("households, ms a run simulated, ms beyond it, overhead", flush=True)
    households = 2000
    for length in LENGTHS:
        households = 10 * round(households * length / overhead(households, 1)[0] / 10)
        simulated, beyond = overhead(households)
        print(f"{households}, {simulated:.2f}, {beyond:.2f}, {beyond / simulated:.1%}", flush=True)
    print()
    for runs in sizes:
        print(peak(runs), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    else:
        main([int(a) for a in sys.argv[1:]] or [2_000, 20_000])
