"""A folder of households and ties, read into arrays: nodes.csv with or without outcomes, and files of ties."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from smsim.engine.arrays import Array
from smsim.errors import DataError
from smsim.networks.mapping import Mapping, Ties, guess_mapping
from smsim.saying import say_count

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

MOST_PERIODS = 40  # finer times are put into so many equal periods
YES = {"1", "1.0", "true", "yes", "y", "t"}
NO = {"0", "0.0", "false", "no", "n", "f"}
UNKNOWN = -1


@dataclass(frozen=True)
class Networks:
    """Households of some villages, their ties, what reached them and, where it is known, what they did.

    Attributes
    ----------
    village : index of the village of each household, int64 (N,)
    ties : csr (N, N), row = who hears, column = whom it hears of, weight > 0; no household hears of itself
    leader : bool (N,), or None where the data name no leaders
    time : period of adoption, int64 (N,): 0 ... T-1, T = not adopted by the end, -1 = not known; None without times
    adopted : 1, 0, or -1 = not known, int64 (N,); None where the folder holds no outcome
    periods : name of each period, T of them; empty without times
    """

    name: str
    mapping: Mapping
    ids: tuple[str, ...]
    villages: tuple[str, ...]
    village: Array
    ties: csr_array
    columns: pd.DataFrame  # exposures and covariates as they stand, text
    named: pd.DataFrame  # ties of each household by kind, and by direction where that differs: counts
    leader: Array | None
    time: Array | None
    adopted: Array | None
    periods: tuple[str, ...]
    span: tuple[float, float] | None = None  # first time and length of a period, in the unit of the data
    notes: tuple[str, ...] = field(default=())

    def only(self, villages: Any) -> Networks:
        """The same with some of its villages, named by index, in that order."""
        wanted = list(villages)
        place = {old: new for new, old in enumerate(wanted)}
        rows = np.flatnonzero(np.isin(self.village, wanted))

        def cut(values: Array | None) -> Array | None:
            return None if values is None else values[rows]

        return replace(
            self,
            ids=tuple(self.ids[i] for i in rows),
            villages=tuple(self.villages[v] for v in wanted),
            village=np.array([place[v] for v in self.village[rows]], dtype=np.int64),
            ties=self.ties[rows][:, rows],
            columns=self.columns.iloc[rows].reset_index(drop=True),
            named=self.named.iloc[rows].reset_index(drop=True),
            leader=cut(self.leader),
            time=cut(self.time),
            adopted=cut(self.adopted),
        )

    def rates(self) -> Array:
        """Share of each village's households with a known outcome that adopted, float64 (V,); NaN if none is known."""
        if self.adopted is None:
            return np.full(len(self.villages), np.nan)
        known = self.adopted >= 0
        households = np.bincount(self.village[known], minlength=len(self.villages))
        adopters = np.bincount(self.village[known], self.adopted[known], minlength=len(self.villages))
        with np.errstate(invalid="ignore"):
            return np.asarray(adopters / np.where(households > 0, households, np.nan))

    def curves(self) -> Array:
        """Share adopted by the end of each period among those whose time is known, float64 (V, T)."""
        assert self.time is not None
        found = np.full((len(self.villages), len(self.periods)), np.nan)
        for v in range(len(self.villages)):
            times = self.time[(self.village == v) & (self.time >= 0)]
            if len(times):
                found[v] = [(times <= t).mean() for t in range(len(self.periods))]
        return found


def read_networks(
    folder: str | os.PathLike[str],
    mapping: Mapping | None = None,
    periods: tuple[str, ...] = (),
    span: tuple[float, float] | None = None,
) -> Networks:
    """Read a folder.

    Parameters
    ----------
    mapping : names of the columns; guessed from those that are there if None
    periods, span : those of a fit (see `_periods`), when the folder is to be compared with it

    Raises
    ------
    DataError : a file or column is missing, an id stands twice, a value is no number; all problems at once
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataError(f"{folder}: there is no such folder; name the folder that holds nodes.csv and edges.csv")
    notes: list[str] = []
    if mapping is None:
        nodes = read_table(place / "nodes.csv")
        tie_columns = list(read_table(place / "edges.csv").columns)
        mapping, words = guess_mapping(list(nodes.columns), tie_columns)
        notes.append(f"Columns read by {words}.")
    else:
        nodes = read_table(place / mapping.nodes)
    _need(nodes, place / mapping.nodes, mapping)
    village_names, village = _villages(nodes, mapping)
    keys, by_village = _keys(nodes, mapping, village_names, village, place / mapping.nodes)
    ties, named, tie_notes = _all_ties(place, mapping, keys, by_village, village_names, village)
    time, adopted, names, found_span, more = _outcome(nodes, mapping, place / mapping.nodes, periods, span)
    leader = None
    if mapping.leader is not None:
        leader = _yes_no(nodes[mapping.leader], place / mapping.nodes, mapping.leader) == 1
    wanted = list(dict.fromkeys([*mapping.exposures, *mapping.covariates]))
    return Networks(
        place.resolve().name, mapping, tuple(nodes[mapping.id]), village_names, village, ties,
        nodes[wanted].reset_index(drop=True), named, leader, time, adopted, names, found_span,
        (*notes, *tie_notes, *more),
    )  # fmt: skip


def read_table(path: Path) -> pd.DataFrame:
    """A CSV file as text, blanks as "": comma, semicolon or tab; UTF-8 with or without a mark, or Windows letters.

    Raises
    ------
    DataError : no such file, not a table, or no rows
    """
    import pandas as pd

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        here = sorted(p.name for p in path.parent.glob("*.csv")) or ["no CSV file"]
        raise DataError(f"{path}: there is no such file; this folder holds {', '.join(here)}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(f"{path}: this is an Excel workbook or another packed file; save the sheet as CSV")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a line that is longer than the first
            table = pd.read_csv(
                io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True,
                quoting=csv.QUOTE_MINIMAL, index_col=False,
            ).fillna("")  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as error:
        raise DataError(f"{path}: is not a table with one row per line ({' '.join(str(error).split())})") from None
    table.columns = [str(c).strip() for c in table.columns]
    if table.empty:
        raise DataError(f"{path}: the file has a first line and no rows")
    table = table.apply(lambda column: column.str.strip())
    if separator == ";":  # written where a comma is the decimal sign
        table = table.apply(lambda column: column.str.replace(r"^(-?\d+),(\d+)$", r"\1.\2", regex=True))
    return table.mask(table.isin(["NA", "NaN", "nan", "None"]), "")


def _need(nodes: pd.DataFrame, path: Path, mapping: Mapping) -> None:
    """Every column but those of the outcome must be there."""
    needed = [mapping.id, mapping.village, mapping.leader, *mapping.exposures, *mapping.covariates]
    _missing_columns(path, list(nodes.columns), [c for c in needed if c is not None])


def _missing_columns(path: Path, have: list[str], needed: list[str]) -> None:
    problems = []
    for name in dict.fromkeys(needed):
        if name not in have:
            close = get_close_matches(name, have, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "add it, or name another in a mapping file (--mapping)"
            problems.append(f"there is no column {name!r}; {remedy}")
        elif have.count(name) > 1:
            problems.append(f"column {name!r} stands twice")
    if problems:
        shown = ", ".join(have[:30]) + (", ..." if len(have) > 30 else "")
        lines = [f"{path}: {say_count(len(problems), 'problem')}", *(f"  {p}" for p in problems)]
        raise DataError("\n".join([*lines, f"  the file has {shown}"]))


def _villages(nodes: pd.DataFrame, mapping: Mapping) -> tuple[tuple[str, ...], Array]:
    """Names of the villages in the order of the file, and the index of each household's."""
    if mapping.village is None:
        return ("all",), np.zeros(len(nodes), dtype=np.int64)
    names = tuple(dict.fromkeys(nodes[mapping.village]))
    index = {name: k for k, name in enumerate(names)}
    return names, np.array([index[name] for name in nodes[mapping.village]], dtype=np.int64)


def _keys(
    nodes: pd.DataFrame, mapping: Mapping, names: tuple[str, ...], village: Array, path: Path
) -> tuple[dict[Any, int], bool]:
    """Row of every id; of every (village, id) where ids are unique only within a village."""
    ids = [_same(i) for i in nodes[mapping.id]]
    blank = [k + 2 for k, i in enumerate(ids) if not i]
    if blank:
        raise DataError(f"{path}: column {mapping.id!r} is empty in line {blank[0]}; every household needs an id")
    if len(set(ids)) == len(ids):
        return {i: k for k, i in enumerate(ids)}, False
    pairs = [(_same(names[v]), i) for v, i in zip(village, ids, strict=True)]
    if len(set(pairs)) < len(pairs):
        twice = next(pair for pair, count in Counter(pairs).items() if count > 1)
        raise DataError(f"{path}: id {twice[1]!r} stands twice in village {twice[0]!r}; an id names one household")
    return {p: k for k, p in enumerate(pairs)}, True


def _same(text: str) -> str:
    """An id as it is compared: 12.0, as a spreadsheet may write it, is 12."""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def _all_ties(
    folder: Path, mapping: Mapping, keys: dict[Any, int], by_village: bool, names: tuple[str, ...], village: Array
) -> tuple[csr_array, pd.DataFrame, list[str]]:
    import pandas as pd
    from scipy.sparse import coo_array

    rows: list[Array] = []
    columns: list[Array] = []
    weights: list[Array] = []
    outside = own = other = 0
    size = len(village)
    named: dict[str, Array] = {}
    for entry in mapping.ties:
        path = folder / entry.file
        table = read_table(path)
        group = entry.village
        if by_village and group is None:
            group = mapping.village if mapping.village in table.columns else None
            if group is None:
                raise DataError(
                    f"{path}: ids are unique only within a village, so the ties must say the village too; "
                    f"add a column {mapping.village!r}, or name it as ties: village in a mapping file"
                )
        needed = [entry.start, entry.end, entry.kind, group, entry.weight if isinstance(entry.weight, str) else None]
        _missing_columns(path, list(table.columns), [c for c in needed if c is not None])
        if entry.kinds and entry.kind is not None:
            present = set(table[entry.kind])
            absent = [k for k in entry.kinds if k not in present]
            if absent:
                raise DataError(
                    f"{path}: no tie is of kind {absent[0]!r} in column {entry.kind!r}; there are "
                    + ", ".join(sorted(present))
                )
            table = table[table[entry.kind].isin(entry.kinds)]
        group = group if by_village else None
        start, end = (_rows_of(table, column, group, keys) for column in (entry.start, entry.end))
        weight = _weights(table, entry, path)
        there = (start >= 0) & (end >= 0) & (weight > 0)
        outside += int(((start < 0) | (end < 0)).sum())
        own += int((there & (start == end)).sum())
        there &= start != end
        other += int((village[start[there]] != village[end[there]]).sum())
        a, b, w = start[there], end[there], weight[there]
        kinds = table[entry.kind].to_numpy()[there] if entry.kind is not None else np.full(len(a), "")
        for kind in sorted(set(kinds)):
            file = entry.file.removesuffix(".csv") if len(mapping.ties) > 1 else ""
            label = " ".join(part for part in (file, kind) if part)
            ways = {"named": a, "named by": b} if entry.directed else {"ties": np.concatenate([a, b])}
            which = kinds == kind
            for way, ends in ways.items():
                mine = ends[which if entry.directed else np.concatenate([which, which])]
                key = f"{way}: {label}" if label else way
                named[key] = named.get(key, 0) + np.bincount(mine, minlength=size)
        rows += [a] if entry.directed else [a, b]
        columns += [b] if entry.directed else [b, a]
        weights += [w] if entry.directed else [w, w]
    found = coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size)
    ).tocsr()
    found.sum_duplicates()
    found.sort_indices()
    notes = [
        f"{say_count(size, 'household')} in {say_count(len(names), 'village')}, {say_count(found.nnz, 'directed tie')}."
    ]
    if outside:
        notes.append(f"Ties to people outside the sample: {outside:,}, left out.")
    if own:
        notes.append(f"Ties of a household to itself: {own:,}, left out.")
    if other:
        notes.append(f"Ties to another village: {other:,}, kept.")
    if not found.nnz:
        raise DataError(f"{folder}: no tie joins two households of the nodes; are the ids written alike in both files?")
    return found, pd.DataFrame(named), notes


def _rows_of(table: pd.DataFrame, column: str, group: str | None, keys: dict[Any, int]) -> Array:
    ids = [_same(i) for i in table[column]]
    wanted: list[Any] = ids if group is None else list(zip([_same(g) for g in table[group]], ids, strict=True))
    return np.array([keys.get(i, -1) for i in wanted], dtype=np.int64)


def _weights(table: pd.DataFrame, entry: Ties, path: Path) -> Array:
    """Weight of each tie: the column's, where it is blank or 0 no tie; else one number, 1 if none is given."""
    if isinstance(entry.weight, str):
        values = numbers(table[entry.weight], path, entry.weight)
        if (values < 0).any():
            raise DataError(f"{path}: column {entry.weight!r} must not be negative; a tie weighs 0 or more")
        return np.nan_to_num(values)
    return np.full(len(table), 1.0 if entry.weight is None else float(entry.weight))


def numbers(column: pd.Series, path: Path, name: str) -> Array:
    """Text as numbers, blank as NaN, float64.

    Raises
    ------
    DataError : a value is not a finite number
    """
    import pandas as pd

    values: Array = pd.to_numeric(column.where(column != ""), errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(((column != "").to_numpy() & np.isnan(values)) | np.isinf(values))
    if len(bad):
        raise DataError(
            f"{path}: line {column.index[bad[0]] + 2}: column {name!r} must hold numbers; got {column.iloc[bad[0]]!r}"
        )
    return values


def _yes_no(column: pd.Series, path: Path, name: str) -> Array:
    """1, 0 or -1 (blank), int64."""
    lower = column.str.lower()
    found = np.where(lower.isin(YES), 1, np.where(lower.isin(NO), 0, UNKNOWN)).astype(np.int64)
    bad = np.flatnonzero((found < 0) & (column != "").to_numpy())
    if len(bad):
        raise DataError(
            f"{path}: line {column.index[bad[0]] + 2}: column {name!r} must be 1 or 0, yes or no; "
            f"got {column.iloc[bad[0]]!r}"
        )
    return found


def _outcome(
    nodes: pd.DataFrame, mapping: Mapping, path: Path, periods: tuple[str, ...], span: tuple[float, float] | None
) -> tuple[Array | None, Array | None, tuple[str, ...], tuple[float, float] | None, list[str]]:
    """Periods of adoption and who adopted; both None where the file holds neither."""
    has_time = mapping.time is not None and mapping.time in nodes.columns
    has_adopted = mapping.adopted is not None and mapping.adopted in nodes.columns
    adopted = _yes_no(nodes[mapping.adopted], path, str(mapping.adopted)) if has_adopted else None
    if not has_time:
        return None, adopted, periods, span, []
    values = _times(nodes[mapping.time], path, str(mapping.time))
    never = np.isin(values, mapping.never)
    unknown = np.isin(values, mapping.missing)
    dated = ~np.isnan(values) & ~never & ~unknown
    if adopted is None:  # a blank date is no adoption, unless a code says that it is not known
        adopted = np.where(dated, 1, np.where(unknown, UNKNOWN, 0)).astype(np.int64)
    if not (dated & (adopted == 1)).any():
        raise DataError(f"{path}: column {mapping.time!r} holds no time of any adopter")
    months = _dated(nodes[mapping.time])
    low, step, names = _periods(values[dated & (adopted == 1)], months, mapping, periods, span)
    high = values[dated].max()
    count = len(names)
    period = np.full(len(values), count, dtype=np.int64)
    period[dated] = np.floor((values[dated] - low) / step + 1e-9).astype(np.int64)
    # Before the first period is the first, at the latest; after the last is not adopted by then.
    period = np.clip(period, 0, count)
    period[adopted == 0] = count
    period[(adopted < 0) | ((adopted == 1) & ~dated)] = UNKNOWN
    notes = []
    undated = int(((adopted == 1) & ~dated).sum())
    if undated:
        notes.append(f"Adopters without a time: {undated:,}, counted in the rates, not in the curves.")
    last = float((values[dated] == high).mean())
    if last > 0.25 and not mapping.never and not has_adopted:
        notes.append(
            f"{last:.0%} of the times are {high:g}, the last: if that means not adopted, say `never: {high:g}` "
            "in a mapping file."
        )
    return period, adopted, names, (low, step), notes


def _times(column: pd.Series, path: Path, name: str) -> Array:
    """Numbers as they are; dates (1965-03 or 1965-03-17) as months, counted from the year 0."""
    import pandas as pd

    if _dated(column):
        parts = column.where(column != "").str.split("-", expand=True)
        return np.asarray(12.0 * pd.to_numeric(parts[0]) + pd.to_numeric(parts[1]) - 1.0, dtype=np.float64)
    return numbers(column, path, name)


def _dated(column: pd.Series) -> bool:
    return bool(column.str.fullmatch(r"\d{4}-\d{1,2}(-\d{1,2})?|").all() and (column != "").any())


def _periods(
    values: Array, months: bool, mapping: Mapping, periods: tuple[str, ...], span: tuple[float, float] | None
) -> Any:
    """First time, length of a period, and the names of all; those of a fit if given.

    One period per unit of the times, however it is called, and at most `MOST_PERIODS`.
    """
    if span is not None:
        low, step = float(span[0]), float(span[1])
        return low, step, periods
    low, high = float(np.floor(values.min())), float(np.floor(values.max()))
    step = max(1.0, float(np.ceil((high - low + 1) / MOST_PERIODS)))
    count = int((high - low) // step) + 1
    ends = [low + step * (k + 1) - 1 + mapping.time_zero for k in range(count)]
    if months:
        return low, step, tuple(f"{int(end // 12)}-{int(end % 12) + 1:02d}" for end in ends)
    return low, step, tuple(f"{end:g}" for end in ends)
