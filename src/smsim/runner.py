"""Many pieces of work side by side: one thin seam over `concurrent.futures`. What runs where never changes a result."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from numbers import Integral
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np

from smsim.errors import ScenarioError

Item = TypeVar("Item")
Result = TypeVar("Result")

_thread = threading.local()

THREADS_VARIABLE = "SMSIM_THREADS"
MAX_SEED = 2**63


def replicate_seed(seed: int, replicate: int) -> int:
    """Seed of one replicate, in [0, 2**63): a pure function of both, the same on every machine.

    Raises
    ------
    ScenarioError : seed is not in [0, 2**63)
    """
    if not (isinstance(seed, Integral) and 0 <= seed < MAX_SEED):
        raise ScenarioError(f"seed must be a whole number in [0, 2**63); got {seed!r}")
    return int(np.random.SeedSequence([seed, replicate]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def default_threads() -> int:
    """Threads when nobody says: SMSIM_THREADS, or one per core that this process may use.

    Raises
    ------
    ScenarioError : SMSIM_THREADS is not a whole number above 0
    """
    text = os.environ.get(THREADS_VARIABLE)
    if text is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (text.isdecimal() and int(text) > 0):
        raise ScenarioError(f"{THREADS_VARIABLE} must be a whole number of threads, 1 or more; got {text!r}")
    return int(text)


def run_all(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> list[Result]:
    """`work` done on every item; results in the order of the items, however many threads.

    Parameters
    ----------
    threads : how many at once; `default_threads` if None. Threads help because the engine's kernels release the GIL.
    executor : used instead of threads if given (a cluster's, for example), and left open
    progress : called with (done, total) in the calling thread: at the start, now and then, and when all is done

    Raises
    ------
    Exception : the first failure in the order of the items among those done; what has not begun is cancelled
    ScenarioError : threads is below 1
    """
    things = list(items)
    if executor is not None:
        return _collect(executor, work, things, progress)
    if threads is None:
        threads = default_threads()
    if threads < 1:
        raise ScenarioError(f"threads must be 1 or more; got {threads}")
    return _side_by_side(work, things, threads, progress)


def _side_by_side(
    work: Callable[[Item], Result], items: list[Item], threads: int, progress: Callable[[int, int], Any] | None
) -> list[Result]:
    # Each thread takes its next item itself. A future for every item would wake this thread after each, and a run of a
    # small world takes less than a millisecond.
    left = deque(enumerate(items))
    results: dict[int, Result] = {}
    failures: dict[int, BaseException] = {}
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            try:
                number, item = left.popleft()
            except IndexError:
                return
            try:
                results[number] = work(item)
            except BaseException as failure:  # noqa: BLE001 - it comes out in the calling thread
                failures[number] = failure
                stop.set()

    tell = progress or (lambda done, total: None)
    tell(0, len(items))
    pool = ThreadPoolExecutor(threads, "smsim")
    try:
        busy = [pool.submit(go_on) for _ in range(min(threads, len(items)))]
        # A short wait, so that Ctrl-C is heard between two of them on every platform.
        while wait(busy, timeout=0.1).not_done:
            tell(len(results), len(items))
    finally:
        stop.set()
        pool.shutdown(wait=True)
    if failures:
        raise failures[min(failures)]
    tell(len(items), len(items))
    return [results[number] for number in range(len(items))]


def _collect(
    executor: Executor,
    work: Callable[[Item], Result],
    items: list[Item],
    progress: Callable[[int, int], Any] | None,
) -> list[Result]:
    futures: list[Future[Result]] = [executor.submit(work, item) for item in items]
    tell = progress or (lambda done, total: None)
    # `concurrent.futures.wait` would look at all that are left whenever one is done.
    finished: SimpleQueue[Future[Result]] = SimpleQueue()
    for future in futures:
        future.add_done_callback(finished.put)
    done = 0
    tell(done, len(futures))
    try:
        while done < len(futures):
            try:
                # A short wait, so that Ctrl-C is heard between two of them on every platform.
                future = finished.get(timeout=0.2)
            except Empty:
                continue
            if future.exception() is not None:
                break
            done += 1
            tell(done, len(futures))
        for future in futures:
            if future.done() and future.exception() is not None:
                future.result()
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()


def abandoned() -> bool:
    """Whether nobody waits any more for what this thread of `run_each` does: long work looks now and then, and ends."""
    stop = getattr(_thread, "stop", None)
    return stop is not None and stop.is_set()


def _listen_to(stop: threading.Event) -> None:
    _thread.stop = stop


def run_each(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int | None = None,
    executor: Executor | None = None,
    ahead: int = 2,
    idle: Callable[[], Any] | None = None,
) -> Iterator[tuple[Item, Result]]:
    """`work` done on every item; pairs of item and result as they come, in any order, so that none need be kept.

    Items are taken from their iterable only when there is room for them: a generator may leave out by then what others
    have done.

    Parameters
    ----------
    threads, executor : as in `run_all`; with an executor, `threads` says how many it works on at once
    ahead : items handed over per thread, so that none waits for the next
    idle : called now and then while nothing comes; may raise, to give up

    Raises
    ------
    Exception : the first failure; what has not begun is cancelled, and what has begun is `abandoned`
    """
    count = default_threads() if threads is None else threads
    if count < 1:
        raise ScenarioError(f"threads must be 1 or more; got {count}")
    own = None
    stop = threading.Event()
    if executor is None:
        executor = own = ThreadPoolExecutor(count, "smsim", _listen_to, (stop,))
    rest = iter(items)
    at_work: dict[Future[Result], Item] = {}
    try:
        while True:
            while len(at_work) < count * ahead and (item := next(rest, None)) is not None:
                at_work[executor.submit(work, item)] = item
            if not at_work:
                return
            done, _ = wait(at_work, timeout=0.2, return_when=FIRST_COMPLETED)
            if idle is not None and not done:
                idle()
            for future in done:
                yield at_work.pop(future), future.result()
    finally:
        stop.set()
        for future in at_work:
            future.cancel()
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
