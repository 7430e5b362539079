"""What a survey would report beside what is true, and how large it must be to find the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from smsim.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from smsim.evaluate import Evaluation


def evaluation_figure(evaluation: Evaluation) -> Figure:
    """Left: true and reported coverage before and after, and the gain. Right: power by the size of the survey."""
    figure = style.new_figure(3.3)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _reported(left, evaluation)
    _power(right, evaluation)
    handles = [
        Line2D([], [], color=style.INK, marker="D", linestyle="", markerfacecolor="white", label="true"),
        Line2D([], [], color=style.BLUE, marker="o", linewidth=2, label="reported: mean, and 90% of the surveys"),
    ]
    style.set_margins(figure, left=0.12, right=0.97, bottom=0.85, top=0.35)
    figure.subplots_adjust(wspace=0.28)
    style.add_legend(figure, handles, "lower left")
    return style.finish(figure)


def _reported(axes: Axes, evaluation: Evaluation) -> None:
    table = evaluation.table().set_index("quantity")
    rows = ("coverage before", "coverage after", "change")
    for place, name in enumerate(rows):
        row = table.loc[name]
        axes.plot([row["lower"], row["upper"]], [place] * 2, color=style.BLUE, linewidth=2, solid_capstyle="butt")
        axes.plot(row["reported"], place, "o", color=style.BLUE, markersize=6.5)
        axes.plot(row["true"], place, "D", color=style.INK, markerfacecolor="white", markersize=6.5)
    gain = "gain over\ncontrol" if evaluation.controlled else "gain"
    axes.set_yticks(range(3), ["before", "after", gain])
    axes.set_ylim(2.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if axes.get_xlim()[0] < 0:
        axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
    style.share_axis(axes.xaxis)
    axes.yaxis.grid(False)
    axes.set_title("what the survey would report", fontsize=style.SMALL, color=style.INK, loc="left")
    axes.set_xlabel("coverage", fontsize=style.NORMAL)


def _power(axes: Axes, evaluation: Evaluation) -> None:
    curve = evaluation.curve()
    lots = evaluation.design.lots
    size = curve["per_cluster" if lots else "clusters"].to_numpy()
    axes.fill_between(size, curve["lower"], curve["upper"], color=style.BLUE, alpha=0.2, linewidth=0)
    axes.plot(size, curve["power"], color=style.BLUE, linewidth=2)
    axes.axhline(0.8, color=style.FAINT, linewidth=1, linestyle=(0, (4, 3)))
    own = evaluation.design.per_cluster if lots else evaluation.design.clusters
    here = float(np.interp(own, size, curve["power"]))
    axes.plot(own, here, "o", color=style.BLUE, markersize=7, linestyle="", label=f"this one: {own}, {100 * here:.0f}%")
    if evaluation.smallest is not None:
        design, power = evaluation.smallest
        enough = design.per_cluster if lots else design.clusters
        axes.plot(
            enough, power, "s", color=style.BLUE, markerfacecolor="white", markersize=7, linestyle="",
            label=f"smallest: {enough}, {100 * power:.0f}%",
        )  # fmt: skip
    axes.legend(  # where the curve is not
        loc="lower right" if curve["power"].iloc[-1] > 0.4 else "upper right",
        fontsize=style.SMALL, frameon=True, framealpha=0.9, edgecolor="none", handletextpad=0.3,
    )  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, float(axes.dataLim.x1) * 1.04)
    style.share_axis(axes.yaxis)
    axes.set_title("how often it finds the effect", fontsize=style.SMALL, color=style.INK, loc="left")
    axes.set_xlabel(
        "households per lot" if lots else f"clusters of {evaluation.design.per_cluster}", fontsize=style.NORMAL
    )
