"""One visitor's questions: the newest is answered in a thread of its own, older ones are dropped; no page waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from smsim.app.compute import Answer, Bench, Cancelled
from smsim.app.session import Session
from smsim.errors import SmsimError
from smsim.scenario import Scenario

Names = dict[str, str]  # side -> strategy


class Question(NamedTuple):
    """What a visitor wants to know, and which of their questions it is, from 1."""

    number: int
    scenario: Scenario
    names: Names


class Asking:
    """Asks the bench, and hands answers to the page.

    Parameters
    ----------
    show : told an answer, its names and its question's number; a first picture has fewer worlds than the whole answer
    refuse : told a sentence where there is no answer
    """

    def __init__(
        self,
        bench: Bench,
        session: Session,
        show: Callable[[Answer, Names, int], None],
        refuse: Callable[[str], None],
    ) -> None:
        self._bench, self._session, self._show, self._refuse = bench, session, show, refuse
        self._newest = 0
        self._pending: Question | None = None
        self._busy = False
        self._lock = threading.Lock()

    def ask(self, scenario: Scenario, names: Names) -> None:
        """Ask; returns at once, and an answer that is at hand is shown at once."""
        with self._lock:
            self._newest += 1
            question = Question(self._newest, scenario, names)
        try:
            kept = self._bench.at_hand(scenario, list(names.values()))
        except SmsimError:
            kept = None
        if kept is not None:
            self._show(kept, names, question.number)
            return
        with self._lock:
            self._pending = question
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                question, self._pending = self._pending, None
                if question is None:
                    self._busy = False
                    return
            try:
                self._answer(question)
            except Cancelled:
                continue
            except SmsimError as error:
                self._tell(question, str(error))
            except Exception as error:
                self._tell(question, f"{type(error).__name__}: {error}")
                with self._lock:
                    self._busy = False
                raise

    def _answer(self, question: Question) -> None:
        number, scenario, names = question

        def hand(answer: Answer) -> None:
            self._session.later(partial(self._if_newest, number, partial(self._show, answer, names, number)))

        hand(self._bench.answer(scenario, list(names.values()), wanted=lambda: number == self._newest, early=hand))

    def _tell(self, question: Question, sentence: str) -> None:
        self._session.later(partial(self._if_newest, question.number, partial(self._refuse, sentence)))

    def _if_newest(self, number: int, what: Callable[[], None]) -> None:
        if number == self._newest:
            what()
