"""Role cards: six people, each with sliders of its own, and a page that shows these alone."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("panel")

from smsim.app.controls import Controls
from smsim.app.roles import ROLES
from smsim.app.split import TRAINER_ORDER
from smsim.app.state import Visitor, open_scenario
from smsim.i18n import Words

# Panel 1.9 warns of names that Panel 2 will change.
pytestmark = pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning")
VILLAGE = Path(__file__).parents[2] / "scenarios" / "village.yaml"


@pytest.fixture
def visitor() -> Visitor:
    return open_scenario(VILLAGE)


@pytest.mark.parametrize("key", ROLES)
def test_a_role_shows_its_sliders_alone_and_keeps_what_was_moved(visitor: Visitor, key: str) -> None:
    visitor.move("behaviours.handwashing.taboo", 0.5)
    controls, role = Controls(visitor, Words(), lambda: None), ROLES[key]
    controls.play(key)
    shown = {path for path, row in controls.rows.items() if row.visible}
    assert {controls._dials[path].parameter.path for path in shown} == set(role.paths)
    for sliders in controls.parts.values():
        assert {activity for activity, slider in sliders.items() if slider.visible} == set(role.activities)
    assert role.says in controls.card.object
    assert visitor.moved == {"behaviours.handwashing.taboo": 0.5}


def test_everybody_has_every_slider_again(visitor: Visitor) -> None:
    controls = Controls(visitor, Words(), lambda: None)
    controls.play("journalist")
    controls.play("")
    assert all(row.visible for row in controls.rows.values())
    assert [key for key, section in controls.sections.items() if section.visible] == ["A"]
    assert not controls.card.visible


def test_a_role_stays_when_the_page_is_made_anew(visitor: Visitor) -> None:
    Controls(visitor, Words(), lambda: None).play("mother")
    again = Controls(visitor, Words("fr"), lambda: None)
    assert again.roles.value == "mother"
    assert not again.parts["A"]["media"].visible


def test_every_part_of_the_budget_is_somebodys() -> None:
    assert {activity for role in ROLES.values() for activity in role.activities} == set(TRAINER_ORDER)
