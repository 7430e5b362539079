"""Running the studies, and what the command prints and writes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsim.errors import ScenarioError
from smsim.runner import run_all
from smsim.validate.check import Check, Finding, Picture, Study, skipped, studies

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"holds": "green", "fails": "bold red", "skipped": "yellow"}


@dataclass(frozen=True)
class Result:
    """What one study found."""

    study: str  # family.function
    checks: tuple[Check, ...]
    pictures: tuple[Picture, ...]
    seconds: float


@dataclass(frozen=True, repr=False)
class Validation:
    """All results of one `validate`."""

    results: tuple[Result, ...]
    quick: bool

    @property
    def checks(self) -> list[Check]:
        """Every check, in the order of the table."""
        return [check for result in self.results for check in result.checks]

    @property
    def pictures(self) -> list[Picture]:
        """Every picture, in the order of the table."""
        return [picture for result in self.results for picture in result.pictures]

    def count(self, verdict: str) -> int:
        """How many checks have this verdict."""
        return sum(check.verdict == verdict for check in self.checks)

    @property
    def holds(self) -> bool:
        """Whether no check fails."""
        return self.count("fails") == 0

    @property
    def summary(self) -> str:
        """The verdicts in a sentence."""
        return (
            f"{len(self.checks)} checks: {self.count('holds')} hold, {self.count('fails')} fail, "
            f"{self.count('skipped')} skipped."
        )

    def as_json(self) -> str:
        """Study, claim, expected, got and verdict of every check, for scripts."""
        rows = [{"study": r.study, **asdict(check)} for r in self.results for check in r.checks]
        return json.dumps(rows, indent=1, ensure_ascii=False)

    def write(self, docs: Path) -> list[Path]:
        """Write verification.md, and the pictures below images/, into a folder; returns the paths.

        Raises
        ------
        ScenarioError : this is no whole suite, or there is no such folder
        """
        from smsim.validate.document import document, draw

        check_writable(self.quick, docs)
        images = docs / "images"
        images.mkdir(exist_ok=True)
        written = []
        for picture in self.pictures:
            draw(picture, images / f"{picture.name}.png")
            written.append(images / f"{picture.name}.png")
        page = docs / "verification.md"
        page.write_text(document(self), encoding="utf-8", newline="\n")
        return [page, *written]

    def __repr__(self) -> str:
        return f"Validation({self.summary})"


def validate(
    *,
    quick: bool = False,
    data: Path | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Validation:
    """Run every study, or the quick ones; with `data`, also those of the real networks in that folder.

    Raises
    ------
    ScenarioError : there is no such folder
    DataError : it does not hold what it should
    """
    work = studies(quick)
    if data is not None:
        if not data.is_dir():
            raise ScenarioError(f"--data {data}: there is no such folder; name the one that holds the network data")
        # First, so that a wrong folder is known at once; last in the table.
        work = [Study("networks.checks", False, lambda: _networks(data)), *work]
    results = run_all(_result, work, threads=threads, progress=progress)
    last = 0 if data is None else 1
    return Validation((*results[last:], *results[:last]), quick)


def check_writable(quick: bool, docs: Path) -> None:
    """A ScenarioError if `Validation.write` could not write there; asked before anybody waits for the checks."""
    if quick:
        raise ScenarioError("--write needs every check: leave out --quick")
    if not docs.is_dir():
        raise ScenarioError(f"--write writes into {docs}, and there is no such folder here; run it from the project")


def _result(one: Study) -> Result:
    began = time.monotonic()
    found = one.findings()
    checks = tuple(f for f in found if isinstance(f, Check))
    return Result(one.name, checks, tuple(f for f in found if isinstance(f, Picture)), time.monotonic() - began)


def _networks(folder: Path) -> list[Finding]:
    name = "smsim.validate.networks"
    if find_spec(name) is None:
        return [skipped("real networks", str(folder.name), "this version has no checks of real networks")]
    return list(import_module(name).checks(folder))


def show(validation: Validation) -> None:
    """Print the table and the verdicts."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table(validation))
    console.print(validation.summary, highlight=False)


def table(validation: Validation) -> Table:
    """The table on the screen."""
    from rich.table import Table as RichTable

    shown = RichTable(show_lines=False, pad_edge=False, expand=True)
    for heading, ratio in (("claim", 5), ("source", 3), ("expected", 2), ("got", 2), ("margin", 3), ("verdict", 1)):
        shown.add_column(heading, ratio=ratio, overflow="fold")
    for result in validation.results:
        shown.add_section()
        for check in result.checks:
            reason = f" ({check.reason})" if check.reason else ""
            cells = (check.claim, check.source, check.expected, check.got, check.margin + reason)
            shown.add_row(*map(_plain, cells), f"[{COLOURS[check.verdict]}]{check.verdict}[/]")
    return shown


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
