"""Services: slots and queues, stock-outs, distance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, judged, study
from smsim.validate.lab import Z, adopters, binomial_margin, quiet, settle, unconnected
from smsim.world import build_world


@study(quick=True)
def slots() -> Iterator[Finding]:
    """Slots are rationed to the last one: 7.3 a week are 7 or 8, and people adopt as fast as there are slots."""
    n, capacity, weeks = 1000, 7.3, 100
    scenario = quiet(weeks, {"threshold_mean": -10.0, "service_capacity": capacity / n})
    run = simulate(scenario, "none", 1, settle(scenario, unconnected(n), 1))
    total = adopters(run)
    served = np.diff(total, prepend=0)
    yield exactly(
        "1000 want it, 7.3 slots a week: served in a week",
        "definition of rationing",
        "7 or 8",
        " or ".join(str(k) for k in sorted({int(k) for k in served})),
    )
    part = capacity - math.floor(capacity)
    yield close(
        "served a week on average",
        "definition of rationing",
        capacity,
        float(served.mean()),
        Z * math.sqrt(part * (1 - part) / weeks),
        f"binomial over {weeks} weeks",
    )
    sought, away = run.record.sought[:, 0], run.record.turned_away[:, 0]
    yield exactly(
        "seekers = served + turned away, every week", "conservation", sought.tolist(), (served + away).tolist()
    )
    yield exactly(
        "the queue: who is not served seeks it again next week",
        "conservation",
        (n - np.concatenate([[0], total[:-1]])).tolist(),
        sought.tolist(),
    )


@study(quick=True)
def saturated_queue() -> Iterator[Finding]:
    """Events that find too few slots are served in the share capacity / demand; with enough slots, all are."""
    n, rate, weeks = 20_000, 0.01, 150
    loads, got, want = (0.5, 0.8, 1.0, 1.5, 2.0, 4.0), [], []
    for load in loads:
        scenario = quiet(
            weeks, {"kind": "event", "event_rate": rate, "threshold_mean": -10.0, "service_capacity": rate / load}
        )
        run = simulate(scenario, "none", 1, settle(scenario, unconnected(n), 1))
        eligible = run.record.eligible[10:, 0].sum()
        got.append(float(run.record.served[10:, 0].sum() / eligible))
        want.append(min(1.0, 1 / load))
        # Demand is binomial; a week's surplus is lost and its excess turned away: E|demand - capacity| / 2 at load 1.
        demand = n * rate
        spread = math.sqrt(demand * (1 - rate)) / demand
        clipped = spread / math.sqrt(2 * math.pi) * math.exp(-0.5 * ((1 - 1 / load) / spread) ** 2)
        margin = Z * spread / math.sqrt(weeks - 10) + clipped
        yield close(
            f"demand {load:g} times the capacity of a facility: share of births served",
            "served = min(1, capacity / demand)",
            want[-1],
            got[-1],
            margin,
            "binomial demand over the weeks, and its weekly swings where load is near 1",
        )
    x = np.linspace(0.4, 4.2, 100)
    yield Picture(
        "validation-queue",
        "A facility in demand",
        "demand over capacity",
        "share served",
        (
            Line("min(1, capacity / demand)", x, np.minimum(1, 1 / x)),
            Line("smsim", np.array(loads), np.array(got), True),
        ),
    )


@study(quick=True)
def stock_outs() -> Iterator[Finding]:
    """A facility is available a share A of the time, in spells of the stated length without."""
    facilities, each, weeks, available, spell = 1000, 2, 60, 0.85, 4.0
    # An event a week for everybody: a facility that serves is one that is up.
    scenario = quiet(
        weeks,
        {"kind": "event", "event_rate": 1.0, "threshold_mean": -10.0, "place": "facility", "distance_scale_km": 1e9},
        world={
            "households": facilities * each,
            "households_per_community": each,
            "communities_per_facility": 1,
            "communities_per_district": facilities,
            "availability": available,
            "stockout_weeks": spell,
        },
    )
    up = simulate(scenario, "none", 1, build_world(scenario, 1)).record.community[:, 0] > 0  # (T, facilities)
    down, back = (1 / spell) * (1 - available) / available, 1 / spell
    for week in (1, 5, weeks):
        want = available + (1 - available) * (1 - down - back) ** week
        yield close(
            f"availability {available}, all up at first: share of facilities up after {week} weeks",
            "two-state Markov chain",
            want,
            float(up[week - 1].mean()),
            binomial_margin(want, facilities),
            f"binomial over {facilities} facilities",
        )
    out = ~up[:-1]
    yield close(
        "stock-outs of 4 weeks on average: chance that one ends in a week",
        "geometric spells",
        back,
        float(up[1:][out].mean()),
        binomial_margin(back, int(out.sum())),
        f"binomial over {int(out.sum())} weeks of stock-out",
    )


@study(quick=True)
def distance() -> Iterator[Finding]:
    """Who lives d km away comes with chance e^(-d / d0)."""
    n, weeks, scale = 5000, 40, 12.0
    scenario = quiet(
        weeks,
        {"kind": "event", "event_rate": 1.0, "threshold_mean": -10.0, "place": "facility", "distance_scale_km": scale},
    )
    lines = []
    for km in (2.0, 6.0, 12.0, 30.0):
        run = simulate(scenario, "none", 1, settle(scenario, unconnected(n), 1, distance_km=km))
        want, asked = math.exp(-km / scale), n * weeks
        got = float(run.record.sought[:, 0].sum() / asked)
        lines.append((km, got))
        yield close(
            f"d0 = {scale:g} km: share that comes from {km:g} km",
            "e^(-d/d0)",
            want,
            got,
            binomial_margin(want, asked),
            f"binomial over {asked:,} trips not made or made",
        )
    yield judged(
        "nearer is never worse",
        "order",
        "descending",
        ", ".join(f"{y:.3f}" for _, y in lines),
        "order",
        all(a[1] > b[1] for a, b in pairwise(lines)),
    )
