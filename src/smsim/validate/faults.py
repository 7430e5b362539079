"""Deliberate faults, put into a copy of the package: do the quick checks catch them?

A fault is found in the engine's sources by a pattern and says so when the pattern is gone: a fault that no longer
fits would otherwise pass as caught by nothing, or worse, as never put in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from smsim.errors import RunError
from smsim.validate.check import Finding, judged, study

LEAST = 2  # checks that must catch each fault


class Fault(NamedTuple):
    """A wrong engine: what is wrong, and the pattern in the engine's sources that is replaced to make it so."""

    name: str
    pattern: str
    replacement: str


FAULTS = (
    Fault("social reinforcement with the wrong sign", r"\bbehaviour\.norm_weight\b", "(-behaviour.norm_weight)"),
    Fault(
        "authorities answer a week too late", r"\bcontext\.response_delay_weeks\b", "(context.response_delay_weeks + 1)"
    ),
    Fault("news is talked about a week too long", r"\bbehaviour\.talk_weeks\b", "(behaviour.talk_weeks + 1)"),
)


def put_in(fault: Fault, package: Path) -> int:
    """Put the fault into a copy of the package; returns in how many places.

    Raises
    ------
    RunError : the engine has no such place any more
    """
    places = 0
    for source in sorted((package / "engine").glob("*.py")):
        text, count = re.subn(fault.pattern, fault.replacement, source.read_text(encoding="utf-8"))
        if count:
            source.write_text(text, encoding="utf-8", newline="\n")
            places += count
    if not places:
        raise RunError(f"the fault {fault.name!r} no longer fits: nothing in the engine matches {fault.pattern!r}")
    return places


def caught_by(fault: Fault) -> list[dict[str, str]]:
    """The quick checks that fail when the fault is put into a copy of the package.

    Raises
    ------
    RunError : the copy does not run at all
    """
    with tempfile.TemporaryDirectory(prefix="smsim-fault-") as folder:
        package = Path(folder) / "smsim"
        shutil.copytree(Path(__file__).resolve().parents[1], package, ignore=shutil.ignore_patterns("__pycache__"))
        put_in(fault, package)
        # The folder itself comes first on the path, before any installed smsim.
        environment = os.environ | {"PYTHONUTF8": "1", "NUMBA_CACHE_DIR": str(Path(folder) / "kernels")}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            [sys.executable, "-m", "smsim", "validate", "--quick", "--json"],
            cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RunError(f"the copy with the fault {fault.name!r} does not run: {done.stderr.strip()[-300:]}")
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return [row for row in rows if row["verdict"] == "fails"]


@study()
def deliberate_faults() -> Iterator[Finding]:
    """Each fault is caught by at least two quick checks."""
    for fault in FAULTS:
        caught = caught_by(fault)
        names = sorted({row["study"] for row in caught})
        yield judged(
            f"fault in a copy of the engine: {fault.name}", "mutation",
            f"caught by {LEAST} quick checks or more", f"caught by {len(caught)}, of {', '.join(names) or 'none'}",
            "count", len(caught) >= LEAST,
        )  # fmt: skip
