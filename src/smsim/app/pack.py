"""The workshop in one file: a standalone Bokeh document without a server, for a USB stick and a phone.

Every plan is run in every point of a grid over a few sliders, over the same worlds, and reduced to what the pictures
show. Between the points the file interpolates, and says so. Everything it needs is inside; it asks nobody for anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from babel.messages.extract import extract_from_file
from bokeh.embed import components
from bokeh.models import Slider
from bokeh.resources import Resources
from jinja2 import Environment
from markupsafe import Markup

from smsim.app.compute import ITEMS, WORLDS, Answer, Bench
from smsim.app.dials import Dial, dial, dials
from smsim.app.figures import SIDE_COLOURS, bars, curves, dots
from smsim.app.guess import after, before
from smsim.app.history import watch
from smsim.app.layout import village as village_layout
from smsim.app.lessons import LESSONS, Lesson
from smsim.app.names import SHOWN_GROUPS, plan_name, shown_groups, stage_names
from smsim.app.scenes import village, village_frames
from smsim.app.state import Visitor
from smsim.app.texts import stage_legend, who
from smsim.consistency import setup_problems
from smsim.engine.arrays import SOURCES
from smsim.errors import RunError, ScenarioError
from smsim.i18n import LANGUAGES, SOURCE, Words
from smsim.labels import activity_names, source_names
from smsim.runner import replicate_seed
from smsim.scenario import Scenario
from smsim.strategy import NONE

HERE = Path(__file__).parent
MOST_BYTES = 15 * 10**6
MOST_SLIDERS, MOST_POINTS = 4, 9
EVERY = 2  # weeks between two points of a curve
DEFAULT = ("campaign.budget_per_household", "behaviour.taboo", "behaviour.service_capacity")
POINTS = 4
SPARE = 0.85
KEYWORDS = {"_": None}
OPTIONS = {"parse_template_string": True}  # of JavaScript, where many texts stand


@dataclass(frozen=True)
class Grid:
    """The sliders of a pack, and the values at which everything is computed."""

    dials: tuple[Dial, ...]
    values: tuple[tuple[float, ...], ...]  # of each slider, ascending

    @property
    def points(self) -> list[tuple[float, ...]]:
        """Every point, the last slider running fastest."""
        return list(product(*self.values))


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
            f"a pack holds at most {MOST_SLIDERS} sliders of 2 to {MOST_POINTS} values; got {len(names)} of {points}"
        )
    chosen = tuple(dial(scenario, name, behaviour) for name in dict.fromkeys(names or DEFAULT))
    return Grid(chosen, tuple(_spread(one, _payable(scenario, one), points) for one in chosen))


def _payable(scenario: Scenario, one: Dial) -> list[float]:
    """The values of a slider at which the budget covers the set-up."""
    if one.parameter.section != "campaign":
        return list(one.values)

    def pays(value: float) -> bool:
        campaign = {"budget_per_household": scenario.campaign["budget_per_household"], one.parameter.name: value}
        campaign["budget_per_household"] *= SPARE  # where many mobilizers leave, more are trained
        return not list(setup_problems(scenario.replace(campaign=campaign).to_mapping()))

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


def write_pack(
    scenario: Scenario,
    path: str | os.PathLike[str],
    sliders: Sequence[str] = (),
    points: int = POINTS,
    worlds: int = WORLDS,
    threads: int | None = None,
    language: str = SOURCE,
    progress: Callable[[int, int], Any] | None = None,
) -> int:
    """Write the workshop of a scenario into one file; the number of its bytes.

    Raises
    ------
    ScenarioError : a slider or language is unknown, or a point of the grid cannot be run
    RunError : the file cannot be written, or would be too large
    """
    visitor = Visitor(scenario)
    Words(language)
    over = grid(scenario, visitor.behaviour, sliders, points)
    sheets = [_Sheet(visitor, over), *(_Sheet(one.visitor(), lesson_grid(one), one) for one in LESSONS.values())]
    total = sum(len(sheet.over.points) for sheet in sheets)
    done, tell = 0, progress or (lambda done, total: None)
    bench = Bench(threads)
    tell(0, total)
    try:
        for sheet in sheets:
            for answer in _answers(sheet, bench, worlds):
                sheet.answers.append(answer)
                done += 1
                tell(done, total)
            sheet.villages.update(_villages(sheet.visitor.scenario, sheet.plans, bench))
    finally:
        bench.close()
    html = render(sheets, language)
    content = html.encode("utf-8")
    if len(content) > MOST_BYTES:
        raise RunError(
            f"the pack would have {len(content) / 1e6:.1f} MB, and 15 are the most: ask for fewer sliders or points"
        )
    target = Path(path)
    staging = target.with_name(target.name + ".part")
    try:
        staging.write_bytes(content)
        os.replace(staging, target)
    except OSError as error:
        raise ScenarioError(f"{target}: cannot be written ({error.strerror}); name another file") from None
    return len(content)


@dataclass
class _Sheet:
    """A scenario of the file, or a lesson: its grid, and what was computed in it."""

    visitor: Visitor
    over: Grid
    lesson: Lesson | None = None
    answers: list[Answer] = field(default_factory=list)
    villages: dict[str, Any] = field(default_factory=dict)

    @property
    def plans(self) -> list[str]:
        """Strategies to choose from: all of a scenario, the two of a lesson."""
        return list(self.lesson.plans if self.lesson else self.visitor.scenario.strategies)


def lesson_grid(lesson: Lesson) -> Grid:
    """The one slider of a lesson, where it stands and where it is moved to."""
    one = lesson.visitor().dials()[lesson.path]
    return Grid((one,), (tuple(sorted((one.value, lesson.to))),))


def _answers(sheet: _Sheet, bench: Bench, worlds: int) -> Iterable[Answer]:
    visitor, over = sheet.visitor, sheet.over
    for point in over.points:
        for one, value in zip(over.dials, point, strict=True):
            visitor.move(one.path, value)
        try:
            scenario, _ = visitor.question()
            yield bench.answer(scenario, sheet.plans, worlds)
        except ScenarioError as error:
            where = ", ".join(f"{d.path} {v:g}" for d, v in zip(over.dials, point, strict=True))
            raise ScenarioError(f"the grid's point {where} cannot be run: {error}") from None
    visitor.moved.clear()


def _villages(scenario: Scenario, plans: Sequence[str], bench: Bench) -> dict[str, Any]:
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
    }


def summarise(answer: Answer, behaviour: int = 0) -> dict[str, Any]:
    """A point of the grid as the file keeps it: thousandths, dollars, and no more digits than can be seen."""

    def thousandths(values: Any) -> list[Any]:
        table = np.asarray(values, float)
        return [None if not np.isfinite(v) else round(1000 * v) for v in table.ravel().tolist()]

    plans = {}
    for name in answer.names:
        curve = answer.curve(name, behaviour)[:, _kept(answer)]
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
            pairs[f"{a}|{b}|{key}"] = [*thousandths([found.mean, found.a_beats_b]), found.separated]
    return {"plans": plans, "pairs": pairs}


def _kept(answer: Answer) -> Any:
    """Weeks of a curve that the file keeps: every second, and those at which something begins or ends."""
    weeks = answer.weeks
    every = np.arange(answer.coverage.shape[2])
    asked = (every % EVERY == 0) | np.isin(every, [weeks.baseline, weeks.first, weeks.end, weeks.follow_up])
    return np.flatnonzero(asked)


def render(sheets: Sequence[_Sheet], language: str) -> str:
    """The whole file: the scenario's sheet first, then the lessons'."""
    scenario, words = sheets[0].visitor.scenario, Words(language)
    _ = words
    week = Slider(start=0, end=max(sheet.villages["last"] for sheet in sheets), value=1, step=1, name="week")
    figures = [
        curves(words, {"A": "A", "B": "B", "none": _("no campaign")}, "", height=330).figure,
        dots(words, _("Who does it, by group, under plan A and plan B"), _("share that does it")).figure,
        bars(words, _("Where the money went, under plan A and plan B"), _("US$")).figure,
        *(village(words, side, week, height=400).figure for side in SIDE_COLOURS),
    ]
    figures[0].legend[0].visible = False  # on a phone it would cover the curves; the page has its own
    data = {
        "language": language,
        "languages": LANGUAGES,
        "rtl": [code for code in LANGUAGES if Words(code).right_to_left],
        "words": {code: {text: Words(code)(text) for text in texts()} for code in LANGUAGES},
        "items": [*ITEMS, "unspent"],
        "colours": SIDE_COLOURS,
        "lessons": [_sheet_data(sheet) for sheet in sheets[1:]],
    } | _sheet_data(sheets[0])
    environment = Environment(autoescape=True)
    environment.globals["_"] = lambda text: Markup("<span data-say='{0}'>{1}</span>").format(text, words(text))
    page = environment.from_string((HERE / "pack.html").read_text(encoding="utf-8"))
    # Not `file_html`: where Panel is loaded too, that asks for Panel's programs beside the file.
    plot_script, roots = components({figure.name: figure for figure in figures})
    programs = Resources(mode="inline", components=["bokeh", "bokeh-widgets"]).js_raw
    return page.render(
        lang=language,
        direction="rtl" if words.right_to_left else "ltr",
        name=scenario.about.get("title") or scenario.name,
        style=Markup((HERE / "style.css").read_text(encoding="utf-8")),  # ours, as all that follows
        script=Markup((HERE / "pack.js").read_text(encoding="utf-8")),
        bokeh=[Markup(program) for program in programs],
        plot_script=Markup(plot_script),
        figures={name: Markup(div) for name, div in roots.items()},
        # `</script>` inside a text would end the element that holds it.
        data=Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")),
        languages=LANGUAGES,
        legend=Markup(stage_legend(words)),
    )


def _sheet_data(sheet: _Sheet) -> dict[str, Any]:
    """What the file keeps of a sheet."""
    return {
        "named": {code: _named(sheet, code) for code in LANGUAGES},
        "grid": [list(values) for values in sheet.over.values],
        "own": [one.value for one in sheet.over.dials],
        # Every axis's first and last week differ where the campaign's length is a slider.
        "weeks": [(answer.campaign_weeks[_kept(answer)] + 1).tolist() for answer in sheet.answers],
        "campaign": [int(answer.scenario.campaign["weeks"]) for answer in sheet.answers],
        "answers": [summarise(answer) for answer in sheet.answers],
        "worlds": sheet.answers[0].worlds,
        "plans": sheet.plans,
        "move": sheet.lesson.to if sheet.lesson else None,
        "first": {side: one.base for side, one in sheet.visitor.sides.items()},
        "village": sheet.villages,
    }


def _named(sheet: _Sheet, code: str) -> dict[str, Any]:
    """What a sheet calls things in one language."""
    words, visitor, over, lesson = Words(code), sheet.visitor, sheet.over, sheet.lesson
    _ = words
    kind = str(visitor.scenario.behaviours[visitor.behaviour]["kind"])
    said = {}
    if lesson is not None:
        said = {
            "before": [before(lesson, words, moved) for moved in (False, True)],
            "after": [after(lesson, words, moved) for moved in (False, True)],
        }
    return {
        "sliders": [one.label(words) for one in over.dials],
        "values": [[one.say(v, words) for v in values] for one, values in zip(over.dials, over.values, strict=True)],
        "about": [_("Source: {source}", source=escape(_(one.source))) for one in over.dials],
        "groups": list(shown_groups(words).values()),
        "items": [activity_names(words)[item] for item in (*ITEMS, "unspent")],
        "sources": [source_names(words)[source] for source in SOURCES],
        "plans": {name: plan_name(words, name) for name in (*sheet.plans, NONE)},
        "stages": list(stage_names(words)),
        "whom": who(words, kind),
        "title": _(lesson.title) if lesson else _("The scenario of this file"),
    } | said


@cache
def texts() -> tuple[str, ...]:
    """Every text that the file's script and frame say, in English."""
    found = []
    for name, method in (("pack.js", "javascript"), ("pack.html", "jinja2")):
        found += [str(m[1]) for m in extract_from_file(method, HERE / name, keywords=KEYWORDS, options=OPTIONS)]
    # What the figures say, which the script writes anew in another language.
    found += [
        "weeks since the campaign began", "share of households that do it", "share that does it", "US$", "campaign",
        "no campaign", "{count} of {all} do it", "a tie that just carried an adoption",
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))
