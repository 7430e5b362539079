"""How functions that only kernels call are compiled."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TWO = """
from smsim.engine import inner, kernel

@inner
def twice(x):
    return 2 * x

@kernel
def four_times(x):
    return twice(twice(x))

print(four_times(3))
for function in (twice, four_times):
    for compiled in function.overloads.values():
        symbols = compiled.library.codegen._engine._defined_symbols
        print(compiled.fndesc.llvm_func_name in symbols)
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_an_inner_function_is_machine_code_in_its_kernel_alone(tmp_path):
    (tmp_path / "two.py").write_text(TWO, encoding="utf-8")
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(tmp_path / "two.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["12", "False", "True"]
