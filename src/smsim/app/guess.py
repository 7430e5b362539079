"""Predict first: each table guesses before anybody looks; the reveal sets guesses against outcomes, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from smsim.app.compute import Answer
from smsim.app.figures import BUTTON_CSS, SIDE_COLOURS
from smsim.app.lessons import Lesson
from smsim.i18n import Words
from smsim.strategy import NONE

if TYPE_CHECKING:
    from smsim.app.page import Page

TABLES, MOST_TABLES = 4, 30
LONGEST_NAME = 24
ROOM, CHARACTER, MARGIN = 900, 8, 14  # pixels: of a line of guesses, of a character of a name, beside a name


@dataclass
class Table:
    """What one table wrote down."""

    name: str
    guess: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(SIDE_COLOURS))  # per cent, by side


@dataclass
class Guesses:
    """All tables of one visitor, and whether the outcome has been revealed."""

    tables: list[Table] = field(default_factory=lambda: [Table(str(n)) for n in range(1, TABLES + 1)])
    revealed: bool = False


def before(lesson: Lesson, words: Words, moved: bool = False) -> str:
    """What is read aloud before anybody looks: the place and the question, and then what was moved."""
    _ = words
    asked = lesson.move if moved else lesson.question
    return (
        f"<section class='lesson'><h2>{escape(_(lesson.title))}</h2><p>{escape(_(lesson.setting))}</p>"
        f"<p><b>{escape(_(asked))}</b></p></section>"
    )


def after(lesson: Lesson, words: Words, moved: bool = False) -> str:
    """What the reveal says: what happened and why, and what to move; and then what this changed."""
    _ = words

    def said(title: str, text: str) -> str:
        return f"<p><b>{escape(title)}.</b> {escape(_(text))}</p>"

    if moved:
        parts = said(_("What happens"), lesson.moved)
        parts += said(_("What this lesson claims, tested on the model"), lesson.claim)
    else:  # why, once the tables have tried to say it
        why, text = escape(_("Why")), escape(_(lesson.why))
        parts = said(_("What happens"), lesson.happens)
        parts += f"<details><summary><b>{why}</b></summary><p>{text}</p></details>"
        parts += said(_("Now move one thing"), lesson.move)
    return f"<section class='lesson'>{parts}</section>"


def stacked(marks: Sequence[tuple[str, float]]) -> list[int]:
    """The row of every mark, a name and its place in per cent, such that no two names cover each other; 0 is lowest."""
    ends: list[float] = []  # of each row, where its last name ends
    rows = [0] * len(marks)
    for k in sorted(range(len(marks)), key=lambda k: marks[k][1]):
        name, at = marks[k]
        width = 100 * (CHARACTER * len(name) + MARGIN) / ROOM
        left = at - width * at / 100  # a name at 0 begins there, one at 100 ends there
        rows[k] = next((row for row, end in enumerate(ends) if left >= end), len(ends))
        ends[rows[k] : rows[k] + 1] = [left + width]
    return rows


def strip(tables: Sequence[Table], side: str, label: str, outcome: float, later: str, words: Words) -> str:
    """The guesses of one side, in per cent, on a line with the outcome, a share; and whose were nearest.

    later : what became of it after the campaign
    """
    _ = words
    said = [(table.name, value) for table in tables if (value := table.guess[side]) is not None]
    nearest = ""
    if said and outcome == outcome:
        gap = min(abs(value - 100 * outcome) for _name, value in said)
        names = words.listed(name for name, value in said if abs(value - 100 * outcome) == gap)
        nearest = _("Nearest: table {n}.", n=names)
    found, rows = words.percent(outcome, 1), stacked(said)
    marks = "".join(
        f"<i style='--at:{value:.1f};--row:{row}'>{escape(name)}</i>"
        for (name, value), row in zip(said, rows, strict=True)
    )
    if outcome == outcome:
        marks += f"<b class='{side.lower()}' style='--at:{100 * outcome:.1f}'>{found}</b>"
    return (
        f"<h3 class='{side.lower()}'>{escape(label)}: {found}. <small>{escape(later)}</small> {escape(nearest)}</h3>"
        f"<div class='strip {side.lower()}' style='--rows:{max(rows, default=0)}' dir='ltr'>{marks}</div>"
    )


class GuessView:
    """The tab of one page on which tables guess; it changes the page's `guesses`."""

    def __init__(self, page: Page) -> None:
        self.page, self.words = page, page.words
        _ = page.words
        lesson = page.lesson
        ask = _(
            "Each table says, before anybody looks: of a hundred households, how many will do it at the end of the "
            "campaign under each plan?"
        )
        self.intro = page._html("", visible=lesson is not None)
        self.fields: list[Any] = []
        self.rows = pn.Column()
        more = pn.widgets.Button(name=_("Another table"), width=160, stylesheets=[BUTTON_CSS])
        more.on_click(lambda _event: self._another())
        self.reveal = pn.widgets.Button(
            name=_("Reveal"), button_type="primary", width=160, stylesheets=[BUTTON_CSS]
        )  # fmt: skip
        self.reveal.on_click(lambda _event: self._reveal())
        self.revealed = page._html("")
        self.text = page._html("", visible=False)
        self.move = pn.widgets.Button(
            name=_("Move it, and guess again"), width=320, visible=False, stylesheets=[BUTTON_CSS]
        )
        self.move.on_click(lambda _event: self._move())
        self.view = pn.Column(
            self.intro,
            page._html(f"<p>{escape(ask)}</p>"),
            pn.Row(self.rows, pn.Column(more, self.reveal)),
            self.revealed,
            self.text,
            self.move,
            sizing_mode="stretch_width",
        )
        for table in page.guesses.tables:
            self.rows.append(self._row(table))
        self.show()

    @property
    def _moved(self) -> bool:
        """Whether the lesson's slider has been moved."""
        return self.page.lesson is not None and self.page.lesson.path in self.page.visitor.moved

    def _row(self, table: Table) -> Any:
        _ = self.words
        css = [".bk-input { font-size: 17px; height: 34px } label { font-size: 15px }"]
        first = not len(self.rows)
        name = pn.widgets.TextInput(
            name=_("Table") if first else "", value=table.name, width=170, max_length=LONGEST_NAME, stylesheets=css,
            description=None, margin=(2, 10),
        )  # fmt: skip

        def named(event: Any) -> None:
            table.name = str(event.new).strip() or "–"
            self.show()

        name.param.watch(named, "value")
        fields = [name]
        for side in SIDE_COLOURS:
            guess = pn.widgets.FloatInput(
                name=_("Plan {side}", side=side) + " (%)" if first else "", value=table.guess[side], start=0, end=100,
                step=1, width=120, stylesheets=css, margin=(2, 10),
            )  # fmt: skip
            guess.param.watch(partial(self._guessed, table, side), "value")
            self.fields.append(guess)
            fields.append(guess)
        return pn.Row(*fields)

    def _guessed(self, table: Table, side: str, event: Any) -> None:
        table.guess[side] = None if event.new is None else min(max(float(event.new), 0.0), 100.0)
        self.show()

    def _another(self) -> None:
        tables = self.page.guesses.tables
        if len(tables) < MOST_TABLES:
            tables.append(Table(str(len(tables) + 1)))
            self.rows.append(self._row(tables[-1]))

    def _reveal(self) -> None:
        self.page.guesses.revealed = True
        self.show()

    def _move(self) -> None:
        page, lesson = self.page, self.page.lesson
        if lesson is None:
            return
        page.guesses.revealed = False
        for guess in self.fields:
            guess.value = None
        page.controls.move(lesson.path, lesson.to)
        self.show()

    def show(self) -> None:
        """Bring the reveal up to date with the guesses and the answer; nothing is shown before it is asked for."""
        page, lesson = self.page, self.page.lesson
        if lesson:
            self.intro.object = before(lesson, self.words, self._moved)
        shown = page.guesses.revealed and page.answer is not None
        self.text.visible = self.move.visible = bool(shown and lesson)
        if not shown or page.answer is None:
            self.revealed.object = ""
            return
        answer = page.answer
        strips = "".join(
            strip(page.guesses.tables, side, page.labels[side], answer.group(name, behaviour=page.behaviour)[0],
                  self._later(answer, name), self.words)
            for side, name in page._names.items()
        )  # fmt: skip
        none = self.words.percent(answer.group(NONE, behaviour=page.behaviour)[0], 1)
        said = page.labels["none"]
        without = f"{said[:1].upper()}{said[1:]}: {none}. {self._later(answer, NONE)}"
        self.revealed.object = f"{strips}<p class='none'>{escape(without)}</p>"
        if lesson:
            self.text.object = after(lesson, self.words, self._moved)
            self.move.visible = not self._moved

    def _later(self, answer: Answer, name: str) -> str:
        """What became of a plan after the campaign; "" where there is no week after it."""
        _, weeks = self.words, answer.weeks.follow_up - answer.weeks.end
        if not weeks:
            return ""
        share = answer.group(name, behaviour=self.page.behaviour, later=True)[0]
        when = _.plural("{n} week later", "{n} weeks later", weeks)
        return f"{when}: {_.percent(share, 1)}."
