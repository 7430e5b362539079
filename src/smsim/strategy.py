"""Strategies: how a campaign's field money is shared over activities and weeks. Data, never code paths.

A strategy is a weighted sum of components; a component is a set of shares, one per activity, each with a timing.
The definitions of pragmatic and activist follow Obregon & Waisbord 2010: pragmatic,
community actors help to reach a goal set beforehand; activist, the community organises and presses decision
makers. The numbers are a design choice, not evidence: `smsim compare` prints them, and studies should move them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from smsim.engine.arrays import ACTIVITIES, Array
from smsim.errors import ScenarioError

NONE = "none"  # reserved name: no campaign at all
TIMINGS = ("flat", "pulsed", "front")
LEADERS = ("religious", "traditional", "women", "youth")

QUARTER = 13  # weeks
PULSE = range(4, 8)  # weeks of a quarter with a pulse
FRONT_WEEKS, FRONT_SHARE = 4, 0.4
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Component:
    """One set of shares with its timings, and its weight in the strategy.

    Parameters
    ----------
    weight : share of the field money that follows this component, in [0, 1]
    shares : activity -> share of the component's money; in [0, 1], sums to 1
    timing : activity -> flat (default), pulsed or front
    leader_share : how leader sessions divide over religious, traditional, women's and youth leaders; sums to 1

    Raises
    ------
    ScenarioError
        A share is not a share, they do not sum to 1, or an activity or timing is unknown.
    """

    weight: float
    shares: Mapping[str, float]
    timing: Mapping[str, str] = field(default_factory=dict)
    leader_share: tuple[float, float, float, float] = (0.25, 0.25, 0.25, 0.25)

    def __post_init__(self) -> None:
        _check_share("weight", self.weight)
        _check_shares("shares", self.shares, ACTIVITIES)
        _check_known("timing", self.timing, ACTIVITIES)
        for activity, timing in self.timing.items():
            if timing not in TIMINGS:
                raise ScenarioError(f"timing.{activity} must be one of {', '.join(TIMINGS)}; got {timing!r}")
        if len(self.leader_share) != len(LEADERS):
            raise ScenarioError(
                f"leader_share must hold {len(LEADERS)} numbers ({', '.join(LEADERS)}); got {len(self.leader_share)}"
            )
        _check_shares("leader_share", dict(zip(LEADERS, self.leader_share, strict=True)), LEADERS)
        # Plain dicts of our own: the caller's may change later, and a strategy travels to other processes.
        object.__setattr__(self, "shares", {k: float(v) for k, v in self.shares.items()})
        object.__setattr__(self, "timing", dict(self.timing))
        object.__setattr__(self, "leader_share", tuple(float(x) for x in self.leader_share))


@dataclass(frozen=True)
class Strategy:
    """A named plan: how the field money is shared over activities and weeks.

    Raises
    ------
    ScenarioError
        It has no component, or the components' weights do not sum to 1.
    """

    name: str
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "components", tuple(self.components))
        total = math.fsum(c.weight for c in self.components)
        if not abs(total - 1) <= SUM_TOLERANCE:
            raise ScenarioError(f"strategies.{self.name}: the weights of a blend must sum to 1; they sum to {total:g}")

    def shares(self) -> dict[str, float]:
        """Share of the field money per activity, over all components; every activity is listed, they sum to 1."""
        return {k: math.fsum(c.weight * c.shares.get(k, 0.0) for c in self.components) for k in ACTIVITIES}

    def schedule(self, weeks: int) -> Array:
        """Share of the field money per campaign week and activity.

        Returns
        -------
        float64 (weeks, 8), activities in the order of `ACTIVITIES`; sums to 1
        """
        schedule = np.zeros((weeks, len(ACTIVITIES)))
        for component in self.components:
            for activity, share in component.shares.items():
                profile = time_profile(component.timing.get(activity, "flat"), weeks)
                schedule[:, ACTIVITIES.index(activity)] += component.weight * share * profile
        return schedule

    def leader_share(self) -> Array:
        """Share of the leader sessions per type of leader: float64 (4,), sums to 1."""
        shares = np.zeros(len(LEADERS))
        for component in self.components:
            shares += component.weight * component.shares.get("leader", 0.0) * np.array(component.leader_share)
        total = float(shares.sum())
        return shares / total if total > 0 else np.full(len(LEADERS), 1 / len(LEADERS))

    def __repr__(self) -> str:
        shares = ", ".join(f"{k} {share:.3g}" for k, share in self.shares().items() if share > 0)
        return f"Strategy({self.name!r}: {shares})"


@cache
def time_profile(timing: str, weeks: int) -> Array:
    """How one activity's money is spread over the campaign: float64 (weeks,), read-only, sums to 1.

    flat: the same every week. pulsed: in weeks 4 to 7 of every 13 (flat if the campaign has none of them).
    front: 40% in the first four weeks, the rest evenly over the others (flat if there are no others).
    """
    profile = np.ones(weeks)
    if timing == "pulsed":
        pulses = np.isin(np.arange(weeks) % QUARTER, list(PULSE)).astype(float)
        if pulses.any():
            profile = pulses
    if timing == "front" and weeks > FRONT_WEEKS:
        profile[:FRONT_WEEKS] = FRONT_SHARE / FRONT_WEEKS
        profile[FRONT_WEEKS:] = (1 - FRONT_SHARE) / (weeks - FRONT_WEEKS)
    else:
        profile /= profile.sum()
    profile.flags.writeable = False
    return profile


def blend(name: str, parts: Sequence[tuple[Strategy, float]]) -> Strategy:
    """The weighted sum of strategies, as a strategy of its own; a part of weight 0 is left out.

    Raises
    ------
    ScenarioError
        The weights do not sum to 1, or one is not in [0, 1].
    """
    for part, weight in parts:
        if not 0 <= weight <= 1:
            raise ScenarioError(f"strategies.{name}.blend.{part.name} must be in [0, 1]; got {weight!r}")
    components = (
        Component(weight * c.weight, c.shares, c.timing, c.leader_share)
        for part, weight in parts
        if weight > 0
        for c in part.components
    )
    return Strategy(name, tuple(components))


def read_strategies(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Strategy]:
    """The strategies of a scenario file, by name, in its order; the three built-in ones if it gives none.

    Parameters
    ----------
    given : name -> ``{shares, timing, leader_share}`` or ``{blend: {name: weight}}``. A blend may name a built-in
        strategy that the file does not define.

    Raises
    ------
    ScenarioError
        With the path of what is wrong (``strategies.NAME...``), what must hold and what was given.
    """
    if given is None:
        return dict(BUILT_IN)
    if not given:
        raise ScenarioError("strategies: name at least one strategy, or leave the key out for the built-in three")
    found: dict[str, Strategy] = {}
    for name in given:
        _read(name, given, found, ())
    return {name: found[name] for name in given}


def _read(
    name: str, given: Mapping[str, Mapping[str, Any]], found: dict[str, Strategy], above: tuple[str, ...]
) -> Strategy:
    where = f"strategies.{name}"
    if name in found:
        return found[name]
    if name in above:
        raise ScenarioError(f"{where}: blends itself ({' -> '.join((*above, name))}); a blend must end in shares")
    if name == NONE:
        raise ScenarioError(f"{where}: 'none' is reserved for no campaign; choose another name")
    entry = given[name]
    if not isinstance(entry, Mapping):
        raise ScenarioError(f"{where} must be a mapping with 'shares' or 'blend'; got {entry!r}")
    _check_known(where, entry, ("shares", "timing", "leader_share", "blend"))
    if ("blend" in entry) == ("shares" in entry):
        raise ScenarioError(f"{where} must have either 'shares' or 'blend'; got {', '.join(entry) or 'neither'}")
    if "blend" in entry:
        if set(entry) != {"blend"} or not isinstance(entry["blend"], Mapping):
            raise ScenarioError(f"{where}.blend must be a mapping of strategies to weights, alone in its strategy")
        parts = []
        for part, weight in entry["blend"].items():
            if part not in given and part not in BUILT_IN:
                raise ScenarioError(f"{where}.blend: {_unknown('strategy', part, (*given, *BUILT_IN))}")
            _check_share(f"{where}.blend.{part}", weight)
            strategy = _read(part, given, found, (*above, name)) if part in given else BUILT_IN[part]
            parts.append((strategy, float(weight)))
        found[name] = blend(name, parts)
        return found[name]
    for key in ("shares", "timing"):
        if not isinstance(entry.get(key, {}), Mapping):
            raise ScenarioError(f"{where}.{key} must be a mapping by activity; got {entry[key]!r}")
    leaders = entry.get("leader_share", dict.fromkeys(LEADERS, 0.25))
    if isinstance(leaders, Mapping):
        _check_known(f"{where}.leader_share", leaders, LEADERS)
        leaders = [leaders.get(k, 0.0) for k in LEADERS]
    if not isinstance(leaders, (list, tuple)):
        raise ScenarioError(f"{where}.leader_share must be four numbers; got {leaders!r}")
    try:
        component = Component(1.0, entry["shares"], entry.get("timing", {}), tuple(leaders))
    except ScenarioError as error:
        raise ScenarioError(f"{where}.{error}") from None
    found[name] = Strategy(name, (component,))
    return found[name]


def _check_share(where: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ScenarioError(f"{where} must be a share in [0, 1]; got {value!r}")


def _check_shares(where: str, shares: Mapping[str, float], known: tuple[str, ...]) -> None:
    _check_known(where, shares, known)
    for key, value in shares.items():
        _check_share(f"{where}.{key}", value)
    total = math.fsum(shares.values())
    if not abs(total - 1) <= SUM_TOLERANCE:
        raise ScenarioError(f"{where} must sum to 1; they sum to {total:g}")


def _check_known(where: str, given: Mapping[str, object], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            raise ScenarioError(f"{where}: {_unknown('key', key, known)}")


def _unknown(what: str, name: object, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    remedy = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(dict.fromkeys(known))}"
    return f"unknown {what} {name!r}; {remedy}"


# The three of the model document (its section 4). Visits, media and incentives of the pragmatic component come in
# pulses, community entry comes first, everything else is flat.
PRAGMATIC = Strategy(
    "pragmatic",
    (
        Component(
            1.0,
            {"visit": 0.50, "dialogue": 0.05, "leader": 0.10, "media": 0.20, "service": 0.10, "monitor": 0.05},
            {"visit": "pulsed", "media": "pulsed", "incentive": "pulsed", "leader": "front"},
        ),
    ),
)
ACTIVIST = Strategy(
    "activist",
    (
        Component(
            1.0,
            {"visit": 0.05, "dialogue": 0.50, "leader": 0.10, "media": 0.05, "action": 0.25, "monitor": 0.05},
            {"leader": "front"},
        ),
    ),
)
HYBRID = blend("hybrid", [(PRAGMATIC, 0.5), (ACTIVIST, 0.5)])
BUILT_IN: dict[str, Strategy] = {s.name: s for s in (PRAGMATIC, ACTIVIST, HYBRID)}
