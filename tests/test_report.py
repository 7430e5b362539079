"""The report: complete, safe to open, and honest about what is not known."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from made_up import made_up
from smsim.compare import Comparison
from smsim.i18n import Words
from smsim.i18n.__main__ import template
from smsim.parameters import PARAMETERS
from smsim.plots import comparison_figures
from smsim.report import LIMITS, render

COMMAND = "smsim compare latrines.yaml --seed 7"
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, and text outside style; fails on tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return made_up()


@pytest.fixture(scope="module")
def html(comparison: Comparison) -> str:
    return render(comparison, comparison_figures(comparison), COMMAND)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_nothing_is_fetched_from_anywhere(html: str, page: Page) -> None:
    addresses = [value or "" for _, a in page.elements for key, value in a.items() if key in ("src", "href", "action")]
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in addresses)
    assert not page.named("script")
    assert not page.named("link")
    assert not re.search(r"url\(|@import", html)
    assert {"default-src 'none'; img-src data:; style-src 'unsafe-inline'"} < {
        a.get("content") for a in page.named("meta")
    }


def test_what_users_wrote_is_text_and_never_markup(html: str, page: Page) -> None:
    assert "<script>alert(1)" not in html
    for text in (
        "Latrines & soap <script>alert(1)</script>",
        "<b>$y$</b>",
        "know <it>",
        "a < b & c",
        "our <own> survey",
    ):
        assert text in page.text


def test_the_brief_comes_first_and_holds_the_answer(comparison: Comparison, page: Page) -> None:
    heads = ("How sure we are", "Who is left out", "What it costs", "Three caveats", "Differences between strategies")
    places = [page.text.index(head) for head in (comparison.summary()[0], *heads)]
    assert places == sorted(places)
    brief = page.text[: places[-1]]
    assert comparison.summary()[0] in brief
    assert "under pragmatic (95% interval" in brief  # what an adopter costs
    assert "It does not forecast" in brief


def test_strategies_that_are_not_separated_are_not_ranked(page: Page) -> None:
    assert "the worlds do not tell apart, and we do not rank: hybrid and pragmatic" in page.text
    assert re.search(r"not ranked: about [\d,]+ worlds would tell them apart", page.text)
    assert "pragmatic is higher" in page.text  # than activist, which is separated


def test_every_parameter_is_listed_with_its_source(page: Page) -> None:
    for parameter in PARAMETERS.values():
        assert parameter.name in page.text
        assert parameter.doc in page.text


def test_values_of_the_scenario_are_marked_with_their_source_and_fitted_ones_as_such(page: Page) -> None:
    rows = {match[0]: match[1] for match in re.findall(r"(median_distance_km|homophily|taboo)(.*)", page.text)}
    assert "7.5*km" in rows["median_distance_km"]
    assert "our <own> survey" in rows["median_distance_km"]
    assert "30%*" in rows["homophily"]  # a share, in per cent
    assert "assumed (scenario)" in rows["homophily"]
    assert "0.2 (fitted)" in page.text


def test_targets_stand_beside_what_was_simulated(page: Page) -> None:
    assert "10.0% ± 3.0 points" in page.text
    assert "met" in page.text


def test_a_scenario_without_targets_says_why() -> None:
    alone = made_up(3, targets=None, illustrative="a teaching example")
    text = Page(render(alone, comparison_figures(alone))).text
    assert "not compared with what happened: a teaching example." in text
    assert "nothing here was compared with data" in text


def test_money_has_thousands_separators_and_shares_are_per_cent(page: Page) -> None:
    assert "12,160" in page.text
    assert "28%" in page.text  # of the hybrid's field money goes to visits


def test_the_limits_and_what_is_needed_to_repeat_it_are_stated(comparison: Comparison, page: Page) -> None:
    for sentence in LIMITS:
        assert sentence in page.text
    for text in (COMMAND, comparison.scenario.digest, "smsim "):
        assert text in page.text


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.named("html") == [{"lang": "en", "dir": "ltr"}]
    assert all(len(image.get("alt") or "") > 60 for image in page.named("img"))
    assert all(head.get("scope") in ("col", "row") for head in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table"))
    assert len(page.named("h1")) == 1
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a.get("href") for a in page.named("a")} <= {f"#{i}" for i in ids}


def test_the_same_comparison_gives_the_same_report(comparison: Comparison, html: str) -> None:
    assert render(comparison, comparison_figures(comparison), COMMAND) == html


@pytest.mark.parametrize("language", ["fr", "hi", "ar"])
def test_a_report_in_another_language_says_none_of_its_texts_in_english(comparison: Comparison, language: str) -> None:
    words = Words(language)
    page = Page(render(comparison, comparison_figures(comparison, words), COMMAND, words))
    assert page.named("html") == [{"lang": language, "dir": "rtl" if language == "ar" else "ltr"}]
    said = " ".join([page.text, *(image["alt"] or "" for image in page.named("img"))])
    english = {m.id for m in template() if isinstance(m.id, str) and " " in m.id.strip() and "{" not in m.id}
    assert {text for text in english if re.search(rf"\b{re.escape(text)}\b", said)} == set()
    assert words("Translations were made by a machine and wait for review by people who speak the language.") in said


def test_what_the_scenario_says_stays_in_its_language(comparison: Comparison) -> None:
    words = Words("ar")
    page = Page(render(comparison, comparison_figures(comparison, words), COMMAND, words))
    assert "our <own> survey" in page.text
    assert COMMAND in page.text


def test_the_report_says_which_steps_of_mobilization_are_skipped() -> None:
    comparison = made_up(skip=["materials"])
    page = render(comparison, comparison_figures(comparison), None)
    assert "5 materials (skipped)" in page
    assert "7 monitoring and rapid feedback<" in page
