"""What the runner of a sweep costs: time beyond the simulations, and memory against the number of runs.

    python benchmarks/sweep.py [RUNS...]

Prints the overhead for runs of about 5 ms and longer (processor time, the best of three): everything beyond building
the worlds, which design points share, and simulating. Then for each number of runs the peak memory of a process of its
own that runs the sweep and computes its indices.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from smsim.runner import replicate_seed
from smsim.scenario import Scenario, load_scenario
from smsim.simulate import simulate_all
from smsim.sweep import sweep
from smsim.sweep.design import Design
from smsim.sweep.execute import complete
from smsim.sweep.point import Campaigns, Grounds
from smsim.sweep.problem import make_factors, values_at
from smsim.sweep.study import begin
from smsim.world import dress

VILLAGE = Path(__file__).resolve().parents[1] / "scenarios" / "village.yaml"
SWEPT = ("world.median_distance_km", "behaviours.*.taboo", "behaviours.*.norm_weight", "behaviours.*.aware_share")
STRATEGIES = ("none", "pragmatic", "activist", "hybrid")


def village(households: int) -> Scenario:
    """The template with other households, and no pretest, which a small place could not pay."""
    return load_scenario(VILLAGE).replace(world={"households": households}, campaign={"pretest_cost": 0})


def overhead(households: int, tries: int = 3) -> tuple[float, float]:
    """Milliseconds of one run, simulated in worlds shared as a sweep does, and in a sweep on one thread.

    The second has all that a sweep adds: scenarios made and checked, outcomes, weekly series, files.
    """
    scenario = village(households)
    factors, _ = make_factors(scenario, SWEPT)
    design, model = Design("morris", 12, 1), Campaigns(scenario, factors, STRATEGIES, 2, 1)
    points = design.sample(factors)
    varied = [scenario.vary(values_at(factors, point)) for point in points]
    simulate_all(varied[0], STRATEGIES, 1)
    bare, swept = [], []
    for _ in range(tries):
        began = time.process_time()
        for r in range(2):
            seed = replicate_seed(1, r)
            grounds = Grounds(seed)
            for one in varied:
                simulate_all(one, STRATEGIES, seed, dress(one, grounds.of(one)))
        bare.append(time.process_time() - began)
        with tempfile.TemporaryDirectory() as folder:
            store = begin(Path(folder), model, factors, design)
            began = time.process_time()
            complete(store, model, threads=1)
            swept.append(time.process_time() - began)
    runs = len(points) * 2 * len(STRATEGIES)
    return 1e3 * min(bare) / runs, 1e3 * min(swept) / runs


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
    print("households, ms a run, ms in a sweep, overhead", flush=True)
    for households in (1200, 2000, 3000, 4000):
        bare, swept = overhead(households)
        print(f"{households}, {bare:.2f}, {swept:.2f}, {swept / bare - 1:.1%}", flush=True)
    print()
    for runs in sizes:
        print(peak(runs), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    else:
        main([int(a) for a in sys.argv[1:]] or [2_000, 20_000])
