"""How things are measured: CPU seconds, interleaved; memory and first starts in processes of their own.

CPU time is that of the whole process, all threads together, so that a busy machine does not change it much and a
library that spins on several cores pays for all of them. A ratio is the median, smallest and largest of the ratios
of neighbours in one interleaved sequence, never a ratio of two medians taken at different times.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ANSWER = "benchmarks-answer:"


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of repeated measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of these values, at least one."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One line of the table. `key` names it for the goals; what was not measured is None, and `note` says why."""

    family: str
    key: str
    work: str
    who: str
    cpu: Spread | None = None  # seconds per run
    memory: float | None = None  # peak of a process that does nothing else, MB
    ratio: Spread | None = None  # what `ratio_of` says
    ratio_of: str = ""
    note: str = ""


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of one call, all threads of this process together, without garbage left by the one before."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def wall_seconds(work: Callable[[], Any]) -> float:
    """Seconds by the clock of one call."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleave(
    works: Mapping[str, Callable[[], Any]], repeats: int, clock: Callable[[Callable[[], Any]], float] = cpu_seconds
) -> dict[str, list[float]]:
    """Each work in turn, `repeats` times round: seconds by name, in order. The caller warms them up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            seconds[name].append(clock(work))
    return seconds


def say(value: float) -> str:
    """Three significant digits, without exponents."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.6f}"


def ratios(above: list[float], below: list[float]) -> Spread:
    """Ratios of neighbours of one interleaved sequence."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


def peak_memory() -> float | None:
    """Peak resident memory of this process so far, MB; None where the system does not say."""
    try:
        # Not `ru_maxrss`: on Linux a new process inherits its parent's.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def fresh(function: Callable[..., Any], **arguments: Any) -> Any:
    """`function(**arguments)` in a new Python process; both ways as JSON."""
    call = [function.__module__, function.__name__, json.dumps(arguments)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", *call], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(ANSWER)]
    if done.returncode or not lines:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise RuntimeError(f"{' '.join(call)} ended with code {done.returncode}: {last}")
    return json.loads(lines[-1].removeprefix(ANSWER))


def child_seconds(command: list[str], environment: Mapping[str, str] | None = None) -> tuple[float, float]:
    """CPU seconds (user and system) and clock seconds of a command, which must succeed."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=dict(environment or os.environ), check=True, capture_output=True)
    after = os.times()
    cpu = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return cpu, time.perf_counter() - start


def _answer() -> None:
    module, name, arguments = sys.argv[1:]
    answer = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    print(ANSWER + json.dumps(answer))


if __name__ == "__main__":
    _answer()
