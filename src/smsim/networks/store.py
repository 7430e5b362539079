"""A fit in a folder: fit.json says what it is, posterior.parquet holds the draws, tables what was seen."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsim.errors import DataError
from smsim.folder import LIBRARIES, package_version, write_csv
from smsim.networks.design import design_from
from smsim.networks.fit import NetworkFit
from smsim.networks.mapping import mapping_from

if TYPE_CHECKING:
    import pandas as pd

    from smsim.networks.predict import Validation

FIT, DRAWS_FILE = "fit.json", "posterior.parquet"
KIND = "networks"  # another kind of fit.json belongs to a scenario


def write_fit(
    staging: Path, fit: NetworkFit, validation: Validation | None, seen: pd.DataFrame, seed: int, command: str | None
) -> None:
    """Write the fit into a folder in the making (`smsim.folder.whole_folder`); no time of day enters it."""
    assert fit.data is not None
    content: dict[str, Any] = {
        "kind": KIND,
        "smsim": package_version(),
        "data": fit.data.name,
        "villages": len(fit.data.villages),
        "households": len(fit.data.ids),
        "seed": str(seed),
        "command": command,
        "python": platform.python_version(),
        "libraries": _libraries(),
        "notes": list(fit.data.notes),
        "periods": list(fit.periods),
        "span": fit.span,
        "validation": validation.summary() if validation is not None else None,
        "parameters": [_summary(fit, name) for name in fit.draws.columns],
        "mapping": fit.mapping.as_json(),
        "design": fit.design.as_json(),
    }
    write_json(staging / FIT, content)
    fit.draws.to_parquet(staging / DRAWS_FILE, index=False)
    write_csv(seen, staging / "patterns.csv", ("pattern",))
    if validation is not None:
        write_csv(validation.villages, staging / "villages.csv", ("village",))
        if len(validation.curves):
            write_csv(validation.curves, staging / "curves.csv", ("village",))


def write_json(path: Path, content: dict[str, Any]) -> None:
    """JSON with line feeds and a last line end, the same bytes for the same content."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(content, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def _libraries() -> dict[str, str | None]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _summary(fit: NetworkFit, name: str) -> dict[str, Any]:
    middle, low, high = fit.interval(name)
    return {"name": name, "median": round(middle, 6), "low": round(low, 6), "high": round(high, 6)}


def read_fit(folder: str | os.PathLike[str]) -> NetworkFit:
    """The fit that `write_fit` wrote.

    Raises
    ------
    DataError : no fit there, a fit of a scenario, or files that were changed
    """
    import pandas as pd

    place = Path(folder)
    try:
        content = json.loads((place / FIT).read_text(encoding="utf-8"))
        if content.get("kind") != KIND:
            raise DataError(
                f"{place / FIT}: this fit is of a scenario; `predict` needs one made by smsim calibrate --data"
            )
        draws = pd.read_parquet(place / DRAWS_FILE)
        span = content["span"]
        fit = NetworkFit(
            mapping_from(content["mapping"]), design_from(content["design"]), draws, tuple(content["periods"]),
            tuple(span) if span is not None else None,
        )  # fmt: skip
        expected = [entry["name"] for entry in content["parameters"]]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{folder}: no {Path(str(error.filename)).name} here; name the folder that smsim calibrate --data wrote"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = " ".join(str(error).split())[:120]
        raise DataError(f"{folder}: the fit cannot be read ({words}); make it again") from None
    if list(draws.columns) != expected:
        raise DataError(f"{folder}: {FIT} and {DRAWS_FILE} are of two fits; make them again")
    return fit
