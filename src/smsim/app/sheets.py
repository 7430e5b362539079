"""What the offline pack holds: sheets, each a place with sliders, the points at which it is computed, and its village.

The scenario's sheet is a grid over a few sliders, a lesson's has the two places of its one slider, and a role's is a
star: from the scenario's own values one thing is moved at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

import numpy as np

from smsim.app.compute import Answer, Bench
from smsim.app.dials import Dial, dial, dials
from smsim.app.history import watch
from smsim.app.layout import village as village_layout
from smsim.app.lessons import Lesson
from smsim.app.names import SHOWN_GROUPS
from smsim.app.roles import Role
from smsim.app.scenes import village_frames
from smsim.app.split import WHOLE, as_entry, rebalance, thousandths
from smsim.app.state import Visitor
from smsim.engine.arrays import SOURCES
from smsim.errors import ScenarioError
from smsim.i18n import Words
from smsim.labels import activity_names
from smsim.runner import replicate_seed
from smsim.scenario import Scenario
from smsim.simulate import NO_CAMPAIGN, prepare, prepare_all

MOST_SLIDERS, MOST_POINTS = 4, 9
EVERY = 2  # weeks between two points of a curve
DEFAULT = ("campaign.budget_per_household", "behaviour.taboo", "behaviour.service_capacity")
POINTS = 4
SPARE = 0.85
ROLE_POINTS = 3  # places of a role's slider: its own and, as far as there are, both ends
PARTS = (WHOLE // 4, WHOLE // 2)  # what a role may ask for its activity, in thousandths of every plan
PLAN_SECTIONS = ("campaign", "activities")


@dataclass(frozen=True)
class Part:
    """A slider of a role: the part of the money that an activity has in every plan; 0 leaves the plans as they are."""

    activity: str
    values: tuple[float, ...] = (0.0, *PARTS)
    value: float = 0.0
    source: str = ""

    def label(self, words: Words) -> str:
        """What it is, in plain words."""
        _ = words
        text = _("{activity}, in every plan", activity=activity_names(words)[self.activity])
        return text[:1].upper() + text[1:]

    def say(self, value: float, words: Words) -> str:
        """A value with its unit."""
        _ = words
        return words.percent(value / WHOLE) if value else _("as the plan has it")


@dataclass(frozen=True)
class Grid:
    """The sliders of a pack, and the values at which everything is computed."""

    dials: tuple[Dial | Part, ...]
    values: tuple[tuple[float, ...], ...]  # of each slider, ascending
    star: bool = False  # one slider is moved at a time

    @property
    def own(self) -> tuple[float, ...]:
        """The scenario's own values."""
        return tuple(one.value for one in self.dials)

    @property
    def points(self) -> list[tuple[float, ...]]:
        """Every point: of a grid with the last slider running fastest, of a star its middle first."""
        if not self.star:
            return list(product(*self.values))
        rays = [
            (*self.own[:k], value, *self.own[k + 1 :])
            for k, values in enumerate(self.values)
            for value in values
            if value != self.own[k]
        ]
        return [self.own, *rays]

    def places(self, point: Sequence[float]) -> list[int]:
        """Where each slider stands at a point."""
        return [values.index(value) for values, value in zip(self.values, point, strict=True)]


def role_star(scenario: Scenario, behaviour: str, role: Role) -> Grid:
    """The sliders of a role: its parameters, and its activities in every plan."""
    paths = [dial(scenario, path, behaviour) for path in role.paths]
    values = [_spread(one, _payable(scenario, one), ROLE_POINTS) for one in paths]
    parts = [Part(activity) for activity in role.activities]
    return Grid((*paths, *parts), (*values, *(one.values for one in parts)), star=True)


def lesson_grid(lesson: Lesson) -> Grid:
    """The one slider of a lesson, where it stands and where it is moved to."""
    one = lesson.visitor().dials()[lesson.path]
    return Grid((one,), (tuple(sorted((one.value, lesson.to))),))


def grid(scenario: Scenario, behaviour: str, names: Sequence[str] = (), points: int = POINTS) -> Grid:
    """A grid over sliders of a scenario; the scenario's own value is always among a slider's values.

    Parameters
    ----------
    names : paths of parameters (``world.mean_ties``, ``behaviour.taboo``); `DEFAULT` if empty
    points : values per slider

    Raises
    ------
    ScenarioError : a name is no slider, or there are too many
    """
    known = {one.parameter.path: one for one in dials(scenario, behaviour).values()}
    for name in names:
        if name not in known:
            raise ScenarioError(f"--slider {name}: no slider of that name; there are {', '.join(known)}")
    if not (len(names) <= MOST_SLIDERS and 2 <= points <= MOST_POINTS):
        raise ScenarioError(
            f"a pack holds at most {MOST_SLIDERS} sliders (--slider) of 2 to {MOST_POINTS} values each (--points); "
            f"got {len(names or DEFAULT)} of {points}"
        )
    chosen = tuple(dial(scenario, name, behaviour) for name in dict.fromkeys(names or DEFAULT))
    return Grid(chosen, tuple(_spread(one, _payable(scenario, one), points) for one in chosen))


def _payable(scenario: Scenario, one: Dial) -> list[float]:
    """The values of a slider at which the budget covers the set-up."""
    if one.parameter.section != "campaign":
        return list(one.values)

    world = prepare(scenario, NO_CAMPAIGN).world  # no value of the campaign shapes it

    def pays(value: float) -> bool:
        campaign = {"budget_per_household": scenario.campaign["budget_per_household"], one.parameter.name: value}
        campaign["budget_per_household"] *= SPARE  # where many mobilizers leave, more are trained
        try:
            prepare_all(scenario.replace(campaign=campaign), list(scenario.strategies), None, world)
        except ScenarioError:
            return False
        return True

    return [value for value in one.values if value == one.value or pays(value)]


def _spread(one: Dial, values: list[float], points: int) -> tuple[float, ...]:
    """So many of a slider's values, evenly spread over its places, with the ends and the scenario's own."""
    last = len(values) - 1
    places = {round(k * last / (points - 1)) for k in range(points)}
    own = values.index(one.value)
    if own not in places:
        inner = sorted(places - {0, last}, key=lambda place: abs(place - own))
        places -= set(inner[:1])
        places.add(own)
    return tuple(values[place] for place in sorted(places))


@dataclass
class Sheet:
    """A scenario of the file, a lesson or a role: where it is computed, and what was found there."""

    visitor: Visitor
    over: Grid
    lesson: Lesson | None = None
    role: Role | None = None
    answers: list[Answer] = field(default_factory=list)  # by point
    village: dict[str, Any] | None = None  # a role's is that of its scenario

    @property
    def plans(self) -> list[str]:
        """Strategies to choose from: all of a scenario, the two of a lesson."""
        return list(self.lesson.plans if self.lesson else self.visitor.scenario.strategies)

    def compute(self, bench: Bench, worlds: int, done: Callable[[], None]) -> None:
        """Answer every point, and watch the village.

        Raises
        ------
        ScenarioError : a point cannot be run
        """
        points = self.over.points
        found: dict[int, Answer] = {}
        # Points that differ in plans alone one after the other: they share their burn-ins and runs without a campaign.
        place = [k for k, one in enumerate(self.over.dials) if isinstance(one, Dial) and not _of_plans(one)]
        for n in sorted(range(len(points)), key=lambda n: [points[n][k] for k in place]):
            try:
                found[n] = self._answer(points[n], bench, worlds)
            except ScenarioError as error:
                where = ", ".join(
                    f"{one.label(Words())} {v:g}" for one, v in zip(self.over.dials, points[n], strict=True)
                )
                raise ScenarioError(f"the grid's point {where} cannot be run: {error}") from None
            done()
        self.answers = [found[n] for n in range(len(points))]
        if self.role is None:
            self.village = _village(self.visitor.scenario, self.plans, bench)

    def _answer(self, point: Sequence[float], bench: Bench, worlds: int) -> Answer:
        self.visitor.moved.clear()
        parts: dict[str, int] = {}
        for one, value in zip(self.over.dials, point, strict=True):
            if isinstance(one, Dial):
                self.visitor.move(one.path, value)
            elif value:
                parts[one.activity] = int(value)
        scenario, _ = self.visitor.question()
        self.visitor.moved.clear()
        if not parts:
            return bench.answer(scenario, self.plans, worlds)
        changed, names = {}, {}
        for name in self.plans:
            split = thousandths(scenario.strategies[name])
            for activity, part in parts.items():
                split = rebalance(split, activity, part)
            names[f"asked-{name}"] = name
            changed[f"asked-{name}"] = as_entry(split, scenario.strategies[name])
        answer = bench.answer(scenario.replace(strategies=changed), list(names), worlds)
        return replace(answer, names=tuple(names.get(name, name) for name in answer.names))


def _of_plans(one: Dial) -> bool:
    return one.parameter.section in PLAN_SECTIONS and one.parameter.name != "weeks"


def _village(scenario: Scenario, plans: Sequence[str], bench: Bench) -> dict[str, Any]:
    """The close-up of the first community of the first world, under every plan: frames, ties and places."""
    seed = replicate_seed(int(scenario.run["seed"]), 0)
    start = bench.started(scenario, seed)
    histories = {name: watch(scenario, name, start, 0, seed=seed) for name in plans}
    one = next(iter(histories.values()))
    at = village_layout(len(one.households), one.ties)
    return {
        "x": np.round(at[:, 0], 4).tolist(),
        "y": np.round(at[:, 1], 4).tolist(),
        "ties": one.ties[:, :2].tolist(),
        "frames": {name: village_frames(history) for name, history in histories.items()},
        "last": len(one.stage) - one.first_week,
        "of": int(np.diff(start.world.places.community_start)[0]),
    }


def summarise(answer: Answer, behaviour: int = 0) -> dict[str, Any]:
    """A point of the grid as the file keeps it: thousandths, dollars, and no more digits than can be seen."""

    def thousandths(values: Any) -> list[Any]:
        table = np.asarray(values, float)
        return [None if not np.isfinite(v) else round(1000 * v) for v in table.ravel().tolist()]

    plans = {}
    for name in answer.names:
        curve = answer.curve(name, behaviour)[:, kept_weeks(answer)]
        cost = answer.cost(name, behaviour)
        plans[name] = {
            "curve": [thousandths(row) for row in curve],
            "groups": [thousandths(answer.group(name, group, behaviour)) for group in SHOWN_GROUPS],
            "later": thousandths(answer.group(name, behaviour=behaviour, later=True)),
            "cost": [None if not np.isfinite(v) else round(v, 2) for v in cost],
            "away": thousandths([answer.turned_away(name, behaviour)])[0],
            "money": [round(v) for v in answer.money(name).values()],
            "sources": thousandths([answer.sources(name, behaviour).get(source, 0.0) for source in SOURCES]),
        }
    pairs = {}
    for a, b in combinations(answer.names[1:], 2):
        for key, later in (("end", False), ("later", True)):
            found = answer.difference(a, b, behaviour, later)
            # Not rounded to thousandths, so that the least difference that is told apart has its sign.
            mean = round(1000 * found.mean, 3) if np.isfinite(found.mean) else None
            pairs[f"{a}|{b}|{key}"] = [mean, *thousandths([found.a_beats_b]), found.separated]
    return {"plans": plans, "pairs": pairs}


def kept_weeks(answer: Answer) -> Any:
    """Weeks of a curve that the file keeps: every second, and those at which something begins or ends."""
    weeks = answer.weeks
    every = np.arange(answer.coverage.shape[2])
    asked = (every % EVERY == 0) | np.isin(every, [weeks.baseline, weeks.first, weeks.end, weeks.follow_up])
    return np.flatnonzero(asked)
