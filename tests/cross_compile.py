"""Compiles kernels for ARM: `python cross_compile.py COMMANDS`, a JSON list of the arguments of commands to run.

The commands run with kernels for any 64-bit x86 processor, as if nothing were known about this one. Then the same
intermediate code is compiled for 64-bit ARM, and a JSON object is printed: the number of libraries, calls of
functions that only x86 processors have, and the number of multiply-and-add instructions for ARM's vectors.
"""

import json
import os
import re
import sys

# compiled from scratch and not optimised: the optimiser adapts code to the processor
os.environ |= {"NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "0", "NUMBA_CACHE_DIR": sys.argv[2]}

import llvmlite.binding as llvm
from numba.core.codegen import CPUCodeLibrary

from glove_adagrad.cli import main

_TRIPLE = "aarch64-unknown-linux-gnu"

libraries: list[CPUCodeLibrary] = []
_finalize = CPUCodeLibrary.finalize


def finalize(library: CPUCodeLibrary) -> None:
    _finalize(library)
    libraries.append(library)


def for_arm(code: str, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    for name, value in (("triple", _TRIPLE), ("datalayout", machine.target_data)):
        code, found = re.subn(f'^target {name} = ".*"$', f'target {name} = "{value}"', code, flags=re.MULTILINE)
        assert found == 1, name
    module = llvm.parse_assembly(code)
    module.verify()
    return module


def run() -> dict[str, object]:
    for arguments in json.loads(sys.argv[1]):
        sys.argv[1:] = arguments
        main()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(_TRIPLE).create_target_machine(opt=1)
    code = [library.get_llvm_str() for library in libraries]
    assembly = [machine.emit_assembly(for_arm(each, machine)) for each in code]
    return {
        "libraries": len(code),
        "x86": sorted(set(re.findall(r"llvm\.x86\.[\w.]+", "".join(code)))),
        "vectors": len(re.findall(r"\sfmla\s", "".join(assembly))),
    }


if __name__ == "__main__":
    CPUCodeLibrary.finalize = finalize
    print(json.dumps(run()))
