"""What a validation says: a check with its verdict, and the data of a picture; and the register of studies.

A study is a function that yields checks and pictures. Its oracle is outside the simulator: a closed form, a generating
function or recursion solved numerically, a published figure, another program, or two runs that must agree exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from smsim.engine.arrays import Array
from smsim.errors import DataError

Verdict = Literal["holds", "fails", "skipped"]

# Modules of studies, in the order of the table.
FAMILIES = (
    "exact",
    "diffusion",
    "percolation",
    "thresholds",
    "lattices",
    "norms",
    "upkeep",
    "services",
    "campaign",
    "patterns",
    "properties",
    "docking",
    "ablations",
    "faults",
)


@dataclass(frozen=True)
class Check:
    """One claim, what should come out, what did, and how far apart they may be."""

    claim: str
    source: str
    expected: str
    got: str
    margin: str  # how far apart the two may be, and why
    verdict: Verdict
    reason: str = ""  # why it fails, is skipped or, holding, is remarkable


@dataclass(frozen=True)
class Line:
    """One line or row of points of a picture."""

    label: str
    x: Array
    y: Array
    points: bool = False  # points are what the simulator gave, lines what was expected of it
    spread: Array | None = None  # half the length of each point's error bar


@dataclass(frozen=True)
class Picture:
    """The data of a picture: what was expected as lines, what was simulated as points."""

    name: str  # of its file, without ending
    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, str], ...] = ()  # places on the x axis that have a name
    caption: str = "lines are the theory, points smsim"


Finding = Check | Picture


@dataclass(frozen=True)
class Study:
    """A function that makes checks, and whether it belongs to the quick subset."""

    name: str  # family.function
    quick: bool
    run: Callable[[], Iterable[Finding]]

    def findings(self) -> list[Finding]:
        """What it found; a study that breaks off is a failed check, for a validation must not hide a crash."""
        found: list[Finding] = []
        try:
            for finding in self.run():
                found.append(finding)  # noqa: PERF402  # what was found before a crash is kept
        except DataError:
            raise  # a folder that does not hold what it should is the user's to mend, not the simulator's
        except Exception as error:  # noqa: BLE001  # whatever it is, the table reports it
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            found.append(Check(f"{self.name} runs to its end", "", "", "broke off", "", "fails", what))
        return found


_STUDIES: dict[str, Study] = {}


def study(*, quick: bool = False) -> Callable[[Callable[[], Iterator[Finding]]], Callable[[], Iterator[Finding]]]:
    """Register a function as a study; `quick` puts it into the fast subset."""

    def register(function: Callable[[], Iterator[Finding]]) -> Callable[[], Iterator[Finding]]:
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
        _STUDIES[name] = Study(name, quick, function)
        return function

    return register


def studies(quick: bool = False) -> list[Study]:
    """The studies of every family, or those of the quick subset, in the order of the table."""
    for family in FAMILIES:
        import_module(f"smsim.validate.{family}")
    order = {family: rank for rank, family in enumerate(FAMILIES)}
    known = sorted(_STUDIES.values(), key=lambda one: order[one.name.split(".")[0]])
    return [one for one in known if one.quick or not quick]


def close(claim: str, source: str, expected: float, got: float, margin: float, why: str, reason: str = "") -> Check:
    """A check of two numbers that may differ by `margin`, for the reason `why`."""
    holds = abs(got - expected) <= margin  # false for NaN
    verdict: Verdict = "holds" if holds else "fails"
    words = f"{say(margin)}: {why}" if margin > 0 else "exact"
    digits = max(5, 3 + _leading(expected) - _leading(margin)) if margin > 0 else 7
    return Check(claim, source, say(expected, digits), say(got, digits), words, verdict, reason)


def exactly(claim: str, source: str, expected: Any, got: Any, reason: str = "") -> Check:
    """A check of two things that must be equal."""
    verdict: Verdict = "holds" if expected == got else "fails"
    return Check(claim, source, say(expected), say(got), "exact", verdict, reason)


def judged(claim: str, source: str, expected: str, got: str, margin: str, holds: bool, reason: str = "") -> Check:
    """A check whose verdict was found elsewhere: an inequality, an interval, an order."""
    return Check(claim, source, expected, got, margin, "holds" if holds else "fails", reason)


def skipped(claim: str, source: str, reason: str) -> Check:
    """A check that could not be made, and why."""
    return Check(claim, source, "", "", "", "skipped", reason)


def say(value: Any, digits: int = 5) -> str:
    """A value as the table writes it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
            return say(value.item(), digits)
        if isinstance(value, Mapping):
            return ", ".join(f"{k}: {say(v, digits)}" for k, v in value.items())
        if isinstance(value, (list, tuple)) and len(value) > 8:
            return f"{say(list(value[:3]), digits)}, ..., {say(value[-1], digits)}"
        if isinstance(value, (list, tuple)):
            return ", ".join(say(v, digits) for v in value)
        return str(value)
    return str(value) if isinstance(value, int) else f"{value:.{digits}g}"


def _leading(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0
