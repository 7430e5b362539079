"""What a visitor can move: sliders made from the table of parameters, in plain words, units and sources included."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from smsim.i18n import Words
from smsim.parameters import PARAMETERS, Parameter
from smsim.saying import say_number
from smsim.scenario import Scenario

STEPS = 20
# Shown first; the others wait under "more". By path of the table of parameters.
FIRST = (
    "campaign.budget_per_household",
    "campaign.weeks",
    "behaviour.aware_share",
    "behaviour.threshold_mean",
    "behaviour.norm_weight",
    "behaviour.taboo",
    "behaviour.service_capacity",
    "world.availability",
    "world.median_distance_km",
    "world.responsiveness",
    "world.participation",
    "campaign.women_share",
)
# No sliders: they change what the workshop is about, or what it costs to compute, rather than the place.
NOT_MOVED = ("world.households", "run.replicates", "run.seed", "campaign.treated_share")
TIMES = ("week", "weeks", "campaign week", "week of the year")


@dataclass(frozen=True)
class Dial:
    """One slider: the values it takes, ascending, and where it stands."""

    path: str  # in the scenario: section.name, or behaviours.NAME.parameter
    parameter: Parameter
    values: tuple[float, ...]
    value: float  # of the scenario; among `values`
    source: str  # of this value

    def label(self, words: Words) -> str:
        """What it is, in plain words."""
        text = words(self.parameter.doc)
        return text[:1].upper() + text[1:]

    def say(self, value: float, words: Words) -> str:
        """A value with its unit."""
        return say_value(self.parameter, value, words)


def say_value(parameter: Parameter, value: float, words: Words) -> str:
    """A value of a parameter with its unit, as people say it."""
    unit = parameter.unit
    if unit.startswith("US$"):
        rest = unit.removeprefix("US$").strip()
        return f"{words.money(value, cents=value < 20)} {words(rest)}".strip()
    if unit == "share" or unit.startswith("share "):
        return words.percent(value, 1 if value < 0.1 else 0)
    if unit == "neighbour share":
        return say_neighbours(words, value)
    digits = 0 if value == int(value) else max(0, 2 - math.floor(math.log10(abs(value))))
    number = words.number(value, digits)
    return number if unit in ("integer", "weight", "ratio") else f"{number} {words(unit)}"


def say_neighbours(words: Words, value: float) -> str:
    """A share of neighbours, as people say it."""
    _ = words
    return _("{share} of neighbours", share=words.percent(value, 0))


def dials(scenario: Scenario, behaviour: str) -> dict[str, Dial]:
    """Every slider of a scenario, by path; those of `FIRST` first.

    Parameters
    ----------
    behaviour : name of the behaviour whose parameters are shown
    """
    found = [
        dial(scenario, name, behaviour)
        for name, parameter in PARAMETERS.items()
        if not parameter.choices and name not in NOT_MOVED and isinstance(parameter.default, (int, float))
        and (parameter.sweep is not None or name in FIRST)
    ]  # fmt: skip
    rank = {name: k for k, name in enumerate(FIRST)}
    found.sort(key=lambda d: rank.get(d.parameter.path, len(rank)))
    return {d.path: d for d in found}


def dial(scenario: Scenario, name: str, behaviour: str) -> Dial:
    """The slider of one parameter, by its path in the table; its value is always one it can return to."""
    parameter = PARAMETERS[name]
    if parameter.section == "behaviour":
        path, value = f"behaviours.{behaviour}.{parameter.name}", scenario.behaviours[behaviour][parameter.name]
    else:
        path, value = name, getattr(scenario, parameter.section)[parameter.name]
    source = scenario.sources.get(path, parameter.source)
    return Dial(path, parameter, _grid(parameter, value), value, source)


def _grid(parameter: Parameter, value: float) -> tuple[float, ...]:
    sweep = parameter.sweep
    if sweep is not None:
        low, high = sweep.low, sweep.high
    elif parameter.low == 0 and parameter.high == 1:
        low, high = 0.0, 1.0
    else:
        low, high = max(parameter.low, value / 3), min(parameter.high, value * 3 or 1.0)
    low, high = min(low, value), max(high, value)
    if sweep is not None and sweep.scale == "log" and low > 0:
        steps = [low * (high / low) ** (k / STEPS) for k in range(STEPS + 1)]
        grid = {float(f"{x:.2g}") for x in steps}
    else:
        step = _round_step((high - low) / STEPS, parameter.integer)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        grid = {float(say_number(k * step)) for k in range(first, last + 1)} | {low, high}
    ordered = sorted(x for x in grid if low <= x <= high)
    at = bisect_left(ordered, value)
    if at == len(ordered) or ordered[at] != value:
        ordered.insert(at, value)
    return tuple(int(x) if parameter.integer else float(x) for x in ordered)


def _round_step(step: float, integer: bool) -> float:
    """The step as 1, 2 or 5 times a power of ten, at least 1 for whole numbers."""
    power = 10 ** math.floor(math.log10(step)) if step > 0 else 1.0
    found = next(m * power for m in (1, 2, 5, 10) if m * power >= step * 0.999)
    return max(1.0, found) if integer else found
