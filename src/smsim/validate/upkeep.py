"""What comes and goes by itself: lapse and return, turnover of caregivers, rumours."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq

from smsim.engine.arrays import UNAWARE
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, study
from smsim.validate.lab import (
    Z,
    adopters,
    all_on,
    binomial_margin,
    complete,
    first_adopters,
    quiet,
    settle,
    shares,
    unconnected,
)

TWO_STATES = "two-state Markov chain"


@study(quick=True)
def lapse_and_return() -> Iterator[Finding]:
    """Adoption by chance r and lapse by chance l a week settle at r / (r + l), and approach it as (1 - r - l)^t."""
    n, first = 20_000, 4000
    for back, lapse in ((0.02, 0.005), (0.1, 0.05)):
        scenario = quiet(400, {"kind": "repeated", "decision_rate": back, "threshold_mean": -10.0, "lapse_rate": lapse})
        world = settle(scenario, unconnected(n), 1, stage=first_adopters(n, np.arange(first)))
        got = adopters(simulate(scenario, "none", 1, world)) / n
        rest = back / (back + lapse)
        for week in (26, 104, 400):
            want = rest + (first / n - rest) * (1 - back - lapse) ** week
            yield close(
                f"adoption {back} and lapse {lapse} a week, 20% first: share after {week} weeks",
                TWO_STATES,
                want,
                float(got[week - 1]),
                binomial_margin(want, n),
                f"binomial over {n} households",
            )
        time = np.arange(1, 401)
        if back == 0.02:
            yield Picture(
                "validation-lapse",
                "Adoption 0.02 and lapse 0.005 a week",
                "week",
                "share of adopters",
                (
                    Line("two-state chain", time, rest + (first / n - rest) * (1 - back - lapse) ** time),
                    Line("smsim", time[::20], got[::20], True, Z * np.sqrt(got[::20] * (1 - got[::20]) / n)),
                ),
            )


@study(quick=True)
def no_lapse_is_permanence() -> Iterator[Finding]:
    """Adopters stay when nobody lapses, and half of them are left after ln 2 / -ln(1 - l) weeks when some do."""
    n = 20_000
    for lapse, weeks in ((0.0, 200), (0.01, 69)):
        # Nothing moves who has lapsed to come back.
        scenario = quiet(weeks, {"kind": "repeated", "lapse_rate": lapse})
        world = settle(scenario, unconnected(n), 1, stage=first_adopters(n, np.arange(n)))
        got = adopters(simulate(scenario, "none", 1, world))[-1] / n
        if lapse:
            want = (1 - lapse) ** weeks
            yield close(
                f"lapse {lapse} a week, no way back: share left after {weeks} weeks",
                "geometric survival",
                want,
                float(got),
                binomial_margin(want, n),
                f"binomial over {n} households",
            )
        else:
            yield exactly(f"no lapse: share left after {weeks} weeks", "definition", 1.0, float(got))


@study(quick=True)
def turnover_and_exposure() -> Iterator[Finding]:
    """Exposure m and turnover v keep a share m(1 - v) / (1 - (1 - m)(1 - v)) of households informed."""
    n, m, v, weeks = 20_000, 0.05, 0.004, 200
    hazard = -math.log(1 - m)
    scenario = quiet(
        weeks,
        {"aware_share": 0.0},
        world={"turnover": v},
        activities={"media_cost": 1.0},
        campaign={"budget_per_household": hazard * weeks},
        strategies=all_on("media"),
    )
    world = settle(scenario, unconnected(n), 1, stage=UNAWARE)
    got = 1 - shares(simulate(scenario, "it", 1, world))["unaware"]
    rest = m * (1 - v) / (1 - (1 - m) * (1 - v))
    for week in (5, 20, weeks):
        want = rest * (1 - ((1 - m) * (1 - v)) ** week)
        yield close(
            f"exposure {m} and turnover {v} a week: share informed after {week} weeks",
            TWO_STATES,
            want,
            float(got[week - 1]),
            binomial_margin(want, n),
            f"binomial over {n} households",
        )


@study(quick=True)
def endemic_rumour() -> Iterator[Finding]:
    """A rumour that is passed on and forgotten stays with the share b at which both balance."""
    n, forget, weeks, used = 1000, 0.03, 1500, 1000
    passing = 0.06 / (n - 1)

    def news(b: float) -> float:
        return 1 - math.exp(-passing * n * b)

    scenario = quiet(weeks, {"rumour_passing": passing, "rumour_forgetting": forget, "rumour_initial": 0.3})
    world = settle(scenario, complete(n), 1)
    got = float(simulate(scenario, "none", 1, world).record.believing[-used:, 0].mean() / n)
    want = float(brentq(lambda b: (1 - b) * news(b) - forget * b, 0.01, 0.99))
    # Around it a chain of slope s and noise v: the mean of T weeks varies by v / ((1 - s)^2 T).
    slope = 1 - forget - news(want) + (1 - want) * passing * n * (1 - news(want))
    noise = ((1 - want) * news(want) * (1 - news(want)) + want * forget * (1 - forget)) / n
    bend = passing * n * (1 - news(want)) * (2 + (1 - want) * passing * n)
    shift = bend / 2 * noise / (1 - slope**2) / (1 - slope)
    yield close(
        "rumour passed at 0.06 and forgotten at 0.03 a week, complete graph: mean share that believes",
        "SIS, Kermack & McKendrick 1932, doi:10.1098/rspa.1932.0171, with weekly steps",
        want,
        got,
        Z * math.sqrt(noise / used) / (1 - slope) + shift,
        f"linear noise over {used} weeks, and the shift of order 1/N",
    )
    scenario = quiet(
        1000, {"rumour_passing": 0.5 * forget / (n - 1), "rumour_forgetting": forget, "rumour_initial": 0.3}
    )
    got_last = int(simulate(scenario, "none", 1, settle(scenario, complete(n), 1)).record.believing[-1, 0])
    # Below the threshold fewer than (1 - (1 - R) gamma)^t of them are left.
    bound = 0.3 * n * (1 - 0.5 * forget) ** 1000
    yield exactly(
        f"rumour with half the passing that would keep it: believers after 1000 weeks (expected {bound:.2g} at most)",
        "SIS below its threshold",
        0,
        got_last,
    )
