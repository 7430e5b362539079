"""What a comparison found, in words: rankings that the worlds allow, targets met or missed, costs, who is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smsim.outcomes import ALL, COUNTED_BY_CASE, GAPS, OUTCOMES
from smsim.strategy import NONE

if TYPE_CHECKING:
    from smsim.compare import Comparison
    from smsim.paired import Difference

MANY_WORLDS = 100_000  # beyond this nobody runs them: the difference does not matter
CENT = 0.01
WORTH_A_WORD = 0.01  # shares below one per cent are left out of the sentences
LOW, HIGH = 0.05, 0.95  # 90% of the worlds lie between
PEOPLE = {
    "wealth:richest": "the richest fifth",
    "wealth:poorest": "the poorest fifth",
    "head:male": "households headed by men",
    "head:female": "households headed by women",
    "language:majority": "households of the majority language",
    "language:minority": "households of the minority language",
    "distance:near": "households near the service",
    "distance:remote": "remote households",
    "hesitancy:not hesitant": "those who do not hesitate",
    "hesitancy:hesitant": "the hesitant",
}


class Ranking(NamedTuple):
    """Strategies by the mean of one outcome, best first, and those that cannot be told from the first."""

    order: tuple[str, ...]
    leaders: tuple[str, ...]  # the first, and all that are not separated from it
    needed: float  # worlds that would separate the first from the closest of them; missing if no number would


class TargetCheck(NamedTuple):
    """One target and what the simulation gives for it, as shares."""

    behaviour: str
    strategy: str
    against: str  # the strategy above which the target lies; "" where the target is a coverage itself
    when: str
    group: str
    measure: str
    target: float
    tolerance: float
    median: float
    lower: float  # 90% of the worlds lie between lower and upper
    upper: float
    gap: float  # median less target
    verdict: str
    grade: str
    source: str


def rank(comparison: Comparison, outcome: str, behaviour: str = ALL) -> Ranking:
    """The campaigns by one outcome; ties of the leading group in the order of the scenario."""
    sign = OUTCOMES[outcome].better or 1

    def place(strategy: str) -> float:
        value = comparison.mean(strategy, outcome, behaviour)
        return math.inf if math.isnan(value) else -sign * value

    order = tuple(sorted(comparison.campaigns, key=place))
    rivals = {s: comparison.difference(order[0], s, outcome, behaviour) for s in order[1:]}
    tied = [s for s in order[1:] if not rivals[s].separated]
    needed = [rivals[s].replicates_needed for s in tied]
    return Ranking(order, (order[0], *tied), max(needed) if needed else math.nan)


def targets_of(comparison: Comparison) -> list[TargetCheck]:
    """Every target of the scenario, checked; "not compared" where its strategy is not part of the comparison."""
    checks = []
    for target in comparison.scenario.targets:
        median = lower = upper = math.nan
        if set(target.strategies) <= set(comparison.strategies):
            place = (target.outcome, target.behaviour, target.group)
            values = target.read({s: comparison.worlds(s, *place) for s in target.strategies}.__getitem__)
            lower, median, upper = (float(x) for x in np.quantile(values, (LOW, 0.5, HIGH)))
        gap = median - target.value
        verdict = "not compared" if math.isnan(gap) else "met" if abs(gap) <= target.tolerance else "missed"
        about = (target.behaviour, target.strategy, target.against, target.when, target.group, target.measure)
        given = (target.value, target.tolerance)
        checks.append(TargetCheck(*about, *given, median, lower, upper, gap, verdict, target.grade, target.source))
    return checks


def summary_of(comparison: Comparison) -> list[str]:
    """The findings, sentence by sentence."""
    layers = list(comparison.scenario.behaviours)
    sentences = [s for b in layers for s in (answer(comparison, b), later(comparison, b))]
    sentences += [s for b in layers for s in (*sureness(comparison, b), left_out(comparison, b), costs(comparison, b))]
    sentences += [s for b in layers for s in (turned_away(comparison, b), fit(comparison, b))]
    return [s for s in (*sentences, spending(comparison)) if s]


def answer(comparison: Comparison, behaviour: str) -> str:
    """Which strategy reaches most at the end of the campaign, or which cannot be told apart."""
    return _ranked(comparison, behaviour, "coverage_end", "at the end of the campaign")


def later(comparison: Comparison, behaviour: str) -> str:
    """The same at the end of the follow-up; nothing if there is none."""
    weeks = int(comparison.scenario.run["follow_up_weeks"])
    if not weeks:
        return ""
    when = "12 months later" if weeks == 52 else f"{weeks} weeks later"
    return _ranked(comparison, behaviour, "coverage_follow_up", when)


def _ranked(comparison: Comparison, behaviour: str, outcome: str, when: str) -> str:
    order, leaders, needed = rank(comparison, outcome, behaviour)
    where, worlds = f"{behaviour}, {when}", f"{comparison.replicates} simulated worlds"
    values = {s: percent(comparison.mean(s, outcome, behaviour)) for s in comparison.strategies}
    best = order[0]
    if math.isnan(comparison.mean(best, outcome, behaviour)):
        return f"{where}: nobody was in a position to do it, so there is no coverage to compare."
    alone = comparison.difference(best, NONE, outcome, behaviour)
    if not (alone.separated and alone.mean > 0):
        return f"{where}: {_no_better(best, values, alone, worlds)}"
    others = joined(f"{values[s]} {_under(s)}" for s in (*order, NONE) if s not in leaders)
    if len(leaders) == 1:
        low, high = comparison.band(best, outcome, behaviour)
        band = f"{percent(low)} to {percent(high)} in 90% of the {worlds}"
        return f"{where}: {best} does best, with a coverage of {values[best]} ({band}). It is {others}."
    rivals = joined([f"{s} ({values[s]})" for s in leaders[1:]], "or")
    return (
        f"{where}: {best} has the highest coverage on average ({values[best]}), but with {worlds} it cannot be told "
        f"apart from {rivals}; {_more(needed, len(leaders) > 2)}. Coverage is {others}."
    )


def _no_better(best: str, values: dict[str, str], alone: Difference, worlds: str) -> str:
    """What to say if the strategy that comes first is not ahead of no campaign."""
    if alone.separated:
        return f"no strategy does better than no campaign ({values[NONE]}); the highest is {best} ({values[best]})."
    return (
        f"with {worlds}, not even {best} ({values[best]}), the highest on average, can be told apart from no campaign "
        f"({values[NONE]}); {_more(alone.replicates_needed)}."
    )


def sureness(comparison: Comparison, behaviour: str) -> list[str]:
    """How far the first at the end of the campaign is ahead of each that it is separated from."""
    order, leaders, _ = rank(comparison, "coverage_end", behaviour)
    sentences = []
    for rival in order[1:]:
        if rival in leaders:
            continue
        found = comparison.difference(order[0], rival, "coverage_end", behaviour)
        interval = f"95% interval {points(found.lower, '')} to {points(found.upper)}"
        sentences.append(
            f"{behaviour}: {order[0]} is ahead of {rival} by {points(found.mean)} ({interval}) "
            f"and in {percent(found.a_beats_b, 0)} of the worlds."
        )
    return sentences


def left_out(comparison: Comparison, behaviour: str) -> str:
    """The widest gap between groups at the end, under the strategy that reaches most, and the others beside it."""
    best = rank(comparison, "coverage_end", behaviour).order[0]
    gaps = {axis: comparison.mean(best, f"gap_{axis}_end", behaviour) for axis in GAPS}
    gaps = {axis: gap for axis, gap in gaps.items() if math.isfinite(gap)}
    if not gaps or max(gaps.values()) < WORTH_A_WORD:
        return f"{behaviour}: at the end of the campaign no group is behind its counterpart by a point under {best}."
    axis = max(gaps, key=lambda one: gaps[one])
    high, low = GAPS[axis]
    # Means over the worlds that have a value for the group: the gap is theirs, so that the three numbers agree.
    behind, ahead = (comparison.mean(best, "coverage_end", behaviour, group) for group in (low, high))
    gaps[axis] = ahead - behind
    values = [percent(behind), percent(ahead)]
    others = [
        f"{points(comparison.mean(s, f'gap_{axis}_end', behaviour))} {_under(s)}"
        for s in comparison.strategies
        if s != best
    ]
    text = (
        f"{behaviour}: most left out under {best} are {PEOPLE[low]}, with {values[0]} against {values[1]} of "
        f"{PEOPLE[high]}, a gap of {points(gaps[axis])}. The gap is {joined(others)}."
    )
    if axis != "wealth" and abs(gaps.get("wealth", 0)) >= WORTH_A_WORD:
        more, less = ("richest", "poorest") if gaps["wealth"] > 0 else ("poorest", "richest")
        text += f" The {more} fifth is ahead of the {less} by {points(abs(gaps['wealth']))}."
    return text


def costs(comparison: Comparison, behaviour: str) -> str:
    """What each additional adopter (or case served) costs under each strategy, with its interval."""
    ratios = {s: comparison.cost(s, behaviour) for s in comparison.campaigns}
    known = {s: ratio for s, ratio in ratios.items() if math.isfinite(ratio.value)}
    one, many = thing(comparison, behaviour)
    name = "95% interval "  # said once
    parts = []
    for s, ratio in known.items():
        parts.append(f"{money(ratio.value)} {_under(s)} ({name}{money(ratio.lower)} to {money(ratio.upper)})")
        name = ""
    unknown = [s for s in ratios if s not in known]
    texts = [f"each additional {one}, beyond those with no campaign, costs {joined(parts)}"] if parts else []
    if unknown:
        texts.append(f"no additional {many} that could be told from chance under {joined(unknown, 'or')}")
    return f"{behaviour}: {'; '.join(texts)}."


def turned_away(comparison: Comparison, behaviour: str) -> str:
    """Who sought the service and was turned away; nothing where hardly anybody was."""
    shares = {s: comparison.mean(s, "unmet_demand", behaviour) for s in comparison.strategies}
    if not max((x for x in shares.values() if math.isfinite(x)), default=0) >= WORTH_A_WORD:
        return ""
    parts = [f"{percent(x)} {_under(s)}" for s, x in shares.items() if math.isfinite(x)]
    return f"{behaviour}: of those who sought the service during the campaign, {joined(parts)} were turned away."


def fit(comparison: Comparison, behaviour: str) -> str:
    """How many of the behaviour's targets are met."""
    checks = [c for c in targets_of(comparison) if c.behaviour == behaviour and c.verdict != "not compared"]
    if not checks:
        return ""
    met = sum(c.verdict == "met" for c in checks)
    each = [f"{percent(c.target)} {_moment(c)} (simulated {percent(c.median)})" for c in checks]
    return f"{behaviour}: {met} of {len(checks)} targets met: {joined(each)}."


def _moment(check: TargetCheck) -> str:
    if check.when == "baseline":  # strategies do not differ yet
        return "before the campaign"
    counted = ", as the programme counts it," if check.measure == "administrative" else ""
    above = f" above {check.against}" if check.against else ""
    return f"{'at the end' if check.when == 'end' else 'after the follow-up'}{counted} {_under(check.strategy)}{above}"


def spending(comparison: Comparison) -> str:
    """Whether the budget was spent, and what is left of it."""
    budget = comparison.mean(comparison.campaigns[0], "budget")
    per_household = float(comparison.scenario.campaign["budget_per_household"])
    same = f"Every strategy has the same budget, {money(budget)} ({money(per_household)} per treated household)"
    unspent = {s: comparison.mean(s, "unspent") for s in comparison.campaigns}
    left = [f"{money(x)} under {s}" for s, x in unspent.items() if x > CENT]
    if not left:
        return f"{same}, and spent all of it."
    return f"{same}. Money for visits that the mobilizers could not make is left unspent: {joined(left)}."


def _more(needed: float, several: bool = False) -> str:
    if math.isfinite(needed) and needed <= MANY_WORLDS:
        return f"about {count(needed)} would be needed"
    return "the closest of them hardly differ" if several else "they hardly differ"


def _under(strategy: str) -> str:
    return "with no campaign" if strategy == NONE else f"under {strategy}"


# ---- numbers in sentences


def thing(comparison: Comparison, behaviour: str) -> tuple[str, str]:
    """What is counted as an adopter of a behaviour, in words: one, and many."""
    by_case = comparison.scenario.behaviours[behaviour]["kind"] in COUNTED_BY_CASE
    return ("case served", "cases served") if by_case else ("adopter", "adopters")


def percent(value: float, digits: int = 1) -> str:
    """A share as per cent; a dash if missing."""
    return f"{100 * value:.{digits}f}%" if math.isfinite(value) else "–"


def points(value: float, unit: str = " points") -> str:
    """A difference of shares in percentage points; a dash if missing."""
    # Adding 0 turns a negative zero, which rounding may leave, into 0.
    return f"{round(100 * value, 1) + 0:.1f}{unit}".replace("-", "−") if math.isfinite(value) else "–"


def money(value: float) -> str:
    """Dollars, to the cent below ten; a dash if missing."""
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.2f}" if 0 < abs(value) < 10 else f"{abs(value):,.0f}"
    return f"−US$ {text}" if value < 0 else f"US$ {text}"


def count(value: float) -> str:
    """A whole number of worlds, two digits once it is large."""
    if value >= 1000:
        step = 10 ** (int(math.log10(value)) - 1)
        value = math.ceil(value / step) * step
    return f"{value:,.0f}"


def joined(parts: Iterable[str], word: str = "and") -> str:
    """a, b and c."""
    found = list(parts)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} {word} {found[-1]}" if found else ""
