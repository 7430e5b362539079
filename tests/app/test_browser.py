"""The workshop in a real browser without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from typer.testing import CliRunner

from smsim.app.compute import Bench
from smsim.app.names import household_name
from smsim.app.state import open_scenario
from smsim.cli import app
from smsim.i18n import Words

ROOT = Path(__file__).parents[2]
VILLAGE = ROOT / "scenarios" / "village.yaml"
# What has the focus, through every shadow: the role, or the kind of element.
FOCUS = """() => { let at = document.activeElement;
  while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  return at.getAttribute('role') || at.localName }"""
# Of each slider, across the page: the middle of its handle, and the end of its bar.
PLACES = """all => all.map(one => {
  const at = one.querySelector('.noUi-handle').getBoundingClientRect();
  return [(at.left + at.right) / 2, one.querySelector('.noUi-connect').getBoundingClientRect().right] })"""
Address = str
Visits = Any


@pytest.fixture(scope="module")
def opened(workshop: Address, browser: Any) -> Any:
    """A visit that several tests look at and none changes."""
    from tests.app.conftest import Visit

    one = Visit(browser, workshop)
    one.answered()
    yield one
    one.context.close()


def test_the_answer_shown_is_the_one_that_the_same_worlds_give(opened: Any) -> None:
    scenario, names = open_scenario(VILLAGE).question()
    bench = Bench(1)
    answer = bench.answer(scenario, list(names.values()))
    bench.close()
    words = Words("en")
    for name in names.values():
        assert words.percent(answer.group(name)[0], 1) in opened.headline


def test_nothing_is_asked_of_any_other_computer(opened: Any) -> None:
    places = {urlparse(url).hostname for url in opened.requests if not url.startswith(("data:", "blob:"))}
    assert places == {"127.0.0.1"}
    assert not [url for url in opened.requests if "mathjax" in url.lower()]
    assert opened.errors == []


def test_the_pictures_hold_the_answer_when_the_sentence_does(opened: Any) -> None:
    for side in ("A", "B", "none"):
        assert opened.model(f"curve-{side}", "m.data.week.length") == 156


def test_pictures_have_texts_for_those_who_do_not_see_them(opened: Any) -> None:
    labels = opened.page.locator("[role=img]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(labels) >= 3
    assert all(len(label) > 20 for label in labels)


def test_a_slider_moved_by_keyboard_changes_the_answer_and_the_split_stays_whole(
    workshop: Address, visit: Visits
) -> None:
    one = visit(workshop)
    one.answered(1)
    before = one.headline
    handle = one.slider("Group dialogues").first
    handle.focus()
    handle.press("PageUp")
    one.answered(2)
    assert one.headline != before
    values = [int(float(v)) for v in one.page.locator(".noUi-handle").evaluate_all(
        "all => all.slice(0, 8).map(one => one.getAttribute('aria-valuenow'))")]  # fmt: skip
    assert sum(values) == 1000


def test_two_visitors_do_not_see_each_others_choices(workshop: Address, visit: Visits) -> None:
    one, other = visit(workshop), visit(workshop)
    one.answered(1)
    other.answered(1)
    before = other.headline
    handle = one.slider("Home visits").first
    handle.focus()
    handle.press("Home")
    one.answered(2)
    assert one.headline != before
    assert other.headline == before
    other.page.reload()
    other.answered(1)
    assert other.headline == before


def test_the_village_plays_pauses_steps_and_lights_its_ties(workshop: Address, visit: Visits) -> None:
    one = visit(workshop)
    one.answered(1)
    one.tab("Village")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('homes-A').data.x.length > 0")
    before = one.model("homes-B", "m.data.stage.slice()")
    one.page.locator("button:visible", has_text="Play").click()
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('lit-B').data.x0.length > 0")
    one.page.locator("button:visible", has_text="Pause").click()
    week = one.page.locator("[aria-valuenow]:visible").last.get_attribute("aria-valuenow")
    one.page.locator("button:visible", has_text="1 ▶").click()
    after = one.page.locator("[aria-valuenow]:visible").last.get_attribute("aria-valuenow")
    assert float(after) == float(week) + 1
    assert one.model("homes-B", "m.data.stage.slice()") != before


def test_the_space_bar_plays_and_pauses_and_tab_reaches_the_sliders(workshop: Address, visit: Visits) -> None:
    one = visit(workshop)
    one.answered(1)
    keys = one.page.keyboard
    reached = []
    for _ in range(16):
        keys.press("Tab")
        reached.append(one.page.evaluate(FOCUS))
    assert reached[:3] == ["button", "select", "select"]  # hide the sliders, choose, language
    assert "slider" in reached
    slider = one.slider("Home visits").first
    slider.focus()
    keys.press("ArrowRight")
    said = one.page.locator(".bk-slider-title:visible", has_text="Home visits").inner_text()
    assert said == f"{slider.get_attribute('aria-label')}: {slider.get_attribute('aria-valuetext')}"
    one.tab("Map")
    keys.press(" ")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('map-week').value > 2")
    keys.press(" ")
    assert one.model("village-week", "m.value") == 1
    one.tab("Village")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('homes-A').data.x.length > 0")
    keys.press(" ")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('village-week').value > 3")
    keys.press(" ")
    one.page.locator("button:visible", has_text="Play").wait_for()
    week = one.model("village-week", "m.value")
    one.page.locator("[aria-valuenow]:visible").last.focus()
    keys.press("ArrowRight")
    one.page.wait_for_function(f"() => Bokeh.documents[0].get_model_by_name('village-week').value === {week + 1}")


def test_a_click_on_a_household_says_why_and_what_if(workshop: Address, visit: Visits) -> None:
    one = visit(workshop)
    one.answered(1)
    one.tab("Village")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('homes-A').data.x.length > 0")
    # Where household 8 is drawn, in pixels of the window.
    x, y = one.page.evaluate("""() => {
        const doc = Bokeh.documents[0], homes = doc.get_model_by_name('homes-A');
        const view = Bokeh.index.get_one(doc.get_model_by_name('village-A'));
        const box = view.el.getBoundingClientRect();
        const {x_scale, y_scale} = view.frame;
        return [box.x + x_scale.compute(homes.data.x[7]), box.y + y_scale.compute(homes.data.y[7])]
    }""")
    one.page.mouse.click(x, y)
    one.page.locator(".why h3", has_text="Household").first.wait_for()
    title = one.page.locator(".why h3").first.inner_text()
    assert title.startswith("Household 8")
    assert "In week 1" in one.page.locator(".why").first.inner_text()
    one.page.locator("button:visible", has_text="1 ▶").click()
    one.page.locator(".why h4", has_text="In week 2").first.wait_for()
    one.page.locator("button:visible", has_text="Show").first.click()
    one.page.locator(".why strong", has_text="Without household").first.wait_for()
    one.page.locator("button:visible", has_text="Show").last.click()
    one.page.locator(".why strong", has_text="Without mobilizer 1").first.wait_for()


def test_the_language_changes_at_once_keeps_what_was_moved_and_survives_a_reload(
    workshop: Address, visit: Visits
) -> None:
    one = visit(workshop)
    one.answered(1)
    handle = one.slider("Home visits").first
    handle.focus()
    handle.press("Home")
    one.answered(2)
    one.tab("Village")
    one.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('homes-A').data.x.length > 0")
    one.page.get_by_placeholder("click one, or type").fill("8")
    one.page.keyboard.press("Enter")
    one.page.locator(".why h3", has_text="Household 8").first.wait_for()
    one.page.locator("button:visible", has_text="1 ▶").click()
    one.page.locator(".why h4", has_text="In week 2").first.wait_for()
    one.page.locator("select", has_text="العربية").select_option(label="العربية")
    one.page.wait_for_function("() => document.body.dir === 'rtl'")
    # The same tab, household and week, in the other language.
    one.page.locator(".why h3", has_text=household_name(Words("ar"), 7)).first.wait_for()
    week = one.page.locator("[aria-valuenow]:visible").last
    assert week.get_attribute("aria-valuenow") in ("2", "2.0")
    one.page.locator("h1").click()
    one.page.keyboard.press(" ")
    one.page.wait_for_function(
        "() => Bokeh.index.query_one(view => view.model.name === 'village-week').model.value > 3"
    )
    assert one.errors == []
    one.page.locator("button:visible", has_text=Words("ar")("Back to the sliders")).click()
    one.page.locator(".controls .noUi-handle:visible").first.wait_for()
    assert one.page.locator(".controls .noUi-handle").first.get_attribute("aria-valuenow") in ("0", "0.0")
    one.page.reload()
    one.page.wait_for_function("() => document.documentElement.lang === 'ar'")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_handle_stands_where_its_bar_ends_whatever_the_direction_of_the_text(
    workshop: Address, visit: Visits, language: str
) -> None:
    one = visit(f"{workshop}/?lang={language}")
    one.answered()
    one.page.locator(".controls .bk-btn-group button").nth(3).click()  # sliders that are made when the page stands
    bars = one.page.locator(".controls .noUi-base:visible")
    bars.nth(20).wait_for()
    places = bars.evaluate_all(PLACES)
    assert all(abs(handle - bar) <= 2 for handle, bar in places)


def test_a_scenario_that_cannot_be_used_is_a_sentence_and_what_was_there_stays(crowded: Address, visit: Visits) -> None:
    one = visit(crowded)
    one.page.locator(".start a", has_text="Why peers matter").wait_for()
    one.page.locator(".start a", has_text="Mine").click()
    one.answered(1)
    chooser = one.page.locator("select").first
    chooser.select_option(label="broken.yaml")
    one.page.locator("[role=alert]", has_text="world.households must be in").wait_for()
    assert chooser.evaluate("one => one.selectedOptions[0].label") == "Mine"
    assert "At the end of the campaign" in one.headline
    one.page.reload()  # the address names the scenario
    one.answered(1)
    one.page.goto(f"{crowded}/?scenario=broken.yaml")
    one.page.locator("[role=alert]", has_text="world.households must be in").wait_for()
    assert one.page.locator(".start a", has_text="Mine").count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("world: {households: -3}\n", "world.households must be in"), (": not yaml [", "line 1"), (None, "no")],
)
def test_a_wrong_file_is_a_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    pytest.importorskip("panel")
    file = tmp_path / "mine.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = CliRunner().invoke(app, ["app", str(file), "--no-browser"])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.output


def test_a_lesson_asks_first_and_sets_the_tables_guesses_against_what_then_happens(
    workshop: Address, visit: Visits
) -> None:
    one = visit(workshop)
    one.answered(1)
    one.page.locator("select").first.select_option(label="The silent majority")
    one.page.get_by_text("How many of a hundred will do it at the end under each plan?").wait_for()
    one.answered(2)
    fields = one.page.locator("input[type=text].bk-input:visible")
    for n, text in enumerate(("<b>Baobab", "90", "33", "2", "20")):
        fields.nth(n).fill(text)
        fields.nth(n).press("Tab")
    assert one.page.locator(".strip").count() == 0
    one.page.get_by_role("button", name="Reveal").click()
    one.page.get_by_text("Nearest: table <b>Baobab.").wait_for()
    one.page.get_by_text("Nearest: table 2.").wait_for()
    one.page.reload()  # a lid that was closed over lunch
    one.answered(1)
    one.page.get_by_text("Nearest: table <b>Baobab.").wait_for()
    one.page.get_by_role("button", name="Move it, and guess again").click()
    one.answered(2)
    assert one.page.locator(".strip").count() == 0
    one.page.get_by_role("button", name="Reveal").click()
    one.page.get_by_text("the lead of the dialogues is gone").wait_for()
    assert one.errors == []
