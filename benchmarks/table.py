"""The table, on the screen and in benchmarks/results.md, with the machine and the versions that made it."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goal
from benchmarks.measure import Row, Spread, say

RESULTS = Path(__file__).resolve().parent / "results.md"
PACKAGES = ("smsim", "numpy", "numba", "scipy", "pandas", "mesa", "ndlib", "cynetdiff", "starsim", "networkx")
HEADINGS = ("work", "who", "CPU seconds", "peak MB", "ratio", "note")
JUDGED = ("work", "goal", "measured", "", "at the floor")
MET = {True: "met", False: "MISSED", None: "not measured"}


def spread(values: Spread | None) -> str:
    """Median (smallest to largest)."""
    if values is None:
        return ""
    if values.low == values.high:
        return say(values.median)
    return f"{say(values.median)} ({say(values.low)} to {say(values.high)})"


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of `HEADINGS`."""
    ratio = f"{spread(row.ratio)} {row.ratio_of}" if row.ratio else ""
    memory = "" if row.memory is None else say(row.memory)
    return row.work, row.who, spread(row.cpu), memory, ratio, row.note


def judgement(goal: Goal) -> tuple[str, ...]:
    """A goal as text, in the order of `JUDGED`."""
    return goal.work, goal.goal, goal.measured, MET[goal.met], goal.floor


def show(console: Console, rows: Iterable[Row], goals: Iterable[Goal]) -> None:
    """Print the table and the goals."""
    table = Table(*HEADINGS, title="Measured")
    family = ""
    for row in rows:
        if row.family != family:
            family = row.family
            table.add_section()
            table.add_row(f"[bold]{family}[/bold]")
        table.add_row(*cells(row))
    console.print(table)
    judged = Table(*JUDGED, title="Goals")
    for goal in goals:
        judged.add_row(*judgement(goal))
    console.print(judged)


def write(path: Path, command: str, rows: Iterable[Row], goals: Iterable[Goal]) -> None:
    """Write both as Markdown, whole or not at all."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `{command}` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC.",
        "",
        f"Machine: {machine()}.",
        "",
        f"Versions: Python {platform.python_version()}, {', '.join(versions())}.",
        "",
        "CPU seconds are those of one run, user and system of all threads together, as median (smallest to largest); a",
        "note says where they are seconds by the clock. A ratio is that of neighbours in one interleaved sequence, as",
        "median (smallest to largest). Peak memory is that of a process of its own, with its imports and the graph.",
        "A graph is Watts and Strogatz's: 8 ties, 10% rewired, 1% adopt at the start, weekly hazard 0.031 per adopting",
        "neighbour. What each peer runs, what the floors touch and how pairing is counted is said atop `peers.py`,",
        "`floor.py`, `bare.py` and `variance.py`. *At the floor*: what would be measured if ours took no longer than",
        "the floor, which decides nothing. Where that misses the goal as well, nothing gained in what the floor leaves",
        "out would meet it. Of two threads: what they gain here with arithmetic in the first cache, see `threads.py`.",
        "Of pairing: the least pair of a model written once more with one clock for all contacts of a household, under",
        "which more money could lose an adopter, see `variance.py`.",
        "",
        "## Goals",
        "",
        *_markdown(JUDGED, [judgement(goal) for goal in goals]),
    ]
    families: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        families.setdefault(row.family, []).append(cells(row))
    for family, found in families.items():
        lines += ["", f"## {family.capitalize()}", "", *_markdown(HEADINGS, found)]
    staged = path.with_suffix(".part")
    staged.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    os.replace(staged, path)


def _markdown(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(headings)
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def machine() -> str:
    """Processor, cores, memory and system, as far as the system says."""
    name = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        name = next(line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name"))
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        memory = f", {pages:.0f} GiB"
    except (OSError, StopIteration, ValueError, AttributeError):
        memory = ""
    load = f"; load at the end {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{name}, {os.cpu_count()} cores{memory}, {platform.system()} {platform.release()}{load}"


def versions() -> list[str]:
    """Name and version of every package that took part, or that it is absent."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return found
