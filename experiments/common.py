"""What the studies share: the size that was asked for, scenarios, a table as Markdown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from smsim.errors import SmsimError
from smsim.scenario import Scenario, load_scenario

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
PRESETS = ("s0-default", "s1-short-unresponsive", "s2-silenced-majority", "s3-mixed-barriers",
           "s4-supply-bound-responsive", "s5-facility-delivery", "s6-polio-rounds")  # fmt: skip


def asked_size(doc: str | None, small: dict[str, Any], full: dict[str, Any]) -> dict[str, Any]:
    """The small size, or the full one with --full; --out names the folder that sweeps keep their runs in."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help=f"{full} instead of {small}")
    parser.add_argument("--out", type=Path, default=Path("results") / Path(sys.argv[0]).stem)
    asked = parser.parse_args()
    chosen = full if asked.full else small
    print(f"{Path(sys.argv[0]).name}: {', '.join(f'{k} = {v}' for k, v in chosen.items())}\n", flush=True)
    return chosen | {"out": asked.out / ("full" if asked.full else "small")}


def run(main: Callable[..., None], doc: str | None, small: dict[str, Any], full: dict[str, Any]) -> None:
    """Run a study at the size that was asked for; what goes wrong on purpose is a sentence."""
    try:
        main(**asked_size(doc, small, full))
    except SmsimError as error:
        sys.exit(str(error))


def scenario(name: str, households: int | None = None, **changes: Any) -> Scenario:
    """A scenario of the project, with fewer households if asked, and other changes."""
    found = load_scenario(SCENARIOS / f"{name}.yaml")
    if households is not None and households < found.world["households"]:
        changes["world"] = {"households": households} | changes.get("world", {})
    return found.replace(**changes) if changes else found


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a Markdown table."""
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def bar(done: int, total: int) -> None:
    """Progress on stderr, a line that writes over itself; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def points(value: float) -> str:
    """A difference of shares, in percentage points."""
    return f"{100 * value:+.1f}"
