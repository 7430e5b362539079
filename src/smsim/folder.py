"""Results folders: written whole or not at all; plain tables and manifests."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsim.errors import RunError, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from smsim.scenario import Scenario

MANIFEST = "manifest.json"
LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "matplotlib", "scipy")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a cell that begins so for a formula


@contextmanager
def whole_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary folder whose files move into `folder` when all of them are written; a failure leaves the old ones.

    Raises
    ------
    ScenarioError : the folder is a file, or cannot be written
    RunError : the disk fills, or a file of the old results is open elsewhere
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ScenarioError(f"{target} is a file; name a folder for the results")
    new = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
        # Within the folder: the same disk, so a file moves at once, and no rights on its parent are needed.
        staging = Path(tempfile.mkdtemp(prefix=".writing-", dir=target))
    except OSError as error:
        raise ScenarioError(f"{target}: cannot write there ({error.strerror or error}); name another folder") from None
    try:
        yield staging
        _publish(staging, target)
    except OSError as error:
        raise RunError(f"{target}: the results could not be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if new and not any(target.iterdir()):
            target.rmdir()


def _publish(staging: Path, target: Path) -> None:
    """Put every file in its place; if one cannot be (open in another program, say), put the old ones back."""
    files = sorted((f for f in staging.iterdir() if f.is_file()), key=lambda f: f.name)
    old = Path(tempfile.mkdtemp(prefix="old-", dir=staging))
    try:
        # The manifest says that the others are whole: the old one leaves first, the new one comes last.
        for file in sorted(files, key=lambda f: f.name != MANIFEST):
            if (target / file.name).exists():
                os.replace(target / file.name, old / file.name)
        for file in sorted(files, key=lambda f: f.name == MANIFEST):
            os.replace(file, target / file.name)
    except OSError:
        for file in old.iterdir():
            os.replace(file, target / file.name)
        raise


def plain_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a quote before = + - @ at its start."""
    return "'" + text if text.startswith(FORMULA) else text


def write_csv(frame: pd.DataFrame, path: Path, user_text: tuple[str, ...]) -> None:
    """A CSV file, the same bytes for the same numbers: shortest digits that read back exactly, line feeds, UTF-8.

    Excel takes a file that is double-clicked for the local code page, unless it begins with the mark of UTF-8. A table
    with letters beyond ASCII therefore has the mark; the others, go without, for readers that trip on it.

    Parameters
    ----------
    user_text : columns that hold names from a scenario, made safe for spreadsheets
    """
    safe = frame.assign(**{column: frame[column].astype(str).map(plain_text) for column in user_text})
    text = safe.to_csv(index=False, lineterminator="\n")
    path.write_bytes(text.encode("utf-8" if text.isascii() else "utf-8-sig"))


def write_manifest(path: Path, scenario: Scenario, command: str | None, details: Mapping[str, Any]) -> None:
    """What these results are: versions, scenario and its digest, seed, command; and when they were written."""
    content = {
        "smsim": package_version(),
        "scenario": scenario.name,
        "digest": scenario.digest,
        **details,
        "command": command,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: installed(name) for name in LIBRARIES},
        "strategies": {name: plan.shares() for name, plan in scenario.strategies.items()},
        "resolved": {
            "world": dict(scenario.world),
            "behaviours": {name: dict(values) for name, values in scenario.behaviours.items()},
            "activities": dict(scenario.activities),
            "campaign": dict(scenario.campaign),
            "run": dict(scenario.run),
        },
    }
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(content, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def package_version() -> str:
    """Version of smsim; "0+source" when it runs without being installed."""
    return installed("smsim") or "0+source"


def installed(name: str) -> str | None:
    """Version of an installed package, None if it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
