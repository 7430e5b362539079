"""The five lessons claim what the model does: each statement holds in matched worlds, beyond the points it names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from smsim.app.compute import Answer, Bench
from smsim.app.lessons import LESSONS, Lesson, Statement, check
from smsim.app.state import SIDES
from smsim.i18n import LANGUAGES, SOURCE, Words

WORLDS = 12
Answers = dict[str, tuple[Answer, Answer]]
STATEMENTS = [
    pytest.param(key, statement, id=f"{key}-{n}")
    for key, lesson in LESSONS.items()
    for n, statement in enumerate(lesson.statements, 1)
]


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    bench = Bench(2)
    yield {key: lesson.answers(bench, WORLDS) for key, lesson in LESSONS.items()}
    bench.close()


@pytest.mark.parametrize(("key", "statement"), STATEMENTS)
def test_a_claim_holds_in_matched_worlds_with_an_interval_that_excludes_zero(
    answers: Answers, key: str, statement: Statement
) -> None:
    found = check(statement, answers[key])
    assert found.lower > 0, found


def test_a_claim_the_other_way_round_does_not_hold(answers: Answers) -> None:
    right = LESSONS["silence"].statements[0]
    assert check(Statement(right.less, right.more), answers["silence"]).upper < 0


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
def test_a_lesson_opens_with_its_plans_and_its_slider_moves_to_where_it_says(lesson: Lesson) -> None:
    one = lesson.visitor(moved=True)
    assert tuple(one.sides[side].base for side in SIDES) == lesson.plans
    assert one.moved == {lesson.path: lesson.to}
    assert lesson.to != one.dials()[lesson.path].value


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
def test_what_to_move_is_called_as_its_slider_is(lesson: Lesson) -> None:
    said = lesson.move.split("“")[1].split("”")[0]
    assert said == lesson.visitor().dials()[lesson.path].parameter.doc


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != SOURCE])
def test_what_a_lesson_quotes_is_called_the_same_on_the_page_in_every_language(language: str) -> None:
    words = Words(language)
    for one in LESSONS.values():
        for text in (one.question, one.why, one.move, one.moved):
            for quoted in re.findall("“(.+?)”", text):
                assert words(quoted) in words(text)
