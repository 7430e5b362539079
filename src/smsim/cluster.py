"""Dask `distributed` as an executor: the same work on other processes and machines, with the same results.

A worker that is lost costs time, not results: what it was doing is done again elsewhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from smsim.errors import RunError, ScenarioError
from smsim.runner import default_threads

LOCAL = "local"
PATIENCE = 60  # seconds to reach a scheduler, for the first worker to come, and for one to come back when all are lost
KEPT = "what is done is kept, and the same command goes on"


class Cluster(NamedTuple):
    """An executor on a cluster, how many pieces of work it can do at once, and whether anybody is still there."""

    executor: Executor
    slots: int
    watch: Callable[[], None]  # raises RunError once there has been no worker for PATIENCE seconds


@contextmanager
def open_cluster(where: str, threads: int | None = None) -> Iterator[Cluster]:
    """A cluster for as long as the context lasts.

    Parameters
    ----------
    where : address of a scheduler (``tcp://host:8786``), a scheduler file, or "local" for processes on this machine
    threads : processes of a local cluster; `default_threads` if None

    Raises
    ------
    ScenarioError : `distributed` is not installed, or there is no such file
    RunError : the scheduler does not answer, has no workers, or loses them all for good
    """
    try:
        distributed: Any = import_module("distributed")  # half of it has no types
    except ImportError:
        raise ScenarioError('--cluster needs Dask: pip install "smsim[cluster]"') from None
    cluster = None
    address: dict[str, str] = {}
    if where == LOCAL:
        processes = default_threads() if threads is None else threads
        cluster = distributed.LocalCluster(
            n_workers=processes, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
        address = {"address": cluster.scheduler_address}
    elif "://" in where and where.rpartition(":")[2].isdecimal():
        address = {"address": where}
    elif _appears(where):
        address = {"scheduler_file": str(Path(where))}
    elif where.rpartition(":")[2].isdecimal():
        address = {"address": f"tcp://{where}"}
    else:
        raise ScenarioError(
            f"--cluster {where}: is neither an address (tcp://HOST:PORT), nor a scheduler file that exists, nor 'local'"
        )
    client = None
    try:
        try:
            client = distributed.Client(**address, timeout=PATIENCE, set_as_default=False)
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError, TimeoutError) as error:
            raise RunError(
                f"--cluster {where}: no scheduler with a worker answers there within {PATIENCE} s ({error})"
            ) from None
        slots = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
        try:
            yield Cluster(client.get_executor(pure=False), max(1, slots), _watch(where, client))
        except (distributed.KilledWorker, CancelledError) as error:
            raise RunError(
                f"--cluster {where}: lost its scheduler, or the same work with one worker after another "
                f"({' '.join(str(error).split())}); {KEPT}"
            ) from None
    finally:
        if client is not None:
            client.close()
        if cluster is not None:
            cluster.close()


def _watch(where: str, client: Any) -> Callable[[], None]:
    """What asks the scheduler for its workers every few seconds, and gives up when none has been there for long."""
    asked = seen = time.monotonic()

    def watch() -> None:
        nonlocal asked, seen
        now = time.monotonic()
        if now - asked < min(5, PATIENCE / 4):
            return
        asked = now
        if client.status == "running" and client.scheduler_info(n_workers=-1)["workers"]:
            seen = now
        elif now - seen >= PATIENCE:
            raise RunError(f"--cluster {where}: has had no worker for {PATIENCE} s; {KEPT}")

    return watch


def _appears(file: str) -> bool:
    """Whether a scheduler file is there; one that a scheduler is only just starting to write is waited for."""
    until = time.monotonic() + (PATIENCE if file.endswith(".json") else 0)
    while not os.path.isfile(file):  # noqa: PTH113  # Path.is_file fails for a name that is too long
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return True
