"""The Mesa face: the same run to the bit, agents that can intervene, and Mesa's own tools around it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from smsim.engine.arrays import STAGES, Record, State
from smsim.errors import RunError, ScenarioError
from smsim.model import CampaignModel, Community, bound, page
from smsim.scenario import Scenario
from smsim.simulate import simulate

MESA = tuple(int(x) for x in importlib.metadata.version("mesa").split(".")[:2])

SMALL: dict[str, Any] = {
    "illustrative": "a small world for tests",
    "world": {"households": 600, "households_per_community": 60, "communities_per_district": 5},
    "campaign": {
        "weeks": 20,
        "treated_share": 0.8,
        "households_per_mobilizer": 75,
        "mobilizer_attrition": 0.03,
        "pretest_cost": 200,
        "documentation_cost": 5,
    },
    "run": {"burn_in_weeks": 8, "follow_up_weeks": 8},
    "behaviours": {
        "latrine": {"kind": "permanent", "taboo": 0.3},
        "handwashing": {"kind": "repeated", "link": "latrine", "link_weight": 0.1},
        "delivery": {"kind": "event", "event_rate": 0.02, "service_capacity": 0.005},
        "polio": {"kind": "round", "round_interval_weeks": 4},
    },
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.from_mapping(SMALL, "small")


def assert_same(one: Any, two: Any) -> None:
    for parts in ("state", "record"):
        a, b = getattr(one, parts), getattr(two, parts)
        for field in (State if parts == "state" else Record)._fields:
            assert getattr(a, field).tobytes() == getattr(b, field).tobytes(), f"{parts}.{field}"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("strategy", ["pragmatic", "activist", "hybrid", "none"])
def test_the_model_is_the_run_that_simulate_gives_to_the_bit(scenario: Scenario, strategy: str, seed: int) -> None:
    model = CampaignModel(scenario, strategy, seed)
    model.run_model()
    run = simulate(scenario, strategy, seed)
    assert_same(model.run, run)
    assert model.run.ledger == run.ledger
    assert (model.run.scenario, model.run.strategy, model.run.seed) == (scenario, strategy, seed)


def test_a_world_made_before_may_be_used_again(scenario: Scenario) -> None:
    run = simulate(scenario, "hybrid", 3)
    model = CampaignModel(scenario, "hybrid", 3, run.world)
    model.run_model()
    assert model.run.world is run.world
    assert_same(model.run, run)


def test_without_a_seed_the_model_takes_the_scenarios_own(scenario: Scenario) -> None:
    assert CampaignModel(scenario).prepared.seed == scenario.run["seed"]


def test_an_unknown_strategy_is_refused(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match="no strategy 'hybird'"):
        CampaignModel(scenario, "hybird")


def test_a_run_can_be_read_only_when_it_is_over(scenario: Scenario) -> None:
    model = CampaignModel(scenario)
    model.step()
    with pytest.raises(RunError, match=r"week 1 of 36; finish it with run_model\(\)"):
        _ = model.run
    model.run_model()
    assert not model.running
    before = model.state.stage.copy()
    model.step()  # after the end: nothing
    assert model.week == 36
    np.testing.assert_array_equal(model.state.stage, before)


def test_every_place_and_post_has_its_agent(scenario: Scenario) -> None:
    model = CampaignModel(scenario)
    counts = {kind.__name__: len(agents) for kind, agents in model.agents_by_type.items()}
    assert model.staff is not None
    posts = model.staff.posts
    assert counts == {"Community": 10, "Leader": 40, "Mobilizer": posts, "Partner": 2, "Authority": 2}
    assert sum(m.caseload for m in model.mobilizers) == sum(len(c.households) for c in model.communities if c.treated)
    for mobilizer in model.mobilizers:
        assert all(mobilizer in community.mobilizers for community in mobilizer.communities)
    assert "Mobilizer" not in {k.__name__ for k in CampaignModel(scenario, "none").agents_by_type}


def test_a_mobilizer_who_leaves_makes_no_visits_and_changes_nothing_before(scenario: Scenario) -> None:
    left, stayed = CampaignModel(scenario, "pragmatic", 5), CampaignModel(scenario, "pragmatic", 5)
    for model in (left, stayed):
        while model.week < 8 + 4:
            model.step()
    at = left.week
    assert {mobilizer.leave() for mobilizer in left.mobilizers} >= {True}
    assert not any(mobilizer.active for mobilizer in left.mobilizers)
    assert not any(mobilizer.leave() for mobilizer in left.mobilizers)
    for model in (left, stayed):
        model.run_model()
    visits_left, visits_stayed = left.record.contacts[:, 1], stayed.record.contacts[:, 1]
    np.testing.assert_array_equal(visits_left[:at], visits_stayed[:at])
    assert visits_stayed[at : at + 4].sum() > 0
    assert visits_left[at : at + 4].sum() == 0  # vacant for four weeks
    assert left.record.unspent[at : at + 4].sum() == pytest.approx(left.prepared.plan.spending[4:8, 0].sum())


def test_nobody_leaves_outside_the_campaign(scenario: Scenario) -> None:
    model = CampaignModel(scenario)
    assert model.campaign_week is None
    assert not model.mobilizers[0].active
    assert model.mobilizers[0].person is None
    assert not model.mobilizers[0].leave()


def test_leaders_communities_and_authorities_can_be_changed_by_hand(scenario: Scenario) -> None:
    model = CampaignModel(scenario, "none")
    community = model.communities[3]
    for leader in community.leaders:
        leader.endorsement = 1.0
    community.approved = True
    community.ownership = 0.5
    model.authorities[1].response = 0.25
    assert model.state.endorsement.sum() == 4
    assert (community.approved, community.ownership) == (True, 0.5)
    model.step()
    # nobody sustains it: one week's decay
    decay = 1 - scenario.world["endorsement_decay"]
    assert [leader.endorsement for leader in community.leaders] == pytest.approx([decay] * 4)
    with pytest.raises(RunError, match=r"endorsement must be in \[0, 1\]; got nan"):
        community.leaders[0].endorsement = float("nan")


def test_a_household_is_a_view_of_the_arrays(scenario: Scenario) -> None:
    model = CampaignModel(scenario)
    model.run_model()
    ties = {i: model.household(i).ties for i in range(600)}
    assert all(ties[j][i] == weight for i in ties for j, weight in ties[i].items())
    stages = [model.household(i).stage("handwashing") for i in range(600)]
    assert [stages.count(stage) for stage in STAGES] == model.record.stage[-1, 1].sum(axis=0).tolist()
    view = model.household(599)
    assert view.index in view.community.households
    assert sum(model.household(i).adopted() for i in range(600)) == model.state.adopters[0].sum()
    assert sum(model.household(i).voices() for i in range(600)) == model.record.voiced[-1, 0]
    assert sum(model.household(i).believes_rumour() for i in range(600)) == model.record.believing[-1, 0]
    assert 0 <= view.persuasion() <= 1
    assert sum(sum(model.household(i).contacts.values()) for i in range(600)) == model.record.contacts.sum()
    assert view.about["wealth_rank"] == model.prepared.world.wealth_rank[599]
    assert "599" in repr(view)
    with pytest.raises(IndexError, match=r"\[0, 599\]; got 600"):
        model.household(600)
    with pytest.raises(RunError, match="no behaviour 'latrin'"):
        view.stage("latrin")


def test_mesas_data_collector_has_the_coverage_of_every_week(scenario: Scenario) -> None:
    model = CampaignModel(scenario, "hybrid", 2)
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == [*scenario.behaviours, "US$ spent"]
    assert len(frame) == 37  # the start and 36 weeks
    doing = model.record.stage[:, 1, :, 3:5].sum(axis=(1, 2)) / 600
    np.testing.assert_allclose(frame["handwashing"].to_numpy()[1:], doing, rtol=1e-12)
    served = model.record.served[-26:, 2].sum() / model.record.eligible[-26:, 2].sum()
    assert frame["delivery"].iloc[-1] == pytest.approx(served, rel=1e-12)
    assert frame["US$ spent"].iloc[-1] == pytest.approx(model.record.spent.sum(), rel=1e-12)
    by_community = model.datacollector.get_agenttype_vars_dataframe(Community)
    assert len(by_community) == 37 * 10
    last = by_community["latrine"].to_numpy()[-10:]
    np.testing.assert_allclose(last, model.state.adopters[0] / 60, rtol=1e-12)


def test_a_model_that_does_not_collect_runs_the_same(scenario: Scenario) -> None:
    quiet, loud = CampaignModel(scenario, collect=False), CampaignModel(scenario)
    for model in (quiet, loud):
        model.run_model()
    assert_same(quiet.run, loud.run)
    assert quiet.datacollector.get_model_vars_dataframe().empty


@pytest.mark.filterwarnings("ignore:.*iterations")
def test_mesas_batch_run_replicates_over_seeds(scenario: Scenario) -> None:
    from mesa.batchrunner import batch_run

    parameters: dict[str, Any] = {"scenario": [scenario], "strategy": ["hybrid", "none"]}
    if MESA >= (3, 5):
        rows = batch_run(CampaignModel, parameters, rng=[1, 2], display_progress=False)
    else:
        rows = batch_run(CampaignModel, {**parameters, "seed": [1, 2]}, display_progress=False)
    step = max(row["Step"] for row in rows)
    assert step in (35, 36)  # Mesa 3.3 leaves out the last collection
    found = {(row["strategy"], row["seed"]): row["US$ spent"] for row in rows if row["Step"] == step}
    assert set(found) == {("hybrid", 1), ("hybrid", 2), ("none", 1), ("none", 2)}
    for (strategy, seed), spent in found.items():
        assert spent == pytest.approx(simulate(scenario, strategy, seed).record.spent.sum(), rel=1e-12)


def test_a_bound_model_has_its_scenario_built_in(scenario: Scenario) -> None:
    model = bound(scenario)("pragmatic", 4)
    model.run_model()
    assert_same(model.run, simulate(scenario, "pragmatic", 4))


needs_solara = pytest.mark.skipif(
    importlib.util.find_spec("solara") is None, reason="Mesa's page needs solara (extra mesa-viz)"
)


@needs_solara
@pytest.mark.filterwarnings("ignore")  # solara's and ipywidgets' own
def test_mesas_own_page_renders_steps_and_resets(scenario: Scenario) -> None:
    import solara

    def below(widget: Any) -> Iterator[Any]:
        yield widget
        for child in getattr(widget, "children", ()):
            yield from below(child)

    # AppLayout is what `solara run` puts around a page; without it the controls are not shown.
    layout = solara.AppLayout(children=[page(scenario, "pragmatic", 2)])
    box, shown = solara.render(layout, handle_error=False)
    try:

        def press(label: str) -> None:
            next(w for w in below(box) if getattr(w, "children", None) == [label]).click()

        def week() -> float:
            texts = [text for text in below(box) if isinstance(text, str)]
            return next(float(text.split()[1]) for text in texts if text.startswith(("Step:", "Time:")))

        assert week() == 0
        press("Step")
        press("Step")
        assert week() == 2
        press("Reset")
        assert week() == 0
    finally:
        shown.close()


@pytest.mark.skipif(importlib.util.find_spec("solara") is not None, reason="solara is installed")
def test_without_solara_the_page_says_which_extra_it_needs(scenario: Scenario) -> None:
    with pytest.raises(RunError, match=r"smsim\[mesa-viz\]"):
        page(scenario)
