"""``smsim calibrate --data`` and ``smsim predict``: villages with their real ties, from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smsim.cli.shared import Out, checked_place, command_line, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from smsim.networks import NetworkFit, Networks, Validation

Data = Annotated[Path, typer.Option(metavar="DIR", help="Folder with nodes.csv and edges.csv.")]
MappingFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="YAML file that names the columns; see docs/networks.md.")
]


def calibrate_data(data: Path, mapping: Path | None, out: Path | None, seed: int, threads: int | None) -> None:
    """Fit the adoption rule to the villages of a folder, judge it on villages left out, write the fit."""
    from smsim.folder import whole_folder
    from smsim.networks import cross_validate, fit_networks, read_mapping, read_networks
    from smsim.networks.patterns import ego_alter, patterns
    from smsim.networks.store import write_fit
    from smsim.plots.networks import curves_figure, ego_alter_figure, villages_figure
    from smsim.plots.style import save

    folder = checked_place(out or Path("results") / f"{data.resolve().name}-fit")
    villages = read_networks(data, None if mapping is None else read_mapping(mapping))
    for note in villages.notes:
        typer.echo(note)
    with progress_bar("fitting", compiles=False) as progress:
        fit = fit_networks(villages, seed, progress=progress)
    with progress_bar("leaving each village out", compiles=False) as progress:
        validation = cross_validate(fit, seed, threads, progress)
    seen = patterns(villages, seed)
    alike = ego_alter(villages, seed)
    with whole_folder(folder) as staging:
        write_fit(staging, fit, validation, seen, seed, command_line())
        save(ego_alter_figure(alike, bool(fit.periods)), staging / "ego-alter.png")
        if validation is not None:
            save(
                villages_figure(validation.villages, float(validation.villages["observed"].mean())),
                staging / "villages.png",
            )
            if len(validation.curves):
                save(curves_figure(validation.curves), staging / "curves.png")
    _say_fit(fit, validation, seen)
    typer.echo(f"\nFit: {folder / 'fit.json'}. Predict other villages: smsim predict --fit {folder} --data DIR")


def _say_fit(fit: NetworkFit, validation: Validation | None, seen: pd.DataFrame) -> None:
    typer.echo("\nSeen in the data (90% intervals):")
    for row in seen.dropna(subset="value").itertuples():
        between = f" [{row.low:.3f}, {row.high:.3f}]" if row.low == row.low else ""
        typer.echo(f"  {row.pattern}: {row.value:.3f}{between}")
    middle, low, high = fit.interval("peers")
    typer.echo(
        f"Effect of neighbours on the log hazard, none to all adopted: {middle:.2f} [{low:.2f}, {high:.2f}]"
        + ("" if fit.periods else "; without times, likeness of neighbours cannot be told from influence")
    )
    if validation is None:
        typer.echo("Too few villages to leave one out: how well it predicts others is not known.")
        return
    s = validation.summary()
    typer.echo(f"\nEach village predicted from the others ({len(validation.villages)} villages, final rate):")
    typer.echo(f"  error (RMSE) of this fit          {s['rmse_median']:.4f}")
    typer.echo(f"  of the mean of the other villages {s['rmse_naive']:.4f}")
    typer.echo(f"  of a regression on covariates     {s['rmse_regression']:.4f}")
    typer.echo(f"  of the same with numbers of ties  {s['rmse_regression_ties']:.4f}")
    typer.echo(f"  sampling noise alone              {s['noise_floor']:.4f}")
    typer.echo(f"  90% intervals cover               {s['coverage']:.0%}")
    if "rmse_curve" in s:
        typer.echo(
            f"  curves: error {s['rmse_curve']:.4f}, mean of the others {s['rmse_curve_naive']:.4f}, "
            f"intervals cover {s['coverage_curve']:.0%}"
        )
    typer.echo(_verdict(s))


def _verdict(s: dict[str, float]) -> str:
    beaten = [w for w, key in (("the mean", "naive"), ("the regression on covariates", "regression"),
                               ("the regression with numbers of ties", "regression_ties"))
              if s["rmse_median"] < s[f"rmse_{key}"]]  # fmt: skip
    lost = [w for w, key in (("the mean", "naive"), ("the regression on covariates", "regression"),
                             ("the regression with numbers of ties", "regression_ties"))
            if not s["rmse_median"] < s[f"rmse_{key}"]]  # fmt: skip
    parts = ([f"it beats {', '.join(beaten)}"] if beaten else []) + (
        [f"it does not beat {', '.join(lost)}"] if lost else []
    )
    return "On villages left out " + "; ".join(parts) + "."


def predict(
    fit: Annotated[Path, typer.Option(metavar="DIR", help="Folder that smsim calibrate --data wrote.")],
    data: Data,
    mapping: MappingFile = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulations.", min=0)] = 1,
    out: Out = None,
) -> None:
    """Predict adoption in the villages of a folder, from a fit to others; no outcome column is used."""
    from smsim.folder import MANIFEST, package_version, whole_folder, write_csv
    from smsim.networks import predict as predicted
    from smsim.networks import read_mapping, read_networks
    from smsim.networks.store import read_fit, write_json
    from smsim.plots.networks import curves_figure, villages_figure
    from smsim.plots.style import save

    folder = checked_place(out or Path("results") / f"{data.resolve().name}-predictions")
    learned = read_fit(fit)
    named = learned.mapping if mapping is None else read_mapping(mapping)
    villages = read_networks(data, named, learned.periods, learned.span)
    for note in villages.notes:
        typer.echo(note)
    with progress_bar("predicting", compiles=False):
        table = predicted(learned, villages, seed)
    rates, curves = _with_observed(table, villages, learned.periods)
    content = {"smsim": package_version(), "data": villages.name, "fit": str(fit), "seed": str(seed),
               "command": command_line(), "notes": list(villages.notes)}  # fmt: skip
    with whole_folder(folder) as staging:
        write_csv(table, staging / "predictions.csv", ("unit",))
        write_json(staging / MANIFEST, content)
        save(villages_figure(rates), staging / "villages.png")
        if learned.periods:
            save(curves_figure(curves), staging / "curves.png")
    if rates["observed"].notna().any():
        _say_scores(rates)
    typer.echo(f"\nPredictions: {folder / 'predictions.csv'}")


def _with_observed(
    table: pd.DataFrame, villages: Networks, periods: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Final rates and curves of the villages, with what was observed where the folder says."""
    import pandas as pd

    from smsim.networks.predict import ALL, observed

    known = observed(villages)
    full = table.assign(
        observed=[known.get((u, q), float("nan")) for u, q in zip(table["unit"], table["quantity"], strict=True)]
    )
    full = full.rename(columns={"unit": "village"})
    single = full[full["village"] != ALL] if len(villages.villages) > 1 else full.drop_duplicates(["quantity"])
    rates = single[single["quantity"] == "rate"]
    order = {f"rate_by_{name}": name for name in periods}
    curves = single[single["quantity"].isin(order)]
    curves = pd.DataFrame(curves).assign(period=curves["quantity"].map(order))
    return pd.DataFrame(rates), curves


def _say_scores(rates: pd.DataFrame) -> None:
    known = rates[rates["observed"].notna()]
    error = float(((known["median"] - known["observed"]) ** 2).mean() ** 0.5)
    inside = int(((known["low"] <= known["observed"]) & (known["observed"] <= known["high"])).sum())
    typer.echo(
        f"These villages' outcomes are in the folder, and were not used. Final rate: error (RMSE) {error:.4f}; "
        f"{inside} of {len(known)} inside the 90% interval."
    )
