"""What all pictures share: the look of strategies, type, axes, and saving.

Figures are made without pyplot and without global settings, so that threads may draw side by side. Every strategy has
a colour of `okabe_ito`, a line style and a marker of its own, so that pictures survive colour blindness and grey
printers; "none" is grey and dotted.
"""

from __future__ import annotations

import io
import textwrap
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from smsim.i18n import Words
from smsim.labels import ENGLISH, strategy_name
from smsim.schema import parting
from smsim.strategy import NONE

INK, FAINT = "#222222", "#6b6b6b"
SMALL, NORMAL = 9.0, 10.0  # points
WIDTH = 7.2  # inches: an A4 page between its margins
OKABE_ITO: tuple[tuple[float, float, float], ...] = getattr(mpl.colormaps["okabe_ito"], "colors")  # noqa: B009
# Blue, vermillion, green, purple, orange, sky blue: dark ones first, and neighbours differ in grey.
ORDER = (5, 6, 3, 7, 1, 2)
BLUE, RED = OKABE_ITO[ORDER[0]], OKABE_ITO[ORDER[1]]
LINES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (6, 2, 1, 2)), (0, (2.5, 1.2)), (0, (8, 2, 1, 2, 1, 2)), (0, (4, 4)))
MARKERS = ("o", "s", "^", "D", "v", "P")

# DejaVu Sans, which matplotlib brings, has no Devanagari: letters that it lacks come from ours.
fontManager.addfont(Path(__file__).parent / "fonts" / "NotoSansDevanagari-Regular.ttf")
FONTS = ["DejaVu Sans", "Noto Sans Devanagari"]

_saving = threading.Lock()  # the settings of saving are global to matplotlib


class Look(NamedTuple):
    """How a strategy is drawn."""

    colour: Any
    line: Any
    marker: str


def looks(strategies: Iterable[str]) -> dict[str, Look]:
    """Look of each strategy, in their order; "none" does not take a colour."""
    found: dict[str, Look] = {}
    rank = 0
    for name in strategies:
        if name == NONE:
            found[name] = Look(FAINT, (0, (1.2, 1.6)), "x")
            continue
        k = (rank + rank // len(ORDER)) % len(LINES)  # from the seventh on, colours come back with another line
        found[name] = Look(OKABE_ITO[ORDER[rank % len(ORDER)]], LINES[k], MARKERS[k])
        rank += 1
    return found


def dark(colour: Any) -> tuple[float, ...]:
    """The colour, darkened for type on white."""
    return tuple(0.72 * channel for channel in to_rgb(colour))


def say(strategy: str, words: Words = ENGLISH) -> str:
    """The strategy as people call it: its name, or "no campaign"."""
    return strategy_name(strategy, words)


def short(text: str, length: int) -> str:
    """The text, cut where it is longer."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def wrapped(text: str, width: int = 18, lines: int = 2) -> str:
    """The text in at most so many lines of about that width."""
    return "\n".join(textwrap.wrap(short(text, width * lines), width)) or text


def share_label(value: float, words: Words = ENGLISH) -> str:
    """A share as per cent, with a decimal where it is small."""
    return words.percent(value, 0 if abs(value) >= 0.0995 else 1, exact=True)


def new_figure(height: float) -> Figure:
    """An empty figure of the usual width; height in inches."""
    figure = Figure(figsize=(WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def set_margins(figure: Figure, left: float, right: float, bottom: float, top: float) -> None:
    """Margins of the panels: left and right ends as shares of the width, bottom and top margins in inches."""
    height = float(figure.get_figheight())
    figure.subplots_adjust(left=left, right=right, bottom=bottom / height, top=1 - top / height)


def set_row_gap(figure: Figure, rows: int, gap: float) -> None:
    """Leave a gap, in inches, between rows of panels."""
    if rows > 1:
        inside = (figure.subplotpars.top - figure.subplotpars.bottom) * float(figure.get_figheight())
        figure.subplots_adjust(hspace=gap / ((inside - gap * (rows - 1)) / rows))


def share_axis(axis: Any, words: Words = ENGLISH, bare: bool = False) -> None:
    """Ticks in per cent, or bare percentage points, and a light grid."""
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))

    def tick(value: float, _: Any) -> str:
        return words.number(100 * value, 2) if bare else words.percent(value, 2)

    axis.set_major_formatter(FuncFormatter(tick))
    axis.grid(True, color="#e3e3e3", linewidth=0.8)


def legend_columns(labels: Iterable[str]) -> int:
    """How many labels a line of a legend takes, at most four: so many of the longest fit the width."""
    return max(1, min(4, int(WIDTH / (0.55 + 0.075 * max(map(len, labels), default=1)))))


def add_legend(
    figure: Figure,
    handles: list[Any],
    where: Literal["upper left", "lower left"] = "upper left",
    columns: int = 4,
) -> None:
    """A legend without a frame in a corner of the figure."""
    figure.legend(
        handles=handles, loc=where, bbox_to_anchor=(0.01, 1.0 if "upper" in where else 0.0),
        ncols=max(1, min(len(handles), columns)), frameon=False, fontsize=SMALL, handlelength=3, borderpad=0.2,
    )  # fmt: skip


def finish(figure: Figure) -> Figure:
    """Plain frames, one size of type, and fonts for every script."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=SMALL, colors=INK)
        axes.set_axisbelow(True)
    for text in figure.findobj(Text):
        text.set_fontfamily(FONTS)
    return figure


def picture_stem(shows: str, number: int, name: str) -> str:
    """Name of a picture of one behaviour or strategy, without ending.

    The number keeps apart names that differ in capitals alone, which Windows does not tell; nothing in front of it is
    a name that Windows keeps for itself.
    """
    return "-".join([shows, str(number), *parting(name).lower().split()])


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG or SVG, by the ending of `path`; the same figure gives the same bytes."""
    path.write_bytes(picture_bytes(figure, path.suffix[1:]))


def picture_bytes(figure: Figure, kind: str) -> bytes:
    """The figure as a "png" or "svg" file. Neither the time nor the machine enters it."""
    target = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None, "Creator": "smsim"} if kind == "svg" else {"Software": "smsim"}
    with _saving, mpl.rc_context({"svg.hashsalt": "smsim", "svg.fonttype": "path"}):
        figure.savefig(target, format=kind, dpi=160, metadata=metadata)
    return target.getvalue()
