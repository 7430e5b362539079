"""A scenario: every fixed input of a run, checked. Read from a YAML file or made from a mapping."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from pydantic_core import PydanticCustomError

from smsim.consistency import SIZES, consistency_problems, parameter_paths, setup_problems, size_problems, skip_problems
from smsim.errors import ScenarioError
from smsim.parameters import PARAMETERS, SETTLEMENTS, defaults
from smsim.saying import say_count, say_dollars, shorten
from smsim.schema import MEASURES, SECTIONS, check_structure, check_value, json_schema, say_path
from smsim.steps import without
from smsim.strategy import BUILT_IN, Strategy, read_strategies
from smsim.yaml_lines import MAX_DEPTH, Document, KeyPath, Problem, read_document, report

__all__ = ["Scenario", "Target", "json_schema", "load_scenario"]

ASSUMED = "assumed (scenario)"
ONLY_BEHAVIOUR = "behaviour"  # name of the behaviour of a file that describes just one
NOT_A_RUN = ("replicates", "seed", "target_coverage")  # keys of `run` that say which runs to make and how to read them
FAR_REACHING = ("world.settlement", "behaviour.link")  # say what other values are usual, or name something
MAX_EXTENDS = 10
HYBRID = {"blend": {"pragmatic": 0.5, "activist": 0.5}}


class Fixed(dict[str, Any]):
    """A mapping that refuses to change: scenarios are shared by runs, threads and processes."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a scenario does not change; scenario.replace(...) makes another one")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Fixed, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}


@dataclass(frozen=True)
class Target:
    """A coverage that the simulation should reproduce, as a share, within `tolerance`."""

    behaviour: str
    strategy: str  # "none" for no campaign
    against: str  # strategy above which `value` lies, in the same worlds; "" where `value` is the coverage itself
    when: str  # baseline, end or follow_up
    group: str
    measure: str  # surveyed or administrative
    value: float
    tolerance: float
    unit: str
    grade: str  # measured, derived or assumed
    source: str

    @property
    def outcome(self) -> str:
        """Name of the outcome of a run that the figure is about."""
        return f"{'administrative' if self.measure == 'administrative' else 'coverage'}_{self.when}"

    @property
    def strategies(self) -> tuple[str, ...]:
        """The one or two strategies that the figure is about."""
        return (self.strategy, self.against) if self.against else (self.strategy,)

    def read(self, value: Callable[[str], Any]) -> Any:
        """What is simulated for the target, of `value`: strategy -> its outcome (a number, or one per world)."""
        first, *rest = (value(strategy) for strategy in self.strategies)
        return first - rest[0] if rest else first


@dataclass(frozen=True, repr=False)
class Scenario:
    """All fixed inputs of a run. `load_scenario` and `Scenario.from_mapping` make one; `replace` varies it.

    `world`, `activities`, `campaign` and `run` hold every parameter of their section of `smsim.parameters`,
    `behaviours` those of the section "behaviour", per behaviour; what the file does not give has its default.
    """

    name: str
    path: Path | None
    about: Mapping[str, str]
    evidence: tuple[Mapping[str, Any], ...]
    targets: tuple[Target, ...]
    illustrative: str | None  # why there are no targets
    world: Mapping[str, Any]
    activities: Mapping[str, Any]
    campaign: Mapping[str, Any]
    run: Mapping[str, Any]
    behaviours: Mapping[str, Mapping[str, Any]]
    strategies: Mapping[str, Strategy]
    sources: Mapping[str, str]  # path -> source, of every value that the scenario gives
    fitted: tuple[Mapping[str, str], ...]
    skip: tuple[str, ...]  # steps of mobilization that are left out; the values above are those without them
    given: Mapping[str, Any] = field(compare=False)  # what the file said, checked, without defaults

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], name: str = "scenario", path: Path | None = None) -> Scenario:
        """A scenario from a mapping with the keys of a scenario file.

        Raises
        ------
        ScenarioError
            With everything that is wrong with it.
        """
        data = _plain(mapping, 0)
        base = data.get("extends")
        chain = [Document(data, {})]
        if base is not None:
            chain += _chain((path.parent if path else Path()) / _file_name(base), ())
        return _build(chain, name, path, f"scenario {name!r}")

    def replace(self, *, name: str | None = None, **changes: Any) -> Scenario:
        """The scenario with some values changed, checked again: ``replace(world={"mean_ties": 12})``.

        Mappings are merged key by key; a strategy, and any list, is replaced whole. A changed value loses its source.

        Raises
        ------
        ScenarioError
            With everything that is wrong with the result.
        """
        return Scenario.from_mapping(_merge(self.to_mapping(), _plain(changes, 0)), name or self.name, self.path)

    def vary(self, values: Mapping[str, Any]) -> Scenario:
        """The scenario with numbers and choices by path, checked: what `replace` makes of them, sooner.

        For sweeps, which make many that differ in little: only what a new value can make wrong is checked again, the
        value itself and the sizes.

        Parameters
        ----------
        values : by path: ``{"world.mean_ties": 12, "behaviours.delivery.taboo": 0.5}``

        Raises
        ------
        ScenarioError
            With everything that is wrong with the result.
        """
        found = None if self.skip else self._with_values(values)
        if found is not None:
            return found
        changes: dict[str, Any] = {}
        for path, value in values.items():
            *sections, key = path.split(".")
            inner = changes
            for part in sections:
                inner = inner.setdefault(part, {})
            inner[key] = value
        return self.replace(**changes)

    def _with_values(self, values: Mapping[str, Any]) -> Scenario | None:
        """The scenario with values by path; None if they are not right, or if others hang on them."""
        places = {(s,) for s in SECTIONS} | {("behaviours", b) for b in self.behaviours}
        new: dict[tuple[str, ...], dict[str, Any]] = {}
        for path, value in values.items():
            *sections, key = path.split(".")
            place = tuple(sections)
            name = f"behaviour.{key}" if len(place) == 2 else path
            if place not in places or name not in PARAMETERS or name in FAR_REACHING:
                return None
            try:
                new.setdefault(place, {})[key] = check_value(PARAMETERS[name], value)
            except PydanticCustomError:
                return None
        given, behaviours = dict(self.given), dict(self.behaviours)
        sections_now: dict[str, Any] = {}
        for place, changed in new.items():
            said: Any = given.get(place[0]) or {}
            if len(place) == 1:
                sections_now[place[0]] = Fixed({**getattr(self, place[0]), **changed})
                given[place[0]] = {**said, **changed}
            else:
                behaviours[place[1]] = Fixed({**behaviours[place[1]], **changed})
                given["behaviours"] = {**said, place[1]: {**(said.get(place[1]) or {}), **changed}}
        if any(path in SIZES for path in values) and any(size_problems(given, len(behaviours))):
            return None
        if given.get("sources"):
            given["sources"] = {path: source for path, source in given["sources"].items() if path not in values}
        sources = Fixed({**self.sources, **dict.fromkeys(values, ASSUMED)})
        return dataclasses.replace(
            self, **sections_now, behaviours=Fixed(behaviours), sources=sources, given=Fixed(given)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what determines a run, besides strategy and seed."""
        sections: dict[str, Any] = {s: getattr(self, s) for s in SECTIONS}
        content = sections | {
            "run": {k: v for k, v in self.run.items() if k not in NOT_A_RUN},
            "behaviours": list(self.behaviours.items()),  # their order is the order of draws
            "strategies": {
                n: [[c.weight, dict(c.shares), dict(c.timing), list(c.leader_share)] for c in s.components]
                for n, s in self.strategies.items()
            },
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def to_mapping(self) -> dict[str, Any]:
        """What the file said, as plain values; `Scenario.from_mapping` makes the same scenario of it."""
        return copy.deepcopy(dict(self.given))

    def to_yaml(self) -> str:
        """The scenario as the text of a scenario file, on its own (what it extends is written out)."""
        return "\n".join(_yaml_lines(self.to_mapping(), "")) + "\n"

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name} ({values['kind']})" for name, values in self.behaviours.items())
        compared = say_count(len(self.targets), "target") if self.targets else "illustrative"
        compared += f"; without {', '.join(self.skip)}" if self.skip else ""
        each = say_dollars(self.campaign["budget_per_household"], cents=True)
        return (
            f"Scenario({self.name!r}: {say_count(self.world['households'], 'household')}; {kinds}; "
            f"{', '.join(self.strategies)} at {each} per household over {say_count(self.campaign['weeks'], 'week')}; "
            f"{compared}; digest {self.digest[:12]})"
        )


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read and check a scenario file.

    Raises
    ------
    ScenarioError
        The file cannot be read, is not YAML, or holds what cannot be run: every problem, with its line.
    """
    file = Path(path)
    return _build(_chain(file, ()), file.stem, file, str(file))


# ---- files that extend others


def _file_name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ScenarioError(f"extends must be the name of a scenario file; got {shorten(value)}")
    return value.strip()


def _chain(path: Path, above: tuple[Path, ...]) -> list[Document]:
    """A file and those that it extends, nearest first."""
    document = read_document(path)
    here = (*above, path.resolve())
    base = document.data.get("extends")
    if base is None:
        return [document]
    line = document.lines[("extends",)]
    try:
        target = path.parent / _file_name(base)
        if target.resolve() in here:
            names = " -> ".join(p.name for p in (*here, target.resolve()))
            raise ScenarioError(f"extends leads back to the file itself ({names}); end the circle")
        if len(here) > MAX_EXTENDS:
            raise ScenarioError(f"more than {MAX_EXTENDS} files extend each other")
        if not os.path.isfile(target):  # noqa: PTH113  # Path.is_file fails for a name that is too long
            raise ScenarioError(f"extends names {shorten(base)}, but there is no file {target}")
    except ScenarioError as error:
        raise report([*document.problems, Problem(str(error), line)], str(path)) from None
    return [document, *_chain(target, here)]


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid upon `base`: mappings merge, strategies and lists are replaced whole.

    A value that changes loses the source it had.
    """
    merged = _lay(base, over, ())
    if "targets" in over and "illustrative" not in over:
        merged.pop("illustrative", None)
    if "illustrative" in over and "targets" not in over:
        merged.pop("targets", None)
    if isinstance(merged.get("sources"), dict):
        own = over.get("sources") if isinstance(over.get("sources"), dict) else {}
        changed = {say_path(p) for p in _leaves(over, ())} - set(own or {})
        merged["sources"] = {p: source for p, source in merged["sources"].items() if p not in changed}
    return merged


def _lay(base: dict[str, Any], over: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = base.get(key)
        whole = len(path) == 1 and path[0] == "strategies"
        if isinstance(value, dict) and isinstance(below, dict) and not whole:
            merged[key] = _lay(below, value, (*path, key))
        elif not (value is None and isinstance(below, dict)):  # `world:` with nothing under it changes nothing
            merged[key] = value
    return merged


def _leaves(value: Any, path: KeyPath) -> list[KeyPath]:
    if isinstance(value, dict) and not (len(path) == 2 and path[0] == "strategies"):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    return [path]


# ---- from checked mapping to scenario


def _build(chain: list[Document], name: str, path: Path | None, subject: str) -> Scenario:
    data = chain[-1].data
    for document in reversed(chain[:-1]):
        data = _merge(data, document.data)
    data.pop("extends", None)
    checked, wrong = check_structure(data)
    wrong += consistency_problems(data if checked is None else checked, {p for p, _ in wrong})
    if not wrong and checked is not None:
        wrong += skip_problems(checked)
    if not wrong and path is not None and chain[0].lines:
        # A file describes a campaign that somebody means to run; a script may build a world without one.
        wrong += setup_problems(checked or data)
    problems = [Problem(p.text, p.line, document.name) for document in chain for p in document.problems]
    problems += [_locate(where, text, chain) for where, text in wrong]
    if problems or checked is None:
        raise report(problems, subject)
    return _make(checked, name, path)


def _locate(where: KeyPath, text: str, chain: list[Document]) -> Problem:
    """The problem with the line of the nearest key that a file holds, in the file that has the last word."""
    for length in range(len(where), 0, -1):
        for document in chain:
            if where[:length] in document.lines:
                return Problem(text, document.lines[where[:length]], document.name)
    return Problem(text)


def _make(data: dict[str, Any], name: str, path: Path | None) -> Scenario:
    """The scenario of a checked mapping."""
    if "behaviour" in data:
        data["behaviours"] = {ONLY_BEHAVIOUR: data.pop("behaviour")}
        data["sources"] = {_full_path(p): source for p, source in (data.get("sources") or {}).items()}
        data["fitted"] = [entry | {"path": _full_path(entry["path"])} for entry in data.get("fitted") or ()]
    described = data.get("behaviours") or {ONLY_BEHAVIOUR: {}}
    behaviours = Fixed({b: Fixed(defaults("behaviour") | (values or {})) for b, values in described.items()})
    settlement = SETTLEMENTS[(data.get("world") or {}).get("settlement", "village")]
    usual: dict[str, dict[str, Any]] = {s: defaults(s) | (settlement if s == "world" else {}) for s in SECTIONS}
    sections: dict[str, Fixed] = {s: Fixed(usual[s] | (data.get(s) or {})) for s in SECTIONS}
    skip = tuple(dict.fromkeys(data.get("skip") or ()))
    # The three are always there. A hybrid that the file does not define mixes the pragmatic and activist of the file.
    strategies = Fixed(BUILT_IN | read_strategies({"hybrid": HYBRID} | (data.get("strategies") or {})))
    sources = dict.fromkeys(parameter_paths(data), ASSUMED) | (data.get("sources") or {})
    if skip:
        planned = sections["campaign"]
        campaign, plans = without(skip, planned, sections["world"], strategies)
        sections["campaign"], strategies = Fixed(campaign), Fixed(plans)
        left_out = f"left when a step is skipped ({', '.join(skip)})"
        sources |= {f"campaign.{key}": left_out for key, value in campaign.items() if value != planned[key]}
    return Scenario(
        name=name,
        path=path,
        about=Fixed({k: "" if v is None else str(v) for k, v in (data.get("about") or {}).items()}),
        evidence=tuple(Fixed(e) for e in data.get("evidence") or ()),
        targets=tuple(_target(t, behaviours) for t in data.get("targets") or ()),
        illustrative=data.get("illustrative") or (None if data.get("targets") else "no target is given"),
        **sections,
        behaviours=behaviours,
        strategies=strategies,
        sources=Fixed(sources),
        fitted=tuple(Fixed(f) for f in data.get("fitted") or ()),
        skip=skip,
        given=Fixed(data),
    )


def _full_path(path: str) -> str:
    """``behaviours.behaviour.kind`` for the ``behaviour.kind`` of a file with one behaviour."""
    return f"behaviours.{path}" if path.startswith(f"{ONLY_BEHAVIOUR}.") else path


def _target(entry: dict[str, Any], behaviours: Mapping[str, Any]) -> Target:
    defaults = {"behaviour": next(iter(behaviours)), "strategy": "none", "against": "", "group": "all"}
    return Target(**(defaults | {"measure": MEASURES[0], "unit": "share", "grade": "measured"} | entry))


def _plain(value: Any, depth: int) -> Any:
    """Mappings, lists and scalars of any make as dict, list and scalar.

    Raises
    ------
    ScenarioError
        At the top, if it is no mapping; anywhere, if it nests too deep.
    """
    if depth > MAX_DEPTH:
        raise ScenarioError(f"values are nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if depth == 0:
        raise ScenarioError(f"a scenario is a mapping with keys such as 'world'; got {shorten(value)}")
    if isinstance(value, (list, tuple)):
        return [_plain(inner, depth + 1) for inner in value]
    return value


# ---- writing


def _yaml_lines(value: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for key, inner in value.items():
        head = f"{indent}{_word(key)}:"
        if isinstance(inner, dict) and inner:
            lines += [head, *_yaml_lines(inner, indent + "  ")]
        elif isinstance(inner, list) and inner:
            lines.append(head)
            for item in inner:  # entries of evidence, targets and fitted are flat mappings
                if not isinstance(item, dict):  # of skip
                    lines.append(f"{indent}  - {_scalar(item)}")
                    continue
                entry = _yaml_lines(item, indent + "    ")
                lines += [f"{indent}  - {entry[0].lstrip()}", *entry[1:]]
        else:
            lines.append(f"{head} {_scalar(inner)}")
    return lines


def _word(key: str) -> str:
    return key if key.isascii() and key.isidentifier() and key not in ("true", "false", "null") else _quoted(key)


def _scalar(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())  # a JSON string is a YAML string
