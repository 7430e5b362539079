"""All pictures of a sweep, by file name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from smsim.plots.futures import phase_figure, plane_figure
from smsim.plots.sensitivity import (
    convergence_figure,
    heatmap_figure,
    morris_figure,
    pairs_figure,
    ranking_figure,
    tornado_figure,
    weeks_figure,
)
from smsim.plots.style import picture_stem
from smsim.sweep.indices import MAIN
from smsim.sweep.words import leading

if TYPE_CHECKING:
    from smsim.sweep.study import Sweep


def sweep_figures(study: Sweep, by_week: pd.DataFrame | None = None) -> dict[str, Figure]:
    """Every picture that this sweep has the numbers for."""
    figures: dict[str, Figure] = {}
    method = study.design.method
    found = study.indices()
    own = {(q.strategy, q.versus, q.behaviour, q.outcome) for q in leading(study)}
    known = set(found[["strategy", "versus", "behaviour", "outcome"]].itertuples(index=False, name=None))
    if method in MAIN and own & known:
        figures["ranking.png"] = ranking_figure(study)
        figures["heatmap.png"] = heatmap_figure(study)
        if len(study.convergence()):
            figures["convergence.png"] = convergence_figure(study)
        weekly = study.indices_by_week() if by_week is None else by_week
        if len(weekly):
            figures["by-week.png"] = weeks_figure(study, weekly)
        if method == "morris":
            figures["morris.png"] = morris_figure(study)
        if method == "sobol" and study.design.second_order:
            for k, quantity in enumerate(leading(study), 1):
                if tuple(quantity) in known:
                    figures[picture_stem("pairs", k, quantity.strategy) + ".png"] = pairs_figure(study, quantity)
    if study.scenario is not None and not study.design.groups:
        if method != "grid":
            figures["tornado.png"] = tornado_figure(study)
        figures["ce-plane.png"] = plane_figure(study)
        pair = study.phase or tuple(study.decisive()[:2])
        if len(pair) == 2 and len(study.winners().points):
            figures["phase.png"] = phase_figure(study, *pair)
    return figures
