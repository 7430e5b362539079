"""The cases of the evidence as people read them: on the screen, for scripts, and as ``docs/evidence.md``."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsim.errors import ScenarioError
from smsim.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from smsim.cases import Case, Foretold, Shared
    from smsim.findings import TargetCheck

WIDE = 80  # columns of the screen
WHEN = {"baseline": "before", "end": "at the end", "follow_up": "after the follow-up"}


def listing(files: Iterable[Path]) -> list[dict[str, Any]]:
    """One row per scenario file: what it is about, its targets and its evidence, or its problem."""
    rows = []
    for path in files:
        try:
            rows.append(_row(path, load_scenario(path)))
        except ScenarioError as error:
            rows.append({"file": str(path), "problem": str(error)})
    return rows


def _row(path: Path, scenario: Scenario) -> dict[str, Any]:
    grades = [entry["grade"] for entry in scenario.evidence]
    return {
        "file": str(path),
        "name": scenario.name,
        "title": scenario.about.get("title", ""),
        "behaviours": list(scenario.behaviours),
        "targets": len(scenario.targets),
        "illustrative": scenario.illustrative,
        "evidence": {grade: grades.count(grade) for grade in ("measured", "derived", "assumed")},
        "digest": scenario.digest,
    }


def row_text(row: dict[str, Any]) -> str:
    """A row of the listing in three lines."""
    compared = f"{row['targets']} target{'s' * (row['targets'] > 1)}" if row["targets"] else "illustrative"
    evidence = ", ".join(f"{count} {grade}" for grade, count in row["evidence"].items() if count) or "none"
    title = textwrap.fill(row["title"] or row["name"], WIDE - 4, subsequent_indent="    ")
    return f"{row['file']}\n    {title}\n    {compared}; evidence: {evidence}"


# ---- for scripts


def as_rows(cases: Sequence[Case], foretold: Sequence[Foretold], shared: Shared) -> dict[str, Any]:
    """Everything of a check as plain values; missing numbers are None."""
    return {
        "cases": [
            {
                "file": case.file,
                "name": case.scenario.name,
                "title": case.title,
                "evidence": case.grades,
                "fitted": list(case.fitted),
                "targets": [_plain(check._asdict()) for check in case.checks],
                "levels": [_plain(level._asdict()) for level in case.levels],
                "illustrative": case.scenario.illustrative,
            }
            for case in cases
        ],
        "foretold": [_plain(row._asdict() | {"gap": row.gap}) for row in foretold],
        "shared": _plain(shared._asdict()),
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    numbers = {k: float(v) for k, v in values.items() if not isinstance(v, str)}
    return values | {k: v if math.isfinite(v) else None for k, v in numbers.items()}


# ---- tables: head and rows of text, for the screen and for Markdown

TARGETS = ("case", "behaviour", "when", "target", "simulated (90% of worlds)", "gap", "verdict", "grade")
FITTED = ("case", "fitted", "targets", "reproduced", "what was fitted")
FORETOLD = ("case", "behaviour", "measured", "foretold", "gap", "nothing changes", "shared value")
LEVELS = ("case", "strategy", "behaviour", "before", "at the end (90% of worlds)", "after the follow-up")


def target_rows(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """One row per target."""
    return [
        (
            case.scenario.name,
            check.behaviour,
            _when(check),
            f"{_percent(check.target)} ± {100 * check.tolerance:.1f}",
            f"{_percent(check.median)} ({_percent(check.lower)} to {_percent(check.upper)})",
            _points(check.gap),
            check.verdict,
            check.grade,
        )
        for case in cases
        for check in case.checks
    ]


def fitted_rows(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """One row per case with targets, and their sum."""
    own = [case for case in cases if case.checks]
    rows: list[tuple[str, ...]] = [
        (case.scenario.name, f"{len(case.fitted)}", f"{len(case.checks)}", f"{case.met}", ", ".join(case.fitted) or "–")
        for case in own
    ]
    whole = sum(case.met == len(case.checks) for case in own)
    sums = (str(sum(values)) for values in zip(*((len(c.fitted), len(c.checks), c.met) for c in own), strict=True))
    said = "1 case reproduces" if len(own) == 1 else f"{len(own)} cases reproduce"
    return [*rows, ("all", *sums, f"{whole} of {said} every target")] if own else rows


def foretold_rows(rows: Sequence[Foretold]) -> list[tuple[str, ...]]:
    """One row per result, and the mean size of the gaps."""
    found: list[tuple[str, ...]] = [
        (
            row.case,
            row.behaviour,
            _percent(row.target),
            _percent(row.predicted),
            _points(row.gap),
            _points(row.unchanged - row.target),
            f"{row.shared:.2f}",
        )
        for row in rows
    ]
    if not rows:
        return found
    gaps = [abs(row.gap) for row in rows]
    none = [abs(row.unchanged - row.target) for row in rows if math.isfinite(row.unchanged)]
    means = f"{100 * sum(gaps) / len(gaps):.1f}", f"{100 * sum(none) / len(none):.1f}"
    within = sum(abs(row.gap) <= row.tolerance for row in rows)
    return [*found, ("mean size", f"{within} of {len(rows)} within tolerance", "", "", means[0], means[1], "")]


def level_rows(cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """What every case gives by strategy and behaviour."""
    return [
        (
            case.scenario.name,
            level.strategy,
            level.behaviour,
            _percent(level.baseline),
            f"{_percent(level.end)} ({_percent(level.lower)} to {_percent(level.upper)})",
            _percent(level.follow_up),
        )
        for case in cases
        for level in case.levels
    ]


def screen(cases: Sequence[Case], foretold: Sequence[Foretold], shared: Shared) -> str:
    """The tables of a check as text, 80 columns wide."""
    with_targets = [case for case in cases if case.checks]
    ran = ", ".join(case.scenario.name for case in cases if not case.checks)
    legend = (
        "Targets and what the model gives on unused seeds: median of the worlds (90% of them), in percent; gaps in "
        "points. Above none: less no campaign in the same worlds. Counted: as the programme counts it."
    )
    parts = [
        textwrap.fill(legend, WIDE),
        *(_screen_case(case) for case in with_targets),
        "\n".join(["Values fitted against targets reproduced", *_screen_fitted(with_targets)]),
        _screen_foretold(foretold, shared),
    ]
    if ran:
        parts.append(textwrap.fill(f"Without targets, run with every strategy: {ran}.", WIDE, break_on_hyphens=False))
    return "\n\n".join(parts)


def _screen_case(case: Case) -> str:
    """A case: how its figures are known, and one line per target."""
    grades = " and ".join(dict.fromkeys(check.grade for check in case.checks))
    lines = [f"{case.scenario.name} (targets {grades}; evidence: {case.grades})"]
    for check in case.checks:
        what = f"{check.behaviour}, {WHEN[check.when].removeprefix('at the ')}"
        what += f", above {check.against}" if check.against else ""
        what += ", counted" if check.measure == "administrative" else ""
        goal = f"{100 * check.target:.1f} ± {100 * check.tolerance:.1f}"
        band = f"{100 * check.median:.1f} ({100 * check.lower:.1f}–{100 * check.upper:.1f})"
        lines.append(f"  {what:<31} {goal:<10}  {band:<17} {_points(check.gap):>5}  {check.verdict}".rstrip())
    return "\n".join(lines)


def _screen_fitted(cases: Sequence[Case]) -> list[str]:
    """One line per case, and what it fitted below it."""
    lines = [f"  {'case':<28} {'fitted':>6}  {'targets':>7}  {'reproduced':>10}"]
    for name, fitted, targets, met, what in fitted_rows(cases):
        lines.append(f"  {name:<28} {fitted:>6}  {targets:>7}  {met:>10}")
        short = what.replace("behaviours.", "").replace("campaign.", "").replace("activities.", "")
        lines += textwrap.wrap(
            short, WIDE, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
        )
    return lines


def _screen_foretold(rows: Sequence[Foretold], shared: Shared) -> str:
    """One line per result; how far a forecast of no change would be, and the shared value of the others."""
    if len({row.case for row in rows}) < 2:
        return "Foretold from the other cases: needs two cases with a state before and a result."
    head = ("case, behaviour", "measured", "foretold", "gap", "no change", "shared")
    lines = [(f"{case}, {behaviour}", *rest) for case, behaviour, *rest in foretold_rows(rows)]
    shown = [f"  {a:<38} {b:>8} {c:>8} {d:>5} {e:>9} {f:>6}".rstrip() for a, b, c, d, e, f in (head, *lines)]
    title = (
        f"Foretold from the other cases. All together ask for {shared.best:.2f} (mean gap "
        f"{100 * shared.best_gap:.1f} points); the files use {shared.used:.2f} ({100 * shared.used_gap:.1f})."
    )
    return "\n".join([textwrap.fill(title, WIDE), *shown])


def markdown(cases: Sequence[Case], foretold: Sequence[Foretold], shared: Shared, command: str, made: str) -> str:
    """The text of ``docs/evidence.md``."""
    judged = [case for case in cases if case.checks]
    others = [case for case in cases if not case.checks and "measured" in case.grades]
    shown = [*judged, *others]
    lines = [
        "# Evidence",
        "",
        f"Made by `{command}`: {made}. Every number below is one that this command prints; run it again to check.",
        "",
        *_INTRODUCTION,
        "",
        "## Targets, and what the model gives",
        "",
        *_pipes(TARGETS, target_rows(judged)),
        "",
        "## Values fitted, and targets reproduced",
        "",
        *_FITTED,
        "",
        *_pipes(FITTED, fitted_rows(judged)),
        "",
        "## Foretold from the other cases",
        "",
        *(line.format(**_shared_words(shared)) for line in _FORETOLD),
        "",
        *_pipes(FORETOLD, foretold_rows(foretold)),
        "",
        "## What the cases give by strategy",
        "",
        *_LEVELS,
        "",
        *_pipes(LEVELS, level_rows(shown)),
        "",
        "## The cases and their figures",
    ]
    for case in shown:
        lines += ["", f"### {case.title}", "", *_about(case), "", *_pipes(_FIGURES, _figure_rows(case))]
    return "\n".join(lines) + "\n"


_INTRODUCTION = (
    "Each case is a file in `scenarios/`, with what was done, the figures that were found, and what the",
    "simulation should reproduce. *Simulated* is the median over the worlds, with the range of 90% of them; *gap*",
    "is median less target, in percentage points; a target is *met* if the gap is within the tolerance that the",
    "file states. `X above Y` is a difference between two strategies in the same worlds. *As the programme counts",
    "it* is administrative coverage: what is recorded over the population that is believed to be there. *Grade*",
    "says how the figure is known: measured, derived from other figures, or assumed. Almost all are",
    "before-and-after figures of the programmes themselves, without control: the model, too, lays the whole",
    "change at the campaign's door.",
)
_FITTED = (
    "*Fitted* counts the values that the file lists under `fitted`; most are a threshold, fitted to the state",
    "before the campaign and blind to what came after (`when: baseline`), so that what the campaign then does is",
    "foretold from its visits, dialogues and money. All cases but Errer Woreda share one decision rule: the",
    "defaults of [parameters.md](parameters.md), with `persuasion_weight` 0.4 (of 0.3, 0.4 and 0.5) and",
    "`threshold_sd` 0.25 (of 0.25 and 0.4, and what Errer Woreda's registration had before), both tried by hand",
    "while looking at all cases. They count once, over all cases, and not in the table; each file says what else",
    "was tried by hand. A budget that was fitted is the money that the model needs, not what was spent: in Sierra",
    "Leone and Nigeria it is dearer than any such programme, which means that there the model's persuasion is too",
    "weak, or that more changed than the campaign. Where nearly everybody came to do it, as the newborns' dose in",
    "Kenya and Nigeria or waiting for the burial team, the model stays a few points below: by assumption a fifth of",
    "the families change every year, and newcomers know nothing.",
)
_FORETOLD = (
    "How well would the other cases have foretold each one? Its own result is hidden: what it fitted to it stands",
    "at the value assumed before (`prior` in the file), only its state before the campaign is known, and the",
    "shared `persuasion_weight` is fitted to the others alone (least mean absolute gap; every case weighs the",
    "same). All cases together ask for {best}, with a mean gap of {best_gap} points; the files use {used}, with",
    "{used_gap}: as long as these two gaps are nearly the same, the cases do not tell the two values apart, and the",
    "round one stays. *Nothing changes* is the gap of a forecast that leaves everything as it was. `threshold_sd`",
    "was not fitted anew, and the cases were described by people who knew how they ended: this is a test of the",
    "shared value and of the assumed money, not of everything.",
)
_LEVELS = (
    "Medians. Where no figure is known for what came after, as in Sierra Leone after 1990, this is the model's",
    "own forecast under its assumptions. Cases without usable figures are illustrative, and run in at most 20",
    "worlds: nothing here was held against data.",
)


def _shared_words(shared: Shared) -> dict[str, str]:
    return {
        "best": f"{shared.best:.2f}", "best_gap": f"{100 * shared.best_gap:.1f}",
        "used": f"{shared.used:.2f}", "used_gap": f"{100 * shared.used_gap:.1f}",
    }  # fmt: skip


_FIGURES = ("figure", "value", "period, place", "grade", "source")


def _about(case: Case) -> list[str]:
    about = case.scenario.about
    facts = [("File", f"`scenarios/{Path(case.file).name}`")]
    facts += [
        (key.capitalize(), about[key])
        for key in ("what", "where", "when", "design", "caveat", "citation")
        if about.get(key)
    ]
    facts.append(("Evidence", case.grades))
    if case.scenario.illustrative:
        facts.append(("Illustrative", case.scenario.illustrative))
    return [f"- {key}: {value}" for key, value in facts]


def _figure_rows(case: Case) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for entry in case.scenario.evidence:
        value = " ".join(str(part) for part in (entry.get("value"), entry.get("unit")) if part not in (None, ""))
        where = ", ".join(str(entry[key]) for key in ("period", "place") if entry.get(key))
        rows.append((str(entry["figure"]), value, where, str(entry["grade"]), str(entry["source"])))
    return rows


def _when(check: TargetCheck) -> str:
    if check.when == "baseline":
        return WHEN["baseline"]
    above = f" above {'no campaign' if check.against == 'none' else check.against}" if check.against else ""
    counted = ", as the programme counts it" if check.measure == "administrative" else ""
    return f"{WHEN[check.when]}, {check.strategy}{above}{counted}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%" if math.isfinite(value) else "–"


def _points(value: float) -> str:
    return f"{round(100 * value, 1) + 0:+.1f}".replace("-", "−") if math.isfinite(value) else "–"


def _pipes(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    table: list[Sequence[str]] = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
