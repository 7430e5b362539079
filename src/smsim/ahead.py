"""The first start on a machine: half of the engine is compiled by a second process, beside the one that runs.

Compiling takes tens of seconds on one core. A run needs the kernels of its world first and the kernel of its weeks,
the largest by far, last; meanwhile a child process compiles that one into the cache on disk. Nothing rests on the
child: whoever finds a kernel missing compiles it, as ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba

from smsim.engine import KEPT
from smsim.engine.decide import decide
from smsim.engine.run import _advance

# Looking for garbage would take an eighth of the time, and clearing up at the end a second: the parent waits for both.
WORK = "import gc, os; gc.disable(); from smsim.simulate import compile_weeks; compile_weeks(); os._exit(0)"
PATIENCE = 600  # seconds; a child that takes longer hangs

_once = threading.Lock()  # taken by the first who asks, and never given back
_children: list[subprocess.Popen[bytes]] = []


def compiled(kernel: Any = _advance) -> bool:
    """Whether a kernel, here that of a run's weeks, is on disk already; True where none is needed."""
    if not hasattr(kernel, "stats"):
        return True
    folder, function = kernel.stats.cache_path, kernel.py_func
    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
    return folder is not None and any(Path(folder).glob(f"{name}-*.nbi"))


def begin() -> None:
    """Start the child, once, unless there is nothing to compile, no core for it, or a pool of workers as well."""
    if not _once.acquire(blocking=False):
        return
    if compiled() or not KEPT or not sys.executable or os.cpu_count() == 1:
        return
    import multiprocessing  # eight milliseconds that only a first start needs

    if multiprocessing.parent_process() is not None:
        return
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    silent = subprocess.DEVNULL
    with suppress(OSError):
        child = [sys.executable, "-P", "-c", WORK]
        _children.append(subprocess.Popen(child, env=environment, stdin=silent, stdout=silent, stderr=silent))


def help_out(kernels: Callable[[], list[tuple[Any, tuple[Any, ...]]]]) -> None:
    """While there is a child, compile what it comes to after `decide`, from the last on, until the two meet.

    kernels: these, as a week calls them, and arguments of their types.
    """
    if all(child.poll() is not None for child in _children):
        return
    listed = kernels()
    for kernel, arguments in reversed(listed):
        missing = [one for one, _ in listed if not compiled(one)]
        of_the_child = missing[:1] if compiled(decide) else []  # it is at the first, or comes to it next
        if kernel in missing and kernel not in of_the_child:
            kernel.compile(tuple(map(numba.typeof, arguments)))


def wait() -> None:
    """Wait for the child, if there is one."""
    for child in _children:
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()


@contextmanager
def uncompiled() -> Iterator[None]:
    """Every kernel as the plain Python that it is written in, in the whole process; begins no child."""
    _once.acquire(blocking=False)
    kernels = [
        (vars(module), name, thing)
        for key, module in sys.modules.items()
        if key.startswith("smsim.")
        for name, thing in vars(module).items()
        if numba.extending.is_jitted(thing)
    ]
    for names, name, kernel in kernels:
        names[name] = kernel.py_func
    try:
        yield
    finally:
        for names, name, kernel in kernels:
            names[name] = kernel
