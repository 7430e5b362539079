"""The workshop in one file: a standalone Bokeh document without a server, for a USB stick and a phone.

Every plan is run in every point of a grid over a few sliders, over the same worlds, and reduced to what the pictures
show. Between the points the file interpolates, and says so. Everything it needs is inside; it asks nobody for anything.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_file
from bokeh.embed import components
from bokeh.models import Slider
from bokeh.resources import Resources
from jinja2 import Environment
from markupsafe import Markup

from smsim.app.compute import ITEMS, WORLDS, Bench
from smsim.app.dials import Dial
from smsim.app.figures import SIDE_COLOURS, bars, curves, dots, share_axis
from smsim.app.guess import after, before
from smsim.app.lessons import LESSONS, Lesson
from smsim.app.names import plan_name, shown_groups, stage_names
from smsim.app.roles import ROLES
from smsim.app.scenes import village
from smsim.app.sheets import POINTS, Part, Sheet, grid, kept_weeks, lesson_grid, role_star, summarise
from smsim.app.state import Visitor
from smsim.app.texts import stage_legend, who
from smsim.engine.arrays import SOURCES
from smsim.errors import RunError, ScenarioError
from smsim.i18n import LANGUAGES, SOURCE, Words
from smsim.labels import activity_names, source_names
from smsim.scenario import Scenario
from smsim.strategy import NONE

HERE = Path(__file__).parent
MOST_BYTES = 15 * 10**6
ALL = "all"  # lessons
KEYWORDS = {"_": None}
OPTIONS = {"parse_template_string": True}  # of JavaScript, where many texts stand


def write_pack(
    scenario: Scenario,
    path: str | os.PathLike[str],
    sliders: Sequence[str] = (),
    points: int = POINTS,
    worlds: int = WORLDS,
    threads: int | None = None,
    language: str = SOURCE,
    progress: Callable[[int, int], Any] | None = None,
    lessons: str = ALL,
    roles: bool = True,
) -> int:
    """Write the workshop of a scenario into one file; the number of its bytes.

    Parameters
    ----------
    lessons : "all", "none", or keys of `LESSONS` with commas between
    roles : whether the six role cards are in it, each with sliders of its own

    Raises
    ------
    ScenarioError : a slider, lesson or language is unknown, or a point of the grid cannot be run
    RunError : the file cannot be written, or would be too large
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):  # the scenario itself, say
        raise ScenarioError(f"{target}: a pack is a page for a browser; name a file that ends in .html")
    staging = target.with_name(target.name + ".part")
    try:  # before minutes of computing
        staging.touch()
        staging.unlink()
    except OSError as error:
        raise ScenarioError(f"{target}: cannot be written ({error.strerror}); name another file") from None
    if target.is_dir():
        raise ScenarioError(f"{target}: cannot be written (this is a folder); name another file")
    visitor = Visitor(scenario)
    Words(language)
    sheets = [Sheet(visitor, grid(scenario, visitor.behaviour, sliders, points))]
    sheets += [Sheet(one.visitor(), lesson_grid(one), lesson=one) for one in _chosen(lessons)]
    if roles:
        sheets += [
            Sheet(Visitor(scenario), role_star(scenario, visitor.behaviour, one), role=one) for one in ROLES.values()
        ]
    total = sum(len(sheet.over.points) for sheet in sheets)
    done, tell = count(1), progress or (lambda done, total: None)
    bench = Bench(threads)
    tell(0, total)
    try:
        for sheet in sheets:
            sheet.compute(bench, worlds, lambda: tell(next(done), total))
    finally:
        bench.close()
    html = render(sheets, language)
    content = html.encode("utf-8")
    if len(content) > MOST_BYTES:
        raise RunError(
            f"the pack would have {len(content) / 1e6:.1f} MB, and 15 are the most: ask for fewer sliders or points"
        )
    try:
        staging.write_bytes(content)
        os.replace(staging, target)
    except OSError as error:
        staging.unlink(missing_ok=True)  # a full disk leaves a part of it
        raise ScenarioError(f"{target}: cannot be written ({error.strerror}); name another file") from None
    return len(content)


def _chosen(lessons: str) -> list[Lesson]:
    names = {ALL: list(LESSONS), NONE: []}.get(lessons, [name.strip() for name in lessons.split(",")])
    for name in names:
        if name not in LESSONS:
            raise ScenarioError(f"--lessons {name}: there are {', '.join(LESSONS)}; or write {ALL} or {NONE}")
    return [LESSONS[name] for name in dict.fromkeys(names)]


def render(sheets: Sequence[Sheet], language: str) -> str:
    """The whole file: the scenario's sheet first, then the lessons' and the roles'."""
    scenario, words = sheets[0].visitor.scenario, Words(language)
    _ = words
    week = Slider(
        start=0, end=max(sheet.village["last"] for sheet in sheets if sheet.village), value=1, step=1, name="week"
    )
    figures = [
        curves(words, {"A": "A", "B": "B", "none": _("no campaign")}, "", height=330).figure,
        dots(words, _("Who does it, by group, under plan A and plan B"), "").figure,
        bars(words, _("Where the money went, under plan A and plan B"), _("US$")).figure,
        *(village(words, side, week, height=400).figure for side in SIDE_COLOURS),
    ]
    figures[0].legend[0].visible = False  # on a phone it would cover the curves; the page has its own
    data = {
        "language": language,
        "languages": LANGUAGES,
        "rtl": [code for code in LANGUAGES if Words(code).right_to_left],
        "made": {code: _made(Words(code)) for code in LANGUAGES},
        "words": {code: {text: Words(code)(text) for text in texts()} for code in LANGUAGES},
        "items": [*ITEMS, "unspent"],
        "colours": SIDE_COLOURS,
        "lessons": [_sheet_data(sheet) for sheet in sheets if sheet.lesson],
        "roles": [_sheet_data(sheet) for sheet in sheets if sheet.role],
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


def _sheet_data(sheet: Sheet) -> dict[str, Any]:
    """What the file keeps of a sheet."""
    over, answers = sheet.over, sheet.answers
    behaviours = list(sheet.visitor.scenario.behaviours)
    return {
        "named": {code: _named(sheet, code) for code in LANGUAGES},
        "grid": [list(values) for values in over.values],
        "own": list(over.own),
        "points": [over.places(point) for point in over.points] if over.star else None,
        # Every axis's first and last week differ where the campaign's length is a slider.
        "weeks": [(answer.campaign_weeks[kept_weeks(answer)] + 1).tolist() for answer in answers],
        "campaign": [int(answer.scenario.campaign["weeks"]) for answer in answers],
        "behaviours": behaviours,
        "answers": [[summarise(answer, b) for answer in answers] for b in range(len(behaviours))],
        "worlds": answers[0].worlds,
        "plans": sheet.plans,
        "move": sheet.lesson.to if sheet.lesson else None,
        "first": {side: one.base for side, one in sheet.visitor.sides.items()},
        "village": sheet.village,
    }


def _label(sheet: Sheet, one: Dial | Part, words: Words) -> str:
    """What a slider is called; where there are several behaviours, with the one that it belongs to."""
    several = len(sheet.visitor.scenario.behaviours) > 1
    own = several and isinstance(one, Dial) and one.parameter.section == "behaviour"
    return f"{one.label(words)} ({sheet.visitor.behaviour})" if own else one.label(words)


def _named(sheet: Sheet, code: str) -> dict[str, Any]:
    """What a sheet calls things in one language."""
    words, visitor, over, lesson, role = Words(code), sheet.visitor, sheet.over, sheet.lesson, sheet.role
    _ = words
    kinds = [str(one["kind"]) for one in visitor.scenario.behaviours.values()]
    said = {}
    if lesson is not None:
        said = {
            "before": [before(lesson, words, moved) for moved in (False, True)],
            "after": [after(lesson, words, moved) for moved in (False, True)],
        }
    return {
        "sliders": [_label(sheet, one, words) for one in over.dials],
        "values": [[one.say(v, words) for v in values] for one, values in zip(over.dials, over.values, strict=True)],
        "about": [_("Source: {source}", source=escape(_(one.source))) if one.source else "" for one in over.dials],
        "groups": list(shown_groups(words).values()),
        "items": [activity_names(words)[item] for item in (*ITEMS, "unspent")],
        "sources": [source_names(words)[source] for source in SOURCES],
        "plans": {name: plan_name(words, name) for name in (*sheet.plans, NONE)},
        "stages": list(stage_names(words)),
        "whom": [who(words, kind) for kind in kinds],
        "axis": [share_axis(words, kind) for kind in kinds],
        "groups_axis": [share_axis(words, kind, group=True) for kind in kinds],
        "title": _(lesson.title) if lesson else _(role.title) if role else _("The scenario of this file"),
        "card": _(role.says) if role else "",
    } | said


def _made(words: Words) -> str:
    """When the file was made, and by what."""
    import smsim

    _ = words
    today = words.date(datetime.datetime.now().astimezone().date())
    return _("Made on {date} with smsim {version}.", date=today, version=smsim.__version__)


@cache
def texts() -> tuple[str, ...]:
    """Every text that the file's script and frame say, in English."""
    found = []
    for name, method in (("pack.js", "javascript"), ("pack.html", "jinja2")):
        found += [str(m[1]) for m in extract_from_file(method, HERE / name, keywords=KEYWORDS, options=OPTIONS)]
    # What the figures say, which the script writes anew in another language.
    found += [
        "weeks since the campaign began", "US$", "campaign",
        "no campaign", "{count} of {all} do it", "a tie that just carried an adoption",
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))
