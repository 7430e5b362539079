"""Mixing without structure: the logistic of contagion, and Bass's model of innovators and imitators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from smsim.engine.arrays import UNAWARE, Array
from smsim.simulate import simulate
from smsim.validate.check import Check, Finding, Line, Picture, close, study
from smsim.validate.lab import Z, adopters, all_on, complete, first_adopters, quiet, settle

SI = "Kermack & McKendrick 1927, doi:10.1098/rspa.1927.0118, without recovery"
BASS = "Bass 1969, doi:10.1287/mnsc.15.5.215"
WEEKLY = "the same with weekly steps"
STEPS = "CLT over the runs (Kurtz) and the shift of order 1/N"

Step = Callable[[float], tuple[float, float, float]]  # share -> chance of adoption, and its first two derivatives


def expected(step: Step, first: float, weeks: int) -> tuple[Array, Array, Array]:
    """Mean share at the end of each week, its variance over runs times N, and the shift of the mean times N.

    x' = x + (1 - x) p(x) is the deterministic limit; the variance follows V' = f'(x)^2 V + (1 - x) p (1 - p), the
    central limit theorem for density-dependent chains (Kurtz 1971, doi:10.2307/3211904), and the mean is shifted by
    f''(x) V / (2 N) a step.
    """
    x, spread, shift = first, 0.0, 0.0
    mean, variance, shifts = np.empty(weeks), np.empty(weeks), np.empty(weeks)
    for week in range(weeks):
        p, dp, ddp = step(x)
        slope = 1 - p + (1 - x) * dp
        bend = -2 * dp + (1 - x) * ddp
        shift = slope * shift + 0.5 * bend * spread
        spread = slope**2 * spread + (1 - x) * p * (1 - p)
        x = x + (1 - x) * p
        mean[week], variance[week], shifts[week] = x, spread, shift
    return mean, variance, shifts


def contagion(p: float, q: float) -> Step:
    """Adoption by a constant hazard p and by q times the share that has adopted."""

    def step(x: float) -> tuple[float, float, float]:
        stay = math.exp(-(p + q * x))
        return 1 - stay, q * stay, -q * q * stay

    return step


def mean_curve(p: float, q: float, initial: int, households: int, weeks: int, replicates: int) -> Array:
    """Mean share of adopters by week on the complete graph, from the simulator."""
    # Whoever hears of it wants it (threshold -10), gets it the same week and shows it.
    scenario = quiet(
        weeks,
        {"peer_information": q / (households - 1), "threshold_mean": -10.0, "aware_share": 0.0},
        activities={"media_cost": 1.0},
        campaign={"budget_per_household": p * weeks},
        strategies=all_on("media"),
    )
    stage = first_adopters(households, np.arange(initial), UNAWARE)
    world = settle(scenario, complete(households), 1, stage=stage)
    strategy = "it" if p else "none"
    curves = [adopters(simulate(scenario, strategy, seed, world)) for seed in range(replicates)]
    return np.asarray(np.mean(curves, axis=0) / households)


def at(
    claim: str, source: str, week: int, got: Array, want: Array, variance: Array, shift: Array, households: int, r: int
) -> Check:
    """The check of one week (counted from 1) of a mean curve over r runs."""
    k = week - 1
    margin = Z * math.sqrt(variance[k] / households / r) + abs(shift[k]) / households
    return close(claim, source, float(want[k]), float(got[k]), margin, STEPS)


@study(quick=True)
def logistic() -> Iterator[Finding]:
    """Contagion among people who mix at random follows x' = x + (1 - x)(1 - e^(-rx)), and for small r the logistic."""
    households, initial, replicates, rate = 1000, 50, 150, 0.2
    first = initial / households
    weeks = 40
    want, variance, shift = expected(contagion(0, rate), first, weeks)
    got = mean_curve(0, rate, initial, households, weeks, replicates)
    for week in (5, 10, 15, 20, 30):
        claim = f"well-mixed contagion at rate {rate} a week, {first:.0%} first: share after {week} weeks"
        yield at(claim, f"{SI}, {WEEKLY}", week, got, want, variance, shift, households, replicates)
    slow, fine = 0.02, 10 * weeks
    curve = mean_curve(0, slow, initial, households, fine, replicates)
    recursion, variance, shift = expected(contagion(0, slow), first, fine)
    time = np.arange(1, fine + 1)
    closed = 1 / (1 + (1 / first - 1) * np.exp(-slow * time))
    for week in (100, 150, 200):
        k = week - 1
        steps = abs(recursion[k] - closed[k])
        margin = Z * math.sqrt(variance[k] / households / replicates) + abs(shift[k]) / households + steps
        yield close(
            f"the same at rate {slow}: share after {week} weeks is the logistic's",
            SI,
            float(closed[k]),
            float(curve[k]),
            float(margin),
            f"{STEPS}, and {steps:.2g} for the weekly steps",
        )
    shown = np.arange(10, fine, 25)
    error = Z * np.sqrt(variance[shown] / households / replicates)
    yield Picture(
        "validation-logistic",
        "Contagion among people who mix at random",
        "weeks",
        "share of adopters",
        (
            Line("logistic", time, closed),
            Line(f"smsim, mean of {replicates} runs", time[shown], curve[shown], True, error),
        ),
    )


@study(quick=True)
def bass() -> Iterator[Finding]:
    """Bass's innovators are reached by media, his imitators hear from those who do it: p = 0.03, q = 0.38 a year."""
    p, q, households, replicates = 0.03, 0.38, 1000, 150
    want, variance, shift = expected(contagion(p, q), 0.0, 20)
    got = mean_curve(p, q, 0, households, 20, replicates)
    for week in (3, 6, 9, 12, 18):
        claim = f"Bass, p = 0.03, q = 0.38 a step, complete graph: F({week})"
        yield at(claim, f"{BASS}, {WEEKLY}", week, got, want, variance, shift, households, replicates)

    fine = 20  # steps to the year, so that the steps do not show
    weeks = 20 * fine
    curve = mean_curve(p / fine, q / fine, 0, households, weeks, replicates)
    recursion, variance, shift = expected(contagion(p / fine, q / fine), 0.0, weeks)
    year = np.arange(1, weeks + 1) / fine
    growth = np.exp(-(p + q) * year)
    closed = (1 - growth) / (1 + q / p * growth)
    for when in (2, 4, 6, 8, 12):
        k = when * fine - 1
        steps = abs(recursion[k] - closed[k])
        margin = Z * math.sqrt(variance[k] / households / replicates) + abs(shift[k]) / households + steps
        yield close(
            f"Bass's closed form, p = 0.03, q = 0.38 a year in {fine} steps: F({when} years)",
            BASS,
            float(closed[k]),
            float(curve[k]),
            float(margin),
            f"{STEPS}, and {steps:.2g} for the steps",
        )
    peak = math.log(q / p) / (p + q)
    # The rate of adoption is q (x + p/q)(1 - x), largest at x = 1/2 - p/2q, whatever the time.
    at_peak = float(np.interp(peak, year, curve))
    k = int(peak * fine)
    steps = abs(recursion[k] - closed[k])
    margin = Z * math.sqrt(variance[k] / households / replicates) + abs(shift[k]) / households + steps
    yield close(
        f"Bass's peak of sales comes after ln(q/p)/(p+q) = {peak:.3f} years, when F = 1/2 - p/2q",
        BASS,
        0.5 - p / (2 * q),
        at_peak,
        float(margin),
        f"{STEPS}, and {steps:.2g} for the steps",
    )
    shown = np.arange(9, weeks, 20)
    error = Z * np.sqrt(variance[shown] / households / replicates)
    yield Picture(
        "validation-bass",
        "Bass: p = 0.03, q = 0.38 a year",
        "years",
        "share of adopters",
        (
            Line("closed form", year, closed),
            Line(f"smsim, mean of {replicates} runs", year[shown], curve[shown], True, error),
        ),
        ((peak, "peak of adoption"),),
    )
