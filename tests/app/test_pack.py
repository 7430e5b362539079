"""The offline pack: one file that asks nobody for anything, shows what was computed, and says where it interpolates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bokeh")

from typer.testing import CliRunner

import smsim.app.pack as pack_module
from smsim.app.compute import ITEMS, Bench
from smsim.app.pack import MOST_BYTES, texts, write_pack
from smsim.app.roles import ROLES
from smsim.app.sheets import grid, role_star
from smsim.cli import app
from smsim.errors import ScenarioError
from smsim.i18n import LANGUAGES, Words
from smsim.i18n.__main__ import template
from smsim.labels import activity_names
from smsim.scenario import Scenario, load_scenario
from smsim.simulate import prepare

SLIDERS = ("campaign.budget_per_household", "behaviour.taboo")
WORLDS = 3


def small() -> Scenario:
    return Scenario.from_mapping(
        {
            "about": {"title": "Soap & <b>water</b> </script> $$x$$"},
            "world": {"households": 200, "households_per_community": 100},
            "behaviours": {"soap": {"taboo": 0.2}, "birth": {"kind": "event", "event_rate": 0.02}},
            "campaign": {"weeks": 30, "pretest_cost": 0},
            "run": {"burn_in_weeks": 20, "follow_up_weeks": 20},
        },
        "soap",
    )


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pack") / "workshop.html"
    size = write_pack(small(), path, SLIDERS, points=2, worlds=WORLDS, threads=2)
    assert size == path.stat().st_size < MOST_BYTES
    return path


def data_of(path: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(encoding="utf-8"))
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_grid_holds_the_scenarios_own_values_and_the_ends() -> None:
    over = grid(small(), "soap", SLIDERS, points=4)
    for one, values in zip(over.dials, over.values, strict=True):
        assert one.value in values
        assert list(values) == sorted(values)
    assert over.values[1][0] == 0
    assert over.values[1][-1] == 1


def test_what_the_file_shows_at_a_point_is_what_the_same_worlds_give(pack: Path) -> None:
    data, bench = data_of(pack), Bench(1)
    own = [data["grid"][k].index(value) for k, value in enumerate(data["own"])]
    answer = bench.answer(small(), list(small().strategies), WORLDS)
    bench.close()
    kept = data["answers"][0][own[0] * len(data["grid"][1]) + own[1]]
    for name in answer.names:
        assert kept["plans"][name]["groups"][0] == [round(1000 * v) for v in answer.group(name)]
        week = data["weeks"][0].index(30)
        assert kept["plans"][name]["curve"][0][week] == round(1000 * answer.curve(name)[0, 20 + 29])
    found = answer.difference("pragmatic", "activist")
    mean, won, separated = kept["pairs"]["pragmatic|activist|end"]
    assert mean == round(1000 * found.mean, 3)  # a small lead keeps its sign
    assert (won, separated) == (round(1000 * found.a_beats_b), found.separated)


@pytest.mark.parametrize("key", ROLES)
def test_a_roles_sheet_is_a_star_whose_middle_is_the_scenario_itself(pack: Path, key: str) -> None:
    data = data_of(pack)
    sheet = data["roles"][list(ROLES).index(key)]
    middle, *rays = sheet["points"]
    assert [values[place] for values, place in zip(sheet["grid"], middle, strict=True)] == sheet["own"]
    assert all(sum(a != b for a, b in zip(ray, middle, strict=True)) == 1 for ray in rays)
    assert len(rays) == sum(len(values) - 1 for values in sheet["grid"])
    first, second = (values.index(value) for values, value in zip(data["grid"], data["own"], strict=True))
    assert sheet["answers"][0][0] == data["answers"][0][first * len(data["grid"][1]) + second]


def test_what_a_role_asks_for_is_that_part_of_every_plan(pack: Path) -> None:
    sheet = data_of(pack)["roles"][list(ROLES).index("journalist")]
    asked = len(sheet["points"]) - 1  # the last ray: half of the money for radio
    assert sheet["named"]["en"]["values"][-1][-1] == "50%"
    radio = list(sheet["named"]["en"]["items"]).index("radio and other media")
    for name in sheet["plans"]:
        before, after = (sheet["answers"][0][k]["plans"][name]["money"] for k in (0, asked))
        field = sum(before[:8]) + before[-1]  # what was left unspent is field money too
        assert after[radio] == pytest.approx(field / 2, rel=0.02)


def test_lessons_and_roles_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bare.html"
    write_pack(small(), path, SLIDERS[:1], points=2, worlds=2, threads=2, lessons="peers, remains", roles=False)
    data = data_of(path)
    assert [one["named"]["en"]["title"] for one in data["lessons"]] == [
        "Why peers matter",
        "What remains after the campaign",
    ]
    assert data["roles"] == []


def test_the_points_of_a_star_that_cannot_be_paid_are_left_out() -> None:
    for role in ROLES.values():
        over = role_star(small(), "soap", role)
        assert all(one.value in values for one, values in zip(over.dials, over.values, strict=True))


def test_every_language_is_inside(pack: Path) -> None:
    data = data_of(pack)
    assert set(data["words"]) == set(data["named"]) == set(LANGUAGES)
    assert all(len(words) == len(texts()) for words in data["words"].values())


def test_every_text_of_the_file_is_in_the_catalogues() -> None:
    assert set(texts()) <= {message.id for message in template()}


def test_every_text_that_the_script_says_was_found_in_it() -> None:
    script = Path(pack_module.__file__).with_name("pack.js").read_text(encoding="utf-8")
    said = set(re.findall(r'\b_\(\s*"([^"]+)"', script))
    assert len(said) > 20
    assert said <= set(texts())


def test_all_that_money_buys_has_a_plain_name() -> None:
    assert set(activity_names(Words("en"))) == {*ITEMS, "unspent"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--slider", "world.tiez"], "no slider of that name"),
        (["--points", "1"], "at most 4 sliders (--slider) of 2 to 9 values each (--points); got 3 of 1"),
        (["--language", "xx"], "no language 'xx'"),
        (["--lessons", "peers,sillence"], "--lessons sillence: there are peers, silence"),
        (["-o", "no/such/folder/x.html"], "cannot be written"),
        (["-o", "soap.yaml"], "soap.yaml: a pack is a page for a browser; name a file that ends in .html"),
        (["-o", ""], "name a file that ends in .html"),
    ],
)
def test_what_cannot_be_packed_is_a_sentence(options: list[str], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "soap.yaml"
    file.write_text(small().to_yaml(), encoding="utf-8")
    done = CliRunner().invoke(app, ["pack", str(file), "--points", "2", "--worlds", "2", *options])
    assert done.exit_code == 2, done.output
    assert sentence in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("name", ["steps-persuasion", "village"])
def test_the_least_budget_of_a_grid_pays_for_all_that_is_set_up(name: str) -> None:
    scenario = load_scenario(Path(__file__).parents[2] / "scenarios" / f"{name}.yaml")
    values = grid(scenario, next(iter(scenario.behaviours)), ("campaign.budget_per_household",)).values[0]
    least = scenario.replace(campaign={"budget_per_household": values[0]})
    for seed in range(5):
        prepare(least, next(iter(least.strategies)), seed)


def test_a_point_that_cannot_be_paid_is_left_out_and_nothing_else() -> None:
    dear = small().replace(campaign={"training_cost": 400, "budget_per_household": 9})
    values = grid(dear, "soap", SLIDERS, points=4).values
    assert values[0][0] > 1
    assert values[0][-1] == 12
    with pytest.raises(ScenarioError, match="no slider"):
        grid(dear, "soap", ("world.households",))


# ---- in a browser with the network cut off


@pytest.fixture
def opened(pack: Path, browser: Any) -> Any:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.goto(pack.as_uri())
    page.locator("body[data-ready]").wait_for()
    yield page
    assert page.wrong == []
    context.close()


def test_the_file_asks_for_nothing_but_itself_whatever_is_tapped(opened: Any, pack: Path) -> None:
    for tab in ("guess", "who", "village", "about", "result"):
        opened.locator(f"[data-panel={tab}]").tap()
    for code in LANGUAGES:
        opened.locator("#language").select_option(code)
    assert opened.evaluate("() => document.body.dir") == "rtl"
    # What plan a number belongs to must not change with the direction of the text around.
    assert opened.locator("#now b[dir=ltr]").all_inner_texts()[0].startswith("A ")
    assert "smsim" in opened.locator("#made").text_content()
    asked = {url for url in opened.asked if not url.startswith(("data:", "blob:"))}
    assert asked == {pack.as_uri()}
    assert opened.locator("h1").inner_text() == "Soap & <b>water</b> </script> $$x$$"


def test_after_a_change_of_language_the_village_is_drawn_and_said_in_it(opened: Any) -> None:
    opened.locator("[data-panel=village]").tap()
    colours = "() => new Set(Bokeh.documents[0].get_model_by_name('homes-A').data.fill).size"
    before = opened.evaluate(colours)
    for code in ("hi", "fr"):
        opened.locator("#language").select_option(code)
    assert opened.evaluate(colours) == before
    count = opened.evaluate("() => Bokeh.documents[0].get_model_by_name('count-A').text")
    assert "le font" in count
    labels = opened.locator("[role=img]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert all(label.startswith(("Courbes", "Qui", "Où", "Village avec")) for label in labels)


def test_it_says_where_it_interpolates_and_draws_the_straight_line_between(opened: Any, pack: Path) -> None:
    data = data_of(pack)
    assert "Computed: 3 worlds" in opened.locator("#exact").inner_text()
    own, count = data["own"], len(data["grid"][1])
    start = data["grid"][0].index(own[0]) * count
    opened.locator("#slider-1").fill("0.5")
    assert "Interpolated" in opened.locator("#exact").inner_text()
    ends = [data["answers"][0][start + k]["plans"]["pragmatic"]["groups"][0][0] for k in (0, 1)]
    shown = opened.evaluate("() => Bokeh.documents[0].get_model_by_name('groups-A').data.mean[0]")
    assert shown == pytest.approx(sum(ends) / 2000, abs=1e-12)


def test_the_village_plays_and_guesses_are_set_against_the_outcome(opened: Any) -> None:
    opened.locator("[data-panel=village]").tap()
    opened.keyboard.press(" ")
    opened.wait_for_function("() => Number(document.getElementById('scrub').value) >= 3")
    opened.locator("#play").tap()
    opened.locator("#play", has_text="Play").wait_for()
    assert "of 100 do it" in opened.evaluate("() => Bokeh.documents[0].get_model_by_name('count-A').text")
    opened.locator("[data-panel=guess]").tap()
    opened.locator("[data-guess='0-0']").fill("30")
    opened.locator("#reveal").tap()
    assert "Nearest: table 1." in opened.locator("#revealed").inner_text()


def test_a_role_shows_its_card_and_sliders_and_the_other_behaviour_has_an_answer_of_its_own(opened: Any) -> None:
    opened.locator("#role").select_option(label="Journalist")
    assert "I reach thousands at once" in opened.locator("#card").inner_text()
    assert opened.locator("#sliders input").count() == 4
    first = opened.locator(".headline").inner_text()
    opened.locator("#slider-3").fill("2")
    assert opened.locator(".headline").inner_text() != first
    opened.locator("#slider-1").fill("0")
    assert opened.locator("#slider-3").input_value() == "0"
    assert "Computed" in opened.locator("#exact").inner_text()
    opened.locator("#behaviour").select_option(label="birth")
    assert "of those due are served" in opened.locator(".headline").inner_text()
    axis = "() => Bokeh.documents[0].get_model_by_name('curves-y').axis_label"
    assert opened.evaluate(axis) == "share of those due that are served"
    assert opened.locator("#groups-axis").text_content() == "share of those due that are served"
    opened.locator("#role").select_option("")
    assert opened.locator("#card").is_hidden()


def test_a_lesson_asks_first_and_says_why_after_the_reveal(opened: Any) -> None:
    opened.locator("#lesson").select_option(label="The silent majority")
    assert "How many of a hundred" in opened.locator("#before").inner_text()
    opened.locator("[data-name='1']").fill("<i>Baobab")
    opened.locator("[data-guess='1-0']").fill("95")
    assert opened.locator(".strip").count() == 0
    opened.locator("#reveal").tap()
    assert "Nearest: table <i>Baobab." in opened.locator("#revealed").inner_text()
    assert "dare to show it" not in opened.locator("#after").inner_text()
    opened.locator("#after summary").tap()
    assert "dare to show it" in opened.locator("#after").inner_text()
    opened.locator("#move").tap()
    assert opened.locator(".strip").count() == 0
    assert "nobody is afraid" in opened.locator("#before").inner_text()
    opened.locator("#reveal").tap()
    assert "the lead is gone" in opened.locator("#after").inner_text()
    assert "Computed" in opened.locator("#exact").inner_text()
