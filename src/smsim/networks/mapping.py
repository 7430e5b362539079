"""Which column means what: a small YAML file, so that data of the same kind need not be renamed.

Without one, a shipped mapping is taken whose columns are all there; else the common names below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from smsim.errors import DataError, ScenarioError
from smsim.yaml_lines import read_document

SHIPPED = Path(__file__).parent / "mappings"
# Names under which a column is found when nobody says; the first that is there.
COMMON: dict[str, tuple[str, ...]] = {
    "id": ("id", "household", "node", "respondent"),
    "village": ("village", "community", "city"),
    "time": ("adoption_time", "toa", "time", "adoption_year"),
    "adopted": ("adopted", "adopter"),
    "leader": ("leader",),
}
COMMON_TIES = {"from": ("src", "from", "source", "ego"), "to": ("dst", "to", "target", "alter")}
EXPOSURE_PREFIXES = ("exp_", "exposure_")


@dataclass(frozen=True)
class Ties:
    """One file of ties, or some kinds of tie in it. `start` names `end`: the start hears of what the end does."""

    file: str = "edges.csv"
    start: str = "src"
    end: str = "dst"
    village: str | None = None  # column; needed where ids are unique only within a village
    kind: str | None = None  # column that tells kinds of tie apart
    kinds: tuple[str, ...] = ()  # only these; all if empty
    weight: str | float | None = None  # column, or one number for all of them
    directed: bool = False  # False: both hear of each other


@dataclass(frozen=True)
class Mapping:
    """Names of the columns of one kind of data set.

    `never` and `missing` are codes in the column of times: not adopted by the end, and not known.
    """

    nodes: str = "nodes.csv"
    id: str = "id"
    village: str | None = None
    time: str | None = None
    time_zero: float = 0  # added to a time when it is shown: 1962 makes period 1 the year 1963
    never: tuple[float, ...] = ()
    missing: tuple[float, ...] = ()
    adopted: str | None = None
    leader: str | None = None
    exposures: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()  # covariates whose values are names or codes, not amounts
    ties: tuple[Ties, ...] = field(default_factory=lambda: (Ties(),))

    def as_json(self) -> dict[str, Any]:
        """For fit.json; `mapping_from` reads it back."""
        return asdict(self)


def mapping_from(data: dict[str, Any]) -> Mapping:
    """The mapping that `Mapping.as_json` gave, after its way through JSON."""
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key != "ties"
    }
    entries: list[dict[str, Any]] = [
        {k: tuple(v) if isinstance(v, list) else v for k, v in one.items()} for one in data["ties"]
    ]
    ties = tuple(Ties(**one) for one in entries)
    return Mapping(**plain, ties=ties)


_TEXT = ("nodes", "id", "village", "time", "adopted", "leader")
_NUMBERS = ("never", "missing")
_LISTS = ("exposures", "covariates", "categories")
_TIES_KEYS = {"file": "file", "from": "start", "to": "end", "village": "village", "kind": "kind", "kinds": "kinds",
              "weight": "weight", "directed": "directed"}  # fmt: skip


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    DataError : it cannot be read, names an unknown key, or a value is of the wrong kind; all problems at once
    """
    try:
        document = read_document(path)
    except ScenarioError as error:
        raise DataError(str(error).replace("; copy scenarios/village.yaml to start from", "")) from None
    problems = [f"line {p.line}  {p.text}" if p.line else p.text for p in document.problems]
    found: dict[str, Any] = {}
    known = [*_TEXT, *_NUMBERS, *_LISTS, "time_zero", "ties"]
    for key, value in document.data.items():
        where = f"line {document.lines[(key,)]}  " if (key,) in document.lines else ""
        try:
            if key not in known:
                raise ValueError(f"unknown key {key!r}{_suggest(key, known)}")
            found[key] = _value(key, value)
        except ValueError as error:
            problems.append(where + str(error))
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise DataError("\n".join([f"{path}: {count}", *(f"  {p}" for p in problems)]))
    # A category is a covariate, whether or not it is also listed as one.
    found["covariates"] = tuple(dict.fromkeys([*found.get("covariates", ()), *found.get("categories", ())]))
    return Mapping(**found)


def _value(key: str, value: Any) -> Any:
    if key == "ties":
        entries = value if isinstance(value, list) else [value]
        if not entries:
            raise ValueError("ties must name at least one file of ties")
        return tuple(_ties(entry) for entry in entries)
    if key == "time_zero":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"time_zero must be a number; got {value!r}")
        return value
    if key in _TEXT:
        if not isinstance(value, str):
            raise ValueError(f"{key} must be the name of a column{' file' * (key == 'nodes')}; got {value!r}")
        return value
    values = value if isinstance(value, list) else [value]
    if key in _NUMBERS:
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
            raise ValueError(f"{key} must be a number or a list of numbers; got {value!r}")
        return tuple(float(v) for v in values)
    if any(not isinstance(v, str) for v in values):
        raise ValueError(f"{key} must be a list of names of columns; got {value!r}")
    return tuple(values)


def _ties(entry: Any) -> Ties:
    if not isinstance(entry, dict):
        raise ValueError(f"an entry of ties must hold keys such as file, from, to; got {entry!r}")
    found: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in _TIES_KEYS:
            raise ValueError(f"unknown key {key!r} in ties{_suggest(key, list(_TIES_KEYS))}")
        if key == "directed" and not isinstance(value, bool):
            raise ValueError(f"ties: directed must be true or false; got {value!r}")
        if key in ("file", "from", "to", "village", "kind") and not isinstance(value, str):
            raise ValueError(f"ties: {key} must be a name; got {value!r}")
        if key == "weight" and (isinstance(value, bool) or not isinstance(value, (str, int, float))):
            raise ValueError(f"ties: weight must be the name of a column, or a number; got {value!r}")
        several = value if isinstance(value, list) else [value]
        found[_TIES_KEYS[key]] = tuple(str(v) for v in several) if key == "kinds" else value
    if found.get("kinds") and not found.get("kind"):
        raise ValueError("ties: kinds needs kind, the name of the column in which they stand")
    return Ties(**found)


def _suggest(key: object, known: Sequence[str]) -> str:
    close = get_close_matches(str(key), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"


def guess_mapping(node_columns: Sequence[str], tie_columns: Sequence[str]) -> tuple[Mapping, str]:
    """The mapping for a folder of which nothing is said, and what it is, in words.

    A shipped mapping fits if the columns that it needs are there; those of the outcome may be missing.
    """
    nodes, ties = set(node_columns), set(tie_columns)
    for path in sorted(SHIPPED.glob("*.yaml")):
        mapping = read_mapping(path)
        needed = {mapping.id, mapping.village, mapping.leader, *mapping.exposures, *mapping.covariates} - {None}
        tied = {c for entry in mapping.ties for c in (entry.start, entry.end, entry.kind)} - {None}
        if needed <= nodes and tied <= ties:
            return mapping, f"the shipped mapping {path.stem}"
    named = {key: next((name for name in names if name in nodes), None) for key, names in COMMON.items()}
    ends = {key: next((n for n in names if n in ties), names[0]) for key, names in COMMON_TIES.items()}
    exposures = tuple(c for c in node_columns if c.startswith(EXPOSURE_PREFIXES))
    mapping = Mapping(
        id=named["id"] or "id", village=named["village"], time=named["time"], adopted=named["adopted"],
        leader=named["leader"], exposures=exposures,
        ties=(Ties(start=ends["from"], end=ends["to"], weight="weight" if "weight" in ties else None),),
    )  # fmt: skip
    return mapping, "common column names (a mapping file says more: docs/networks.md)"
