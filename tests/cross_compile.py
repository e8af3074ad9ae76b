"""Compiles kernels for ARM: `python cross_compile.py COMMANDS CACHE`. COMMANDS is a JSON list of the
arguments of commands, CACHE a folder for compiled code.

The commands run with kernels for any 64-bit x86 processor, as if nothing were known about this one. Then the same
intermediate code is compiled for 64-bit ARM, and a JSON object is printed: the number of libraries, calls of
functions that only x86 processors have, and the number of multiply-and-add instructions for ARM's vectors.
"""

import json
import os
import re
import sys

_TRIPLE = "aarch64-unknown-linux-gnu"


def compiled(commands: list[list[str]]) -> list[str]:
    """The intermediate code of all kernels that commands compile."""
    from numba.core.codegen import CPUCodeLibrary

    from glove_adagrad.cli import main

    libraries = []
    finalize = CPUCodeLibrary.finalize

    def kept(library: CPUCodeLibrary) -> None:
        finalize(library)
        libraries.append(library)

    CPUCodeLibrary.finalize = kept
    for arguments in commands:
        sys.argv[1:] = arguments
        main()
    return [library.get_llvm_str() for library in libraries]


def assembly(code: list[str]) -> str:
    """What the code is on ARM."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(_TRIPLE).create_target_machine(opt=1)
    found = []
    for text in code:
        for name, value in (("triple", _TRIPLE), ("datalayout", machine.target_data)):
            text, number = re.subn(f'^target {name} = ".*"$', f'target {name} = "{value}"', text, flags=re.MULTILINE)
            assert number == 1, name
        module = llvm.parse_assembly(text)
        module.verify()
        found.append(machine.emit_assembly(module))
    return "".join(found)


if __name__ == "__main__":
    # compiled from scratch and not optimised: the optimiser adapts code to the processor
    os.environ |= {"NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "0", "NUMBA_CACHE_DIR": sys.argv[2]}
    code = compiled(json.loads(sys.argv[1]))
    found = {
        "libraries": len(code),
        "x86": sorted(set(re.findall(r"llvm\.x86\.[\w.]+", "".join(code)))),
        "vectors": len(re.findall(r"\sfmla\s", assembly(code))),
    }
    print(json.dumps(found))
