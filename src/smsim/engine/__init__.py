"""The engine: arrays in, arrays out. All compiled code of a week lives here; it knows no names, files or threads.

Every compiled function is of one of five kinds. Python may call a `kernel`; a `lean` kernel, which makes no arrays: it
counts no references, takes a run's hundred arrays from Python in two thirds of the time, and leaves every loop over
households to an `inner` function, as it is not simplified as a whole; and an `inlined_kernel`, arithmetic that is also
written into its callers, so that a loop over it can be computed side by side. Kernels alone call an `inner`, which
makes no arrays either, and an `inlined`: `embed` says why these two are no machine code by themselves, and Python that
calls one crashes.

Importing it points Numba's cache at a folder of our own, under the user's cache and keyed by the sources that
compile and by Numba's version: Numba itself does not notice a change in a function imported from another file.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import numba

from smsim.engine.embed import Assembled, Embedded, compiler_to


def cache_folder() -> Path:
    """Where compiled kernels of exactly these sources are kept; the folder may not exist yet."""
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "smsim" / _name_of_these_sources()


def _name_of_these_sources() -> str:
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for source in sorted([*package.glob("engine/*.py"), *package.glob("world/*.py")]):
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


def _use_cache() -> None:
    # A folder that cannot be written leaves Numba's own default, beside the sources or under the user's cache.
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    try:
        folder = Path(wanted) / _name_of_these_sources() if wanted else cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # Numba makes it when it starts
    except (OSError, RuntimeError):
        pass


def _kept() -> bool:
    """Whether compiled kernels can be kept anywhere; where not, every process compiles its own."""
    try:
        numba.njit(cache=True)(_use_cache)  # Numba looks for a folder when it sees a function, and compiles it later
    except RuntimeError:
        return False
    return True


_use_cache()
KEPT = _kept()

# NumPy's error model: a division tests nothing, so that loops vectorise; the code guards its own zeros.
_ours = {"nogil": True, "cache": KEPT, "error_model": "numpy", "no_cfunc_wrapper": True}
_embedded = {"no_cpython_wrapper": True, "_nrt": False, "pipeline_class": compiler_to(Embedded), **_ours}
kernel = numba.njit(**_ours)  # type: ignore[call-overload]  # Numba's types do not know some of these options
# Written in by LLVM. Numba's own inlining would infer the types of every copy anew: a tenth of all compiling.
inlined_kernel = numba.njit(forceinline=True, **_ours)  # type: ignore[call-overload]
inlined = numba.njit(forceinline=True, **_embedded)  # type: ignore[call-overload]
# Without Numba's runtime there is nothing to allocate with, and no references are counted: the kernel above, or Python,
# holds all arrays while it runs. In a small run the counting took longer than the households.
lean = numba.njit(_nrt=False, pipeline_class=compiler_to(Assembled), **_ours)  # type: ignore[call-overload]
inner = numba.njit(**_embedded)  # type: ignore[call-overload]
