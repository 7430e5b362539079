"""What is swept: factors with their ranges and distributions, made from the table of parameters and a scenario.

A design lives in the unit cube, one column per factor, and every factor turns its column into values of its own: by
the inverse of its distribution. Integers and categories thus get the same chance each, and elementary effects of
factors with different units can be compared.
"""

from __future__ import annotations

import difflib
import fnmatch
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from smsim.costs import setup_costs
from smsim.engine.arrays import Array
from smsim.errors import ScenarioError
from smsim.parameters import Parameter, section
from smsim.saying import say_dollars, say_number
from smsim.scenario import Scenario
from smsim.staff import hire
from smsim.world import build_ground, dress

SCALES = ("uniform", "log", "integer", "half", "choice")
BUDGET = "campaign.budget_per_household"
# Which end of a swept parameter makes the set-up dearest: what `narrow_budget` has to be prepared for.
DEAREST = {
    "campaign.training": 1,
    "campaign.material_quality": 1,
    "campaign.needs_quality": 1,
    "campaign.weeks": 1,
    "campaign.households_per_mobilizer": 0,
}

Value = float | int | str


@dataclass(frozen=True)
class Factor:
    """One column of a design: a path of the scenario, and the distribution of its values.

    Parameters
    ----------
    path : ``world.mean_ties``, ``behaviours.delivery.taboo``
    low, high : ends of the range, included; 0 and the last index for choices
    scale : uniform, log (uniform in the logarithm), integer (each the same chance), half (half of the chance at `low`,
        the rest uniform) or choice (each the same chance)
    choices : the categories, for a choice
    group : factors of one group can be moved together
    unit, doc, label : for tables and pictures
    """

    path: str
    low: float
    high: float
    scale: str = "uniform"
    choices: tuple[str, ...] = ()
    group: str = ""
    unit: str = ""
    doc: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))
        object.__setattr__(self, "label", self.label or self.path.rsplit(".", 1)[-1].replace("_", " "))
        if self.scale not in SCALES:
            raise ScenarioError(f"{self.path}: a scale is one of {', '.join(SCALES)}; got {self.scale!r}")
        if self.scale == "choice":
            if len(set(self.choices)) < 2 or len(set(self.choices)) < len(self.choices):
                raise ScenarioError(f"{self.path}: name two or more different choices; got {', '.join(self.choices)}")
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ScenarioError(f"{self.path}: a range goes from a low to a higher number; got {self._range()}")
        if self.scale == "log" and not self.low > 0:
            raise ScenarioError(f"{self.path}: a log range must begin above 0; got {self._range()}")
        if self.scale == "integer" and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ScenarioError(f"{self.path}: its ends must be whole numbers; got {self._range()}")

    def value(self, u: float) -> Value:
        """The value at u in [0, 1]: the inverse of the distribution function."""
        if self.scale == "choice":
            return self.choices[_bin(u, len(self.choices))]
        if self.scale == "integer":
            return int(self.low) + _bin(u, int(self.high - self.low) + 1)
        if self.scale == "log":
            x = math.exp(math.log(self.low) + u * (math.log(self.high) - math.log(self.low)))
            # The last digits of exp and log are the library's own; a design should not depend on the machine.
            return min(max(float(f"{x:.10g}"), self.low), self.high)
        if self.scale == "half":
            u = max(0.0, 2 * u - 1)
        return min(self.low + u * (self.high - self.low), self.high)

    def _range(self) -> str:
        return f"{say_number(self.low)} to {say_number(self.high)}"

    def __str__(self) -> str:
        return f"{self.path}: {', '.join(self.choices) if self.choices else f'{self._range()}, {self.scale}'}"


def _bin(u: float, bins: int) -> int:
    """Which of so many equal parts of [0, 1] u lies in; an edge that rounding moved belongs to the upper one."""
    return min(int(u * bins + 1e-9), bins - 1)


def salib_problem(factors: Sequence[Factor], groups: bool = False) -> dict[str, Any]:
    """SALib's problem of these factors in the unit cube, made anew: its functions add keys to the one they get.

    Names are positions, since some estimators refuse names with certain endings. Groups are left out unless asked.
    """
    problem: dict[str, Any] = {
        "num_vars": len(factors),
        "names": [f"x{k}" for k in range(len(factors))],
        "bounds": [[0.0, 1.0] for _ in factors],
    }
    return problem | ({"groups": [f.group for f in factors]} if groups else {})


def group_names(factors: Sequence[Factor], groups: bool) -> list[str]:
    """What an index belongs to: paths, or groups in the order of their first factor."""
    return list(dict.fromkeys(f.group for f in factors)) if groups else [f.path for f in factors]


def values_at(factors: Sequence[Factor], point: Array) -> dict[str, Value]:
    """Values by path of one row (K,) of a design in the unit cube."""
    return {factor.path: factor.value(float(u)) for factor, u in zip(factors, point, strict=True)}


# ---- from the table of parameters


def parameters_of(scenario: Scenario) -> dict[str, Parameter]:
    """Every parameter of a scenario that a sweep may move, by path."""
    found = {p.path: p for name in ("world", "activities", "campaign") for p in section(name).values()}
    for behaviour in scenario.behaviours:
        found |= {f"behaviours.{behaviour}.{p.name}": p for p in section("behaviour").values()}
    return {path: p for path, p in found.items() if p.default is not None}


def current_value(scenario: Scenario, path: str) -> Value:
    """What the scenario itself says."""
    part, *rest, name = path.split(".")
    inner = getattr(scenario, part)
    value: Value = inner[rest[0]][name] if rest else inner[name]
    return value


def make_factors(scenario: Scenario, wanted: Iterable[str | Factor] = ()) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """Factors of a sweep, and sentences on what was left out or narrowed.

    Parameters
    ----------
    wanted : factors, or texts: a path (``world.mean_ties``), a pattern (``behaviours.*.taboo``), either with a range
        of its own (``campaign.weeks=26:52``, ``world.turnover=0.001:0.01:log``, ``campaign.invitation=random,kin``).
        Nothing: every parameter that the table sweeps.

    Raises
    ------
    ScenarioError : unknown paths, ranges beyond what is valid
    """
    known = parameters_of(scenario)
    notes: list[str] = []
    chosen: dict[str, Factor] = {}
    asked = list(wanted)
    for item in asked:
        for factor in [item] if isinstance(item, Factor) else _read(scenario, item, known):
            if factor.path in chosen:
                raise ScenarioError(f"{factor.path} is swept twice; name it once")
            chosen[factor.path] = _checked(factor, known)
    if not asked:
        for path, p in known.items():
            if p.sweep is None:
                continue
            factor = _of_table(path, p)
            value = current_value(scenario, path)
            if isinstance(value, str) or not (factor.low <= value <= factor.high):
                notes.append(
                    f"{path} is not swept: the scenario's {say_number(value)} lies outside the plausible range "
                    f"{factor._range()}. Give it a range: --factor {path}=LOW:HIGH"
                )
                continue
            chosen[path] = factor
    own_range = any(i.path == BUDGET if isinstance(i, Factor) else BUDGET in i and "=" in i for i in asked)
    if BUDGET in chosen and not own_range:
        chosen[BUDGET], words = narrow_budget(scenario, chosen)
        notes += words
    if len(chosen) < 2:
        raise ScenarioError(f"a sweep needs two factors or more; got {', '.join(chosen) or 'none'}")
    return tuple(_labelled(list(chosen.values()))), tuple(notes)


def narrow_budget(scenario: Scenario, factors: Mapping[str, Factor]) -> tuple[Factor, list[str]]:
    """The budget's factor, begun where the dearest set-up among these factors is paid, and a sentence if that moved it.

    Below that, nothing could be run, and points without a run tell nothing about sensitivity.
    """
    budget = factors[BUDGET]
    ends = {path: factors[path].value(float(end)) for path, end in DEAREST.items() if path in factors}
    dearest = scenario.vary(ends)
    places = dress(dearest, build_ground(dearest.world, 0)).places
    households = int((places.community_start[1:] - places.community_start[:-1])[places.treated == 1].sum())
    if not households:
        return budget, []
    needed = math.fsum(setup_costs(dearest, places, hire(dearest.campaign, places, 0)).values()) / households
    # A tenth for what other worlds may cost more, and for some work in the field.
    least = float(f"{1.1 * needed:.2g}")
    if not budget.low < least < budget.high:
        return budget, []
    words = (
        f"{BUDGET} is swept over {say_number(least)} to {say_number(budget.high)}, not from "
        f"{say_number(budget.low)}: below, the set-up alone (up to {say_dollars(needed, cents=True)} per household) "
        "costs more"
    )
    return replace(budget, low=least), [words]


def with_groups(factors: Sequence[Factor], groups: Mapping[str, Sequence[str]]) -> tuple[Factor, ...]:
    """The factors with groups by name: paths or patterns. Who is in none keeps the section it comes from.

    Raises
    ------
    ScenarioError : a group without a factor, a factor in two groups, or only one group in all
    """
    own: dict[str, str] = {}
    for name, patterns in groups.items():
        members = [f.path for f in factors if any(fnmatch.fnmatchcase(f.path, p) for p in patterns)]
        if not members:
            raise ScenarioError(f"group {name}: none of its patterns ({', '.join(patterns)}) names a swept factor")
        for path in members:
            if path in own:
                raise ScenarioError(f"{path} is in the groups {own[path]} and {name}; name it in one")
            own[path] = name
    grouped = tuple(replace(f, group=own.get(f.path, f.group)) for f in factors)
    if len({f.group for f in grouped}) < 2:
        raise ScenarioError("all factors are in one group; groups need two or more")
    return grouped


def to_plain(factor: Factor) -> dict[str, Any]:
    """The factor as plain values, for a manifest."""
    return asdict(factor) | {"choices": list(factor.choices)}


def _of_table(path: str, p: Parameter) -> Factor:
    if p.choices:
        return Factor(path, 0, len(p.choices) - 1, "choice", p.choices, _group(path), p.unit, p.doc)
    if p.sweep is None:
        raise ScenarioError(f"{path} has no plausible range in the table; give one: --factor {path}=LOW:HIGH")
    return Factor(path, p.sweep.low, p.sweep.high, p.sweep.scale, (), _group(path), p.unit, p.doc)


def _labelled(factors: list[Factor]) -> list[Factor]:
    """The factors with labels of their own: the last part of the path, and where it is from if that is needed."""
    short = [f.path.rsplit(".", 1)[-1] for f in factors]
    labels = []
    for factor, name in zip(factors, short, strict=True):
        words = name.replace("_", " ")
        words = "campaign weeks" if factor.path == "campaign.weeks" else words
        several = _of_behaviour(factor) and len({_group(f.path) for f in factors if _of_behaviour(f)}) > 1
        labels.append(f"{words} ({_group(factor.path)})" if several or short.count(name) > 1 else words)
    return [replace(f, label=label) for f, label in zip(factors, labels, strict=True)]


def _of_behaviour(factor: Factor) -> bool:
    return factor.path.startswith("behaviours.")


def _group(path: str) -> str:
    parts = path.split(".")
    return parts[1] if parts[0] == "behaviours" else parts[0]


def _read(scenario: Scenario, text: str, known: Mapping[str, Parameter]) -> list[Factor]:
    """The factors of one text: see `make_factors`."""
    pattern, given, values = (part.strip() for part in text.partition("="))
    if pattern.startswith("behaviour.") and len(scenario.behaviours) == 1:
        pattern = f"behaviours.{next(iter(scenario.behaviours))}.{pattern.removeprefix('behaviour.')}"
    paths = fnmatch.filter(known, pattern)
    if not paths:
        short = {path.rsplit(".", 1)[-1]: path for path in known}
        close = difflib.get_close_matches(pattern, [*known, *short], n=1)
        remedy = f"; did you mean {short.get(close[0], close[0])!r}?" if close else "; `smsim parameters` lists them"
        raise ScenarioError(f"--factor {text}: no parameter {pattern!r} in this scenario{remedy}")
    if any(sign in pattern for sign in "*?[") and not given:  # of a pattern, those that have a range
        paths = [path for path in paths if known[path].sweep or known[path].choices]
        if not paths:
            raise ScenarioError(f"--factor {text}: none of these has a plausible range in the table; give one")
    return [_with_range(path, values, known[path]) if given else _of_table(path, known[path]) for path in paths]


def _with_range(path: str, text: str, p: Parameter) -> Factor:
    if p.choices:
        choices = tuple(word.strip() for word in text.split(","))
        return Factor(path, 0, len(choices) - 1, "choice", choices, _group(path), p.unit, p.doc)
    low, high, *scale = text.split(":")[:3] if text.count(":") in (1, 2) else ("", "")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise ScenarioError(
            f"{path}: write its range as LOW:HIGH, LOW:HIGH:log or LOW:HIGH:half; got {text!r}"
        ) from None
    usual = "integer" if p.integer else "uniform"
    return Factor(path, *ends, scale[0].strip() if scale else usual, (), _group(path), p.unit, p.doc)


def _checked(factor: Factor, known: Mapping[str, Parameter]) -> Factor:
    """The factor, if its values are valid for the parameter."""
    p = known.get(factor.path)
    if p is None:
        close = difflib.get_close_matches(factor.path, known, n=1)
        raise ScenarioError(
            f"{factor.path}: no such parameter in this scenario{f'; did you mean {close[0]!r}?' if close else ''}"
        )
    if p.choices or factor.scale == "choice":
        wrong = [c for c in factor.choices if c not in p.choices]
        if wrong or not p.choices:
            rule = f"its choices are {', '.join(p.choices)}" if p.choices else "it is a number"
            raise ScenarioError(f"{factor.path}: {rule}; got {', '.join(wrong or factor.choices)}")
    elif not (p.low <= factor.low and factor.high <= p.high):
        raise ScenarioError(
            f"{factor.path}: the range must lie in [{say_number(p.low)}, {say_number(p.high)}] {p.unit}; "
            f"got {factor._range()}"
        )
    elif p.integer and factor.scale != "integer":
        raise ScenarioError(f"{factor.path} is a whole number; its scale must be integer, not {factor.scale}")
    unnamed = replace(factor, unit=factor.unit or p.unit, doc=factor.doc or p.doc)
    return replace(unnamed, group=factor.group or _group(factor.path))


def read_groups(texts: Iterable[str]) -> dict[str, list[str]]:
    """``NAME=PATH,PATTERN`` texts as groups."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, given, members = text.partition("=")
        if not given or not re.fullmatch(r"[\w -]{1,40}", name.strip()) or not members.strip():
            raise ScenarioError(f"--group {text}: write NAME=PATH,PATH")
        groups[name.strip()] = [word.strip() for word in members.split(",") if word.strip()]
    return groups
