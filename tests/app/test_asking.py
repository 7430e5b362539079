"""A visitor's questions: the newest is answered whatever became of the older ones, and nothing stale is shown."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("panel")

from smsim.app.asking import Asking
from smsim.app.compute import Cancelled, Wish
from smsim.app.session import Session

A, B = {"A": "pragmatic", "B": "activist"}, {"A": "activist", "B": "pragmatic"}
SOON = 60  # seconds; longer means never


class Desk:
    """A bench and a page of our own: what the bench says is written by the test, what is shown is kept."""

    def __init__(self, say: Callable[[str, Wish, Callable[[Any], None]], Any]) -> None:
        self.shown: list[Any] = []
        self.later: deque[Callable[[], None]] = deque()
        self.handed = Event()  # since it was last cleared
        bench: Any = SimpleNamespace(
            at_hand=lambda scenario, names: None,
            answer=lambda scenario, names, wish, early: say(scenario, wish, early),
        )
        session: Any = SimpleNamespace(later=self._take)
        self.asking = Asking(bench, session, lambda answer, names, n: self.shown.append((answer, n)), self.shown.append)

    def _take(self, what: Callable[[], None]) -> None:
        self.later.append(what)
        self.handed.set()

    def ask(self, question: Any) -> None:
        self.asking.ask(question, A)

    def turn(self) -> None:
        """The page gets to what was handed to it."""
        assert self.handed.wait(SOON)
        self.handed.clear()
        while self.later:
            self.later.popleft()()


def test_a_question_asked_while_another_fails_by_our_mistake_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    begun, fail = Event(), Event()

    def say(question: str, wish: Wish, early: Callable[[Any], None]) -> str:
        if question == "first":
            begun.set()
            fail.wait(SOON)
            raise ZeroDivisionError("ours")
        return "answered"

    desk = Desk(say)
    desk.ask("first")
    assert begun.wait(SOON)
    desk.ask("second")
    fail.set()
    desk.turn()
    assert desk.shown == [("answered", 2)]
    assert "ZeroDivisionError: ours" in capsys.readouterr().err


def test_a_mistake_of_ours_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    def say(question: str, wish: Wish, early: Callable[[Any], None]) -> str:
        raise ZeroDivisionError("ours")

    desk = Desk(say)
    desk.ask("first")
    desk.turn()
    assert desk.shown == ["ZeroDivisionError: ours"]


def test_an_older_question_is_told_at_once_that_nobody_waits_for_it() -> None:
    begun, dropped = Event(), Event()

    def say(question: str, wish: Wish, early: Callable[[Any], None]) -> str:
        if question == "first":
            begun.set()
            while not wish.dropped:
                pass
            dropped.set()
            raise Cancelled
        return "answered"

    desk = Desk(say)
    desk.ask("first")
    assert begun.wait(SOON)
    desk.ask("second")
    assert dropped.wait(SOON)
    desk.turn()
    assert desk.shown == [("answered", 2)]


def test_a_first_picture_is_not_drawn_once_the_whole_answer_is_there() -> None:
    def say(question: str, wish: Wish, early: Callable[[Any], None]) -> str:
        early("6 of 20 worlds")
        page_is_busy.wait(SOON)
        return "20 worlds"

    page_is_busy = Event()
    desk = Desk(say)
    desk.ask("question")
    assert desk.handed.wait(SOON)
    desk.handed.clear()
    page_is_busy.set()
    desk.turn()
    assert desk.shown == [("20 worlds", 1)]


def test_nothing_of_a_question_that_was_dropped_is_shown() -> None:
    desk = Desk(lambda question, wish, early: "answered")
    desk.ask("question")
    assert desk.handed.wait(SOON)
    desk.asking.drop()  # as the page does when the sliders stand where nothing can be run
    desk.turn()
    assert desk.shown == []


def test_one_thing_that_fails_does_not_keep_the_page_from_the_next() -> None:
    session, calls, done = Session(), [], []

    async def with_locked_document(work: Callable[[Any], Any]) -> None:
        await work(session.document)

    session.document = SimpleNamespace(
        session_context=SimpleNamespace(destroyed=False, with_locked_document=with_locked_document)
    )
    session._served, session._ready = True, False
    session._loop = SimpleNamespace(add_callback=calls.append)
    session.later(lambda: 1 / 0)
    session.later(lambda: done.append("next"))
    session._open()
    for call in calls:
        try:
            asyncio.run(call())
        except ZeroDivisionError:
            done.append("failed")
    assert done == ["failed", "next"]
