"""Predict first: each table guesses before anybody looks; the reveal sets guesses against outcomes, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from smsim.app.figures import BUTTON_CSS, SIDE_COLOURS
from smsim.app.lessons import Lesson
from smsim.i18n import Words

if TYPE_CHECKING:
    from smsim.app.page import Page

TABLES, MOST_TABLES = 4, 30
LONGEST_NAME = 24


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
    first = [(_("What happens"), lesson.happens), (_("Why"), lesson.why), (_("Now move one thing"), lesson.move)]
    then = [(_("What happens"), lesson.moved), (_("What this lesson claims, tested on the model"), lesson.claim)]
    parts = then if moved else first
    said = "".join(f"<p><b>{escape(title)}.</b> {escape(_(text))}</p>" for title, text in parts)
    return f"<section class='lesson'>{said}</section>"


def strip(tables: Sequence[Table], side: str, label: str, outcome: float, words: Words) -> str:
    """The guesses of one side, in per cent, on a line with the outcome, a share; and whose was nearest."""
    _ = words
    said = [(table.name, value) for table in tables if (value := table.guess[side]) is not None]
    nearest = ""
    if said and outcome == outcome:
        name = min(said, key=lambda one: abs(one[1] - 100 * outcome))[0]
        nearest = _("Nearest: table {n}.", n=name)
    found = words.percent(outcome, 1)
    marks = "".join(f"<i style='left:{value:.1f}%'>{escape(name)}</i>" for name, value in said)
    if outcome == outcome:
        marks += f"<b class='{side.lower()}' style='left:{100 * outcome:.1f}%'>{found}</b>"
    return (
        f"<h3 class='{side.lower()}'>{escape(label)}: {found}. {escape(nearest)}</h3>"
        f"<div class='strip {side.lower()}' dir='ltr'>{marks}</div>"
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
        self.revealed.object = "".join(
            strip(page.guesses.tables, side, page.labels[side],
                  page.answer.group(name, behaviour=page.behaviour)[0], self.words)
            for side, name in page._names.items()
        )  # fmt: skip
        if lesson:
            self.text.object = after(lesson, self.words, self._moved)
            self.move.visible = not self._moved
