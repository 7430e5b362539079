"""Starting: what a person waits for at `--help`, at a first result, and at the very first one, which compiles."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, Spread, child_seconds
from benchmarks.sizes import Sizes

FAMILY = "start"
SCENARIO = "scenarios/village.yaml"


def rows(sizes: Sizes) -> Iterator[Row]:
    """Help, a cold first result with an empty cache of kernels, and warm ones with what that left."""
    with tempfile.TemporaryDirectory(dir=sizes.folder) as scratch:
        own = {"NUMBA_CACHE_DIR": str(Path(scratch) / "kernels")} if sizes.cold else {}
        # pip writes the bytecode of what it installs; from a checkout the first start does, unless it is forbidden to.
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**usual, **own}

        def seconds(*arguments: str) -> tuple[float, float]:
            return child_seconds([sys.executable, "-m", "smsim", *arguments], environment)

        seconds("--help")  # so that the files are in memory, and their bytecode on disk
        yield _row("help", "smsim --help", [seconds("--help") for _ in range(sizes.repeats)])
        run = f"smsim run {SCENARIO}"
        command = ("run", SCENARIO, "--out")
        if sizes.cold:
            yield _by_clock("cold", f"{run}, nothing compiled", [seconds(*command, str(Path(scratch) / "cold"))])
        warm = [seconds(*command, str(Path(scratch) / f"warm-{k}")) for k in range(sizes.repeats)]
        yield _row("warm", f"{run}, kernels on disk", warm)


def _by_clock(key: str, work: str, seconds: list[tuple[float, float]]) -> Row:
    """Two processes compile side by side, so that the clock says what a person waits for."""
    cpu, wall = (Spread.of(list(column)) for column in zip(*seconds, strict=True))
    note = f"seconds by the clock; {cpu.median:.1f} s CPU, two processes that compile side by side"
    return Row(FAMILY, f"start/{key}", work, "smsim", wall, note=note)


def _row(key: str, work: str, seconds: list[tuple[float, float]]) -> Row:
    cpu, wall = (Spread.of(list(column)) for column in zip(*seconds, strict=True))
    note = f"{wall.median:.2f} s by the clock ({wall.low:.2f} to {wall.high:.2f})"
    return Row(FAMILY, f"start/{key}", work, "smsim", cpu, note=note)
