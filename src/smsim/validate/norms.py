"""Norms: several equilibria and their folds, majorities, committed minorities, and people who keep silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from smsim.engine.arrays import AWARE, WILLING, Array
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, study
from smsim.validate.lab import adopters, change_in, complete, first_adopters, quantiles, quiet, settle, shares

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


def speakers(support: float, taboo: float, push: float, before: int, during: int, after: int) -> Array:
    """Share that says so in public, by week, while leaders speak for it in the middle part; float64 (weeks,).

    push: what leaders' full endorsement is worth; it comes and goes in one week.
    """
    weeks = during
    scenario = quiet(
        weeks,
        {"taboo": taboo, "leader_weight": push, "service_capacity": 0.0},
        world={"endorsement_gain": 10.0, "endorsement_decay": 0.0},
        activities={"leader_cost": 1.0},
        campaign={"budget_per_household": 100.0 * weeks / N},
        run={"burn_in_weeks": before, "follow_up_weeks": after},
        strategies={"it": {"shares": {"leader": 1.0}}},
    )
    # Endorsement fades at once when the sessions end.
    fading = scenario.replace(world={"endorsement_decay": 1.0})
    supporters = np.arange(N) < round(support * N)
    fear = np.empty(N)
    rng = np.random.default_rng(3)
    fear[supporters] = rng.permutation(quantiles(int(supporters.sum())))
    fear[~supporters] = 0.5
    given: dict[str, Any] = {
        "threshold": np.where(supporters, -10.0, 10.0),
        "stage": np.where(supporters, WILLING, AWARE),
        "fear": fear,
        "membership": 15,
    }
    world = settle(scenario, complete(N), 1, **given)
    run = change_in(before + during, scenario, fading, world, strategy="it")
    return np.asarray(run.record.voiced[:, 0] / N)


@study(quick=True)
def pluralistic_ignorance() -> Iterator[Finding]:
    """Private majority, silent public; leaders break the silence for good only if support exceeds the taboo."""
    before, during, after = 10, 80, 30
    push = 0.05
    said = speakers(0.7, 0.6, push, before, during, after)
    yield exactly(
        "70% are for it, taboo 0.6, nobody speaks first: share that ever speaks", KURAN, 0.0, float(said[before - 1])
    )
    yield exactly(
        "leaders speak for it: all supporters speak in the end (0.7 > taboo)",
        KURAN,
        0.7,
        float(said[before + during - 1]),
    )
    yield exactly("and go on when the leaders stop", KURAN, 0.7, float(said[-1]))
    said = speakers(0.5, 0.6, push, before, during, after)
    # solves f = omega (f + push) / tau
    want = 0.5 * push / (0.6 - 0.5)
    yield close(
        "50% are for it, taboo 0.6, leaders worth 0.05: share that speaks",
        f"{KURAN}: f = w (f + a) / t",
        want,
        float(said[before + during - 1]),
        1 / N / (1 - 0.5 / 0.6),
        f"a household over 1 - w/t, N = {N}",
    )
    k = before + during + 1
    ratio = [float(said[k + n] / said[k]) for n in (1, 5)]
    for n, got in zip((1, 5), ratio, strict=True):
        yield close(
            f"the leaders stop: silence returns by w/t a week, after {n} {'weeks' if n > 1 else 'week'} (0.5 < taboo)",
            KURAN,
            (0.5 / 0.6) ** n,
            got,
            (n + 1) / (N * said[k]),
            "a household a week",
        )


@study(quick=True)
def taboo_lifts() -> Iterator[Finding]:
    """Supporters hide behind a taboo; when it lifts they speak, and who follows the visible majority follows."""
    lifted, weeks = 20, 40
    hidden, open_ = (quiet(weeks, {"taboo": taboo, "norm_weight": 1.0}) for taboo in (0.8, 0.0))
    supporters = np.arange(N) < 600
    world = settle(
        hidden,
        complete(N),
        1,
        threshold=np.where(supporters, -10.0, 0.5),
        stage=first_adopters(N, np.flatnonzero(supporters)),
    )
    run = change_in(lifted, hidden, open_, world)
    said, doing = run.record.voiced[:, 0] / N, adopters(run) / N
    yield exactly("60% do it in private under a taboo: share that says so", KURAN, 0.0, float(said[lifted - 1]))
    yield exactly(
        "the others, who follow half of their neighbours, do not follow", KURAN, 0.6, float(doing[lifted - 1])
    )
    yield exactly("the taboo lifts: share that says so at the end of that week", KURAN, 0.6, float(said[lifted]))
    yield exactly("the week after, all others follow", KURAN, 1.0, float(doing[lifted + 1]))
    week = np.arange(weeks)
    yield Picture(
        "validation-taboo",
        "A taboo is lifted in week 20",
        "week",
        "share of households",
        (Line("do it", week, doing), Line("say so", week, said)),
        ((lifted, "taboo lifted"),),
        "what smsim does",
    )
