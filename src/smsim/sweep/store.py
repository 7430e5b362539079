"""The store of a sweep: chunks of runs as Parquet parts, each whole or absent, named by their checksum.

    runs/sweep.json                      what was asked: scenario, method, seeds, versions; written first
    runs/design-5b0c...77.parquet        the design, in the unit cube
    runs/part-00012-1f0c...9a.parquet    the runs of chunk 12; the name holds the start of its SHA-256
    runs/manifest.json                   all parts with their whole checksums; written when the last one is there

A part appears by one rename, so that a kill at any moment leaves whole parts only. Its bytes depend on nothing but
sweep.json, so that two processes that happen to compute the same chunk write the same file: none waits for another.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from smsim.engine.arrays import Array
from smsim.errors import RunError, ScenarioError

SPEC, PARTS = "sweep.json", "manifest.json"
PART = re.compile(r"part-(\d{5,})-([0-9a-f]{16})\.parquet")
# What a difference between two sweeps is called.
SAID = {
    "smsim": "the version of smsim",
    "code": "the program (its sources have changed)",
    "digest": "the scenario",
    "n": "-n",
    "factors": "the choice of factors or of their ranges",
    "design": "the design",
}
NEEDED = {"smsim", "code", "design", "points", "chunk", "replicates", "strategies", "columns", "series", "factors"}
FOLLOWS = ("design", "points", "chunk", "notes", "scenario", "columns", "series")


class Status(NamedTuple):
    """How far a sweep is."""

    chunks: int
    done: int
    runs: int
    runs_done: int
    failed: int
    damaged: int


class Store:
    """The parts of one sweep below a folder. `spec` is everything that determines them.

    Raises
    ------
    ScenarioError : the folder holds another sweep, or none
    """

    def __init__(self, root: Path, spec: Mapping[str, Any]) -> None:
        self.root = root
        self.spec = dict(spec)

    @classmethod
    def begin(cls, root: Path, spec: Mapping[str, Any], design: Array) -> Store:
        """The store for this sweep: a new one, or the one that was begun and asks for exactly the same."""
        spec = json.loads(json.dumps({**spec, "design": digest_of(design)}))
        try:
            root.mkdir(parents=True, exist_ok=True)
            if not (root / SPEC).exists():
                _place(root, design_name(spec), _design_bytes(design))
                _claim(root, SPEC, _json_bytes(spec))
        except OSError as error:
            raise ScenarioError(f"{root}: cannot write there ({error.strerror or error})") from None
        found = cls.open(root)
        found.refuse_unless(spec)
        return found

    @classmethod
    def open(cls, root: Path) -> Store:
        """The store that a folder holds."""
        try:
            spec = json.loads((root / SPEC).read_text(encoding="utf-8"))
            if not isinstance(spec, dict) or not spec.keys() >= NEEDED:
                raise ValueError("it does not say what was asked")
            return cls(root, spec)
        except FileNotFoundError:
            raise ScenarioError(f"{root}: there is no sweep here ({SPEC} is missing)") from None
        except (OSError, ValueError) as error:
            raise ScenarioError(f"{root / SPEC}: cannot be read ({error}); delete the folder {root}") from None

    def refuse_unless(self, spec: Mapping[str, Any]) -> None:
        """Refuse to mix: raises ScenarioError unless `spec` is what this store was begun for."""
        different = [key for key in {**self.spec, **spec} if self.spec.get(key) != spec.get(key)]
        if not different:
            return
        # A change of what decides everything else says it all; and what follows from another change says nothing.
        told = [key for key in different if key in ("smsim", "code", "digest")]
        told = told or [key for key in different if key not in FOLLOWS] or different
        words = [f"{SAID.get(key, key)} differs{self._both(key, spec)}" for key in told]
        raise ScenarioError(
            f"{self.root}: holds a sweep that was begun otherwise: {'; '.join(words)}. Results are not mixed: "
            "name another --out, or delete that folder"
        )

    def _both(self, key: str, spec: Mapping[str, Any]) -> str:
        there, here = self.spec.get(key), spec.get(key)
        short = key not in ("code", "digest", "design") and all(isinstance(v, (str, int)) for v in (there, here))
        return f" (there {there}, here {here})" if short else ""

    @property
    def spec_digest(self) -> str:
        """SHA-256 of what was asked; parts carry it."""
        return hashlib.sha256(_json_bytes(self.spec)).hexdigest()

    @property
    def chunk(self) -> int:
        """Design points per part."""
        return int(self.spec["chunk"])

    @property
    def points(self) -> int:
        """Design points of the whole sweep."""
        return int(self.spec["points"])

    @property
    def chunks(self) -> int:
        """Parts of the whole sweep."""
        return -(-self.points // self.chunk)

    def design(self) -> Array:
        """The design in the unit cube, float64 (points, factors).

        Raises
        ------
        RunError : the file is damaged
        """
        path = self.root / design_name(self.spec)
        try:
            # From its root, as everywhere here: pyarrow takes a name such as may:2/x.parquet for an address.
            table = pq.read_table(path.absolute())
            points = np.column_stack([table.column(k).to_numpy() for k in range(table.num_columns)])
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{path}: cannot be read ({error}); delete the folder {self.root}") from None
        if digest_of(points) != self.spec["design"]:
            raise RunError(f"{path}: is not the design that was begun; delete the folder {self.root}")
        return points

    def parts(self) -> dict[int, Path]:
        """The parts that are there, by chunk; not checked.

        Raises
        ------
        RunError : two different parts for one chunk
        """
        found: dict[int, Path] = {}
        for path in sorted(self.root.iterdir()):
            if match := PART.fullmatch(path.name):
                chunk = int(match.group(1))
                if chunk in found:
                    raise RunError(
                        f"{self.root}: two machines computed different results for chunk {chunk} "
                        f"({found[chunk].name}, {path.name}); keep one of them and start again"
                    )
                found[chunk] = path
        return found

    def has(self, chunk: int) -> bool:
        """Whether the part of a chunk is there."""
        return next(self.root.glob(f"part-{chunk:05d}-*.parquet"), None) is not None

    def damaged(self) -> list[int]:
        """Chunks whose part is not what its name says."""
        return [chunk for chunk, path in self.parts().items() if _sha256(path)[:16] != _named(path)]

    def drop(self, chunks: Sequence[int]) -> None:
        """Remove the parts of these chunks, so that they are computed again."""
        for chunk in chunks:
            for path in self.root.glob(f"part-{chunk:05d}-*.parquet"):
                path.unlink(missing_ok=True)

    def missing(self, shard: tuple[int, int] | None = None) -> list[int]:
        """Chunks to compute, in order; only every n-th where a shard (i, n) is given, i from 1."""
        there = self.parts()
        mine = range(self.chunks) if shard is None else range(shard[0] - 1, self.chunks, shard[1])
        return [chunk for chunk in mine if chunk not in there]

    def put(self, chunk: int, data: bytes) -> None:
        """Keep the part of a chunk: it is there wholly, or not at all."""
        _place(self.root, f"part-{chunk:05d}-{hashlib.sha256(data).hexdigest()[:16]}.parquet", data)

    def merge(self, other: Store) -> None:
        """Take over the parts of another store of the same sweep."""
        other.refuse_unless(self.spec)
        damaged = set(other.damaged())
        for chunk, path in other.parts().items():
            if chunk not in damaged and not self.has(chunk):
                self.put(chunk, path.read_bytes())

    def read(self, columns: Sequence[str], chunks: Sequence[int] | None = None) -> Iterator[pa.Table]:
        """These columns, part by part in the order of the design; nothing else is held in memory."""
        there = self.parts()
        for chunk in sorted(there) if chunks is None else chunks:
            yield pq.read_table(there[chunk].absolute(), columns=list(columns))

    def status(self) -> Status:
        """How far it is, and how many runs failed."""
        damaged = self.damaged()
        parts = {chunk: path for chunk, path in self.parts().items() if chunk not in damaged}
        failed = done = 0
        for path in parts.values():
            flags = pq.read_table(path.absolute(), columns=["failed"]).column(0).to_numpy()
            done, failed = done + len(flags), failed + int(flags.sum())
        per_point = int(self.spec["replicates"]) * len(self.spec["strategies"])
        return Status(self.chunks, len(parts), self.points * per_point, done, failed, len(damaged))

    def seal(self) -> None:
        """Write the manifest of all parts, and clear what killed processes left behind.

        Raises
        ------
        RunError : a part is missing or damaged
        """
        parts = self.parts()
        sums = {path.name: _sha256(path) for path in parts.values()}
        bad = [name for name, total in sums.items() if total[:16] != _named(Path(name))]
        if len(parts) < self.chunks or bad:
            raise RunError(f"{self.root}: of the parts, {self.chunks - len(parts)} are missing and {len(bad)} damaged")
        content = {"spec": self.spec_digest, "chunks": self.chunks, "parts": sums}
        _place(self.root, PARTS, _json_bytes(content))
        for left in self.root.glob(".writing-*"):
            with contextlib.suppress(OSError):
                left.unlink()


def part_bytes(table: pa.Table, spec_digest: str) -> bytes:
    """A table as a Parquet file in memory; the same table gives the same bytes."""
    target = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"smsim_sweep": spec_digest}), target, compression="zstd")
    return target.getvalue()


def design_name(spec: Mapping[str, Any]) -> str:
    """File of the design; named by its digest, so that a process with another one does not write over it."""
    return f"design-{spec['design'][:16]}.parquet"


def digest_of(design: Array) -> str:
    """SHA-256 of a design's shape and numbers."""
    numbers = np.ascontiguousarray(design, "<f8")
    return hashlib.sha256(repr(numbers.shape).encode() + numbers.tobytes()).hexdigest()


def _design_bytes(design: Array) -> bytes:
    target = io.BytesIO()
    table = pa.table({f"x{k}": np.ascontiguousarray(design[:, k]) for k in range(design.shape[1])})
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def _json_bytes(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named(path: Path) -> str:
    match = PART.fullmatch(path.name)
    return match.group(2) if match else ""


def _staged(root: Path, data: bytes) -> Path:
    staged = root / f".writing-{secrets.token_hex(8)}"
    try:
        with open(staged, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a part whose name is there after a power cut must hold its bytes
    except OSError:
        staged.unlink(missing_ok=True)  # a full disk needs the place
        raise
    return staged


def _place(root: Path, name: str, data: bytes) -> None:
    """A file, whole or not at all, over one that may be there.

    Raises
    ------
    RunError : the disk is full, say
    """
    try:
        staged = _staged(root, data)
        try:
            os.replace(staged, root / name)
        except OSError:
            # Another process may have finished, and cleared what it took for a dead one's; or holds the same file open.
            if not (root / name).exists():
                raise
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"{root / name}: could not be written ({reason}); what is done is kept, and the same command goes on"
        ) from None


def _claim(root: Path, name: str, data: bytes) -> None:
    """A file, whole, unless one is there already: of two processes that start together one is the first."""
    staged = _staged(root, data)
    try:
        os.link(staged, root / name)  # fails where the name is taken, unlike a rename
    except FileExistsError:
        pass
    except OSError:  # a disk without hard links
        if not (root / name).exists():
            os.replace(staged, root / name)
            return
    staged.unlink(missing_ok=True)
