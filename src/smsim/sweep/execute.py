"""The runner of a sweep: what is missing in the store, chunk by chunk, on threads, processes, a cluster or one shard of
an array.

Which of these, and in which order, never changes a part: it is a function of the sweep's specification alone.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any

from smsim.cluster import MANY, PROCESSES, Cluster, open_cluster
from smsim.engine.arrays import Array
from smsim.errors import RunError, ScenarioError
from smsim.runner import default_threads, run_each
from smsim.sweep.point import Model, part_table
from smsim.sweep.store import Store, part_bytes

RUNS_PER_CHUNK = 256  # small enough that a kill costs little, large enough that a part is worth a file
# Sources that decide what a run gives. The rest may change between a sweep's beginning and its end.
DECISIVE = (
    "engine/*.py", "world/*.py", "costs.py", "staff.py", "strategy.py", "scenario.py", "simulate.py", "outcomes.py",
    "economics.py", "parameters.py", "runner.py", "sweep/point.py", "sweep/problem.py", "sweep/store.py",
)  # fmt: skip

Item = tuple[int, int, Array]  # chunk, number of its first point, points (P, K)


def points_per_chunk(model: Model) -> int:
    """Design points of a chunk: about `RUNS_PER_CHUNK` runs."""
    return max(1, RUNS_PER_CHUNK // (model.replicates * len(model.strategies)))


@cache
def code_digest() -> str:
    """SHA-256 over the sources that decide what a run gives."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for pattern in DECISIVE:
        for source in sorted(package.glob(pattern)):
            digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def run_chunk(model: Model, spec_digest: str, code: str, item: Item) -> bytes:
    """One chunk's part as bytes: what every thread, worker and shard does.

    Raises
    ------
    RunError : this process has another version of smsim than the one that asked
    """
    if code != code_digest():
        raise RunError("a worker has another version of smsim than this process; install the same on both")
    _, first, points = item
    return part_bytes(part_table(model, first, points), spec_digest)


def keep_chunk(store: Store, model: Model, code: str, item: Item) -> None:
    """One chunk's part into the store, from a process on this machine.

    It hands back nothing: whoever is ended, or killed for want of memory, in the middle of handing back more than a
    pipe takes at once leaves the other end waiting for the rest, for ever. What it was writing then lies about until
    the sweep is whole, as with any process that is killed.
    """
    store.put(item[0], run_chunk(model, store.spec_digest, code, item))


def complete(
    store: Store,
    model: Model,
    threads: int | None = None,
    cluster: str | Cluster | None = None,
    shard: tuple[int, int] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> None:
    """Compute what the store lacks. Other processes may do the same meanwhile.

    Parameters
    ----------
    cluster : one that is open, or where to find one: see `smsim.cluster.open_cluster`
    shard : (i, n): only every n-th chunk, i from 1
    progress : called with (design points done, design points)
    """
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ScenarioError(f"--shard {shard[0]}/{shard[1]}: write i/n with i from 1 to n")
    store.drop(store.damaged())
    tell = progress or (lambda done, total: None)
    missing = store.missing(shard)
    if not missing:
        return
    mine = range(shard[0] - 1, store.chunks, shard[1]) if shard else range(store.chunks)
    total = sum(_size(store, chunk) for chunk in mine)
    done = total - sum(_size(store, chunk) for chunk in missing)
    tell(done, total)
    design = store.design()
    # From a place of its own: processes on one store then meet late, and each skips what the other has done.
    start = random.Random(os.urandom(8)).randrange(len(missing)) if shard is None else 0

    def items() -> Iterator[Item]:
        nonlocal done
        for chunk in missing[start:] + missing[:start]:
            if store.has(chunk):
                done += _size(store, chunk)
                continue
            first = chunk * store.chunk
            yield chunk, first, design[first : first + store.chunk]

    # From its root: this process may be in another folder by the time that a process begins.
    here = partial(keep_chunk, Store(store.root.absolute(), store.spec), model, code_digest())
    anywhere = partial(run_chunk, model, store.spec_digest, code_digest())

    def run(work: Callable[[Item], bytes | None], **how: Any) -> None:
        nonlocal done
        for item, data in run_each(work, items(), **how):
            if data is not None:
                store.put(item[0], data)
            done += len(item[2])
            tell(done, total)

    if cluster == PROCESSES:
        # One that finds no chunk left would have started for nothing; for a few, threads are as good.
        threads = min(default_threads() if threads is None else threads, len(missing))
        cluster = PROCESSES if len(missing) >= MANY else None
    if cluster is None:
        run(anywhere, threads=threads)
        return
    with open_cluster(cluster, threads) if isinstance(cluster, str) else nullcontext(cluster) as found:
        run(here if cluster == PROCESSES else anywhere, executor=found.executor, threads=found.slots, idle=found.watch)


def read_shard(text: str) -> tuple[int, int]:
    """``2/8`` as (2, 8).

    Raises
    ------
    ScenarioError : it is not i/n with 1 <= i <= n
    """
    part, given, whole = text.partition("/")
    if not (given and part.strip().isdecimal() and whole.strip().isdecimal() and 1 <= int(part) <= int(whole)):
        raise ScenarioError(f"--shard {text}: write i/n with i from 1 to n, such as 1/8")
    return int(part), int(whole)


def _size(store: Store, chunk: int) -> int:
    return min(store.chunk, store.points - chunk * store.chunk)
