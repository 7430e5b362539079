"""Large worlds on disk: arrays under the user's cache, beside the compiled kernels, shared by all processes.

An entry is a folder of .npy files that are opened memory-mapped and read-only. It is named by a digest of all that
shapes it, appears whole or not at all, and is checked when it is opened; whatever is wrong with it or with the folder,
the world is built anew. The longest unused leave when there are too many.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from smsim.engine import cache_folder
from smsim.engine.arrays import Array

SMALLEST = 100_000  # households: a smaller world is built about as fast as it is opened
LARGEST = 2 * 2**30  # bytes, of all entries together
ABANDONED = 3600.0  # seconds after which what nobody finished writing is removed
SUMS = "sums.json"


def entry(shape: Mapping[str, Any], seed: int) -> Path | None:
    """Where arrays of this shape (names and values) and seed belong, whether or not they are there; None: nowhere."""
    try:
        kernels = cache_folder()
    except (OSError, RuntimeError):  # no home
        return None
    plain = {name: value if isinstance(value, str) else float(value) for name, value in shape.items()}
    # The name of the folder of kernels stands for the sources.
    said = json.dumps([kernels.name, plain, seed], sort_keys=True)
    return kernels.parent / "worlds" / hashlib.sha256(said.encode()).hexdigest()[:32]


def recall(folder: Path, names: Iterable[str]) -> dict[str, Array] | None:
    """The arrays of an entry by name, read-only; None if it is not there or damaged, and then it is no longer there."""
    if not folder.is_dir():
        return None
    try:
        sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        if all(_sum_of(folder / f"{name}.npy") == sums[name] for name in names):
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in names}
            os.utime(folder)
            return arrays
    except (OSError, ValueError, KeyError, TypeError):
        pass
    _discard(folder)
    return None


def keep(folder: Path, arrays: Mapping[str, Array]) -> None:
    """Write an entry, and make room for it; a disk that is full or read-only leaves things as they are."""
    size = sum(array.nbytes for array in arrays.values())
    home = folder.parent
    try:
        home.mkdir(parents=True, exist_ok=True)
        if size > min(LARGEST, shutil.disk_usage(home).free // 2):
            return
        _make_room(home, LARGEST - size)
        staging = Path(tempfile.mkdtemp(prefix=".writing-", dir=home))
    except OSError:
        return
    try:
        for name, array in arrays.items():
            np.save(staging / f"{name}.npy", array, allow_pickle=False)
        sums = {name: _sum_of(staging / f"{name}.npy") for name in arrays}
        (staging / SUMS).write_text(json.dumps(sums), encoding="utf-8")
        os.replace(staging, folder)  # fails if another process was first
    except OSError:
        shutil.rmtree(staging, ignore_errors=True)


def _sum_of(file: Path) -> int:
    """Checksum of a file, read through a map: nothing is copied."""
    return zlib.crc32(np.memmap(file, np.uint8, mode="r").data)


def _make_room(home: Path, most: int) -> None:
    """Discard the longest unused entries until `most` bytes are left, and what was never finished."""
    used = {folder: folder.stat().st_mtime for folder in home.iterdir() if folder.is_dir()}
    total = 0
    for folder in sorted(used, key=lambda folder: -used[folder]):
        if folder.name.startswith("."):
            if time.time() - used[folder] > ABANDONED:
                shutil.rmtree(folder, ignore_errors=True)
            continue
        total += sum(file.stat().st_size for file in folder.iterdir())
        if total > most:
            _discard(folder)


def _discard(folder: Path) -> None:
    """Remove an entry at once; one that another process has open stays where the system says so."""
    with suppress(OSError):
        gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder.parent))
        with suppress(OSError):
            os.replace(folder, gone / folder.name)
        shutil.rmtree(gone, ignore_errors=True)
