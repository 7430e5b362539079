"""What is wrong between the values of a scenario: sums, names that must exist, sizes that no machine can hold.

Keys, types and ranges are checked in `smsim.schema`; here values may still be of any type, and those that are wrong
in themselves are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

from smsim.costs import setup_items
from smsim.errors import ScenarioError
from smsim.parameters import PARAMETERS, defaults, section
from smsim.saying import say_dollars, shorten
from smsim.schema import LONGEST_NAME, MAX_BEHAVIOURS, MAX_STRATEGIES, SECTIONS, guess, is_name, parting
from smsim.steps import without
from smsim.strategy import BUILT_IN, NONE, read_strategies
from smsim.world.households import CELL_AXES
from smsim.yaml_lines import KeyPath

C, W = "campaign", "world"
MAX_TOTAL_WEEKS = 4000
MAX_HOUSEHOLD_WORLDS = 2_000_000_000  # households x replicates: about a week on sixteen cores
MAX_BYTES = 16 * 2**30  # of one world and its record

SIZES = (
    "run.burn_in_weeks", "campaign.weeks", "run.follow_up_weeks", "world.households", "run.replicates",
    "world.households_per_community", "world.mean_ties",
)  # fmt: skip

Found = list[tuple[KeyPath, str]]


def consistency_problems(data: dict[str, Any], wrong: set[KeyPath]) -> Found:
    """Problems between values: path and sentence. `wrong` are paths already reported."""
    behaviours = _behaviour_names(data)
    return [
        *_behaviours(data, behaviours),
        *_strategies(data, wrong),
        *_targets(data, behaviours),
        *_paths(data),
        *size_problems(data, len(behaviours)),
    ]


def parameter_paths(data: dict[str, Any]) -> list[str]:
    """Paths of the values that a checked mapping gives: ``world.mean_ties``, ``behaviours.delivery.kind``."""
    paths = [f"{s}.{key}" for s in SECTIONS for key in data.get(s) or ()]
    paths += [f"behaviours.{b}.{key}" for b, values in (data.get("behaviours") or {}).items() for key in values or ()]
    return paths + [f"strategies.{name}" for name in data.get("strategies") or ()]


def _mapping(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _behaviour_names(data: dict[str, Any]) -> list[str]:
    return list(_mapping(data, "behaviours")) or ["behaviour"]


def _bad_name(name: str, what: str) -> str | None:
    if is_name(name):
        return None
    near = "-".join(parting(name).split()).lstrip("-_0123456789")[:LONGEST_NAME].rstrip("-")
    return (
        f"{what} {shorten(name)} must begin with a letter and have at most {LONGEST_NAME} letters, digits, '_' or '-'"
        + (f"; write {near}" if is_name(near) else "")
    )


def _behaviours(data: dict[str, Any], names: list[str]) -> Iterator[tuple[KeyPath, str]]:
    if "behaviour" in data and "behaviours" in data:
        yield ("behaviours",), "give either 'behaviour' (only one) or 'behaviours' (by name), not both"
    if "behaviours" in data and not data["behaviours"]:
        yield ("behaviours",), f"behaviours must name 1 to {MAX_BEHAVIOURS} behaviours; got none"
    if len(names) > MAX_BEHAVIOURS:
        yield ("behaviours",), f"behaviours must name 1 to {MAX_BEHAVIOURS} behaviours; got {len(names)}"
    described: dict[KeyPath, Any] = {("behaviours", n): v for n, v in _mapping(data, "behaviours").items()}
    described[("behaviour",)] = data.get("behaviour")
    for path, values in described.items():
        if len(path) == 2 and (words := _bad_name(str(path[1]), "the behaviour")):
            yield path, words
        link = values.get("link") if isinstance(values, dict) else None
        if not isinstance(link, str):
            continue
        own = str(path[-1])
        here = ".".join(map(str, path))
        if link == own:
            yield (*path, "link"), f"{here}.link must name another behaviour; got itself"
        elif link not in names:
            others = [n for n in names if n != own]
            known = guess(link, others) or f"; known are {', '.join(others[:MAX_BEHAVIOURS]) or 'no others'}"
            yield (*path, "link"), f"{here}.link must name a behaviour of this file; got {shorten(link)}{known}"


def _strategies(data: dict[str, Any], wrong: set[KeyPath]) -> Iterator[tuple[KeyPath, str]]:
    if "strategies" not in data:
        return
    given = data["strategies"]
    if given is None or given == {}:
        yield ("strategies",), "strategies is empty: name at least one, or leave the key out for the built-in three"
        return
    if not isinstance(given, dict):
        return
    if len(given) > MAX_STRATEGIES:
        yield ("strategies",), f"strategies may hold at most {MAX_STRATEGIES}; got {len(given)}"
        return
    bad = {p[1] for p in wrong if p[0] == "strategies" and len(p) > 1}
    for name, entry in given.items():
        if words := _bad_name(name, "the strategy"):
            yield ("strategies", name), words
            bad.add(name)
        elif not isinstance(entry, dict) and name not in bad:
            yield ("strategies", name), f"strategies.{name} must hold 'shares' or 'blend'; got nothing"
            bad.add(name)
        elif _leads_to(name, given, {name}):
            yield ("strategies", name), f"strategies.{name} blends itself, directly or through another; end in 'shares'"
            bad.add(name)
    reported = set()
    for name in given:
        sound = {n: e for n, e in given.items() if n not in bad}
        if name in bad or _leads_to(name, given, bad):
            continue
        try:
            read_strategies({name: given[name]} | {n: e for n, e in sound.items() if _leads_to(name, given, {n})})
        except ScenarioError as error:
            if str(error) not in reported:
                reported.add(str(error))
                yield _path_of(str(error), name), str(error)


def _leads_to(name: str, given: dict[str, Any], goal: set[Any]) -> bool:
    """Whether the blend `name` mixes, directly or not, one of `goal`."""
    seen: set[str] = set()
    rest = [name]
    while rest:
        entry = given.get(rest.pop())
        parts = entry.get("blend") if isinstance(entry, dict) else None
        for part in parts if isinstance(parts, dict) else ():
            if part in goal:
                return True
            if part not in seen:
                seen.add(part)
                rest.append(part)
    return False


def _path_of(words: str, name: str) -> KeyPath:
    """Path that a sentence of `smsim.strategy` begins with."""
    found = re.match(r"strategies\.([^\s.:]+)((?:\.[^\s.:]+)*)", words)
    return ("strategies", found.group(1), *found.group(2).split(".")[1:]) if found else ("strategies", name)


def _targets(data: dict[str, Any], behaviours: list[str]) -> Iterator[tuple[KeyPath, str]]:
    targets = data.get("targets")
    if targets and data.get("illustrative"):
        yield ("illustrative",), "give either 'targets' or the reason why there are none ('illustrative'), not both"
    strategies = (NONE, *BUILT_IN, *(n for n in _mapping(data, "strategies") if n not in BUILT_IN))
    groups = ("all", *(f"{axis}:{level}" for axis, levels in CELL_AXES for level in levels))
    for i, target in enumerate(targets if isinstance(targets, list) else ()):
        if not isinstance(target, dict):
            continue
        behaviour, strategy = target.get("behaviour"), target.get("strategy")
        if behaviour is None and len(behaviours) > 1:
            yield ("targets", i), f"targets[{i + 1}] must say which behaviour it is about: {', '.join(behaviours[:8])}"
        for key, value, known in (
            ("behaviour", behaviour, behaviours),
            ("strategy", strategy, strategies),
            ("against", target.get("against"), ("", *strategies)),
            ("group", target.get("group"), groups),
        ):
            if isinstance(value, str) and value not in known:
                hint = guess(value, known) or f"; known are {', '.join(list(known)[:20])}"
                yield ("targets", i, key), f"targets[{i + 1}].{key} names an unknown {key} {shorten(value)}{hint}"
        if target.get("measure") == "administrative" and target.get("group", "all") != "all":
            yield (
                ("targets", i, "group"),
                f"targets[{i + 1}]: programmes count no groups; administrative coverage is of all",
            )
        if strategy is None and target.get("when") in ("end", "follow_up"):
            yield ("targets", i), f"targets[{i + 1}] must say with which strategy ('none' for no campaign)"
        if strategy is not None and target.get("against") == strategy:
            yield ("targets", i, "against"), f"targets[{i + 1}]: a strategy is never above itself; name another one"
        if target.get("tolerance") == 0:
            yield (
                ("targets", i, "tolerance"),
                f"targets[{i + 1}].tolerance must be above 0; no simulation gives a figure exactly",
            )


def _paths(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Keys of `sources` and paths of `fitted` must be those of parameters or strategies."""
    known = {path for path in PARAMETERS if not path.startswith("behaviour.")}
    known |= {f"behaviours.{b}.{name}" for b in _behaviour_names(data) for name in section("behaviour")}
    known |= {f"strategies.{name}" for name in (*_mapping(data, "strategies"), *BUILT_IN)}
    named: list[tuple[KeyPath, Any]] = [(("sources", path), path) for path in _mapping(data, "sources")]
    fitted = data.get("fitted")
    for i, entry in enumerate(fitted if isinstance(fitted, list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            named.append((("fitted", i, "path"), entry["path"]))
    if "behaviour" in data:
        known |= {f"behaviour.{name}" for name in section("behaviour")}
    for where, path in named:
        if path not in known:
            yield where, f"{where[0]} names {shorten(path)}, which is no value of a scenario{guess(path, known)}"
        elif where[0] == "fitted" and not _continuous(path):
            yield where, f"fitted[{int(where[1]) + 1}].path: {path} is no decimal number, and only those can be fitted"


def _continuous(path: str) -> bool:
    """Whether the value at a path is a number that can take any value between two others."""
    first, *_, last = path.split(".")
    parameter = PARAMETERS.get(f"{'behaviour' if first == 'behaviours' else first}.{last}")
    return parameter is not None and isinstance(parameter.default, float)


def size_problems(data: Mapping[str, Any], behaviours: int) -> Iterator[tuple[KeyPath, str]]:
    """What no machine can hold, or nobody would wait for: of the numbers at `SIZES`, the rest does not matter."""
    value = {p: _number(data, *p.split(".")) for p in SIZES}
    weeks = value["run.burn_in_weeks"] + value["campaign.weeks"] + value["run.follow_up_weeks"]
    if weeks > MAX_TOTAL_WEEKS:
        where = ("campaign", "weeks") if "weeks" in _mapping(data, "campaign") else ("run",)
        yield (
            where,
            (
                "run.burn_in_weeks + campaign.weeks + run.follow_up_weeks must be at most "
                f"{MAX_TOTAL_WEEKS}; got {weeks:g}"
            ),
        )
    households, replicates = value["world.households"], value["run.replicates"]
    if households * replicates > MAX_HOUSEHOLD_WORLDS:
        yield (
            ("run", "replicates"),
            (
                f"world.households x run.replicates must be at most {MAX_HOUSEHOLD_WORLDS:,}; got {households:,.0f} x "
                f"{replicates:,.0f}; lower one of them"
            ),
        )
    communities = max(households / value["world.households_per_community"], 1)
    size = memory_bytes(households, value["world.mean_ties"], communities, behaviours, weeks)
    if size > MAX_BYTES:
        yield (
            ("world", "households"),
            (
                f"one run would take about {size / 2**30:.0f} GiB of memory, more than {MAX_BYTES // 2**30}; lower "
                "world.households, world.mean_ties or the weeks, or raise world.households_per_community"
            ),
        )


def skip_problems(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Strategies of which nothing is left without the steps that a checked mapping skips."""
    plans = BUILT_IN | (read_strategies(data["strategies"]) if data.get("strategies") else {})
    campaign: dict[str, Any] = defaults("campaign") | (data.get("campaign") or {})
    try:
        without(data.get("skip") or (), campaign, defaults("world") | (data.get("world") or {}), plans)
    except ScenarioError as error:
        yield ("skip",), str(error)


def setup_problems(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """The least that the set-up can cost, as `smsim.costs` counts it, against the budget."""
    value = {p: _number(data, *p.split(".")) for p in PARAMETERS if p.split(".")[0] in ("world", "campaign")}
    communities = max(1, round(value["world.households"] / value["world.households_per_community"]))
    treated = round(value["campaign.treated_share"] * communities)
    households = treated * (value["world.households"] // communities)
    budget = value["campaign.budget_per_household"] * households
    districts = math.ceil(treated / value["world.communities_per_district"])
    mobilizers = max(districts, households // value["campaign.households_per_mobilizer"] - districts)
    parts = {s: {p.removeprefix(f"{s}."): x for p, x in value.items() if p.startswith(f"{s}.")} for s in (C, W)}
    campaign, _ = without(data.get("skip") or (), parts[C] | {"invitation": "random"}, parts[W], {})
    ready = math.fsum(setup_items(campaign, treated, districts, mobilizers))
    if budget > 0 and ready > budget:
        per_household = value["campaign.budget_per_household"]
        yield (
            ("campaign", "budget_per_household"),
            (
                "campaign.budget_per_household must cover the set-up (training, pretest, needs assessment, "
                f"documentation), which costs at least {say_dollars(ready)}; got {per_household:g}, "
                f"{say_dollars(budget)} in all."
                f" Raise it above {per_household * ready / budget:.2f}, or lower campaign.pretest_cost, "
                "campaign.training_cost or campaign.assessment_cost"
            ),
        )


def memory_bytes(households: float, mean_ties: float, communities: float, behaviours: int, weeks: float) -> float:
    """Memory of one world with its state and weekly record, estimated before any of it is taken.

    A household takes about 120 bytes and 110 per behaviour, a tie 14 (both directions), the record one integer per
    week, behaviour and community twice, and 80 cells of eight counts.
    """
    world = households * (120 + 110 * behaviours + 14 * mean_ties)
    record = weeks * behaviours * (8 * communities + 80 * 8 * 4)
    return world + record


def _number(data: Mapping[str, Any], part: str, key: str) -> float:
    """A number of the scenario, its default if it is missing or no number."""
    value = _mapping(data, part).get(key)
    parameter = PARAMETERS[f"{part}.{key}"]
    if isinstance(value, Real) and not isinstance(value, bool) and parameter.low <= float(value) <= parameter.high:
        return float(value)
    default = parameter.default
    return float(default) if isinstance(default, (int, float)) else 0.0
