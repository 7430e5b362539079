"""A visitor's choices, and the scenario they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsim.app.dials import dials
from smsim.app.state import Visitor, open_scenario, scenario_files
from smsim.errors import ScenarioError
from smsim.i18n import Words
from smsim.parameters import PARAMETERS
from smsim.scenario import Scenario, load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(SCENARIOS.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_slider_can_stand_at_the_files_value_and_at_both_its_ends(file: Path) -> None:
    visitor = open_scenario(file)
    for path, dial in visitor.dials().items():
        assert list(dial.values) == sorted(set(dial.values))
        assert dial.value in dial.values
        for value in (dial.values[0], dial.values[-1]):
            low, high = PARAMETERS[dial.parameter.path].low, PARAMETERS[dial.parameter.path].high
            assert low <= value <= high, path


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_parameter_with_a_plausible_range_has_a_slider_with_words_unit_and_source(file: Path) -> None:
    scenario = load_scenario(file)
    behaviour = next(iter(scenario.behaviours))
    found = dials(scenario, behaviour)
    shown = {dial.parameter.path for dial in found.values()}
    assert {name for name, p in PARAMETERS.items() if p.sweep is not None and not p.choices} <= shown
    for dial in found.values():
        assert dial.label(Words("en")).lower().startswith(dial.parameter.doc[:10].lower())
        assert dial.source


def test_nothing_moved_is_the_file_itself() -> None:
    visitor = open_scenario(SCENARIOS / "village.yaml")
    scenario, names = visitor.question()
    assert scenario is visitor.scenario
    assert names == {"A": "our-plan", "B": "pragmatic"}


@pytest.mark.parametrize("stem", ["village", "s2-silenced-majority", "ethiopia-smdc"])
def test_a_moved_slider_is_that_value_in_the_scenario(stem: str) -> None:
    visitor = open_scenario(SCENARIOS / f"{stem}.yaml")
    for path in (f"behaviours.{visitor.behaviour}.taboo", "campaign.budget_per_household", "world.mean_ties"):
        dial = visitor.dials()[path]
        visitor.move(path, dial.values[-1])
    scenario, _ = visitor.question()
    assert scenario.behaviours[visitor.behaviour]["taboo"] == 1
    assert scenario.campaign["budget_per_household"] == visitor.dials()["campaign.budget_per_household"].values[-1]
    assert scenario.world["mean_ties"] == 20
    assert list(scenario.behaviours) == list(visitor.scenario.behaviours)


def test_a_changed_plan_is_a_strategy_of_its_own_and_the_other_stays() -> None:
    visitor = open_scenario(SCENARIOS / "village.yaml")
    visitor.split("A", "visit", 800)
    scenario, names = visitor.question()
    assert names == {"A": "plan-A", "B": "pragmatic"}
    assert scenario.strategies["plan-A"].shares()["visit"] == pytest.approx(0.8, abs=1e-12)
    assert scenario.strategies["our-plan"] == visitor.scenario.strategies["our-plan"]
    visitor.choose("A", "pragmatic")
    assert visitor.question()[1]["A"] == "pragmatic"


def test_a_files_own_plan_is_compared_first() -> None:
    own = Visitor(Scenario.from_mapping({"strategies": {"radio": {"shares": {"media": 1}}}}))
    assert {side: one.base for side, one in own.sides.items()} == {"A": "radio", "B": "pragmatic"}


def test_two_visitors_share_nothing() -> None:
    one, other = (open_scenario(SCENARIOS / "village.yaml") for _ in range(2))
    one.split("A", "visit", 0)
    one.move("campaign.budget_per_household", 1.0)
    assert other.question()[0] is other.scenario
    assert other.sides["A"].parts["visit"] == 300


def test_too_large_a_scenario_is_refused_in_a_sentence() -> None:
    large = load_scenario(SCENARIOS / "village.yaml").replace(world={"households": 200_000})
    with pytest.raises(ScenarioError, match=r"up to 100,000 households; village has 200,000"):
        Visitor(large)


def test_the_file_asked_for_is_the_first_to_choose_and_an_unusable_one_goes_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("about: {title: Mine}\nillustrative: a test\n", encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("world: {households: -1}\n", encoding="utf-8")
    files = scenario_files(tmp_path / "mine.yaml", SCENARIOS)
    assert next(iter(files)) == "Mine"
    assert files["broken.yaml"] == tmp_path / "broken.yaml"
    assert len(files) == 2 + len(FILES)
    with pytest.raises(ScenarioError, match=r"world\.households"):
        scenario_files(tmp_path / "broken.yaml", SCENARIOS)


def test_without_a_file_and_a_folder_there_is_nothing_to_choose_but_lessons(tmp_path: Path) -> None:
    assert scenario_files(None, tmp_path / "none") == {}


def test_a_copy_is_moved_apart_from_its_original() -> None:
    one = open_scenario(SCENARIOS / "village.yaml")
    one.move("world.availability", one.dials()["world.availability"].values[0])
    other = one.copy()
    assert other.question()[0].digest == one.question()[0].digest
    other.split("A", "visit", 0)
    other.move("world.availability", one.dials()["world.availability"].values[-1])
    assert one.sides["A"].parts["visit"] > 0
    assert one.moved["world.availability"] == one.dials()["world.availability"].values[0]
