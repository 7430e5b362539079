"""The tables of a report, in its language: what was found, what was spent, and every assumption."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smsim import findings
from smsim.costs import SETUP, SUPERVISION
from smsim.engine.arrays import ACTIVITIES
from smsim.findings import bare_points, by_case, count, money, percent, points, with_interval
from smsim.i18n import MISSING, Words
from smsim.labels import activity_names, group_names, moment_names, source_names, strategy_name, verdict_names
from smsim.outcomes import ALL, GROUPS, spent_on
from smsim.parameters import PARAMETERS, Parameter
from smsim.steps import STEPS

if TYPE_CHECKING:
    from smsim.compare import Comparison


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


def pairs(comparison: Comparison) -> list[tuple[str, str]]:
    """Every pair of campaigns, the later first; then every campaign with no campaign."""
    names = comparison.campaigns
    among = [(a, b) for i, b in enumerate(names) for a in names[i + 1 :]]
    return among + [(a, comparison.strategies[0]) for a in names]


class Tables:
    """The tables of one comparison in one language."""

    def __init__(self, comparison: Comparison, words: Words) -> None:
        self.comparison, self.scenario, self.words = comparison, comparison.scenario, words
        self.moments = moment_names(words)
        self.names = {s: strategy_name(s, words) for s in comparison.strategies}

    # ---- what was found

    def outcomes(self, behaviour: str) -> Table:
        """Strategies down, main outcomes across."""
        _, c = self.words, self.comparison
        cases = by_case(c, behaviour)
        moments = ("baseline", "end", "follow_up")
        heads = [
            _("strategy"),
            *(_("coverage, {moment}", moment=self.moments[when]) for when in moments),
            _("additional cases served") if cases else _("additional adopters"),
            _("US$ per additional case served") if cases else _("US$ per additional adopter"),
            _("weeks to {target}", target=percent(float(self.scenario.run["target_coverage"]), 0, _)),
            _("refusing"),
            _("turned away"),
        ]
        rows = []
        for s in c.strategies:
            cells = [self._with_band(s, f"coverage_{when}", behaviour) for when in moments]
            more = c.mean(s, "additional_adopters", behaviour)
            cells.append(_.number(more) if s in c.campaigns else MISSING)
            cost = c.cost(s, behaviour)
            cells.append(money(cost.value, _) + (self._span(cost[1:]) if math.isfinite(cost.value) else ""))
            cells.append(self._weeks(c.worlds(s, "weeks_to_target", behaviour)))
            cells += [percent(c.mean(s, outcome, behaviour), words=_) for outcome in ("refused_end", "unmet_demand")]
            rows.append(Cells(self.names[s], cells))
        caption = _(
            "{behaviour}: means over the worlds; in brackets what 90% of them lie between (of costs: 95% interval)",
            behaviour=behaviour,
        )
        return Table(caption, heads, rows)

    def _span(self, limits: Iterable[float]) -> str:
        low, high = (money(x, self.words) for x in limits)
        return f" ({self._to(low, high)})"

    def _to(self, low: str, high: str) -> str:
        _ = self.words
        return _("{low} to {high}", low=low, high=high)

    def _with_band(self, strategy: str, outcome: str, behaviour: str, group: str = ALL) -> str:
        mean = self.comparison.mean(strategy, outcome, behaviour, group)
        return self._between(mean, *self.comparison.band(strategy, outcome, behaviour, group))

    def _between(self, value: float, low: float, high: float) -> str:
        """A share and its limits, per cent said once: 10.0% (8.9 to 11.1)."""
        if not math.isfinite(value):
            return MISSING
        limits = self._to(bare_points(low, self.words), bare_points(high, self.words))
        return f"{percent(value, words=self.words)} ({limits})"

    def _weeks(self, worlds: Any) -> str:
        """Weeks to the target, over the worlds that reach it; how many do."""
        _ = self.words
        there = worlds[np.isfinite(worlds)]
        if not len(there):
            return _("never reached")
        median = _.number(float(np.median(there)))
        if len(there) == len(worlds):
            return median
        return _(
            "{median} (in {number} of {all} worlds)",
            median=median, number=_.number(len(there)), all=_.number(len(worlds)),
        )  # fmt: skip

    def differences(self, behaviour: str) -> Table:
        """Every pair of strategies, at both moments."""
        _ = self.words
        rows = []
        for outcome, when in (("coverage_end", "end"), ("coverage_follow_up", "follow_up")):
            for a, b in pairs(self.comparison):
                found = self.comparison.difference(a, b, outcome, behaviour)
                ahead = _("{strategy} is higher", strategy=self.names[a if found.mean > 0 else b])
                verdict = ahead if found.separated else self._apart_with(found.replicates_needed)
                head = _("{first} less {second}", first=self.names[a], second=self.names[b])
                cells = [self.moments[when], with_interval(found, _), percent(found.a_beats_b, 0, _), verdict]
                rows.append(Cells(head, cells, "" if found.separated else "tied"))
        heads = [
            _("difference"), _("when"), _("mean (95% interval)"), _("worlds in which the first is higher"),
            _("can they be ranked?"),
        ]  # fmt: skip
        return Table(_("{behaviour}: differences in coverage in the same worlds", behaviour=behaviour), heads, rows)

    def _apart_with(self, needed: float) -> str:
        _ = self.words
        if not (math.isfinite(needed) and needed <= findings.MANY_WORLDS):
            return _("not ranked: they hardly differ")
        return _("not ranked: about {number} worlds would tell them apart", number=count(needed, _))

    def groups(self, behaviour: str) -> Table:
        """Coverage at the end by group, and the gap between rich and poor."""
        _, c = self.words, self.comparison
        said = group_names(_)
        rows = [
            Cells(said[group], [self._with_band(s, "coverage_end", behaviour, group) for s in c.strategies])
            for group in GROUPS
        ]
        gaps = [points(c.mean(s, "gap_wealth_end", behaviour), _) for s in c.strategies]
        indices = [self._plain(c.mean(s, "erreygers_end", behaviour)) for s in c.strategies]
        rows.append(Cells(_("richest less poorest fifth"), gaps, "sum"))
        rows.append(Cells(_("Erreygers' index by wealth"), indices))
        caption = _(
            "{behaviour}: coverage at the end of the campaign by group (90% of the worlds)", behaviour=behaviour
        )
        return Table(caption, [_("group"), *self.names.values()], rows)

    def sources(self, behaviour: str) -> Table:
        """What moved those who adopted."""
        _ = self.words
        rows = []
        for source, name in source_names(_).items():
            shares = [
                self.comparison.mean(s, f"adopted_through_{source}", behaviour) for s in self.comparison.strategies
            ]
            if any(share > 0 for share in shares):
                rows.append(Cells(name, [percent(share, words=_) for share in shares]))
        caption = _("{behaviour}: share of adoptions during the campaign", behaviour=behaviour)
        return Table(caption, [_("moved by"), *self.names.values()], rows)

    # ---- money, targets

    def plan(self) -> Table:
        """Shares of the field money, as the strategies are defined."""
        _ = self.words
        said = activity_names(_)
        rows = []
        for s in self.comparison.campaigns:
            shares = self.scenario.strategies[s].shares()
            cells = [percent(shares[k], 0, _) if shares.get(k) else MISSING for k in ACTIVITIES]
            rows.append(Cells(self.names[s], cells))
        heads = [_("strategy"), *(said[k] for k in ACTIVITIES)]
        return Table(_("Shares of the field money, as planned"), heads, rows)

    def money(self) -> Table:
        """What was spent on what."""
        _, c = self.words, self.comparison
        said = activity_names(_)
        rows = []
        for item in (*ACTIVITIES, *SETUP, SUPERVISION):
            spent = [c.mean(s, spent_on(item)) for s in c.campaigns]
            if any(spent):
                rows.append(Cells(said[item], [_.number(v) for v in spent]))
        for outcome, label in (("spent", _("spent in all")), ("unspent", said["unspent"]), ("budget", _("budget"))):
            rows.append(Cells(label, [_.number(c.mean(s, outcome)) for s in c.campaigns], "sum"))
        heads = [_("item"), *(self.names[s] for s in c.campaigns)]
        return Table(_("Spent, US$, means over the worlds"), heads, rows)

    def targets(self) -> Table | None:
        """The scenario's targets beside what was simulated."""
        _ = self.words
        checks = findings.targets_of(self.comparison)
        if not checks:
            return None
        groups, verdicts = group_names(_), verdict_names(_)
        rows = []
        for c in checks:
            given = f"{percent(c.target, words=_)} ± {points(c.tolerance, _)}"
            strategy = strategy_name(c.strategy, _)
            if c.against:
                strategy = _("{first} above {second}", first=strategy, second=strategy_name(c.against, _))
            when = self.moments[c.when]
            if c.measure == "administrative":
                when = _("{when}, as the programme counts it", when=when)
            simulated = self._between(c.median, c.lower, c.upper)
            cells = [when, strategy, groups.get(c.group, c.group), given, simulated, verdicts[c.verdict], c.source]
            rows.append(Cells(c.behaviour, cells, "missed" if c.verdict == "missed" else ""))
        heads = [
            _("target"), _("when"), _("strategy"), _("group"), _("given"), _("simulated (90% of worlds)"),
            _("verdict"), _("source"),
        ]  # fmt: skip
        return Table(_("What the scenario says happened, and what the simulation gives"), heads, rows)

    # ---- assumptions

    def evidence(self) -> Table:
        """The figures that the scenario lists."""
        _ = self.words
        grades = {"measured": _("measured"), "derived": _("derived"), "assumed": _("assumed")}
        rows = []
        for entry in self.scenario.evidence:
            grade = str(entry.get("grade", ""))
            cells = [str(entry.get(key, "")) for key in ("value", "unit")]
            cells += [grades.get(grade, grade), str(entry.get("source", ""))]
            rows.append(Cells(str(entry.get("figure", "")), cells))
        caption = _("Figures that the scenario was built on; measured, derived from others, or assumed")
        return Table(caption, [_("figure"), _("value"), _("unit"), _("grade"), _("source")], rows)

    def parameters(self) -> list[Table]:
        """The steps of mobilization; then every value of the model: meaning, value, unit, where it comes from."""
        _, scenario = self.words, self.scenario
        titles = {
            "world": _("The people and the place"),
            "behaviour": _("What people are asked to do"),
            "activities": _("What contacts do and cost"),
            "campaign": _("The campaign, the same for every strategy"),
            "run": _("The runs"),
        }
        tables = [self._steps()]
        for section, title in titles.items():
            own = [p for p in PARAMETERS.values() if p.section == section]
            values: list[str] = [_("value")]
            if section == "behaviour":
                layers = scenario.behaviours
                values = list(layers) if len(layers) > 1 else values
                rows = [self._row(p, {f"behaviours.{b}.{p.name}": layers[b][p.name] for b in layers}) for p in own]
            else:
                rows = [self._row(p, {p.path: getattr(scenario, section)[p.name]}) for p in own]
            tables.append(Table(title, [_("name"), _("meaning"), *values, _("unit"), _("source")], rows))
        return tables

    def _steps(self) -> Table:
        """The eight steps as this campaign takes them; each value is said again, with its source, below."""
        _, scenario = self.words, self.scenario
        said = activity_names(_)
        rows = []
        for step in STEPS.values():
            own = [(PARAMETERS[path], getattr(scenario, PARAMETERS[path].section)) for path in step.parameters]
            values = [f"{p.name} {self._value(section[p.name], p.unit)}" for p, section in own]
            shares = [_("share of the strategy for {activity}", activity=said[k]) for k in step.activities]
            title = f"{step.number} {_(step.title)}"
            if step.name in scenario.skip:
                title = _("{step} (skipped)", step=title)
            rows.append(Cells(title, [_("; ").join([*shares, *values]), _(step.without)]))
        heads = [_("step"), _("in this campaign"), _("a campaign without it")]
        return Table(_("The eight steps of mobilization"), heads, rows)

    def _row(self, p: Parameter, values: Mapping[str, Any]) -> Cells:
        """One parameter, with a value for each path; values that the scenario gives or that were fitted are marked."""
        _, scenario = self.words, self.scenario
        fitted = {entry["path"] for entry in scenario.fitted}
        own = {path: scenario.sources[path] for path in values if path in scenario.sources}
        texts = []
        for path, value in values.items():
            text = self._value(value, p.unit)
            texts.append(_("{value} (fitted)", value=text) if path in fitted else text + "*" * (path in own))
        origins = dict.fromkeys(_(source) for source in own.values())
        if len(own) < len(values):
            usual = _(p.source)
            origins |= {usual if not own else _("others: {source}", source=usual): None}
        return Cells(p.name, [_(p.doc), *texts, unit_name(p.unit, _), _("; ").join(origins)], "own" if own else "")

    def _value(self, value: Any, unit: str) -> str:
        """A value as people write it; shares in per cent."""
        _ = self.words
        if value is None:
            return _("none")
        if isinstance(value, str):
            return value
        if unit.startswith("share"):
            return _.percent(value, max(0, _decimals(value) - 2))
        return self._plain(value)

    def _plain(self, value: float) -> str:
        """A number without exponent, four digits if it has decimals."""
        return self.words.number(value, _decimals(value))


def _decimals(value: float) -> int:
    """Decimals of a number that is written with four digits."""
    if not math.isfinite(value) or float(value).is_integer():
        return 0
    return len(str(np.format_float_positional(value, 4, fractional=False, trim="-")).partition(".")[2])


def unit_name(unit: str, words: Words) -> str:
    """A unit in words; of shares only what they are of, for they are written in per cent."""
    if unit.startswith("US$"):
        rest = unit.removeprefix("US$").strip()
        return f"{words('US$')} {words(rest)}".strip()
    # The whole unit is a text of the catalogues, "share of ties" and not "of ties".
    return "" if unit == "share" else words(unit)
