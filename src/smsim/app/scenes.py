"""Map and village: the same world week by week under both plans, in frames that the browser plays by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    Button,
    ColorBar,
    ColumnDataSource,
    CustomJS,
    DataRange1d,
    FixedTicker,
    HoverTool,
    Label,
    LinearColorMapper,
    Range1d,
    Row,
    Slider,
    Spacer,
    TapTool,
)
from bokeh.palettes import cividis

from smsim.app.figures import BUTTON_CSS, FONT, INK, LOCALE, SIDE_COLOURS, SLIDER_CSS, base_figure, percent_formatter
from smsim.app.history import History
from smsim.engine.arrays import Array, Places
from smsim.i18n import Words

# Stage -> fill, line, marker, size; in the order of `smsim.engine.arrays.STAGES`.
STAGE_LOOKS = (
    ("#ffffff", "#8b949e", "circle", 8),
    ("#c9ced6", "#6b7280", "circle", 10),
    ("#F0E442", "#6b5f00", "triangle", 14),
    ("#56B4E9", "#0b4f7a", "square", 13),
    ("#0072B2", "#003a5c", "square", 14),
    ("#D55E00", "#7a3600", "inverted_triangle", 13),
)
FRAME_JS = (Path(__file__).parent / "frame.js").read_text(encoding="utf-8")
STEP_MS = 220
DISC, ROOMY, READABLE = 42, 20, 34  # pixels of a disc; so many communities have room; a disc that holds its number


def player(words: Words, first: int, last: int, name: str) -> tuple[Slider, Any]:
    """A slider of weeks and its buttons: play or pause, a step back, a step ahead, to the start; all in the browser.

    The play button is called name-play, for the space bar presses it too.
    """
    _ = words
    week = Slider(
        start=first, end=last, value=1, step=1, title=_("week"), name=f"{name}-week", sizing_mode="stretch_width",
        show_value=True, margin=(6, 16, 0, 16), stylesheets=[SLIDER_CSS],
    )  # fmt: skip
    play = Button(label=_("▶ Play"), button_type="primary", width=120, name=f"{name}-play", stylesheets=[BUTTON_CSS])
    back = Button(label="◀ 1", width=64, stylesheets=[BUTTON_CSS])
    ahead = Button(label="1 ▶", width=64, stylesheets=[BUTTON_CSS])
    again = Button(label=_("⟲ Start"), width=100, stylesheets=[BUTTON_CSS])
    args = {"week": week, "play": play, "labels": [_("▶ Play"), _("⏸ Pause")], "pace": STEP_MS}
    play.js_on_event(
        "button_click",
        CustomJS(
            args=args,
            code="""
const stop = () => { clearInterval(play.timer); play.timer = null; play.label = labels[0] };
if (play.timer) { stop(); return }
if (week.value >= week.end) week.value = 1;
play.label = labels[1];
play.timer = setInterval(() => { if (week.value >= week.end) stop(); else week.value = week.value + 1 }, pace);
""",
        ),
    )
    pause = "clearInterval(play.timer); play.timer = null; play.label = labels[0];"
    back.js_on_event(
        "button_click", CustomJS(args=args, code=pause + "week.value = Math.max(week.start, week.value - 1)")
    )
    ahead.js_on_event(
        "button_click", CustomJS(args=args, code=pause + "week.value = Math.min(week.end, week.value + 1)")
    )
    again.js_on_event("button_click", CustomJS(args=args, code=pause + "week.value = 1"))
    # Time runs from left to right in every language, as in the curves.
    row = Row(play, back, ahead, again, week, Spacer(width=4), sizing_mode="stretch_width", styles={"direction": "ltr"})
    return week, row


def village_frames(history: History) -> dict[str, Any]:
    """A history as the browser plays it: stage and voice of every week as text, ties that carried an adoption."""
    first = history.first_week
    stages = ["".join(map(str, row)) for row in history.stage[max(first - 1, 0) :].tolist()]
    voices = ["".join("1" if v else "0" for v in row) for row in history.voices[max(first - 1, 0) :].tolist()]
    carried: dict[int, list[list[int]]] = {}
    for t, tie, moved in history.carried():
        carried.setdefault(t - first + 1, []).append([tie, moved])
    return {"stages": stages, "voices": voices, "carried": {str(week): ties for week, ties in carried.items()}}


@dataclass
class Village:
    """One village under one plan."""

    figure: Any
    homes: ColumnDataSource
    ties: ColumnDataSource
    lit: ColumnDataSource
    frames: ColumnDataSource  # one row: what `village_frames` gives

    def show(self, history: History, at: Array, week: int) -> None:
        """Put a history into the picture, at a campaign week (1 is the first, 0 before it)."""
        n = len(history.households)
        x, y = at[:, 0], at[:, 1]
        a, b = history.ties[:, 0], history.ties[:, 1]
        self.frames.data = {"frames": [json.dumps(village_frames(history))]}
        self.ties.data = {"x0": x[a], "y0": y[a], "x1": x[b], "y1": y[b]}
        row = history.stage[max(history.first_week - 1 + week, 0)]
        looks = [STAGE_LOOKS[stage] for stage in row]
        self.homes.data = {
            "x": x, "y": y, "id": np.arange(1, n + 1), "stage": row.astype(int),
            "fill": [k[0] for k in looks], "line": [k[1] for k in looks], "marker": [k[2] for k in looks],
            "size": [k[3] for k in looks],
        }  # fmt: skip
        self.lit.data = {"x0": [], "y0": [], "x1": [], "y1": [], "alpha": []}


def village(words: Words, side: str, week: Slider, height: int = 430) -> Village:
    """The close-up of one village under one side's plan, played by `week`."""
    _ = words
    alt = _("Village under plan {side}: every mark is a household, every line a tie.", side=side)
    made = base_figure(
        alt,
        f"village-{side}",
        height=height,
        x_range=Range1d(-1.06, 1.06),
        y_range=Range1d(-1.06, 1.06),
    )
    made.axis.visible = False
    made.grid.grid_line_color = None
    made.background_fill_color = "#fbfaf7"
    made.outline_line_color = SIDE_COLOURS[side]
    made.outline_line_width = 2
    none: dict[str, list[Any]] = {"x0": [], "y0": [], "x1": [], "y1": []}
    ties = ColumnDataSource(none, name=f"ties-{side}")
    lit = ColumnDataSource(none | {"alpha": []}, name=f"lit-{side}")
    empty: dict[str, list[Any]] = {k: [] for k in ("x", "y", "id", "stage", "fill", "line", "marker", "size")}
    homes = ColumnDataSource(empty, name=f"homes-{side}")
    frames = ColumnDataSource({"frames": []}, name=f"frames-{side}")
    ends = ("x0", "y0", "x1", "y1")
    made.segment(*ends, source=ties, line_color="#d3d0c8", line_width=0.8)
    made.segment(*ends, source=lit, line_color="#CC0077", line_width=4, line_alpha="alpha", line_cap="round")
    marks = made.scatter(
        "x", "y", source=homes, marker="marker", size="size", fill_color="fill", line_color="line", line_width=1.2
    )
    marks.selection_glyph = marks.glyph.clone(line_color="#000000", line_width=4)
    marks.nonselection_glyph = None
    hover = HoverTool(renderers=[marks], tooltips=[(_("household"), "@id")], name=f"hover-{side}")
    made.add_tools(TapTool(renderers=[marks]), hover)
    count = Label(
        x=4, y=4, x_units="screen", y_units="screen", text="", text_font=FONT, text_font_size="19px",
        text_font_style="bold", text_color=INK, background_fill_color="#ffffff", background_fill_alpha=0.85,
        padding=4,
    )  # fmt: skip
    made.add_layout(count)
    looks = [list(look) for look in STAGE_LOOKS]
    count.name, count.tags = f"count-{side}", [_("{count} of {all} do it")]
    args = {
        "count": count,
        "homes": homes,
        "ties": ties,
        "lit": lit,
        "frames": frames,
        "looks": looks,
        "week": week,
    }
    follow = CustomJS(args=args, code=FRAME_JS)
    week.js_on_change("value", follow)
    frames.js_on_change("data", follow)
    made.tags = [frames, week]  # takes them into the document
    return Village(made, homes, ties, lit, frames)


@dataclass
class Area:
    """The map of communities under one side's plan."""

    figure: Any
    communities: ColumnDataSource
    facilities: ColumnDataSource
    frames: ColumnDataSource
    colours: LinearColorMapper

    def show(self, history: History, at: Array, centre: Array, places: Places, chosen: int, top: float) -> None:
        """Put coverage by community into the map: at (C, 2) and centre (F, 2) in km; the colours end at `top`."""
        opposed, treated, facility = places.leader_response < 1, places.treated, places.facility
        first = max(history.first_week - 1, 0)
        table = np.round(np.nan_to_num(history.coverage[first:]), 3)
        self.frames.data = {"frames": [json.dumps(table.tolist())]}
        self.colours.high = top
        count = len(at)
        # Many communities are small discs, whose number shows when one points at them.
        size = min(DISC, DISC * (ROOMY / count) ** 0.5)
        edge = ["#000000" if c == chosen else ("#D55E00" if o else "#57606a") for c, o in enumerate(opposed)]
        width = [5.0 if c == chosen else (3.0 if o else 1.0) for c, o in enumerate(opposed)]
        self.communities.data = {
            "x": at[:, 0], "y": at[:, 1], "id": np.arange(1, count + 1), "value": table[0], "edge": edge,
            "width": width, "size": np.full(count, size),
            "label": [f"{v:.0%}" if size >= READABLE else "" for v in table[0]],
            "fx": centre[facility, 0], "fy": centre[facility, 1],
            "alpha": np.where(treated == 1, 1.0, 0.35),
        }  # fmt: skip
        self.facilities.data = {"x": centre[:, 0], "y": centre[:, 1]}


def area(words: Words, side: str, week: Slider, height: int = 430) -> Area:
    """The schematic map of the area under one side's plan, played by `week`."""
    _ = words
    alt = _("Map under plan {side}: every disc is a community, darker or lighter by how many do it.", side=side)
    ranges = (DataRange1d(range_padding=0.22), DataRange1d(range_padding=0.22))
    made = base_figure(alt, f"map-{side}", height=height, match_aspect=True, x_range=ranges[0], y_range=ranges[1])
    made.axis.visible = False
    made.grid.grid_line_color = None
    made.background_fill_color = "#fbfaf7"
    made.outline_line_color = SIDE_COLOURS[side]
    made.outline_line_width = 2
    # Two unseen points, for a range of nothing has no aspect.
    unseen: dict[str, list[Any]] = {"x": [-9, 9], "y": [-9, 9], "id": [0, 0], "value": [0, 0], "edge": ["#fbfaf7"] * 2}
    unseen |= {"width": [0, 0], "label": ["", ""], "alpha": [0, 0], "fx": [-9, 9], "fy": [-9, 9]}
    unseen |= {"size": [0, 0]}
    communities = ColumnDataSource(unseen, name=f"communities-{side}")
    facilities = ColumnDataSource({"x": [], "y": []}, name=f"facilities-{side}")
    frames = ColumnDataSource({"frames": []}, name=f"area-{side}")
    mapper = LinearColorMapper(palette=cividis(256), low=0, high=1)
    made.segment("x", "y", "fx", "fy", source=communities, line_color="#b9b4a7", line_width=2)
    made.scatter("x", "y", source=facilities, marker="cross", size=20, line_width=6, line_color="#CC0077")
    discs = made.scatter(
        "x", "y", source=communities, size="size", fill_color={"field": "value", "transform": mapper},
        line_color="edge", line_width="width", fill_alpha="alpha",
    )  # fmt: skip
    discs.nonselection_glyph = discs.selection_glyph = None
    made.text(
        "x", "y", "label", source=communities, text_align="center", text_baseline="middle", text_font=value(FONT),
        text_font_size="15px", text_font_style="bold", text_color="#ffffff", text_outline_color="#1f2328",
    )  # fmt: skip
    tips = [(_("community"), "@id"), (_("share that does it"), "@value{0%}")]
    made.add_tools(TapTool(renderers=[discs]), HoverTool(renderers=[discs], tooltips=tips))
    bar = ColorBar(
        color_mapper=mapper, width=10, padding=4, formatter=percent_formatter(), border_line_color=None,
        ticker=FixedTicker(ticks=[0, 0.25, 0.5, 0.75, 1]), major_label_text_font=FONT,
        major_label_text_font_size="14px", background_fill_alpha=0,
    )  # fmt: skip
    if side == "B":
        made.add_layout(bar, "right")
    say = f"const say = new Intl.NumberFormat({LOCALE}, {{style: 'percent', maximumFractionDigits: 0}});"
    code = """
const text = frames.data.frames[0];
if (frames.text !== text) { frames.text = text; frames.parsed = text ? JSON.parse(text) : null }
const table = frames.parsed;
if (!table || !communities.data.x.length) return;
const row = table[Math.max(0, Math.min(table.length - 1, week.value))];
const write = v => communities.data.size[0] < readable ? "" : say.format(v);
communities.data = {...communities.data, value: row, label: row.map(write)};
"""
    args = {"communities": communities, "frames": frames, "week": week, "readable": READABLE}
    follow = CustomJS(args=args, code=say + code)
    week.js_on_change("value", follow)
    frames.js_on_change("data", follow)
    return Area(made, communities, facilities, frames, mapper)
