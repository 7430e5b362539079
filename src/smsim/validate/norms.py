"""Norms: several equilibria and their folds, majorities, committed minorities, and people who keep silent."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from smsim.engine.arrays import AWARE, WILLING, Array
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, study
from smsim.validate.lab import adopters, all_on, complete, first_adopters, quantiles, quiet, settle, shares
from smsim.world import World

MEAN_FIELD = "Granovetter 1978, doi:10.1086/226707; x = F((a x - mu) / sigma) solved numerically"
KURAN = "Kuran 1989, doi:10.1007/BF00116762, as a linear map"
N = 1000
STEPS = "one household, over the distance of the slope from 1"


def equilibria(mean: float, sd: float) -> list[float]:
    """All x in (0, 1) with x = Phi((x - mean) / sd), lowest first."""
    grid = np.linspace(1e-9, 1 - 1e-9, 4001)
    gap = norm.cdf((grid - mean) / sd) - grid
    change = np.flatnonzero(np.sign(gap[:-1]) != np.sign(gap[1:]))
    return [float(brentq(lambda x: norm.cdf((x - mean) / sd) - x, grid[k], grid[k + 1])) for k in change]


def willing(mean: float, sd: float, first: float, weeks: int = 300) -> Array:
    """Share willing by week when a share `first` is so at the start; float64 (weeks,).

    There is no service, so that everybody stays free to change its mind, and all do at once.
    """
    scenario = quiet(weeks, {"norm_weight": 1.0, "service_capacity": 0.0})
    stage = np.where(np.arange(N) < round(first * N), WILLING, AWARE)
    threshold = mean + sd * norm.ppf(np.random.default_rng(1).permutation(quantiles(N))) if sd else mean
    return shares(simulate(scenario, "none", 1, settle(scenario, complete(N), 1, stage=stage, threshold=threshold)))[
        "willing"
    ]


def settles_at(want: float, mean: float, sd: float) -> tuple[float, str]:
    """Margin of an equilibrium among N households, and why: a step of 1/N over 1 - slope."""
    slope = float(norm.pdf((want - mean) / sd) / sd)
    return 3 / N / (1 - slope), f"3/N over 1 less the slope, N = {N}"


@study(quick=True)
def several_equilibria() -> Iterator[Finding]:
    """On the complete graph with normal thresholds, support settles where x = Phi((x - mu)/sigma), low or high."""
    for mean, first in ((0.45, 0.0), (0.45, 1.0), (0.40, 0.0)):
        roots = equilibria(mean, 0.25)
        want = roots[0] if first == 0 else roots[-1]
        margin, why = settles_at(want, mean, 0.25)
        yield close(
            f"normal thresholds, mean {mean:.2f}, s.d. 0.25, everybody {'for it' if first else 'against it'} at first: "
            "share willing in the end",
            MEAN_FIELD,
            want,
            float(willing(mean, 0.25, first)[-1]),
            margin,
            why,
        )
    low, middle, high = equilibria(0.45, 0.25)
    for first, want in ((middle - 0.02, low), (middle + 0.02, high)):
        margin, why = settles_at(want, 0.45, 0.25)
        yield close(
            f"the tipping point {middle:.4f} lies between: from {first:.3f} at first it goes to",
            MEAN_FIELD,
            want,
            float(willing(0.45, 0.25, first)[-1]),
            margin,
            why,
        )
    # The fold: mean at which the low equilibrium vanishes, by tangency Phi' = 1.
    x = 0.25 * float(np.sqrt(2 * np.log(1 / (0.25 * np.sqrt(2 * np.pi)))))
    fold = float(norm.cdf(-x / 0.25)) + x
    yield close("the fold of these equilibria", "MODEL table V9, by tangency", 0.40852, fold, 5e-6, "five decimals")
    for mean in (fold + 0.01, fold - 0.01):
        roots = equilibria(mean, 0.25)
        margin, why = settles_at(roots[0], mean, 0.25)
        yield close(
            f"mean threshold {mean:.4f}, {'above' if mean > fold else 'below'} the fold {fold:.5f}: share willing",
            MEAN_FIELD,
            roots[0],
            float(willing(mean, 0.25, 0.0, 600)[-1]),
            margin,
            why,
        )


@study(quick=True)
def majority() -> Iterator[Finding]:
    """With threshold one half for all, the majority of the start takes everybody."""
    for first, want in ((0.52, 1.0), (0.48, 0.0)):
        yield exactly(
            f"majority rule on the complete graph, {first:.0%} for it at first: share in the end",
            "majority rule; Granovetter 1978 with one threshold",
            want,
            float(willing(0.5, 0.0, first, 20)[-1]),
        )


def tipping_minority(mean: float, sd: float) -> float:
    """Least share of committed people that carries the rest: max over low x of (x - F(x)) / (1 - F(x))."""
    x = np.linspace(0, mean, 200_001)
    F = norm.cdf((x - mean) / sd)
    return float(np.max((x - F) / (1 - F)))


@study(quick=True)
def committed_minority() -> Iterator[Finding]:
    """A committed minority tips the others when it exceeds the share at which the low equilibrium vanishes."""
    for mean, sd in ((0.4, 0.15), (0.3, 0.1)):
        want = tipping_minority(mean, sd)

        def end(committed: int, mean: float = mean, sd: float = sd) -> float:
            scenario = quiet(800, {"norm_weight": 1.0})
            threshold = np.concatenate([np.full(committed, -10.0), mean + sd * norm.ppf(quantiles(N - committed))])
            world = settle(scenario, complete(N), 1, threshold=threshold, stage=first_adopters(N, np.arange(committed)))
            return float(adopters(simulate(scenario, "none", 1, world))[-1] / N)

        low, high = 0, N // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if end(middle) < 0.5 else (low, middle)
        yield close(
            f"committed minority among normal thresholds, mean {mean}, s.d. {sd}: the least share that tips the others",
            "mean field, tangency solved numerically",
            want,
            high / N,
            4 / N,
            f"4/N, N = {N}",
        )


# ---- silence


def endorsement(before: int, during: int, after: int) -> Array:
    """Endorsement by week under ample sessions and a decay of one half: E <- E + (1 - E) [sessions] - E / 2."""
    path, level = [], 0.0
    for week in range(before + during + after):
        level = level + (1 - level) * (before <= week < before + during) - 0.5 * level
        path.append(level)
    return np.array(path)


def world_of_supporters(scenario: Scenario, support: float, others: float) -> World:
    """Everybody tied to everybody; this share is for it, their fear of speaking evenly spread; others need `others`."""
    supporters = np.arange(N) < round(support * N)
    fear = np.full(N, 0.5)
    fear[supporters] = np.random.default_rng(3).permutation(quantiles(int(supporters.sum())))
    return settle(
        scenario,
        complete(N),
        1,
        threshold=np.where(supporters, -10.0, others),
        stage=first_adopters(N, np.flatnonzero(supporters)),
        fear=fear,
        membership=15,
    )


def with_leaders(
    taboo: float, push: float, before: int, during: int, after: int, decay: float, **behaviour: float
) -> Scenario:
    """Leaders speak for it in the middle part of the run; `push` is what their full endorsement is worth."""
    return quiet(
        during,
        {"taboo": taboo, "leader_weight": push, **behaviour},
        world={"endorsement_gain": 10.0, "endorsement_decay": decay},
        activities={"leader_cost": 1.0},
        campaign={"budget_per_household": 100.0 * during / N},
        run={"burn_in_weeks": before, "follow_up_weeks": after},
        strategies=all_on("leader"),
    )


@study(quick=True)
def pluralistic_ignorance() -> Iterator[Finding]:
    """Private majority, silent public; leaders break the silence for good only if support exceeds the taboo."""
    before, during, after, taboo, push = 10, 80, 30, 0.6, 0.075
    scenario = with_leaders(taboo, push, before, during, after, 0.5)
    lines = []
    for support in (0.7, 0.5):
        run = simulate(scenario, "it", 1, world_of_supporters(scenario, support, 10.0))
        said = run.record.voiced[:, 0] / N
        # Who is for it speaks if f + a E >= t v: f' = w min(1, (f + a E) / t), E a half to one while leaders speak.
        want, spoken = [], 0.0
        for level in endorsement(before, during, after):
            spoken = support * min(1.0, (spoken + push * level) / taboo)
            want.append(spoken)
        week = np.arange(len(want))
        lines += [
            Line(f"theory, {support:.0%} are for it", week, np.array(want)),
            Line(f"smsim, {support:.0%} are for it", week[::4], said[::4], True),
        ]
        label = f"{support:.0%} are for it, taboo {taboo}"
        yield exactly(f"{label}: share that speaks before leaders do", KURAN, 0.0, float(said[before - 1]))
        if support > taboo:
            yield exactly(
                f"{label}: leaders speak for it, and all supporters do",
                KURAN,
                support,
                float(said[before + during - 1]),
            )
            yield exactly(f"{label}: they go on when the leaders stop", KURAN, support, float(said[-1]))
        else:
            yield close(
                f"{label}: leaders speak for it; share that does",
                f"{KURAN}: f = w a E / (t - w), E = 2/3",
                support * push * 2 / 3 / (taboo - support),
                float(said[before + during - 1]),
                1 / N / (1 - support / taboo),
                f"a household over 1 - w/t, N = {N}",
            )
            yield close(
                f"{label}: the leaders stop, and silence returns; largest gap to the theory in any week",
                KURAN,
                0.0,
                float(np.abs(said - want).max()),
                1 / N / (1 - support / taboo),
                f"a household over 1 - w/t, N = {N}",
            )
    yield Picture(
        "validation-silence",
        "A silent majority, and leaders who speak from week 10 to 90",
        "week",
        "share that speaks",
        tuple(lines),
        ((before, "leaders speak"), (before + during, "leaders stop")),
    )


@study(quick=True)
def taboo_lifts() -> Iterator[Finding]:
    """Supporters hide behind a taboo; when leaders lift it they speak, and who follows the visible majority follows."""
    lifted, weeks = 20, 20
    # What leaders are worth outweighs every fear; the others need it, and half of their neighbours.
    scenario = with_leaders(0.8, 2.0, lifted, weeks, 0, 0.0, norm_weight=1.0)
    run = simulate(scenario, "it", 1, world_of_supporters(scenario, 0.6, 2.0 + 0.5))
    said, doing = run.record.voiced[:, 0] / N, adopters(run) / N
    yield exactly("60% do it in private under a taboo: share that says so", KURAN, 0.0, float(said[lifted - 1]))
    yield exactly("the others, who follow half of their neighbours, wait", KURAN, 0.6, float(doing[lifted - 1]))
    yield exactly("leaders lift the taboo: share that says so at the end of that week", KURAN, 0.6, float(said[lifted]))
    yield exactly(
        "the week after, all others follow", KURAN, [0.6, 1.0], [float(doing[lifted]), float(doing[lifted + 1])]
    )
    week = np.arange(lifted + weeks)
    yield Picture(
        "validation-taboo",
        "A taboo is lifted in week 20",
        "week",
        "share of households",
        (Line("do it", week, doing), Line("say so", week, said)),
        ((lifted, "taboo lifted"),),
        "what smsim does",
    )
