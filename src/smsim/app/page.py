"""The live page: one `Page` per visitor, served on this computer alone."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from copy import deepcopy
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import panel as pn
from bokeh.events import DocumentReady
from bokeh.models import ColumnDataSource, CustomJS, Spacer

from smsim.app.asking import Asking, Names
from smsim.app.closeup import CloseUp
from smsim.app.compute import WORLDS, Answer, Bench, Keep
from smsim.app.controls import Controls
from smsim.app.figures import bars, curves, dots, isolated, nice_top, share_axis
from smsim.app.guess import Guesses, GuessView
from smsim.app.lessons import LESSONS, PREFIX, Lesson
from smsim.app.names import SHOWN_GROUPS, plan_name, shown_groups
from smsim.app.session import Session
from smsim.app.start import start_page
from smsim.app.state import SIDES, Visitor, open_scenario
from smsim.app.texts import cards, headline, moved_by
from smsim.errors import SmsimError
from smsim.i18n import LANGUAGES, SOURCE, Words, reviewed
from smsim.labels import activity_names

HERE = Path(__file__).parent
STYLE, KEYS_JS = ((HERE / name).read_text(encoding="utf-8") for name in ("style.css", "keys.js"))
GUESS, RESULT, MONEY = range(3)  # numbers of the tabs; those of map and village are `closeup`'s


class Before(NamedTuple):
    """What a visitor had before them: what was moved, and the tables' guesses."""

    title: str
    visitor: Visitor
    guesses: Guesses


class Page:
    """What one visitor has before them.

    Parameters
    ----------
    files : title -> scenario file to choose from
    bench : where answers are made, shared by all visitors
    title : of the scenario, or `PREFIX` and the key of a lesson; the start page, which lists both, if it is neither
    visits : what visitors had before them, by the key in their page's address: it is there again after a reload
    visit : the key of this one; "" for a new one
    """

    controls: Controls  # these are made anew with every `build`
    closeup: CloseUp
    tabs: Any
    side: Any

    def __init__(
        self,
        files: dict[str, Path],
        bench: Bench,
        language: str = SOURCE,
        title: str = "",
        visits: Keep | None = None,
        visit: str = "",
    ) -> None:
        self.files, self.bench = files, bench
        self._visits, self._visit = visits or Keep(1), visit or secrets.token_hex(4)
        self.words = Words(language if language in LANGUAGES else SOURCE)
        self.session = Session()
        self.asking = Asking(bench, self.session, self._show, self._refuse)
        self._language = ColumnDataSource({"lang": [self.words.language], "dir": [self._direction]})
        set_language = CustomJS(
            args={"source": self._language},
            # The body's direction: by the document's, Bokeh's sliders would set their handles beside their bars.
            code="document.documentElement.lang = source.data.lang[0]; document.body.dir = source.data.dir[0]",
        )
        self._language.js_on_change("data", set_language)
        if self.session.document is not None:
            self.session.document.js_on_event(DocumentReady, set_language)
            self.session.document.js_on_event(DocumentReady, CustomJS(code=KEYS_JS))
        self.view = pn.Column(sizing_mode="stretch_both", css_classes=["page"], stylesheets=[STYLE])
        self.title = ""
        self._visitor: Visitor | None = None
        before = self._visits.find(self._visit)
        self._begin(title, before if before is not None and before.title == title else None)
        if self._visitor is not None:
            self._remember()

    @property
    def lesson(self) -> Lesson | None:
        """The lesson in hand, if it is one."""
        return _lesson(self.title)

    @property
    def visitor(self) -> Visitor:
        """What the visitor has moved; there is none on the start page."""
        assert self._visitor is not None
        return self._visitor

    def _begin(self, title: str, before: Before | None = None) -> None:
        """Show a scenario or lesson, as it was before; if it cannot be used, the start page and the reason."""
        problem = ""
        try:
            self._visitor, self.title = self._opened(title), title
        except KeyError:
            pass
        except SmsimError as error:
            problem = str(error)
        self.answer: Answer | None = None
        self.guesses = Guesses()
        if self._visitor is not None:
            # A file that was changed meanwhile is begun afresh.
            if before is not None and before.visitor.scenario.digest == self._visitor.scenario.digest:
                self._visitor, self.guesses = before.visitor.copy(), deepcopy(before.guesses)
            self._visits.put(self._visit, Before(self.title, self._visitor, self.guesses))
        self.build()
        self.say_problem(problem)

    def _opened(self, title: str) -> Visitor:
        lesson = _lesson(title)
        return open_scenario(self.files[title]) if lesson is None else lesson.visitor()

    @property
    def _direction(self) -> str:
        return "rtl" if self.words.right_to_left else "ltr"

    # ---- building

    def build(self, again: bool = False) -> None:
        """Make the whole page anew, for a language or a scenario; what was moved stays.

        again : the same scenario: the tab, the sliders and the village that are looked at stay, too
        """
        _ = self.words
        self.view.styles = {"direction": self._direction}
        self._language.data = {"lang": [_.language], "dir": [self._direction]}
        self.problem = self._html("", visible=False)
        if self._visitor is None:
            start = self._html(start_page(_, self.files))
            self.view[:] = [self._header(), pn.Column(self.problem, start, sizing_mode="stretch_both", scroll="y-auto")]
            return
        self.behaviour = list(self.visitor.scenario.behaviours).index(self.visitor.behaviour)
        tab, section, shown = GUESS if self.lesson else RESULT, SIDES[0], True
        if again:
            tab, section, shown = self.tabs.active, self.controls.chooser.value, self.side.visible
        self.controls = Controls(self.visitor, _, self.ask, section)
        self.labels = self._labels()
        self.headline = self._html("")
        self.cards = self._html("")
        self.moved_by = self._html("")
        self.key = self._html("")
        kind = str(self.visitor.scenario.behaviours[self.visitor.behaviour]["kind"])
        self.curves = curves(_, self.labels, share_axis(_, kind), height=352)
        self.groups = dots(
            _, _("Who does it, by group, under plan A and plan B"), share_axis(_, kind, True), height=430
        )
        self.money = bars(_, _("Where the money went, under plan A and plan B"), _("US$"), height=430)
        self.closeup = CloseUp(self, self.closeup if again else None)
        self.guess = GuessView(self)
        result = pn.Column(self.headline, self._bokeh(self.curves.figure), self.cards, sizing_mode="stretch_width")
        money = pn.Row(
            pn.Column(self._title(_("Who is left out, at the end")), self._bokeh(self.groups.figure),
                      sizing_mode="stretch_width"),
            pn.Column(self._title(_("Where the money went")), self._bokeh(self.money.figure),
                      sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.tabs = pn.Tabs(
            (_("Guess first"), self.guess.view),
            (_("Result"), result),
            (_("Who and money"), pn.Column(self.key, money, self.moved_by, sizing_mode="stretch_width")),
            (_("Map"), self.closeup.map_view),
            (_("Village"), self.closeup.village_view),
            active=tab,
            sizing_mode="stretch_width",
            dynamic=False,
            stylesheets=[TABS_CSS],
        )
        self.tabs.param.watch(lambda _event: self._refresh(), "active")
        self.side = pn.Column(
            self.controls.view, width=350, scroll="y-auto", css_classes=["side"], sizing_mode="stretch_height",
            visible=shown,
        )  # fmt: skip
        made = self._review_note()
        self.main = pn.Column(
            self.problem,
            self.tabs,
            self._html(f"<p class='note'>{escape(made)}</p>", visible=bool(made)),
            sizing_mode="stretch_both",
            css_classes=["main"],
            scroll="y-auto",
        )
        self.view[:] = [self._header(), pn.Row(self.side, self.main, sizing_mode="stretch_both", css_classes=["body"])]
        self.ask()

    def _review_note(self) -> str:
        """That the language's texts wait for review, if they do."""
        _ = self.words
        if _.language == SOURCE or reviewed(_.language).reviewed >= reviewed(_.language).translated:
            return ""
        return _("Translations were made by a machine and wait for review by people who speak the language.")

    def _labels(self) -> dict[str, str]:
        _ = self.words
        said = {
            side: _("Plan {side}: {strategy}", side=side, strategy=plan_name(_, one.base, one.changed))
            for side, one in self.visitor.sides.items()
        }
        return said | {"none": _("no campaign")}

    def _header(self) -> Any:
        _ = self.words
        css = [".bk-input { font-size: 16px; height: 36px; max-width: 100% } label { display: none }"]
        several = self._visitor is not None and len(self.visitor.scenario.behaviours) > 1
        none = {_("Choose a lesson or a scenario"): ""} if self._visitor is None else {}
        self.chooser = pn.widgets.Select(
            groups=({" ": none} if none else {})
            | {_("Lessons of ten minutes"): {_(one.title): f"{PREFIX}{key}" for key, one in LESSONS.items()}}
            | ({_("Scenarios"): {title: title for title in self.files}} if self.files else {}),
            value=self.title, width=320 if several else 470, stylesheets=css, name=_("scenario"),
        )  # fmt: skip
        language = pn.widgets.Select(
            options={name: code for code, name in LANGUAGES.items()}, value=_.language, width=130, stylesheets=css,
            name=_("language"),
        )  # fmt: skip
        self.chooser.param.watch(lambda event: self.open(event.new), "value")
        language.param.watch(lambda event: self.speak(event.new), "value")
        name = _("smsim workshop")
        parts: list[Any] = [self._html(f"<h1>{escape(name)}</h1>", width=180), self.chooser]
        if self._visitor is not None:
            hide = pn.widgets.Toggle(
                name=_("☰ Sliders"), value=self.side.visible, width=110, stylesheets=[".bk-btn { font-size: 16px }"]
            )
            hide.param.watch(lambda event: setattr(self.side, "visible", event.new), "value")
            parts.insert(0, hide)
            behaviours = list(self.visitor.scenario.behaviours)
            if len(behaviours) > 1:
                which = pn.widgets.Select(
                    options=behaviours, value=self.visitor.behaviour, width=150, stylesheets=css, name=_("Behaviour")
                )
                which.param.watch(lambda event: self.look_at(event.new), "value")
                parts.append(which)
        self.status = self._html("", width=220)
        # Takes the language into the document.
        tongue = self._bokeh(Spacer(width=0, height=0, tags=[self._language]), sizing_mode="fixed")
        return pn.Row(
            *parts, pn.layout.HSpacer(), self.status, language, tongue, sizing_mode="stretch_width",
            styles={"background": "#14324a", "padding": "4px 8px", "align-items": "center"}, css_classes=["header"],
        )  # fmt: skip

    def _html(self, text: str, **options: Any) -> Any:
        if "width" not in options:
            options["sizing_mode"] = "stretch_width"
        return pn.pane.HTML(text, stylesheets=[STYLE], margin=(0, 10), **options)

    def _title(self, text: str) -> Any:
        return self._html(f"<h2>{escape(text)}</h2>")

    def _bokeh(self, figure: Any, sizing_mode: str = "stretch_width") -> Any:
        return pn.pane.Bokeh(figure, sizing_mode=sizing_mode, margin=(0, 5))

    # ---- what a visitor does

    def open(self, title: str) -> None:
        """Another scenario or lesson; where it cannot be used, what was there stays, with the reason."""
        if title == self.title:
            return
        try:
            self._opened(title)
        except SmsimError as error:
            self.say_problem(str(error))
            self.chooser.value = self.title
            return
        self._begin(title)
        self._remember()

    def look_at(self, behaviour: str) -> None:
        """Another behaviour of the same campaign."""
        self.visitor.behaviour = behaviour
        self.build(again=True)

    def speak(self, language: str) -> None:
        """Another language; what was moved stays."""
        self.words = Words(language)
        self._remember()
        self.build(again=self._visitor is not None)

    def _remember(self) -> None:
        """Language, scenario and visit stand in the address, so that a reload keeps them."""
        if pn.state.location is not None:
            pn.state.location.update_query(lang=self.words.language, scenario=self.title, visit=self._visit)

    def say_problem(self, text: str) -> None:
        """A sentence above the tabs; "" takes it away. What the simulator says is English."""
        _ = self.words
        if text and _.language != SOURCE:
            text = _("This cannot be simulated. The reason, in English: {reason}", reason=text)
        self.problem.param.update(
            object=f"<p class='problem' role='alert'>{escape(text)}</p>" if text else "", visible=bool(text)
        )

    # ---- asking and answering

    def ask(self) -> None:
        """Ask for the answer to what is set now; an older question is dropped, and the page never waits."""
        try:
            scenario, names = self.visitor.question()
        except SmsimError as error:
            self.asking.drop()
            self._refuse(" ".join(str(error).split("\n  ")[1:]) or str(error))
            return
        _ = self.words
        self._say_status(_("working …"))
        self.asking.ask(scenario, names)

    def _say_status(self, text: str, attributes: str = "") -> None:
        self.status.object = f"<p class='status' aria-live='polite' {attributes}>{escape(text)}</p>"

    def _show(self, answer: Answer, names: Names, number: int) -> None:
        """Show an answer; one with fewer worlds than all is a first picture, and says so."""
        self.answer, self._names = answer, names
        self.labels, b = self._labels(), self.behaviour
        _ = self.words
        with pn.io.hold() if self.session.ready else nullcontext():
            self.say_problem("")
            self.curves.show(answer, names, b)
            for item, side in zip(self.curves.figure.legend[0].items, ("none", *names), strict=True):
                said = isolated(_, self.labels[side])
                if item.label != {"value": said}:
                    item.label = {"value": said}
            self.headline.object = headline(answer, names, self.labels, b, _)
            self.cards.object = cards(answer, names, self.labels, b, _)
            self.guess.show()
            if answer.worlds == WORLDS:
                self._say_status(_("{n} worlds", n=_.number(answer.worlds)), f"data-answer='{number}'")
            else:
                text = _("{n} of {all} worlds so far …", n=_.number(answer.worlds), all=_.number(WORLDS))
                self._say_status(text, f"data-first='{number}'")
            self._refresh()

    def _refuse(self, sentence: str) -> None:
        self._say_status("")
        self.say_problem(sentence)

    def _refresh(self) -> None:
        """Bring the tab before the visitor up to date with the answer; the others wait until they are opened."""
        answer = self.answer
        if answer is None or not hasattr(self, "tabs"):
            return
        if self.tabs.active == MONEY:
            self.moved_by.object = moved_by(answer, self._names, self.behaviour, self.words)
            self.key.object = (
                f"<p class='sides'><span class='a'>● {escape(self.labels['A'])}</span>"
                f"<span class='b'>■ {escape(self.labels['B'])}</span></p>"
            )
            self._show_groups(answer, self._names)
            self._show_money(answer, self._names)
        self.closeup.refresh()

    def _show_groups(self, answer: Answer, names: dict[str, str]) -> None:
        said = shown_groups(self.words)
        values = {
            side: [answer.group(name, group, self.behaviour) for group in SHOWN_GROUPS] for side, name in names.items()
        }
        top = max((high for of_side in values.values() for *_, high in of_side if high == high), default=1.0)
        self.groups.show([said[group] for group in SHOWN_GROUPS], values, nice_top(top))

    def _show_money(self, answer: Answer, names: dict[str, str]) -> None:
        spent = {side: answer.money(name) for side, name in names.items()}
        items = [item for item in activity_names(self.words) if any(s.get(item, 0) >= 0.5 for s in spent.values())]
        said = activity_names(self.words)
        values = {side: [(of[item], of[item], of[item]) for item in items] for side, of in spent.items()}
        top = 1.05 * max((of[item] for of in spent.values() for item in items), default=1.0)
        self.money.show([said[item] for item in items], values, top)


TABS_CSS = """
.bk-tab { font-size: 18px; padding: 8px 18px !important; color: #1f2328 }
.bk-tab.bk-active { font-weight: 700; color: #0b4f7a !important; border-color: #0b4f7a !important;
  border-bottom-width: 4px !important }
.bk-tab:focus-visible { outline: 3px solid #f0a500 }
"""


def _lesson(title: str) -> Lesson | None:
    return LESSONS.get(title.removeprefix(PREFIX)) if title.startswith(PREFIX) else None
