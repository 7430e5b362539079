"""One visitor: the scenario in hand, what was moved, and the two plans that are compared. Nothing is shared."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smsim.app.dials import Dial, dials
from smsim.app.split import as_entry, rebalance, thousandths
from smsim.errors import ScenarioError
from smsim.scenario import Scenario, load_scenario
from smsim.strategy import BUILT_IN

SIDES = ("A", "B")
MOST_HOUSEHOLDS = 100_000  # beyond it a slider would take minutes


@dataclass
class Side:
    """One of the two plans."""

    base: str  # name of the strategy that it started from
    parts: dict[str, int]  # thousandths of the field money by activity
    changed: bool = False


@dataclass
class Visitor:
    """What one visitor sees and has moved."""

    scenario: Scenario  # as the file has it
    behaviour: str = ""
    moved: dict[str, float] = field(default_factory=dict)  # path -> value
    sides: dict[str, Side] = field(default_factory=dict)
    role: str = ""  # whose sliders are shown; "" for everybody's

    def __post_init__(self) -> None:
        households = int(self.scenario.world["households"])
        if households > MOST_HOUSEHOLDS:
            raise ScenarioError(
                f"the workshop answers at once up to {MOST_HOUSEHOLDS:,} households; {self.scenario.name} has "
                f"{households:,}. Lower world.households in a copy of the file, or use smsim compare"
            )
        self.behaviour = self.behaviour or next(iter(self.scenario.behaviours))
        names = list(self.scenario.strategies)
        # The file's own plans first, then the built-in contrast: hybrid is a blend of the two.
        own = [name for name in names if name not in BUILT_IN]
        preferred = own + [name for name in ("pragmatic", "activist") if name in names] + names
        for side, name in zip(SIDES, dict.fromkeys(preferred), strict=False):
            self.choose(side, name)

    def copy(self) -> Visitor:
        """The same, to be moved apart from this one."""
        one = copy(self)
        one.moved = dict(self.moved)
        one.sides = {name: replace(side, parts=dict(side.parts)) for name, side in self.sides.items()}
        return one

    def choose(self, side: str, name: str) -> None:
        """Start a side afresh from a strategy of the scenario."""
        self.sides[side] = Side(name, thousandths(self.scenario.strategies[name]))

    def split(self, side: str, activity: str, to: int) -> None:
        """Give an activity of one side so many thousandths; the others give or take."""
        one = self.sides[side]
        one.parts = rebalance(one.parts, activity, to)
        one.changed = one.parts != thousandths(self.scenario.strategies[one.base])

    def set_parts(self, side: str, parts: Mapping[str, int]) -> None:
        """Set a whole split at once; it must sum to a whole."""
        one = self.sides[side]
        one.parts = dict(parts)
        one.changed = one.parts != thousandths(self.scenario.strategies[one.base])

    def move(self, path: str, value: float) -> None:
        """Set a slider; back at the scenario's own value it counts as not moved."""
        if value == self.dials()[path].value:
            self.moved.pop(path, None)
        else:
            self.moved[path] = value

    def reset(self) -> None:
        """Everything as the file has it; the two plans keep the strategies they started from."""
        self.moved.clear()
        for side, one in self.sides.items():
            self.choose(side, one.base)

    def dials(self) -> dict[str, Dial]:
        """The sliders, by path, at the values of the file."""
        return dials(self.scenario, self.behaviour)

    def question(self) -> tuple[Scenario, dict[str, str]]:
        """The scenario as moved, and the name of each side's strategy in it.

        Raises
        ------
        ScenarioError : the values do not go together
        """
        changes: dict[str, Any] = {}
        for path, value in self.moved.items():
            *above, last = path.split(".")
            place = changes
            for part in above:
                place = place.setdefault(part, {})
            place[last] = value
        names = {}
        for side, one in self.sides.items():
            names[side] = one.base
            if one.changed:
                names[side] = f"plan-{side}"
                entry = as_entry(one.parts, self.scenario.strategies[one.base])
                changes.setdefault("strategies", {})[names[side]] = entry
        if not changes:
            return self.scenario, names
        return self.scenario.replace(**changes), names


def open_scenario(path: str | os.PathLike[str]) -> Visitor:
    """A visitor of a scenario file; see `load_scenario` for what is raised."""
    return Visitor(load_scenario(path))


def scenario_files(beside: Path | None, folder: Path = Path("scenarios")) -> dict[str, Path]:
    """Scenario files to choose from, by title: the one given, those beside it, those of the folder `scenarios`.

    One that cannot be used has its file's name for a title, and is refused with the reason when it is chosen.

    Raises
    ------
    ScenarioError : the file given cannot be used
    """
    folders = [beside.parent] if beside is not None else []
    found: dict[str, Path] = {}
    seen = set()
    paths = ([beside] if beside is not None else []) + [
        path for place in (*folders, folder) if place.is_dir() for path in sorted(place.glob("*.y*ml"))
    ]
    for path in paths:
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        try:
            title = str(load_scenario(path).about.get("title") or path.stem)
        except ScenarioError:
            if path == beside:
                raise
            title = path.name
        found[title if title not in found else f"{title} ({path.name})"] = path
    return found
