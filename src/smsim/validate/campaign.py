"""The campaign: contacts, leaders, authorities, money, invitations, equity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from smsim.engine.arrays import AWARE
from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.validate.check import Finding, Line, Picture, close, exactly, study
from smsim.validate.lab import Z, all_on, binomial_margin, first_adopters, quiet, random_graph, settle, unconnected

ROUNDING = 1e-12


@study(quick=True)
def contacts_are_poisson() -> Iterator[Finding]:
    """Home visits at h per household and week reach 1 - e^(-h w) of the households in w weeks."""
    n, h, weeks = 20_000, 0.04, 50
    scenario = quiet(
        weeks, activities={"visit_cost": 1.0}, campaign={"budget_per_household": h * weeks}, strategies=all_on("visit")
    )
    run = simulate(scenario, "it", 1, settle(scenario, unconnected(n), 1))
    reached = run.record.reached.sum(axis=1) / n
    for week in (1, 10, 50):
        want = 1 - math.exp(-h * week)
        yield close(
            f"visits at {h} per household and week: share visited after {week} weeks",
            "Poisson contacts",
            want,
            float(reached[week - 1]),
            binomial_margin(want, n),
            f"binomial over {n} households",
        )
    refused = quiet(
        weeks,
        world={"acceptance_unapproved": 0.4},
        activities={"visit_cost": 1.0},
        campaign={"budget_per_household": h * weeks},
        strategies=all_on("visit"),
    )
    run = simulate(refused, "it", 1, settle(refused, unconnected(n), 1))
    want = 1 - (1 - 0.4 * (1 - math.exp(-h))) ** weeks
    yield close(
        "the same where leaders have not approved and 40% of contacts are accepted, after 50 weeks",
        "thinned contacts",
        want,
        float(run.record.reached[-1].sum() / n),
        binomial_margin(want, n),
        f"binomial over {n} households",
    )


@study(quick=True)
def leaders() -> Iterator[Finding]:
    """Endorsement under constant sessions rises to g / (g + d), and fades by d a week without."""
    n, gain, decay, weeks, after = 100, 0.05, 0.02, 60, 40
    scenario = quiet(
        weeks,
        world={"endorsement_gain": -math.log(1 - gain), "endorsement_decay": decay},
        activities={"leader_cost": 1.0},
        campaign={"budget_per_household": weeks / n},
        run={"follow_up_weeks": after},
        strategies=all_on("leader"),
    )
    got = simulate(scenario, "it", 1, settle(scenario, unconnected(n), 1)).record.endorsement
    rest = gain / (gain + decay)
    for week in (10, weeks):
        yield close(
            f"one session a week, worth 0.05, fading 0.02: endorsement after {week} weeks (limit {rest:.7f})",
            "linear recursion",
            rest * (1 - (1 - gain - decay) ** week),
            float(got[week - 1]),
            ROUNDING,
            "rounding",
        )
    yield close(
        f"{after} weeks without sessions leave (1 - 0.02)^{after} of it",
        "linear recursion",
        (1 - decay) ** after,
        float(got[-1] / got[weeks - 1]),
        ROUNDING,
        "rounding",
    )


@study(quick=True)
def authorities() -> Iterator[Finding]:
    """Authorities answer after their delay, to half pressure by half, and build up as 1 - (1 - 1/26)^n."""
    n, weeks, delay, build = 1000, 80, 13, 26
    for ratio, want in ((1.0, 0.5), (2.0, 0.8)):
        pressure = 50 / n
        scenario = quiet(
            weeks,
            {"threshold_mean": 10.0},
            world={
                "responsiveness": 0.8,
                "pressure_half": pressure / ratio,
                "response_delay_weeks": delay,
                "response_weeks": float(build),
            },
            activities={"action_cost": 1.0, "action_participants": 50.0},
            campaign={"budget_per_household": weeks / n},
            strategies=all_on("action"),
        )
        world = settle(scenario, unconnected(n), 1, stage=first_adopters(n, np.arange(100)))
        got = simulate(scenario, "it", 1, world).record.response[:, 0]
        yield exactly(
            f"50 people press every week, {ratio:g} times what brings half: response in the {delay} weeks before "
            "the delay is over",
            "definition",
            0.0,
            float(got[:delay].max()),
        )
        for n_weeks in (13, 26, 52):
            yield close(
                f"response {n_weeks} weeks after the delay, pressure {ratio:g} times H50, as a share of responsiveness",
                "Hill curve; linear recursion",
                want * (1 - (1 - 1 / build) ** n_weeks),
                float(got[delay + n_weeks - 1] / 0.8),
                ROUNDING,
                "rounding",
            )
        if ratio == 1.0:
            week = np.arange(weeks)
            rise = np.where(week < delay, 0, 0.4 * (1 - (1 - 1 / build) ** (week - delay + 1.0)))
            yield Picture(
                "validation-response",
                "Authorities under constant pressure",
                "week of action",
                "response",
                (Line("recursion", week, rise), Line("smsim", week[::4], got[::4], True)),
                ((delay, "delay is over"),),
            )


@study(quick=True)
def money() -> Iterator[Finding]:
    """Budgets are conserved: planned, spent and unspent, whatever the strategy and the feedback."""
    for feedback in (0.0, 1.0):
        worst, both = 0.0, 0.0
        for name in ("pragmatic", "activist", "hybrid"):
            scenario = Scenario.from_mapping(
                {
                    "world": {"households": 2000},
                    "campaign": {"feedback": feedback, "budget_per_household": 8.0},
                    "run": {"burn_in_weeks": 4, "follow_up_weeks": 4},
                }
            )
            run = simulate(scenario, name, 1)
            lines = run.ledger.settle(run.record)
            budget = 8.0 * 2000
            worst = max(worst, abs(run.ledger.total - budget) / budget)
            both = max(both, abs(math.fsum(x.spent + x.unspent for x in lines) - budget) / budget)
        for what, error in (("planned", worst), ("spent and unspent", both)):
            yield close(
                f"three strategies, feedback {feedback:g}: budget less what is {what}, largest share of the budget",
                "conservation",
                0.0,
                error,
                1e-9,
                "rounding",
            )


@study(quick=True)
def friends_have_more_friends() -> Iterator[Finding]:
    """Whom a random person names has <k^2>/<k> ties on average: invitations by nomination and of hubs find them."""
    n, z, weeks, h = 5000, 8.0, 240, 0.005
    rng = np.random.default_rng(4)
    graph = random_graph(n, z, rng)
    degree = graph.degree
    ends = degree[graph.neighbor]
    yield close(
        "a random graph of mean degree 8: mean degree at the end of a tie",
        "Feld 1991, doi:10.1086/229693: z + 1",
        z + 1,
        float(ends.mean()),
        Z * math.sqrt(3 * z / n) + Z * math.sqrt(z / n),
        f"Poisson degrees, N = {n}",
    )
    spread = float(degree.var())
    size_biased = float(degree @ degree / degree.sum())
    for invitation, want in (("random", float(degree.mean())), ("nominated", size_biased), ("hub", size_biased)):
        scenario = quiet(
            weeks,
            activities={"dialogue_cost": 1.0},
            campaign={"budget_per_household": h * weeks, "invitation": invitation},
            strategies=all_on("dialogue"),
        )
        run = simulate(scenario, "it", 1, settle(scenario, graph, 1))
        came = run.state.contacts[2].astype(float)  # media, visits, dialogues
        # Attendance is 1 - e^(-h w), a little less than proportional to the weight; a name has a random neighbour's.
        margin = (
            Z * math.sqrt(spread / came.sum())
            + 2 * h * want
            + (Z * math.sqrt(spread / n) if invitation != "hub" else 0)
        )
        yield close(
            f"invitations {invitation}: mean degree of who comes to dialogues",
            "Feld 1991: <k>, or <k^2>/<k> of the graph",
            want,
            float(came @ degree / came.sum()),
            margin,
            f"{int(came.sum())} attendances of {n} households, and 2h for repeated ones",
        )


@study(quick=True)
def concentration() -> Iterator[Finding]:
    """Where the richest share y adopts and nobody else, the concentration index is 1 - y and Erreygers' 4 y (1 - y)."""
    n = 1000
    for fifths in (1, 2, 4):
        scenario = quiet(2)
        world = settle(scenario, unconnected(n), 1)
        rich = world.wealth_rank > 1 - fifths / 5
        run = simulate(scenario, "none", 1, settle(scenario, unconnected(n), 1, stage=first_adopters(n, rich, AWARE)))
        found = _outcomes(run)
        y = fifths / 5
        yield close(
            f"the richest {y:.0%} adopt: concentration index",
            "Wagstaff 2005, doi:10.1002/hec.953: bound 1 - y",
            1 - y,
            found["concentration_end"],
            ROUNDING,
            "rounding",
        )
        yield close(
            f"the richest {y:.0%} adopt: Erreygers' index",
            "Erreygers 2009, doi:10.1016/j.jhealeco.2008.02.003",
            4 * y * (1 - y),
            found["erreygers_end"],
            ROUNDING,
            "rounding",
        )


def _outcomes(run: Any) -> dict[str, float]:
    frame = run.outcomes()
    whole = frame[frame["group"] == "all"]
    return dict(zip(whole["outcome"], whole["value"], strict=True))
