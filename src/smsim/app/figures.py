"""The pictures of the workshop, in Bokeh: one set, used by the live page and by the offline pack.

Each picture is a figure over `ColumnDataSource`s with fixed names; the page and the pack change the data only.
Text in a figure is ours alone, never a user's: Bokeh reads `$$` in it as mathematics and would fetch a program for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    CustomJSTickFormatter,
    Label,
    NoOverlap,
    Range1d,
    Span,
)
from bokeh.plotting import figure

from smsim.app.compute import Answer
from smsim.engine.arrays import Array
from smsim.i18n import END_ISOLATE, RTL_ISOLATE, Words
from smsim.outcomes import COUNTED_BY_CASE

INK, FAINT, GRID = "#1f2328", "#57606a", "#e4e7eb"
# Okabe & Ito's colours; each side has a line and a marker of its own, for those who see no colour and for grey paper.
SIDE_COLOURS = {"A": "#0072B2", "B": "#D55E00"}
SIDE_DASHES = {"A": "solid", "B": [12, 5]}
SIDE_MARKERS = {"A": "circle", "B": "square"}
NONE_COLOUR = "#6b7280"
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans Arabic', 'Noto Sans Devanagari', sans-serif"
)
SLIDER_CSS = """
:host { --smsim-side: #444c56 }
.bk-slider-title { font-size: 15px; color: #1f2328; line-height: 1.25; padding-bottom: 5px; white-space: normal }
.bk-slider-value { font-weight: 700 }
.noUi-connect { background: var(--smsim-side) }
.noUi-handle { width: 24px !important; height: 24px !important; top: -9px !important; right: -12px !important;
  border-radius: 50%; border: 2px solid var(--smsim-side); background: #fff; box-shadow: none }
.noUi-handle:focus { outline: 3px solid #f0a500; outline-offset: 2px }
.noUi-handle:before, .noUi-handle:after { display: none }
"""
BUTTON_CSS = ".bk-btn { font-size: 16px; min-height: 38px } .bk-btn:focus-visible { outline: 3px solid #f0a500 }"


# In the browser: the language of the page, with the digits of the texts (some browsers give Arabic others).
LOCALE = '(document.documentElement.lang || "en") + "-u-nu-latn"'


def percent_formatter() -> CustomJSTickFormatter:
    """Ticks as per cent, as the language of the page writes them."""
    return CustomJSTickFormatter(
        code=f"""
return new Intl.NumberFormat({LOCALE}, {{style: "percent", maximumFractionDigits: 0}}).format(tick)"""
    )


def base_figure(alt: str, name: str, **options: Any) -> Any:
    """An empty figure in the house's look.

    Parameters
    ----------
    alt : what the picture shows, for those who do not see it
    name : by which the page finds it, and its axes: name-x and name-y
    """
    made = figure(
        toolbar_location=None,
        tools="",
        sizing_mode="stretch_width",
        background_fill_color="#ffffff",
        border_fill_color=None,
        outline_line_color=None,
        name=name,
        # A canvas takes the page's direction: right to left would throw its texts about; letters join all the same.
        html_attributes={"role": "img", "aria-label": alt, "dir": "ltr"},
        **options,
    )
    for axis in (*made.xaxis, *made.yaxis):
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "15px"
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_line_color = axis.major_tick_line_color = "#9aa1a9"
        axis.minor_tick_line_color = None
        axis.major_label_policy = NoOverlap()
    made.xaxis.name, made.yaxis.name = f"{name}-x", f"{name}-y"
    made.grid.grid_line_color = GRID
    made.toolbar.active_drag = None
    return made


def isolated(words: Words, text: str) -> str:
    """A text that runs from right to left if its language does, whatever stands around it (Unicode's isolates)."""
    return f"{RTL_ISOLATE}{text}{END_ISOLATE}" if words.right_to_left else text


# ---- curves


def curve_data(answer: Answer, name: str, behaviour: int) -> dict[str, Array]:
    """One plan's columns of the curves: week, mean, low, high."""
    mean, low, high = answer.curve(name, behaviour)
    return {"week": answer.campaign_weeks + 1, "mean": mean, "low": low, "high": high}


@dataclass
class Curves:
    """Coverage by week for both sides and for no campaign, with bands."""

    figure: Any
    sources: dict[str, ColumnDataSource]  # by side, and "none"
    campaign: BoxAnnotation
    campaign_label: Label
    now: Span

    def show(self, answer: Answer, names: dict[str, str], behaviour: int) -> None:
        """Put an answer into the picture. names: side -> strategy."""
        for side, name in (("none", "none"), *names.items()):
            # As lists: of arrays every column would be a message of its own, and one that did not change be sent too.
            self.sources[side].data = {k: v.tolist() for k, v in curve_data(answer, name, behaviour).items()}
        self.campaign.update(left=0.5, right=float(answer.scenario.campaign["weeks"]) + 0.5)
        weeks = answer.campaign_weeks + 1
        self.figure.x_range.update(start=float(weeks[0]), end=float(weeks[-1]))
        top = max(float(np.nanmax(source.data["high"])) for source in self.sources.values())
        self.figure.y_range.update(start=0, end=nice_top(top))
        self.campaign_label.update(x=1, y=nice_top(top))


def nice_top(top: float) -> float:
    """The end of an axis of shares that shows `top`: a round number a little above it, at most 1."""
    return min(1.0, next((step for step in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8) if top * 1.06 <= step), 1.0))


def share_axis(words: Words, kind: str, group: bool = False) -> str:
    """What an axis of coverage says, for a kind of behaviour; `group`: of each group of households."""
    _ = words
    if kind in COUNTED_BY_CASE:
        return _("share of those due that are served")
    return _("share that does it") if group else _("share of households that do it")


def curves(words: Words, labels: dict[str, str], axis: str, height: int = 330) -> Curves:
    """Coverage by week, empty: see `Curves.show`. labels: side -> what its line is called."""
    _ = words
    alt = _("Curves: share of households that do it, week by week, under plan A, plan B and no campaign.")
    made = base_figure(alt, "curves", height=height, x_range=Range1d(-52, 104), y_range=Range1d(0, 1))
    made.xaxis.axis_label = _("weeks since the campaign began")
    made.yaxis.axis_label = axis
    made.yaxis.formatter = percent_formatter()
    made.xaxis.formatter = number_formatter()
    campaign = BoxAnnotation(left=0, right=52, fill_color="#eef3f8", fill_alpha=0.9, line_color=None, level="underlay")
    made.add_layout(campaign)
    campaign_label = Label(
        x=1, y=1, text=_("campaign"), text_font=FONT, text_font_size="15px", text_color=FAINT, text_baseline="top",
        y_offset=-4, x_offset=4,
    )  # fmt: skip
    campaign_label.name, campaign.name = "campaign-label", "campaign"
    made.add_layout(campaign_label)
    empty: dict[str, list[float]] = {"week": [], "mean": [], "low": [], "high": []}
    sources = {key: ColumnDataSource(empty, name=f"curve-{key}") for key in ("none", *SIDE_COLOURS)}
    for side, colour in SIDE_COLOURS.items():
        made.varea("week", "low", "high", source=sources[side], fill_color=colour, fill_alpha=0.16)
    made.line(
        "week", "mean", source=sources["none"], line_color=NONE_COLOUR, line_width=3, line_dash=[2, 5],
        legend_label=labels["none"],
    )  # fmt: skip
    for side, colour in SIDE_COLOURS.items():
        made.line(
            "week", "mean", source=sources[side], line_color=colour, line_width=4, line_dash=SIDE_DASHES[side],
            legend_label=labels[side],
        )  # fmt: skip
    legend = made.legend[0]
    legend.update(
        location="top_left", label_text_font=FONT, label_text_font_size="16px", label_text_color=INK,
        background_fill_alpha=0.85, border_line_color=None, glyph_width=46, margin=26, padding=4, spacing=2,
    )  # fmt: skip
    now = Span(dimension="height", location=0, line_color=INK, line_width=1, line_dash=[3, 3], visible=False)
    made.add_layout(now)
    return Curves(made, sources, campaign, campaign_label, now)


def number_formatter() -> CustomJSTickFormatter:
    """Ticks as numbers, as the language of the page writes them."""
    return CustomJSTickFormatter(code=f"return new Intl.NumberFormat({LOCALE}).format(tick)")


# ---- rows of dots and bars


@dataclass
class Rows:
    """A picture with one row per thing, and one mark per side in it."""

    figure: Any
    sources: dict[str, ColumnDataSource]

    def show(self, rows: Sequence[str], values: Mapping[str, Sequence[tuple[float, float, float]]], top: float) -> None:
        """Put values (mean, low, high) per side into the rows, the first on top; the axis ends at `top`."""
        self.figure.y_range.factors = list(reversed(rows))
        self.figure.x_range.end = top
        for side, of_side in values.items():
            mean, low, high = (list(column) for column in zip(*of_side, strict=True))
            self.sources[side].data = {"row": self._placed(rows, side), "mean": mean, "low": low, "high": high}

    def _placed(self, rows: Sequence[str], side: str) -> list[tuple[str, float]]:
        return [(row, 0.17 if side == "A" else -0.17) for row in rows]


def dots(words: Words, alt: str, axis: str, height: int = 420) -> Rows:
    """Coverage by group: a dot per side with the band of 90% of the worlds."""
    made = _rows("groups", alt, axis, height)
    made.figure.xaxis.formatter = percent_formatter()
    for side, source in made.sources.items():
        colour = SIDE_COLOURS[side]
        made.figure.segment(
            "low", "row", "high", "row", source=source, line_color=colour, line_width=5, line_alpha=0.35
        )
        made.figure.scatter(
            "mean", "row", source=source, marker=SIDE_MARKERS[side], size=15, fill_color=colour, line_color="white",
            line_width=1.5,
        )  # fmt: skip
    return made


def bars(words: Words, alt: str, axis: str, height: int = 420) -> Rows:
    """US$ by item: a bar per side."""
    made = _rows("money", alt, axis, height)
    made.figure.xaxis.formatter = number_formatter()
    for side, source in made.sources.items():
        colour = SIDE_COLOURS[side]
        made.figure.hbar(
            "row", height=0.3, right="mean", source=source, fill_color=colour, line_color=colour,
            hatch_pattern=None if side == "A" else "/", hatch_color="white", hatch_alpha=0.5,
        )  # fmt: skip
    return made


def _rows(name: str, alt: str, axis: str, height: int) -> Rows:
    """A picture of rows without marks yet; its sources are called name-A and name-B."""
    made = base_figure(alt, name, height=height, y_range=[" "], x_range=Range1d(0, 1))
    made.xaxis.axis_label = axis
    made.ygrid.grid_line_color = None
    made.yaxis.major_label_text_font_size = "16px"
    empty: dict[str, list[Any]] = {"row": [], "mean": [], "low": [], "high": []}
    return Rows(made, {side: ColumnDataSource(empty, name=f"{name}-{side}") for side in SIDE_COLOURS})
