"""Pictures of decisions over many futures: who wins where, and what each strategy adds for what money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from smsim.plots.style import FAINT, INK, SMALL, add_legend, finish, looks, new_figure, say, set_margins
from smsim.simulate import NO_CAMPAIGN
from smsim.sweep.decisions import independent_points
from smsim.sweep.design import grid_levels
from smsim.sweep.words import factor_at, labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smsim.sweep.decisions import Winners
    from smsim.sweep.problem import Factor
    from smsim.sweep.study import Sweep

CROWD = 2  # points per place from which on they are counted instead of drawn


def phase_figure(study: Sweep, across: str, up: str) -> Figure:
    """The winner over two factors: fields of a grid, or every future as a point; hollow where it is not clear.

    Where many points share each place, as those of a Morris design do, the share that each strategy wins there.
    """
    found = study.winners()
    factors = [factor_at(study, across), factor_at(study, up)]
    columns = [study.factors.index(f) for f in factors]
    places = study.x[found.points][:, columns]
    style = looks(study.strategies)
    figure = new_figure(4.4)
    axis = figure.subplots()
    grid = study.design.method == "grid" and len(np.unique(places, axis=0)) == len(places)  # of these two alone
    xs, ys = (np.array(_numbers(f, places[:, k]), float) for k, f in enumerate(factors))
    crowded = not grid and len(np.unique(places, axis=0)) * CROWD < len(places)
    if crowded:
        _draw_shares(axis, factors, xs, ys, found, style)
    for s, name in enumerate(() if crowded else found.strategies):
        for clear in (True, False):
            use = (found.winner == s) & (found.clear == clear)
            if not use.any():
                continue
            size = 3200 / max(grid_levels(f, study.design.n) for f in factors) ** 1.6 if grid else 26
            axis.scatter(xs[use], ys[use], s=size, marker="s" if grid else style[name].marker,
                         facecolors=style[name].colour if clear else "none", edgecolors=style[name].colour,
                         linewidths=1.1, alpha=0.9)  # fmt: skip
            if grid:
                axis.scatter(xs[use], ys[use], s=16, marker=style[name].marker,
                             color="white" if clear else style[name].colour)  # fmt: skip
    axis.margins(0.5 / max(grid_levels(f, study.design.n) for f in factors) if grid else 0.05)
    for setter, factor, letter in ((axis.xaxis, factors[0], "x"), (axis.yaxis, factors[1], "y")):
        if factor.scale == "log":
            getattr(axis, f"set_{letter}scale")("log")
            setter.set_major_locator(LogLocator(subs=(1, 2, 5)))
            setter.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            setter.set_minor_locator(NullLocator())
        elif factor.choices:
            setter.set_ticks(range(len(factor.choices)), list(factor.choices))
        else:
            setter.set_major_locator(MaxNLocator(6))
    axis.set_xlabel(_axis_words(study, factors[0]), fontsize=SMALL)
    axis.set_ylabel(_axis_words(study, factors[1]), fontsize=SMALL)
    marks = [_mark(style[n], say(n)) for n in found.strategies]
    said = "size: share won there; hollow: mostly not clear" if crowded else "hollow: not clear"
    marks.append(Line2D([], [], marker="s", linestyle="", markerfacecolor="none", color=FAINT, label=said))
    columns_of_words = 3 if crowded else 4  # the last label is long
    add_legend(figure, marks, columns=columns_of_words)
    set_margins(figure, 0.12, 0.97, 0.55, 0.06 + 0.2 * -(-len(marks) // columns_of_words))
    return finish(figure)


def plane_figure(study: Sweep) -> Figure:
    """The cost-effectiveness plane: adopters beyond no campaign against money, per 1,000 households, in every future.

    A point is the mean over the worlds of one design point.
    """
    behaviour = study.decision[0]
    chosen = independent_points(study.design, study.factors)
    gain = study.cube(behaviour, "additional_adopters")[chosen].mean(axis=1)
    spent = study.cube("all", "spent")[chosen].mean(axis=1)
    households = _households(study)[chosen] / 1000
    style = looks(study.strategies)
    figure = new_figure(4.2)
    axis = figure.subplots()
    marks: list[Any] = []
    for s, name in enumerate(study.strategies):
        if name == NO_CAMPAIGN:
            continue
        xs, ys = gain[:, s] / households, spent[:, s] / households
        if not (np.isfinite(xs) & np.isfinite(ys)).any():
            continue  # none of its runs came to an end: its set-up costs more than the budget, for example
        look = style[name]
        axis.plot(xs, ys, look.marker, color=look.colour, markersize=4, alpha=0.45, linewidth=0)
        axis.plot(np.nanmean(xs), np.nanmean(ys), look.marker, color=look.colour, markersize=11,
                  markeredgecolor=INK, zorder=4)  # fmt: skip
        marks.append(_mark(look, say(name)))
    axis.axvline(0, color=FAINT, linewidth=0.8)
    axis.set_xlabel(f"additional adopters per 1,000 households ({behaviour})", fontsize=SMALL)
    axis.set_ylabel("US$ spent per 1,000 households", fontsize=SMALL)
    axis.grid(True, color="#e3e3e3", linewidth=0.8)
    marks.append(Line2D([], [], marker="o", linestyle="", markersize=10, color=FAINT, label="large: mean"))
    add_legend(figure, marks)
    set_margins(figure, 0.12, 0.97, 0.55, 0.2 + 0.2 * -(-len(marks) // 4))
    return finish(figure)


def _draw_shares(axis: Any, factors: Sequence[Factor], xs: Any, ys: Any, found: Winners, style: Any) -> None:
    """Where many points share each place, as those of a Morris design do: the share that each strategy wins there.

    Hollow where less than half of these wins are clear.
    """
    steps = []
    for factor, values in zip(factors, (xs, ys), strict=True):
        line = np.unique(np.log(values) if factor.scale == "log" else values)
        steps.append(float(np.diff(line).min()) / (len(found.strategies) + 1) if len(line) > 1 else 0.0)
    for x, y in np.unique(np.column_stack([xs, ys]), axis=0):
        here = (xs == x) & (ys == y)
        for s, name in enumerate(found.strategies):
            won = here & (found.winner == s)
            if not won.any():
                continue
            aside = (s - (len(found.strategies) - 1) / 2) * steps[0]
            place = x * np.exp(aside) if factors[0].scale == "log" else x + aside
            look, clear = style[name], found.clear[won].mean() >= 0.5
            axis.scatter(place, y, s=420 * won.sum() / here.sum(), marker=look.marker, edgecolors=look.colour,
                         facecolors=look.colour if clear else "none", linewidths=1.3)  # fmt: skip


def _households(study: Sweep) -> Any:
    """Households of every design point, float64 (points,)."""
    path = "world.households"
    swept = [k for k, f in enumerate(study.factors) if f.path == path]
    if swept:
        return np.array([float(study.factors[swept[0]].value(u)) for u in study.x[:, swept[0]]])
    return np.full(len(study.x), float(study.scenario.world["households"] if study.scenario else 1000))


def _numbers(factor: Factor, u: Any) -> Any:
    """Values of a factor as numbers; choices by position."""
    values = [factor.value(float(v)) for v in u]
    return [factor.choices.index(str(v)) for v in values] if factor.choices else values


def _axis_words(study: Sweep, factor: Factor) -> str:
    unit = "" if factor.unit in ("", "share", "choice") else f" ({factor.unit})"
    return labels_of(study)[factor.path] + unit


def _mark(look: Any, label: str) -> Line2D:
    return Line2D([], [], marker=look.marker, linestyle="", color=look.colour, label=label)
