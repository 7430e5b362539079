"""Pictures of sensitivity: what moves an outcome, how much, together with what, and from how many points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from smsim.outcomes import OUTCOMES
from smsim.plots.style import (
    FAINT,
    INK,
    LINES,
    MARKERS,
    OKABE_ITO,
    ORDER,
    SMALL,
    finish,
    looks,
    new_figure,
    say,
    set_margins,
    short,
)
from smsim.sweep.decisions import independent_points, moved_alone
from smsim.sweep.indices import MAIN
from smsim.sweep.quantities import Quantity, say_outcome, worlds_of
from smsim.sweep.words import INDEX_SAID, labels_of, leading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from smsim.engine.arrays import Array
    from smsim.sweep.study import Sweep

MOST = 14  # factors in one picture
LETTERS = "abcdefghij"  # of the factors named in Morris' picture
LETTER, MARK, NEAR = (7.0, 9.5), 4.0, 8.0  # width and height of a letter, of a mark, and their distance; points
PALE = LinearSegmentedColormap.from_list("pale", ["#ffffff", "#0072B2", "#00263d"])
LOW, HIGH = OKABE_ITO[1], OKABE_ITO[5]  # orange and blue: they differ in grey too


def ranking_figure(study: Sweep) -> Figure:
    """The strongest factors of what each strategy adds: index, its interval, and what each half of the worlds says."""
    own = leading(study)
    tables = [_of(study.indices(), q, study) for q in own]
    halves = [_of(study.repeat(), q, None) for q in own]
    factors = strongest(tables)
    labels = labels_of(study)
    figure = new_figure(1.3 + 0.27 * len(factors))
    axes = figure.subplots(1, len(own), squeeze=False, sharey=True)[0]
    rows = np.arange(len(factors))
    for axis, quantity, table, half in zip(axes, own, tables, halves, strict=True):
        look = looks(study.strategies)[quantity.strategy]
        found = table.set_index("factor").reindex(factors)
        value = found["value"].to_numpy()
        half_width = np.nan_to_num(found["upper"].to_numpy() - value)
        axis.barh(rows, value, color=look.colour, alpha=0.85, height=0.66, zorder=2)
        axis.errorbar(value, rows, xerr=half_width, fmt="none", ecolor=INK, elinewidth=1, capsize=2, zorder=3)
        if len(half):
            ticks = half.set_index("factor").reindex(factors)
            for column, marker in (("first", "|"), ("second", "x")):
                axis.plot(ticks[column], rows, marker, color=INK, markersize=6, zorder=4)
        axis.set_title(say(quantity.strategy), fontsize=SMALL + 1)
        axis.set_xlim(left=min(0.0, float(np.nanmin(value, initial=0))))
        axis.grid(True, axis="x", color="#e3e3e3", linewidth=0.8)
        axis.xaxis.set_major_locator(MaxNLocator(4 if len(own) < 4 else 2))
        _percent(axis.xaxis, study)
    axes[0].set_yticks(rows, [short(labels[f], 34) for f in factors])
    axes[0].invert_yaxis()
    behaviour, outcome = study.decision
    words = f"{INDEX_SAID[MAIN[study.design.method]]}:\n{say_outcome(behaviour, outcome)}, beyond no campaign"
    figure.supxlabel(words + ("; | and ×: either half of the worlds" if len(halves[0]) else ""), fontsize=SMALL)
    set_margins(figure, 0.34, 0.98, 0.8, 0.35)
    return finish(figure)


def morris_figure(study: Sweep) -> Figure:
    """Morris' picture: mean absolute effect against the spread of effects, which shows interactions and curves."""
    own = leading(study)
    labels = labels_of(study)
    named = strongest([_of(study.indices(), q, study) for q in own])[: len(LETTERS)]
    lines = -(-len(named) // 2)
    figure = new_figure(3.6 + 0.19 * lines)
    axes = figure.subplots(1, len(own), squeeze=False, sharex=True, sharey=True)[0]
    marks: list[tuple[Any, pd.DataFrame, float]] = []
    for axis, quantity in zip(axes, own, strict=True):
        table = study.indices()
        for column in Quantity._fields:
            table = table[table[column] == getattr(quantity, column)]
        wide = table.pivot_table(index="factor", columns="index", values="value")
        if not len(wide):
            continue
        sigma = wide["sigma"] if "sigma" in wide else pd.Series(0.0, wide.index)
        look = looks(study.strategies)[quantity.strategy]
        top = float(max(wide["mu_star"].max(), sigma.max()))
        axis.plot([0, top], [0, top], color=FAINT, linewidth=0.8, linestyle=":")
        axis.plot(wide["mu_star"], sigma, look.marker, color=look.colour, markersize=4, alpha=0.6)
        marks.append((axis, pd.DataFrame({"x": wide["mu_star"], "y": sigma}), 0.12 * top))
        axis.set_title(say(quantity.strategy), fontsize=SMALL + 1)
        axis.grid(True, color="#e3e3e3", linewidth=0.8)
        axis.xaxis.set_major_locator(MaxNLocator(4))
        _percent(axis.xaxis, study)
        _percent(axis.yaxis, study)
    axes[0].set_ylabel("spread of effects (sigma)", fontsize=SMALL)
    behaviour, outcome = study.decision
    height = float(figure.get_figheight())
    words = f"mean absolute effect (mu*) on {say_outcome(behaviour, outcome)}, beyond no campaign"
    figure.text(0.5, (0.19 * lines + 0.22) / height, words, fontsize=SMALL, ha="center")
    for k, (letter, name) in enumerate(zip(LETTERS, named, strict=False)):
        x, y = 0.08 + 0.48 * (k // lines), (0.19 * (lines - k % lines) - 0.1) / height
        figure.text(x, y, f"{letter}  {short(labels[name], 48)}", fontsize=SMALL - 1, color=INK)
    set_margins(figure, 0.1, 0.98, 0.19 * lines + 0.72, 0.35)
    axes[0].autoscale_view()  # now that the panels have their size, and their limits
    for axis, places, least in marks:
        _name_marks(axis, places, [name for name in named if places["x"].get(name, 0) > least], named)
    return finish(figure)


def _name_marks(axis: Axes, places: pd.DataFrame, shown: list[str], named: list[str]) -> None:
    """Write the letters of some marks beside them; a line leads to a letter that found no room at its mark."""
    in_points = 72 / axis.get_figure(root=True).dpi * axis.transData.transform(places.to_numpy())  # type: ignore[union-attr]
    corner, size = axis.get_position().p0, axis.get_position().size
    page = 72 * np.asarray(axis.get_figure(root=True).get_size_inches())  # type: ignore[union-attr]
    marks = pd.DataFrame(in_points - corner * page, places.index)
    found = places_apart(marks.loc[shown].to_numpy(), marks.to_numpy(), (size[0] * page[0], size[1] * page[1]))
    for name, (x, y) in zip(shown, found - marks.loc[shown].to_numpy(), strict=True):
        far = np.hypot(x, y) > 1.2 * NEAR
        line = {"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 1} if far else None
        axis.annotate(LETTERS[named.index(name)], tuple(places.loc[name]), (x, y), textcoords="offset points",
                      ha="center", va="center", fontsize=SMALL, color=INK, arrowprops=line)  # fmt: skip


def places_apart(own: Array, marks: Array, frame: tuple[float, float]) -> Array:
    """The middles of letters, each as near to its mark as there is room: on no other letter and no mark, in the frame.

    Parameters
    ----------
    own : float64 (L, 2), points from the lower left corner: the marks that get a letter
    marks : float64 (M, 2): all marks
    frame : width and height of the panel, points

    Returns
    -------
    float64 (L, 2)
    """
    turns = np.deg2rad(45 + 22.5 * np.arange(16))
    ring = np.column_stack([np.cos(turns), np.sin(turns)])
    around = np.concatenate([radius * ring for radius in np.arange(NEAR, 12 * NEAR, NEAR / 2)])
    room = np.array(LETTER)
    found: list[Array] = []
    for mark in own:
        tried = mark + around
        free = ((tried >= room / 2) & (tried <= np.array(frame) - room / 2)).all(axis=1)
        for others, apart in ((np.array(found).reshape(-1, 2), room), (marks, (room + MARK) / 2)):
            free &= ~(np.abs(tried[:, None] - others) < apart).all(axis=2).any(axis=1)
        found.append(tried[int(np.argmax(free))])  # the first of all where none is free
    return np.array(found).reshape(-1, 2)


def heatmap_figure(study: Sweep) -> Figure:
    """The ranking index of the strongest factors, for what each strategy adds and for differences between strategies.

    Morris' effects are shown as shares of the largest.
    """
    table = study.indices()
    table = table[(table["index"] == MAIN[study.design.method]) & (table["factor2"] == "")]
    found = {Quantity(*key): part for key, part in table.groupby(list(Quantity._fields), sort=False)}
    own = [q for q in found if q.versus and q.behaviour == study.decision[0]]
    factors = strongest([found[q] for q in own])
    values = np.array([[_value(found[q], f) for q in own] for f in factors])
    if study.design.method == "morris":
        values = values / np.maximum(np.nanmax(values, axis=0, keepdims=True), 1e-300)
    labels = labels_of(study)
    figure = new_figure(2.5 + 0.26 * len(factors))
    axis = figure.subplots()
    image = axis.imshow(np.clip(values, 0, 1), cmap=PALE, vmin=0, vmax=1, aspect="auto")
    axis.set_yticks(range(len(factors)), [short(labels[f], 34) for f in factors])
    axis.set_xticks(range(len(own)), [_column(q) for q in own], rotation=90)
    if len(own) <= 20:
        for i, j in np.argwhere(values >= 0.05):
            axis.text(j, i, f"{values[i, j]:.2f}".lstrip("0"), ha="center", va="center", fontsize=SMALL - 3.5,
                      color="white" if values[i, j] > 0.4 else INK)  # fmt: skip
    words = "share of the largest" if study.design.method == "morris" else INDEX_SAID[MAIN[study.design.method]]
    figure.colorbar(image, ax=axis, label=words, pad=0.02)
    set_margins(figure, 0.33, 0.97, 2.1, 0.15)
    return finish(figure)


def pairs_figure(study: Sweep, quantity: Quantity) -> Figure:
    """Second-order indices of a quantity: which pairs of factors do together what neither does alone."""
    table = study.indices()
    for column in Quantity._fields:
        table = table[table[column] == getattr(quantity, column)]
    factors = strongest([table[table["index"] == "ST"]])[:10]
    values = np.full((len(factors), len(factors)), np.nan)
    pairs = table[table["index"] == "S2"].set_index(["factor", "factor2"])
    for i, a in enumerate(factors):
        for j, b in enumerate(factors[:i]):
            key = (a, b) if (a, b) in pairs.index else (b, a)
            values[i, j] = pairs.loc[key, "value"]
    labels = labels_of(study)
    figure = new_figure(2.3 + 0.32 * len(factors))
    axis = figure.subplots()
    image = axis.imshow(np.clip(values, 0, None), cmap=PALE, vmin=0, vmax=max(0.1, float(np.nanmax(values, initial=0))))
    for i, j in np.argwhere(np.isfinite(values)):
        axis.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", fontsize=SMALL - 2,
                  color="white" if values[i, j] > 0.5 * image.get_clim()[1] else INK)  # fmt: skip
    axis.set_yticks(range(len(factors)), [short(labels[f], 30) for f in factors])
    axis.set_xticks(range(len(factors)), [short(labels[f], 22) for f in factors], rotation=60, ha="right")
    axis.set_title(f"second-order index: {say(quantity.strategy)}", fontsize=SMALL + 1)
    set_margins(figure, 0.3, 0.95, 1.75, 0.35)
    return finish(figure)


def tornado_figure(study: Sweep) -> Figure:
    """Mean gain of each strategy in the lowest and in the highest quarter of every factor's range.

    The points of a Morris design hang together, and quarters of them differ in other factors too: there it is the mean
    effect of moving the factor alone, half of it to either side.
    """
    own = leading(study)
    cube = study.cube(own[0].behaviour, own[0].outcome)
    middles, swings = [], []
    for quantity in own:
        y = worlds_of(cube, study.strategies, quantity).mean(axis=1)
        middle = float(np.nanmean(y)) if np.isfinite(y).any() else np.nan
        middles.append(middle)
        swings.append(_moved(study, y, middle) if study.design.method == "morris" else _quarters(study, y, middle))
    spread = np.abs(np.diff(np.array(swings), axis=2))[:, :, 0].max(axis=0)
    order = np.argsort(-np.nan_to_num(spread), kind="stable")[:MOST]
    figure = new_figure(1.45 + 0.27 * len(order))
    axes = figure.subplots(1, len(own), squeeze=False, sharey=True)[0]
    for axis, quantity, middle, ends in zip(axes, own, middles, swings, strict=True):
        for row, k in enumerate(order):
            for end, colour, hatch in ((ends[k][0], LOW, "//"), (ends[k][1], HIGH, "")):
                axis.barh(row, end - middle, left=middle, color=colour, hatch=hatch, edgecolor="white", height=0.7)
        axis.axvline(middle, color=INK, linewidth=0.8)
        axis.set_title(say(quantity.strategy), fontsize=SMALL + 1)
        axis.xaxis.set_major_locator(MaxNLocator(3))
        axis.grid(True, axis="x", color="#e3e3e3", linewidth=0.8)
        _percent(axis.xaxis, study, always=True)
    axes[0].set_yticks(range(len(order)), [short(study.factors[k].label, 34) for k in order])
    axes[0].invert_yaxis()
    behaviour, outcome = study.decision
    where = "in the lowest (hatched) and the highest quarter (plain) of each range"
    if study.design.method == "morris":
        where = "and what moving a factor alone by two thirds of its range does: down (hatched), up (plain)"
    figure.supxlabel(f"mean {say_outcome(behaviour, outcome)} beyond no campaign,\n{where}", fontsize=SMALL)
    set_margins(figure, 0.34, 0.98, 0.8, 0.35)
    return finish(figure)


def _quarters(study: Sweep, y: Any, middle: float) -> list[list[float]]:
    """Mean of y (points,) in the lowest and the highest quarter of each factor's range, of independent points."""
    own = np.isin(np.arange(len(y)), independent_points(study.design, study.factors)) & np.isfinite(y)
    found = []
    for u in study.x.T:
        parts = own & (u < 0.25), own & (u > 0.75)
        found.append([float(y[part].mean()) if part.any() else middle for part in parts])
    return found


def _moved(study: Sweep, y: Any, middle: float) -> list[list[float]]:
    """The middle less and plus half of the mean effect of moving each factor alone, from the pairs of a design."""
    found = []
    for k, (_, before, after) in enumerate(moved_alone(study.design, study.factors)):
        effect = np.where(study.x[before, k] < study.x[after, k], 1, -1) * (y[after] - y[before])
        half = float(np.nanmean(effect)) / 2 if np.isfinite(effect).any() else 0.0
        found.append([middle - half, middle + half])
    return found


def convergence_figure(study: Sweep) -> Figure:
    """The ranking index of the strongest factors against N, with its interval."""
    table = study.convergence()
    return _lines(study, table, "n", "N (" + ("trajectories" if study.design.method == "morris" else "points") + ")")


def weeks_figure(study: Sweep, by_week: pd.DataFrame) -> Figure:
    """The ranking index of coverage by week, strategy by strategy."""
    behaviour = study.decision[0]
    table = by_week[by_week["behaviour"] == behaviour].assign(versus="", outcome="coverage_end")
    return _lines(study, table, "week", "week of the campaign", level=True)


def _lines(study: Sweep, table: pd.DataFrame, across: str, words: str, level: bool = False) -> Figure:
    own = [q._replace(versus="", outcome="coverage_end") if level else q for q in leading(study)]
    parts = [_of(table, q, None) for q in own]
    factors = strongest(parts)[:6]
    labels = labels_of(study)
    figure = new_figure(3.4)
    axes = figure.subplots(1, len(own), squeeze=False, sharey=True)[0]
    for axis, quantity, part in zip(axes, own, parts, strict=True):
        for k, name in enumerate(factors):
            line = part[part["factor"] == name].sort_values(across)
            colour = OKABE_ITO[ORDER[k % len(ORDER)]]
            axis.plot(line[across], line["value"], color=colour, linestyle=LINES[k], marker=MARKERS[k], markersize=3.5,
                      label=short(labels[name], 30), linewidth=1.5)  # fmt: skip
            if "lower" in line and not level:
                axis.fill_between(line[across], line["lower"], line["upper"], color=colour, alpha=0.12, linewidth=0)
        if not level:
            axis.set_xscale("log", base=2)
            axis.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))
        axis.set_title(say(quantity.strategy), fontsize=SMALL + 1)
        axis.grid(True, color="#e3e3e3", linewidth=0.8)
        axis.set_xlabel(words, fontsize=SMALL)
        _percent(axis.yaxis, study)
    seen = [v for part in parts for v in part.loc[part["factor"].isin(factors), "value"]]
    if seen:  # intervals of the smallest N may be huge: they are cut
        axes[0].set_ylim(min(0.0, *seen) - 0.02 * max(seen), 1.25 * max(seen))
    axes[0].set_ylabel(MAIN[study.design.method].replace("mu_star", "mu*"), fontsize=SMALL)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower left", ncols=3, frameon=False, fontsize=SMALL - 1, handlelength=3)
    set_margins(figure, 0.09, 0.985, 0.98, 0.35)
    return finish(figure)


def strongest(tables: list[pd.DataFrame]) -> list[str]:
    """Factors of several tables by their largest value, the strongest first."""
    whole = pd.concat(tables) if tables else pd.DataFrame(columns=["factor", "value"])
    best = whole.groupby("factor", sort=False)["value"].max().sort_values(ascending=False, kind="stable")
    return [str(name) for name in best.index[:MOST]]


def _of(table: pd.DataFrame, quantity: Quantity, study: Sweep | None) -> pd.DataFrame:
    """The rows of one quantity; of a table of indices only those of the index that ranks."""
    for column in Quantity._fields:
        table = table[table[column] == getattr(quantity, column)]
    if study is not None:
        table = table[(table["index"] == MAIN[study.design.method]) & (table["factor2"] == "")]
    return table


def _value(table: pd.DataFrame, factor: str) -> float:
    own = table.loc[table["factor"] == factor, "value"]
    return float(own.iloc[0]) if len(own) else np.nan


def _column(quantity: Quantity) -> str:
    when = quantity.outcome.replace("coverage_", "").replace("_", "-")
    return f"{short(quantity.strategy, 14)} − {short(quantity.versus, 14)}, {when}"


def _percent(axis: Any, study: Sweep, always: bool = False) -> None:
    """Shares in per cent: outcomes always, indices only Morris', which are effects."""
    outcome = study.decision[1]
    if (always or study.design.method == "morris") and outcome in OUTCOMES and OUTCOMES[outcome].unit == "share":
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g}%".replace("-", "−")))
