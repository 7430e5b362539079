"""Pictures of real networks: predicted against observed villages, adoption curves, neighbours against shuffles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from smsim.plots.style import (
    BLUE,
    FAINT,
    INK,
    RED,
    SMALL,
    add_legend,
    finish,
    new_figure,
    set_margins,
    set_row_gap,
    share_axis,
    short,
)  # fmt: skip

if TYPE_CHECKING:
    from smsim.networks.patterns import EgoAlter

MOST_PANELS = 24
INTERVALS = "median and 90% interval"


def villages_figure(table: pd.DataFrame, naive: float | None = None) -> Figure:
    """Each village's predicted final rate with its interval, in the order of the medians; what was seen, where known.

    Parameters
    ----------
    table : village, median, low, high, and observed (NaN where it is not known)
    naive : a rate drawn as a line
    """
    rows = table.sort_values("median").reset_index(drop=True)
    figure = new_figure(1.3 + 0.2 * max(len(rows), 4))
    axes = figure.add_subplot()
    at = np.arange(len(rows))
    axes.hlines(at, rows["low"], rows["high"], color=BLUE, linewidth=3.2, alpha=0.45)
    axes.plot(rows["median"], at, "|", color=BLUE, markersize=9, markeredgewidth=2)
    axes.plot(rows["observed"], at, "o", color=RED, markersize=5)
    if naive is not None:
        axes.axvline(naive, color=FAINT, linewidth=1, linestyle=(0, (1.2, 1.6)))
    axes.set_yticks(at, [short(str(v), 18) for v in rows["village"]])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xlim(left=0)
    axes.set_xlabel("share of households that adopted", fontsize=SMALL)
    axes.set_ylabel("village", fontsize=SMALL)
    share_axis(axes.xaxis)
    handles = [Line2D([], [], color=BLUE, marker="|", linewidth=3.2, alpha=0.6, label=f"predicted: {INTERVALS}")]
    if rows["observed"].notna().any():
        handles.append(Line2D([], [], color=RED, marker="o", linestyle="", label="observed"))
    if naive is not None:
        handles.append(Line2D([], [], color=FAINT, linestyle=(0, (1.2, 1.6)), label="mean of all observed"))
    add_legend(figure, handles)
    set_margins(figure, 0.16, 0.97, 0.55, 0.4)
    return finish(figure)


def curves_figure(table: pd.DataFrame) -> Figure:
    """Adoption curves, one panel per village (the first two dozen).

    Parameters
    ----------
    table : village, period, median, low, high, and observed (NaN where it is not known)
    """
    names = list(dict.fromkeys(table["village"]))[:MOST_PANELS]
    columns = min(4, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(0.95 + 1.45 * lines)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for k, axes in enumerate(grid.flat):
        if k >= len(names):
            axes.set_visible(False)
            continue
        mine = table[table["village"] == names[k]]
        at = np.arange(len(mine))
        axes.fill_between(at, mine["low"], mine["high"], color=BLUE, alpha=0.22, linewidth=0)
        axes.plot(at, mine["median"], color=BLUE, linewidth=1.6)
        axes.plot(at, mine["observed"], "o", color=RED, markersize=3)
        axes.set_title(short(str(names[k]), 22), fontsize=SMALL, color=INK, loc="left")
        axes.set_ylim(0, 1)
        share_axis(axes.yaxis)
        step = max(1, len(mine) // 3)
        axes.set_xticks(at[::step], list(mine["period"].astype(str))[::step])
    handles: list[Any] = [Line2D([], [], color=BLUE, linewidth=1.6, label=f"predicted: {INTERVALS}")]
    if table["observed"].notna().any():
        handles.append(Line2D([], [], color=RED, marker="o", linestyle="", label="observed"))
    add_legend(figure, handles)
    set_margins(figure, 0.08, 0.98, 0.35, 0.6)
    set_row_gap(figure, lines, 0.35)
    return finish(figure)


def ego_alter_figure(alike: EgoAlter, timed: bool) -> Figure:
    """The correlation between neighbours, beside those of shuffles within villages."""
    figure = new_figure(2.9)
    axes = figure.add_subplot()
    axes.hist(alike.shuffles, bins=30, color="#c9c9c9", edgecolor="white", linewidth=0.5)
    axes.axvline(alike.correlation, color=RED, linewidth=2)
    left = alike.correlation > float(np.median(alike.shuffles))
    axes.annotate(
        f"data: {alike.correlation:.3f} (p = {alike.p_value:.3f})".replace("-", "−"),
        (alike.correlation, 0.93), xycoords=("data", "axes fraction"), color=RED, fontsize=SMALL,
        xytext=(-5 if left else 5, 0), textcoords="offset points", ha="right" if left else "left",
    )  # fmt: skip
    what = "adoption time" if timed else "adoption"
    axes.set_xlabel(f"ego-alter correlation of {what}, within villages", fontsize=SMALL)
    axes.set_ylabel(f"of {len(alike.shuffles)} shuffles", fontsize=SMALL)
    axes.margins(y=0.2)
    set_margins(figure, 0.1, 0.97, 0.55, 0.2)
    return finish(figure)
