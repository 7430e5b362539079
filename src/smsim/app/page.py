"""The live page: one `Page` per visitor, served on this computer alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.events import DocumentReady
from bokeh.models import ColumnDataSource, CustomJS

from smsim.app.closeup import CloseUp
from smsim.app.compute import WORLDS, Answer, Bench, Cancelled
from smsim.app.controls import Controls
from smsim.app.figures import SIDE_COLOURS, bars, curves, dots, isolated, nice_top
from smsim.app.guess import Guesses, GuessView
from smsim.app.lessons import LESSONS, PREFIX, Lesson
from smsim.app.state import Visitor, open_scenario, scenario_files
from smsim.app.texts import SHOWN_GROUPS, activity_names, cards, group_names, headline, moved_by, strategy_name
from smsim.errors import ScenarioError, SmsimError
from smsim.i18n import LANGUAGES, SOURCE, Words, reviewed

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
ADDRESS = "127.0.0.1"
AT_ONCE, FEW = 6_000, 4  # households up to which all worlds come at once; worlds of a first picture beyond


class Page:
    """What one visitor has before them.

    Parameters
    ----------
    files : title -> scenario file to choose from; the first is shown
    bench : where answers are made, shared by all visitors
    """

    def __init__(self, files: dict[str, Path], bench: Bench, language: str = SOURCE, title: str | None = None) -> None:
        self.files, self.bench = files, bench
        self.title = title if title and (title in files or _lesson(title)) else next(iter(files))
        self.visitor, self.guesses = self._opened(self.title), Guesses()
        self.words = Words(language if language in LANGUAGES else SOURCE)
        self.answer: Answer | None = None
        self._asked = 0  # number of the newest question; a visitor's own
        self._busy = False
        self._pending: tuple[int, Any, dict[str, str]] | None = None
        self._lock = threading.Lock()
        self._document = pn.state.curdoc
        self._language = ColumnDataSource({"lang": [self.words.language], "dir": [self._direction]})
        set_language = CustomJS(
            args={"source": self._language},
            code="Object.assign(document.documentElement, {lang: source.data.lang[0], dir: source.data.dir[0]})",
        )
        self._language.js_on_change("data", set_language)
        if self._document is not None:
            self._document.js_on_event(DocumentReady, set_language)
        self.view = pn.Column(sizing_mode="stretch_both", css_classes=["page"], stylesheets=[STYLE])
        self.build()

    @property
    def lesson(self) -> Lesson | None:
        """The lesson in hand, if it is one."""
        return _lesson(self.title)

    def _opened(self, title: str) -> Visitor:
        lesson = _lesson(title)
        return open_scenario(self.files[title]) if lesson is None else lesson.visitor()

    @property
    def _direction(self) -> str:
        return "rtl" if self.words.right_to_left else "ltr"

    # ---- building

    def build(self) -> None:
        """Make the whole page anew, for a language or a scenario; what was moved stays."""
        _ = self.words
        self.behaviour = list(self.visitor.scenario.behaviours).index(self.visitor.behaviour)
        self.controls = Controls(self.visitor, _, self.ask)
        self.labels = self._labels()
        self.headline = self._html("")
        self.cards = self._html("")
        self.moved_by = self._html("")
        self.problem = self._html("", visible=False)
        self.curves = curves(_, {"A": "A", "B": "B", "none": _("no campaign")}, height=352)
        self.curves.figure.tags = [self._language]  # takes it into the document
        self.groups = dots(_, _("Who does it, by group, under plan A and plan B"), _("share that does it"), height=430)
        self.money = bars(_, _("Where the money went, under plan A and plan B"), _("US$"), height=430)
        self.closeup = CloseUp(self)
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
            (_("Who and money"), pn.Column(self._key(), money, self.moved_by, sizing_mode="stretch_width")),
            (_("Map"), self.closeup.map_view),
            (_("Village"), self.closeup.village_view),
            active=0 if self.lesson else 1,
            sizing_mode="stretch_width",
            dynamic=False,
            stylesheets=[TABS_CSS],
        )
        self.tabs.param.watch(lambda _event: self.closeup.refresh(), "active")
        self.side = pn.Column(
            self.controls.view, width=350, scroll="y-auto", css_classes=["side"], sizing_mode="stretch_height"
        )
        made = ""
        if _.language != SOURCE and reviewed(_.language).reviewed < reviewed(_.language).translated:
            made = _("Translations were made by a machine and wait for review by people who speak the language.")
        self.main = pn.Column(
            self.problem,
            self.tabs,
            self._html(f"<p class='note'>{escape(made)}</p>", visible=bool(made)),
            sizing_mode="stretch_both",
            css_classes=["main"],
            scroll="y-auto",
        )
        self.view[:] = [self._header(), pn.Row(self.side, self.main, sizing_mode="stretch_both", css_classes=["body"])]
        self.view.styles = {"direction": self._direction}
        self._language.data = {"lang": [_.language], "dir": [self._direction]}
        if self.answer is not None:
            self._show(self.answer, self._names)
        else:
            self.ask()

    def _labels(self) -> dict[str, str]:
        _ = self.words
        said = {
            side: _("Plan {side}: {strategy}", side=side, strategy=strategy_name(_, one.base, one.changed))
            for side, one in self.visitor.sides.items()
        }
        return said | {"none": _("no campaign")}

    def _header(self) -> Any:
        _ = self.words
        css = [".bk-input { font-size: 16px; height: 36px; max-width: 100% } label { display: none }"]
        scenario = pn.widgets.Select(
            groups={
                _("Scenarios"): {title: title for title in self.files},
                _("Lessons of ten minutes"): {_(one.title): f"{PREFIX}{key}" for key, one in LESSONS.items()},
            },
            value=self.title, width=470, stylesheets=css, name=_("scenario"),
        )  # fmt: skip
        language = pn.widgets.Select(
            options={name: code for code, name in LANGUAGES.items()}, value=_.language, width=130, stylesheets=css,
            name=_("language"),
        )  # fmt: skip
        hide = pn.widgets.Toggle(
            name=_("☰ Sliders"), value=True, width=110, stylesheets=[".bk-btn { font-size: 16px }"]
        )
        hide.param.watch(lambda event: setattr(self.side, "visible", event.new), "value")
        scenario.param.watch(lambda event: self.open(event.new), "value")
        language.param.watch(lambda event: self.speak(event.new), "value")
        name = _("smsim workshop")
        parts: list[Any] = [hide, self._html(f"<h1>{escape(name)}</h1>", width=180), scenario]
        behaviours = list(self.visitor.scenario.behaviours)
        if len(behaviours) > 1:
            which = pn.widgets.Select(options=behaviours, value=self.visitor.behaviour, width=150, stylesheets=css)
            which.param.watch(lambda event: self.look_at(event.new), "value")
            parts.append(which)
        self.status = self._html("", width=170)
        return pn.Row(
            *parts, pn.layout.HSpacer(), self.status, language, sizing_mode="stretch_width",
            styles={"background": "#14324a", "padding": "4px 8px", "align-items": "center"}, css_classes=["header"],
        )  # fmt: skip

    def _html(self, text: str, **options: Any) -> Any:
        if "width" not in options:
            options["sizing_mode"] = "stretch_width"
        return pn.pane.HTML(text, stylesheets=[STYLE], margin=(0, 10), **options)

    def _title(self, text: str) -> Any:
        return self._html(f"<h2>{escape(text)}</h2>")

    def _key(self) -> Any:
        """Which mark is which plan."""
        self.key = self._html("")
        return self.key

    def _bokeh(self, figure: Any) -> Any:
        return pn.pane.Bokeh(figure, sizing_mode="stretch_width", margin=(0, 5))

    # ---- what a visitor does

    def open(self, title: str) -> None:
        """Another scenario."""
        try:
            self.visitor = self._opened(title)
        except SmsimError as error:
            self.say_problem(str(error))
            return
        self.title, self.answer, self.guesses = title, None, Guesses()
        self.build()

    def look_at(self, behaviour: str) -> None:
        """Another behaviour of the same campaign."""
        self.visitor.behaviour = behaviour
        self.build()

    def speak(self, language: str) -> None:
        """Another language; what was moved stays."""
        self.words = Words(language)
        if pn.state.location is not None:
            pn.state.location.update_query(lang=language)
        self.build()

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
            self.say_problem(" ".join(str(error).split("\n  ")[1:]) or str(error))
            return
        with self._lock:
            self._asked += 1
            self._pending = (self._asked, scenario, names)
            if self._busy:
                return
            self._busy = True
        _ = self.words
        text = _("working …")
        self.status.object = f"<p class='status' aria-live='polite'>{escape(text)}</p>"
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._pending is None:
                    self._busy = False
                    return
                number, scenario, names = self._pending
                self._pending = None

            def wanted(number: int = number) -> bool:
                return number == self._asked

            try:
                if (
                    int(scenario.world["households"]) > AT_ONCE
                ):  # a first picture soon, the whole answer when it is there
                    glimpse = self.bench.answer(scenario, list(names.values()), FEW, wanted=wanted)
                    self._later(partial(self._show, glimpse, names))
                answer = self.bench.answer(scenario, list(names.values()), wanted=wanted)
                self._later(partial(self._show, answer, names, number))
            except Cancelled:
                continue
            except SmsimError as error:
                self._later(partial(self.say_problem, str(error)))
            except Exception as error:
                self._later(partial(self.say_problem, f"{type(error).__name__}: {error}"))
                raise

    def _later(self, what: Callable[[], None]) -> None:
        if self._document is None or self._document.session_context is None:
            what()
        else:
            self._document.add_next_tick_callback(what)

    def _show(self, answer: Answer, names: dict[str, str], number: int = 0) -> None:
        self.answer, self._names = answer, names
        self.labels, b = self._labels(), self.behaviour
        self.say_problem("")
        with pn.io.hold():
            self.curves.show(answer, names, b)
            for item, side in zip(self.curves.figure.legend[0].items, ("none", *names), strict=True):
                item.label = {"value": isolated(self.words, self.labels[side])}
            self.headline.object = headline(answer, names, self.labels, b, self.words)
            self.cards.object = cards(answer, names, self.labels, b, self.words)
            self.moved_by.object = moved_by(answer, names, b, self.words)
            self.key.object = (
                f"<p class='sides'><span class='a'>● {escape(self.labels['A'])}</span>"
                f"<span class='b'>■ {escape(self.labels['B'])}</span></p>"
            )
            self._show_groups(answer, names)
            self._show_money(answer, names)
            self.guess.show()
            _ = self.words
            text = _("{n} worlds", n=_.number(answer.worlds))
            whole = f"data-answer='{number}'" if answer.worlds == WORLDS else ""
            self.status.object = f"<p class='status' aria-live='polite' {whole}>{escape(text)}</p>"
        self.closeup.refresh()

    def _show_groups(self, answer: Answer, names: dict[str, str]) -> None:
        said = group_names(self.words)
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


def visit(files: dict[str, Path], bench: Bench) -> Any:
    """The page of one visitor; language and scenario may stand in the address (`?lang=fr`)."""
    asked = {
        key: values[0].decode("utf-8", "replace") for key, values in (pn.state.session_args or {}).items() if values
    }
    page = Page(files, bench, asked.get("lang", SOURCE), asked.get("scenario"))
    return page.view


def serve(file: str | None, port: int = 0, show: bool = True, say: Callable[[str], None] = lambda text: None) -> None:
    """Serve the workshop on this computer until interrupted.

    Parameters
    ----------
    file : scenario file shown first; the first of the folder `scenarios` if None
    port : 0 takes one that is free
    show : open the browser
    say : told what is going on

    Raises
    ------
    ScenarioError : the file cannot be used, there is none, or the port is taken
    """
    files = scenario_files(Path(file) if file is not None else None)
    if not files:
        raise ScenarioError("there is no folder scenarios here; name a scenario file: smsim app FILE")
    visitor = open_scenario(next(iter(files.values())))
    say("Trying out the first scenario; the first time, the engine is compiled, which takes a minute or two.")
    bench = Bench()
    scenario, names = visitor.question()
    bench.answer(scenario, list(names.values()), FEW)
    if port:
        _check_port(port)
    pn.extension(notifications=False)
    say(f"Open in a browser on this computer; Ctrl-C ends it. Nothing leaves this computer (address {ADDRESS}).")
    pn.serve(
        {"/": lambda: visit(files, bench)}, address=ADDRESS, port=port, show=show, title="smsim workshop",
        autoreload=False, location=True,
    )  # fmt: skip


def _check_port(port: int) -> None:
    with socket.socket() as trial:
        try:
            trial.bind((ADDRESS, port))
        except OSError as error:
            raise ScenarioError(
                f"--port {port}: cannot be used ({error.strerror}); choose another, or leave --port out"
            ) from None


__all__ = ["ADDRESS", "SIDE_COLOURS", "Page", "serve", "visit"]
