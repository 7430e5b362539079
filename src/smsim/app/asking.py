"""One visitor's questions: the newest is answered in a thread of its own, older ones are dropped; no page waits."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from smsim.app.compute import Answer, Bench, Cancelled, Wish
from smsim.app.session import Session
from smsim.errors import SmsimError
from smsim.scenario import Scenario

Names = dict[str, str]  # side -> strategy


@dataclass(frozen=True)
class Question:
    """What a visitor wants to know, and which of their questions it is, from 1."""

    number: int
    scenario: Scenario
    names: Names
    wish: Wish = field(default_factory=Wish)


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
        self._asked = 0
        self._newest: Question | None = None  # not answered yet
        self._pending: Question | None = None  # not begun yet
        self._handed: object = None  # what the page is to do next
        self._busy = False
        self._lock = threading.Lock()

    def ask(self, scenario: Scenario, names: Names) -> None:
        """Ask; returns at once, and an answer that is at hand is shown at once."""
        self.drop()
        self._asked += 1
        question = Question(self._asked, scenario, names)
        try:
            kept = self._bench.at_hand(scenario, list(names.values()))
        except SmsimError:
            kept = None
        if kept is not None:
            self._show(kept, names, question.number)
            return
        with self._lock:
            self._newest = self._pending = question
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, daemon=True).start()

    def drop(self) -> None:
        """The question before is not asked any more; nothing of its answer is shown from now on."""
        with self._lock:
            dropped, self._newest, self._pending, self._handed = self._newest, None, None, None
        if dropped is not None:
            dropped.wish.drop()

    def _work(self) -> None:
        while (question := self._next()) is not None:
            try:
                self._answer(question)
            except Cancelled:
                pass
            except SmsimError as error:
                self._hand(question, partial(self._refuse, str(error)))
            except Exception as error:  # noqa: BLE001  # a mistake of ours: said, and the next question is answered
                traceback.print_exc()
                self._hand(question, partial(self._refuse, f"{type(error).__name__}: {error}"))

    def _next(self) -> Question | None:
        with self._lock:
            question, self._pending = self._pending, None
            self._busy = question is not None
            return question

    def _answer(self, question: Question) -> None:
        number, scenario, names = question.number, question.scenario, question.names

        def hand(answer: Answer) -> None:
            self._hand(question, partial(self._show, answer, names, number))

        hand(self._bench.answer(scenario, list(names.values()), wish=question.wish, early=hand))

    def _hand(self, question: Question, what: Callable[[], None]) -> None:
        """Have the page do something, unless there is something newer by the time it gets to it."""
        with self._lock:
            if question.wish.dropped:
                return
            self._handed = what
        self._session.later(partial(self._do, what))

    def _do(self, what: Callable[[], None]) -> None:
        if what is self._handed:
            what()
