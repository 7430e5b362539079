"""Languages: every text has its place in every catalogue, and no translation loses a number on the way."""

from __future__ import annotations

import ast
import datetime
import re
import string

import pytest

from smsim.errors import ScenarioError
from smsim.i18n import LANGUAGES, MISSING, SOURCE, Words, catalogue, reviewed
from smsim.i18n.__main__ import PACKAGE, template

OTHERS = [code for code in LANGUAGES if code != SOURCE]
# Texts that another language writes as English does.
THE_SAME = {
    "budget", "convention", "dialogues", "documentation", "km", "leaders", "participants", "Pause", "⏸ Pause", "Plan A",
    "Plan B", "Plan {side}", "Plan {side}: {strategy}", "radio", "source", "supervision", "Table", "US$", "verdict",
    "Village", "{number} points",
}  # fmt: skip


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_every_text_of_the_code(language: str) -> None:
    held = {m.id for m in catalogue(language) if m.id}
    assert {m.id for m in template() if m.id} <= held, "run: python -m smsim.i18n"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_in_all_its_forms(language: str) -> None:
    said = catalogue(language)
    left = []
    for message in said:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = said.num_plurals if message.pluralizable else 1
        if message.id and not (len(forms) == wanted and all(forms)):
            left.append(message.id)
    assert left == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_the_english_text_again(language: str) -> None:
    again = [m.id for m in catalogue(language) if m.id and m.string == m.id and m.id not in THE_SAME]
    assert [text for text in again if re.sub(r"\{\w+\}|\W", "", text)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_machine_translated_is_said_and_counted_as_not_reviewed(language: str) -> None:
    found = reviewed(language)
    assert found.translated == found.total
    marked = [m for m in catalogue(language) if m.id and m.fuzzy]
    assert found.reviewed == found.total - len(marked)
    assert marked
    assert Words(language)("before the campaign") != "before the campaign"


def test_arabic_has_a_form_for_every_kind_of_number() -> None:
    words = Words("ar")
    forms = [words.plural("{n} week", "{n} weeks", n) for n in (1, 2, 3, 11, 100)]
    assert forms == ["أسبوع واحد", "أسبوعان", "3 أسابيع", "11 أسبوعًا", "100 أسبوع"]


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_the_same_places_as_the_english(language: str) -> None:
    for message in catalogue(language):
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in said:
            if text and message.id:
                assert places(text) <= set.union(*map(places, originals)), message.id
                assert places(text) >= set.intersection(*map(places, originals)) - {"n"}, message.id


def test_every_text_that_the_code_hands_over_is_one_of_the_catalogues() -> None:
    """Also where the tool that collects them does not look: inside a formatted text, or under another name."""
    collected = {text for m in template() for text in (m.id if isinstance(m.id, tuple) else (m.id,))}
    missed = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("_", "words", "mark"):
                continue
            text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
            if text and text not in collected:
                missed.append(f"{path.name}: {text}")
    assert missed == []


def test_the_code_hands_over_the_texts_of_the_parameters() -> None:
    ids = {m.id for m in template()}
    assert "whole budget, over the treated households" in ids
    assert "campaign" in ids


@pytest.mark.parametrize(
    ("language", "number", "share"),
    [("en", "1,234.5", "12.3%"), ("fr", "1\u202f234,5", "12,3\xa0%"), ("es", "1.234,5", "12,3\xa0%")],
)
def test_numbers_and_shares_are_written_as_in_the_language(language: str, number: str, share: str) -> None:
    words = Words(language)
    assert words.number(1234.5, 1) == number
    assert words.percent(0.1234, 1) == share


@pytest.mark.parametrize(
    ("language", "money"),
    [("en", "US$\xa01,234"), ("fr", "1\u202f234\xa0$US"), ("pt", "US$\xa01.234"), ("hi", "$1,234")],
)
def test_dollars_are_written_as_in_the_language(language: str, money: str) -> None:
    assert Words(language).money(1234.4) == money


def test_a_number_with_a_sign_stands_by_itself_where_the_language_runs_from_right_to_left() -> None:
    assert Words("ar").percent(0.42) == "\N{LEFT-TO-RIGHT ISOLATE}42%\N{POP DIRECTIONAL ISOLATE}"
    assert Words("ar").number(1234) == "1,234"


def test_exact_decimals_are_kept_and_others_are_not() -> None:
    words = Words("fr")
    assert [words.percent(0.1, 1, exact=True), words.percent(0.1, 1)] == ["10,0\xa0%", "10\xa0%"]
    assert words.money(7.5, cents=True) == "7,50\xa0$US"


def test_dates_are_written_as_in_the_language() -> None:
    assert Words("en").date(datetime.date(2026, 3, 1)) == "1 March 2026"
    assert Words("fr").date(datetime.date(2026, 3, 1)) == "1 mars 2026"


def test_arabic_runs_from_right_to_left_and_it_alone() -> None:
    assert [code for code in LANGUAGES if Words(code).right_to_left] == ["ar"]


def test_a_missing_number_is_a_dash() -> None:
    words = Words("en")
    assert {words.number(float("nan")), words.percent(float("nan")), words.money(float("nan"))} == {MISSING}


def test_an_unknown_language_is_a_sentence() -> None:
    with pytest.raises(ScenarioError, match="no language 'xx'; there are en \\(English\\), fr"):
        Words("xx")
