"""Other processes and machines as executors: the same work with the same results.

On many cores of one machine processes do more than threads, which share Python's lock. With Dask `distributed` a worker
that is lost costs time, not results: what it was doing is done again elsewhere.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple

from smsim.errors import RunError, ScenarioError
from smsim.runner import default_threads
from smsim.simulate import warm_up

LOCAL = "local"
PROCESSES = "processes"
MANY = 8  # runs side by side from which processes are faster: on 8 cores 7.0 times one thread, and 8 threads 5.5 times
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
    where : address of a scheduler (``tcp://host:8786``), a scheduler file, or "local" for a scheduler on this machine;
        "processes" for processes on this machine without a scheduler, which needs no Dask
    threads : processes on this machine; `default_threads` if None

    Raises
    ------
    ScenarioError : `distributed` is not installed, or there is no such file
    RunError : the scheduler does not answer, has no workers, or loses them all for good; a process was lost
    """
    if where == PROCESSES:
        with _own_processes(default_threads() if threads is None else threads) as own:
            yield own
        return
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
            f"--cluster {where}: is neither an address (tcp://HOST:PORT), nor a scheduler file that exists, "
            "nor 'local' or 'processes'"
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


@contextmanager
def _own_processes(count: int) -> Iterator[Cluster]:
    if count < 1:
        raise ScenarioError(f"threads must be 1 or more; got {count}")
    if sys.platform == "win32":
        count = min(count, 61)  # Windows waits for no more at once
    warm_up()  # compiled once here, or by every process
    pool = None
    try:
        try:
            # Not forked: a copy of a process with threads may hang.
            pool = ProcessPoolExecutor(count, get_context("spawn"), _end_with_the_parent)
            with _deaf_to_interrupts():
                first, *_ = [pool.submit(os.getpid) for _ in range(count)]
            first.result()
        except OSError as error:
            raise RunError(f"no process can be started here ({error}); fewer than {MANY} --threads need none") from None
        except BrokenProcessPool:
            raise RunError(
                "the processes ended as they started, for which they gave a reason above; a script that starts some "
                'must be a file, and do so below `if __name__ == "__main__":`'
            ) from None
        yield Cluster(pool, count, lambda: None)
    except BaseException as failure:
        # Nobody waits for what they are at. (From Python 3.14 on: `terminate_workers`.)
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        if isinstance(failure, BrokenProcessPool):
            raise RunError(
                f"a process was lost, as when memory is short: with fewer --threads less is needed; {KEPT}"
            ) from None
        raise
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started here hear no Ctrl-C, which reaches all processes of a terminal: the parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_parent() -> None:
    """In a process of the pool: it ends when its parent asks it to or dies, and for no other reason."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be started deaf
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
