"""Writing results: every file whole or not at all, and with them where they came from."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from smsim.errors import SmsimError
from smsim.scenario import Scenario

LIBRARIES = ("numpy", "numba", "pandas", "mesa", "SALib", "pyarrow", "scipy", "matplotlib")


def manifest(scenario: Scenario, command: str, **what: Any) -> dict[str, Any]:
    """Where a result comes from: version, scenario and its digest, seed, command, libraries."""
    from smsim import __version__

    libraries = {}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            libraries[name] = importlib.metadata.version(name)
    return {
        "smsim": __version__,
        "command": command,
        **what,
        "scenario": scenario.name,
        "scenario_digest": scenario.digest,
        "scenario_content": scenario.to_mapping(),
        "python": platform.python_version(),
        "libraries": libraries,
    }


def write_folder(folder: str | os.PathLike[str], files: Mapping[str, Any]) -> None:
    """Write files into a folder: first all of them beside it, then each into place.

    A value is a DataFrame (.parquet or .csv by the name), a mapping (.json), text or bytes. A failure while
    writing leaves what was there before.

    Raises
    ------
    SmsimError
        If the folder cannot be written.
    """
    target = Path(folder)
    staging = None
    try:
        target.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".smsim-", dir=target))
        for name, content in files.items():
            _write(staging / name, content)
        for name in files:
            os.replace(staging / name, target / name)
    except OSError as problem:
        raise SmsimError(
            f"{target}: the results folder must be writable; {problem.strerror or problem}; "
            "choose another one with --out"
        ) from problem
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _write(path: Path, content: Any) -> None:
    if isinstance(content, pd.DataFrame):
        if path.suffix == ".parquet":
            content.to_parquet(path, index=False)
        else:
            # Shortest text that reads back to the same float; line ends do not depend on the system.
            content.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    elif isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8", newline="\n")
    else:
        text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
