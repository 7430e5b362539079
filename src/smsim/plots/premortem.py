"""What skipping each step of mobilization costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from smsim.plots.style import (
    FAINT,
    INK,
    SMALL,
    add_legend,
    finish,
    new_figure,
    set_margins,
    share_axis,
    short,
    wrapped,
)
from smsim.premortem import HARDLY
from smsim.steps import STEPS

if TYPE_CHECKING:
    from smsim.premortem import Premortem

BAND = "#e6e6e6"
WHEN = {"end": "end of campaign", "follow_up": "end of follow-up"}


def premortem_figure(premortem: Premortem, behaviour: str) -> Figure:
    """Coverage lost by skipping each step, with 95% intervals; to the right of the line skipping loses.

    Hollow grey marks are losses that the worlds cannot tell from none. The grey band is one point either way.
    """
    rows = len(premortem.steps)
    figure = new_figure(1.35 + 0.42 * rows)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, (when, title) in zip(panels, WHEN.items(), strict=True):
        axes.axvspan(-HARDLY, HARDLY, color=BAND, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
        for place, step in enumerate(premortem.steps):
            loss = premortem.loss(step, when, behaviour).loss
            if not np.isfinite(loss.mean):
                continue
            colour, face, width = (INK, INK, 2.0) if loss.separated else (FAINT, "white", 1.2)
            axes.plot([loss.lower, loss.upper], [place] * 2, color=colour, linewidth=width, solid_capstyle="butt")
            axes.plot(loss.mean, place, "o", color=colour, markerfacecolor=face, markersize=6)
        axes.set_title(title, fontsize=SMALL, color=INK, loc="left")
        axes.tick_params(axis="y", length=0)
        share_axis(axes.xaxis, bare=True)
    labels = [f"{STEPS[s].number} {STEPS[s].title}" for s in premortem.steps]
    note = {s: "\n(next campaign)" if s == "evaluation" else "" for s in premortem.steps}
    panels[0].set_yticks(range(rows), [wrapped(x, 24) + note[s] for x, s in zip(labels, premortem.steps, strict=True)])
    panels[0].set_ylim(rows - 0.4, -0.6)
    figure.text(
        0.62, 0.42 / figure.get_figheight(),
        f"coverage of {short(behaviour, 30)} lost by skipping the step, percentage points",
        fontsize=SMALL, ha="center",
    )  # fmt: skip
    handles = [
        Line2D([], [], color=INK, marker="o", linewidth=2, label="told apart from no loss"),
        Line2D([], [], color=FAINT, marker="o", markerfacecolor="white", linewidth=1.2, label="cannot be told apart"),
        Patch(facecolor=BAND, label="within one point"),
    ]
    set_margins(figure, left=0.27, right=0.98, bottom=0.8, top=0.3)
    figure.subplots_adjust(wspace=0.16)
    add_legend(figure, handles, "lower left")
    return finish(figure)
