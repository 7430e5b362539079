"""Outcomes: what is read off the record of a run. One number per run, behaviour and group of households.

Groups are "all" and one per value of `CELL_AXES`, such as ``wealth:poorest`` or ``head:female``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from smsim.costs import SETUP, SUPERVISION, Ledger
from smsim.economics import erreygers_of, mean_and_concentration
from smsim.engine.arrays import ACTIVITIES, ADOPTED, MAINTAINED, SOURCES, Array, Record
from smsim.world.households import CELL_AXES

if TYPE_CHECKING:
    from smsim.scenario import Scenario

ALL = "all"  # every household; every behaviour
WHENS = ("baseline", "end", "follow_up")
WINDOW = 26  # weeks over which the coverage of events and rounds is counted
COUNTED_BY_CASE = ("event", "round")

GROUPS: tuple[str, ...] = (ALL, *(f"{axis}:{level}" for axis, levels in CELL_AXES for level in levels))
FIFTHS = tuple(GROUPS.index(f"wealth:{level}") for level in CELL_AXES[0][1])  # poorest first
# Gap of an axis: coverage of the first group less that of the second, the group more often left out.
GAPS: dict[str, tuple[str, str]] = {
    "wealth": ("wealth:richest", "wealth:poorest"),
    "head": ("head:male", "head:female"),
    "language": ("language:majority", "language:minority"),
    "distance": ("distance:near", "distance:remote"),
    "hesitancy": ("hesitancy:not hesitant", "hesitancy:hesitant"),
}


class Outcome(NamedTuple):
    """What one outcome is."""

    unit: str
    better: int  # 1: more is better, -1: less is, 0: neither
    label: str


class Key(NamedTuple):
    """Where an outcome belongs."""

    behaviour: str
    group: str
    outcome: str


def spent_on(item: str) -> str:
    """Name of the outcome that says what was spent on an activity or other item."""
    return "spent_" + item.replace(" ", "_")


def unspent_on(activity: str) -> str:
    """Name of the outcome that says what was planned for an activity and could not be delivered."""
    return "unspent_" + activity


OUTCOMES: dict[str, Outcome] = {
    "coverage_baseline": Outcome("share", 1, "coverage in the last week before the campaign"),
    "coverage_end": Outcome("share", 1, "coverage at the end of the campaign"),
    "coverage_follow_up": Outcome("share", 1, "coverage in the last week of the follow-up"),
    **{
        f"administrative_{when}": Outcome("share", 0, f"coverage as the programme counts it, {text}; may exceed 1")
        for when, text in (
            ("baseline", "in the last week before the campaign"),
            ("end", "at the end of the campaign"),
            ("follow_up", "in the last week of the follow-up"),
        )
    },
    "refused_end": Outcome("share", -1, "households that know of it, do not do it and believe the rumour, at the end"),
    "weeks_to_target": Outcome("weeks", -1, "campaign weeks until run.target_coverage is reached; missing if never"),
    "adopters": Outcome("adopters", 1, "who does it at the end; events, rounds: served from start to last week"),
    "additional_adopters": Outcome("adopters", 1, "adopters more than with no campaign in the same world"),
    "cost_per_additional_adopter": Outcome("US$", -1, "all spending over additional adopters"),
    "sustainability": Outcome("ratio", 1, "gain over no campaign kept at the end of the follow-up"),
    **{
        f"gap_{axis}_{when}": Outcome("share", -1, f"coverage of {high.split(':')[1]} less {low.split(':')[1]}, {text}")
        for when, text in (("end", "at the end"), ("follow_up", "at the end of the follow-up"))
        for axis, (high, low) in GAPS.items()
    },
    **{
        f"{name}_{when}": Outcome("index", -1, f"{label} of coverage by wealth, {text}")
        for when, text in (("end", "at the end"), ("follow_up", "at the end of the follow-up"))
        for name, label in (("erreygers", "Erreygers' index"), ("concentration", "concentration index"))
    },
    "unmet_demand": Outcome("share", -1, "turned away, of those who sought the service during the campaign"),
    "voiced_end": Outcome("share", 1, "households that say in public that they support it, at the end"),
    "believing_end": Outcome("share", -1, "households that believe the rumour, at the end"),
    **{f"adopted_through_{s}": Outcome("share", 0, f"adoptions during the campaign moved by: {s}") for s in SOURCES},
    **{f"heard_through_{s}": Outcome("share", 0, f"made aware during the campaign by: {s}") for s in SOURCES},
    "reach": Outcome("share", 1, "households ever touched by a visit, dialogue or broadcast"),
    "ownership_end": Outcome("share", 1, "community ownership at the end"),
    "endorsement_end": Outcome("share", 1, "endorsement by leaders at the end"),
    "approved_end": Outcome("share", 1, "communities whose leaders approved the campaign, at the end"),
    "response_end": Outcome("share", 1, "response of the authorities at the end"),
    **{spent_on(k): Outcome("US$", 0, f"spent on {k}") for k in (*ACTIVITIES, *SETUP, SUPERVISION)},
    **{unspent_on(k): Outcome("US$", 0, f"planned for {k}, left unspent") for k in ACTIVITIES},
    "spent": Outcome("US$", 0, "spent in all"),
    "unspent": Outcome("US$", 0, "planned, but beyond what the mobilizers could deliver"),
    "budget": Outcome("US$", 0, "budget"),
}
# Outcomes that need the run without a campaign in the same world.
AGAINST_NONE = ("additional_adopters", "cost_per_additional_adopter", "sustainability")
LEAST_GAIN = 0.005  # below half a point there is no gain to speak of, and no share of it that could be kept


def unit_of(outcome: str, kind: str | None) -> str:
    """Unit of an outcome; adopters of events and rounds are services given.

    Parameters
    ----------
    kind : of the behaviour, None for outcomes of the whole campaign
    """
    unit = OUTCOMES[outcome].unit
    if outcome == "cost_per_additional_adopter":
        return "US$ per service" if kind in COUNTED_BY_CASE else "US$ per adopter"
    return "services" if unit == "adopters" and kind in COUNTED_BY_CASE else unit


@cache
def group_cells() -> Array:
    """Which cells belong to each group: int64 (14, 80) of 0 and 1, rows as in `GROUPS`."""
    cells = list(product(*(range(len(levels)) for _, levels in CELL_AXES)))
    rows = [[1] * len(cells)]
    for axis, (_, levels) in enumerate(CELL_AXES):
        rows += [[int(cell[axis] == level) for cell in cells] for level in range(len(levels))]
    table = np.array(rows, np.int64)
    table.flags.writeable = False
    return table


@cache
def _groups_of_cells() -> Array:
    return np.ascontiguousarray(group_cells().T, np.float64)


def by_group(counts: Array) -> Array:
    """Counts by cell, (..., 80), summed into groups: int64 (..., 14)."""
    # In float64, which holds counts exactly, for NumPy multiplies no integer matrices fast.
    return (np.asarray(counts, np.float64) @ _groups_of_cells()).astype(np.int64)


def coverage_counts(record: Record, kinds: tuple[str, ...]) -> tuple[Array, Array]:
    """Households (or cases) covered, and those that could be: two int64 (T, B, 14).

    Permanent and repeated: households that have adopted or maintain it, of all. Events and rounds: served, of those
    eligible, both summed over the last 26 weeks (fewer at the start of the run).
    """
    weeks, behaviours = record.stage.shape[:2]
    covered = np.empty((weeks, behaviours, len(GROUPS)), np.int64)
    possible = np.empty_like(covered)
    for b, kind in enumerate(kinds):
        if kind in COUNTED_BY_CASE:
            covered[:, b] = last_weeks(by_group(record.served[:, b]))
            possible[:, b] = last_weeks(by_group(record.eligible[:, b]))
        else:
            covered[:, b] = by_group(record.stage[:, b, :, ADOPTED] + record.stage[:, b, :, MAINTAINED])
            possible[:, b] = by_group(record.stage[0, b].sum(axis=-1))  # nobody moves between groups
    return covered, possible


def weekly_coverage(records: Record, kinds: tuple[str, ...]) -> Array:
    """Coverage of all households every week, of several runs at once: float64 (S, T, B), from the smaller tables.

    Parameters
    ----------
    records : of S runs over the same weeks, every array with S in front
    """
    communities = np.ones(records.community.shape[3])
    # In float64, which holds counts exactly: NumPy multiplies faster than it sums few numbers at a time.
    covered, possible = (n.astype(np.float64) @ communities for n in (records.community, records.community_eligible))
    for b, kind in enumerate(kinds):
        if kind in COUNTED_BY_CASE:
            covered[..., b], possible[..., b] = (last_weeks(n[..., b].T).T for n in (covered, possible))
    return share(covered, possible)


def last_weeks(counts: Array, window: int = WINDOW) -> Array:
    """Running sum over the last `window` weeks, along the first axis."""
    total = np.cumsum(counts, axis=0)
    total[window:] = total[window:] - total[:-window]
    return np.asarray(total)


def share(part: Array, whole: Array) -> Array:
    """part / whole, missing where whole is 0."""
    found = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=found, where=np.greater(whole, 0)))


class Weeks(NamedTuple):
    """Weeks of a run, counted from 0 at its start. `baseline` is -1 when there is no burn-in."""

    baseline: int  # last week of the burn-in
    first: int  # of the campaign
    end: int  # last of the campaign
    follow_up: int  # last of the run

    @classmethod
    def of(cls, scenario: Scenario) -> Weeks:
        burn_in, campaign = int(scenario.run["burn_in_weeks"]), int(scenario.campaign["weeks"])
        end = burn_in + campaign - 1
        return cls(burn_in - 1, burn_in, end, end + int(scenario.run["follow_up_weeks"]))


def kinds_of(scenario: Scenario) -> tuple[str, ...]:
    """Kind of each behaviour, in order."""
    return tuple(str(values["kind"]) for values in scenario.behaviours.values())


@cache
def _group_keys(behaviour: str, outcome: str) -> tuple[Key, ...]:
    return tuple(Key(behaviour, group, outcome) for group in GROUPS)


@cache
def _keys(behaviour: str, outcomes: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(Key(behaviour, ALL, outcome) for outcome in outcomes)


def outcomes_of(scenario: Scenario, ledger: Ledger, record: Record) -> dict[Key, float]:
    """Every outcome that a run shows by itself (not those of `AGAINST_NONE`); missing values are NaN."""
    return outcomes_of_all(scenario, [ledger], Record(*(array[None] for array in record)))[0]


def outcomes_of_all(
    scenario: Scenario, ledgers: Sequence[Ledger], records: Record, weekly: Array | None = None, whole: bool = False
) -> list[dict[Key, float]]:
    """The outcomes of several runs of one scenario, of each what `outcomes_of` gives; sooner than one by one.

    Parameters
    ----------
    ledgers : of S runs
    records : theirs, every array with S in front
    weekly : the `weekly_coverage` of these, if it is known
    whole : leave out those of single groups and of single items of spending
    """
    weeks, kinds = Weeks.of(scenario), kinds_of(scenario)
    shown = slice(1) if whole else slice(None)  # all households are the first group
    covered, shares, sizes = _by_date(records, kinds, weeks)
    by_week = weekly_coverage(records, kinds) if weekly is None else weekly
    target = float(scenario.run["target_coverage"])
    # Administrative coverage: what the programme counts, over the population that it believes there is.
    counted = scenario.campaign["doses_recorded_ratio"] / scenario.campaign["target_population_ratio"]
    sums = _campaign_sums(records, weeks)
    runs = []
    for s, ledger in enumerate(ledgers):
        found: dict[Key, float] = {}
        for b, name in enumerate(scenario.behaviours):
            *at, refused = shares[s][4 * b : 4 * b + 4]
            for when, values in zip(WHENS, at, strict=True):
                found.update(zip(_group_keys(name, f"coverage_{when}")[shown], values[shown], strict=True))
            found.update(zip(_group_keys(name, "refused_end")[shown], refused[shown], strict=True))
            adopters = covered[s][4 * b + 1][0]
            if kinds[b] in COUNTED_BY_CASE:
                adopters = int(records.served[s, weeks.first : weeks.follow_up + 1, b].sum())
            own = {"adopters": float(adopters), **_behaviour_outcomes(sums, s, b, sizes[s][4 * b + 3][0])}
            own |= {f"administrative_{when}": counted * values[0] for when, values in zip(WHENS, at, strict=True)}
            own["weeks_to_target"] = weeks_to(by_week[s, :, b], target, weeks)
            for place, when in ((1, "end"), (2, "follow_up")):
                own |= equity_of(at[place], sizes[s][4 * b + place], when)
            found.update(zip(_keys(name, tuple(own)), own.values(), strict=True))
        found.update(zip(_group_keys(ALL, "reach")[shown], shares[s][-1][shown], strict=True))
        own = _campaign_outcomes(ledger, records, s, weeks.end, whole)
        found.update(zip(_keys(ALL, tuple(own)), own.values(), strict=True))
        runs.append(found)
    return runs


def _by_date(records: Record, kinds: tuple[str, ...], weeks: Weeks) -> tuple[Any, Any, Any]:
    """Who is covered, as numbers, shares and of how many: three lists (S, 4 B + 1, 14), by run, row and group.

    Rows are of each behaviour its coverage at the three dates of `WHENS` and its refusals at the end; then the reach.
    """
    dates = [max(weeks.baseline, 0), weeks.end, weeks.follow_up]
    everybody = records.stage[:, :1, 0].sum(axis=-1)  # (S, 1, 80): nobody moves between groups
    some, of = [], []
    for b, kind in enumerate(kinds):
        if kind in COUNTED_BY_CASE:
            recent = [slice(max(0, week + 1 - WINDOW), week + 1) for week in dates]
            some += [records.served[:, when, b].sum(axis=1, keepdims=True) for when in recent]
            of += [records.eligible[:, when, b].sum(axis=1, keepdims=True) for when in recent]
        else:
            stage = records.stage[:, dates, b]
            some.append(stage[..., ADOPTED] + stage[..., MAINTAINED])
            of += [everybody] * len(dates)
        some.append(records.refused[:, weeks.end, b : b + 1])
        of.append(everybody)
    some.append(records.reached[:, weeks.follow_up : weeks.follow_up + 1])
    of.append(everybody)
    covered, sizes = by_group(np.concatenate(some, axis=1)), by_group(np.concatenate(of, axis=1))
    shares = share(covered, sizes)
    if weeks.baseline < 0:
        shares[:, :-1:4] = math.nan
    return covered.tolist(), shares.tolist(), sizes.tolist()


class _Sums(NamedTuple):
    """Lists by run and behaviour: sums over the campaign, and two numbers at its end."""

    sought: Any
    turned_away: Any
    convinced_by: Any  # and by source
    informed_by: Any
    voiced: Any
    believing: Any


def _campaign_sums(records: Record, weeks: Weeks) -> _Sums:
    campaign = slice(weeks.first, weeks.end + 1)
    summed = (records.sought, records.turned_away, records.convinced_by, records.informed_by)
    at_end = (records.voiced, records.believing)
    return _Sums(*(n[:, campaign].sum(axis=1).tolist() for n in summed), *(n[:, weeks.end].tolist() for n in at_end))


def _behaviour_outcomes(sums: _Sums, s: int, b: int, households: int) -> dict[str, float]:
    sought = sums.sought[s][b]
    found = {
        "unmet_demand": sums.turned_away[s][b] / sought if sought else math.nan,
        "voiced_end": sums.voiced[s][b] / households,
        "believing_end": sums.believing[s][b] / households,
    }
    for prefix, counts in (("adopted_through", sums.convinced_by[s][b]), ("heard_through", sums.informed_by[s][b])):
        every = sum(counts)
        found |= {
            f"{prefix}_{source}": count / every if every else math.nan
            for source, count in zip(SOURCES, counts, strict=True)
        }
    return found


@cache
def _gap_groups() -> dict[str, tuple[int, int]]:
    return {axis: (GROUPS.index(high), GROUPS.index(low)) for axis, (high, low) in GAPS.items()}


def equity_of(coverage: Sequence[float], possible: Sequence[int], when: str) -> dict[str, float]:
    """Gaps and indices of one week's coverage by group, both (14,), named for `when`."""
    found = {f"gap_{axis}_{when}": coverage[high] - coverage[low] for axis, (high, low) in _gap_groups().items()}
    by_wealth, size = [coverage[g] for g in FIFTHS], [possible[g] for g in FIFTHS]
    mean, concentration = mean_and_concentration(by_wealth, size)
    found[f"erreygers_{when}"], found[f"concentration_{when}"] = erreygers_of(mean, concentration), concentration
    return found


def weeks_to(coverage: Array, target: float, weeks: Weeks) -> float:
    """Campaign weeks until coverage (T,) reaches the target; 0 if it had before, missing if it never does."""
    if weeks.baseline >= 0 and coverage[weeks.baseline] >= target:
        return 0.0
    there = coverage[weeks.first :] >= target
    first = int(there.argmax()) if len(there) else 0
    return first + 1.0 if there[first : first + 1].any() else math.nan


def against_none(run: Mapping[Key, float], none: Mapping[Key, float], scenario: Scenario) -> dict[Key, float]:
    """The outcomes of `AGAINST_NONE`, by behaviour: a run against the one without a campaign in the same world.

    The whole spending is set against each behaviour's adopters: what a campaign spends on two is not divided.
    """
    found = {}
    spent = run[Key(ALL, ALL, "spent")]
    for name in scenario.behaviours:

        def gain(outcome: str, behaviour: str = name) -> float:
            key = Key(behaviour, ALL, outcome)
            return run[key] - none[key]

        more = gain("adopters")
        at_end = gain("coverage_end")
        found[Key(name, ALL, "additional_adopters")] = more
        found[Key(name, ALL, "cost_per_additional_adopter")] = spent / more if more > 0 and spent > 0 else math.nan
        kept = gain("coverage_follow_up") / at_end if at_end > LEAST_GAIN else math.nan
        found[Key(name, ALL, "sustainability")] = kept
    return found


def _campaign_outcomes(ledger: Ledger, records: Record, s: int, end: int, whole: bool) -> dict[str, float]:
    lines = ledger.settle(records._replace(spent=records.spent[s], unspent=records.unspent[s]))
    response = records.response[s, end]
    items: dict[str, float] = {}
    if not whole:
        items = {spent_on(line.item): float(line.spent) for line in lines}
        items |= {unspent_on(line.item): float(line.unspent) for line in lines if line.kind == "activity"}
    return {
        "ownership_end": float(records.ownership[s, end]),
        "endorsement_end": float(records.endorsement[s, end]),
        "approved_end": float(records.approved[s, end]),
        "response_end": float(response.sum() / len(response)),
        **items,
        "spent": math.fsum([line.spent for line in lines]),
        "unspent": math.fsum([line.unspent for line in lines]),
        "budget": float(ledger.budget),
    }
