"""The report of a comparison: one HTML file that asks nothing of the network, with a one-page brief first."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
import numpy as np

from smsim import findings
from smsim.costs import SETUP, SUPERVISION
from smsim.engine.arrays import ACTIVITIES, SOURCES
from smsim.findings import count, joined, money, percent, points
from smsim.outcomes import ALL, GROUPS, spent_on
from smsim.parameters import PARAMETERS, Parameter
from smsim.plots import PARTS, Picture, group_label, picture_bytes, say
from smsim.scenario import ASSUMED
from smsim.steps import STEPS

if TYPE_CHECKING:
    from smsim.compare import Comparison
    from smsim.scenario import Scenario

MISSING = "–"
WHEN = {"baseline": "before the campaign", "end": "end of campaign", "follow_up": "end of follow-up"}
LATER = (("coverage_end", "end of campaign"), ("coverage_follow_up", "end of follow-up"))
COVERAGES = (("coverage_baseline", "before"), *LATER)
SECTIONS = {"world": "The people and the place", "activities": "What contacts do and cost",
            "campaign": "The campaign, the same for every strategy", "run": "The runs"}  # fmt: skip
LIMITS = (
    "The simulator ranks strategies under the assumptions listed here. It does not forecast what will happen.",
    "How much one contact persuades, how ownership grows and how authorities answer to pressure are weakly known.",
    (
        "How activities are balanced against each other is a choice of the model's authors. They made it while they "
        "looked at results, so that no strategy wins everywhere. It is not evidence about the world."
    ),
    (
        "What a strategy spends on services and on collective action matters as much as its mix of channels. "
        "Try each strategy with these shares moved before you rely on a ranking."
    ),
    "Mixing strategies is no remedy by itself: a hybrid can come out worst, and where it leads, it leads by little.",
    "Simulated worlds show how much chance matters inside the model. More of them do not make the assumptions truer.",
    "Values that were fitted to targets show that the model can give such figures, not that it predicts them.",
    (
        "Not in the model: coercion, backlash against collective action, prices that people pay, effects on health, "
        "the power of women and men inside a household, and ties that change."
    ),
)


KINDS = {
    "permanent": "done once for all",
    "repeated": "to be kept up",
    "event": "at an event such as a birth",
    "round": "in campaign rounds",
}


class Cells(NamedTuple):
    """One row of a table: its head, and the cells after it; `mark` is a class of the row."""

    head: str
    cells: list[str]
    mark: str = ""


class Table(NamedTuple):
    """A table as the template draws it."""

    caption: str
    heads: list[str]
    rows: list[Cells]


def render(comparison: Comparison, pictures: Mapping[str, Picture], command: str | None = None) -> str:
    """The report as the text of an HTML file.

    Parameters
    ----------
    pictures : of this comparison, from `smsim.plots.comparison_figures`
    command : that made the comparison, if a command did
    """
    scenario = comparison.scenario
    shown = [_of_behaviour(comparison, pictures, name) for name in scenario.behaviours]
    return _template().render(
        title=scenario.about.get("title") or scenario.name,
        about=scenario.about,
        facts=_facts(comparison),
        answers=[findings.answer(comparison, name) for name in scenario.behaviours],
        later=[text for name in scenario.behaviours if (text := findings.later(comparison, name))],
        sure=_how_sure(comparison),
        left_out=[findings.left_out(comparison, name) for name in scenario.behaviours],
        costs=[findings.costs(comparison, name) for name in scenario.behaviours] + [findings.spending(comparison)],
        spent=findings.spending(comparison),
        caveats=_caveats(comparison),
        behaviours=shown,
        spending=_picture(pictures, "spending", ""),
        plan=_plan_table(comparison),
        money=_money_table(comparison),
        targets=_target_table(comparison),
        illustrative=None if scenario.targets else scenario.illustrative,
        evidence=scenario.evidence,
        fitted=scenario.fitted,
        parameters=_parameter_tables(scenario),
        limits=LIMITS,
        provenance=_provenance(comparison, command),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("smsim"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2")


def _picture(pictures: Mapping[str, Picture], shows: str, behaviour: str) -> dict[str, str]:
    """Address and alternative text of a picture; the address holds the picture itself."""
    picture = next(p for p in pictures.values() if (p.shows, p.behaviour) == (shows, behaviour))
    data = base64.b64encode(picture_bytes(picture.figure, "svg")).decode("ascii")
    return {"src": f"data:image/svg+xml;base64,{data}", "alt": picture.alt}


# ---- the brief


def _facts(comparison: Comparison) -> str:
    scenario = comparison.scenario
    weeks, later = int(scenario.campaign["weeks"]), int(scenario.run["follow_up_weeks"])
    each = money(float(scenario.campaign["budget_per_household"]))
    size = count(float(scenario.world["households"]))
    return (
        f"{joined(comparison.campaigns)} compared in {count(comparison.replicates)} simulated worlds: imagined places "
        f"like this one, of {size} households, that differ by chance. A campaign of {weeks} weeks with {each} per "
        f"household, then {later} weeks without."
    )


def _how_sure(comparison: Comparison) -> list[str]:
    layers = comparison.scenario.behaviours
    found = [sentence for name in layers for sentence in findings.sureness(comparison, name)]
    if not found:
        found = ["No strategy leads clearly at the end of the campaign: the worlds do not allow a ranking."]
    return found + [text for name in layers if (text := findings.fit(comparison, name))]


def _caveats(comparison: Comparison) -> list[str]:
    """The three that matter most for this comparison."""
    scenario = comparison.scenario
    sourced = sum(source != ASSUMED for source in scenario.sources.values())
    local = (
        f"Of {len(scenario.sources)} values that this scenario sets itself, {sourced} "
        f"{'has' if sourced == 1 else 'have'} a source; the others, and the usual values used for everything else, "
        "are assumptions or come from other places."
    )
    if not scenario.targets:
        why = (scenario.illustrative or "there is no target").rstrip(".")
        data = f"The simulation was not compared with what happened: {why}."
    else:
        verdicts = comparison.targets()["verdict"]
        data = f"{int((verdicts == 'met').sum())} of {len(verdicts)} targets are met; "
        data += "a value fitted to a target does not show that the model predicts." if scenario.fitted else "see below."
    return [
        LIMITS[0],
        f"{data} {local}",
        (
            "The intervals show chance inside the model only. Whether a ranking survives other assumptions, above all "
            "other shares of spending in each strategy, has to be tried."
        ),
    ]


# ---- behaviour by behaviour


def _of_behaviour(comparison: Comparison, pictures: Mapping[str, Picture], name: str) -> dict[str, Any]:
    kind = comparison.scenario.behaviours[name]["kind"]
    return {
        "name": name,
        "kind": KINDS[kind],
        **{shows: _picture(pictures, shows, name) for shows in ("coverage", "differences", "equity", "sources")},
        "table": _main_table(comparison, name),
        "contrasts": _difference_table(comparison, name),
        "groups": _group_table(comparison, name),
        "moved": _source_table(comparison, name),
        "turned_away": findings.turned_away(comparison, name),
        "not_ranked": _not_ranked(comparison, name),
    }


def _main_table(comparison: Comparison, name: str) -> Table:
    """Strategies down, main outcomes across."""
    one, many = findings.thing(comparison, name)
    target = percent(float(comparison.scenario.run["target_coverage"]), 0)
    heads = ["strategy", *(f"coverage, {label}" for _, label in COVERAGES), f"additional {many}",
             f"US$ per additional {one}", f"weeks to {target}", "refusing", "turned away"]  # fmt: skip
    rows = []
    for s in comparison.strategies:
        cells = [_with_band(comparison, s, outcome, name) for outcome, _ in COVERAGES]
        more = comparison.mean(s, "additional_adopters", name)
        cost = comparison.cost(s, name)
        cells.append(f"{more:,.0f}" if math.isfinite(more) and s in comparison.campaigns else MISSING)
        ends = f" ({money(cost.lower)} to {money(cost.upper)})" if math.isfinite(cost.value) else ""
        cells.append(money(cost.value) + ends)
        cells.append(_weeks(comparison.worlds(s, "weeks_to_target", name)))
        cells += [percent(comparison.mean(s, outcome, name)) for outcome in ("refused_end", "unmet_demand")]
        rows.append(Cells(say(s), cells))
    caption = f"{name}: means over the worlds; in brackets what 90% of them lie between (of costs: 95% interval)"
    return Table(caption, heads, rows)


def _with_band(comparison: Comparison, strategy: str, outcome: str, name: str, group: str = ALL) -> str:
    mean = comparison.mean(strategy, outcome, name, group)
    low, high = comparison.band(strategy, outcome, name, group)
    return _between(mean, low, high)


def _between(value: float, low: float, high: float) -> str:
    """A share and its limits, per cent said once: 10.0% (8.9 to 11.1)."""
    return f"{percent(value)} ({points(low, '')} to {points(high, '')})" if math.isfinite(value) else MISSING


def _weeks(worlds: Any) -> str:
    """Weeks to the target, over the worlds that reach it; how many do."""
    there = worlds[np.isfinite(worlds)]
    if not len(there):
        return "never reached"
    some = f" (in {len(there)} of {len(worlds)} worlds)" if len(there) < len(worlds) else ""
    return f"{np.median(there):,.0f}{some}"


def _pairs(comparison: Comparison) -> list[tuple[str, str]]:
    names = comparison.campaigns
    among = [(a, b) for i, b in enumerate(names) for a in names[i + 1 :]]
    return among + [(a, comparison.strategies[0]) for a in names]


def _difference_table(comparison: Comparison, name: str) -> Table:
    rows = []
    for outcome, when in LATER:
        for a, b in _pairs(comparison):
            found = comparison.difference(a, b, outcome, name)
            interval = f"{points(found.mean)} ({points(found.lower, '')} to {points(found.upper, '')})"
            ahead = f"{say(a if found.mean > 0 else b)} is higher"
            verdict = ahead if found.separated else _apart_with(found.replicates_needed)
            cells = [when, interval if math.isfinite(found.mean) else MISSING, percent(found.a_beats_b, 0), verdict]
            rows.append(Cells(f"{say(a)} less {say(b)}", cells, "" if found.separated else "tied"))
    heads = ["difference", "when", "mean (95% interval)", "worlds in which the first is higher", "can they be ranked?"]
    return Table(f"{name}: differences in coverage in the same worlds", heads, rows)


def _apart_with(needed: float) -> str:
    if not (math.isfinite(needed) and needed <= findings.MANY_WORLDS):
        return "not ranked: they hardly differ"
    return f"not ranked: about {count(needed)} worlds would tell them apart"


def _not_ranked(comparison: Comparison, name: str) -> list[str]:
    """Pairs of campaigns that the worlds do not tell apart, by moment."""
    texts = []
    for outcome, when in LATER:
        tied = [
            f"{a} and {b}"
            for a, b in _pairs(comparison)
            if b in comparison.campaigns and not comparison.difference(a, b, outcome, name).separated
        ]
        if tied:
            texts.append(f"At the {when} the worlds do not tell apart, and we do not rank: {'; '.join(tied)}.")
    return texts


def _group_table(comparison: Comparison, name: str) -> Table:
    rows = []
    for group in GROUPS:
        cells = [_with_band(comparison, s, "coverage_end", name, group) for s in comparison.strategies]
        rows.append(Cells(group_label(group), cells))
    gaps = [points(comparison.mean(s, "gap_wealth_end", name)) for s in comparison.strategies]
    indices = [_plain(comparison.mean(s, "erreygers_end", name)) for s in comparison.strategies]
    rows += [Cells("richest less poorest fifth", gaps, "sum"), Cells("Erreygers' index by wealth", indices)]
    heads = ["group", *(say(s) for s in comparison.strategies)]
    return Table(f"{name}: coverage at the end of the campaign by group (90% of the worlds)", heads, rows)


def _source_table(comparison: Comparison, name: str) -> Table:
    rows = []
    for source in SOURCES:
        shares = [comparison.mean(s, f"adopted_through_{source}", name) for s in comparison.strategies]
        if any(share > 0 for share in shares):
            rows.append(Cells(PARTS[source].label, [percent(share) for share in shares]))
    heads = ["moved by", *(say(s) for s in comparison.strategies)]
    return Table(f"{name}: share of adoptions during the campaign", heads, rows)


# ---- money, targets


def _plan_table(comparison: Comparison) -> Table:
    """Shares of the field money, as the strategies are defined."""
    rows = []
    for s in comparison.campaigns:
        shares = comparison.scenario.strategies[s].shares()
        rows.append(Cells(s, [percent(shares[k], 0) if shares.get(k) else MISSING for k in ACTIVITIES]))
    return Table("Shares of the field money, as planned", ["strategy", *ACTIVITIES], rows)


def _money_table(comparison: Comparison) -> Table:
    items = (*ACTIVITIES, *SETUP, SUPERVISION)
    spent = {item: [comparison.mean(s, spent_on(item)) for s in comparison.campaigns] for item in items}
    rows = [Cells(item, [f"{v:,.0f}" for v in values]) for item, values in spent.items() if any(values)]
    for outcome, label in (("spent", "spent in all"), ("unspent", "left unspent"), ("budget", "budget")):
        rows.append(Cells(label, [f"{comparison.mean(s, outcome):,.0f}" for s in comparison.campaigns], "sum"))
    return Table("Spent, US$, means over the worlds", ["item", *comparison.campaigns], rows)


def _target_table(comparison: Comparison) -> Table | None:
    checks = findings.targets_of(comparison)
    if not checks:
        return None
    heads = ["target", "when", "strategy", "group", "given", "simulated (90% of worlds)", "verdict", "source"]
    rows = []
    for c in checks:
        simulated = _between(c.median, c.lower, c.upper)
        given = f"{percent(c.target)} ± {points(c.tolerance)}"
        group = group_label(c.group) if c.group in GROUPS else c.group
        strategy = f"{say(c.strategy)} above {say(c.against)}" if c.against else say(c.strategy)
        when = f"{WHEN[c.when]}, as the programme counts it" if c.measure == "administrative" else WHEN[c.when]
        cells = [when, strategy, group, given, simulated, c.verdict, c.source]
        rows.append(Cells(c.behaviour, cells, "missed" if c.verdict == "missed" else ""))
    return Table("What the scenario says happened, and what the simulation gives", heads, rows)


# ---- assumptions


def _parameter_tables(scenario: Scenario) -> list[Table]:
    """Every value of the model: meaning, value, unit, where it comes from."""
    fitted = {entry["path"] for entry in scenario.fitted}
    tables = []
    heads = ["name", "meaning", "value", "unit", "source"]
    for name, title in SECTIONS.items():
        values = getattr(scenario, name)
        own = [p for p in PARAMETERS.values() if p.section == name]
        rows = [_parameter_row(scenario, fitted, p, {p.path: values[p.name]}) for p in own]
        tables.append(Table(title, heads, rows))
    behaviours = scenario.behaviours
    rows = [
        _parameter_row(scenario, fitted, p, {f"behaviours.{b}.{p.name}": behaviours[b][p.name] for b in behaviours})
        for p in PARAMETERS.values()
        if p.section == "behaviour"
    ]
    heads = ["name", "meaning", *(behaviours if len(behaviours) > 1 else ["value"]), "unit", "source"]
    tables.insert(1, Table("What people are asked to do", heads, rows))
    return [_step_table(scenario), *tables]


def _step_table(scenario: Scenario) -> Table:
    """The eight steps of mobilization as this campaign takes them; each value is said again, with its source, below."""
    rows = []
    for step in STEPS.values():
        own = [(PARAMETERS[path], getattr(scenario, PARAMETERS[path].section)) for path in step.parameters]
        values = [f"{p.name} {_value(section[p.name], p.unit)}" for p, section in own]
        shares = [f"share of the strategy for {k}" for k in step.activities]
        title = f"{step.number} {step.title}" + (" (skipped)" if step.name in scenario.skip else "")
        rows.append(Cells(title, ["; ".join([*shares, *values]), step.without]))
    return Table("The eight steps of mobilization", ["step", "in this campaign", "a campaign without it"], rows)


def _parameter_row(scenario: Scenario, fitted: Iterable[str], p: Parameter, values: Mapping[str, Any]) -> Cells:
    """One parameter, with a value for each path; values that the scenario gives or that were fitted are marked."""
    own = {path: scenario.sources[path] for path in values if path in scenario.sources}
    texts = []
    for path, value in values.items():
        mark = " (fitted)" if path in fitted else "*" if path in own else ""
        texts.append(_value(value, p.unit) + mark)
    origins = dict.fromkeys(own.values())
    if len(own) < len(values):
        origins |= {p.source if not own else f"others: {p.source}": None}
    unit = p.unit.removeprefix("share").strip()  # the values are in per cent
    return Cells(p.name, [p.doc, *texts, unit, "; ".join(origins)], "own" if own else "")


def _value(value: Any, unit: str) -> str:
    """A value as people write it; shares in per cent."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if unit.startswith("share"):
        return f"{_plain(100 * value)}%"
    return _plain(value)


def _plain(value: float) -> str:
    """A number without exponent, four digits if it has decimals."""
    if not math.isfinite(value):
        return MISSING
    if float(value).is_integer():
        return f"{value:,.0f}".replace("-", "−")
    return str(np.format_float_positional(value, 4, fractional=False, trim="-")).replace("-", "−")


def _provenance(comparison: Comparison, command: str | None) -> list[tuple[str, str]]:
    import smsim

    scenario = comparison.scenario
    lines = [
        ("made with", f"smsim {smsim.__version__}"),
        ("scenario", scenario.name),
        ("digest of the scenario", scenario.digest),
        ("seed", str(comparison.seed)),
        ("worlds", count(comparison.replicates)),
        ("strategies", ", ".join(comparison.strategies)),
    ]
    return [*lines, ("command", command)] if command else lines
