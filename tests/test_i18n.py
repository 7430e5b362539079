"""Languages: every text has its place in every catalogue, and no translation loses a number on the way."""

from __future__ import annotations

import datetime
import string

import pytest

from smsim.errors import ScenarioError
from smsim.i18n import LANGUAGES, MISSING, SOURCE, Words, catalogue
from smsim.i18n.__main__ import template

OTHERS = [code for code in LANGUAGES if code != SOURCE]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_every_text_of_the_code(language: str) -> None:
    held = {m.id for m in catalogue(language) if m.id}
    # What a new parameter says may come into the catalogues later, together with its translation.
    said = {m.id for m in template() if m.id and any(name != "parameters.py" for name, _ in m.locations)}
    assert said <= held, "run: python -m smsim.i18n"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_the_same_places_as_the_english(language: str) -> None:
    for message in catalogue(language):
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in said:
            if text and message.id:
                assert places(text) <= set.union(*map(places, originals)), message.id
                assert places(text) >= set.intersection(*map(places, originals)) - {"n"}, message.id


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
