"""The left-hand side of the page: two plans whose parts always make one budget, and the sliders of the place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any, ClassVar

import panel as pn
from bokeh.models import CustomJSTickFormatter

from smsim.app.dials import FIRST, Dial
from smsim.app.figures import SIDE_COLOURS, SLIDER_CSS
from smsim.app.names import plan_name
from smsim.app.roles import ROLES, Role
from smsim.app.split import STEP, TRAINER_ORDER, WHOLE
from smsim.app.state import SIDES, Visitor
from smsim.i18n import Words
from smsim.labels import activity_names

PLACE, MORE = "place", "more"  # the sections beside the two plans


def named(labels: list[str]) -> CustomJSTickFormatter:
    """Shows a slider's position as the label that belongs to it, in the browser."""
    return CustomJSTickFormatter(args={"labels": labels}, code="return labels[Math.round(tick)] ?? String(tick)")


def percent_of_whole(words: Words) -> CustomJSTickFormatter:
    """Shows thousandths as per cent."""
    code = f"""
return new Intl.NumberFormat(locale, {{style: 'percent', maximumFractionDigits: 1}}).format(tick / {WHOLE})"""
    return CustomJSTickFormatter(args={"locale": f"{words.language}-u-nu-latn"}, code=code)


class Slider(pn.widgets.IntSlider):  # type: ignore[misc]  # Panel has no types
    """A slider that is heard soon: Panel gathers moves for 50 ms, which here is a tenth of the time to an answer."""

    _debounce: ClassVar[int] = 5  # ms


class Controls:
    """The controls of one visitor.

    Parameters
    ----------
    changed : called after anything was moved
    section : looked at first: a side, `PLACE` or `MORE`
    """

    def __init__(self, visitor: Visitor, words: Words, changed: Callable[[], None], section: str = SIDES[0]) -> None:
        self.visitor, self.words, self.changed = visitor, words, changed
        self.choosers: dict[str, Any] = {}
        self.parts: dict[str, dict[str, Any]] = {side: {} for side in SIDES}
        self.sliders: dict[str, Any] = {}
        self.rows: dict[str, Any] = {}  # a slider with its source, by path
        self._quiet = False  # while sliders follow one another
        self._dials = visitor.dials()
        _ = words
        later = [path for path, dial in self._dials.items() if dial.parameter.path not in FIRST]
        self._paths = {PLACE: [path for path in self._dials if path not in later], MORE: later}
        titles = {side: _("Plan {side}", side=side) for side in visitor.sides} | {
            PLACE: _("The place, the people, the money"), MORE: _("All other numbers"),
        }  # fmt: skip
        self._titles = {key: self._heading(text) for key, text in titles.items()}
        # Sliders that most visitors never see are made when somebody looks at them.
        self.sections = {
            key: pn.Column(visible=False, sizing_mode="stretch_width", css_classes=[f"section-{key}"]) for key in titles
        }
        self.chooser = pn.widgets.RadioButtonGroup(
            options={titles[side]: side for side in visitor.sides} | {_("Place"): PLACE, _("More"): MORE},
            value=section, sizing_mode="stretch_width", margin=(8, 10, 4, 10), stylesheets=[CHOOSER_CSS],
        )  # fmt: skip
        self.chooser.param.watch(lambda _event: self._turn(), "value")
        reset = pn.widgets.Button(name=_("Back to the file's values"), sizing_mode="stretch_width")
        reset.on_click(lambda _event: self.reset())
        self.card = pn.pane.HTML("", visible=False, sizing_mode="stretch_width", stylesheets=[NOTE_CSS])
        self.roles = pn.widgets.Select(
            name=_("Play a role"), options={_("everybody"): ""} | {_(one.title): one.key for one in ROLES.values()},
            value=visitor.role, sizing_mode="stretch_width",
            stylesheets=[".bk-input { font-size: 16px; height: 36px }"],
        )  # fmt: skip
        self.roles.param.watch(lambda event: self.play(event.new), "value")
        self.play(visitor.role)
        self.view = pn.Column(
            self.roles, self.card, self.chooser, *self.sections.values(), reset, sizing_mode="stretch_width",
            css_classes=["controls"],
        )  # fmt: skip

    # ---- roles

    @property
    def role(self) -> Role | None:
        """The role whose sliders are shown, if not everybody's."""
        return ROLES.get(self.visitor.role)

    def play(self, key: str) -> None:
        """Show a role's card and its sliders alone; everybody's for ""."""
        self.visitor.role = key
        role, _ = self.role, self.words
        self.card.param.update(
            object=f"<p class='card'><b>{escape(_(role.title))}</b><br>{escape(_(role.says))}</p>" if role else "",
            visible=role is not None,
        )
        self._look()

    def _turn(self) -> None:
        """Another section, in one message: the page would be laid out anew after each, and empty between them."""
        with pn.io.hold():
            self._look()

    def _look(self) -> None:
        """Show the section that is chosen; to a role, what is theirs of all of them."""
        role = self.role
        self.chooser.visible = role is None
        for key, section in self.sections.items():
            shown = self.chooser.value == key if role is None else True
            if shown and not len(section):
                section[:] = [self._titles[key], *self._made(key)]
            self._titles[key].visible = key in self._paths or role is not None
            section.visible = shown
        for sliders in self.parts.values():
            for activity, slider in sliders.items():
                slider.visible = role is None or activity in role.activities
        for path, row in self.rows.items():
            row.visible = self._is_shown(path)
        for key, paths in self._paths.items():
            if role is not None:
                self.sections[key].visible = any(self._is_shown(path) for path in paths)

    def _is_shown(self, path: str) -> bool:
        return self.role is None or self._dials[path].parameter.path in self.role.paths

    def _made(self, key: str) -> list[Any]:
        return self._side(key) if key in self.parts else [self._row(self._dials[path]) for path in self._paths[key]]

    def _heading(self, text: str) -> Any:
        return pn.pane.HTML(f"<h2>{escape(text)}</h2>", sizing_mode="stretch_width", stylesheets=[NOTE_CSS])

    # ---- plans

    def _side(self, side: str) -> list[Any]:
        _ = self.words
        names = {plan_name(_, name): name for name in self.visitor.scenario.strategies}
        chooser = pn.widgets.Select(
            name=_("Start from"), options=names, value=self.visitor.sides[side].base, sizing_mode="stretch_width",
            stylesheets=[".bk-input { font-size: 16px; height: 36px }"],
        )  # fmt: skip
        self.choosers[side] = chooser
        colour = SIDE_COLOURS[side]
        for activity in TRAINER_ORDER:
            slider = Slider(
                start=0, end=WHOLE, step=STEP, value=self.visitor.sides[side].parts[activity],
                name=self._part_name(activity), format=percent_of_whole(self.words),
                sizing_mode="stretch_width", margin=(4, 16, 8, 16),
                stylesheets=[SLIDER_CSS, f":host {{ --smsim-side: {colour} }}"],
            )  # fmt: skip
            slider.param.watch(partial(self._part_moved, side, activity), "value")
            self.parts[side][activity] = slider

        def chosen(event: Any) -> None:
            if not self._quiet:
                self.visitor.choose(side, event.new)
                self._follow(side)
                self.changed()

        chooser.param.watch(chosen, "value")
        whole = _("The parts always make the whole: what one gets, the others give.")
        note = pn.pane.HTML(
            f"<p class='note'>{escape(whole)}</p>",
            sizing_mode="stretch_width", stylesheets=[NOTE_CSS],
        )  # fmt: skip
        return [chooser, note, *self.parts[side].values()]

    def _part_name(self, activity: str) -> str:
        name = activity_names(self.words)[activity]
        return name[:1].upper() + name[1:]

    def _part_moved(self, side: str, activity: str, event: Any) -> None:
        if self._quiet:
            return
        self.visitor.split(side, activity, int(event.new))
        self._follow(side)
        self.changed()

    def _follow(self, side: str) -> None:
        """The sliders of a side show what its split is."""
        self._quiet = True
        try:
            for activity, slider in self.parts[side].items():
                parts = self.visitor.sides[side].parts
                slider.value = parts[activity]
        finally:
            self._quiet = False

    # ---- the place

    def _row(self, dial: Dial) -> Any:
        value = self.visitor.moved.get(dial.path, dial.value)
        slider = Slider(
            start=0, end=len(dial.values) - 1, value=dial.values.index(value), name=dial.label(self.words),
            format=named([dial.say(v, self.words) for v in dial.values]), sizing_mode="stretch_width",
            margin=(4, 12, 8, 16), stylesheets=[SLIDER_CSS],
        )  # fmt: skip

        def moved(event: Any) -> None:
            if not self._quiet:
                self.visitor.move(dial.path, dial.values[int(event.new)])
                self.changed()

        slider.param.watch(moved, "value")
        self.sliders[dial.path] = slider
        _ = self.words
        about = _("Source: {source}", source=_(dial.source))
        usual = _("In this scenario: {value}", value=dial.say(dial.value, self.words))
        what = _("where this comes from")
        html = (
            f"<details><summary aria-label='{escape(what)}'>i</summary>"
            f"<p>{escape(usual)}. {escape(about)}.</p></details>"
        )
        info = pn.pane.HTML(html, width=30, margin=(4, 4, 0, 4), stylesheets=[INFO_CSS])
        row = pn.Row(slider, info, sizing_mode="stretch_width", visible=self._is_shown(dial.path))
        self.rows[dial.path] = row
        return row

    def move(self, path: str, value: float) -> None:
        """Move a slider of the place, whether it is made already or not."""
        if path in self.sliders:
            self.sliders[path].value = self._dials[path].values.index(value)
        else:
            self.visitor.move(path, value)
            self.changed()

    def reset(self) -> None:
        """Everything back to the file's values."""
        self.visitor.reset()
        self._quiet = True
        try:
            for path, slider in self.sliders.items():
                slider.value = self._dials[path].values.index(self._dials[path].value)
        finally:
            self._quiet = False
        for side in self.visitor.sides:
            self._follow(side)
        self.changed()


NOTE_CSS = """
h2 { margin: 8px 16px 2px; font-size: 17px; color: #0b4f7a }
.note { margin: 0 16px; font-size: 14px; color: #57606a; line-height: 1.35 }
.card { margin: 0 4px; padding: 8px 12px; font-size: 16px; line-height: 1.4; color: #1f2328; background: #fff8e6;
  border: 1px solid #d9c48a; border-radius: 6px }
"""
CHOOSER_CSS = """
.bk-btn { font-size: 16px; padding: 6px 4px; min-height: 38px }
.bk-btn.bk-active { background: #0b4f7a !important; color: #fff !important; font-weight: 700 }
.bk-btn:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px }
"""
INFO_CSS = """
details { position: relative; font-size: 14px }
summary { list-style: none; cursor: pointer; width: 24px; height: 24px; border-radius: 50%; text-align: center;
  line-height: 23px; font: italic bold 15px/23px Georgia, serif; color: #0b4f7a; border: 2px solid #0b4f7a }
summary::-webkit-details-marker { display: none }
summary:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px }
details p { position: absolute; z-index: 20; inset-inline-end: 0; top: 28px; width: 270px; margin: 0;
  padding: 10px 12px;
  background: #fff; color: #1f2328; border: 1px solid #8b949e; border-radius: 6px; box-shadow: 0 4px 14px #0003;
  line-height: 1.4 }
"""
