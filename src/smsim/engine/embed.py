"""How a function that only kernels call is compiled: to code that is written into them, and to nothing else.

Numba makes machine code of every function that it compiles. Of what only ever runs as a piece of a kernel nobody needs
any: the kernel takes in its code and is machine code as a whole. A tenth of all compiling.

Numba reference: https://numba.readthedocs.io/en/stable/developer/custom_pipeline.html.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.typed_passes import AnnotateTypes

ENVIRONMENT = "_ZN08NumbaEnv"  # so begins the name of the variable of a function that Numba writes to


class Embedded(JITCodeLibrary):
    """The code of a function, for others to take in.

    Machine code is made of a stub that holds the function's variable and nothing else: Numba keeps it on disk.
    """

    def _finalize_final_module(self) -> None:
        whole = self._final_module
        stub = self._codegen._create_empty_module(self.name)
        for variable in whole.global_variables:
            if variable.name.startswith(ENVIRONMENT):
                pointer = ir.IntType(8).as_pointer()
                place = ir.GlobalVariable(stub, pointer, variable.name)
                place.linkage, place.initializer = "common", ir.Constant(pointer, None)
        self._final_module = llvm.parse_assembly(str(stub))
        super()._finalize_final_module()
        self._final_module = whole
        self._finalize_dynamic_globals()  # whether it holds addresses of this process, and cannot be kept


@register_pass(mutates_CFG=False, analysis_only=True)
class _IntoItsOwn(LoweringPass):
    _name = "code_for_others_to_take_in"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.library = Embedded(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return False


class Embedder(CompilerBase):
    """Numba's compiler, but for where the code goes."""

    def define_pipelines(self) -> list[Any]:
        """All steps that Numba would take, and the one before code is made."""
        steps = DefaultPassBuilder.define_nopython_pipeline(self.state)
        steps.add_pass_after(_IntoItsOwn, AnnotateTypes)
        steps.finalize()
        return [steps]
