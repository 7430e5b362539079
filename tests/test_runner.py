"""Work side by side: the order of results, failures, seeds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from smsim.errors import ScenarioError
from smsim.runner import abandoned, default_threads, replicate_seed, run_all, run_each


def test_results_come_in_the_order_of_the_items_whatever_ends_first() -> None:
    gate = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert gate.wait(10)  # the first ends last
        else:
            gate.set()
        return item * item

    assert run_all(work, range(20), threads=3) == [n * n for n in range(20)]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_number_of_threads_gives_the_same(threads: int) -> None:
    assert run_all(str, range(5), threads=threads) == ["0", "1", "2", "3", "4"]


def test_a_failure_comes_out_and_what_has_not_begun_is_cancelled() -> None:
    seen = []
    never = threading.Event()

    def work(item: int) -> int:
        seen.append(item)
        if item:
            never.wait(0.01)  # a busy machine must not do all thousand before the failure of the first is heard
            return item
        raise ValueError("item 0")

    with pytest.raises(ValueError, match="item 0"):
        run_all(work, range(1000), threads=1)
    assert len(seen) < 1000


def test_progress_counts_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    run_all(str, range(4), threads=2, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)
    assert told == sorted(told)


def test_an_executor_of_ones_own_is_used_and_left_open() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="own") as executor:
        assert run_all(lambda _: threading.current_thread().name[:3], [1], executor=executor) == ["own"]
        assert executor.submit(str, 1).result() == "1"


def test_replicate_seeds_are_fixed_for_ever_and_all_different() -> None:
    # numpy promises that the values of SeedSequence never change
    assert replicate_seed(1, 0) == 3717377837946358015
    assert replicate_seed(2**63 - 1, 7) == 1968110152401461778
    seeds = {replicate_seed(seed, r) for seed in range(30) for r in range(100)}
    assert len(seeds) == 3000
    assert all(0 <= s < 2**63 for s in seeds)
    with pytest.raises(ScenarioError, match=r"seed must be a whole number in \[0, 2\*\*63\); got -1"):
        replicate_seed(-1, 0)


def test_threads_come_from_the_environment_if_nobody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSIM_THREADS", "3")
    assert default_threads() == 3
    monkeypatch.setenv("SMSIM_THREADS", "many")
    with pytest.raises(ScenarioError, match="SMSIM_THREADS must be a whole number of threads, 1 or more; got 'many'"):
        default_threads()
    with pytest.raises(ScenarioError, match="threads must be 1 or more; got 0"):
        run_all(str, [1], threads=0)


def test_work_that_nobody_waits_for_any_more_can_know_it() -> None:
    begun, pause, knew = threading.Event(), threading.Event(), []

    def work(item: int) -> int:
        if item == 0:
            assert begun.wait(10)
            return item
        begun.set()
        for _ in range(1000):
            if abandoned():
                break
            pause.wait(0.01)
        knew.append(abandoned())
        return item

    with closing(run_each(work, range(2), threads=2)) as results:
        assert next(results) == (0, 0)  # then it is closed, as Ctrl-C does, and waits for its threads
    assert knew == [True]
    assert not abandoned()  # here
